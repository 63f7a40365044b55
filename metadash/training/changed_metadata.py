"""What a trained learner is told of classes and of instances, and the same with some of it changed: what-if questions start here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.metadata.changes import (
    IN_THE_TABLE,
    Change,
    Edit,
    InstanceEdit,
    blurred_columns,
    change_table,
    change_vectors,
    edit_row,
    edit_table,
    stale_columns,
)
from metadash.metadata.encoded import EncodedInstances, EncodedSource
from metadash.metadata.encoder import Column, encode_rows, fitted_columns
from metadash.metadata.instance_changes import change_instances, differing, hit, rewritten
from metadash.networks.encoders.of_metadata import reader
from metadash.training.trainer import Arm, encode_sources, sources_of


@dataclass(frozen=True)
class Told:
    """The sources that describe classes, and those that describe instances."""

    classes: list[EncodedSource]
    instances: list[EncodedInstances]

    def changed_classes(self, other: "Told") -> np.ndarray:
        """[C] whether anything the learner reads of a class is different."""
        pairs = list(zip(self.classes, other.classes, strict=True))
        if not pairs:
            return np.zeros(0, dtype=bool)
        return np.any([(a.vectors != b.vectors).any(axis=1) | (a.present != b.present) for a, b in pairs], axis=0)

    def changed_instances(self, other: "Told", rows: np.ndarray) -> np.ndarray:
        """[R] whether anything the learner reads of these instances is different."""
        pairs = [(a, b) for a, b in zip(self.instances, other.instances, strict=True) if a is not b]
        return np.any([differing(a, b, rows) for a, b in pairs], axis=0) if pairs else np.zeros(len(rows), dtype=bool)


class Retelling:
    """The metadata of one arm and all that changing them takes, read and fitted once for many questions.

    ``test`` and ``train`` are the class ids of these roles, ``test_rows`` and ``train_rows`` their instances.
    """

    def __init__(self, arm: Arm, dataset: Dataset):
        self.arm, self.spec, self.dataset = arm, arm.spec, dataset
        self.as_it_is = Told(arm.encoded, arm.instances)
        roles = dataset.split(self.spec.split)
        self.train, self.test = roles["train"], roles["test"]
        self.test_rows, self.train_rows = (np.flatnonzero(np.isin(dataset.class_of, role)) for role in (self.test, self.train))
        self.n_instances = np.bincount(dataset.class_of, minlength=len(dataset.classes))
        self.fits: dict[str, list[Column]] = {}

    def changed(
        self,
        changes: Sequence[Change] = (),
        edits: Sequence[Edit] = (),
        instance_edits: Sequence[InstanceEdit] = (),
        seed: int = 0,
    ) -> Told:
        """With some of the test classes' and test instances' metadata changed. Raises BadInput for what cannot be."""
        of_instances = {source.name for source in self.arm.instances}
        apart = [[c for c in changes if (c.source in of_instances) is there] for there in (False, True)]
        return Told(self.classes(apart[0], edits, seed), self.instances(apart[1], instance_edits, seed))

    def classes(self, changes: Sequence[Change], edits: Sequence[Edit], seed: int) -> list[EncodedSource]:
        columns = {source.name: source.columns for source in sources_of(self.spec, self.dataset, "class")}
        classes = self.dataset.classes
        table = change_table(edit_table(classes, edits, self.test), columns, changes, self.test, seed)
        encoded = self.arm.encoded if table is classes else encode_sources(self.spec, self.dataset, table)
        return change_vectors(encoded, changes, self.test, self.train, self.n_instances, seed)

    def instances(self, changes: Sequence[Change], edits: Sequence[InstanceEdit], seed: int) -> list[EncodedInstances]:
        """First what is stale or blurred, then what a person wrote of single instances, which stands as written, then what becomes of the
        encoder's vectors."""
        n_beside = self.n_instances[self.dataset.class_of] if changes else np.zeros(0)
        found = {source.name: source for source in self.arm.instances}
        for change in changes:
            if change.kind in IN_THE_TABLE:
                self.check_real(change.source)
                rows = hit(found[change.source], change, self.test_rows, n_beside, seed)
                found[change.source] = self.told_in_the_table(found[change.source], change, rows)
        written = self.edited(list(found.values()), edits)
        return change_instances(written, changes, self.test_rows, self.train_rows, n_beside, seed)

    def edited(self, instances: list[EncodedInstances], edits: Sequence[InstanceEdit]) -> list[EncodedInstances]:
        if not edits:
            return instances
        known = {column for source in sources_of(self.spec, self.dataset, "instance") for column in source.columns}
        for edit in edits:
            if edit.column not in known:
                raise BadInput(
                    f"The learner reads no column '{edit.column}' of instances; it reads {', '.join(sorted(known)) or 'none'}."
                )
            if (
                not (0 <= edit.instance_id < len(self.dataset.class_of))
                or self.dataset.class_of[edit.instance_id] not in self.test
            ):
                raise BadInput(f"Only instances of test classes can be edited here; {edit.instance_id} is none.")
        found = []
        for source, encoded in zip(sources_of(self.spec, self.dataset, "instance"), instances, strict=True):
            for row in dict.fromkeys(edit.instance_id for edit in edits):
                own = [edit for edit in edits if edit.instance_id == row and edit.column in source.columns]
                if own:
                    self.check_real(source.name)
                    table = edit_row(self.table.iloc[[row]], own, self.table)
                    encoded = rewritten(encoded, np.array([row]), *encode_rows(table, source, self.fit(source.name)))
            found.append(encoded)
        return found

    def told_in_the_table(self, encoded: EncodedInstances, change: Change, rows: np.ndarray) -> EncodedInstances:
        source = self.dataset.source(change.source)
        columns = stale_columns if change.kind == "stale" else blurred_columns
        new = columns(change, self.table, source.columns)
        table = self.table.iloc[rows].assign(**{name: column.iloc[rows] for name, column in new.items()})
        return rewritten(encoded, rows, *encode_rows(table, source, self.fit(change.source))) if len(rows) else encoded

    def check_real(self, source: str) -> None:
        """Of a learner that was trained on falsified rows the table does not say what it was told."""
        if self.spec.control != "none" and source in (self.spec.falsified or self.spec.sources):
            raise BadInput(
                f"The learner was trained with the source '{source}' falsified; ask one that was trained with it as it is."
            )

    @cached_property
    def table(self) -> pd.DataFrame:
        """The columns [I rows] of the sources that describe instances."""
        names = dict.fromkeys(c for source in sources_of(self.spec, self.dataset, "instance") for c in source.columns)
        return self.dataset.instance_columns(list(names))

    def fit(self, name: str) -> list[Column]:
        """The columns of a source, fitted as they were for the learner."""
        if name not in self.fits:
            read = reader(self.spec.text_encoder)
            self.fits[name] = fitted_columns(self.table, self.dataset.source(name), self.train_rows, read)[1]
        return self.fits[name]
