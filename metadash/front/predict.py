"""A trained learner asked about classes that are in no data set: labelled examples of them, queries, and what is known of the classes."""

from collections.abc import Collection, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metadash.data.columns.kind import ColumnKind
from metadash.data.dataset import Dataset, Source
from metadash.data.finite import check_finite
from metadash.data.inputs.texts import TextColumn, check_texts
from metadash.errors import BadInput, nearest
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.registry import entry_of
from metadash.metadata.blur import blur_table, read_blur
from metadash.metadata.encoder import encode_rows, fitted_columns
from metadash.networks.anchors import InstanceMetadata, MetadataContext
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.stats.words import plural_of
from metadash.training.features.fresh import fresh_features, read_fresh
from metadash.training.restored import restored
from metadash.training.scorable import scorable
from metadash.training.trainer import Arm, sources_of

Metadata = pd.DataFrame | Mapping[Any, Mapping[str, Any]]
LABEL = "label"


@torch.no_grad()
def predict(
    run: Run,
    dataset: Dataset,
    store: RunStore,
    support: Sequence[Any],
    labels: Sequence[Any],
    queries: Any,
    metadata: Metadata | None = None,
) -> pd.DataFrame:
    """A row a query: the most probable ``label``, and the probability of each class.

    ``support`` [n, ...] with ``labels`` [n], and ``queries`` [Q, ...], shaped as the data set's inputs; ``metadata`` a row a class. Raises
    BadInput for what does not fit the learner or the data set.
    """
    spec = run.spec_as(RunSpec)
    classes = list(dict.fromkeys(labels))
    check_classes(spec, classes)
    shown, asked = rows_like(support, dataset, "labelled examples"), rows_like(queries, dataset, "queries")
    shots = [np.flatnonzero([label == name for label in labels]) for name in classes]
    arm = restored(spec, dataset, run, store)
    needed = [train(need, store.workspace) for need in spec.starts_from]
    seen = as_seen(arm, needed, np.concatenate([shown[np.concatenate(shots)], asked]))
    y = torch.from_numpy(np.repeat(np.arange(len(classes)), [len(rows) for rows in shots]))
    context = told(arm, dataset, classes, metadata, len(shown), len(asked))
    even = len(shots[0]) if len({len(rows) for rows in shots}) == 1 else None
    tasks = TaskBatch(
        seen[: len(shown)][None], y[None], seen[len(shown) :][None], context=context, n_way=len(classes), shots=even
    )
    arm.learner.eval()
    logits = scorable(arm.learner(tasks))[0]
    found = pd.DataFrame(torch.softmax(logits.double(), dim=-1).numpy(), columns=classes)
    found.insert(0, LABEL, [classes[place] for place in logits.argmax(dim=-1).tolist()])
    return found


def check_classes(spec: RunSpec, classes: list[Any]) -> None:
    """Raises BadInput for a number of classes that the learner cannot tell apart."""
    if len(classes) < 2:
        raise BadInput(f"The support shows {plural_of(len(classes), 'class')}; a learner tells two or more apart.")
    if LABEL in classes:
        raise BadInput(f"A class is called '{LABEL}', as the column of the answers is; call it something else.")
    fixed = spec.evaluation.n_way
    if entry_of(spec.learner).fixed_way and len(classes) != fixed:
        raise BadInput(
            f"The learner '{spec.learner}' has one row for each of {fixed} classes, and the support has {len(classes)}; show it {fixed}."
        )


