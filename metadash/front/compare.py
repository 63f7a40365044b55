"""``metadash.compare``: learners side by side on the same episodes, with what holds when all are tested together."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.comparison import Report, accuracy_table
from metadash.answers.ledger import Looks, asked_of_arms, record
from metadash.answers.looks import looked_at_arms
from metadash.answers.sentence import examples
from metadash.answers.stored_arms import StoredArm, arm_scores, stored_arms
from metadash.answers.tables import bounds
from metadash.answers.versus import against_baseline
from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.charts import Curve, curve_over_shots
from metadash.figures.palette import LIGHT
from metadash.figures.section import Section
from metadash.figures.svg import curve_svg
from metadash.front.run import TrainedRun, stored
from metadash.front.sharing.methods import comparison_methods
from metadash.front.shown import Shown
from metadash.runs.store import RunStore
from metadash.stats.metric import Metric
from metadash.workspace import Workspace

Named = str | TrainedRun | Sequence["str | TrainedRun"]
"""A learner: a run, its digest, the id of an arm as the verb ``compare`` lists them, or its runs of several seeds."""


@dataclass(frozen=True, repr=False)
class ComparisonResult(Shown):
    """Learners on the same episodes, the last the baseline. ``found`` holds every number (:class:`metadash.answers.comparison.Report`)."""

    found: Report
    looks: Looks
    looked: str
    pairs: bool = False
    ways: bool = False
    data: Dataset | None = None
    """What it is about; None where that is gone, which runs outlive."""

    @property
    def lines(self) -> list[str]:
        """The tables, then what holds at each number of shots."""
        return [*self.found.lines(self.pairs, self.ways), *filter(None, [self.looked])]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        return f"{' / '.join(self.found.names.values())}: {len(self.found.arms)} learners on the same episodes"

    def parts(self) -> Section:
        found = self.found
        tables = {shot: accuracy_table(found.names, found.scores, found.arms, shot) for shot in found.shots}
        runs = "\n".join(f"{found.names[arm.id]}: {', '.join(arm.digests)}" for arm in found.arms)
        said = " --pairs" * self.pairs
        return Section(
            f"{len(found.arms)} learners on the same episodes",
            self.told,
            {**{f"With {examples(shot)} per class": table for shot, table in tables.items()}, "Differences": self.frame()},
            [f"python -m metadash compare {' '.join(arm.id for arm in found.arms)}{said}", runs],
            small=self.looked,
            pictures={f"{self.metric.title.capitalize()} over labelled examples": self.figure},
            svg=curve_svg(found.shots, self.curves, LIGHT, self.metric),
            methods=self.methods,
            configuration={
                "learners": {found.names[arm.id]: plain(arm.spec) for arm in found.arms},
                "runs": {found.names[arm.id]: arm.digests for arm in found.arms},
                "manifest": found.scores[found.baseline].manifest.hash,
            },
        )

    @property
    def told(self) -> list[str]:
        """What holds at each number of shots, then what must be known beside it."""
        lines = [line for line in self.found.lines(self.pairs) if line and not line.startswith(" ")]
        return sorted(lines, key=lambda line: not line.startswith("With "))

    @property
    def methods(self) -> list[tuple[str, str]]:
        """None where the data set is gone that they would speak of."""
        if self.data is None:
            return []
        about, tests = self.data.description, self.found.arms[0].spec.evaluation
        unit = about.group_noun if tests.strategy == "siblings" and about.group_noun else about.class_noun
        return comparison_methods(self.found.arms, self.found.scores[self.found.baseline], self.data, unit)

    @property
    def metric(self) -> Metric:
        """What is compared."""
        return self.found.scores[self.found.baseline].metric

    @property
    def curves(self) -> list[Curve]:
        colours = LIGHT.categories
        return [
            Curve(
                self.found.names[arm.id],
                [self.found.scores[arm.id].means(shot)[0] for shot in self.found.shots],
                colours[place % len(colours)],
            )
            for place, arm in enumerate(self.found.arms)
        ]

    def frame(self) -> pd.DataFrame:
        """Every paired difference, first less second, in points: ``first``, ``second``, ``shot``, ``estimate``, both intervals, and
        ``together``, the verdict that holds among all compared."""
        tested = [(shot, self.tested(shot)) for shot in self.found.shots]
        return pd.DataFrame(
            [
                {
                    "first": self.found.names[first],
                    "second": self.found.names[second],
                    "shot": shot,
                    **bounds(claim.difference.episodes, claim.difference.new_classes),
                    "together": claim.decision.verdict.name.lower(),
                }
                for shot, claims in tested
                for (first, second), claim in claims.items()
            ]
        )

    def tested(self, shot: int) -> dict[tuple[str, str], Any]:
        """What is tested together at one number of shots, by pair of arms."""
        if self.pairs:
            return dict(self.found.pairs(shot))
        against = against_baseline(self.found.compared, shot)
        return {(arm, self.found.baseline): claim for arm, claim in against.items()}

    def figure(self) -> go.Figure:
        """Accuracy over shots, a curve a learner."""
        return curve_over_shots(self.found.shots, self.curves, LIGHT, metric=self.metric)

    def values(self) -> dict[str, Any]:
        """Every number, as the verb ``compare --json`` prints them."""
        return {**self.found.values(self.pairs), "looks": {**asdict(self.looks), "words": self.looked}}


def compare(
    learners: Sequence[Named],
    *,
    pairs: bool = False,
    ways: bool = False,
    rope: float | None = None,
    workspace: Workspace | str | Path | None = None,
) -> ComparisonResult:
    """Two learners or more on the same test episodes, by paired differences with 95 % intervals, corrected after Holm (1979).

    Parameters
    ----------
    learners : two or more, the last the baseline. Each is what :func:`metadash.train` gave, a list of such runs that differ in their
        seed only, a digest, or an id as the verb ``compare`` lists them.
    pairs : test every pair, Holm over all of them, not each against the baseline.
    ways : in what is printed, also accuracy over the number of ways.
    rope : half-width of *no practical difference*, in the metric's unit (default: its own, of accuracy 0.5 points).
    workspace : where digests are looked up (default: that of the runs, else as in :func:`metadash.open`).

    Raises
    ------
    BadInput
        One sentence: for fewer than two learners, one named twice, runs that differ in more than their seed, other test episodes.

    Examples
    --------
    >>> import metadash as md
    >>> small = dict(width=4, backbone_episodes=10, steps=20, n_episodes=40, shots=(1, 2), progress=False)
    >>> found = md.compare([md.train(data, sources=["place"], **small), md.train(data, strategy="siblings", **small)])
    >>> found.frame()["shot"].tolist()
    [1, 2]
    """
    learners = [learners] if isinstance(learners, str | TrainedRun) or not isinstance(learners, Iterable) else list(learners)
    named = [names_of_learner(given) for given in learners]
    if len(named) < 2:
        raise BadInput("One learner cannot be compared; name two or more, the last of them the baseline.")
    store = RunStore(workspace_of(learners, workspace))
    listed, _ = stored_arms(store.runs())
    arms = [stored_arm(store, listed, given) for given in named]
    if len({arm.id for arm in arms}) < len(arms):
        raise BadInput("A learner is named twice; name each once.")
    report = Report(arms, {arm.id: arm_scores(arm.runs, store) for arm in arms}, rope)
    looks = record(store, asked_of_arms(arms))
    first = report.fewest
    tested = report.pairs(first) if pairs else against_baseline(report.compared, first)
    return ComparisonResult(report, looks, looked_at_arms(looks, "classes", report.names, tested), pairs, ways)


def names_of_learner(given: Named) -> tuple[str, ...]:
    """The digests (or the id) that name one learner."""
    parts = [given] if isinstance(given, str | TrainedRun) or not isinstance(given, Iterable) else list(given)
    for part in parts:
        if not isinstance(part, str | TrainedRun):
            raise BadInput(f"{part!r:.60} names no learner; give a run, its digest, or an id as `compare` lists them.")
    if not parts:
        raise BadInput("A learner is an empty list; name its run, or its runs of several seeds.")
    return tuple(part.digest if isinstance(part, TrainedRun) else str(part) for part in parts)


def workspace_of(learners: Sequence[Named], workspace: Workspace | str | Path | None) -> Workspace:
    """That of the runs where none is named."""
    if isinstance(workspace, Workspace):
        return workspace
    for given in learners if workspace is None else ():
        for part in [given] if isinstance(given, str | TrainedRun) else given:
            if isinstance(part, TrainedRun):
                return part.workspace
    return Workspace(workspace)


def stored_arm(store: RunStore, arms: list[StoredArm], given: tuple[str, ...]) -> StoredArm:
    """The learner named by the id of an arm, or by the digests of runs that differ in their seed only."""
    by_id = {arm.id: arm for arm in arms}
    if len(given) == 1 and given[0] in by_id:
        return by_id[given[0]]
    found, unreadable = stored_arms([stored(store, digest) for digest in given])
    if len(found) != 1 or unreadable:
        raise BadInput(f"The runs {', '.join(given)} differ in more than their seed; they are more than one learner.")
    return found[0]
