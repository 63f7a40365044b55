"""One learner against another on the same episodes: the paired difference, its intervals, its verdict, at every number of shots."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from metadash.errors import BadInput
from metadash.stats.group_shares import GroupShare, share_of_groups
from metadash.stats.intervals import Interval, mean_over_episodes, mean_over_seeds, paired_differences, seed_interval
from metadash.stats.metric import refuse_mixed
from metadash.stats.scored import Scored, Scores, as_gain, gain_intervals
from metadash.stats.shots import WorthInShots, worth_in_shots_interval
from metadash.stats.verdict import ROPE, Decision, decide, decide_together


@dataclass(frozen=True)
class Difference:
    """What the first learner gains over the second, in what its metric counts gains in, at ``shot`` labelled examples per class.

    ``episodes`` is the interval for these test classes, ``new_classes`` for classes (or groups) like them, ``seeds`` over matched
    training seeds (None with fewer than two). ``decision`` is read off ``new_classes``: the question is about new classes; it is that of the
    difference by itself, which :func:`metadash.stats.verdict.decide_together` replaces where several are tested. ``shares`` counts the
    groups at hand that gain or lose (None where tasks are not drawn within groups). ``rope`` is half the region of no practical difference.
    """

    shot: int
    episodes: Interval
    new_classes: Interval
    seeds: Interval | None
    decision: Decision
    shares: GroupShare | None = None
    rope: float = ROPE

    @property
    def unit(self) -> str:
        """What a gain is counted in: ``points``."""
        return self.episodes.counted_in


class AtShot(Protocol):
    """Something told at one number of shots."""

    @property
    def shot(self) -> float: ...


Told = TypeVar("Told", bound=AtShot)


def at_fewest(rows: Sequence[Told]) -> Told:
    """Of rows over rising shots, the one that a headline is about: see :func:`metadash.stats.shots.fewest_shots`."""
    return next((row for row in rows if row.shot), rows[0])


def difference(first: Scores, second: Scores, shot: int, rope: float | None = None) -> Difference:
    """Against a region of ± ``rope``, by default the metric's. Raises BadInput when the two were not scored on the same episodes at this number of shots."""
    check_paired(first, second)
    one, other = matched_seeds(first.at(shot), second.at(shot), first, second)
    return with_intervals(paired_differences(one, other, first.metric), first, shot, rope)


def with_intervals(gains: np.ndarray, scored: Scored, shot: int, rope: float | None = None) -> Difference:
    """Paired gains (or any effect that is linear in scores) [S, E] in the metric's unit, with the three intervals."""
    values, metric = mean_over_seeds(gains), scored.metric
    rope = metric.rope if rope is None else rope
    episodes, new_classes = gain_intervals(values, scored)
    seeds = as_gain(seed_interval(mean_over_episodes(gains)), metric) if len(gains) > 1 else None
    shares = None if scored.group is None else share_of_groups(values, scored.group, rope, metric.gain)
    return Difference(shot, episodes, new_classes, seeds, decide(new_classes, rope), shares, rope)


def tested_together(rows: Sequence[Difference], controls: Sequence[Difference | None] | None = None) -> tuple[Difference, ...]:
    """The same differences with the decisions that hold when all are tested together, each beside its gain over falsified rows, if any."""
    checks = None if controls is None else [None if one is None else one.new_classes for one in controls]
    decisions = decide_together([row.new_classes for row in rows], rope_of(rows), checks)
    return tuple(replace(row, decision=decision) for row, decision in zip(rows, decisions, strict=True))


def rope_of(rows: Sequence[Difference]) -> float:
    """The one region that these differences are decided against. Raises ValueError where they are not alike."""
    ropes = {row.rope for row in rows}
    if len(ropes) > 1:
        raise ValueError(f"Differences that are tested together need one region of practical equivalence; got {sorted(ropes)}.")
    return ropes.pop() if ropes else ROPE


def beside_control(rows: Sequence[Difference], controls: Sequence[Difference]) -> list[Difference]:
    """Gains at every number of shots, each a question of its own, decided beside the gain over shuffled rows at the same."""
    return [tested_together([row], [control])[0] for row, control in zip(rows, controls, strict=True)]


def check_paired(first: Scores, second: Scores) -> None:
    refuse_mixed({first.metric, second.metric})
    if first.manifest.hash != second.manifest.hash or first.shots != second.shots:
        raise BadInput("These runs were scored on different test episodes; only runs on the same episodes can be compared.")


def matched_seeds(one: np.ndarray, other: np.ndarray, first: Scores, second: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Both as [S, E] with seed s beside seed s. A learner with nothing to train has one run, which stands beside every seed."""
    if len(one) == 1 or len(other) == 1:
        n = max(len(one), len(other))
        return np.broadcast_to(one, (n, one.shape[1])), np.broadcast_to(other, (n, other.shape[1]))
    common = sorted(set(first.seeds) & set(second.seeds))
    if not common:
        raise BadInput("These runs share no training seed; train one of them with a seed of the other.")
    return one[[first.seeds.index(s) for s in common]], other[[second.seeds.index(s) for s in common]]


def worth(first: Scores, second: Scores, at: int, seed: int = 0) -> WorthInShots:
    """How many more labelled examples per class ``second`` needs to match ``first`` at ``at`` examples, for these and for new classes."""
    check_paired(first, second)
    generator = np.random.default_rng(seed)
    curves = tuple(scores.metric.sign * scores.values.mean(axis=1) for scores in (first, second))
    classes, group = first.manifest.classes, first.group
    return worth_in_shots_interval(first.shots, curves[0], curves[1], at, generator, classes=classes, group=group)
