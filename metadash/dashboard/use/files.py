"""Uploaded files: pictures, a zip file of them, a table. They are read as ``predict`` reads files, in a folder that is gone right after."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import streamlit as st

from metadash.dashboard.parts.escape import plain
from metadash.dashboard.use.tray import Shown, Tray, put, tray_of
from metadash.data.dataset import Dataset
from metadash.data.importing.readers.pixels import ENDINGS
from metadash.errors import BadInput
from metadash.front.using.given import is_known
from metadash.front.using.reading import Read, read_examples, read_inputs, read_metadata, read_of_inputs, records
from metadash.stats import words

TABLES = ("csv", "tsv", "parquet", "xlsx", "json", "jsonl")
READ, TOLD = "us_read", "us_file_told"
"""In the session: which uploads were taken already, by key of the uploader; and what was said of the last, there."""


def endings(data: Dataset, examples: bool) -> list[str]:
    """Of what can be uploaded."""
    pictures = [ending.lstrip(".") for ending in ENDINGS] + ["zip"] if data.modality.parts == "pixels" else []
    lines = ["txt"] if data.modality.stored == "texts" and not examples else []
    return [*pictures, *TABLES, *lines]


def upload(data: Dataset, key: str, label: str, help: str, types: Sequence[str], take: Callable[[Path], str]) -> None:
    """The uploader; what is new in it is taken once, and what was taken, or why not, is said below it. ``take`` gets the path of the one
    file, or of the folder of several, and returns a sentence; it raises BadInput."""
    files = st.file_uploader(label, type=list(types), accept_multiple_files=True, key=key, help=help)
    told = st.session_state.setdefault(TOLD, {})
    found = tuple(file.file_id for file in files)
    if found and st.session_state.setdefault(READ, {}).get(key) != found:
        st.session_state[READ][key] = found
        try:
            told[key] = ("done", with_files(files, take))
        except BadInput as problem:
            told[key] = ("refused", str(problem))
        st.rerun()
    if not found:
        told.pop(key, None)
    state, sentence = told.get(key, ("", ""))
    if state == "refused":
        st.error(plain(sentence), icon=":material/error:")
    elif state:
        st.caption(f":material/check: {plain(sentence)}")


def with_files(files: Sequence[Any], take: Callable[[Path], str]) -> str:
    """``take`` of the uploaded files as they lie on disk meanwhile. Raises BadInput for a table or an archive beside others: of several
    files at once only pictures are read."""
    others = [file.name for file in files if PurePosixPath(file.name).suffix.lower() not in ENDINGS]
    if others and len(files) > 1:
        raise BadInput(f"'{others[0]}' came with other files, of which only pictures are read together; upload it by itself.")
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "uploaded"
        inside.mkdir()
        for number, file in enumerate(files):
            name = PurePosixPath(file.name.replace("\\", "/")).name or "file"
            path = inside / name
            if path.exists():
                path = inside / f"{number} {name}"
            path.write_bytes(file.getvalue())
        return take(path if len(files) == 1 else inside)


def are_pictures(path: Path) -> bool:
    """Pictures that lie in no folder of a class."""
    return path.is_dir() or path.suffix.lower() in ENDINGS


def told_beside(tray: Tray, read: Read, label: str, names: Sequence[str], columns: Sequence[str]) -> Tray:
    """With what the table that inputs came in says of each, under the ``names`` that they have in the tray; ``label``: their class, or empty."""
    rows = read.known(columns) or []
    return tray.told_of_inputs(
        {(label, name): known for name, row in zip(names, rows, strict=bool(rows)) if (known := only_known(row))}
    )


def only_known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if is_known(value)}


def upload_of_inputs(data: Dataset, columns: Sequence[str], asked: Sequence[Shown]) -> None:
    """A table with a row an input, of which the columns that the learner reads of single inputs are taken."""

    def take(path: Path) -> str:
        tray = tray_of(data)
        keys = [(label, one.name) for label, shown in tray.examples.items() for one in shown]
        keys += [("", one.name) for one in asked]
        table = read_of_inputs(path, [name for _, name in keys])
        if table is None:
            raise BadInput(f"No column of '{path.name}' names an example or an input; write their names into a column file.")
        own = [column for column in columns if column in table]
        if not own:
            raise BadInput(
                f"'{path.name}' has none of the columns that the learner reads of single inputs: {', '.join(columns)}."
            )
        found = {key: known for key, row in zip(keys, records(table[own]), strict=True) if (known := only_known(row))}
        put(data, tray.told_of_inputs(found))
        return f"{words.plural_of(len(own), 'column')} of {words.plural_of(len(found), data.modality.noun)} were read."

    label = f"A table with a row for each {data.modality.noun}"
    upload(data, "us_of_inputs", label, f"One column names their files; it reads {', '.join(map(plain, columns))}.", TABLES, take)


def upload_examples(data: Dataset, name: str, columns: Sequence[str] = ()) -> None:
    """Loose pictures are of the class ``name``; zip files and tables say the class of each. ``columns``: what a table may say of single inputs."""

    def take(path: Path) -> str:
        tray = tray_of(data)
        if are_pictures(path):
            if not name:
                raise BadInput(
                    f"Say above which {data.description.class_noun} these are, or upload a zip file with a folder for each."
                )
            read = read_inputs(path, data)
            read.labels = [name] * len(read.inputs)
        else:
            read = read_examples(path, data)
        for label in dict.fromkeys(read.labels):
            own = [
                Shown(called, value)
                for called, value, of in zip(read.names, read.inputs, read.labels, strict=True)
                if of == label
            ]
            before = len(tray.examples.get(label, ()))
            tray = tray.with_examples(label, own)
            rows = [place for place, of in enumerate(read.labels) if of == label]
            names = [one.name for one in tray.examples[label][before:]]
            tray = told_beside(tray, read.some(rows[: len(names)]), label, names, columns)
        put(data, tray)
        return said(len(read.inputs), "example", read.note("examples", data))

    kinds = "Pictures, a zip file with a folder for each, or a table" if data.modality.parts == "pixels" else "A table"
    upload(
        data,
        "us_files",
        kinds,
        "A table has a column label, and one of files, of texts, or the numbers.",
        endings(data, True),
        take,
    )


def upload_inputs(data: Dataset, columns: Sequence[str] = ()) -> None:
    """What is to be labelled. ``columns``: what a table may say of single inputs."""

    def take(path: Path) -> str:
        read, tray = read_inputs(path, data), tray_of(data)
        before = len(tray.asked.get("upload", ()))
        tray = tray.with_asked("upload", [Shown(*one) for one in zip(read.names, read.inputs, strict=True)])
        put(data, told_beside(tray, read, "", [one.name for one in tray.asked["upload"][before:]], columns))
        return said(len(read.inputs), data.modality.noun, read.note(words.plural(data.modality.noun), data))

    kinds = "Pictures, a zip file of pictures, or a table" if data.modality.parts == "pixels" else "A table, or a file of lines"
    upload(data, "us_ask_files", kinds, "Everything in it is labelled.", endings(data, False), take)


def upload_known(data: Dataset, columns: Sequence[str]) -> None:
    """A table with a row a class, of which the columns that the learner reads are taken."""

    def take(path: Path) -> str:
        tray = tray_of(data)
        frame = read_metadata(path, tray.classes)
        own = [column for column in columns if column in frame]
        if not own:
            raise BadInput(f"'{path.name}' has none of the columns that the learner reads: {', '.join(columns)}.")
        classes = [name for name in tray.classes if name in frame.index]
        for name in classes:
            row = frame.loc[name]
            for column in own:
                value = (row.iloc[0] if getattr(row, "ndim", 1) > 1 else row)[column]
                tray = tray.told(name, column, "" if value is None or value != value else str(value))
        put(data, tray)
        return f"{words.plural_of(len(own), 'column')} of {words.plural_of(len(classes), data.description.class_noun)} were read."

    upload(data, "us_known_file", "Or a table with a row for each", "One column names them.", TABLES, take)


def said(count: int, noun: str, note: str) -> str:
    return f"{words.plural_of(count, noun)} {'was' if count == 1 else 'were'} read. {note}".strip()
