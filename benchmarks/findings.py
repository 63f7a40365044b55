"""What the answer found, beside what a prototype had found, and whether the harm of false metadata is over-training.

The product stops on validation classes and keeps the best weights. The second table trains the same arms to the end and looks at
them on the way; it is a diagnosis on test classes that selects nothing.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import Outcome, Stopwatch, Table
from metadash.answers.answer import AnswerSpec, answer_spec
from metadash.answers.scores import load_scores
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.runs.machine import prepare_process
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.stats.intervals import Interval
from metadash.stats.paired import Difference, difference
from metadash.stats.scored import Scores
from metadash.workspace import Workspace

LOOKS = (0.0, 0.05, 0.125, 0.25, 0.5, 1.0)
"""Shares of the budget at which an arm that is never stopped is scored."""


@dataclass(frozen=True)
class Case:
    """A question asked with true or false rows, and the gain at 1 shot that the prototype measured (issue 2), in points."""

    name: str
    question: str
    control: str
    prototype: str


CASES = (
    Case("all class sources", "unicode-siblings", "none", "+2.4 (± 0.3 over episodes, ± 0.9 over letters)"),
    Case("all class sources, rows shuffled", "unicode-siblings", "shuffled", ""),
    Case("all class sources, noise", "unicode-siblings", "noise", "−1.7 (which sources: not said)"),
    Case("name alone", "name-siblings", "none", "+1.4"),
    Case("name alone, rows shuffled", "name-siblings", "shuffled", "−2.1"),
    Case("name alone, noise", "name-siblings", "noise", ""),
    Case("all class sources, uniform 20-way", "unicode-any", "none", "+1.2"),
)
PLAIN = {"siblings": "74.4", "uniform": "86.8"}
"""Accuracy without metadata at 1 shot that the prototype measured, in %, by strategy."""


@dataclass
class Laboratory:
    """One split of one data set, with everything that is trained on it kept in a workspace."""

    workspace: Workspace
    data: Dataset
    split: str
    small: bool

    def spec(self, question: str) -> AnswerSpec:
        budget: dict[str, Any] = {"backbone_episodes": 40, "steps": 100, "n_episodes": 200, "seeds": (0, 1)} if self.small else {}
        return answer_spec(self.data, self.data.question(question), split=self.split, **budget)

    def runs(self, case: Case) -> list[RunSpec]:
        return [replace(run, control=case.control) for run in self.spec(case.question).arms["metadata"]]

    def scores(self, specs: list[RunSpec]) -> Scores:
        return load_scores([train(spec, self.workspace) for spec in specs], RunStore(self.workspace))

    def plain(self, question: str) -> Scores:
        return self.scores(self.spec(question).arms["plain"])


def findings(folder: Path, small: bool, splits: int = 1) -> Outcome:
    """Gains by case on ``splits`` splits, the first in full and all of them in brief."""
    prepare_process()
    workspace = Workspace(folder / "cli")
    data = open_dataset(workspace, "glyphs")
    tables, brief = [], []
    with Stopwatch() as watch:
        for number in range(splits):
            here = Laboratory(workspace, data, f"base_letter-{number}", small)
            gains = {case: gains_of(here, case) for case in CASES}
            brief.append((here, gains))
            if not number:
                tables += [gain_table(here, gains), accuracy_table(here)]
        if splits > 1:
            tables.append(split_table(brief))
    return Outcome(tables=tables, details={"seconds": round(watch.seconds, 1)})


def gains_of(here: Laboratory, case: Case) -> list[Difference]:
    with_metadata, without = here.scores(here.runs(case)), here.plain(case.question)
    return [difference(with_metadata, without, shot) for shot in without.shots]


def gain_table(here: Laboratory, gains: dict[Case, list[Difference]]) -> Table:
    rows = []
    for case, found in gains.items():
        at_five = next((row for row in found if row.shot == 5), found[-1])
        seeds = found[0].seeds
        stopped = [train(run, here.workspace).summary["best_step"] for run in here.runs(case)]
        rows.append(
            [
                case.name,
                case.prototype,
                spread(found[0].episodes),
                bounds(found[0].new_classes),
                bounds(seeds) if seeds else "",
                spread(at_five.episodes),
                ", ".join(str(int(step)) for step in stopped),
            ]
        )
    columns = (
        "metadata",
        "prototype, 1 shot",
        "here, 1 shot [these classes]",
        "[new letters; new classes where uniform]",
        "[over seeds]",
        "5 shots [these classes]",
        "best step of each seed",
    )
    caption = f"Gain over the plain learner in points, split {here.split}, {here.spec(CASES[0].question).n_episodes:,} paired test episodes"
    return Table(caption, columns, rows)


def accuracy_table(here: Laboratory) -> Table:
    """The answer's own three arms at each number of shots, and the plain learner on uniform tasks."""
    arms = here.spec("unicode-siblings").arms
    shots = here.spec("unicode-siblings").shots
    rows = [
        [f"siblings: {name}", PLAIN["siblings"] if name == "plain" else "", *accuracies(here.scores(runs))]
        for name, runs in arms.items()
    ]
    for name in ("plain", "metadata"):
        runs = here.spec("unicode-any").arms[name]
        rows.append([f"uniform 20-way: {name}", PLAIN["uniform"] if name == "plain" else "", *accuracies(here.scores(runs))])
    columns = ("arm", "prototype, 1 shot", *(f"{shot} shot{'s' * (shot > 1)}" for shot in shots))
    return Table(f"Accuracy in %, split {here.split}, [interval for these classes]", columns, rows)


