"""What is to become of what was found: the confirmed recipe of an import, as a value that is stored, shown, corrected and repeated."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from metadash.data.dataset import Source
from metadash.data.modality import LARGEST_SIDE
from metadash.errors import BadInput, nearest
from metadash.fields import SEED, Between, checked

Role = Literal["class", "input", "id", "split", "metadata", "parent", "kept", "ignored"]
Level = Literal["class", "instance"]
TableName = Literal["instances", "classes"]
ROLES: tuple[Role, ...] = ("class", "input", "id", "split", "metadata", "parent", "kept", "ignored")
TABLES: tuple[TableName, ...] = ("instances", "classes")
FORMAT = 1
TAXONOMY = "taxonomy"
"""The source that a parent is, unless it is given another."""
FROM_FILES = "imported from"
"""How the provenance begins that nobody stated: of the same content it is the same data set, wherever its files lay."""


@dataclass(frozen=True)
class Column:
    """One column of what was read. ``level`` and ``source`` say of metadata what they describe and with which others they are collected;
    A *parent* names what is above each class in a taxonomy, of which the path is the metadata (``lineage``). A column that is *kept* is
    stored and is no metadata. ``separator``: what stands between several labels in one text, where it is another than "; "."""

    name: str
    table: TableName = "instances"
    role: Role = "metadata"
    level: Level = "instance"
    source: str = ""
    sensitive: bool = False
    separator: str = ""


@dataclass(frozen=True)
class Plan:
    """``name`` of the data set; ``columns`` of the table of instances, then of that of classes; ``modality`` of the inputs; ``siblings`` and
    ``disjoint``: columns, of classes and of instances, that tasks are drawn by; ``seed`` deals the split where no column gives it; ``side``:
    pixels of stored pictures (None: as they are, or as fits); ``encoder``: what to look through first (none: the usual); ``classes`` and
    ``table``: the file of the table of classes, and which table was read, where that was said."""

    name: str
    columns: tuple[Column, ...]
    modality: str
    siblings: str | None = None
    disjoint: str | None = None
    seed: int = 0
    side: int | None = None
    encoder: str = ""
    title: str = ""
    class_noun: str = "class"
    licence: str = "not stated"
    provenance: str = ""
    classes: str | None = None
    table: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises BadInput for numbers that are none of theirs."""
        checked("seed", Annotated[int, Between(0, SEED)], self.seed)
        checked("side", Annotated[int, Between(1, LARGEST_SIDE)] | None, self.side)

    def of(self, role: Role, table: TableName | None = None) -> list[Column]:
        return [column for column in self.columns if column.role == role and (table is None or column.table == table)]

    @property
    def class_column(self) -> str | None:
        return next((column.name for column in self.of("class", "instances")), None)

    @property
    def class_key(self) -> str | None:
        """Of the table of classes."""
        return next((column.name for column in self.of("class", "classes")), None)

    @property
    def input_columns(self) -> list[str]:
        return [column.name for column in self.of("input", "instances")]

    @property
    def split_column(self) -> Column | None:
        return next(iter(self.of("split")), None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """In the order of their first columns; one is of one level, so that a name at both is two sources. A parent stands for the path
        that is made of it."""
        found: dict[tuple[str, Level], list[Column]] = {}
        for column in self.columns:
            if column.role not in ("metadata", "parent"):
                continue
            found.setdefault((column.source.strip() or column.name.strip(), column.level), []).append(column)
        levels: dict[str, list[Level]] = {}
        for name, level in found:
            levels.setdefault(name, []).append(level)
        return tuple(
            Source(
                name if len(levels[name]) == 1 or level == levels[name][0] else f"{name} of each",
                level,
                tuple(column.name for column in columns),
                sensitive=any(column.sensitive for column in columns),
            )
            for (name, level), columns in found.items()
        )

    def column(self, name: str, table: str | None = None) -> Column:
        """Raises BadInput for one that is not there."""
        found = [column for column in self.columns if column.name == name and table in (None, column.table)]
        if not found:
            names = list(dict.fromkeys(column.name for column in self.columns))
            raise BadInput(f"There is no column '{name}'{nearest(name, names, known='it has')}")
        return found[0]

    def with_column(self, changed: Column) -> "Plan":
        """The column of that name and table as it is given. Class, split, id and parent are one column each: who held the role before is
        ignored (or is metadata again). A parent is one of classes."""
        alone = changed.role in ("class", "split", "id", "parent")
        if changed.role == "parent":
            changed = replace(changed, level="class", source=changed.source or TAXONOMY, separator="")
        columns = []
        for column in self.columns:
            if (column.name, column.table) == (changed.name, changed.table):
                columns.append(changed)
            elif alone and column.role == changed.role and (changed.role != "class" or column.table == changed.table):
                columns.append(replace(column, role="metadata" if changed.role in ("class", "parent") else "ignored"))
            else:
                columns.append(column)
        return replace(self, columns=tuple(columns))

    def values(self) -> dict[str, Any]:
        """For JSON; ``plan_from`` reads it."""
        return {
            "format": FORMAT,
            **asdict(self),
            "columns": [asdict(column) for column in self.columns],
            "extra": dict(self.extra),
        }


def plan_from(values: Any) -> Plan:
    """Raises BadInput for what is no plan."""
    try:
        told = {key: value for key, value in dict(values).items() if key != "format"}
        columns = tuple(Column(**column) for column in told.pop("columns"))
        for column in columns:
            if column.role not in ROLES or column.table not in TABLES or column.level not in ("class", "instance"):
                raise ValueError(column.name)
        unknown = set(told) - {one.name for one in fields(Plan)}
        if unknown:
            raise ValueError(sorted(unknown)[0])
        return Plan(columns=columns, **told)
    except BadInput:
        raise
    except (TypeError, KeyError, ValueError) as error:
        raise BadInput(
            f"This is no recipe of an import ({error}); `datasets import PATH --preview --json` prints one."
        ) from error
