"""What all sessions of one server share: the workspace, its data sets, its runs, its job board."""

import os
import threading
import time

import pandas as pd
import streamlit as st

from metadash import settings
from metadash.answers.answer import Answer, AnswerSpec, so_far, stored_folds
from metadash.canonical import digest
from metadash.dashboard.lifespan import SERVING
from metadash.dashboard.parts.shared import share
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.runs.queue.board import JobBoard
from metadash.runs.record import Run
from metadash.runs.store import RunStore
from metadash.visitors import by_itself
from metadash.workspace import Workspace

LOCK = threading.Lock()
BOARDS: list[JobBoard] = []


LOOKED_OVER = 1.0
"""Seconds for which a workspace that could be written is believed to be: a page asks for it up to thirty times."""
WORKSPACES: dict[tuple[str, bool], tuple[float, Workspace]] = {}


def workspace() -> Workspace:
    """A folder that vanished under a running server is made again, or named in one sentence; one that cannot be written any more is
    named within a second."""
    asked, now = (settings.WORKSPACE.value, settings.read_only()), time.monotonic()
    looked, found = WORKSPACES.get(asked, (0.0, None))
    if found is None or now - looked > LOOKED_OVER or not all(map(os.path.isdir, (found.datasets, found.runs, found.jobs))):
        WORKSPACES[asked] = now, (found := Workspace())
    return found


def store() -> RunStore:
    return RunStore(workspace())


def board() -> JobBoard:
    with LOCK:
        if not BOARDS:
            BOARDS.append(JobBoard(workspace()))
        return BOARDS[0]


def expect_work() -> None:
    """Somebody reads what a button would do: the workers start meanwhile, where there is a server that closes them again."""
    if SERVING.is_set():
        board().warm()


def close_board() -> None:
    with LOCK:
        for found in BOARDS:
            found.close()
        BOARDS.clear()


def dataset(name: str) -> Dataset:
    """The opened data set, its tables kept between reruns; opened again when its folder was replaced. Raises BadInput."""
    folder = workspace().datasets / name
    about = folder / "dataset.json"
    stamp = about.stat().st_mtime_ns if about.is_file() else 0
    with by_itself():  # one that comes with MetaDash is made by whoever comes first, viewers too
        return _dataset(name, stamp) if stamp else open_dataset(workspace(), name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(name: str, stamp: int) -> Dataset:
    return open_dataset(workspace(), name)


def chosen_dataset() -> Dataset:
    """The one chosen in the sidebar."""
    return dataset(st.session_state.get("dataset") or "glyphs")


@st.cache_data(max_entries=64, show_spinner=False)
def run_frame(digest: str, name: str) -> pd.DataFrame:
    """A frame of a finished run; runs never change, so the digest alone is the key."""
    run = store().get(digest)
    if run is None:
        raise BadInput(f"The run {digest} is gone, or was damaged and left out; train it again.")
    return run.frame(name)


def manifest_of(run: Run) -> EpisodeManifest:
    """The test episodes of a run, kept: nobody writes into them. Raises BadInput when they cannot be had."""
    return _manifest(str(run.summary["manifest"]), run)


@st.cache_resource(max_entries=16, show_spinner=False)
def _manifest(name: str, _run: Run) -> EpisodeManifest:
    return store().manifest(_run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _answer(digests: tuple[str, ...], _spec: AnswerSpec, _dataset: Dataset) -> Answer | None:
    return so_far(_spec, _dataset, store())


def stored_answer(spec: AnswerSpec, data: Dataset) -> Answer | None:
    """The answer once all its runs are there."""
    found = answer_so_far(spec, data)
    return None if found is None or found.partial else found


def line_so_far(spec: AnswerSpec, data: Dataset) -> Answer | None:
    """What there is to read while the answer comes in: the finished folds, and before there is one, its first seed."""
    return answer_so_far(spec, data) or answer_so_far(spec.ahead, data)


def answer_so_far(spec: AnswerSpec, data: Dataset) -> Answer | None:
    """What the finished folds say; worked out once a server, keyed by the digests of the runs."""
    folds = stored_folds(spec, data, store())
    digests = tuple(run.digest for fold in folds if fold for runs in fold.values() for run in runs)
    found = _answer(digests, spec, data) if digests else None
    return found and share(found, digest(digests))
