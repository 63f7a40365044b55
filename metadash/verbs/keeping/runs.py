"""The verb ``runs``: lists what is stored, notes, repeats, shows the log of, deletes it, and lets what is old expire."""

import argparse
import time
from typing import Any

from metadash.front.keeping.stored import delete_runs, expire_runs, found, listed_runs, note_run, repeated
from metadash.runs.shelf.deleting import Loss
from metadash.runs.store import RunStore
from metadash.stats import words
from metadash.verbs.options import Verbs, common_options
from metadash.verbs.result import Result
from metadash.workspace import Workspace

FIRST = 50
"""Lines that are printed; ``--json`` gives all."""


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("runs", parents=[common], help="list stored runs; name, star, tag, repeat, delete them")
    verb.set_defaults(run=list_them)
    verb.add_argument("--search", default="", help="words that all stand in its title, name, tags, notes, digest or data set")
    verb.add_argument("--kind", default="", help="learner, backbone, map, …")
    verb.add_argument("--dataset", default="", help="of this data set only")
    verb.add_argument("--tag", default="", help="with this tag only")
    verb.add_argument("--starred", action="store_true", help="with a star only")
    again = common_options(default=argparse.SUPPRESS)
    inner = verb.add_subparsers(metavar="note | command | log | delete | expire")
    note = inner.add_parser("note", parents=[again], help="name, star, tag a learner, or write something beside it")
    note.add_argument("digest", help="a run, or the id of a learner")
    note.add_argument("--name", help="shown wherever the learner is; '' takes it away")
    note.add_argument("--star", action=argparse.BooleanOptionalAction, help="or take the star away")
    note.add_argument("--tags", help="with commas between; '' takes them away")
    note.add_argument("--text", help="a few words; '' takes them away")
    note.set_defaults(run=note_one)
    command = inner.add_parser("command", parents=[again], help="the line, and the lines of Python, that give this run")
    command.add_argument("digest", help="a learner's run")
    command.set_defaults(run=command_of)
    log = inner.add_parser("log", parents=[again], help="what was reported while it was computed")
    log.add_argument("digest", help="a run")
    log.set_defaults(run=log_of)
    delete = inner.add_parser("delete", parents=[again], help="say what would be lost, and with --yes delete")
    delete.add_argument("digests", nargs="+", metavar="digest", help="runs")
    delete.add_argument("--yes", action="store_true", help="delete them")
    delete.set_defaults(run=delete_them)
    expire = inner.add_parser("expire", parents=[again], help="say which runs are old and noted by nobody, and with --yes delete")
    expire.add_argument("--days", type=float, help="older than so many (default: the setting METADASH_KEEP_DAYS)")
    expire.add_argument("--yes", action="store_true", help="delete them")
    expire.set_defaults(run=expire_them)


def list_them(options: argparse.Namespace, workspace: Workspace) -> Result:
    rows = listed_runs(workspace, options.search, options.kind, options.dataset, options.tag, options.starred)
    lines = [line(row) for row in rows[:FIRST]]
    if len(rows) > FIRST:
        lines.append(f"… and {words.count(len(rows) - FIRST)} more; --search narrows, --json gives all.")
    return Result(rows, "\n".join(lines) or "No stored run is like that.")


def line(row: dict[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["created"])) if row["created"] else "?"
    marks = ("★ " if row["star"] else "") + "".join(f"[{tag}] " for tag in row["tags"])
    state = "" if row["status"] == "done" else f" ({row['status']})"
    return f"{row['digest']}  {when}  {words.memory(row['bytes']):>8}  {marks}{row['name']}{state}"


def note_one(options: argparse.Namespace, workspace: Workspace) -> Result:
    noted = note_run(workspace, options.digest, options.name, options.star, options.tags, options.text)
    told = [
        f"{'★ ' if noted['star'] else ''}{noted['name'] or 'no name'}",
        f"tags: {', '.join(noted['tags']) or 'none'}",
        noted["text"],
    ]
    return Result(noted, "\n".join(filter(None, told)))


def command_of(options: argparse.Namespace, workspace: Workspace) -> Result:
    command, lines = repeated(workspace, options.digest)
    return Result({"command": command, "python": lines}, f"{command}\n\n{lines}")


def log_of(options: argparse.Namespace, workspace: Workspace) -> Result:
    said = found(RunStore(workspace), options.digest).log()
    return Result({"log": said}, said)


def delete_them(options: argparse.Namespace, workspace: Workspace) -> Result:
    return of_loss(delete_runs(workspace, options.digests, options.yes), options.yes)


def expire_them(options: argparse.Namespace, workspace: Workspace) -> Result:
    return of_loss(expire_runs(workspace, options.days, options.yes), options.yes)


def of_loss(loss: Loss, done: bool) -> Result:
    values = {"deleted": done, "digests": [run.digest for run in loss.runs], "bytes": loss.size, "said": loss.sentences}
    if not loss.runs and not loss.size:
        return Result(values, "Nothing is to be deleted.")
    return Result(values, "\n".join([*loss.sentences, "Deleted." if done else "Nothing was deleted yet; --yes does it."]))
