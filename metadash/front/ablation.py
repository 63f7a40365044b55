"""``metadash.ablate``: what each metadata source is worth, as a table of cards, a chart and a report."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import pandas as pd
import plotly.graph_objects as go

from metadash import settings
from metadash.ablation.companions import complete, dose_specs
from metadash.ablation.effects_table import effects_table
from metadash.ablation.methods import command, methods
from metadash.ablation.plan import USUAL_SEEDS, AblationSpec, Tier, ablation_run, ablation_spec, leaks, refuse_leaks
from metadash.ablation.result import Ablation, ablation
from metadash.ablation.words import as_text, as_values, cards_table, headline, looks_words, total_words
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.ablation import measures_of, worth_chart
from metadash.figures.html import write_page
from metadash.figures.palette import LIGHT
from metadash.figures.report import configuration, report_html, rests_on
from metadash.figures.section import Section
from metadash.front.choices import TasksAndBudget, names_in, opened, read, spelled_out
from metadash.front.computing import compute_all
from metadash.front.shown import Shown
from metadash.learners.registry import USUAL
from metadash.runs.kinds import check
from metadash.runs.queue.underway import outlook_of, parts_of
from metadash.runs.store import RunStore
from metadash.specs.any_spec import Spec
from metadash.stats import words


@dataclass(frozen=True, repr=False)
class AblationResult(Shown):
    """An ablation as a person reads it. ``found`` holds every number behind it (:class:`metadash.ablation.result.Ablation`)."""

    found: Ablation
    data: Dataset

    @property
    def sentence(self) -> str:
        """What all sources add together, and which adds most."""
        return headline(self.found)

    @property
    def digest(self) -> str:
        """Names the ablation by the runs it was read from."""
        return self.found.digest

    def __str__(self) -> str:
        return as_text(self.found)

    def __repr__(self) -> str:
        return self.sentence

    def parts(self) -> Section:
        return Section(
            f"What is each metadata source of {self.data.description.title} worth?",
            [line for line in (self.sentence, total_words(self.found)) if line],
            {"A card for every source": cards_table(self.found), "Every effect": self.frame()},
            [command(self.found.spec)],
            small=" ".join(filter(None, [rests_on(self.found), looks_words(self.found)])),
            pictures={f"Sources by worth: {name}": partial(self.figure, name) for name in measures_of(self.found)},
            methods=methods(self.found, self.data),
            configuration=configuration(self.found, self.data),
        )

    def frame(self) -> pd.DataFrame:
        """Every effect of every source with its three intervals, in points, a row each."""
        return effects_table(self.found)

    def figure(self, measure: str | None = None) -> go.Figure:
        """The sources by what they are worth; ``measure``: ``left out``, ``share`` or ``alone`` (default: the first that was measured).
        Raises BadInput for another."""
        known = measures_of(self.found)
        if measure not in (None, *known):
            raise BadInput(f"There is no measure '{measure}' of this ablation; it has {', '.join(known)}.")
        return worth_chart(self.found, measure or known[0], LIGHT)

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``ablate --json`` prints them."""
        return {**as_values(self.found), "leaks": leaks(self.found.spec, self.data)}

    def to_html(self, file: str | Path, claim: bool = False) -> Path:
        """Write the report, one file that opens offline. Raises BadInput for a ``claim`` from what was not confirmed, and where the file
        cannot be written."""
        return write_page(file, report_html(self.found, self.data, claim))


