"""Metadata made different for some classes, after a learner has been trained: what a what-if question and a dose-response curve do.

Wrong, missing and imprecise metadata are different things (a learner that bears one need not bear another), so each has its own
kind of change. All act on the classes of one role, the test classes, so that nothing the learner was fitted on moves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from metadash.data.columns.registry import kind_of, rung_named, rungs
from metadash.errors import BadInput, nearest
from metadash.fields import Between, Checked, OneOf
from metadash.metadata.blur import ladder_of
from metadash.metadata.encoded import EncodedSource

ChangeKind = Literal["missing", "swap", "nearest", "noise", "stale", "blur"]
Choice = Literal["random", "rare", "systematic"]

NO_CHANGE = "There is no change '{value}'; there are {choices}."
KINDS: dict[ChangeKind, str] = {
    "missing": "is not there",
    "swap": "belongs to another class",
    "nearest": "belongs to the most similar class",
    "noise": "is noise",
    "stale": "is out of date",
    "blur": "is less exact",
}
CHOICES: dict[Choice, str] = {
    "random": "at random",
    "rare": "rare classes first, those with the fewest instances",
    "systematic": "the largest values first",
}


def read_kind(text: str) -> ChangeKind:
    """Raises BadInput for what is no kind of change."""
    for kind in KINDS:
        if kind == text:
            return kind
    raise BadInput(NO_CHANGE.format(value=text, choices=", ".join(KINDS)))


CHOSEN = OneOf(CHOICES, "What is hit cannot be chosen by '{value}'; choose {choices}.")

IN_THE_TABLE = ("stale", "blur")
"""Kinds that change values as a person would write them; the others change what the encoder makes of them."""

OF_CLASSES_ONLY = ("nearest",)
"""Many instances share their metadata to the letter, as those of one font do: the most similar one would say the same."""

INSTANCE_KINDS: dict[str, str] = {
    kind: words.replace("another class", "another instance") for kind, words in KINDS.items() if kind not in OF_CLASSES_ONLY
}
"""What can become of a source that describes instances."""

DAYS_A_YEAR = 365.25


def blurred_to() -> tuple[str, ...]:
    """The rungs on which a source can be told less exactly."""
    return tuple(rung for rung in rungs() if rung not in ("as it is", "withheld"))


@dataclass(frozen=True)
class Change(Checked):
    """One source changed for a ``fraction`` of the classes (or instances, where it describes those), chosen by ``choice``.

    *missing*: the source is absent; *swap*: the chosen classes hand their rows round; *nearest*: each gets the row of the class most
    like it; *noise*: numbers with each feature's mean and spread over the meta-train classes; *stale*: every time in it is
    ``years`` earlier; *blur*: its columns as on the rung ``to`` of their ladders (see ``metadash.metadata.blur``). With one seed, the classes chosen at a smaller fraction are among those chosen at a larger one.
    """

    source: str
    kind: Annotated[ChangeKind, OneOf(KINDS, NO_CHANGE)]
    fraction: Annotated[float, Between(0, 1)] = 1.0
    choice: Annotated[Choice, CHOSEN] = "random"
    years: float = 0.0
    to: str = ""

    def settle(self) -> None:
        if (self.kind == "stale") != (self.years != 0):
            raise BadInput("Only a stale source is some years old, and it must say how many.")
        if (self.kind == "blur") != (self.to in blurred_to()):
            raise BadInput(f"Only a blurred source has a rung, and it must be one of {', '.join(blurred_to())}.")


def check_instance_change(source: str, kind: str) -> None:
    """Raises BadInput for a change that means nothing for a source that describes instances."""
    if kind in OF_CLASSES_ONLY:
        raise BadInput(
            f"The source '{source}' describes instances, and many of them share their metadata, so the most similar one would say the same; "
            "choose missing, swap or noise."
        )


@dataclass(frozen=True)
class Edit(Checked):
    """One class's value in one column, as a person would write it; an empty text makes it missing."""

    class_id: int
    column: str
    value: str = ""


