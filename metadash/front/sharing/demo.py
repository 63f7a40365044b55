"""The demo: answers on glyphs that were computed beforehand and come with the package, unpacked into a workspace that is only read.

The archive holds runs, the episodes they were scored on, and what was given to learners at work, as a workspace holds them. None of it
is believed because it is shipped: every run must lie under the digest of its spec, data and code, and every file be what its record says.
"""

import lzma
import tarfile
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import metadash
from metadash.checksums import hashed, is_sealed, sealed
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.prepared import ARCHIVE, RECORD, Prepared, prepared, read
from metadash.runs.record import Run
from metadash.runs.store import RunStore
from metadash.settings import WORKSPACE
from metadash.workspace import Workspace, new_folder, read_json, reason, remove_whole, write_json

FOLDER = "demo"
KEPT = ("given", "asked.jsonl")
"""What of a workspace goes into the archive, beside its runs. Episodes are drawn anew when it is unpacked: their name is a hash of them."""
LEFT_OUT = ("weights.safetensors", "anchors.parquet")
"""Files of a run that only computing needs; a record still says what they were."""
ONLY_COMPUTED_FROM = ("backbone", "features", "encoded", "seen", "loop")
"""Kinds of runs that no page shows: others are computed from them, which nobody does in a demo, and they are most of the bytes."""
AT_ONCE = 2
"""Threads that draw episodes: so many cores the smallest machine has."""
REFUSED = "The answers that come with MetaDash are damaged ({}); install MetaDash anew."


def demo_workspace(root: str | Path | None = None) -> Path:
    """The folder with the prepared answers, in the workspace at ``root``; unpacked and checked where they are not there yet, which writes
    about 70 MB. Raises BadInput where that is not possible, and for an archive that is damaged."""
    target = Path(root or WORKSPACE.value).expanduser().resolve() / FOLDER
    archive = hashed_archive()
    found = prepared(target)
    if found is None or found.archive != archive:
        unpack(target, archive)
    return target


def hashed_archive() -> str:
    if not ARCHIVE.is_file():
        raise BadInput(
            "No prepared answers come with this copy of MetaDash; make them by `python -m benchmarks.demo`, or install a release."
        )
    return hashed(ARCHIVE)


def unpack(target: Path, archive: str) -> None:
    """Whole or not at all: what is there of an older version gives way once the new one is checked."""
    with new_folder(target) as folder:
        try:
            with tarfile.open(ARCHIVE, "r:xz") as packed:
                packed.extractall(folder, filter="data")
        except (OSError, tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise BadInput(REFUSED.format(reason(error))) from error
        workspace, record = Workspace(folder), read_json(folder / RECORD)
        if not isinstance(record, dict) or not is_sealed(record):
            raise BadInput(REFUSED.format(f"{RECORD} is not as it was written"))
        about = read(record)
        for name, fingerprint in about.fingerprints.items():
            if open_dataset(workspace, name).fingerprint != fingerprint:
                raise BadInput(REFUSED.format(f"they are about another version of '{name}'"))
        store = RunStore(workspace)
        drawn_by = {
            str(run.summary["manifest"]): run
            for run in checked_runs(store, about)
            if "manifest" in run.summary and not run.misunderstood
        }
        with ThreadPoolExecutor(AT_ONCE) as threads:  # most of it is sorting in DuckDB and packing, which wait for no interpreter
            list(threads.map(store.manifest, drawn_by.values()))  # drawn anew and kept; refused where other episodes come of it
        write_json(folder / RECORD, sealed(asdict(about) | {"archive": archive}))
        give_way(target)


def checked_runs(store: RunStore, about: Prepared) -> list[Run]:
    """All of them. Raises BadInput for the first that is not what its name and its record say, or was made by other code or of other data.

    They are not listed by ``store.runs``, which first works out the version of the code at hand: two seconds for a number that nobody
    asks for where nothing is computed."""
    found = []
    for name in store.names():
        run = store.look(name)
        if isinstance(run, str):
            raise BadInput(REFUSED.format(f"run {name}: {run or 'it has no record'}"))
        if run.about["code"] != about.code or run.about["dataset_fingerprint"] not in about.fingerprints.values():
            raise BadInput(REFUSED.format(f"run {name} is of other code or data"))
        if flaws := [name for name in run.flaws() if name not in LEFT_OUT or (run.folder / name).exists()]:
            raise BadInput(REFUSED.format(f"run {name}: {flaws[0]} is not as it was written"))
        found.append(run)
    return found


def give_way(target: Path) -> None:
    """An older demo in its place is removed; a folder that is none stays, and is named. Raises BadInput."""
    if not target.exists():
        return
    if not (target / RECORD).is_file():
        raise BadInput(f"The folder '{target.name}' in the workspace holds no demo; move it, or name another --workspace.")
    try:
        remove_whole(target)
    except OSError as error:
        raise BadInput(f"The older demo could not be removed: {reason(error)}.") from error


Road = tuple[str, str, dict[str, str]]
"""What a visitor reads, the page, and what is chosen on it."""


def pack(workspace: Workspace, roads: Sequence[Road], out: Path = ARCHIVE) -> int:
    """Write the archive from a workspace in which all was computed; returns its bytes. Raises BadInput for runs of several versions."""
    store = RunStore(workspace)
    runs = [run for run in store.runs() if run.kind not in ONLY_COMPUTED_FROM]
    codes = {run.about["code"] for run in runs}
    if len(codes) != 1:
        raise BadInput(f"The runs to pack are of {len(codes)} versions of the code; compute them anew in an empty workspace.")
    data = {run.spec.dataset: run.about["dataset_fingerprint"] for run in runs}
    made = round(max(run.about["created"] for run in runs))
    about = Prepared(codes.pop(), metadash.__version__, made, "", data, tuple(roads))
    with tempfile.TemporaryDirectory() as room:
        record = Path(room) / RECORD
        write_json(record, sealed(asdict(about)))
        with tarfile.open(out, "w:xz", preset=9) as packed:
            packed.add(record, RECORD, filter=anonymous)
            for run in sorted(runs, key=lambda run: (run.kind, run.digest)):
                packed.add(run.folder, f"runs/{run.digest}", filter=anonymous)
            for kept in KEPT:
                if (workspace.root / kept).exists():
                    packed.add(workspace.root / kept, kept, filter=anonymous)
    return out.stat().st_size


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Nobody's, of no time; locks and what is half-written stay out."""
    if Path(entry.name).name.startswith(".") or Path(entry.name).name in LEFT_OUT:
        return None
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry
