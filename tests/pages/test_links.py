"""Links: everything chosen is in them, a second visitor sees the same, and nothing that stands in one breaks a page."""

import ast
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from metadash.answers.stored_arms import arm_id
from metadash.dashboard import server
from metadash.dashboard.episodes.handmade import Task
from metadash.dashboard.links import address, copy_link
from metadash.dashboard.links.pages import UNBOUND
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.figures.section import Section
from metadash.front.given.recommend import recommend_asked
from metadash.front.sharing.reports import add
from metadash.learners.core.fusions import BOTH
from metadash.learners.core.options import read_options
from metadash.learners.registry import LEARNERS
from metadash.runs.kinds import run_digest
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec
from metadash.workspace import Workspace
from tests.builders import copy_workspace, tiny_evaluation, tiny_run
from tests.pages.page import ROOT, open_page
from tests.pages.test_ablation_page import SMALL, asked
from tests.ratings import write_made_up

HOSTILE = ("inf", "-inf", "nan", "1e400", "-1", "", "9" * 10_000, "nope", "0x10", "*bold* :red[x] <b>", "5.5", "\x00", "٣", "1e2")
MAML = tiny_run(
    learner="maml",
    options=read_options("inner_lr=0.3"),
    steps=20,
    learning_rate=LEARNERS["maml"].learning_rate,
    evaluation=tiny_evaluation(n_episodes=20, shots=(1, 2)),
)
LOOK = AdaptationSpec(MAML, 2)
TOLD = tiny_run(("place", "age"), source_dropout=0.5)
MIXED = tiny_run(
    ("place", "site"),
    fusion=BOTH,
    modulating=("site",),
    source_dropout=0.5,
    evaluation=tiny_evaluation(strategy="disjoint", column="site", n_query=3, n_episodes=40, shots=(1, 2)),
    steps=5,
)
SEEN = "held at the end of the run"
PICKED = ["30", "1199"]
"""Instances of two classes of *tiny*."""

STATES: dict[str, list[dict[str, Any]]] = {
    "start": [{}, {"q": "own", "q_sources": "place"}, {"dataset": "things"}],
    "metadata": [
        {"md_sql": "SELECT 1", "md_as": "chart"},
        {"md_table": "instances", "md_instances": "site:1..2"},
        {"md_table": "splits"},
        {"md_classes": "corner:middle", "md_where": "count > 0", "md_audit": "Who is recognisable"},
        {"md_audit": "Less exact"},
        {"md_audit": "Metadata alone"},
        {"md_audit": "A published map"},
        {"md_split": "family-1", "md_audit": "Findings"},
    ],
    "episodes": [
        {"pool": "count > 1"},
        {"ep_strategy": "disjoint"},
        {"ep_way": "3", "ep_steps": "d0.c1"},
        {"dataset": "things"},
    ],
    "train": [
        {},
        {"tr_learner": "baseline"},
        {"tr_recipe": "paper"},
        {"tr_strategy": "disjoint", "tr_learner": "maml", "tr_mode": "full", "pool": "count > 1"},
    ],
    "tour": [{}, {"tour_step": "3 Metadata"}, {"tour_step": "4 Certainty"}, {"tour_step": "5 Next"}],
    "compare": [{"runs": [tiny_run(), tiny_run(("place",), seed=0)]}],
    "adaptation": [{}, {"ad_episode": "3"}],
    "prototypes": [{}],
    "ablation": [{"pool": "count > 1"}, SMALL, {"ab_tier": "confirm"}, {"ab_tier": "reliance"}],
    "what_if": [{"wi_run": MIXED}, {"wi_run": TOLD, "wi_kind_age": "is out of date", "wi_kind_place": "is less exact"}],
    "runs": [{}],
    "reports": [{}],
    "use": [{}, {"us_step": "2 · To label", "us_rows": PICKED}, {"us_step": "3 · Review"}],
}
"""Of each page, links that bring up its controls: with those of the first of them every hostile value is tried, with others some."""
NOT_TRIED = {"ab_leak", "wi_dose_sources", "rn_mine"}
"""Switches and a list like others, which stand only beside a leaking source, beside an answer, and where people sign in."""


