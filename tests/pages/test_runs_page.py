"""The page *Runs*: what is stored is found, named, starred, tagged, repeated and deleted, and a learner's name is the same on every page."""

import json
import re
import shlex
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash import settings, visitors
from metadash.answers.stored_arms import names_of, stored_arms
from metadash.dashboard import lifespan
from metadash.dashboard.share import entering
from metadash.dashboard.train import queue
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.keeping.stored import note_run
from metadash.front.run import run_asked, train
from metadash.runs.queue.jobs import JobFolder
from metadash.runs.shelf import expiry
from metadash.runs.shelf.deleting import delete, loss_of
from metadash.runs.shelf.expiry import DAY, days_kept, expired
from metadash.runs.shelf.notes import Note, all_notes, write_note
from metadash.runs.shelf.rows import narrowed, rows_of
from metadash.runs.store import Run, RunStore
from metadash.verbs.cli import main
from metadash.visitors import Visitor
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, store_scores
from tests.pages.page import open_page, said, shown

LEARNERS = 5


@pytest.fixture
def kept(workspace_with_runs: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None) -> Workspace:
    workspace = copy_workspace(workspace_with_runs, tmp_path / "kept", "datasets", "episodes", "runs")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


def informed(workspace: Workspace) -> list[Run]:
    """Two seeds of one learner."""
    return next([*arm.runs] for arm in stored_arms(RunStore(workspace).runs())[0] if len(arm.runs) == 2)


def test_every_run_is_listed_with_what_it_takes(kept: Workspace) -> None:
    page = open_page("runs")
    table, runs = page.dataframe[0].value, RunStore(kept).runs()
    assert table["digest"].tolist() == [run.digest for run in runs] and set(table["status"]) == {"done"}
    assert (
        (table["disk, MB"] > 0).all() and (table["seconds"] >= 0).all() and set(table["kind"]) == {"learner", "map", "backbone"}
    )
    assert said(page, f"{len(runs)} runs on")


def test_a_search_finds_names_tags_notes_and_sources(kept: Workspace) -> None:
    run = informed(kept)[0]
    write_note(kept.runs, run.learner, name="My best one", tags=("paper",), text="ask Grace", star=True)
    store = RunStore(kept)
    rows = rows_of(store.listed(), all_notes(kept.runs))
    both = {one.digest for one in informed(kept)}
    for search in ("my best", "PAPER", "grace", "best place", run.digest[:8]):
        found = {row.digest for row in narrowed(rows, search, "learner", "", "", False)}
        assert found == ({run.digest} if search == run.digest[:8] else both), search
    assert (
        {row.digest for row in narrowed(rows, "", "", "", "", True)}
        == both
        == {row.digest for row in narrowed(rows, "", "", "tiny", "paper", False)}
    )
    assert not narrowed(rows, "best nobody", "", "", "", False)
    page = open_page("runs", rn_search="my best")
    assert set(page.dataframe[0].value["run"]) == {"My best one"} and set(page.dataframe[0].value["★"]) == {"★"}


def test_a_name_is_used_wherever_its_learner_is_shown(kept: Workspace) -> None:
    run = informed(kept)[0]
    write_note(kept.runs, run.learner, name="<b>*Best* of all</b>")
    arms, _ = stored_arms(RunStore(kept).runs())
    assert names_of(arms)[run.learner] == "<b>*Best* of all</b>"
    page = open_page("compare", dataset="tiny")
    assert any("Best* of all" in label for label in page.multiselect(key="runs").options)
    write_note(kept.runs, run.learner, name="Another")
    page.run()
    assert "Another" in page.multiselect(key="runs").options and not page.exception
    other = next(arm for arm in arms if arm.id != run.learner)
    write_note(kept.runs, other.id, name="Another")
    assert len(set(names_of(stored_arms(RunStore(kept).runs())[0]).values())) == len(arms), "two of one name are told apart"


def test_a_note_is_beside_the_run_and_in_no_digest(kept: Workspace) -> None:
    before = {path: path.stat().st_mtime_ns for path in kept.runs.rglob("*")}
    write_note(kept.runs, informed(kept)[0].learner, name="x", star=True)
    assert {path: path.stat().st_mtime_ns for path in kept.runs.rglob("*")} == before


