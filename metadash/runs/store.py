"""Finished runs on disk, one immutable folder each, named by digest: what is computed once is there for everybody."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from metadash.canonical import plain
from metadash.checksums import sealed, sums_of
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.runs.device import marked
from metadash.runs.kinds import kind_of, run_digest
from metadash.runs.record import Run, look
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.listing import listed
from metadash.runs.version import code_version
from metadash.specs.any_spec import Spec
from metadash.workspace import Workspace, new_folder, reason, refuse_change, set_aside

POLL = 0.2
"""Seconds between two looks at a lock that another process holds."""


class RunStore:
    """Looks runs up by digest and writes them whole."""

    def __init__(self, workspace: Workspace):
        self.workspace = workspace
        self.folder = workspace.runs
        self.manifests = workspace.episodes

    def get(self, digest: str) -> Run | None:
        """The finished run, or None. What its record does not vouch for is no run: it is ignored, never trusted."""
        found = self.look(digest)
        return found if isinstance(found, Run) else None

    def look(self, digest: str) -> Run | str:
        """The run, or in words why what has its place is none to be believed; empty where nothing has."""
        try:
            return look(self.folder / digest)
        except (OSError, ValueError):
            return ""

    def names(self) -> list[str]:
        """The folders in the place of runs, whatever they hold."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def listed(self) -> list[Listed]:
        """Everything in the place of runs as the index knows it, runs of other versions and what is none to be believed included."""
        return listed(self.workspace.root, self.folder)

    def damaged(self) -> dict[str, str]:
        """What is not believed, by digest, with the reason in words: what has the place of a run, and what was moved aside and not
        computed anew since. Looks at the records only; a file is checked when it is read."""
        found = {one.digest: one.entry.why for one in self.listed() if one.entry.why}
        for path in self.folder.glob(".*.damaged"):
            name = path.name[1:].split(".")[0]
            if not (self.folder / name).exists():
                found[name] = "it was damaged, and moved aside"
        return found

    def find(self, spec: Spec, dataset: Dataset) -> Run | None:
        return self.get(run_digest(spec, dataset))

    def runs(self, kind: str | None = None) -> list[Run]:
        """Every finished run whose spec this version understands, newest first."""
        known = [run for run in self.listed() if run.entry.record and kind in (None, run.kind) and not run.misunderstood]
        return [*sorted(known, key=lambda run: run.entry.created, reverse=True)]

    def foreign(self, kind: str | None = None) -> dict[str, str]:
        """Runs that are whole and that this version does not understand, by digest, each with what it says of their spec."""
        return {run.digest: run.misunderstood for run in self.listed() if kind in (None, run.kind) and run.misunderstood}

    def write(
        self,
        digest: str,
        spec: Spec,
        dataset: Dataset,
        *,
        summary: dict[str, Any],
        environment: dict[str, str],
        seconds: float,
        frames: dict[str, pd.DataFrame],
        arrays: dict[str, np.ndarray],
        weights: dict[str, Any],
        log: str,
        cost: Mapping[str, Any] | None = None,
    ) -> Run:
        """Written beside and renamed into place. Raises BadInput when the disk is full; nothing half-written stays.

        ``cost`` is what ``metadash.runs.cost`` measured beside the ``seconds``; runs of older versions have none.
        """
        from safetensors.torch import save_file

        target = self.folder / digest
        self.remove_half_written(target)
        with new_folder(target) as folder:
            for name, frame in frames.items():
                frame.to_parquet(folder / f"{name}.parquet", index=False)
            for name, array in arrays.items():
                np.save(folder / f"{name}.npy", array)
            if weights:
                save_file(weights, folder / "weights.safetensors")
            (folder / "log.txt").write_text(log, encoding="utf-8")
            about = {
                "kind": kind_of(spec),
                "spec": plain(spec),
                "dataset_fingerprint": dataset.fingerprint,
                "code": marked(code_version()),
                "summary": summary,
                "environment": environment,
                "seconds": round(seconds, 2),
                **({"cost": dict(cost)} if cost else {}),
                "created": time.time(),
                "files": sums_of(folder),
            }
            (folder / "run.json").write_text(json.dumps(sealed(about), ensure_ascii=False, indent=1), encoding="utf-8")
        run = self.get(digest)
        if run is None:
            raise BadInput(f"The run {digest} could not be stored; its folder is damaged. Delete it and train again.")
        return run

    def keep_manifest(self, manifest: EpisodeManifest) -> None:
        """Store the episodes that runs were scored on, once for all of them; anew where the file is damaged."""
        try:
            self.load_manifest(manifest.hash)
        except BadInput:
            manifest.save(self.manifests / f"{manifest.hash}.npz")

    def manifest(self, run: Run) -> EpisodeManifest:
        """The test episodes of a run, the same object of study for every run with the same hash.

        Where the file is damaged they are drawn anew: their name is a hash of their content, so they are the same or refused.
        Raises BadInput when they cannot be had.
        """
        try:
            return self.load_manifest(run.summary["manifest"])
        except BadInput as damage:
            return self.drawn_anew(run, damage)

    def drawn_anew(self, run: Run, damage: BadInput) -> EpisodeManifest:
        """Raises ``damage`` where this version, or the data that are there now, give other episodes than the run was scored on."""
        tested: Any = run.spec if hasattr(run.spec, "evaluation") else getattr(run.spec, "run", None)
        try:
            data = open_dataset(self.workspace, tested.dataset)
            manifest = draw(data, tested.evaluation.episodes(tested.split, "test"))
        except (BadInput, AttributeError):
            raise damage from None
        if manifest.hash != run.summary["manifest"]:
            raise damage
        with suppress(BadInput):  # where nothing can be written they are drawn again next time
            manifest.save(self.manifests / f"{manifest.hash}.npz")
        return manifest

    def load_manifest(self, name: str) -> EpisodeManifest:
        manifest = EpisodeManifest.load(self.manifests / f"{name}.npz")
        if manifest.hash != name:
            raise BadInput(
                f"The stored episodes {name} are damaged: they are no longer those the runs were scored on. Delete the file and train again."
            )
        return manifest

    def remove_half_written(self, target: Path) -> None:
        """A folder in the place of a run that is no run (copied by hand, damaged) gives way; it is kept aside, not deleted."""
        if target.exists() and self.get(target.name) is None:
            try:
                set_aside(target)
            except OSError as error:
                raise BadInput(f"The damaged run {target.name} could not be moved aside: {reason(error)}.") from error

    @contextmanager
    def claim(self, digest: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Held by one process at a time for one digest, and released by the system when its holder dies.

        ``waiting`` is called again and again while somebody else computes the same run; it may raise to give up.
        """
        refuse_change(self.folder)
        lock = FileLock(self.folder / f".{digest}.lock")
        while True:
            try:
                lock.acquire(timeout=POLL)
                break
            except Timeout:
                waiting()
            except OSError as error:
                raise BadInput(f"The run store cannot be written: {reason(error)}. Free some space, then try again.") from error
        try:
            yield
        finally:
            lock.release()
