"""Opens a page of the app in process, as a link would."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard.lifespan import keep_search_path
from metadash.dashboard.parts.escape import JOINER
from metadash.dashboard.share.told import GIVEN
from metadash.dashboard.use.tray import class_labels
from metadash.data.dataset import Dataset
from metadash.data.given.given import Given
from metadash.data.library import open_dataset
from metadash.figures.document import LARGEST, html_document
from metadash.figures.section import Section, restored, stored
from metadash.front.use import columns_read, give
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
from metadash.specs.run import RunSpec
from metadash.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SHELL = ROOT / "metadash" / "dashboard" / "shell.py"
BROKEN_CONDITIONS = [
    ("count > > 2", "syntax error"),
    ("class_id IN (SELECT * FROM '/etc/passwd')", "may only read the tables"),
    ("nope = 1", "nope"),
]
"""What no page may take for a condition, and what its sentence says of it."""


def open_page(name: str, **query: str) -> AppTest:
    """The page ``name`` after its first run, with these parameters in its address."""
    keep_search_path(SHELL)  # as the server does when it starts
    page = AppTest.from_file(SHELL, default_timeout=30)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    page.switch_page(str(ROOT / "pages" / f"{name}.py"))
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, [problem.message for problem in page.exception]
    return page


def shared(page: AppTest) -> Section:
    """What *Share* on the page would hand over, as a report keeps it."""
    _, make = page.session_state[GIVEN]
    found = restored(stored(make()))
    assert found.title in unescape(html_document(found.title, [(found, "")], LARGEST))
    return found


def said(page: AppTest, text: str) -> bool:
    """Whether a line of Markdown or a caption on the page holds ``text``."""
    return any(shown(text) in shown(element.value) for element in [*page.markdown, *page.caption])


def shown(text: str) -> str:
    """Markdown as a reader sees it: without the strokes that keep marks from being read."""
    return re.sub(r"\\([^\w\s])", r"\1", text).replace(JOINER, "")


def ends_just_after_it_was_read(spec: Spec, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, looks: int = 1) -> None:
    """The stored run of ``spec`` is on its way again, and ends in the moment after a page found it missing, at the last of its looks."""
    digest = run_digest(spec, open_dataset(workspace, spec.dataset))
    place, aside, look_up = workspace.runs / digest, workspace.root / "aside", RunStore.get
    place.rename(aside)
    JobFolder(workspace, digest).create(spec, "the last of them")
    missing = [digest] * looks

    def get(store: RunStore, asked: str) -> Run | None:
        found = look_up(store, asked)
        if asked == digest and found is None and missing:
            missing.pop()
            if not missing:
                aside.rename(place)
        return found

    monkeypatch.setattr(RunStore, "get", get)


def cancelled_is_offered_again(page: AppTest, key: str) -> None:
    """What was started shows how far it is; who cancels it reads that, and may start it again."""
    assert page.get("progress") and not page.exception
    page.button(key=f"{key}_cancel").click().run()
    page.run()
    assert any("ended early" in warning.value for warning in page.warning) and page.button(key=f"{key}_go")


def brought(workspace: Workspace, spec: RunSpec, each: int = 2, queries: int = 4) -> Given:
    """Three test classes with ``each`` examples and ``queries`` more to label, as *Use* stores them; their metadata where the learner reads some."""
    data = Dataset.open(workspace, spec.dataset)
    labels, classes = class_labels(data), data.split(spec.split)["test"][:3].tolist()
    rows = [np.flatnonzero(data.class_of == c) for c in classes]
    shown, asked = (np.concatenate([row[part] for row in rows]).tolist() for part in (slice(each), slice(each, each + queries)))
    columns = [column for own in columns_read(spec, data).values() for column in own]
    told = {labels[c]: {column: data.classes[column][c] for column in columns} for c in classes} if columns else None
    return give(
        data,
        data.inputs[shown],
        [labels[int(data.class_of[row])] for row in shown],
        data.inputs[asked],
        told,
        [f"{data.name} {row}" for row in asked],
        example_names=[f"{data.name} {row}" for row in shown],
    )
