"""``doctor``: is this installation, and what the workspace holds, well?

It looks, and neither mends nor moves anything that is there; a data set of the package that is not there yet is put there.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from metadash import settings
from metadash.data.dataset import Dataset
from metadash.data.library import EMBEDDED, entries, open_dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.saved import is_entry
from metadash.errors import BadInput
from metadash.runs.device import chosen
from metadash.runs.queue.jobs import is_record
from metadash.runs.record import UNSEALED, Run
from metadash.runs.store import RunStore
from metadash.stats import words
from metadash.verbs.options import Verbs
from metadash.verbs.result import Result
from metadash.workspace import Workspace, read_json


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("doctor", parents=[common], help="check this installation and workspace")
    verb.add_argument(
        "--deep", action="store_true", help="read every file of every run, data set, manifest and job, and compare its checksum"
    )
    verb.set_defaults(run=doctor)


PACKAGES = ("streamlit", "duckdb", "torch", "scikit-learn", "plotly", "pandas", "distributed", "safetensors")
ANEW = "it is left out, and computed anew when asked for"


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, what was found, whether it is well."""

    check: str
    found: str
    well: bool = True

    @property
    def line(self) -> str:
        return f"{'ok ' if self.well else 'BAD'}  {self.check}: {self.found}"


def doctor(options: argparse.Namespace, workspace: Workspace) -> Result:
    """``--deep`` reads every file; without it only records are looked at, and whether the files they name are there."""
    deep = options.deep
    checks = [*installation(workspace), *data_sets(workspace, deep), *runs(workspace, deep)]
    if deep:
        checks += [*manifests(workspace), *jobs(workspace)]
    checks += set_aside(workspace)
    return Result([asdict(check) for check in checks], "\n".join(c.line for c in checks), all(c.well for c in checks))


def installation(workspace: Workspace) -> Iterator[Check]:
    yield Check("python", platform.python_version(), sys.version_info >= (3, 11))
    free = shutil.disk_usage(workspace.root).free
    yield Check("workspace", f"writable, {words.count(free // 2**20)} MB free", free > 2**29)
    yield Check("workers", f"{settings.worker_count()} of {os.cpu_count()} cores")
    try:
        yield Check("device", chosen())
    except BadInput as problem:
        yield Check("device", str(problem), False)
    for package in PACKAGES:
        try:
            yield Check(package, version(package))
        except PackageNotFoundError:
            yield Check(package, "not installed; run `make run` again", False)


def data_sets(workspace: Workspace, deep: bool) -> Iterator[Check]:
    for entry in entries(workspace):
        try:
            # opened as it lies there: to open one of the package's by its name would make it anew where it is damaged
            here = (workspace.datasets / entry.name).is_dir()
            data = Dataset.open(workspace, entry.name) if here else open_dataset(workspace, entry.name)
            flaws = data.flaws() if deep else []
            found = "; ".join(flaws) or f"{words.count(len(data.class_of))} instances"
            yield Check(f"data set {entry.name}", found, not flaws and len(data.inputs) == len(data.class_of))
        except BadInput as problem:
            healing = " It is moved aside and made anew when it is next opened." if entry.name in EMBEDDED else ""
            yield Check(f"data set {entry.name}", f"{problem}{healing}", False)


def runs(workspace: Workspace, deep: bool) -> Iterator[Check]:
    """One line for all, and one for each that is damaged."""
    store = RunStore(workspace)
    looked = {name: store.look(name) for name in store.names()}
    older = [name for name, found in looked.items() if found == UNSEALED]
    bad = {name: found for name, found in looked.items() if isinstance(found, str) and found != UNSEALED}
    for name, run in looked.items():
        if isinstance(run, Run) and (flaws := run.flaws() if deep else missing(run)):
            bad[name] = f"{' and '.join(flaws)} {'is' if len(flaws) == 1 else 'are'} not as written"
    found = f"{len(looked)} stored"
    found += f", left out since older versions of MetaDash kept no checksums: {', '.join(older)}" if older else ""
    foreign = [name for name, run in looked.items() if isinstance(run, Run) and run.misunderstood]
    found += f", left out since another version of MetaDash made them: {', '.join(foreign)}" if foreign else ""
    yield Check("runs", found + (f", damaged: {', '.join(bad)}" if bad else ""), not bad)
    for name, why in bad.items():
        yield Check(f"run {name}", f"{why}; {ANEW}", False)


def missing(run: Run) -> list[str]:
    return [name for name in run.about["files"] if not (run.folder / name).is_file()]


def manifests(workspace: Workspace) -> Iterator[Check]:
    """Their names are hashes of what they hold."""
    files, bad = sorted(workspace.episodes.glob("*.npz")), []
    for path in files:
        try:
            if EpisodeManifest.load(path).hash != path.stem:
                bad.append(path.stem)
        except BadInput:
            bad.append(path.stem)
    bad += [path.name for path in sorted(workspace.episodes.glob("*.json")) if not is_entry(read_json(path))]
    found = f"{len(files)} stored" + (f", damaged: {', '.join(bad)}; those of runs are drawn anew when asked for" if bad else "")
    yield Check("episodes", found, not bad)


def jobs(workspace: Workspace) -> Iterator[Check]:
    folders = [path for path in sorted(workspace.jobs.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    bad = [path.name for path in folders if not readable_job(path)]
    yield Check("jobs", f"{len(folders)} recorded" + (f", damaged: {', '.join(bad)}; delete them" if bad else ""), not bad)


def readable_job(folder: Path) -> bool:
    progress, history = folder / "progress.json", folder / "history.jsonl"
    try:
        rows = history.read_text(encoding="utf-8").splitlines(keepends=True) if history.is_file() else []
        for row in rows:
            if row.endswith("\n"):
                json.loads(row)
    except (OSError, ValueError):
        return False
    return is_record(read_json(folder / "job.json")) and (not progress.exists() or isinstance(read_json(progress), dict))


def set_aside(workspace: Workspace) -> Iterator[Check]:
    """What was found damaged earlier and moved out of the way: nothing reads it any more."""
    places = (workspace.runs, workspace.datasets)
    found = sorted(path.relative_to(workspace.root).as_posix() for place in places for path in place.glob(".*.damaged"))
    if found:
        yield Check("moved aside", f"{', '.join(found)}; damaged earlier and read by nothing, they can be deleted")
