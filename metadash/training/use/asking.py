"""What a learner reads of inputs and classes that are in no data set, made and scaled as it was in training."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.learners.core.base import Learner
from metadash.metadata.blur import blur_table, read_blur
from metadash.metadata.encoded import EncodedInstances
from metadash.metadata.encoder import encode_rows, fitted_columns
from metadash.metadata.told import Metadata, as_written, rows_of
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from metadash.networks.encoders.of_metadata import reader
from metadash.runs.store import Run
from metadash.specs.run import RunSpec
from metadash.training.features.fresh import fresh_features, read_fresh
from metadash.training.trainer import Arm, sources_of


class Asked(Protocol):
    """A trained learner with what it takes to ask it: an ``Arm``, or one that has left its workspace."""

    spec: RunSpec
    learner: Learner
    frozen: bool
    instances: list[EncodedInstances]

    @property
    def can_do_without(self) -> bool: ...


class Classes(Protocol):
    """What of a data set it takes to read what is said of new classes: a ``Dataset``, or what a learner took with it."""

    @property
    def classes(self) -> pd.DataFrame: ...

    def split(self, name: str) -> dict[str, np.ndarray]: ...

    def source(self, name: str) -> Source: ...


def as_seen(arm: Arm, needed: Sequence[Run], rows: np.ndarray) -> Tensor:
    """What the learner reads of some inputs [n, ...]: themselves, or their embeddings, scaled and normalised as those it was trained on."""
    if arm.spec.from_random:
        return torch.from_numpy(fresh_features(needed[0], arm.dataset, rows) if needed else rows)
    if not arm.frozen:
        return torch.from_numpy(read_fresh(needed[0], arm.dataset, rows) if arm.spec.mode == "full" else rows)
    return torch.from_numpy(arm.normalise(fresh_features(needed[0], arm.dataset, rows)))


Rows = Sequence[Mapping[str, Any]]
"""What is known of single inputs, values by column, a row each."""


def told(
    arm: Asked,
    dataset: Classes,
    classes: list[Any],
    metadata: Metadata | None,
    n_support: int,
    n_query: int,
    of_support: Rows | None = None,
    of_query: Rows | None = None,
) -> MetadataContext | None:
    """What the learner is told of the classes [1, N, ·], and of examples and queries one by one; what is not said is missing."""
    spec = arm.spec
    if not spec.reads_at_test:
        if metadata is not None:
            why = "read metadata in training only" if spec.sources else "reads no metadata"
            raise BadInput(f"This learner {why}; leave metadata out.")
        return None
    if metadata is None and not arm.can_do_without:
        raise BadInput(f"The learner '{spec.learner}' knows classes by their metadata alone; name them.")
    if metadata is not None and spec.control != "none":
        raise BadInput("This learner was trained on falsified metadata, so true ones tell it nothing; leave metadata out.")
    sources = sources_of(spec, dataset, "class")
    of_instances = {column for source in sources_of(spec, dataset, "instance") for column in source.columns}
    table = rows_of(metadata, classes, sources, of_instances)
    found = [encoded(arm, dataset, table, source) for source in sources]
    vectors = [torch.from_numpy(vector)[None] for vector, _ in found]
    present = np.stack([there for _, there in found], axis=-1) if found else np.ones((len(classes), 0), bool)
    context = MetadataContext(vectors, torch.from_numpy(present)[None])
    if not arm.instances:
        return context
    of_each = [
        of_inputs(arm, cast(Dataset, dataset), rows, n)
        if rows is not None
        else unknown((1, n), [source.width for source in arm.instances])
        for rows, n in ((of_support, n_support), (of_query, n_query))
    ]
    of_each[1].present[..., [not source.on_queries for source in arm.instances]] = False
    return MetadataContext(vectors, context.present, *of_each)


def of_inputs(arm: Asked, dataset: Dataset, rows: Rows, n: int) -> InstanceMetadata:
    """What is known of ``n`` single inputs, by what was fitted on instances of meta-train classes."""
    spec = arm.spec
    sources = sources_of(spec, dataset, "instance")
    columns = list(dict.fromkeys(column for source in sources for column in source.columns))
    own = dataset.instance_columns(columns)
    fit_on = np.flatnonzero(np.isin(dataset.class_of, dataset.split(spec.split)["train"]))
    table = pd.DataFrame.from_records([dict(row) for row in rows], index=range(n)).reindex(columns=columns)
    found = [by_fitted(own, table, source, fit_on, spec) for source in sources]
    return InstanceMetadata(
        [torch.from_numpy(vectors)[None] for vectors, _ in found],
        torch.from_numpy(np.stack([present for _, present in found], axis=-1))[None],
    )


def unknown(shape: tuple[int, ...], widths: list[int]) -> InstanceMetadata:
    """Of instances of which nothing is known."""
    return InstanceMetadata([torch.zeros(*shape, width) for width in widths], torch.zeros(*shape, len(widths), dtype=torch.bool))


def encoded(arm: Asked, dataset: Classes, table: pd.DataFrame, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Some classes' features [N, d] by what was fitted on meta-train classes, and which have anything of the source [N]."""
    spec, own = arm.spec, dataset.classes
    blurs = [read_blur(entry) for entry in spec.blur]
    if blurs:  # what is rare, and where quantiles lie, the whole column says, the new rows with it
        both = pd.concat([own[list(source.columns)], table[list(source.columns)]], ignore_index=True)
        table = blur_table(both, source.name, blurs, spec.seed).iloc[len(own) :]
        own = blur_table(own, source.name, blurs, spec.seed)
    return by_fitted(own, table, source, dataset.split(spec.split)["train"], spec)


def by_fitted(
    own: pd.DataFrame, table: pd.DataFrame, source: Source, fit_on: np.ndarray, spec: RunSpec
) -> tuple[np.ndarray, np.ndarray]:
    """New rows of a source [n, d] by what is fitted on the rows ``fit_on`` of the data set's ``own`` table, and which have anything [n]."""
    columns = fitted_columns(own, source, fit_on, reader(spec.text_encoder))[1]
    try:
        for column in columns:
            if column.kind.unit:  # "1.5" and 1.5 are days, never nanoseconds
                table = table.assign(**{column.name: [as_written(column.kind, value) for value in table[column.name]]})
        vectors, present = encode_rows(table, source, columns)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(
            f"The metadata of the source '{source.name}' cannot be read ({error}); write them as the data set does."
        ) from error
    vectors[~present] = 0
    return vectors.astype(np.float32), present
