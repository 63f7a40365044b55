"""Some stored learners side by side as plain values and as a table: the same columns in the browser and in the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from metadash.answers.costs import cheapest_words, cost_of
from metadash.answers.export import metric_values, simple
from metadash.answers.family import (
    Claim,
    Pair,
    baseline_lines,
    baseline_sentence,
    compared,
    every_pair,
    pairs_counts,
    pairs_sentence,
)
from metadash.answers.sentence import cell
from metadash.answers.stored_arms import StoredArm, names_of, starved_words, transductive_words
from metadash.answers.versus import Versus, against_baseline, headline, versus
from metadash.learners.registry import entry_of
from metadash.specs.choosing.tuning import choice_in_words
from metadash.specs.run import RunSpec
from metadash.specs.starved import share_of_paper, training_seen
from metadash.specs.transduction import queries_seen, transductive
from metadash.stats import words
from metadash.stats.caveats import winners_curse
from metadash.stats.metric import Metric, Ways
from metadash.stats.paired import check_paired
from metadash.stats.scored import Scores
from metadash.stats.shots import fewest_shots

BASELINES = ("baseline", "baseline-plus")
"""Whose paper (Chen et al. 2019) trains the backbone on classes."""


def seeds_words(scores: Scores) -> str:
    return words.plural_of(len(scores.seeds), "seed")


def tuned_words(arm: StoredArm) -> str:
    """``no``, or what was chosen, and among how many forms."""
    found = arm.runs[0].summary.get("tuned")
    return f"best of {found['tried']} on validation: {choice_in_words(found['chosen'])}" if found else "no"


def accuracy_table(names: Mapping[str, str], scores: Mapping[str, Scores], arms: Sequence[StoredArm], shot: int) -> pd.DataFrame:
    """One row an arm: the mean at ``shot`` with both intervals, what it costs, the other numbers of shots, and what it rests on."""
    rows = {}
    for arm in arms:
        found = scores[arm.id]
        metric = found.metric
        means = {
            k: {f"{words.plural_of(k, 'shot')}, {metric.unit}": cell(*found.means(k), decimals=metric.decimals) + guessed(arm, k)}
            for k in found.shots
        }
        rows[names[arm.id]] = {
            **means.pop(shot),
            "validation, %": "not measured" if arm.validation is None else f"{arm.validation:.1f}",
            **cost_of(arm).in_words(),
            **{label: text for column in means.values() for label, text in column.items()},
            "from": f"{words.count(len(found.manifest))} episodes, {seeds_words(found)}",
            "mode": arm.spec.mode,
            "embedding": embedding_words(arm.spec),
            "tuned": tuned_words(arm),
            "of its paper's training tasks": training_seen(arm.spec),
            "batch norm": f"{arm.runs[0].summary.get('batch_norm', '?')} statistics",
            "queries": queries_seen(arm.spec),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def embedding_words(spec: RunSpec) -> str:
    """What its head reads: ``Conv-4-32 trained on episodes``, ``Conv-4-32 trained on classes, without meta-learning``"""
    entry = entry_of(spec.learner)
    if not entry.reads_embeddings:
        return "none: it looks at no input" if entry.blind else "none: the inputs as they are"
    if spec.mode == "full":
        return f"{spec.backbone.title}, end to end from {'random weights' if spec.training.start == 'random' else 'trained ones'}"
    trained = spec.backbone.choices
    if "backbone_episodes" not in trained:
        return spec.backbone.title
    classes = trained.get("backbone_training") == "classes"
    return f"{spec.backbone.title}{', without meta-learning' if classes else ' trained on episodes'}"


def embedding_note(names: Mapping[str, str], arms: Sequence[StoredArm]) -> str:
    """Which of the learners stand on another backbone than their papers: Baseline and Baseline++ are papers' without meta-learning."""
    meta = [
        f"“{names[arm.id]}”"
        for arm in arms
        if arm.spec.learner in BASELINES and embedding_words(arm.spec).endswith("trained on episodes")
    ]
    if not meta:
        return ""
    stand = "stands" if len(meta) == 1 else "stand"
    return (
        f"{' and '.join(meta)} {stand} on a backbone that was meta-trained on episodes; in the paper it is trained on classes, without "
        "meta-learning (a choice among the options of training)."
    )


def guessed(arm: StoredArm, shot: int) -> str:
    """Said beside a number that stands for knowing nothing."""
    return "" if shot or not arm.spec.guesses else " (chance: it is told nothing)"


def ways_table(names: Mapping[str, str], scores: Mapping[str, Scores], arms: Sequence[StoredArm], shot: int) -> pd.DataFrame:
    """One row an arm, one column a number of ways, chance as the last row; empty with a reason where an arm was not scored."""
    ways = sorted({n_way for found in scores.values() for n_way in found.ways})
    metric = next(iter(scores.values())).metric
    rows = {names[arm.id]: {**ways_row(scores[arm.id], ways, shot), "note": arm.ways_note} for arm in arms}
    guessed = {n_way: metric.chance(Ways(n_way)) for n_way in ways}
    if None not in guessed.values():
        rows["chance"] = {ways_column(k, metric): f"{level:.{metric.decimals}f}" for k, level in guessed.items()} | {"note": ""}
    return pd.DataFrame.from_dict(rows, orient="index")


