"""Finished runs on disk, one immutable folder each, named by digest: what is computed once is there for everybody."""

import errno
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from metadash.canonical import plain
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.training.kinds import Spec, from_plain, kind_of, run_digest
from metadash.training.version import code_version
from metadash.workspace import Workspace, new_folder, read_json, reason

POLL = 0.2
"""Seconds between two looks at a lock that another process holds."""


WRITTEN = {"kind", "spec", "summary", "environment", "seconds", "created"}
"""What every ``run.json`` holds."""


@dataclass(frozen=True)
class Run:
    """A finished run; frames are read when asked for."""

    folder: Path
    about: dict[str, Any]

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def kind(self) -> str:
        return self.about["kind"]

    @cached_property
    def spec(self) -> Spec:
        return from_plain(self.kind, self.about["spec"])

    @property
    def is_understood(self) -> bool:
        """False for a run of another version, whose spec has options that this one does not know."""
        try:
            return self.spec is not None
        except BadInput:
            return False

    @property
    def summary(self) -> dict[str, Any]:
        return self.about["summary"]

    @property
    def cost(self) -> dict[str, Any]:
        """``cpu_seconds``, ``peak_mib``, ``peak_by`` and, for learners, ``scoring_seconds``; empty for a run of an older version."""
        return self.about.get("cost", {})

    def scores(self) -> pd.DataFrame:
        """Rows of (n_way, shot, episode, correct, queries): every test episode's own score. Older versions stored no n_way."""
        return self.frame("scores")

    def history(self) -> pd.DataFrame:
        return self.frame("history")

    def frame(self, name: str) -> pd.DataFrame:
        with self.readable(name):
            return pd.read_parquet(self.folder / f"{name}.parquet")

    def array(self, name: str) -> np.ndarray:
        with self.readable(name):
            return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def weights(self) -> dict[str, Any]:
        """Tensors by name; imports torch."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        with self.readable("weights", SafetensorError):
            return load_file(self.folder / "weights.safetensors")

    @contextmanager
    def readable(self, name: str, error_of_reader: type[Exception] = ValueError) -> Iterator[None]:
        """What goes wrong inside while a part is read becomes the sentence that the run is damaged."""
        try:
            yield
        except (OSError, ValueError, EOFError, error_of_reader) as error:
            if getattr(error, "errno", None) == errno.ENOMEM:
                raise MemoryError from error
            raise BadInput(
                f"The run {self.digest} is damaged ({name} cannot be read); delete its folder and train again."
            ) from error

    def log(self) -> str:
        file = self.folder / "log.txt"
        return file.read_text(encoding="utf-8") if file.is_file() else ""


class RunStore:
    """Looks runs up by digest and writes them whole."""

    def __init__(self, workspace: Workspace):
        self.folder = workspace.runs
        self.manifests = workspace.episodes

    def get(self, digest: str) -> Run | None:
        """The finished run, or None. A folder without a readable ``run.json`` is no run: it is ignored, never trusted."""
        about = read_json(self.folder / digest / "run.json")
        if not isinstance(about, dict) or not about.keys() >= WRITTEN:
            return None
        return Run(self.folder / digest, about)

    def find(self, spec: Spec, dataset: Dataset) -> Run | None:
        return self.get(run_digest(spec, dataset))

    def runs(self, kind: str | None = None) -> list[Run]:
        """Every finished run whose spec this version understands, newest first."""
        found = [run for folder in self.folder.iterdir() if not folder.name.startswith(".") and (run := self.get(folder.name))]
        known = [run for run in found if kind in (None, run.kind) and run.is_understood]
        return sorted(known, key=lambda run: run.about["created"], reverse=True)

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

        ``cost`` is what ``metadash.training.cost`` measured beside the ``seconds``; runs of older versions have none.
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
                "code": code_version(),
                "summary": summary,
                "environment": environment,
                "seconds": round(seconds, 2),
                **({"cost": dict(cost)} if cost else {}),
                "created": time.time(),
            }
            (folder / "run.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
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
        """The test episodes of a run, the same object of study for every run with the same hash. Raises BadInput when damaged."""
        return self.load_manifest(run.summary["manifest"])

    def load_manifest(self, name: str) -> EpisodeManifest:
        manifest = EpisodeManifest.load(self.manifests / f"{name}.npz")
        if manifest.hash != name:
            raise BadInput(
                f"The stored episodes {name} are damaged: they are no longer those the runs were scored on. Train again."
            )
        return manifest

    def remove_half_written(self, target: Path) -> None:
        """A folder in the place of a run that is no run (copied by hand, damaged) gives way; it is kept aside, not deleted."""
        if target.exists() and self.get(target.name) is None:
            try:
                target.rename(target.with_name(f".{target.name}.{int(time.time())}.damaged"))
            except OSError as error:
                raise BadInput(f"The damaged run {target.name} could not be moved aside: {reason(error)}.") from error

    @contextmanager
    def claim(self, digest: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Held by one process at a time for one digest, and released by the system when its holder dies.

        ``waiting`` is called again and again while somebody else computes the same run; it may raise to give up.
        """
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
