"""Where nothing may be changed: pages show what is stored, and whatever a browser sends, no job starts and no file is written."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from metadash import settings
from metadash.answers.ledger import asked_of_run, record
from metadash.data.library import open_dataset, remove_dataset
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.front.use import give
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import CLOSED, Workspace, new_folder, write_json
from tests.builders import tiny_run
from tests.pages.page import ROOT, open_page, said

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
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


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_it_is_read_only_and_no_button_on_it_changes_anything(page: str, closed: Workspace) -> None:
    opened = open_page(page, dataset="tiny")
    assert said(opened, "nothing can be computed or changed")
    assert not opened.error, [found.value for found in opened.error]
    for key in [button.key for button in opened.button if not button.disabled]:
        for button in opened.button:
            if button.key == key:
                button.click().run()
                break
        assert not opened.exception, key
    assert WRITTEN == [] and not any(closed.jobs.iterdir())


def test_the_message_of_a_button_that_is_not_drawn_is_refused(closed: Workspace) -> None:
    """What the buttons call, without them: each is one sentence, and nothing was written before it."""
    data, spec, run = open_dataset(closed, "tiny"), tiny_run(("place",), seed=7), RunStore(closed).runs("learner")[0]
    manifest = draw(data, run.spec_as(type(spec)).evaluation.episodes("family-0", "test"))

    def folder() -> None:
        with new_folder(closed.datasets / "another"):
            pass

    changes: dict[str, Callable[[], object]] = {
        "start a job": lambda: JobBoard(closed).submit(spec),
        "cancel one": lambda: JobFolder(closed, run.digest).request_cancel(),
        "compute in this process": lambda: train(spec, closed),
        "delete a data set": lambda: remove_dataset(closed, "tiny"),
        "import one": folder,
        "give a learner something": lambda: give(data, data.inputs[:2], ["a", "b"], data.inputs[2:4]),
        "save episodes": lambda: manifest.save(closed.episodes / "new.npz"),
        "write any record": lambda: write_json(closed.root / "anything.json", {}),
    }
    for what, change in changes.items():
        with pytest.raises(BadInput) as refused:
            change()
        assert str(refused.value) == CLOSED, what
    assert WRITTEN == []


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
