"""The *Episodes* page: a task to look at, lock, swap and save; bad input is one sentence and loses nothing."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.data.dataset import Dataset
from metadash.episodes.sampler import draw
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, tiny_description, write_photos
from tests.pages.page import BROKEN_CONDITIONS, open_page, said


@pytest.fixture
def page(own_workspace, monkeypatch) -> AppTest:
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    return open_page("episodes", dataset="tiny", ep_way="4", ep_query="3")


def task(page: AppTest):
    return page.session_state["ep_task"]


def classes(page: AppTest) -> list[int]:
    return task(page).manifest.classes[0].tolist()


def test_the_task_is_said_in_a_sentence_and_is_the_one_the_sampler_draws(page: AppTest, tiny: Dataset) -> None:
    assert page.title[0].value == "What does one task look like?"
    assert said(page, "#### Tell 4 things apart after seeing 1 example of each.")
    assert said(page, "12 queries are asked; guessing gets 25 % of them right.")
    spec = EpisodeSpec(Pool("family-0"), n_way=4, n_shot=1, n_query=3, strategy="siblings", column="family")
    assert said(page, f"episode {draw(tiny, spec).hash}")


def test_the_page_opens_with_a_task_that_the_data_set_can_serve(tmp_path, monkeypatch) -> None:
    """Two things of a kind among the validation classes, six pictures of each."""
    workspace = Workspace(tmp_path)
    write_photos(workspace, description=tiny_description("photos", sibling_column="corner", default_split="family-0"))
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    page = open_page("episodes", dataset="photos")
    assert not page.error and said(page, "#### Tell 2 things apart") and page.number_input(key="ep_query").value == 5


def test_each_class_has_its_pictures_its_metadata_and_hover_text(page: AppTest, tiny: Dataset) -> None:
    rows = [html.value for html in page.html if "md-grid" in html.value]
    assert len(rows) == 4 and all(row.count("<img") == 1 + 3 for row in rows)
    support = task(page).manifest.support[0, 0, 0]
    assert f'title="support 1, instance {support}\nsite: {tiny.instances["site"][support]}' in rows[0]
    page.multiselect(key="ep_sources").set_value(["nothing", "place"]).run()
    assert said(page, f"remark **missing** · corner **{tiny.classes['corner'][classes(page)[0]]}**")


def test_redrawing_is_the_next_seed_and_what_is_locked_stays(page: AppTest) -> None:
    first = classes(page)
    page.button(key="ep_lock_2").click().run()
    seen = set()
    for _ in range(6):
        page.button(key="ep_redraw").click().run()
        assert classes(page)[2] == first[2] and not page.error
        seen.add(task(page).manifest.hash)
    assert len(seen) == 6 and page.number_input(key="ep_seed").value == 6
    page.button(key="ep_lock_2").click().run()
    assert not task(page).locked


def test_one_class_is_swapped_and_the_others_stay(page: AppTest) -> None:
    page.selectbox(key="ep_strategy").set_value("uniform").run()
    first = classes(page)
    page.button(key="ep_swap_1").click().run()
    assert classes(page)[1] not in first and [c for i, c in enumerate(classes(page)) if i != 1] == [first[0], first[2], first[3]]
    assert said(page, "1 swapped by hand")


def test_one_instance_is_swapped(page: AppTest) -> None:
    before = task(page).manifest
    page.get_by_key("ep_instance_0").click("Swap query 2").run()
    after = task(page).manifest
    assert (before.query[0] != after.query[0]).sum() == 1 and before.query[0, 0, 1] != after.query[0, 0, 1]
    assert np.array_equal(before.support, after.support)


def test_a_swap_that_is_impossible_is_said_and_changes_nothing(page: AppTest) -> None:
    page.number_input(key="ep_way").set_value(5).run()  # the whole family
    before = task(page).manifest.hash
    page.button(key="ep_swap_0").click().run()
    one_sentence(page.warning[0].value.replace("\\", ""))
    assert task(page).manifest.hash == before and not page.exception
    page.run()
    assert not page.warning


def test_too_many_ways_is_one_sentence_and_nothing_is_lost(page: AppTest) -> None:
    page.button(key="ep_lock_0").click().run()
    before = task(page)
    page.number_input(key="ep_way").set_value(500).run()
    assert "n_way is 500" in one_sentence(page.error[0].value)
    page.number_input(key="ep_way").set_value(4).run()
    assert not page.error and task(page).manifest.hash == before.manifest.hash and task(page).locked == before.locked


def test_a_class_that_is_short_names_itself(page: AppTest) -> None:
    page.number_input(key="ep_query").set_value(100).run()
    assert "has 30 instances; this episode needs 1 + 100" in one_sentence(page.error[0].value)


@pytest.mark.parametrize(("where", "words"), BROKEN_CONDITIONS)
def test_a_condition_that_does_not_run_is_one_sentence(page: AppTest, where: str, words: str) -> None:
    page.text_input(key="where").set_value(where).run()
    assert words in one_sentence(page.error[0].value.replace("\\", ""))
    assert page.text_input(key="where").value == where and not page.exception


def test_a_condition_that_selects_nothing_is_said(page: AppTest) -> None:
    page.text_input(key="where").set_value("count > 1000").run()
    assert "No test class meets the condition" in page.error[0].value and not page.exception


def test_a_condition_narrows_the_pool(page: AppTest, tiny: Dataset) -> None:
    page.selectbox(key="ep_strategy").set_value("uniform")
    page.text_input(key="where").set_value("corner IN ('middle', 'upper left')").run()
    assert set(tiny.classes["corner"][classes(page)]) <= {"middle", "upper left"} and said(page, "that meet the condition")


def test_columns_of_nulls_are_not_offered(page: AppTest) -> None:
    assert "remark" not in page.selectbox(key="ep_siblings").options
    page.selectbox(key="ep_strategy").set_value("disjoint").run()
    assert "blank" not in page.selectbox(key="ep_disjoint").options and page.selectbox(key="ep_disjoint").value == "site"


def test_disjoint_tasks_keep_support_and_query_apart(page: AppTest, tiny: Dataset) -> None:
    page.selectbox(key="ep_strategy").set_value("disjoint").run()
    page.button(key="ep_lock_0").click().run()
    page.button(key="ep_redraw").click().run()
    page.button(key="ep_swap_1").click().run()
    manifest, site = task(page).manifest, tiny.instances["site"].to_numpy()
    assert not page.error and not set(site[manifest.support.ravel()]) & set(site[manifest.query.ravel()])


def test_zero_shots_are_asked_from_metadata_alone(page: AppTest) -> None:
    page.number_input(key="ep_shot").set_value(0).run()
    assert said(page, "from their metadata alone") and not page.exception


def test_a_saved_episode_is_opened_again_with_its_controls(page: AppTest, own_workspace) -> None:
    page.text_input(key="where").set_value("class_id >= 0").run()
    page.selectbox(key="ep_strategy").set_value("uniform").run()
    page.button(key="ep_swap_0").click().run()
    saved = task(page).manifest
    page.text_input(key="ep_name").set_value("a *telling* one").run()
    page.button(key="ep_save").click().run()
    assert json.loads((own_workspace.episodes / f"{saved.hash}.json").read_text())["name"] == "a *telling* one"
    page.text_input(key="where").set_value("").run()
    page.selectbox(key="ep_strategy").set_value("siblings").run()
    page.number_input(key="ep_seed").set_value(7).run()
    assert task(page).manifest.hash != saved.hash
    page.button(key=f"ep_open_{saved.hash}").click().run()
    assert task(page).manifest.hash == saved.hash and not page.error
    assert (
        page.text_input(key="where").value,
        page.selectbox(key="ep_strategy").value,
        page.number_input(key="ep_seed").value,
    ) == ("class_id >= 0", "uniform", 0)


def test_an_episode_that_vanished_is_said(page: AppTest, own_workspace) -> None:
    page.button(key="ep_save").click().run()
    button = next(button for button in page.button if str(button.key).startswith("ep_open_"))
    before = task(page).manifest.hash
    (own_workspace.episodes / f"{before}.npz").unlink()
    button.click().run()
    assert "no saved episodes" in one_sentence(page.warning[0].value.replace("\\", "")) and task(page).manifest.hash == before


def test_what_the_learner_sees_has_shapes_labels_and_sources(page: AppTest) -> None:
    page.session_state["ep_learner"] = True
    page.run()
    table = next(element.value for element in page.markdown if "| tensor |" in element.value)
    assert "`[4, 1, 28, 28]`" in table and "`[12, 28, 28]`" in table and "from 0 to 3" in table
    assert "place" in page.dataframe[-1].value["source"].tolist()
    assert any(re.findall(r"<span>(label \d)", html.value) == [f"label {n}" for n in range(4)] for html in page.html)


def test_a_link_brings_back_the_task(own_workspace, monkeypatch) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    chosen = {"ep_way": "3", "ep_shot": "2", "ep_strategy": "uniform", "ep_role": "train", "ep_seed": "5", "where": "count > 1"}
    page = open_page("episodes", dataset="tiny", **chosen)
    spec = task(page).spec
    assert (spec.n_way, spec.n_shot, spec.strategy, spec.pool, spec.seed) == (
        3,
        2,
        "uniform",
        Pool("family-0", "train", "count > 1"),
        5,
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"ep_way": "99999"},
        {"ep_seed": "-1"},
        {"ep_split": "nope"},
        {"ep_role": "nope"},
        {"ep_siblings": "remark"},
        {"where": "'"},
    ],
)
def test_an_odd_link_never_breaks_the_page(own_workspace, monkeypatch, odd: dict) -> None:
    monkeypatch.setenv("METADASH_WORKSPACE", str(own_workspace.root))
    page = open_page("episodes", dataset="tiny", **odd)
    assert page.title[0].value == "What does one task look like?"
    for error in page.error:
        one_sentence(error.value.replace("\\", ""))


def test_another_data_set_brings_its_own_columns_and_task(glyphs_workspace, tiny_workspace, tmp_path, monkeypatch) -> None:
    both = copy_workspace(tiny_workspace, tmp_path / "both")
    (both.datasets / "glyphs").symlink_to(glyphs_workspace.datasets / "glyphs")
    monkeypatch.setenv("METADASH_WORKSPACE", str(both.root))
    page = open_page("episodes", dataset="glyphs", ep_split="base_letter-3", ep_sources="accents")
    page.button(key="ep_lock_0").click().run()
    page.selectbox(key="dataset").set_value("tiny").run()
    assert not page.exception and not page.error and task(page).spec.column == "family" and not task(page).locked
    assert task(page).spec.pool.split == "family-0" and said(page, "Tell 5 things apart")
