"""The verb ``datasets``: lists what there is, downloads what is not here yet, exports what is and says what it is."""

import argparse
from pathlib import Path
from typing import Any

from metadash.data.library import OBTAINABLE, entries, how_to_get, open_dataset
from metadash.figures.html import refuse_nowhere
from metadash.front.card import card
from metadash.front.data import described, export
from metadash.front.obtain import fetch
from metadash.stats import words
from metadash.verbs.importing import add_importing, installed
from metadash.verbs.options import Verbs, common_options
from metadash.verbs.result import Result, chosen
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("datasets", parents=[common], help="list data sets with their sources, splits and questions")
    verb.set_defaults(run=datasets)
    common_again = common_options(default=argparse.SUPPRESS)  # what stands before the verb holds unless it is said again after it
    verbs = verb.add_subparsers(metavar="fetch | import | export | card")
    add_obtaining(verbs, common_again)
    add_exporting(verbs, common_again)


def add_obtaining(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """``datasets fetch NAME`` and ``datasets import NAME``; without a verb of its own, ``datasets`` lists."""
    fetch = verbs.add_parser("fetch", parents=[common], help="download a data set and install it")
    fetch.add_argument("name", help="omniglot")
    fetch.add_argument(
        "--from", dest="base", metavar="URL-OR-FOLDER", help="another place to get it from (default: its authors')"
    )
    fetch.set_defaults(run=fetch_dataset)
    fetch.add_argument("--as", dest="as_name", metavar="NAME", help="what to call it in this workspace (default: its own name)")
    fetch.add_argument("--no-rotations", action="store_true", help="do not make classes of the turned characters")
    add_importing(verbs, common)


def add_exporting(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """``datasets export NAME --out DIR`` and ``datasets card NAME``."""
    export_ = verbs.add_parser("export", parents=[common], help="write a data set as Parquet, inputs and Croissant metadata")
    export_.add_argument("name", help="one that `datasets` lists")
    export_.add_argument("--out", required=True, metavar="DIR", help="the folder to make; one that holds something is refused")
    export_.set_defaults(run=export_dataset)
    card_ = verbs.add_parser(
        "card", parents=[common], help="all there is to say of a data set: licence, balance, holes, audit, privacy"
    )
    card_.add_argument("name", help="one that `datasets` lists")
    card_.add_argument("--out", metavar="FILE.html", help="write it as a page with pictures that opens offline")
    card_.set_defaults(run=card_of_dataset)


def datasets(options: argparse.Namespace, workspace: Workspace) -> Result:
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for entry in entries(workspace):
        if entry.problem:
            found.append({"name": entry.name, "problem": entry.problem})
            lines.append(f"{entry.name}: {entry.problem}")
            continue
        data = open_dataset(workspace, entry.name)
        about = data.description
        found.append(described(data))
        lines.append(
            f"{data.name}: {about.title.lower()}, {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances"
        )
        lines += [f"  source    {source.name} ({source.level}): {source.description}" for source in data.sources]
        lines += [f"  question  {question.id}: {question.title}" for question in about.questions]
        lines += [f"  note      {note}" for note in about.extra.get("notes", ())]
    here = {entry["name"] for entry in found}
    lines += [f"{name}: not here yet; {how_to_get(name)}" for name in OBTAINABLE if name not in here]
    return Result(found, "\n".join(lines))


def fetch_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.fetch``."""
    return installed(fetch(**chosen(options, "name", "base", "as_name", "no_rotations"), workspace=workspace))


def export_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.export``."""
    data = open_dataset(workspace, options.name)
    folder = export(data, options.out)
    files = sorted(path.name for path in folder.iterdir())
    text = f"{data.name}: {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances, in {folder}: {', '.join(files)}."
    return Result({"name": data.name, "fingerprint": data.fingerprint, "folder": str(folder), "files": files}, text)


def card_of_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """As ``metadash.card``."""
    if options.out:
        refuse_nowhere(Path(options.out))
    found = card(open_dataset(workspace, options.name))
    written = f"\n\nWritten to {found.to_html(options.out)}." if options.out else ""
    return Result(found.values(), f"{found}{written}")
