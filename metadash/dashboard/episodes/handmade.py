"""A task changed by hand: what was done to it, step by step, so that a link brings up the same task in another browser.

``d0.l17.r3.c2.q0-4`` reads: drawn with seed 0, class 17 locked, redrawn with seed 3, the class in place 2 swapped, then query 4 of
place 0. A saved episode begins with its hash: ``o40ff….c1``. Every step draws from a seed of its own, so the text says it all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.parts import reads
from metadash.data.dataset import Dataset
from metadash.episodes import edit
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw_from
from metadash.episodes.saved import SavedEpisode, reopen, saved_episodes
from metadash.episodes.spec import EpisodeSpec
from metadash.errors import BadInput

MOST_STEPS = 200
STEP = re.compile(r"([lrcsq])(\d{1,12})(?:-(\d{1,6}))?")
BASE = re.compile(r"d(\d{1,12})|o([0-9a-f]{1,64})")


@dataclass(frozen=True)
class Task:
    """The episode on the page: its spec as the controls say it, the classes that stay, how often something was swapped since it was
    drawn, and the steps that led here."""

    spec: EpisodeSpec
    fingerprint: str
    manifest: EpisodeManifest
    locked: frozenset[int] = field(default_factory=frozenset)
    swaps: int = 0
    steps: tuple[str, ...] = ()

    def of(self, spec: EpisodeSpec, data: Dataset) -> bool:
        return self.fingerprint == data.fingerprint and canonical_json(self.spec) == canonical_json(spec)

    @property
    def text(self) -> str:
        """The steps as they stand in a link; empty for a task as its seed draws it."""
        return "" if len(self.steps) == 1 and self.steps[0].startswith("d") else ".".join(self.steps)


def drawn(data: Dataset, spec: EpisodeSpec) -> Task:
    """As the seed draws it. Raises BadInput."""
    manifest = draw_from(reads.pool(data, spec), spec, np.random.default_rng(spec.seed), data.fingerprint)
    return Task(spec, data.fingerprint, manifest, steps=(f"d{spec.seed}",))


def opened(data: Dataset, entry: SavedEpisode) -> Task:
    """A saved episode. Raises BadInput when its file is gone or damaged."""
    return Task(entry.spec, data.fingerprint, reopen(server.workspace(), data, entry), steps=(f"o{entry.hash}",))


def lock(task: Task, identity: int) -> Task:
    """Lock a class of the task, or unlock it."""
    if identity not in task.manifest.classes[0]:
        raise BadInput(f"Class {identity} is not in this episode, so it cannot be locked.")
    step, steps = f"l{identity}", task.steps
    return replace(
        task, locked=task.locked ^ {identity}, steps=steps[:-1] if steps and steps[-1] == step else (*steps, step)
    )  # twice is not at all


def redraw(task: Task, data: Dataset, seed: int) -> Task:
    """All but the locked classes anew. Raises BadInput."""
    spec = replace(task.spec, seed=seed)
    if not task.locked:
        return drawn(data, spec)
    manifest = edit.redraw(task.manifest, reads.pool(data, spec), spec, np.random.default_rng(seed), task.locked)
    steps = task.steps[:-1] if task.steps[-1].startswith("r") else task.steps  # what was redrawn in between left nothing behind
    return replace(task, spec=spec, manifest=manifest, swaps=0, steps=(*steps, f"r{seed}"))


def swap_class(task: Task, data: Dataset, slot: int) -> Task:
    """Raises BadInput."""
    return swapped(task, data, edit.swap_class, f"c{slot}", slot)


def swap_instance(task: Task, data: Dataset, slot: int, part: edit.Part, index: int) -> Task:
    """Raises BadInput."""
    return swapped(task, data, edit.swap_instance, f"{part[0]}{slot}-{index}", slot, part, index)


def swapped(task: Task, data: Dataset, change: Callable[..., EpisodeManifest], step: str, *where: Any) -> Task:
    generator = np.random.default_rng([task.spec.seed, task.swaps + 1])
    manifest = change(task.manifest, reads.pool(data, task.spec), task.spec, *where, generator)
    locked = task.locked & set(manifest.classes[0].tolist())
    return replace(task, manifest=manifest, locked=locked, swaps=task.swaps + 1, steps=(*task.steps, step))


def replayed(text: str, data: Dataset, spec: EpisodeSpec) -> Task:
    """The task that the steps in ``text`` lead to, when the controls say ``spec`` at its end. Raises BadInput where they lead nowhere."""
    first, *steps = text.split(".")
    base, known = BASE.fullmatch(first), [STEP.fullmatch(step) for step in steps]
    if base is None or None in known or len(known) > MOST_STEPS:
        raise BadInput("These are no steps by which a task was changed.")
    task = drawn(data, replace(spec, seed=int(base[1]))) if base[1] else opened(data, saved(data, base[2]))
    for step in known:
        assert step is not None
        task = taken(task, data, step[1], int(step[2]), None if step[3] is None else int(step[3]))
    if not task.of(spec, data):
        raise BadInput("These steps end at another task than the controls say.")
    return task


def saved(data: Dataset, identity: str) -> SavedEpisode:
    for entry in saved_episodes(server.workspace(), data):
        if entry.hash == identity:
            return entry
    raise BadInput("The saved episode is not stored here.")


def taken(task: Task, data: Dataset, kind: str, place: int, index: int | None) -> Task:
    """The task after one more step."""
    if kind == "l":
        return lock(task, place)
    if kind == "r":
        return redraw(task, data, place)
    part: dict[str, edit.Part] = {"s": "support", "q": "query"}
    size = {"c": 1, "s": task.spec.n_shot, "q": task.manifest.n_query}[kind]
    if place >= task.manifest.n_way or not 0 <= (index or 0) < size or (kind == "c") != (index is None):
        raise BadInput("These steps change a place that the task does not have.")
    return swap_class(task, data, place) if index is None else swap_instance(task, data, place, part[kind], index)
