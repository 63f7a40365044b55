"""From arrangements scored on validation classes to the one that is proposed, and a sentence that says why with numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from metadash.episodes.manifest import EpisodeManifest
from metadash.learners.registry import entry_of
from metadash.networks.encoders.registry import is_trained
from metadash.runs.store import Run, RunStore
from metadash.specs.choosing.proposal import ProposalSpec
from metadash.specs.normalising import NORMALISATIONS
from metadash.specs.run import RunSpec
from metadash.stats import words
from metadash.stats.intervals import Interval, episode_interval, new_classes_interval

HEADS = {("prototypical", "euclidean"): "prototypes", ("prototypical", "cosine"): "prototypes by cosine"}


@dataclass(frozen=True)
class Proposal:
    """``values`` [A, shots, E] in %, of the arrangements ``runs`` on the tasks of ``manifest``; the first of the runs is the usual one."""

    runs: tuple[RunSpec, ...]
    values: np.ndarray
    manifest: EpisodeManifest

    @property
    def shots(self) -> tuple[int, ...]:
        return self.runs[0].evaluation.shots

    @cached_property
    def best(self) -> int:
        """The highest mean over shots and tasks; of equals the one listed first, which is the simpler."""
        return int(self.values.mean(axis=(1, 2)).argmax())

    @cached_property
    def other(self) -> int:
        """What the best is held against: the usual arrangement, or where that is the best, the best over other features."""
        if self.best:
            return 0
        means = self.values.mean(axis=(1, 2))
        elsewhere = [place for place, run in enumerate(self.runs) if run.backbone != self.runs[0].backbone] or range(
            1, len(self.runs)
        )
        return max(elsewhere, key=lambda place: means[place], default=0)

    def mean(self, place: int, shot: int) -> Interval:
        """Over the tasks of these validation classes, in %."""
        return episode_interval(self.values[place, self.shots.index(shot)])

    def gain(self, shot: int) -> Interval:
        """What the best gains over the other on the same tasks, for new classes where there are enough, else for these."""
        differences = self.values[self.best, self.shots.index(shot)] - self.values[self.other, self.shots.index(shot)]
        group = self.manifest.group if (self.manifest.group >= 0).all() else None
        new = new_classes_interval(differences, self.manifest.classes, group)
        return new if new.low is not None else episode_interval(differences)

    @property
    def choices(self) -> dict[str, Any]:
        """The choices of ``run_for`` that give the proposed arrangement."""
        run = self.runs[self.best]
        found: dict[str, Any] = {"learner": run.learner, **run.backbone.choices}
        if run.backbone.start:
            found = {"learner": run.learner, "backbone": run.backbone.backbone}
        found |= {"distance": run.distance} if run.distance != "euclidean" else {}
        return found | ({"normalise": run.normalise} if run.normalise != "usual" else {})

    @property
    def sentence(self) -> str:
        """``On validation classes, 5-way 5-shot: logistic regression … 92.6 % [92.0, 93.2], prototypes … 81.0 % [..]; n = …``"""
        shot = self.shots[-1]
        tests, best, other = (
            self.runs[0].evaluation,
            *(f"{in_words(self.runs[p])} {said(self.mean(p, shot))}" for p in (self.best, self.other)),
        )
        tasks = words.plural_of(len(self.manifest), "task")
        classes = words.plural_of(len(np.unique(self.manifest.classes)), "validation class")
        text = f"On validation classes, {tests.n_way}-way {shot}-shot: {best}"
        text += f", {other}; n = {tasks} of {classes}." if self.other != self.best else f"; n = {tasks} of {classes}."
        if self.other == self.best:
            return text
        gain = self.gain(shot)
        unit = "new classes" if gain.unit != "episode" else "these classes"
        told = f"{words.points(gain.estimate, gain.low, gain.high)} on {unit}"
        close = gain.low is not None and gain.low <= 0
        return f"{text} The same tasks side by side: {told}" + (", too close to be sure which is better." if close else ".")

    def frame(self) -> pd.DataFrame:
        """A row an arrangement, the best first: ``arrangement``, and for each number of shots the mean in % with its 95 % interval."""
        order = np.argsort(-self.values.mean(axis=(1, 2)), kind="stable")
        rows = [
            {"arrangement": in_words(self.runs[place])}
            | {f"{words.plural_of(shot, 'shot')}, %": said(self.mean(place, shot)).replace(" %", "") for shot in self.shots}
            for place in order
        ]
        return pd.DataFrame(rows)


def said(interval: Interval) -> str:
    return f"{interval.estimate:.1f} % {interval.bracket}"


def in_words(run: RunSpec) -> str:
    """``logistic regression on centred features of length one of no backbone``, ``prototypes through a network trained here (Conv-4-32)``"""
    head = HEADS.get((run.learner, run.distance), entry_of(run.learner).title.lower())
    backbone = run.backbone.backbone
    if is_trained(backbone):
        origin = "that comes with the data" if run.backbone.start else "trained here"
        over = f"through a network {origin} ({run.backbone.title})"
        return f"{head} {over}" + (f", {NORMALISATIONS[run.normalised]}" if run.normalised != "none" else "")
    what = NORMALISATIONS[run.normalised]
    return f"{head} on {what}" + ("" if backbone == "none" else f" ({run.backbone.title})")


def read_proposal(run: Run, store: RunStore) -> Proposal:
    """What is stored of a finished proposal."""
    spec = run.spec_as(ProposalSpec)
    manifest = store.load_manifest(run.summary["manifest"])
    values = 100 * np.asarray(run.array("correct")).astype(float) / (manifest.n_way * manifest.n_query)
    return Proposal(spec.runs, values, manifest)
