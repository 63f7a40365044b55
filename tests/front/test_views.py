"""Saved views: what is chosen under a name, and the runs they look at, wherever these have gone."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from metadash.answers.stored_arms import arm_id
from metadash.checksums import sealed
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.front.sharing import views
from metadash.runs.kinds import run_digest
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace, write_json, write_text
from tests.builders import copy_workspace, tiny_run


@pytest.fixture
def workspace(tiny_workspace: Workspace, tmp_path: Path) -> Workspace:
    return copy_workspace(tiny_workspace, tmp_path / "workspace", "datasets")


def saved(workspace: Workspace, name: str = "Mine", value: str = "another name") -> views.View:
    query = {"dataset": ["tiny"], "pr_run": [value], "md_classes": ["a b", "c"]}
    return views.save(workspace, name, "prototypes", query, {value: [tiny_run()]})


def test_a_view_comes_back_with_all_that_is_chosen(workspace: Workspace) -> None:
    view = saved(workspace)
    assert views.view_named(workspace, view.id) == view and views.views(workspace) == [view]
    assert len(view.id) == 12 and view.query["md_classes"] == ["a b", "c"]


def test_no_link_changes_its_meaning(workspace: Workspace) -> None:
    saved(workspace)
    with pytest.raises(BadInput, match="already"):
        saved(workspace, " Mine ", "other")
    views.delete(workspace, views.views(workspace)[0].id)
    assert views.views(workspace) == []
    with pytest.raises(BadInput, match="not stored here"):
        views.view_named(workspace, "0" * 12)


def test_two_who_choose_one_name_at_once_do_not_both_have_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, both = views.views, threading.Barrier(2, timeout=0.5)

    def together(there: Workspace) -> list[views.View]:
        found = listed(there)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return found

    def refused(value: str) -> bool:
        try:
            saved(workspace, "Ours", value)
        except BadInput:
            return True
        return False

    monkeypatch.setattr(views, "views", together)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(refused, ["one", "other"])) == 1


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 12, "x" * 500])
def test_what_is_no_view_is_one_sentence(name: str, workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="not stored here"):
        views.view_named(workspace, name)


def test_runs_that_are_gone_are_offered_and_then_called_by_their_name_of_today(
    workspace: Workspace,
) -> None:
    data, view, store = open_dataset(workspace, "tiny"), saved(workspace), RunStore(workspace)
    assert views.missing(view, store, data) == [tiny_run()]
    assert views.query_here(view, store, data) == view.query
    again = train(tiny_run(), workspace)
    assert views.missing(view, store, data) == []
    arm = views.save(
        workspace, "An arm", "compare", {"dataset": ["tiny"], "runs": [arm_id(again)]}, {arm_id(again): [tiny_run()]}
    )
    assert views.query_here(arm, store, data)["runs"] == [arm_id(again)] and views.missing(arm, store, data) == []
    gone = saved(workspace, "A digest", "0" * len(again.digest))
    assert views.query_here(gone, store, data)["pr_run"] == [again.digest] == [run_digest(tiny_run(), data)]


def test_a_damaged_view_is_left_out(workspace: Workspace) -> None:
    view = saved(workspace)
    write_text(workspace.root / "views" / ("1" * 12 + ".json"), '{"format": 1, "name": "forged"}')
    write_json(
        workspace.root / "views" / ("2" * 12 + ".json"), sealed({"format": 1, "name": "Odd", "page": "start", "query": [1]})
    )
    assert views.views(workspace) == [view]