@dataclass(frozen=True)
class InstanceEdit(Checked):
    """As ``Edit``, of one instance."""

    instance_id: int
    column: str
    value: str = ""


def edit_row(row: pd.DataFrame, edits: Sequence[InstanceEdit], columns: pd.DataFrame) -> pd.DataFrame:
    """One instance's row [1 row] with the edited values; ``columns`` hold all instances', which say of what kind a column is.

    Raises BadInput for a value that cannot be.
    """
    for edit in edits:
        value = read_value(edit.value, columns[edit.column])
        row = row.assign(**{edit.column: pd.Series([value], index=row.index, dtype=object).infer_objects()})
    return row


def edit_table(table: pd.DataFrame, edits: Sequence[Edit], members: np.ndarray) -> pd.DataFrame:
    """The table [C rows] with the edited values. Raises BadInput for a column, class or value that cannot be."""
    if not edits:
        return table
    edited = table.copy()
    for edit in edits:
        if edit.column not in table:
            raise BadInput(f"The table classes has no column '{edit.column}'.")
        if edit.class_id not in members:
            raise BadInput(f"Only test classes can be edited here; {edit.class_id} is none.")
        edited[edit.column] = edited[edit.column].astype(object)
        edited.loc[edit.class_id, edit.column] = read_value(edit.value, table[edit.column])
    return edited.assign(**{e.column: edited[e.column].infer_objects() for e in edits})


def read_value(text: str, column: pd.Series) -> Any:
    """What a person wrote, as a value of the column. Raises BadInput when it is none."""
    if not text.strip():
        return None
    kind = kind_of(column)
    if not kind.typed:
        raise BadInput(f"'{column.name}' holds {kind.plural}, which cannot be edited by hand.")
    try:
        return kind.read(text.strip(), column)
    except ValueError as error:
        raise BadInput(f"'{column.name}' holds {kind.plural}; '{text}' is not one.") from error


def change_table(
    table: pd.DataFrame, sources: Mapping[str, Sequence[str]], changes: Sequence[Change], members: np.ndarray, seed: int
) -> pd.DataFrame:
    """The table [C rows] with what is changed in its own terms (times, exactness), before it is encoded. ``sources`` maps names to columns.

    Raises BadInput for a stale source without a time in it, and for a blur that none of its columns can take.
    """
    changed = table
    for change in changes:
        if change.kind not in IN_THE_TABLE:
            continue
        rows = chosen(change, members, np.ones(len(table)), lambda: np.zeros(len(table)), seed)
        columns = stale_columns if change.kind == "stale" else blurred_columns
        new = columns(change, table, sources[change.source])
        hit = np.isin(np.arange(len(table)), rows)
        changed = changed.assign(**{name: values_of(changed[name]).where(~hit, column) for name, column in new.items()})
    return changed


def values_of(column: pd.Series) -> pd.Series:
    """A column that takes values which it has not had so far, as one of an ENUM does not."""
    return column.astype(column.cat.categories.dtype) if isinstance(column.dtype, pd.CategoricalDtype) else column


def stale_columns(change: Change, table: pd.DataFrame, columns: Sequence[str]) -> dict[str, pd.Series]:
    times = {name: kind for name in columns if (kind := kind_of(table[name])).ages}
    if not times:
        raise BadInput(f"The source '{change.source}' holds no time, so it cannot be out of date; choose another change.")
    return {name: kind.older(table[name], change.years * DAYS_A_YEAR) for name, kind in times.items()}


def blurred_columns(change: Change, table: pd.DataFrame, columns: Sequence[str]) -> dict[str, pd.Series]:
    able = [name for name in columns if change.to in ladder_of(table[name])]
    if not able:
        raise BadInput(f"The source '{change.source}' has no column that can be told as '{change.to}'; choose another rung.")
    return {name: rung_named(change.to).apply(table[name]) for name in able}


