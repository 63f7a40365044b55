"""Where nothing may be changed, or not by a viewer: pages show what is stored, and whatever a browser sends, no job starts and no file is written."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metadash import settings, visitors
from metadash.answers.ledger import asked_of_run, record
from metadash.dashboard import server
from metadash.data.library import open_dataset, remove_dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.figures.section import Section
from metadash.front.sharing.reports import add
from metadash.front.sharing.views import save as save_view
from metadash.front.use import give
from metadash.runs.kinds import run_digest
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.shelf.deleting import delete
from metadash.runs.shelf.notes import write_note
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.visitors import Visitor
from metadash.workspace import CLOSED, VIEWER, Workspace, new_folder, refuse_change, write_json
from tests.builders import tiny_run
from tests.pages.conftest import MAP
from tests.pages.page import ROOT, open_page, said

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
SECTION = Section("Does it help?", ["It helps."], {}, [])
WATCHED: list[Path] = []
WRITTEN: list[str] = []


def watch(event: str, arguments: tuple) -> None:
    """What this process does to files below the watched folder; an audit hook stays for good, so it looks only while told."""
    if WATCHED and event == "sqlite3.connect" and "mode=ro" not in str(arguments[0]):
        WRITTEN.append(f"{event} {arguments[0]}")
    if not WATCHED or event not in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "os.truncate"):
        return
    if event == "open" and (not isinstance(arguments[2], int) or not arguments[2] & 0o3):  # O_WRONLY or O_RDWR
        return
    if str(arguments[0]).startswith(str(WATCHED[0])):
        WRITTEN.append(f"{event} {arguments[0]}")


sys.addaudithook(watch)


@pytest.fixture
def closed(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The workspace with runs, which nobody may change; what is written there all the same is in ``WRITTEN``."""
    monkeypatch.setenv(settings.READ_ONLY.name, "yes")
    WATCHED[:], WRITTEN[:] = [trained.root], []
    yield Workspace(trained.root)
    WATCHED.clear()


