"""How far metadata alone answers the test tasks, without looking at an example: a score of its own, and the sign of a leak.

For sources about classes it is the zero-shot score, which is their due. For sources about instances it ought to be chance: what lies
clearly above says that a column stands for the class (a label proxy), such as a folder, an annotator, a time of recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from metadash.answers.scores import load_scores
from metadash.data.dataset import Dataset
from metadash.metadata.audit.findings import Finding
from metadash.runs.store import RunStore
from metadash.specs.builder import run_for
from metadash.specs.probes import ProxySpec
from metadash.specs.run import RunSpec
from metadash.stats.intervals import Interval

PROXY = 5.0
"""Points above chance from which instance metadata counts as a label proxy."""


@dataclass(frozen=True)
class Alone:
    """One source alone (or all of them): its accuracy in % at one example per class, for these test classes and for new ones."""

    name: str
    level: str
    sources: tuple[str, ...]
    accuracy: Interval
    new_classes: Interval
    chance: float
    digest: str

    @property
    def above(self) -> float:
        return self.accuracy.estimate - self.chance

    @property
    def is_proxy(self) -> bool:
        """More than PROXY points above chance, and surely above it."""
        low = self.accuracy.low
        return self.level == "instance" and self.above > PROXY and low is not None and low > self.chance


def alone_specs(dataset: Dataset, base: RunSpec, sources: Sequence[str] = ()) -> dict[str, RunSpec | ProxySpec]:
    """For each source, and for all class sources together, what has to be run. ``base`` has the backbone, the budget and the tasks;
    it is read at one example per class, since examples make no difference to metadata alone. Sources that are empty for every
    training class are left out."""
    chosen = [dataset.source(name) for name in sources] or list(dataset.sources)
    train = dataset.split(base.split)["train"]
    known = [s for s in chosen if s.level == "class" and not dataset.classes[list(s.columns)].iloc[train].isna().all(axis=None)]
    tests = replace(base.evaluation, shots=(1,))
    found: dict[str, RunSpec | ProxySpec] = {}
    groups: dict[str, tuple[str, ...]] = {source.name: (source.name,) for source in known}
    if len(known) > 1:
        groups = {"all class sources": tuple(source.name for source in known), **groups}
    for name, members in groups.items():
        found[name] = replace(
            base,
            learner="metadata-only",
            options=(),
            fusion="pseudo-shots",
            sources=members,
            evaluation=tests,
            distance="euclidean",
        )
    for source in chosen:
        if source.level == "instance":
            found[source.name] = ProxySpec(dataset.name, base.split, (source.name,), tests)
    return found


def base_run(dataset: Dataset, split: str, **choices: Any) -> RunSpec:
    """The run that the audit's learners are variants of: quick mode, and the tasks of the data set's first question, else sibling tasks
    where there are siblings. ``choices`` as for ``run_for``."""
    question = next(iter(dataset.description.questions), None)
    tasks = {"strategy": question.strategy, "n_way": question.n_way} if question else {}
    return run_for(dataset, split=split, **{**tasks, **choices})


def read_alone(specs: dict[str, RunSpec | ProxySpec], dataset: Dataset, store: RunStore) -> list[Alone]:
    """Those that are finished, the class sources first, each by how far it lies above chance."""
    found = []
    for name, spec in specs.items():
        run = store.find(spec, dataset)
        if run is None:
            continue
        scores = load_scores([run], store)
        inside, new = scores.means(1)
        level = dataset.source(spec.sources[0]).level
        found.append(Alone(name, level, spec.sources, inside, new, guessed(spec), run.digest))
    return sorted(found, key=lambda one: (one.level, -one.above))


def guessed(spec: RunSpec | ProxySpec) -> float:
    """What chance gets, in %."""
    level = spec.evaluation.metric.chance(spec.evaluation)
    assert level is not None
    return level


def proxies(found: Sequence[Alone]) -> list[Finding]:
    """A warning for each instance source that answers the tasks by itself."""
    return [
        Finding(
            "label-proxy",
            "warn",
            one.name,
            "",
            f"'{one.name}' alone answers {one.accuracy.estimate:.0f} % [{one.accuracy.low:.0f}, {one.accuracy.high:.0f}] of the queries, "
            f"{one.above:.0f} points above chance, without looking at one.",
            "If queries come with it, part of the answer is known beforehand; leave it out, or mask it on queries.",
            {"accuracy": one.accuracy.estimate, "chance": one.chance, "low": one.accuracy.low},
        )
        for one in found
        if one.is_proxy
    ]
