"""How long a run will take, from what its like took here before, or from what it took us where there is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from metadash.data.dataset import Dataset
from metadash.runs.facts.facts import USUAL_SHAPE
from metadash.runs.kinds import facts_of
from metadash.runs.queue.outlook import Piece, makespan
from metadash.runs.record import family
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec

LATEST = 3
"""Runs alike, the newest, whose middle tells how long another takes: one of them may have been an odd one."""


@dataclass(frozen=True)
class Size:
    """How much work a run is: ``seconds`` of one processor here, and whether that is ``known`` from its like or only reckoned."""

    seconds: float
    known: bool


class Known:
    """Stored runs, newest first, in families: those whose time tells each other's."""

    def __init__(self, runs: Sequence[Run]):
        self.families: dict[str, list[Run]] = {}
        for run in runs:
            self.families.setdefault(run.family, []).append(run)

    def like(self, spec: Spec) -> list[Run]:
        """The newest few that are alike."""
        return self.families.get(family(spec), [])[:LATEST]


def estimate(spec: Spec, dataset: Dataset, store: RunStore, known: Known | None = None) -> float:
    """Seconds for one run by itself, without the runs it needs; 0 where it is stored already. ``known`` are the store's runs, if at hand."""
    return 0.0 if store.find(spec, dataset) else size(spec, dataset, Known(store.runs()) if known is None else known).seconds


def size(spec: Spec, dataset: Dataset, known: Known) -> Size:
    """Of one run by itself, whether it is stored or not."""
    rough, like = from_scratch(spec, *dataset.inputs.shape), known.like(spec)
    if not like:
        return Size(rough, False)
    return Size(rough * median(quiet_seconds(run) / from_scratch(run.spec, *dataset.inputs.shape) for run in like), True)


def known_runs(store: RunStore) -> Known:
    """All that are stored, looked at again only when one has come or gone: a page asks every second."""
    folder, changed = str(store.folder), store.folder.stat().st_mtime_ns
    kept = KNOWN.get(folder)
    if kept is None or kept[0] != changed:
        kept = changed, Known(store.runs())
        KNOWN.clear()
        KNOWN[folder] = kept
    return kept[1]


KNOWN: dict[str, tuple[int, Known]] = {}
"""Of the workspace that was asked for last: when its folder of runs changed, and the runs."""


def quiet_seconds(run: Run) -> float:
    """What a stored run took, without what it waited for the processor while others had it."""
    return max(min(run.about["seconds"], run.cost.get("cpu_seconds") or math.inf), 1e-3)


def may_end_early(spec: Spec) -> bool:
    """Whether it stops by its patience, at a step that nobody knows beforehand."""
    return facts_of(spec).early(spec)


def from_scratch(spec: Spec, n_instances: int, *shape: int) -> float:
    """``shape`` of one input; by default an image of 28×28."""
    return facts_of(spec).seconds(spec, n_instances, shape or USUAL_SHAPE)


def with_needs(specs: Sequence[Spec]) -> list[Spec]:
    """The specs and everything they build on, each once, what is needed first."""
    found: dict[Spec, None] = {}
    for spec in specs:
        for need in with_needs(spec.needs):
            found[need] = None
        found[spec] = None
    return list(found)


def estimate_all(specs: list[Spec], dataset: Dataset, store: RunStore, workers: int) -> float:
    """Seconds until all are done, with all that they need."""
    known = known_runs(store)
    return seconds_until_done([(spec, estimate(spec, dataset, store, known)) for spec in with_needs(specs)], workers)


def seconds_until_done(parts: Sequence[tuple[Spec, float]], workers: int) -> float:
    """From the seconds of each part by itself, shared by the workers: what builds on another waits for it."""
    places = {spec: i for i, (spec, _) in enumerate(parts)}
    pieces = [Piece(seconds, needs=tuple(places[need] for need in spec.needs if need in places)) for spec, seconds in parts]
    return makespan(pieces, [seconds for _, seconds in parts], workers)
