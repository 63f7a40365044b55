"""How much wrong or missing metadata a learner bears: the gain over doing without a source, as it falls with the share of what it
describes, classes or instances, that is hit.

Wrong and missing are separate curves, and both end somewhere else: a learner told wrong things may do worse than one told nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.specs.what_if import DoseSpec
from metadash.stats.intervals import Interval, episode_interval, new_classes_interval
from metadash.stats.metric import ACCURACY, Metric, refuse_mixed
from metadash.stats.scored import as_gain

RESAMPLES = 1000
DOSE_NAMES = {
    "missing": "missing",
    "swap": "another class's",
    "nearest": "the most similar class's",
    "noise": "noise",
}
"""What the metadata of the classes hit are, in words."""


def dose_name(kind: str, hit: str = "classes") -> str:
    """``another class's``; ``another instance's`` where single instances are hit."""
    whose = {"classes": "another class's", "instances": "another instance's"}.get(hit, "another one's")
    return whose if kind == "swap" else DOSE_NAMES[kind]


@dataclass(frozen=True)
class BreakEven:
    """The share of classes whose metadata must be hit before the source is worth nothing any more.

    ``censored`` "above": even with every class hit the learner is better off with the source (``value`` is 1); "below": it is not
    worth anything with every class right (``value`` is 0). ``low`` and ``high`` bound it over episodes (*these test classes*) and over
    which of the classes are hit.
    ``kind`` names the change; empty where it is not said. ``hit`` says of what it is the share.
    """

    value: float
    low: float
    high: float
    censored: Literal["", "above", "below"] = ""
    level: float = 0.95
    kind: str = ""
    hit: str = "classes"


@dataclass(frozen=True)
class DoseCurve:
    """At each of ``fractions`` (from 0 on) of what is ``hit`` what is gained over doing without the source, over episodes and
    for new classes."""

    kind: str
    shot: int
    fractions: tuple[float, ...]
    gain: tuple[Interval, ...]
    gain_new: tuple[Interval, ...]
    break_even: BreakEven
    hit: str = "classes"

    @property
    def floor(self) -> Interval:
        """What is left, or lost, when every class is hit."""
        return self.gain[-1]


def dose_curves(runs: Sequence[Run], store: RunStore, shot: int, seed: int = 0) -> dict[str, DoseCurve]:
    """By kind of change. ``runs`` ask the same of learners that differ in their training seed; the mean over them is shown.

    Raises BadInput when they were asked different things or scored on different episodes.
    """
    specs = [run.spec_as(DoseSpec) for run in runs]
    first = specs[0]
    asked = {(s.sources, s.kinds, s.fractions, run.summary["manifest"]) for s, run in zip(specs, runs, strict=True)}
    if len(asked) > 1:
        raise BadInput("These curves were asked different things, or of different episodes; they cannot be put together.")
    if shot not in first.run.evaluation.shots:
        raise BadInput(f"The run was scored at {first.run.evaluation.shots} shots; {shot} is not among them.")
    refuse_mixed({run.metric for run in runs})
    metric = runs[0].metric
    at, stored = first.run.evaluation.shots.index(shot), "correct" if metric.counted else "value"
    queries = runs[0].summary["queries"] if metric.counted else 1
    totals = np.mean([run.array(stored)[:, :, :, at] for run in runs], axis=0)  # [kinds, F, draws, E]
    ends = np.mean([run.array("ends")[:, at] for run in runs], axis=0)  # [2, E]
    manifest = store.manifest(runs[0])
    fractions = (0.0, *first.fractions)
    generator = np.random.default_rng(seed)
    hit = runs[0].summary.get("hit", "classes")
    curves: dict[str, DoseCurve] = {}
    for kind, values in zip(first.kinds, totals, strict=True):
        none = np.broadcast_to(ends[0], (1, *values.shape[1:]))
        gain = metric.per_value * (np.concatenate([none, values]) - ends[1]) / queries  # [F + 1, draws, E]
        curves[kind] = curve_of(kind, shot, fractions, gain, manifest, generator, hit, metric)
    return curves


def curve_of(
    kind: str,
    shot: int,
    fractions: tuple[float, ...],
    gain: np.ndarray,
    manifest: EpisodeManifest,
    generator: np.random.Generator,
    hit: str = "classes",
    metric: Metric = ACCURACY,
) -> DoseCurve:
    group = manifest.group if (manifest.group >= 0).any() else None
    return DoseCurve(
        kind,
        shot,
        fractions,
        tuple(as_gain(episode_interval(values), metric) for values in gain.mean(axis=1)),
        tuple(as_gain(new_classes_interval(values, manifest.classes, group), metric) for values in gain.mean(axis=1)),
        replace(break_even(np.array(fractions), gain, generator), kind=kind, hit=hit),
        hit,
    )


def break_even(fractions: np.ndarray, gain: np.ndarray, generator: np.random.Generator, level: float = 0.95) -> BreakEven:
    """Where the mean of ``gain`` (over doing without, at rising ``fractions`` [F] from 0) first reaches zero.

    ``gain`` is [F, E], or [F, D, E] with D draws of the classes that are hit. Linear between the measured fractions; the interval is a
    percentile bootstrap over the episodes and the draws, all fractions of an episode and of a draw together. The few draws are
    spread by sqrt(D / (D - 1)) around their mean, or resampling them would understate how much they differ.
    """
    gain = gain[:, None] if gain.ndim == 2 else gain
    if gain.shape[0] != len(fractions) or fractions[0] != 0 or not (np.diff(fractions) > 0).all():
        raise ValueError(f"Fractions must rise from 0, one for each of the {len(gain)} rows of gains; got {fractions}.")
    draws, episodes = gain.shape[1:]
    means = gain.mean(axis=(1, 2))
    by_draw = gain.mean(axis=2)
    off = (by_draw - means[:, None]) * np.sqrt(draws / max(draws - 1, 1))  # [F, D]
    by_episode = gain.mean(axis=1)
    found = []
    block = max(1, 4_000_000 // episodes)
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        chosen = generator.multinomial(episodes, np.full(episodes, 1 / episodes), size=size)
        hit = generator.multinomial(draws, np.full(draws, 1 / draws), size=size)
        found.append(crossing(fractions, chosen @ by_episode.T / episodes + hit @ off.T / draws))
    low, high = np.quantile(np.concatenate(found), [0.5 - level / 2, 0.5 + level / 2])
    censored: Literal["", "above", "below"] = "below" if means[0] <= 0 else "above" if (means > 0).all() else ""
    return BreakEven(float(crossing(fractions, means[None])[0]), float(low), float(high), censored, level)


def crossing(fractions: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """For each row of [B, F] the first fraction where it is zero or below, linear in between; 1 where it never is."""
    below = curves <= 0
    first = np.where(below.any(axis=1), below.argmax(axis=1), curves.shape[1] - 1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(curves))
    high, low = curves[rows, before], curves[rows, first]
    share = np.where(high > low, high / np.where(high > low, high - low, 1), 1.0)
    met = fractions[before] + share * (fractions[first] - fractions[before])
    return np.where(below[:, 0], 0.0, np.where(below.any(axis=1), met, 1.0))


def break_even_words(found: BreakEven) -> str:
    if found.censored == "below":
        return "the metadata are worth nothing here even when all are right"
    if found.censored == "above":
        return f"even with all {found.hit} hit it does better than without"
    bounds = f"[{100 * found.low:.0f}, {100 * found.high:.0f}]"
    return f"break-even at {100 * found.value:.0f} % of the {found.hit} {bounds}, over tasks of these test classes"