@pytest.fixture
def looked_at(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same where others may change it and who visits may not; the server goes on with what it keeps of its own."""
    add(trained, "ours", SECTION)
    save_view(trained, "ours", "start", {"dataset": ["tiny"]}, {})
    monkeypatch.setattr(visitors, "_found", [lambda: Visitor("eve", "eve@example.org", viewer=True)])
    return trained


OWN_BOOKS = ("asked.jsonl", "runs.index", ".lock")
"""What the server keeps whoever visits: what was asked of the test classes, which runs there are."""


def held(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """Every file, with when it was changed and its size."""
    files = (path for path in workspace.root.rglob("*") if path.is_file() and not path.name.endswith(OWN_BOOKS))
    return {str(path): ((about := path.stat()).st_mtime_ns, about.st_size) for path in files}


def press_every_button(page: AppTest) -> None:
    for key in [button.key for button in page.button if not button.disabled]:
        for button in page.button:
            if button.key == key:
                button.click().run()
                break
        assert not page.exception and not [found.value for found in page.error], key


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_it_is_read_only_and_no_button_on_it_changes_anything(page: str, closed: Workspace) -> None:
    opened = open_page(page, dataset="tiny")
    assert said(opened, "nothing can be computed or changed")
    press_every_button(opened)
    assert WRITTEN == [] and not any(closed.jobs.iterdir())


ON_A_MAP = {"pr_episode": "3", "pr_background": "120", "pr_perplexity": "8"}


@pytest.mark.parametrize("page", ["episodes", "prototypes", "reports", "runs", "start", "what_if"])
def test_a_page_says_who_a_viewer_is_and_no_button_on_it_changes_anything(page: str, looked_at: Workspace) -> None:
    before = held(looked_at)
    run = {"pr_run": run_digest(MAP.run, open_dataset(looked_at, "tiny")), **ON_A_MAP} if page == "prototypes" else {}
    opened = open_page(page, dataset="tiny", **run)
    assert said(opened, "You are a viewer.") and not said(opened, "on your own machine")
    assert page != "prototypes" or "Nearest neighbours" in [button.label for button in opened.button]
    press_every_button(opened)
    assert held(looked_at) == before and not any(looked_at.jobs.iterdir())


def changes(workspace: Workspace) -> dict[str, Callable[[], object]]:
    """What the buttons call, without them."""
    data, spec, run = open_dataset(workspace, "tiny"), tiny_run(("place",), seed=7), RunStore(workspace).runs("learner")[0]
    manifest = draw(data, run.spec_as(type(spec)).evaluation.episodes("family-0", "test"))

    def folder() -> None:
        with new_folder(workspace.datasets / "another"):
            pass

    return {
        "start a job": lambda: JobBoard(workspace).submit(spec),
        "cancel one": lambda: JobFolder(workspace, run.digest).request_cancel(),
        "compute in this process": lambda: train(spec, workspace),
        "delete a data set": lambda: remove_dataset(workspace, "tiny"),
        "delete a run": lambda: delete(workspace, [run.digest]),
        "import one": folder,
        "give a learner something": lambda: give(data, data.inputs[:2], ["a", "b"], data.inputs[2:4]),
        "save episodes": lambda: manifest.save(workspace.episodes / "new.npz"),
        "write a note": lambda: write_note(workspace.runs, run.learner, name="mine"),
        "begin a report": lambda: add(workspace, "mine", SECTION),
        "save a view": lambda: save_view(workspace, "mine", "start", {}, {}),
        "write any record": lambda: write_json(workspace.root / "anything.json", {}),
    }


def test_the_message_of_a_button_that_is_not_drawn_is_refused(closed: Workspace) -> None:
    """Each is one sentence, and nothing was written before it."""
    for what, change in changes(closed).items():
        with pytest.raises(BadInput) as refused:
            change()
        assert str(refused.value) == CLOSED, what
    assert WRITTEN == []


def test_the_message_of_a_button_that_a_viewer_does_not_see_is_refused(looked_at: Workspace) -> None:
    before = held(looked_at)
    for what, change in changes(looked_at).items():
        with pytest.raises(BadInput) as refused:
            change()
        assert str(refused.value) == VIEWER, what
    assert held(looked_at) == before


def test_what_comes_with_metadash_is_made_by_whoever_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None
) -> None:
    made: list[str] = []
    monkeypatch.setenv("METADASH_WORKSPACE", str(tmp_path / "fresh"))
    monkeypatch.setattr(visitors, "_found", [lambda: Visitor("eve", "eve@example.org", viewer=True)])
    monkeypatch.setattr(
        server, "open_dataset", lambda workspace, name: refuse_change(workspace.datasets / name) or made.append(name)
    )
    server.dataset("glyphs")
    assert made == ["glyphs"]


def test_an_answer_is_counted_and_not_written_down(closed: Workspace) -> None:
    looks = record(RunStore(closed), asked_of_run(tiny_run(("place",)), "some data", [0]))
    assert (looks.nth, looks.total, WRITTEN) == (1, 1, [])


def test_a_damaged_run_is_ignored_where_it_lies(closed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunStore(closed).runs("learner")[0]
    WATCHED.clear()
    (run.folder / "scores.parquet").write_bytes(b"something else")
    WATCHED[:] = [closed.root]
    with pytest.raises(BadInput, match="damaged"):
        run.scores()
    assert RunStore(closed).get(run.digest) is None and run.folder.is_dir() and WRITTEN == []


def test_a_setting_that_is_spelled_wrong_opens_nothing(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.READ_ONLY.name, "1")
    with pytest.raises(BadInput, match="must be yes"):
        Workspace(trained.root)


def test_what_is_not_there_is_named_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.READ_ONLY.name, "yes")
    with pytest.raises(BadInput, match="no folder 'datasets'"):
        Workspace(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
