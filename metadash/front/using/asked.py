"""``use_spec``: the run that labels what was given, checked against the learner before anything is computed. Reads no torch."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from metadash.data.dataset import Dataset, Source
from metadash.data.given.given import Given, Said
from metadash.data.library import open_dataset
from metadash.errors import BadInput, nearest
from metadash.front.using.checks import check_classes
from metadash.learners.core.fusions import PLACING
from metadash.learners.registry import entry_of
from metadash.metadata.told import rows_of
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.specs.use import CalibrationSpec, UseSpec

MOST_QUERIES = 5
"""Of a class in a task of the calibration."""

TASKS = {"adapting": 40, "others": 200}
"""Of each role; fewer where each adapts a whole network to itself."""

FEWEST_TASKS, MOST_ANSWERS = 20, 4_000_000
"""Queries times classes of all tasks of a role: of many classes, fewer tasks say as much."""


def use_spec(run: Run, given: Given, false_alarm: float = 0.05, data: Dataset | None = None) -> UseSpec:
    """The run that labels ``given`` by a finished learner's ``run`` (of a ``TrainedRun`` its ``run``). ``false_alarm``: the share of true
    members of the classes that *none of these* may reject. ``data``: the learner's data set where it is open already, its tables read.

    Raises BadInput where the learner cannot tell so many classes apart, reads no such metadata, cannot do without them, or is asked for a
    class without an example that it cannot place.
    """
    spec = run.spec_as(RunSpec)
    data = data or open_dataset(given.kept_in, spec.dataset)
    if given.dataset != data.name:
        raise BadInput(
            f"What was given is like the inputs of '{given.dataset}', and the learner is of '{data.name}'; give it for that one."
        )
    check_said(spec, data, given.said)
    return UseSpec(spec, given.digest, given.said.inputs, calibration_for(spec, data, given), false_alarm)


class HasSources(Protocol):
    """A data set, or what a learner took with it of one."""

    def source(self, name: str) -> Source: ...


def check_said(spec: RunSpec, data: HasSources, said: Said) -> None:
    """Raises BadInput where the learner cannot be asked about such classes, or told that of them."""
    check_classes(spec, list(said.classes))
    check_metadata(spec, data, said)
    check_of_inputs(spec, data, said)
    check_without_examples(spec, said)


def columns_read(spec: RunSpec, data: HasSources) -> dict[str, tuple[str, ...]]:
    """What the learner can be told of a class: columns by source; empty where it reads none."""
    if not spec.reads_at_test:
        return {}
    return {source.name: source.columns for source in map(data.source, spec.sources) if source.level == "class"}


def check_metadata(spec: RunSpec, data: HasSources, said: Said) -> None:
    if not spec.reads_at_test:
        if said.metadata is not None:
            why = "read metadata in training only" if spec.sources else "reads no metadata"
            raise BadInput(f"This learner {why}; leave metadata out.")
        return
    if said.metadata is None and entry_of(spec.learner).needs_metadata:
        raise BadInput(f"The learner '{spec.learner}' knows classes by their metadata alone; name them.")
    if said.metadata is not None and spec.control != "none":
        raise BadInput("This learner was trained on falsified metadata, so true ones tell it nothing; leave metadata out.")
    sources = [data.source(name) for name in spec.sources]
    of_instances = {column for source in sources if source.level == "instance" for column in source.columns}
    rows_of(said.table, list(said.classes), [source for source in sources if source.level == "class"], of_instances)


def columns_of_inputs(spec: RunSpec, data: HasSources, queries: bool = False) -> dict[str, tuple[str, ...]]:
    """What the learner can be told of a single input: columns by source, of ``queries`` only what is there when a class is asked for; empty
    where it reads none."""
    if not spec.reads_at_test:
        return {}
    read = [source for source in map(data.source, spec.sources) if source.level == "instance"]
    return {source.name: source.columns for source in read if source.available_at_prediction or not queries}


def check_of_inputs(spec: RunSpec, data: HasSources, said: Said) -> None:
    """Raises BadInput where something is said of single inputs that the learner does not read."""
    for rows, queries in ((said.of_examples, False), (said.of_queries, True)):
        known = [column for own in columns_of_inputs(spec, data, queries).values() for column in own]
        told = dict.fromkeys(column for row in rows or () for column in row)
        if told and not known:
            raise BadInput("This learner reads no metadata of single inputs; leave them out.")
        if told and spec.control != "none":
            raise BadInput("This learner was trained on falsified metadata, so true ones tell it nothing; leave metadata out.")
        if stray := next((column for column in told if column not in known), None):
            what = "inputs to label" if queries else "examples"
            raise BadInput(f"This learner reads no column '{stray}' of {what}{nearest(stray, known)}")


def check_without_examples(spec: RunSpec, said: Said) -> None:
    """Raises BadInput where a class without an example has nothing that places it."""
    empty = [name for name, shots in said.shots.items() if not shots]
    if not empty:
        return
    if not places_by_metadata(spec):
        raise BadInput(
            f"The class '{empty[0]}' has no example, and {why_not(spec)}; give it an example, or choose a learner with the fusion pseudo-shots."
        )
    told = said.metadata or {}
    if bare := next((name for name in empty if not told.get(name)), None):
        raise BadInput(f"The class '{bare}' has neither an example nor metadata; give it one of them.")


def places_by_metadata(spec: RunSpec) -> bool:
    """Whether the learner can say where a class lies before its first example."""
    return spec.fusion in PLACING and spec.reads_at_test and not spec.adapts_network


def why_not(spec: RunSpec) -> str:
    """Why it cannot, as the end of a sentence."""
    if not spec.reads_at_test:
        return "this learner reads no metadata that could place it"
    if spec.fusion not in PLACING:
        return f"the fusion '{spec.fusion}' does not say where a class lies"
    return "this learner adapts its whole network to examples"


def calibration_for(spec: RunSpec, data: Dataset, given: Given) -> CalibrationSpec | None:
    """The tasks that say how far answers to what was given can be believed: as many classes with as many examples on average, told of the
    same sources; or the most that validation and test classes serve. One more class is for strangers. None where they serve no task."""
    return calibration_of(spec, data, list(given.shots.values()), told_of(spec, data, given.said))


def calibration_of(spec: RunSpec, data: Dataset, counts: Sequence[int], told: tuple[str, ...]) -> CalibrationSpec | None:
    """The same for classes with ``counts`` examples each, when the sources ``told`` are known of most of them."""
    roles = data.split(spec.split)
    pools = [roles["validation"], roles["test"]]
    n_classes = min(map(len, pools))
    smallest = int(np.bincount(data.class_of, minlength=len(data.classes))[np.concatenate(pools)].min()) if n_classes else 0
    n_way = len(counts) if entry_of(spec.learner).fixed_way else min(len(counts), max(2, n_classes - 1))
    if n_classes < n_way or smallest < 2:
        return None
    n_shot = min(round(float(np.mean(counts))), smallest - 1)
    n_query = min(MOST_QUERIES, smallest - max(n_shot, 1))
    usual = TASKS["adapting" if spec.adapts_network else "others"]
    return CalibrationSpec(
        spec,
        n_way,
        max(n_shot, 1 if any(counts) else 0),
        n_query,
        told,
        strangers=n_classes > n_way,
        n_episodes=few_enough(usual, n_way, n_query),
    )


def few_enough(usual: int, n_way: int, n_query: int) -> int:
    """Tasks whose answers fit in memory, of the usual number."""
    return max(FEWEST_TASKS, min(usual, MOST_ANSWERS // (n_way * (n_way + 1) * n_query)))


def told_of(spec: RunSpec, data: HasSources, said: Said) -> tuple[str, ...]:
    """The sources of which something is known for at least half of the classes, or of the inputs."""
    rows, read = said.metadata or {}, columns_read(spec, data)
    known = {name: sum(any(column in row for column in columns) for row in rows.values()) for name, columns in read.items()}
    of_classes = tuple(name for name, classes in known.items() if 2 * classes >= len(said.classes))
    single = [*(said.of_examples or ()), *(said.of_queries or ())]
    count = len(said.support) + len(said.queries)
    of_inputs = {
        name: sum(any(column in row for column in columns) for row in single)
        for name, columns in columns_of_inputs(spec, data).items()
    }
    return (*of_classes, *[name for name, rows in of_inputs.items() if rows and 2 * rows >= count])
