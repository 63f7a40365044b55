"""No control is ever ignored: each one of every page changes what the page would compute, is disabled, or is listed as showing only."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard.ablation import road
from metadash.dashboard.episodes import task
from metadash.dashboard.parts import jobs
from metadash.dashboard.train import controls as train_controls
from metadash.runs import kinds
from metadash.runs.queue.board import JobBoard
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import copy_workspace, tiny_evaluation, tiny_run
from tests.pages.page import open_page

RUN = tiny_run(("place", "size"), steps=20, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))
OTHER = tiny_run(("place",), steps=20, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=40))
ADAPTING = tiny_run(learner="maml", steps=5, evaluation=tiny_evaluation(shots=(1, 2), n_episodes=20))

SECOND = "the second that is offered"
PICKED: Any = ["30", "1199"]
"""Instances of two classes of *tiny*."""
PAGES: dict[str, tuple[dict[str, Any], ...]] = {
    "start": ({}, {"q": "own", "q_sources": "place"}),
    "ablation": ({}, {"ab_tier": "screen"}),
    "train": (
        {},
        {"tr_sources": "place"},
        {"tr_learner": "maml", "tr_strategy": "uniform"},
        {"tr_mode": "full", "tr_fusion": "auxiliary", "tr_sources": "place"},
    ),
    "episodes": ({}, {"ep_strategy": "disjoint"}),
    "what_if": ({}, {"wi_kind_place": "belongs to another class", "wi_kind_size": "is not there"}, {"wi_edit_class": SECOND}),
    "prototypes": ({},),
    "adaptation": ({},),
    "use": ({"us_rows": PICKED}, {"us_step": "2 · To label", "us_rows": PICKED}),
}
"""The situations in which every control of a page is turned. *Metadata*, *Compare* and *Runs* compute nothing: all of them is showing."""

KINDS = ("selectbox", "multiselect", "number_input", "slider", "toggle", "checkbox", "radio", "text_input", "button_group")
SHOWS_ONLY = {
    "ep_sources": "which facts stand under the pictures",
    "ep_name": "the name that an episode is saved by",
    "pr_colour": "colours of the points of a stored map",
    "tr_show": "whose learning curves are drawn",
    "ab_measure": "by which effect the chart is sorted",
    "ab_subset": "which stored arm is read",
    "wi_dots": "what the dots of a chart are",
    "ad_step": "which of the stored steps is looked at",
    "ab_leak": "leave for what is listed as a leak",
    "us_false": "which threshold of stored answers",
    "us_step": "which part of the page",
    "us_give": "by which way examples come",
    "us_ask": "by which way inputs come",
    "us_pick": "whose instances can be pressed",
    "us_known_class": "whose fields are drawn",
}
WITHOUT_METADATA = {"tr_fusion", "tr_control", "tr_seeds"}
"""Without metadata there is nothing to fuse or to falsify, and of plain prototypes one run serves every seed; the page says so."""
TEXTS = {"where": "size > 0.5", "tr_options": "inner_steps=3", "wi_edit_value": "middle", "ep_name": "mine"}
RAW = {
    "ab_folds": 3,
    "tr_seeds": [0, 1, 3],
    "tr_normalise": "l2",
    "ep_role": "train",
    "ab_strategy": "uniform",
    "wi_kind_place": "noise",
    "wi_kind_size": "noise",
}
"""Values set as they are: the driver does not know what some controls show for them, and the next of some would mean the same."""


@pytest.fixture(scope="module")
def with_runs(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("controls") / "workspace")
    for spec in (RUN, OTHER, ADAPTING):
        train(spec, workspace)
    return workspace


@pytest.fixture
def asked(with_runs: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch, served: None) -> list[str]:
    """What the pages would compute, written down each time they look whether it is there."""
    workspace = copy_workspace(with_runs, tmp_path / "own", "datasets", "runs", "episodes")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    monkeypatch.setattr(JobBoard, "start_thread", lambda self: None)
    found: list[str] = []

    def heard(module: Any, name: str, place: int | None) -> None:
        real = getattr(module, name)

        def listening(*arguments: Any, **more: Any) -> Any:
            result = real(*arguments, **more)
            found.append(repr(result if place is None else arguments[place]))
            return result

        monkeypatch.setattr(module, name, listening)

    heard(jobs, "on_its_way", 0)
    heard(jobs, "jobs_of", 0)
    heard(kinds, "run_digest", 0)
    heard(road, "stored_ablation", 0)
    heard(train_controls, "chosen_runs", None)
    heard(task, "current_task", 1)
    return found


def controls(page: AppTest) -> Iterator[tuple[str, Any]]:
    for kind in KINDS:
        for widget in page.get(kind):
            if widget.key and not getattr(widget.proto, "disabled", False):
                yield kind, widget


def turned(kind: str, widget: Any, page: AppTest) -> bool:
    """Set to another value that is allowed; False where there is none."""
    if widget.key in RAW:
        page.session_state[widget.key] = RAW[widget.key]
    elif kind in ("toggle", "checkbox"):
        widget.set_value(not widget.value)
    elif kind in ("number_input", "slider"):
        step = widget.step or 1
        widget.set_value(widget.value + step if widget.value + step <= widget.max else widget.value - step)
    elif kind == "text_input":
        widget.set_value(TEXTS[widget.key])
    elif kind in ("selectbox", "radio"):
        if len(widget.options) < 2:
            return False
        place = (widget.index + 1) % len(widget.options)
        widget.select_index(place) if kind == "selectbox" else widget.set_value(widget.options[place])
    else:
        had = widget.value if isinstance(widget.value, list) else [widget.value]
        if kind == "multiselect" and had:
            page.session_state[widget.key] = had[:-1] if len(had) > 1 else [*had, next(o for o in widget.options if o not in had)]
        elif kind == "multiselect":
            widget.set_value(widget.options[:1])
        else:
            other = [option for option in widget.options if option not in map(str, had)]
            if not other:
                return False
            page.session_state[widget.key] = type(had[0])(other[0])
    return True


@pytest.mark.parametrize(("name", "place"), [(name, i) for name, all_ in PAGES.items() for i in range(len(all_))])
def test_no_control_is_ignored(name: str, place: int, asked: list[str]) -> None:
    link = dict(PAGES[name][place])
    page = open_page(name, dataset="tiny", **{key: value for key, value in link.items() if value != SECOND})
    for key in [key for key, value in link.items() if value == SECOND]:
        page.selectbox(key=key).select_index(1).run()
    asked.clear()
    page.run()
    before, ignored, looked = list(asked), [], 0
    for key in [widget.key for _, widget in controls(page)]:
        kind, widget = next(((kind, one) for kind, one in controls(page) if one.key == key), ("", None))
        if widget is None:  # another control has taken its place
            continue
        if key in SHOWS_ONLY or key.startswith(("dataset", "copy")) or (key in WITHOUT_METADATA and "tr_sources" not in link):
            continue
        had = page.session_state[key]
        if not turned(kind, widget, page):
            continue
        asked.clear()
        page.run()
        assert not page.exception, (key, [problem.message for problem in page.exception])
        looked += 1
        if asked == before and not page.error:
            ignored.append(key)
        page.session_state[key] = had
        page.run()
        if asked[-len(before) :] != before:  # what hangs on it did not come back: look from here on
            asked.clear()
            page.run()
            before = list(asked)
    assert looked and not ignored
