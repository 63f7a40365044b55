"""What a learner reads of inputs and classes that are in no data set, made and scaled as it was in training."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.dataset import Source
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


def told(
    arm: Asked, dataset: Classes, classes: list[Any], metadata: Metadata | None, n_support: int, n_query: int
) -> MetadataContext | None:
    """What the learner is told of the classes [1, N, ·]; what is not said is missing, and instances have none."""
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
    widths = [source.width for source in arm.instances]
    of_support, of_query = unknown((1, n_support), widths), unknown((1, n_query), widths)
    return MetadataContext(vectors, context.present, of_support, of_query)


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
    columns = fitted_columns(own, source, dataset.split(spec.split)["train"], reader(spec.text_encoder))[1]
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