@spelled_out
def ablate(
    data: Dataset,
    sources: str | Sequence[str] = (),
    *,
    tier: Tier = "confirm",
    fusion: str | None = None,
    seeds: int | None = None,
    split: str | None = None,
    folds: int | None = None,
    doses: bool | None = None,
    learner: str = USUAL,
    mode: str = "quick",
    controls: str | Sequence[str] | None = None,
    rope: float | None = None,
    allow_leak: bool = False,
    progress: bool = True,
    **choices: Unpack[TasksAndBudget],
) -> AblationResult:
    """What is each metadata source worth? Every subset of up to eight sources is scored on the same episodes.

    The Shapley value of a source is its share of what all add together (Shapley 1953; exact over all subsets), beside what is lost when
    it alone is left out and what it adds alone, each with its control of shuffled rows. Seeds that are stored are read: an interrupted
    ablation goes on where it stopped.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    sources : the sources in question (default: all that describe classes).
    tier : ``reliance`` hides sources from one trained model, ``screen`` from one trained to do without them, ``confirm`` trains every
        arm anew; only that backs a claim.
    fusion, learner, mode : how metadata enters; which learner; ``quick`` or ``full``.
    seeds, split, folds : training seeds (default 5 to confirm, else 3); one split instead of cross-fitting; how many folds.
    doses : also measure how wrong, and how often missing, each source may be (default: for light heads).
    controls, rope : how metadata is falsified to confirm; half-width of *no practical difference*, in the metric's unit (default: its own).
    allow_leak : ablate sources that identify classes too; their badge stays.
    where, n_way, strategy, column, query_dirichlet, backbone, width, backbone_training, backbone_episodes, own_backbone, normalise, text_encoder, steps,
    n_episodes, shots, n_query, progress : as in :func:`metadash.answer`.

    Raises
    ------
    BadInput
        One sentence: for a source that there is not or that identifies classes, too few seeds, a choice that would be ignored.

    Examples
    --------
    >>> import metadash as md
    >>> small = dict(width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), seeds=1)
    >>> found = md.ablate(data, ["place", "traits"], tier="reliance", doses=False, progress=False, **small)
    >>> sorted({"place", "traits"} & set(found.frame()["source"]))
    ['place', 'traits']
    """
    asked = ablation_asked(
        opened(data),
        sources,
        tier=tier,
        seeds=seeds,
        split=split,
        folds=folds,
        controls=controls,
        rope=rope,
        fusion=fusion,
        learner=learner,
        mode=mode,
        **read(choices),
    )
    return computed(asked, data, allow_leak, doses, progress)


def ablation_asked(
    data: Dataset,
    sources: str | Sequence[str] = (),
    *,
    tier: Tier = "confirm",
    seeds: int | None = None,
    split: str | None = None,
    folds: int | None = None,
    controls: str | Sequence[str] | None = None,
    rope: float | None = None,
    **choices: Any,
) -> AblationSpec:
    """The ablation that is asked for, before anything is computed. Raises BadInput for a choice that would be ignored."""
    if tier != "confirm" and controls:
        raise BadInput(f"controls would be ignored by the tier {tier}, which falsifies nothing; choose confirm.")
    run = ablation_run(data, names_in(sources), split=split, **choices)
    count = USUAL_SEEDS.get(tier, 0) if seeds is None else seeds
    if split and folds:
        raise BadInput("split and folds were both given, and cross-fitting makes its own splits; leave one of them out.")
    folds = 0 if split and folds is None else folds
    return ablation_spec(data, run, tier, range(max(count, 0)), names_in(controls or ()) or ("shuffled",), rope, folds)


def computed(
    asked: AblationSpec, data: Dataset, allow_leak: bool = False, doses: bool | None = None, progress: bool = True
) -> AblationResult:
    """Everything that the ablation still needs is computed; then it is read, with all that is stored beside it."""
    check_all(asked, data, allow_leak)
    store, workers, runs = RunStore(data.workspace), settings.worker_count(), runs_of(asked, data, doses)
    missing = [run for run in runs if not store.find(run, data)]
    if missing and progress:
        seen = outlook_of(parts_of(runs, data, data.workspace), data.workspace, workers, ready=True)
        counted = f"{len(missing)} of {words.plural_of(len(runs), 'run')} to compute"
        print(f"{counted}, {words.duration(seen.low, seen.high)} with {words.plural_of(workers, 'worker')}.", file=sys.stderr)
    compute_all(runs, data.workspace, f"{asked.tier} of {len(asked.sources)} sources", progress)
    found = ablation(asked, data, store)
    if found is None:
        raise BadInput("A run this ablation needs is missing or damaged; ask again to compute it anew.")
    return AblationResult(complete(found, data, store), data)


def check_all(asked: AblationSpec, data: Dataset, allow_leak: bool) -> None:
    """Raises BadInput for what does not fit the data, and for a leak that is not allowed."""
    for run in asked.runs[: len(asked.cells(asked.seeds[0]))]:  # the other seeds differ in nothing that could be wrong
        check(run, data)
    if not allow_leak:
        refuse_leaks(asked, data)


def runs_of(asked: AblationSpec, data: Dataset, doses: bool | None = None) -> list[Spec]:
    """The runs of the arms, then those that tell how wrong or missing each source may be: by default where heads are light, since another
    learner would have to adapt anew for every share of wrong metadata."""
    if doses and not asked.run.reads_at_test:
        raise BadInput(
            "doses would be ignored: this learner reads no metadata at test, so wrong ones change nothing; leave it out."
        )
    wanted = asked.light if doses is None else doses
    return [*asked.runs, *(dose_specs(asked, data).values() if wanted else [])]
