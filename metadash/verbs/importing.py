"""``datasets import``: a data set of one's own from files, or a known one from its authors' files. It never asks."""

import argparse
from pathlib import Path
from typing import Any

from metadash.data.dataset import Dataset
from metadash.data.importing.command import command
from metadash.data.importing.formats.ours import fingerprint_at
from metadash.data.library import OBTAINABLE, obtain
from metadash.errors import BadInput
from metadash.front.data import described
from metadash.front.importing import from_files, preview
from metadash.front.obtain import install
from metadash.stats import words
from metadash.verbs.result import Result, chosen, refuse_idle
from metadash.workspace import Workspace

OF_FILES = {
    **{"classes": "classes", "class_column": "class-column", "input_column": "input-column", "encoder": "encoder"},
    **{"split_column": "split-column", "role": "role", "recipe": "recipe", "table": "table", "side": "side", "seed": "seed"},
    **{"title": "title", "class_noun": "class-noun", "licence": "licence", "provenance": "provenance", "preview": "preview"},
}
"""Options that are read where files are imported that MetaDash does not know."""


def add_importing(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("import", parents=[common], help="make a data set of your own files, or of a known one's")
    known = ", ".join(OBTAINABLE)
    verb.add_argument("path", help=f"a folder, a zip file or a table; or with --source one of {known}")
    verb.add_argument("--name", "--as", dest="name", help="what to call it in this workspace (default: as the file)")
    verb.add_argument("--classes", metavar="FILE", help="the table with a row for each class")
    verb.add_argument("--class-column", metavar="COLUMN", help="whose values are the classes")
    verb.add_argument(
        "--input-column",
        metavar="COLUMN",
        action="append",
        default=[],
        help="the input of each row; several columns of numbers are one vector",
    )
    verb.add_argument("--encoder", help="what inputs are looked through at first")
    verb.add_argument("--split-column", metavar="COLUMN", help="says of each row or class: train, validation or test")
    verb.add_argument(
        "--role",
        metavar="COLUMN=ROLE",
        action="append",
        default=[],
        help="corrects a guess: class, input, id, split, metadata, class-metadata, instance-metadata (:SOURCE behind it names the source), sensitive, "
        "siblings, disjoint, parent (what is above each class in a taxonomy), kept (stored, and no metadata) or ignored",
    )
    verb.add_argument(
        "--recipe", metavar="FILE", help="a recipe that --preview --json printed, or a dataset.json, instead of guesses"
    )
    verb.add_argument("--table", metavar="NAME", help="the sheet, or the table of a database, that holds the instances")
    verb.add_argument("--side", type=int, metavar="PIXELS", help="of stored pictures (default: their own, 256 at most)")
    verb.add_argument("--seed", type=int, help="deals classes to meta-train, validation and test (default 0)")
    verb.add_argument("--title", help="for people (default: the name)")
    verb.add_argument("--class-noun", metavar="WORD", help="the word for a class in sentences")
    verb.add_argument("--licence", help="whose it is")
    verb.add_argument("--provenance", help="where it comes from")
    verb.add_argument("--preview", action="store_true", help="print the guesses and import nothing")
    verb.add_argument("--source", metavar="DIR", help="of a known data set: the folder with its authors' files")
    verb.add_argument("--no-rotations", action="store_true", help="of omniglot: do not make classes of the turned characters")
    verb.set_defaults(run=import_dataset)


def import_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.from_files``, ``metadash.preview``, or ``metadash.install`` for a data set that is known."""
    if options.path in OBTAINABLE or (options.source is not None and not Path(options.path).exists()):
        return import_known(options, workspace)
    refuse_idle(options, "where files of your own are imported", "source", "no_rotations")
    said = chosen(options, "path", "name", *(name for name in OF_FILES if name != "preview"))
    if options.preview:
        seen = preview(**said)
        return Result(seen.values(), str(seen), blocked=bool(seen.problem))
    made = installed(data := from_files(**said, workspace=workspace))
    again = repeated(said, data)
    return Result({**made.values, "again": again}, f"{made.text}\nagain: {again}")


def repeated(said: dict[str, Any], data: Dataset) -> str:
    """The line that makes it again: by its recipe, or by the same options where an export was put back, which brings the recipe of the
    files that it was once made of, or none."""
    path = Path(said["path"]).expanduser()
    if fingerprint_at(path) != data.fingerprint:
        return command(said["path"], [("recipe", str(data.folder / "dataset.json"))])
    given = {OF_FILES.get(name, name): value for name, value in said.items() if name != "path" and value not in (None, [])}
    return command(
        said["path"],
        [(name, str(one)) for name, value in given.items() for one in (value if isinstance(value, list) else [value])],
    )


def import_known(options: argparse.Namespace, workspace: Workspace) -> Result:
    obtain(options.path)
    refuse_idle(
        options, f"for '{options.path}', whose columns are known (write ./{options.path} for a folder of that name)", **OF_FILES
    )
    if options.source is None:
        raise BadInput(f"'{options.path}' is made of its authors' files; say where they are with --source DIR.")
    return installed(
        install(options.path, options.source, as_name=options.name, no_rotations=options.no_rotations, workspace=workspace)
    )


def installed(data: Dataset) -> Result:
    about = data.description
    text = f"{data.name}: {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances. Licence: {about.licence}."
    told = described(data)
    values = {name: told[name] for name in ("name", "classes", "instances", "fingerprint", "notes", "questions")}
    asked = [f"question {name}: {title}" for name, title in told["questions"].items()] if about.extra.get("recipe") else []
    return Result(values, "\n".join([text, *values["notes"], *asked]))