@pytest.fixture(scope="module")
def full(workspace_with_runs: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Runs of many kinds, so that every page shows all of its controls."""
    workspace = copy_workspace(
        workspace_with_runs, tmp_path_factory.mktemp("links") / "workspace", "datasets", "runs", "episodes"
    )
    for spec in (MAML, LOOK, TOLD, MIXED, *asked(open_dataset(workspace, "tiny"), "screen", 3).runs):
        train(spec, workspace)
    write_made_up(workspace)  # ratings: *Start* and *Episodes* have others there
    train(recommend_asked(open_dataset(workspace, "things")), workspace)
    add(workspace, "Ours", Section("Does it help?", ["It helps."], {}, []))
    return workspace


@pytest.fixture
def seen(full: Workspace, monkeypatch: pytest.MonkeyPatch, served: None, no_workers: None) -> Iterator[list[dict]]:
    """What each page that was opened gave to its *Copy link*, and what its widgets held; the last is the newest."""
    monkeypatch.setenv("METADASH_WORKSPACE", str(full.root))
    pages: list[dict] = []

    def button(data: dict, key: str) -> None:
        widgets = {name: one.now for name, one in address.held().items()}
        pages.append({**data, "held": widgets, SEEN: {*widgets, *st.session_state.get(UNBOUND, ())}})

    monkeypatch.setattr(copy_link, "button", button)
    yield pages


@pytest.mark.parametrize("name", STATES)
def test_nothing_that_stands_in_a_link_breaks_a_page_or_is_replaced_in_silence(
    name: str, tiny: Dataset, seen: list[dict]
) -> None:
    chance = random.Random(name)
    for place, state in enumerate(STATES[name]):
        linked(name, tiny, state)
        keys = sorted(seen[-1][SEEN] - set(state) - {"dataset"})
        for value in HOSTILE if place == 0 else chance.sample(HOSTILE, 2):
            page = linked(name, tiny, state, **dict.fromkeys(keys, value))
            assert len(page.title) == 1 and not page.exception, (state, value[:20])
            assert not any("failed on a defect" in error.value for error in page.error), (state, value[:20])
            told = [*page.session_state[address.ODD]] if address.ODD in page.session_state else []
            for key in keys:
                now = seen[-1]["held"].get(key)
                assert (
                    not (now or value) or now is None or key in told or value in now or float_of(value) in map(float_of, now)
                ), (key, value[:20], now)
            for line in [*page.warning, *page.error]:
                assert "*bold*" not in line.value and len(line.value) < 20_000, line.value[:200]


def float_of(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_every_parameter_that_a_page_binds_is_among_those_tried(tiny: Dataset, seen: list[dict]) -> None:
    for name, states in STATES.items():
        for state in states:
            page = linked(name, tiny, state)
            if state.get("wi_run") is MIXED:
                choose_last(page, "wi_edit_class", "wi_instance")
    tried = {key for page in seen for key in page[SEEN]}
    missing = [one for one in bound_keys() if not any(re.fullmatch(one, key) for key in tried)]
    assert set(missing) <= NOT_TRIED


def choose_last(page: AppTest, *keys: str) -> None:
    for key in keys:
        box = page.selectbox(key=key)
        box.select(box.options[-1])
    page.run()


def linked(name: str, data: Dataset, state: dict[str, Any], **more: Any) -> AppTest:
    """The page at the link; runs stand in it as their digests."""
    query = {key: run_digest(value, data) if isinstance(value, RunSpec) else value for key, value in state.items()}
    if "runs" in query:
        query["runs"] = [arm_id(run) for spec in query["runs"] if (run := server.store().find(spec, data))]
    return open_page(name, **{"dataset": "tiny", **more, **query})


def bound_keys() -> set[str]:
    """A pattern for each query parameter that pages and their parts bind or write, read off the code."""
    found = set()
    for file in [*(ROOT / "pages").glob("*.py"), *(ROOT / "metadash" / "dashboard").rglob("*.py")]:
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            named = {word.arg: word.value for word in call.keywords}
            if "bind" in named:
                found |= patterns(named["key"])
            elif isinstance(call.func, ast.Name) and call.func.id == "from_link":
                found |= patterns(call.args[0])
    return found - {"key"}


def patterns(key: ast.expr) -> set[str]:
    if isinstance(key, ast.Constant):
        return {re.escape(str(key.value))}
    if isinstance(key, ast.JoinedStr):
        return {"".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in key.values)}
    if isinstance(key, ast.IfExp):
        return patterns(key.body) | patterns(key.orelse)
    if isinstance(key, ast.Call):  # of training's settings, each learner's apart
        return {{"name": "tr_.+_(quick|paper)_.+", "'train_shots'": "tr_train_shots_.+"}[ast.unparse(key.args[0])]}
    return {{"bar": "md_(classes|instances|splits)", "KEY": "dataset|pool", "key": "key"}[ast.unparse(key)]}


# --- what Copy link copies ---------------------------------------------------------------------------------------------------


def address_of(page: AppTest, copied: dict) -> dict[str, Any]:
    """What *Copy link* puts into the clipboard: what is in the address and what it leaves out."""
    return {**copied["usual"], **page.query_params, **copied["chosen"]}


CHOSEN = {
    "start": {"seeds": "2", "mode": "full"},
    "metadata": {"md_table": "instances", "md_instances": "site:1..2", "md_sql": "SELECT 1"},
    "episodes": {"ep_way": "3", "ep_seed": "7", "pool": "count > 1"},
    "train": {"tr_seeds": ["1", "4"], "tr_mode": "full", "tr_learner": "maml", "tr_options": "inner_lr=0.5", "tr_sources": []},
    "ablation": {"ab_tier": "confirm", "ab_sources": ["size", "place"], "ab_rope": "1.5"},
    "prototypes": {"pr_episode": "4", "pr_colour": "corner"},
    "what_if": {"wi_shot": "2", "wi_kind_place": "is noise", "wi_share_place": "25"},
    "use": {"us_false": "10", "us_step": "2 · To label", "us_rows": PICKED},
}


@pytest.mark.parametrize(
    "name", ["start", "metadata", "train", "compare", "ablation", "prototypes", "what_if", "adaptation", "use"]
)
def test_a_copied_link_shows_a_second_visitor_the_same(name: str, seen: list[dict]) -> None:
    page = open_page(name, dataset="tiny", **CHOSEN.get(name, {}))
    first = seen[-1]
    link = address_of(page, first)
    assert link["dataset"] == ["tiny"] and {*first["held"]} - {*link} <= TEXTS, "a choice is missing from the link"
    again = open_page(name, **link)
    assert seen[-1]["held"] == first["held"] and address_of(again, seen[-1]) == link and not again.warning


TEXTS = {
    "md_classes",
    "md_instances",
    "md_where",
    "md_sql",
    "where",
    "tr_options",
    "tr_sources",
    "ab_controls",
    "wi_edit_value",
} | {"tr_train_shots_quick_full_maml"}
"""Empty where nobody wrote or chose anything, on every machine."""


def test_what_is_at_its_default_is_in_the_link_too(seen: list[dict]) -> None:
    page = open_page("start", dataset="tiny")
    assert "seeds" not in page.query_params and seen[-1]["chosen"] | {"width": 0} == {
        "dataset": ["tiny"],
        "seeds": ["3"],
        "mode": ["quick"],
        "crossed": ["true"],
        "learns_from": ["episodes"],
        "width": 0,
    }


def test_locks_and_swaps_of_a_task_are_in_its_link(seen: list[dict]) -> None:
    page = open_page("episodes", dataset="tiny", ep_way="4", ep_strategy="uniform")
    page.button(key="ep_swap_1").click().run()
    page.button(key="ep_lock_1").click().run()
    for _ in range(3):
        page.button(key="ep_redraw").click().run()
    page.button(key="ep_swap_0").click().run()
    mine: Task = page.session_state["ep_task"]
    again = open_page("episodes", **address_of(page, seen[-1]))
    yours: Task = again.session_state["ep_task"]
    assert yours.manifest.hash == mine.manifest.hash and yours.locked == mine.locked and not again.warning
    assert mine.text == f"d0.c1.l{next(iter(mine.locked))}.r3.c0", "what came to nothing is not carried along"
    for name in ("ep_lock_1", "ep_redraw", "ep_swap_2"):
        page.button(key=name).click().run()
        again.button(key=name).click().run()
    assert again.session_state["ep_task"].manifest.hash == page.session_state["ep_task"].manifest.hash


def test_a_saved_episode_is_in_the_link(seen: list[dict]) -> None:
    page = open_page("episodes", dataset="tiny", ep_way="4", ep_strategy="uniform")
    page.button(key="ep_swap_1").click().run()
    page.button(key="ep_save").click().run()
    saved = page.session_state["ep_task"].manifest.hash
    page.number_input(key="ep_seed").set_value(9).run()
    page.button(key=f"ep_open_{saved}").click().run()
    page.button(key="ep_swap_0").click().run()
    again = open_page("episodes", **address_of(page, seen[-1]))
    assert again.session_state["ep_task"].text == f"o{saved}.c0"
    assert again.session_state["ep_task"].manifest.hash == page.session_state["ep_task"].manifest.hash != saved


@pytest.mark.parametrize("steps", ["d0.c99", "d0.l999999", "d1", "o00", "d0.q0-5000", "inf", "d0" + ".c1" * 300, "r1", "d0.c"])
def test_steps_that_lead_nowhere_show_the_task_as_drawn_and_say_so(steps: str, seen: list[dict]) -> None:
    page = open_page("episodes", dataset="tiny", ep_steps=steps)
    assert "the task is shown as its seed draws it" in page.warning[0].value and not page.error
    assert page.session_state["ep_task"].text == "" and "ep_steps" not in page.query_params


@pytest.mark.parametrize("asked", [["nope"], ["*x* :red[y]"], [""], ["tiny", "nope"], ["9" * 10_000]])
def test_a_data_set_that_is_not_here_is_said_and_none_takes_its_place(asked: list[str], seen: list[dict]) -> None:
    page = open_page("start", dataset=asked)
    told = page.error[0].value
    assert "which is not here; those here: glyphs, things, tiny" in told and "*x*" not in told and len(told) < 400
    assert page.title[0].value == "Which data set?" and not page.subheader
    page.button(key="dataset_tiny").click().run()
    assert page.title[0].value.startswith("Which metadata") and not page.error and page.selectbox(key="dataset").value == "tiny"


@pytest.mark.parametrize("texts", [["3", "4"], ["3", "3"]])
def test_a_parameter_that_is_there_twice_says_nothing(texts: list[str], seen: list[dict]) -> None:
    page = open_page("episodes", dataset="tiny", ep_way=texts, ep_strategy=["uniform", "siblings"])
    assert page.number_input(key="ep_way").value == 5 and page.selectbox(key="ep_strategy").value == "siblings"
    assert f"“{texts[0]}” and “{texts[1]}” for “n\\-way”" in page.warning[0].value


def test_the_sentence_goes_when_somebody_chooses(seen: list[dict]) -> None:
    page = open_page("episodes", dataset="tiny", ep_way="inf")
    expected = "The link's value “inf” for “n-way” is not possible here; the usual “5” is shown."
    assert page.warning[0].value.replace("\\", "") == expected
    page.button(key="ep_redraw").click().run()
    assert page.warning, "it stays while what it says is so"
    page.number_input(key="ep_way").set_value(4).run()
    assert not page.warning


# --- the pool ----------------------------------------------------------------------------------------------------------------


def test_a_pool_goes_from_page_to_page_until_it_is_taken_off(seen: list[dict]) -> None:
    page = open_page("metadata", dataset="tiny", md_classes="corner:middle")
    page.button(key="md_use").click().run()
    for name in ("episodes", "train", "ablation", "start"):
        page.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
        assert "corner \\= 'middle'" in page.button(key="pool_chip").label and not page.exception, name
        assert page.query_params["pool"] == "corner = 'middle'", name
    page.button(key="pool_chip").click().run()
    assert "pool_chip" not in [button.key for button in page.button] and "pool" not in page.query_params
    page.switch_page(str(ROOT / "pages" / "episodes.py")).run()
    assert "pool_chip" not in [button.key for button in page.button]


@pytest.mark.parametrize("pool", ["inf", "count > > 2", "", "count > 1000", "class_id IN (SELECT * FROM '/etc/passwd')"])
@pytest.mark.parametrize("name", ["start", "train"])
def test_a_pool_that_cannot_be_is_said_and_all_classes_are_drawn_from(name: str, pool: str, seen: list[dict]) -> None:
    page = open_page(name, dataset="tiny", pool=pool)
    assert "any thing may be drawn" in page.warning[0].value and not page.error and "pool" not in page.query_params


def test_every_spec_of_a_page_is_drawn_from_the_pool(seen: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(server.board(), "submit", lambda spec, *more: asked.append(spec))
    for name, button in (("start", "start_go"), ("train", "tr_go"), ("ablation", "ab_go")):
        page = open_page(name, dataset="tiny", pool="count > 1", tr_strategy="uniform", where="count < 9", ab_way="2")
        page.button(key=button).click().run()
        wanted = "(count > 1) AND (count < 9)" if name == "train" else "count > 1"
        runs = [run for spec in asked for run in getattr(spec, "runs", [getattr(spec, "run", spec)])]
        assert runs and {run.evaluation.where for run in runs} == {wanted}, name
        asked.clear()
