"""Opens a page of the app in process, as a link would."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard.lifespan import keep_search_path
from metadash.data.library import open_dataset
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.store import Run, RunStore
from metadash.specs.any_spec import Spec
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


def said(page: AppTest, text: str) -> bool:
    """Whether a line of Markdown or a caption on the page holds ``text``."""
    return any(text in element.value for element in [*page.markdown, *page.caption])


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