def change_vectors(
    encoded: Sequence[EncodedSource],
    changes: Sequence[Change],
    members: np.ndarray,
    train: np.ndarray,
    n_instances: np.ndarray,
    seed: int,
) -> list[EncodedSource]:
    """The encoded sources with the changes made to the classes ``members`` (ids), in the order given.

    ``train`` are the meta-train class ids, whose spread *noise* takes; ``n_instances`` [C] orders the choice *rare*.
    """
    by_name = {source.name: source for source in encoded}
    for change in changes:
        if change.source not in by_name:
            raise BadInput(
                f"The learner was not trained with the source '{change.source}'{nearest(change.source, by_name, known='it has')}"
            )
        if change.kind not in IN_THE_TABLE:
            by_name[change.source] = changed_source(by_name[change.source], change, members, train, n_instances, seed)
    return [by_name[source.name] for source in encoded]


def changed_source(
    source: EncodedSource, change: Change, members: np.ndarray, train: np.ndarray, n_instances: np.ndarray, seed: int
) -> EncodedSource:
    rows = chosen(change, members, n_instances, lambda: size_of(source), seed)
    vectors, present = source.vectors.copy(), source.present.copy()
    if change.kind == "missing":
        vectors[rows], present[rows] = 0, False
    elif change.kind == "noise":
        generator = np.random.default_rng([seed, 7])
        drawn = generator.standard_normal(source.vectors.shape).astype(np.float32)[rows]
        spread, mean = source.vectors[train].std(axis=0), source.vectors[train].mean(axis=0)
        vectors[rows] = np.where(present[rows, None], drawn * spread + mean, 0)
    elif len(rows):
        giver = nearest_others(source, rows, members) if change.kind == "nearest" else handed_round(rows, members)
        vectors[rows], present[rows] = source.vectors[giver], source.present[giver]
    return replace(source, vectors=vectors, present=present)


def chosen(change: Change, members: np.ndarray, n_instances: np.ndarray, size: Callable[[], np.ndarray], seed: int) -> np.ndarray:
    """The ids of the classes that a change is made to: the first ``fraction`` of ``members`` in an order that the seed decides
    (ties, too), and for *rare* and *systematic* the number of instances [C] or the ``size`` of the value [C]."""
    order = np.random.default_rng([seed, 3]).permutation(np.sort(members))
    if change.choice == "rare":
        order = order[np.argsort(n_instances[order], kind="stable")]
    elif change.choice == "systematic":
        order = order[np.argsort(-size()[order], kind="stable")]
    return order[: round(change.fraction * len(order))]


def size_of(source: EncodedSource) -> np.ndarray:
    """[C] one number that orders the classes by what the source says: its first principal component over the present classes."""
    size = np.full(len(source.vectors), -np.inf)
    centred = source.vectors[source.present] - source.vectors[source.present].mean(axis=0)
    if centred.any():
        direction = np.linalg.svd(centred, full_matrices=False)[2][0]
        size[source.present] = centred @ direction * np.sign(direction[np.abs(direction).argmax()])
    return size


def handed_round(rows: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Whose row each of ``rows`` gets: the next one's, in a ring; nobody keeps its own. One alone gets that of any other member."""
    if len(rows) == 1:
        return np.setdiff1d(members, rows)[:1] if len(members) > 1 else rows
    return np.roll(rows, -1)


def nearest_others(source: EncodedSource, rows: np.ndarray, members: np.ndarray) -> np.ndarray:
    """For each of ``rows`` the member most like it (by the distance of the encoded source) that is not itself."""
    vectors = source.vectors[members]
    distance = np.square(source.vectors[rows][:, None] - vectors[None]).sum(axis=-1)
    distance[rows[:, None] == members[None]] = np.inf
    return members[distance.argmin(axis=1)] if len(members) > 1 else rows
