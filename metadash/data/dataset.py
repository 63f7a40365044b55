"""A data set on disk: tables in DuckDB, inputs in a memory map, sources and questions in JSON. Written once, read by everybody."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import duckdb
import numpy as np
import pandas as pd

from metadash.checksums import is_sealed, is_whole, sealed, sums_of
from metadash.data.columns.accepting.accepting import accepted, with_class_names
from metadash.data.columns.reading import read_columns, read_numbers
from metadash.data.columns.storing import store
from metadash.data.folds import fold_roles, read_fold
from metadash.data.inputs.storage import checked_inputs, file_of, read_inputs, write_inputs
from metadash.data.modality import Modality, modality_of
from metadash.data.writing.fingerprint import fingerprint_of
from metadash.data.writing.grouping import check_groups
from metadash.data.writing.naming import check_folder_name, check_words
from metadash.data.writing.rows import Rows
from metadash.errors import BadInput, nearest
from metadash.workspace import Workspace, new_folder, read_json, reason

T = TypeVar("T")

FORMAT = 2
"""Since 2, ``dataset.json`` holds the checksums of the files beside it and one over itself."""

METADATA = "metadata.duckdb"
ROLES = ("train", "validation", "test")
Role = Literal["train", "validation", "test"]
ANEW = "and import it again (the data sets that come with MetaDash are made anew by themselves)"


@dataclass(frozen=True)
class Source:
    """A named group of columns that a person would collect, clean or withhold together.

    ``level``: what they describe. Those of a *task* (the owner of given tasks) are columns of instances, the same for all of an owner's.
    """

    name: str
    level: Literal["class", "instance", "task"]
    columns: tuple[str, ...]
    description: str = ""
    available_at_prediction: bool = True
    sensitive: bool = False


@dataclass(frozen=True)
class Question:
    """A what-if that the data set's owner would ask first; *Start* offers it.

    ``subject`` and ``task`` complete the sentences "<subject> helps <task>" and "Does <subject> help <task>?".
    """

    id: str
    subject: str
    task: str
    sources: tuple[str, ...]
    strategy: str
    n_way: int

    @property
    def title(self) -> str:
        return f"Does {self.subject} help {self.task}?"


@dataclass(frozen=True)
class Description:
    """What `dataset.json` holds beside the fingerprint: everything about a data set that is no table; ``modality`` is a name in
    ``metadash.data.modality``."""

    name: str
    title: str
    modality: str
    licence: str
    provenance: str
    class_noun: str
    group_noun: str
    sibling_column: str | None
    disjoint_column: str | None
    sources: tuple[Source, ...]
    questions: tuple[Question, ...] = ()
    default_split: str = ""
    thumbnail_note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def write_dataset(
    workspace: Workspace,
    description: Description,
    classes: pd.DataFrame,
    instances: Rows,
    inputs: np.ndarray | Sequence[str],
    splits: pd.DataFrame,
    fingerprint: str | None = None,
) -> "Dataset":
    """Write a whole data set beside its place and rename it there.

    ``classes`` has one row a class with ``class_id`` 0..C-1 and ``class_name``; ``instances`` one row an instance with
    ``instance_id`` 0..I-1 and ``class_id`` (``ParquetRows`` where memory does not hold them); ``inputs`` [I, H, W] or [I, H, W, 3] uint8 for images, [I, D] for vectors, I strings for texts; ``splits`` rows of (split, class_id, role).
    ``fingerprint`` of just these where it is known already.
    Raises BadInput when the tables and the inputs do not belong together, for inputs that are no numbers, when the name is taken by other content, and for a full
    disk.
    """
    check_folder_name(description.name)
    check_words(asdict(description))
    classes = with_class_names(accepted(classes, "classes"))
    instances = accepted(instances, "instances") if isinstance(instances, pd.DataFrame) else instances
    check_tables(classes, instances, inputs, splits)
    check_names(description, classes, instances, splits)
    kind = modality_of(description.modality)
    inputs = checked_inputs(description.name, kind, inputs)
    fingerprint = fingerprint or fingerprint_of(classes, instances, inputs, splits, description.sources)
    with new_folder(workspace.datasets / description.name) as folder:
        write_inputs(folder, kind, inputs)
        with duckdb.connect(str(folder / METADATA), config={"threads": 1}) as connection:  # each thread holds rows of its own
            listed = [{**asdict(s), "columns": list(s.columns)} for s in description.sources]
            sources = pd.DataFrame(listed, columns=[one.name for one in fields(Source)])
            for name, frame in (("classes", classes), ("instances", instances), ("splits", splits), ("sources", sources)):
                store(connection, name, frame)
        content = sealed({"format": FORMAT, "fingerprint": fingerprint, "files": sums_of(folder), **asdict(description)})
        (folder / "dataset.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    written = Dataset.open(workspace, description.name)
    if written.fingerprint != fingerprint:
        raise BadInput(f"There is already another data set '{description.name}' in this workspace; choose another name.")
    return written


def check_tables(classes: pd.DataFrame, instances: Rows, inputs: np.ndarray | Sequence[str], splits: pd.DataFrame) -> None:
    for name, frame, column in (("classes", classes, "class_id"), ("instances", instances, "instance_id")):
        names = pd.Series([str(one).casefold() for one in frame.columns])
        if names.duplicated().any():
            twice = frame.columns[names.duplicated().to_numpy()][0]
            raise BadInput(f"The table {name} has two columns '{twice}' (upper and lower case count as one); rename one of them.")
        if not len(frame):
            raise BadInput(f"The table {name} is empty; a data set needs at least one row in it.")
        if column not in frame or not np.array_equal(frame[column], np.arange(len(frame))):
            raise BadInput(f"The table {name} needs a column {column} that counts its rows from 0.")
    for name, frame, needed in (
        ("classes", classes, ("class_name",)),
        ("instances", instances, ("class_id",)),
        ("splits", splits, ("split", "class_id", "role")),
    ):
        for column in needed:
            if column not in frame:
                raise BadInput(f"The table {name} needs a column {column}.")
    if classes["class_name"].isna().any():
        raise BadInput(
            f"Row {int(classes['class_name'].isna().argmax())} of the table classes has no class_name; every class needs one."
        )
    if not instances["class_id"].isin(classes["class_id"]).all():
        raise BadInput("The table instances names a class_id that the table classes does not have.")
    if len(inputs) != len(instances):
        raise BadInput(f"There are {len(inputs)} inputs for {len(instances)} rows of instances; each row needs one.")
    if not splits["class_id"].isin(classes["class_id"]).all():
        raise BadInput("The splits name a class_id that the table classes does not have.")
    unknown = set(splits["role"]) - set(ROLES)
    if unknown:
        raise BadInput(f"The splits name the role '{sorted(unknown)[0]}'; a role is one of {', '.join(ROLES)}.")
    if splits.duplicated(["split", "class_id"]).any():
        raise BadInput("A class stands twice in one split; meta-train, validation and test classes must be disjoint.")


def check_names(description: Description, classes: pd.DataFrame, instances: Rows, splits: pd.DataFrame) -> None:
    """Everything that a description names is there."""
    tables = {"class": ("classes", classes), "instance": ("instances", instances), "task": ("instances", instances)}
    for source in description.sources:
        if source.name != source.name.strip() or not source.name:
            raise BadInput(f"A source is named '{source.name}', with nothing in it or white space around it; name it otherwise.")
        table, frame = tables[source.level]
        for column in source.columns:
            if column not in frame:
                raise BadInput(f"The source '{source.name}' names the column '{column}', which the table {table} does not have.")
    for named, level in ((description.sibling_column, "class"), (description.disjoint_column, "instance")):
        table, frame = tables[level]
        if named is not None and named not in frame:
            raise BadInput(f"The description names the column '{named}', which the table {table} does not have.")
        check_groups(named, table, frame)
    if description.default_split and description.default_split not in set(splits["split"]):
        raise BadInput(f"The description names the split '{description.default_split}', which the table splits does not have.")


class Dataset:
    """One opened data set; cheap to make, everything heavy is read on first use and kept."""

    def __init__(self, folder: Path, content: dict[str, Any]):
        self.folder = folder
        self.fingerprint: str = content["fingerprint"]
        self.files: dict[str, str] = content["files"]
        content = {key: value for key, value in content.items() if key not in ("format", "fingerprint", "files", "checksum")}
        content["sources"] = tuple(Source(**{**s, "columns": tuple(s["columns"])}) for s in content["sources"])
        content["questions"] = tuple(Question(**{**q, "sources": tuple(q["sources"])}) for q in content["questions"])
        self.description = Description(**content)

    @classmethod
    def open(cls, workspace: Workspace, name: str) -> "Dataset":
        """Raises BadInput when there is no such data set, or its folder is damaged."""
        folder = workspace.datasets / name
        if not name or name.startswith(".") or "/" in name or not folder.is_dir():
            raise BadInput(f"There is no data set '{name}' in this workspace; `datasets` lists what there is.")
        content = read_json(folder / "dataset.json")
        try:
            if not isinstance(content, dict) or content.get("format") != FORMAT or not is_sealed(content):
                raise KeyError("format")
            found = cls(folder, content)
            if not all((folder / file).is_file() for file in found.parts.values()):
                raise KeyError("files")
            return found
        except (KeyError, TypeError) as error:
            raise BadInput(
                f"The data set '{name}' is damaged or of another version; delete its folder in the workspace's datasets, {ANEW}."
            ) from error

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def workspace(self) -> Workspace:
        """The one that it lies in."""
        return Workspace(self.folder.parents[1])

    @property
    def modality(self) -> Modality:
        """What kind of inputs it has, and all that follows from that. Raises BadInput for one that this version does not know."""
        return modality_of(self.description.modality)

    @property
    def parts(self) -> dict[str, str]:
        """The names of its files, by what they hold."""
        return {"inputs": file_of(self.modality), "metadata": METADATA}

    @property
    def database(self) -> Path:
        """Checked by each who opens it: sums are kept for as long as the file stays as it is."""
        return self.whole("metadata")

    def whole(self, part: str) -> Path:
        """The file of one of the ``parts``. Raises BadInput where it is not what was imported."""
        path = self.folder / self.parts[part]
        try:
            if is_whole(path, self.files[path.name]):
                return path
        except OSError as error:
            raise BadInput(f"The {part} of '{self.name}' cannot be read ({reason(error)}); try again.") from error
        raise BadInput(
            f"The {part} of '{self.name}' are damaged: {path.name} is not as it was written; delete its folder in the workspace's datasets, {ANEW}."
        )

    def flaws(self) -> list[str]:
        """A sentence for each file that is not as it was written. Reads them all."""
        found = []
        for part in self.parts:
            try:
                self.whole(part)
            except BadInput as problem:
                found.append(str(problem))
        return found

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection for trusted SQL; what users write goes through ``metadash.data.sql.query`` instead."""
        try:
            return duckdb.connect(str(self.database), read_only=True)
        except duckdb.Error as error:
            raise self.unread(error) from error

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """For many questions in a row: to open the database takes 20 ms, and one to ask it while it is open."""
        with self.connect():
            yield

    def unread(self, error: duckdb.Error) -> BadInput:
        """Why the metadata could not be read: nothing is wrong with the file where only memory is short."""
        if isinstance(error, duckdb.OutOfMemoryException):
            return BadInput(f"There was not enough memory to read the metadata of '{self.name}'; nothing is wrong with them.")
        return self.damaged("metadata")

    def damaged(self, part: str) -> BadInput:
        return BadInput(f"The {part} of '{self.name}' cannot be read; delete its folder, {ANEW}.")

    def frame(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """What trusted SQL selects. Raises BadInput when the file turns out to be damaged (or to lack a table)."""
        return self.asked(lambda connection: connection.execute(sql, list(parameters)).df())

    def asked(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """The answer to a question put to a connection, with the errors of ``frame``."""
        try:
            with self.connect() as connection:
                return question(connection)
        except (duckdb.ParserException, duckdb.BinderException):
            raise  # a defect of ours, not of the file
        except duckdb.Error as error:
            raise self.unread(error) from error

    @cached_property
    def classes(self) -> pd.DataFrame:
        """One row a class, row c being class_id c."""
        return self.frame("SELECT * FROM classes ORDER BY class_id")

    @cached_property
    def instances(self) -> pd.DataFrame:
        """One row an instance, row i belonging to ``inputs[i]``: every column, so ask ``instance_columns`` for those that you need."""
        return self.instance_columns(self.instance_column_names)

    def instance_columns(self, names: Sequence[str]) -> pd.DataFrame:
        """These columns of ``instances``, without reading the others. Raises BadInput for one that is not there."""
        unread = [name for name in names if name not in self._columns]
        if unread:
            missing = [name for name in unread if name not in self.instance_column_names]
            if missing:
                raise BadInput(
                    f"The table instances has no column '{missing[0]}'{nearest(missing[0], self.instance_column_names, known='it has')}"
                )
            self._columns.update(self.asked(lambda connection: read_columns(connection, "instances", unread)))
        return pd.DataFrame({name: self._columns[name] for name in names}, copy=False)

    @cached_property
    def _columns(self) -> dict[str, pd.Series]:
        """Those of ``instances`` that were asked for so far."""
        return {}

    @cached_property
    def instance_column_names(self) -> list[str]:
        """The columns of ``instances``."""
        return self.frame("SELECT * FROM instances LIMIT 0").columns.tolist()

    @cached_property
    def inputs(self) -> Any:
        """[I, H, W] or [I, H, W, 3] uint8, [I, D] float32, or a column of I texts, memory-mapped . Raises BadInput where some are no numbers (looked at once in a process)."""
        try:
            inputs = read_inputs(self.whole("inputs"), self.modality, f"The inputs of '{self.name}'")
        except BadInput:
            raise
        except (OSError, ValueError, EOFError) as error:
            raise self.damaged("inputs") from error
        if len(inputs) != len(self.class_of):
            raise self.damaged("inputs")
        return inputs

    @cached_property
    def class_of(self) -> np.ndarray:
        """[I] the class of each instance, without reading the other columns."""
        return self.asked(lambda connection: read_numbers(connection, "instances", "class_id"))

    @cached_property
    def splits(self) -> pd.DataFrame:
        """Rows of (split, class_id, role)."""
        return self.frame("SELECT split, class_id, role FROM splits ORDER BY split, class_id")

    @cached_property
    def split_names(self) -> list[str]:
        return self.splits["split"].unique().tolist()

    def split(self, name: str) -> dict[str, np.ndarray]:
        """Class ids by role, of a stored split or of a fold of cross-fitting. Raises BadInput for any other name."""
        if name not in self.split_names:
            if fold := read_fold(name):
                known = np.isin(self.classes["class_id"], self.splits["class_id"])  # a class without a role is in no task
                roles = np.where(known, fold_roles(self.groups, *fold), "")
                return {role: np.flatnonzero(roles == role) for role in ROLES}
            raise BadInput(f"'{self.name}' has no split '{name}'{nearest(name, self.split_names, known='it has')}")
        rows = self.splits[self.splits["split"] == name]
        return {role: rows["class_id"].to_numpy()[(rows["role"] == role).to_numpy()] for role in ROLES}

    @property
    def groups(self) -> pd.Series:
        """[C] what classes have in common that must not be parted by a split; each class by itself where nothing is known to."""
        column = self.description.sibling_column
        return self.classes["class_id"] if column is None else self.classes[column]

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.description.sources

    def source(self, name: str) -> Source:
        for source in self.sources:
            if source.name == name:
                return source
        raise BadInput(f"'{self.name}' has no source '{name}'{nearest(name, (s.name for s in self.sources), known='it has')}")

    def class_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.level == "class")

    def question(self, identity: str) -> Question:
        for question in self.description.questions:
            if question.id == identity:
                return question
        known = [question.id for question in self.description.questions]
        raise BadInput(f"'{self.name}' has no question '{identity}'{nearest(identity, known, known='it has')}")
