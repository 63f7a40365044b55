"""The *Prototypes* page: a map of one task, computed in a job, with what it says in a sentence above it."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from metadash.answers.map_sentence import one_task, task_sentence
from metadash.dashboard.prototypes.beside import START, as_spec, besides, in_link
from metadash.dashboard.prototypes.map_figure import (
    Colouring,
    colour_columns,
    colouring,
    export_table,
    hover_texts,
    legend_html,
    map_figure,
    nearest_rows,
    steps_or_categories,
)
from metadash.dashboard.use.tray import STATE
from metadash.data.dataset import Dataset
from metadash.episodes.saved import reopen, saved_episodes
from metadash.figures.palette import DARK, LIGHT
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import JobFolder, all_jobs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run
from tests.pages.conftest import MAP, PLAIN_MAP
from tests.pages.page import cancelled_is_offered_again, ends_just_after_it_was_read, open_page, said


def linked(workspace: Workspace, dataset: Dataset, spec: MapSpec, **more: str) -> AppTest:
    """The page at the link to one map."""
    return open_page(
        "prototypes",
        dataset="tiny",
        pr_run=run_digest(spec.run, dataset),
        pr_episode=str(spec.episode + 1),
        pr_background=str(spec.background),
        pr_perplexity=f"{spec.perplexity:g}",
        **more,
    )


def the_maps(page: AppTest) -> list:
    """The canvases on the page."""
    return [one for one in page.get("bidi_component") if one.proto.component_name.endswith("metadash_map")]


@pytest.fixture
def points(trained: Workspace, tiny: Dataset) -> pd.DataFrame:
    run = RunStore(trained).find(MAP, tiny)
    assert run is not None
    return run.frame("points")


def test_with_no_runs_it_says_what_to_do_and_how_long_it_takes(untrained: Workspace) -> None:
    page = open_page("prototypes", dataset="tiny")
    assert said(page, "Nothing has been trained on this data set yet.") and said(page, "with the quick preset")


def test_a_stored_map_is_there_at_once_with_its_sentence(trained: Workspace, tiny: Dataset, points: pd.DataFrame) -> None:
    page = linked(trained, tiny, MAP)
    task = one_task(points)
    assert said(page, f"#### In this task the learner is right in {task.right} of 25 queries")
    assert said(page, f"and in {task.right_plainly} with the plain ones") and said(page, "One task says little about others")
    assert len(the_maps(page)) == 1
    assert any("perplexity 8, started from principal components, seed 0" in line.value for line in page.markdown)


def test_counts_of_one_task_are_read_off_its_points(points: pd.DataFrame) -> None:
    queries = points[points["kind"] == "query"]
    task = one_task(points)
    assert task.queries == len(queries) == 25 and set(task.queries_of.values()) == {5} and task.fused
    assert task.right == (queries["predicted"] == queries["class_id"]).sum()
    assert sum(task.gains.values()) == task.right - task.right_plainly


def test_the_sentence_names_who_gains_most_or_says_that_nobody_does() -> None:
    queries = pd.DataFrame({"kind": "query", "class_id": [1, 1, 2, 2], "plainly_predicted": [2, 1, 2, 2]})
    prototypes = pd.DataFrame({"kind": ["prototype"], "class_id": [1]})
    names = {1: "one", 2: "two"}

    def sentence(predicted: list[int]) -> str:
        return task_sentence(one_task(pd.concat([queries.assign(predicted=predicted), prototypes])), names)

    assert sentence([1, 1, 2, 2]).endswith("(+25.0 points). “one” gains most: 1 of its 2.")
    assert sentence([2, 1, 1, 2]).endswith("No class gains; “two” loses 1 of its 2.")
    assert sentence([2, 1, 2, 2]).endswith("(0.0 points).")


def test_a_learner_without_metadata_has_a_map_without_arrows(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, PLAIN_MAP)
    assert said(page, "#### In this task the learner is right in ") and not said(page, "moved, and in")
    assert not said(page, "anchors")


def test_another_task_asks_first_and_says_how_long_it_takes(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, MAP)
    page.number_input(key="pr_episode").set_value(7).run()
    assert said(page, "Pressing the button arranges test task 7 among 120 other test instances.")
    assert any("on this machine" in caption.value for caption in page.caption) and not the_maps(page)


def test_no_more_instances_are_promised_than_there_are(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, MAP)
    page.number_input(key="pr_background").set_value(1500).run()
    tests, test = MAP.run.evaluation, tiny.split(MAP.run.split)["test"]
    others = np.isin(tiny.class_of, test).sum() - tests.n_way * (MAP.n_shot + tests.n_query)
    assert others < 1500 and said(page, f"Pressing the button arranges test task 3 among all {others} other test instances.")
    drawn = train(dataclasses.replace(MAP, background=1500), trained).frame("points")
    assert (drawn["kind"] == "instance").sum() == others


def test_pressing_the_button_queues_a_job_and_shows_its_progress(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = linked(trained, tiny, MAP)
    page.number_input(key="pr_episode").set_value(7).run()
    page.button(key="pr_go").click().run()
    (job,) = all_jobs(trained)
    assert isinstance(job.spec, MapSpec) and job.spec.episode == 6 and job.spec.run == MAP.run
    cancelled_is_offered_again(page, "pr")


def test_a_map_that_is_finished_while_the_page_reads_is_shown(
    trained: Workspace, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_just_after_it_was_read(MAP, trained, monkeypatch)
    page = linked(trained, tiny, MAP)
    assert the_maps(page) and "pr_go" not in [button.key for button in page.button]


def test_a_map_that_failed_shows_its_reason(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = linked(trained, tiny, MAP)
    page.number_input(key="pr_episode").set_value(7).run()
    page.button(key="pr_go").click().run()
    JobFolder(trained, all_jobs(trained)[0].digest).write_progress(state="failed", message="Nothing to arrange.", fraction=0.1)
    page.run()
    assert any("Nothing to arrange" in warning.value for warning in page.warning)


def test_a_run_of_an_earlier_version_is_said_to_be_trained_anew(
    trained: Workspace, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metadash.runs.kinds.code_version", lambda: "another version")
    page = open_page("prototypes", dataset="tiny")
    assert said(page, "was trained by an earlier version of MetaDash and is trained anew first")


def test_settings_that_cannot_be_are_one_sentence(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, MAP)
    page.number_input(key="pr_perplexity").set_value(100).run()
    (error,) = page.error
    assert "needs at least 300 background instances" in one_sentence(error.value) and not page.exception
    page.number_input(key="pr_perplexity").set_value(8).run()
    assert not page.error and the_maps(page)


def test_a_damaged_map_is_one_sentence(trained: Workspace, tiny: Dataset) -> None:
    (trained.runs / run_digest(MAP, tiny) / "points.parquet").write_bytes(b"")
    page = linked(trained, tiny, MAP)
    (error,) = page.error
    assert "is damaged" in one_sentence(error.value) and not page.exception


def test_a_link_to_a_run_that_is_gone_says_so(trained: Workspace) -> None:
    page = open_page("prototypes", dataset="tiny", pr_run="gone")
    assert any("not stored here: gone" in one_sentence(warning.value) for warning in page.warning)


def test_the_map_is_not_sent_anew_while_nothing_on_it_changes(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, MAP)
    before = the_maps(page)[0].proto.json
    page.run()
    assert the_maps(page)[0].proto.json == before and len(before) < 60_000
    page.selectbox(key="pr_colour").set_value("corner").run()
    sent = json.loads(the_maps(page)[0].proto.json)
    assert sent["column"] == "corner" and "middle" in sent["labels"]


def test_every_layer_of_the_map_is_drawn_and_carries_the_numbers_of_its_points(points: pd.DataFrame, tiny: Dataset) -> None:
    colours = colouring(points, tiny, None, LIGHT)
    figure = map_figure(points, colours, hover_texts(points, tiny, None), LIGHT, "a map")
    drawn = np.concatenate([np.asarray(trace.customdata) for trace in figure.data])
    assert sorted(drawn) == list(range(len(points)))
    assert {trace.name for trace in figure.data} >= {"instances", "support", "anchors", "plain prototypes", "prototypes"}
    assert len(figure.layout.annotations) == 5 and figure.layout.uirevision == "a map"


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_whatever_colours_the_map_ten_are_the_most_and_every_instance_is_counted(
    points: pd.DataFrame, tiny: Dataset, palette
) -> None:
    is_instance = points["row"] >= 0
    for place in [None, *colour_columns(tiny).values()]:
        found = colouring(points, tiny, place, palette)
        assert len(found.labels) == len(found.colours) == len(found.counts) <= 10
        assert sum(found.counts) == is_instance.sum(), place
        assert len(found.of_points(palette.text)) == len(points)


def test_columns_that_say_nothing_are_not_offered(tiny: Dataset) -> None:
    offered = {column for _, column in colour_columns(tiny).values()}
    assert {"corner", "family", "size", "is_round", "found", "site", "taken"} <= offered
    assert offered.isdisjoint({"remark", "blank", "class_id", "instance_id", "description"})


def test_many_values_become_the_most_frequent_and_other_and_numbers_become_steps() -> None:
    labels, code = steps_or_categories(pd.Series([f"v{i}" for i in range(20) for _ in range(20 - i)]))
    assert labels == [*[f"v{i}" for i in range(8)], "other"] and (np.bincount(code)[:2] == [20, 19]).all()
    labels, code = steps_or_categories(pd.Series(np.arange(100.0)))
    assert labels[0] == "0 to 19" and len(labels) == 5 and (np.bincount(code) == 20).all()
    labels, code = steps_or_categories(pd.Series([1.0, None, 2.0]))
    assert labels == ["1.0", "2.0", "missing"] and code.tolist() == [0, 2, 1]


def test_names_from_the_data_are_text_and_never_markup() -> None:
    legend = legend_html(Colouring(("<script>alert(1)</script>",), ("#000000",), np.zeros(1, int), (1,)))
    assert "<script>" not in legend


def test_hover_says_what_a_point_is_and_what_was_answered(points: pd.DataFrame, tiny: Dataset) -> None:
    texts = hover_texts(points, tiny, ("classes", "corner"))
    query = int(np.flatnonzero(points["kind"] == "query")[0])
    assert "answered: thing" in texts[query] and "corner: " in texts[query] and "site: site" in texts[query]
    anchor = int(np.flatnonzero(points["kind"] == "anchor")[0])
    assert "anchor" in texts[anchor] and "site" not in texts[anchor]


def test_the_download_names_every_class(points: pd.DataFrame, tiny: Dataset) -> None:
    table = export_table(points, tiny)
    assert len(table) == len(points) and table["class_name"].str.startswith("thing").all()
    assert (table.loc[table["kind"] == "query", "predicted_name"] != "").all() and {"x", "y"} <= set(table)


def test_a_map_is_a_job_whose_result_depends_on_its_settings_only(trained: Workspace, points: pd.DataFrame) -> None:
    again = train(MAP, trained)
    pd.testing.assert_frame_equal(again.frame("points"), points)
    other = dataclasses.replace(MAP, perplexity=9.0)
    assert run_digest(other, Dataset.open(trained, "tiny")) != again.digest


def test_the_instances_of_the_task_become_an_episode_of_the_same_classes(
    trained: Workspace, tiny: Dataset, points: pd.DataFrame
) -> None:
    page = linked(trained, tiny, MAP)
    page.button(key="pr_episode_of").click().run()
    assert page.title[0].value == "What does one task look like?" and not page.error and not page.warning
    (entry,) = saved_episodes(trained, tiny)
    manifest = reopen(trained, tiny, entry)
    assert (
        set(manifest.rows) == set(points.loc[points["kind"].isin(["query", "support"]), "row"]) and len(manifest.classes[0]) == 5
    )
    assert said(page, f"episode {manifest.hash}") and page.session_state["ep_way"] == 5


def test_their_classes_become_the_pool(trained: Workspace, tiny: Dataset, points: pd.DataFrame) -> None:
    page = linked(trained, tiny, MAP)
    page.button(key="pr_pool_of").click().run()
    assert page.title[0].value == "What does one task look like?" and not page.error
    chip = page.button(key="pool_chip").label
    assert chip.startswith("Class pool of 5 ") and all(
        str(c) in chip for c in set(points.loc[points["kind"] == "query", "class_id"])
    )


def test_the_learner_of_the_map_labels_them_by_the_support_of_the_task(
    trained: Workspace, tiny: Dataset, points: pd.DataFrame
) -> None:
    page = linked(trained, tiny, MAP)
    page.button(key="pr_use").click().run()
    assert (
        page.title[0].value == "What are these?" and not page.error and page.session_state["us_run"] == run_digest(MAP.run, tiny)
    )
    tray = page.session_state[STATE]["tiny"]
    assert set(tray.rows) == set(points.loc[points["kind"] == "support", "row"])
    assert {one.row for one in tray.asked["pick"]} == set(points.loc[points["kind"] == "query", "row"])
    assert said(page, "25 images to label as one of 5")


def test_neighbours_of_a_selection_are_listed_with_their_distances(
    trained: Workspace, tiny: Dataset, points: pd.DataFrame
) -> None:
    page = linked(trained, tiny, MAP)
    assert page.button(key="pr_near_go").disabled and "distance" not in page.dataframe[0].value
    one = int(points.loc[points["kind"] == "query", "row"].iloc[0])
    found, far = nearest_rows(points, RunStore(trained).find(MAP, tiny).array("vectors"), [one], 24)
    assert len(found) == 24 and one not in found and (np.diff(far) >= 0).all()


def test_two_learners_stand_beside_each_other_on_the_same_axes(trained: Workspace, tiny: Dataset) -> None:
    page = linked(trained, tiny, MAP)
    assert said(page, "##### Most often confused") and len(json.loads(the_maps(page)[0].proto.json)["panes"]) == 1
    other = run_digest(PLAIN_MAP.run, tiny)
    both = train(dataclasses.replace(MAP, beside=PLAIN_MAP.run, method="pca"), trained)
    page.session_state["pr_beside"] = other
    page.session_state["pr_method"] = "pca"
    page.run()
    sent = json.loads(the_maps(page)[0].proto.json)
    assert len(sent["panes"]) == 2 and all(pane["title"] for pane in sent["panes"])
    assert (
        f"Trustworthiness {both.summary['trustworthiness'][0]:.2f} and" in sent["note"] and "Principal components" in sent["note"]
    )
    assert "answered beside" in page.dataframe[0].value and said(page, "both see every instance at the same place")
    assert page.query_params["pr_beside"] in (other, [other])


def test_a_learner_stands_beside_itself_told_nothing_of_a_source(trained: Workspace, tiny: Dataset) -> None:
    spec = dataclasses.replace(MAP, without="place", method="pca", perplexity=30.0)
    drawn = train(spec, trained)
    page = linked(trained, tiny, spec, pr_method="principal components", **in_link(spec, drawn.summary["needs"]))
    (canvas,) = the_maps(page)
    assert [pane["title"] for pane in json.loads(canvas.proto.json)["panes"]][1] == "Itself without place"
    here, there = (one_task(drawn.frame(name)).right for name in ("points", "points_beside"))
    assert there == one_task(drawn.frame("points")).right_plainly, "it reads nothing else"
    assert said(page, f"Beside it, told nothing of place, it is right in {there} of 25 queries (here {here});")


def test_only_a_learner_that_takes_steps_is_offered_its_start_and_only_what_it_reads_can_be_hidden() -> None:
    told, adapts = tiny_run(("place", "size")), tiny_run(learner="maml")
    assert list(besides(told, ["abc"], str.upper)) == ["", "without place", "without size", "abc"]
    assert list(besides(adapts, [], str)) == ["", START]
    assert (
        as_spec(START, {}) == {"before_steps": True}
        and as_spec("without size", {}) == {"without": "size"}
        and not as_spec("", {})
    )
    assert in_link(MapSpec(adapts, before_steps=True), ["a"]) == {"pr_beside": START} and in_link(MapSpec(told), ["a"]) == {}


def test_a_pair_that_is_confused_can_be_seen_on_the_map(trained: Workspace, tiny: Dataset, points: pd.DataFrame) -> None:
    page = linked(trained, tiny, MAP)
    assert said(page, "Taken for each other in ") and said(page, "; without metadata in ")
    page.button(key="pr_pair_0").click().run()
    asked = [
        json.loads(one.proto.json)["answer"] for one in page.get("bidi_component") if one.proto.component_name.endswith("relay")
    ]
    (focus,) = [one["focus"] for one in asked if one and "focus" in one]
    classes = set(points.loc[points["row"].isin(focus), "class_id"])
    assert len(classes) == 2 and len(focus) == (points["class_id"].isin(classes) & (points["row"] >= 0)).sum()
    page.run()
    assert not [
        one for one in page.get("bidi_component") if one.proto.component_name.endswith("relay") and '"focus"' in one.proto.json
    ]


def test_a_link_selects_the_rows_that_it_names_and_says_which_it_cannot(
    trained: Workspace, tiny: Dataset, points: pd.DataFrame
) -> None:
    one = int(points.loc[points["kind"] == "instance", "row"].iloc[3])
    link = {"pr_run": run_digest(MAP.run, tiny), "pr_episode": "3", "pr_background": "120", "pr_perplexity": "8"}
    page = open_page("prototypes", dataset="tiny", **link, pr_rows=str(one))
    assert json.loads(the_maps(page)[0].proto.json)["selected"] == [one] and said(page, "##### 1 instance selected")
    assert not page.warning and len(page.dataframe[0].value) == 1
    odd = open_page("prototypes", dataset="tiny", **link, pr_rows="nobody")
    assert any("Selected on the map" in one_sentence(warning.value) for warning in odd.warning) and said(
        odd, "The instances of this task"
    )
