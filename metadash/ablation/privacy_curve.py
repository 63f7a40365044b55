"""What privacy costs: for each rung of a column's ladder (and each strength of noise), who is hidden and how much accuracy is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metadash.answers.scores import load_scores
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.audit.anonymity import Anonymity, anonymity
from metadash.metadata.blur import NOISES, Blur, how_words, ladder_of, noise_of, strengths
from metadash.runs.store import RunStore
from metadash.specs.run import RunSpec
from metadash.stats.paired import Difference, difference
from metadash.stats.scored import Scores


@dataclass(frozen=True)
class Step:
    """One way to tell a column less exactly: a rung, or noise of a ``strength``; ``runs`` one a seed."""

    how: str
    strength: float
    runs: tuple[RunSpec, ...]

    @property
    def words(self) -> str:
        return how_words(self.how, self.strength)


@dataclass(frozen=True)
class Cost:
    """A step with what it costs: its accuracy less that of the column as it is, paired, at each number of shots; None while it is not
    computed. ``hidden`` counts groups after the step; for noise, which promises no group, it is None."""

    step: Step
    hidden: Anonymity | None
    cost: tuple[Difference, ...] | None


def curve(dataset: Dataset, base: RunSpec, source: str, column: str, seeds: Sequence[int], noise: bool = True) -> list[Step]:
    """The column as it is first, then its ladder down to "withheld", then its noise from the weakest on.

    ``base`` has the tasks and the budget; it learns from ``source`` alone, so that the cost is not hidden by what other sources say.
    Raises BadInput for a column that is not in the source, or a source about instances.
    """
    about = dataset.source(source)
    if about.level != "class":
        raise BadInput(f"The source '{source}' describes instances; what blurring costs is computed for sources about classes.")
    if column not in about.columns:
        raise BadInput(f"The source '{source}' has no column '{column}'; it has {', '.join(about.columns)}.")
    values = dataset.classes[column]
    steps = [(rung, 0.0) for rung in ladder_of(values)]
    if noise:
        steps += [(name, strength) for name in noise_of(values) for strength in strengths(values, name)]
    return [Step(how, strength, runs_of(dataset, base, source, column, how, strength, seeds)) for how, strength in steps]


def runs_of(
    dataset: Dataset, base: RunSpec, source: str, column: str, how: str, strength: float, seeds: Sequence[int]
) -> tuple[RunSpec, ...]:
    """One run a seed; without its only column a source is no source, and the plain learner has nothing to train, so one run serves."""
    told = [name for name in dataset.source(source).columns if name != column]
    train = dataset.split(base.split)["train"]
    if how == "withheld" and (not told or dataset.classes[told].iloc[train].isna().all(axis=None)):
        return (replace(base, sources=(), fusion="none", blur=(), seed=seeds[0]),)
    blur = (Blur(source, column, how, strength).plain,)
    return tuple(replace(base, sources=(source,), fusion="pseudo-shots", blur=blur, seed=seed) for seed in seeds)


def read_curve(
    steps: Sequence[Step], dataset: Dataset, column: str, store: RunStore, known_to_others: Sequence[str] = ()
) -> list[Cost]:
    """What is finished of a curve. Groups are counted over ``known_to_others`` and the column together."""
    quasi = list(dict.fromkeys([*known_to_others, column]))
    exact = scores_of(steps[0], dataset, store)
    found = []
    for step in steps:
        hidden = None if step.how in NOISES else anonymity(dataset, quasi, rungs={column: step.how})
        scores = scores_of(step, dataset, store)
        cost = tuple(difference(scores, exact, shot) for shot in exact.shots) if scores and exact else None
        found.append(Cost(step, hidden, cost))
    return found


def scores_of(step: Step, dataset: Dataset, store: RunStore) -> Scores | None:
    runs = [store.find(spec, dataset) for spec in step.runs]
    done = [run for run in runs if run is not None]
    return load_scores(done, store) if len(done) == len(runs) else None