def rows_like(rows: Any, dataset: Dataset, name: str) -> np.ndarray:
    """[n, ...] in the type and the shape of the data set's own inputs. Raises BadInput where they are shaped otherwise, or none."""
    own = dataset.inputs
    if isinstance(own, TextColumn):
        texts = [] if rows is None or isinstance(rows, str) or np.ndim(rows) == 0 else list(rows)
        if not texts:
            raise BadInput(f"The {name} must be a list of one or more texts, as the inputs of '{dataset.name}' are.")
        check_texts(name, texts)
        return np.array(texts, dtype=object)
    try:
        found = np.asarray(rows)
    except ValueError as error:
        raise BadInput(f"The {name} are rows of different lengths; each needs the shape {own.shape[1:]}.") from error
    if not found.ndim or not len(found) or found.shape[1:] != own.shape[1:]:
        raise BadInput(
            f"The {name} have the shape {found.shape}; they need one or more rows of {own.shape[1:]}, as the inputs of '{dataset.name}'."
        )
    if own.dtype == np.uint8 and found.dtype != np.uint8:
        raise BadInput(f"The {name} are {found.dtype}; the inputs of '{dataset.name}' are bytes (uint8, 0 to 255).")
    check_finite(found, f"The {name}")
    return np.ascontiguousarray(found, dtype=own.dtype)


def as_seen(arm: Arm, needed: Sequence[Run], rows: np.ndarray) -> Tensor:
    """What the learner reads of some inputs [n, ...]: themselves, or their embeddings, scaled and normalised as those it was trained on."""
    if arm.spec.from_random:
        return torch.from_numpy(fresh_features(needed[0], arm.dataset, rows) if needed else rows)
    if not arm.frozen:
        return torch.from_numpy(read_fresh(needed[0], arm.dataset, rows) if arm.spec.mode == "full" else rows)
    return torch.from_numpy(arm.normalise(fresh_features(needed[0], arm.dataset, rows)))


def told(
    arm: Arm, dataset: Dataset, classes: list[Any], metadata: Metadata | None, n_support: int, n_query: int
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


def rows_of(
    metadata: Metadata | None, classes: list[Any], sources: Sequence[Source], of_instances: Collection[str] = ()
) -> pd.DataFrame:
    """A row a class with every column of the sources. Raises BadInput for a class or a column that there is not."""
    given = pd.DataFrame() if metadata is None else metadata
    if not isinstance(given, pd.DataFrame):
        if not isinstance(given, Mapping) or not all(isinstance(row, Mapping | pd.Series) for row in given.values()):
            raise BadInput(
                "The metadata must be a table with a row a class, or values by column by class: {'a': {'colour': 'red'}}."
            )
        given = pd.DataFrame.from_dict({label: dict(row) for label, row in given.items()}, orient="index")
    if "class_name" in given and not any(label in given.index for label in classes):
        given = given.set_index("class_name")
    known = list(dict.fromkeys(column for source in sources for column in source.columns))
    for label in given.index:
        if label not in classes:
            raise BadInput(
                f"The metadata speak of '{label}', which the support does not show{nearest(str(label), map(str, classes))}"
            )
    if given.index.has_duplicates:
        raise BadInput(f"The metadata have two rows of '{given.index[given.index.duplicated()][0]}'; each class has one.")
    for column in given.columns:
        if column in of_instances:
            raise BadInput(f"The column '{column}' describes instances, of which nothing can be told here; leave it out.")
        if column not in known:
            raise BadInput(f"This learner reads no column '{column}' of classes{nearest(str(column), known)}")
    return given.reindex(index=classes, columns=known).reset_index(drop=True)


def encoded(arm: Arm, dataset: Dataset, table: pd.DataFrame, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Some classes' features [N, d] by what was fitted on meta-train classes, and which have anything of the source [N]."""
    spec, own = arm.spec, dataset.classes
    blurs = [read_blur(entry) for entry in spec.blur]
    if blurs:  # what is rare, and where quantiles lie, the whole column says, the new rows with it
        both = pd.concat([own[list(source.columns)], table[list(source.columns)]], ignore_index=True)
        table = blur_table(both, source.name, blurs, spec.seed).iloc[len(own) :]
        own = blur_table(own, source.name, blurs, spec.seed)
    columns = fitted_columns(own, source, dataset.split(spec.split)["train"])[1]
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


def as_written(kind: ColumnKind, value: Any) -> Any:
    """A value of a kind that has a unit; a number or a text is what a person would have typed."""
    return kind.read(str(value)) if isinstance(value, str | Real) and value == value else value