def test_where_people_sign_in_a_run_says_who_asked_and_ones_own_are_one_click_away(
    kept: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = (Visitor(name, f"{name}@example.org", True) for name in ("ada", "bob"))
    mine, theirs = informed(kept)
    for run, who in ((mine, ada), (theirs, bob)):
        monkeypatch.setattr(visitors, "_found", [lambda who=who: who])
        JobFolder(kept, run.digest).create(run.spec, "a job")
    monkeypatch.setattr(visitors, "_found", [lambda: ada])
    assert "asked by" not in open_page("runs").dataframe[0].value
    monkeypatch.setenv(settings.USER_HEADER.name, "X-Auth-Request-Email")
    monkeypatch.setattr(entering, "person", lambda headers: ada)
    page = open_page("runs", rn_mine="true")
    table = page.dataframe[0].value
    assert dict(zip(table["digest"], table["asked by"], strict=True)) == {mine.digest: "ada@example.org"}
    assert any("ada@example.org · editor" in shown(caption.value) for caption in page.sidebar.caption)
    page.toggle(key="rn_mine").set_value(False).run()
    table = page.dataframe[0].value
    assert set(table["asked by"]) == {"", "ada@example.org", "bob@example.org"}
    said_in = [path for path in kept.root.rglob("*") if path.is_file() and b"@example.org" in path.read_bytes()]
    assert {path.parent for path in said_in} == {JobFolder(kept, run.digest).path for run in (mine, theirs)}
    assert {path.name for path in said_in} == {"by.ada", "by.bob"}, "a name stands beside the job and nowhere else"


@pytest.mark.parametrize("content", ["[1]", '{"name": 3, "tags": {"a": 1}, "star": "yes"}', "{", '{"tags": [1, "a,b"]}'])
def test_a_note_of_another_shape_is_none(content: str, kept: Workspace) -> None:
    learner = informed(kept)[0].learner
    write_note(kept.runs, learner, name="x")
    (kept.root / "notes" / f"{learner}.json").write_text(content)
    assert not all_notes(kept.runs) and not open_page("runs").exception


def test_deleting_says_what_is_lost_and_loses_no_more(kept: Workspace) -> None:
    store, runs = RunStore(kept), informed(kept)
    write_note(kept.runs, runs[0].learner, name="Best")
    first = loss_of(store, [runs[0].digest])
    assert first.thinner == (runs[0].learner,) and not first.learners and not first.notes
    everything = loss_of(store, [run.digest for run in runs])
    assert everything.learners == (runs[0].learner,) == everything.notes and {run.kind for run in everything.build} == {"map"}
    (backbone,) = store.runs("backbone")
    assert sum(run.kind == "learner" for run in loss_of(store, [backbone.digest]).build) == LEARNERS
    others = {run.digest for run in store.runs()} - {run.digest for run in runs}
    delete(kept, [run.digest for run in runs])
    assert {run.digest for run in RunStore(kept).runs()} == others and not all_notes(kept.runs)
    assert not list(kept.runs.glob(".*.deleted"))


def test_what_a_job_needs_is_not_deleted(kept: Workspace) -> None:
    run = informed(kept)[0]
    (backbone,) = RunStore(kept).runs("backbone")
    shutil.rmtree(run.folder)
    JobFolder(kept, run.digest).create(run.spec, "the job")
    with pytest.raises(BadInput) as refused:
        delete(kept, [backbone.digest])
    one_sentence(refused.value)
    assert RunStore(kept).get(backbone.digest)


def test_what_is_old_and_noted_by_nobody_expires_with_its_whole_learner_and_nothing_that_is_built_on(kept: Workspace) -> None:
    store, runs = RunStore(kept), informed(kept)
    later = runs[0].created + 10 * DAY
    assert {run.digest for run in expired(store, 9, later)} == {run.digest for run in store.runs()} and not expired(
        store, 11, later
    )
    write_note(kept.runs, runs[1].learner, tags=("paper",))
    going = {run.digest for run in expired(store, 9, later)}
    (backbone,) = store.runs("backbone")
    assert not going & {backbone.digest, *(run.digest for run in runs)}, "a backbone of what stays stays"
    assert len(going) == LEARNERS - 2 + 2


def test_nothing_expires_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(settings.KEEP_DAYS.name, raising=False)
    assert days_kept() is None
    for odd in ("0", "-3", "x", "1.5", "99999999"):
        monkeypatch.setenv(settings.KEEP_DAYS.name, odd)
        with pytest.raises(BadInput):
            days_kept()


def test_a_disk_that_is_away_for_a_while_ends_no_expiry(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_said: object) -> int:
        raise OSError("Stale file handle")

    monkeypatch.setenv(settings.KEEP_DAYS.name, "9")
    monkeypatch.setattr(expiry, "expire", away)
    waited: list[float] = []
    stopped = threading.Event()
    monkeypatch.setattr(stopped, "wait", lambda seconds: waited.append(seconds) or len(waited) > 1)
    lifespan.expire_daily(stopped)
    assert waited == [DAY, DAY]


def test_the_verb_does_what_the_page_does(kept: Workspace, capsys: pytest.CaptureFixture) -> None:
    def said(*words: str) -> dict | list:
        assert main(["runs", *words, "--workspace", str(kept.root), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    run, other = informed(kept)
    said("note", run.digest, "--name", "Best", "--star", "--tags", "b, a", "--text", "x")
    (first, second) = said("--search", "best", "--starred", "--tag", "a")
    assert {first["digest"], second["digest"]} == {run.digest, other.digest} and first["tags"] == ["a", "b"]
    said("note", run.learner, "--no-star", "--name", "")
    assert not said("--starred") and said("--tag", "b")
    assert said("log", run.digest)["log"] == run.log()
    assert not said("delete", run.digest)["deleted"] and RunStore(kept).get(run.digest)
    assert said("delete", run.digest, "--yes")["deleted"] and not RunStore(kept).get(run.digest)
    assert not said("expire", "--days", "3000", "--yes")["digests"]


def test_the_line_that_is_copied_runs_and_gives_the_same_run(own_workspace: Workspace, capsys: pytest.CaptureFixture) -> None:
    data = open_dataset(own_workspace, "tiny")
    run = train(data, sources="place", width=8, backbone_episodes=8, steps=20, n_episodes=40, shots=(1, 2), progress=False)
    assert main(["runs", "command", run.digest, "--workspace", str(own_workspace.root), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)["command"]
    shutil.rmtree(run.run.folder)
    assert main([*shlex.split(line)[3:], "--workspace", str(own_workspace.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == run.digest and run.run.folder.is_dir()


def test_where_nothing_may_be_changed_nothing_is(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.READ_ONLY.name, "yes")
    run = informed(kept)[0]
    for change in (lambda: write_note(kept.runs, run.learner, name="x"), lambda: delete(kept, [run.digest])):
        with pytest.raises(BadInput, match="only shows what is stored"):
            change()
    assert run.folder.is_dir() and not (kept.root / "notes").exists()


def test_a_damaged_run_is_listed_and_named(kept: Workspace) -> None:
    run = informed(kept)[0]
    about = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**about, "created": "x"}))
    page = open_page("runs", rn_search="damaged")
    assert page.dataframe[0].value["digest"].tolist() == [run.digest] and said(page, "1 damaged")


def form() -> None:
    """The note of the learner that the session names, as its page draws it."""
    import streamlit as st

    from metadash.dashboard import server
    from metadash.dashboard.runs.one import note_form, star
    from metadash.runs.shelf.notes import all_notes
    from metadash.runs.shelf.rows import rows_of

    rows = rows_of(server.store().listed(), all_notes(server.store().folder))
    row = next(row for row in rows if row.run.learner == st.session_state["learner"])
    star(row)
    note_form(row, 1)


def opened(learner: str) -> AppTest:
    page = AppTest.from_function(form, default_timeout=30)
    page.session_state["learner"] = learner
    return page.run()


def save(page: AppTest) -> AppTest:
    return next(button for button in page.button if button.label == "Save").click().run()


def test_two_who_write_to_one_note_undo_nothing_of_each_other(kept: Workspace) -> None:
    learner = informed(kept)[0].learner
    mine, theirs = opened(learner), opened(learner)
    theirs.text_input(key=f"rn_tags_{learner}").input("paper, b")
    save(theirs)
    mine.text_input(key=f"rn_name_{learner}").input("Best")
    save(mine)
    assert all_notes(kept.runs)[learner] == Note("Best", tags=("b", "paper"))
    assert mine.text_input(key=f"rn_tags_{learner}").value == "b, paper"
    theirs.text_input(key=f"rn_name_{learner}").input("Worst")
    save(theirs)
    assert "Best" in theirs.error[0].value and all_notes(kept.runs)[learner].name == "Best"
    save(theirs)
    assert all_notes(kept.runs)[learner] == Note("Worst", tags=("b", "paper")) and not theirs.error


def test_a_star_that_was_given_meanwhile_is_not_taken_away_by_who_gives_it_too(kept: Workspace) -> None:
    learner = informed(kept)[0].learner
    page = opened(learner)
    write_note(kept.runs, learner, star=True)
    page.button(key="rn_star").click().run()
    assert all_notes(kept.runs)[learner].star
    page.button(key="rn_star").click().run()
    assert not all_notes(kept.runs)


def test_a_link_holds_what_the_list_is_narrowed_to_and_a_tag_may_be_called_any(kept: Workspace) -> None:
    runs = informed(kept)
    write_note(kept.runs, runs[0].learner, tags=("any", "paper"))
    assert set(open_page("runs", rn_kind="map").dataframe[0].value["kind"]) == {"map"}
    page = open_page("runs", rn_kind="learner", rn_set="tiny", rn_tag="paper")
    assert set(page.dataframe[0].value["digest"]) == {run.digest for run in runs}
    page = open_page("runs").selectbox(key="rn_tag").set_value("any").run()
    assert set(page.dataframe[0].value["digest"]) == {run.digest for run in runs}


def test_the_link_of_a_stored_map_opens_that_map(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[dict] = []
    monkeypatch.setattr(queue, "link_to", lambda page, *_said, **chosen: links.append(chosen))
    stored = RunStore(kept).runs("map")
    for run in stored:
        queue.map_of(run)
        page = open_page("prototypes", **links.pop())
        assert said(page, f"Map `{run.digest}`"), run.title
    assert stored


def test_one_clock_says_when_runs_were_made(kept: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        first = RunStore(kept).runs()[0]
        table = open_page("runs").dataframe[0].value
        assert f"{table['when'][0]:%Y-%m-%d %H:%M}" == time.strftime("%Y-%m-%d %H:%M", time.localtime(first.created))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nothing_is_noted_of_what_is_damaged(kept: Workspace, capsys: pytest.CaptureFixture) -> None:
    run = informed(kept)[0]
    (run.folder / "run.json").write_text("{")
    with pytest.raises(BadInput, match="Nothing can be noted") as refused:
        note_run(kept, run.digest, star=True)
    one_sentence(refused.value)


@pytest.mark.parametrize("say", [lambda kept: delete(kept, ["0" * 12]), lambda kept: write_note(kept.runs, "none", name="x")])
def test_what_lists_the_runs_is_named_as_it_is_called(say: Callable[[Workspace], object], kept: Workspace) -> None:
    with pytest.raises(BadInput) as refused:
        say(kept)
    (line,) = re.findall("`([^`]*)`", str(refused.value))
    assert main([*line.split(), "--workspace", str(kept.root)]) == 0


def test_an_empty_workspace_says_what_to_do(
    tiny_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: None
) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(copy_workspace(tiny_workspace, tmp_path / "empty").root))
    page = open_page("runs")
    assert said(page, "Nothing is stored yet") and not page.dataframe


def test_train_offers_what_is_stored_as_a_command_too(
    own_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, served: None
) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    open_page("train", dataset="tiny")
    data = open_dataset(own_workspace, "tiny")
    asked = run_asked(data)
    store_scores(RunStore(own_workspace), asked, data, np.full((len(asked.evaluation.shots), asked.evaluation.n_episodes), 0.7))
    page = open_page("train", dataset="tiny")
    assert not page.exception and any(one.label == "Copy as command, as Python" for one in page.expander)
