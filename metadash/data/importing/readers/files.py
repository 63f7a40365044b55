"""The reader of a file of tables: that of instances and, where there is one, that of classes, in the same file or another."""

from pathlib import Path

from metadash.data.importing.found import Found
from metadash.data.importing.linking import put_together
from metadash.data.importing.readers.asked import Asked
from metadash.data.importing.readers.places import Folder
from metadash.data.importing.readers.tables import KINDS, tables_of
from metadash.errors import BadInput


def claims(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in KINDS


def read(path: Path, asked: Asked) -> Found:
    tables = tables_of(path)
    files = [path.name]
    if asked.classes is not None:
        classes = tables_of(asked.classes)
        if len(classes) > 1:
            raise BadInput(f"'{asked.classes.name}' has several tables; the table of classes has to be one.")
        files.append(asked.classes.name)
        found = put_together(tables, classes[0], asked.class_column, asked.table)
    else:
        found = put_together(tables, None, asked.class_column, asked.table)
    found.files = tuple(files)
    found.place = Beside(path.parent)
    return found


class Beside(Folder):
    """The folder that a table lies in: paths in the table lead from there, and nowhere but into the folder ``within``, where one is given. It is
    not listed: it may be somebody's whole home."""

    def __init__(self, path: Path, within: Path | None = None):
        self.path, self.title, self.names = path, path.name, []
        self.within = None if within is None else within.resolve()

    @property
    def known(self) -> "Beside":  # type: ignore[override]
        return self

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not (self.path / name).is_file():
            return False
        return self.within is None or (self.path / name).resolve().is_relative_to(self.within)
