"""How well rows hide among each other: k-anonymity, l-diversity and uniqueness of columns that others may know, counted in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from metadash.data.dataset import Dataset
from metadash.data.literals import identifier
from metadash.errors import BadInput
from metadash.metadata.blur import rung_sql

SIZES = (1, 2, 5, 10, 20, 50, 100)
"""Lower ends of the steps in which group sizes are counted; the last is open."""


@dataclass(frozen=True)
class Anonymity:
    """What somebody who knows the ``quasi``-identifiers of a row learns.

    ``k`` is the size of the smallest group of rows that agree in all of them (Sweeney 2002); a missing value agrees with a missing
    one. ``l`` is the smallest number of different values of the ``sensitive`` column within a group (Machanavajjhala et al. 2007;
    a missing value counts as one), None where there is no such column. ``sizes`` are (from this size on, groups, rows) by step.
    """

    quasi: tuple[str, ...]
    sensitive: str | None
    rows: int
    groups: int
    k: int
    l: int | None  # noqa: E741  (its name in the field)
    unique: int
    sizes: tuple[tuple[int, int, int], ...]

    @property
    def share_unique(self) -> float:
        return self.unique / self.rows if self.rows else 0.0

    def share_below(self, k: int) -> float:
        """The share of rows in groups of fewer than ``k``; ``k`` is one of SIZES."""
        return sum(rows for start, _, rows in self.sizes if start < k) / self.rows if self.rows else 0.0


def table_for(dataset: Dataset, columns: Sequence[str]) -> str:
    """The table that holds all of these columns: classes, or instances (with what is known of their classes).

    Raises BadInput for no column, a column that is named twice, and one that neither table has.
    """
    classes, instances = ({name for name, _ in columns_of(dataset, table)} for table in ("classes", "instances"))
    if not columns:
        raise BadInput("Choose at least one column that somebody else may know.")
    for column in columns:
        if column not in classes | instances:
            raise BadInput(f"'{dataset.name}' has no column '{column}'; `datasets --json` lists what there is.")
    if len(set(columns)) < len(columns):
        raise BadInput(f"A column is named twice in {', '.join(columns)}.")
    return "classes" if set(columns) <= classes else "instances" if set(columns) <= instances else "both"


def columns_of(dataset: Dataset, table: str) -> list[tuple[str, str]]:
    """(name, type) of each column."""
    with dataset.connect() as connection:
        return connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {identifier(table)})").fetchall()


def anonymity(
    dataset: Dataset, quasi: Sequence[str], sensitive: str | None = None, rungs: Mapping[str, str] | None = None
) -> Anonymity:
    """Counted over the whole data set. ``rungs`` says how some of the columns are blurred first (see ``metadash.metadata.blur``).

    Raises BadInput for columns that are not there, or a sensitive one among the quasi-identifiers.
    """
    if sensitive in quasi:
        raise BadInput(f"'{sensitive}' cannot be both known to others and what they would learn; choose another.")
    table = table_for(dataset, [*quasi, *([sensitive] if sensitive else [])])
    with dataset.connect() as connection:
        if table == "both":
            own = {name for name, _ in columns_of(dataset, "instances")}
            added = ", ".join(f"classes.{identifier(name)}" for name, _ in columns_of(dataset, "classes") if name not in own)
            table = "described"
            connection.execute(
                f"CREATE TEMP VIEW described AS SELECT instances.*, {added} FROM instances JOIN classes USING (class_id)"
            )
        return count_groups(connection, table, quasi, sensitive, rungs)


def count_groups(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    quasi: Sequence[str],
    sensitive: str | None = None,
    rungs: Mapping[str, str] | None = None,
) -> Anonymity:
    """The same over any table of a connection: one GROUP BY."""
    blurred = rungs or {}
    keys = [f"{rung_sql(blurred.get(name, 'as it is'), name, table)} AS q{i}" for i, name in enumerate(quasi)]
    told = f", {identifier(sensitive)} AS s" if sensitive else ""
    different = "count(DISTINCT s) + CAST(bool_or(s IS NULL) AS INTEGER)" if sensitive else "NULL"
    names = ", ".join(f"q{i}" for i in range(len(quasi)))
    step = "CASE " + " ".join(f"WHEN n >= {size} THEN {size}" for size in reversed(SIZES)) + " END"
    sql = (
        f"WITH groups AS (SELECT count(*) AS n, {different} AS l FROM (SELECT {', '.join(keys)}{told} FROM {identifier(table)}) GROUP BY {names}) "
        f"SELECT {step} AS size, count(*), sum(n), min(n), min(l) FROM groups GROUP BY size ORDER BY size"
    )
    found = connection.execute(sql).fetchall()
    return Anonymity(
        tuple(quasi),
        sensitive,
        rows=int(sum(rows for _, _, rows, _, _ in found)),
        groups=sum(groups for _, groups, _, _, _ in found),
        k=min((k for *_, k, _ in found), default=0),
        l=min((least for *_, least in found if least is not None), default=None),
        unique=next((int(rows) for size, _, rows, _, _ in found if size == 1), 0),
        sizes=tuple((size, groups, int(rows)) for size, groups, rows, _, _ in found),
    )