def ways_row(scores: Scores, ways: Sequence[int], shot: int) -> dict[str, str]:
    metric = scores.metric
    return {
        ways_column(n_way, metric): cell(*scores.at_ways(n_way).means(shot), decimals=metric.decimals)
        if n_way in scores.ways
        else "not scored"
        for n_way in ways
    }


def ways_column(n_way: int, metric: Metric) -> str:
    return f"{n_way} ways, {metric.unit}"


@dataclass(frozen=True)
class Report:
    """Arms on the same tasks; the last is the baseline. ``rope`` None is the metric's own. Raises BadInput (when made) for arms on different
    tasks, or scored by different metrics."""

    arms: Sequence[StoredArm]
    scores: Mapping[str, Scores]
    rope: float | None = None

    def __post_init__(self) -> None:
        for arm in self.arms:
            check_paired(self.scores[arm.id], self.scores[self.baseline])
        if self.rope is not None:
            self.scores[self.baseline].metric.check_rope(self.rope)

    @property
    def baseline(self) -> str:
        return self.arms[-1].id

    @property
    def metric(self) -> Metric:
        return self.scores[self.baseline].metric

    @cached_property
    def names(self) -> dict[str, str]:
        return names_of(self.arms)

    @property
    def shots(self) -> tuple[int, ...]:
        return self.scores[self.baseline].shots

    @property
    def fewest(self) -> int:
        """The number of shots that tables and headlines begin with."""
        return fewest_shots(self.shots)

    @cached_property
    def compared(self) -> dict[str, Versus]:
        baseline = self.scores[self.baseline]
        return {arm.id: versus(self.scores[arm.id], baseline, self.rope) for arm in self.arms[:-1]}

    def pairs(self, shot: int) -> dict[Pair, Claim]:
        return every_pair(self.scores, shot, self.rope)

    def values(self, in_pairs: bool = False) -> dict[str, Any]:
        """Every number as JSON would hold it. ``decision`` is that of a difference by itself, ``together`` what holds among all compared, at each number of shots by itself."""
        tests = {shot: against_baseline(self.compared, shot) for shot in self.shots}
        return {
            "learners": [self.learner(arm) for arm in self.arms],
            "baseline": self.names[self.baseline],
            "differences": [
                self.row((identity, self.baseline), found) for shot in self.shots for identity, found in tests[shot].items()
            ],
            **(
                {"pairs": [self.row(pair, found) for shot in self.shots for pair, found in self.pairs(shot).items()]}
                if in_pairs
                else {}
            ),
            "worth_in_shots": [
                {"first": self.names[identity], "second": self.names[self.baseline], **simple(one.worth)}
                for identity, one in self.compared.items()
                if one.worth
            ],
            "problems": [one.problem for one in self.compared.values() if one.problem],
            "metric": metric_values(self.metric),
            "n_episodes": len(self.scores[self.baseline].manifest),
            "manifest": self.scores[self.baseline].manifest.hash,
        }

    def learner(self, arm: StoredArm) -> dict[str, Any]:
        found = self.scores[arm.id]
        return {
            "name": self.names[arm.id],
            "id": arm.id,
            "digests": list(found.digests),
            "seeds": list(found.seeds),
            "validation_percent": arm.validation,
            "transductive": transductive(arm.spec),
            "share_of_paper": share_of_paper(arm.spec),
            "tuned": arm.runs[0].summary.get("tuned"),
            **cost_of(arm).as_values(),
            found.metric.name: [
                {"n_way": at.n_way, "shot": shot, "these_test_classes": simple(inside), "new_classes": simple(new)}
                for at in map(found.at_ways, found.ways)
                for shot in at.shots
                for inside, new in [at.means(shot)]
            ],
            "ways_note": arm.ways_note,
        }

    def row(self, pair: Pair, found: Claim) -> dict[str, Any]:
        first, second = pair
        return {
            "first": self.names[first],
            "second": self.names[second],
            **simple(found.difference),
            "p_against_zero": found.p_zero,
            "together": {**simple(found.decision), "in_words": compared(found.decision), "comparisons": found.tested},
        }

    def lines(self, in_pairs: bool = False, ways: bool = False) -> list[str]:
        """For a terminal: the tables, then a sentence for each number of shots on what holds after correction."""
        lines = [accuracy_table(self.names, self.scores, self.arms, self.fewest).to_string(), ""]
        if ways:
            lines += [ways_table(self.names, self.scores, self.arms, self.fewest).to_string(), ""]
        lines += [*transductive_words(self.names, self.arms), *starved_words(self.names, self.arms)]
        for shot in sorted(self.shots, key=lambda shot: not shot):  # what holds without an example comes last
            if in_pairs:
                pairs = self.pairs(shot)
                lines += [pairs_sentence(self.names, pairs, shot) + " " + pairs_counts(pairs)]
            elif len(self.arms) == 2:
                ((first, one),) = self.compared.items()
                row = one.at(shot)
                lines += [headline(self.names[first], self.names[self.baseline], row, "classes") if row else one.problem]
            else:
                found = against_baseline(self.compared, shot)
                lines += [baseline_sentence(found, self.names[self.baseline], shot)]
                lines += [f"  {line}" for line in baseline_lines(self.names, found)]
        if len(self.arms) > 2:
            lines.append("What is better, worse or no difference holds after Holm's correction; brackets: 95 % for new classes.")
            lines.append(winners_curse(len(self.arms) - 1))
        if first_pairs := self.pairs(self.fewest):
            lines.append(cheapest_words(self.names, {arm.id: cost_of(arm) for arm in self.arms}, first_pairs))
        return lines
