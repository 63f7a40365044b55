"""The verb ``datasets``: lists what there is, downloads or imports what is not here yet."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metadash.data.dataset import Dataset
from metadash.data.library import OBTAINABLE, entries, obtain, open_dataset
from metadash.front.progress_bar import bar
from metadash.runs.progress import Report
from metadash.stats import words
from metadash.verbs.options import Verbs, common_options
from metadash.verbs.result import Result
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("datasets", parents=[common], help="list data sets with their sources, splits and questions")
    verb.set_defaults(run=datasets)
    add_obtaining(verb)


def add_obtaining(datasets: argparse.ArgumentParser) -> None:
    """``datasets fetch NAME`` and ``datasets import NAME``; without either, ``datasets`` lists."""
    common = common_options(default=argparse.SUPPRESS)  # what stands before the verb holds unless it is said again after it
    verbs = datasets.add_subparsers(metavar="fetch | import")
    fetch = verbs.add_parser("fetch", parents=[common], help="download a data set and install it")
    fetch.add_argument("name", help="omniglot")
    fetch.add_argument(
        "--from", dest="base", metavar="URL-OR-FOLDER", help="another place to get it from (default: its authors')"
    )
    fetch.set_defaults(run=fetch_dataset)
    import_ = verbs.add_parser("import", parents=[common], help="install a data set from files that are here")
    import_.add_argument("name", help="omniglot")
    import_.add_argument(
        "--source", required=True, metavar="DIR", help="the folder with the authors' zip files, or the Parquet layout"
    )
    import_.set_defaults(run=import_dataset)
    for verb in (fetch, import_):
        verb.add_argument(
            "--as", dest="as_name", metavar="NAME", help="what to call it in this workspace (default: its own name)"
        )
        verb.add_argument("--no-rotations", action="store_true", help="do not make classes of the turned characters")


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
        found.append(
            {
                "name": data.name,
                "title": about.title,
                "classes": len(data.classes),
                "instances": len(data.class_of),
                "fingerprint": data.fingerprint,
                "licence": about.licence,
                "sources": {source.name: {"level": source.level, "columns": list(source.columns)} for source in data.sources},
                "splits": data.split_names,
                "questions": {question.id: question.title for question in about.questions},
                "notes": list(about.extra.get("notes", ())),
            }
        )
        lines.append(
            f"{data.name}: {about.title.lower()}, {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances"
        )
        lines += [f"  source    {source.name} ({source.level}): {source.description}" for source in data.sources]
        lines += [f"  question  {question.id}: {question.title}" for question in about.questions]
        lines += [f"  note      {note}" for note in about.extra.get("notes", ())]
    here = {entry["name"] for entry in found}
    lines += [f"{name}: not here yet; `datasets fetch {name}` downloads it" for name in OBTAINABLE if name not in here]
    return Result(found, "\n".join(lines))


def fetch_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Download a data set's archives (or take them from a folder) and install it."""
    module = obtain(options.name)
    with bar(1) as report:
        show = report.part(f"fetching {options.name}")
        data = module.fetch(
            workspace,
            options.base or module.HOME,
            options.as_name or options.name,
            not options.no_rotations,
            told(show),
        )
    return installed(data)


def told(report: Report) -> Callable[[str, float], bool]:
    """What hears of phases, for a bar that hears of steps."""
    return lambda phase, fraction: report(0, {"phase": phase, "fraction": fraction})


def import_dataset(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Install a data set from files that are at hand."""
    module = obtain(options.name)
    with bar(1) as report:
        show = report.part(f"importing {options.name}")
        data = module.install(
            workspace,
            Path(options.source),
            options.as_name or options.name,
            not options.no_rotations,
            told(show),
        )
    return installed(data)


def installed(data: Dataset) -> Result:
    about = data.description
    notes = list(about.extra.get("notes", ()))
    text = f"{data.name}: {words.count(len(data.classes))} classes, {words.count(len(data.class_of))} instances. {about.licence}."
    values = {"name": data.name, "classes": len(data.classes), "instances": len(data.class_of), "fingerprint": data.fingerprint}
    return Result({**values, "notes": notes}, "\n".join([text, *notes]))