def split_table(brief: list[tuple[Laboratory, dict[Case, list[Difference]]]]) -> Table:
    """Each split trains its own backbone and has its own test letters: the honest spread of what one split says."""
    rows = [["meta-train classes", *(str(len(here.data.split(here.split)["train"])) for here, _ in brief), ""]]
    for name, question in (("siblings", "unicode-siblings"), ("uniform 20-way", "unicode-any")):
        plains = [here.plain(question).means(1)[0].estimate for here, _ in brief]
        rows.append([f"accuracy without metadata, {name}", *(f"{value:.1f} %" for value in plains), f"{np.mean(plains):.1f} %"])
    for case in CASES:
        values = [gains[case][0].episodes.estimate for _, gains in brief]
        spreads = [
            f"{signed(value)} {bounds(gains[case][0].new_classes)}" for value, (_, gains) in zip(values, brief, strict=True)
        ]
        rows.append([case.name, *spreads, signed(float(np.mean(values)))])
    columns = ("at 1 shot: gain [new letters]", *(here.split for here, _ in brief), "mean")
    return Table("The same on every split: its own backbone, its own test letters", columns, rows)


def stopping(folder: Path, small: bool) -> Outcome:
    """The arms of sibling tasks trained to the end of their budget, scored on the way, beside what validation stopping keeps."""
    prepare_process()
    workspace = Workspace(folder / "cli")
    data = open_dataset(workspace, "glyphs")
    here = Laboratory(workspace, data, data.description.default_split, small)
    rows: list[list[str]] = []
    looked: tuple[int, ...] = ()
    for case in CASES:
        if case.question == "unicode-any":
            continue
        plain = here.plain(case.question).at(1)
        stopped = difference(here.scores(here.runs(case)), here.plain(case.question), 1).episodes.estimate
        curves = []
        for run in here.runs(case):
            looked, curve = never_stopped(run, here)
            curves.append([100 * float((scores - plain).mean()) for scores in curve])
        rows.append([case.name, signed(stopped), *(signed(value) for value in np.mean(curves, axis=0))])
    columns = ("metadata", "stopped on validation", *(f"after {step}" for step in looked))
    return Outcome(
        tables=[Table("Gain at 1 shot in points when training is never stopped, by step (mean over seeds)", columns, rows)]
    )


def never_stopped(spec: RunSpec, here: Laboratory) -> tuple[tuple[int, ...], list[np.ndarray]]:
    """The steps looked at, and the accuracy [1, E] at 1 shot after each: the product's arm and loss, without its stopping."""
    import torch

    from metadash.episodes.sampler import draw, draw_from
    from metadash.training.trainer import DRAWN_AT_ONCE, Arm

    arm = Arm(spec, here.data, train(spec.backbone, here.workspace))
    manifest = draw(here.data, spec.evaluation.episodes(spec.split, "test"))
    looks = tuple(sorted({int(share * spec.steps) for share in LOOKS}))
    optimiser = torch.optim.AdamW(arm.parameters())
    batch = arm.episodes.n_episodes // DRAWN_AT_ONCE
    found = []
    for step in range(spec.steps + 1):
        if step in looks:
            correct = arm.evaluate(manifest)[spec.evaluation.shots.index(1)]
            found.append(correct[None] / (manifest.n_way * manifest.n_query))
        place = step % DRAWN_AT_ONCE
        if not place:
            tasks = draw_from(arm.table, arm.episodes, arm.generator)
        arm.learner.train()
        loss = arm.loss(tasks[place * batch : (place + 1) * batch], 0.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return looks, found


def accuracies(scores: Scores) -> list[str]:
    return [f"{inside.estimate:.1f} {bounds(inside, signs=False)}" for inside, _ in map(scores.means, scores.shots)]


def signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def bounds(interval: Interval, signs: bool = True) -> str:
    if interval.low is None or interval.high is None:
        return f"({interval.note})"
    low, high = (signed(value) if signs else f"{value:.1f}" for value in (interval.low, interval.high))
    return f"[{low}, {high}]"


def spread(interval: Interval) -> str:
    return f"{signed(interval.estimate)} {bounds(interval)}"
