"""The *Adaptation* page: one task, step by step, computed in a job, with what it comes to in a sentence above it."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from metadash.answers.inner_steps import Adapted, advice, details, headline, queries_table, read_adaptation, steps_table
from metadash.dashboard.adaptation.player import component
from metadash.dashboard.adaptation.query_grid import (
    MOST_COLUMNS,
    bins,
    cut_words,
    picture_of,
    query_grid,
    read_episode,
    shown_steps,
)
from metadash.dashboard.adaptation.step_charts import LABEL_GAP, Line, apart, over_steps
from metadash.dashboard.train import queue
from metadash.data.dataset import Dataset
from metadash.figures.palette import DARK, LIGHT
from metadash.learners.core.options import read_options
from metadash.learners.registry import LEARNERS
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import JobFolder, all_jobs
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.run import RunSpec
from metadash.specs.views import AdaptationSpec
from metadash.stats.words import THIN
from metadash.workspace import Workspace
from tests.builders import copy_workspace, one_sentence, tiny_evaluation, tiny_run
from tests.pages.page import cancelled_is_offered_again, ends_just_after_it_was_read, open_page, said, shared


def run_of(learner: str, text: str = "", sources: tuple[str, ...] = ()) -> RunSpec:
    return tiny_run(
        sources,
        learner=learner,
        options=read_options(text),
        steps=20,
        learning_rate=LEARNERS[learner].learning_rate,
        evaluation=tiny_evaluation(n_episodes=20, shots=(1, 2)),
    )


MAML, LSTM = run_of("maml", "inner_lr=0.3"), run_of("meta-lstm", "inner_steps=3")
INFORMED, PROTOTYPES = run_of("protomaml", sources=("place",)), run_of("prototypical")
LOOKS = [AdaptationSpec(MAML, 2), AdaptationSpec(MAML, 2, steps=20), AdaptationSpec(LSTM, 2), AdaptationSpec(INFORMED, 2)]


@pytest.fixture(scope="module")
def with_looks(tiny_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copy_workspace(tiny_workspace, tmp_path_factory.mktemp("adapting") / "workspace")
    for spec in [*LOOKS, PROTOTYPES]:
        train(spec, workspace)
    return workspace


@pytest.fixture
def trained(with_looks: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch, served: None) -> Workspace:
    workspace = copy_workspace(with_looks, tmp_path / "trained", "datasets", "runs", "episodes")
    monkeypatch.setenv("METADASH_WORKSPACE", str(workspace.root))
    return workspace


def linked(dataset: Dataset, spec: AdaptationSpec, **more: str) -> AppTest:
    """The page at the link to one look."""
    return open_page("adaptation", dataset="tiny", ad_run=run_digest(spec.run, dataset), ad_episode=str(spec.episode + 1), **more)


def look(workspace: Workspace, tiny: Dataset, spec: AdaptationSpec) -> Run:
    found = RunStore(workspace).find(spec, tiny)
    assert found is not None
    return found


def grids(page: AppTest) -> list[str]:
    return [element.proto.body for element in page.get("html") if 'class="ad-grid"' in element.proto.body]


# --- the page ----------------------------------------------------------------------------------------------------------------


def test_with_no_learner_that_adapts_it_says_which_do_and_how_to_train_one(untrained: Workspace) -> None:
    page = open_page("adaptation", dataset="tiny")
    assert page.title[0].value == "What does the inner loop do?"
    assert said(page, "No learner that adapts has been trained on this data set yet.")
    assert said(page, "for MAML with the quick preset. These adapt: MAML, First-order MAML, ANIL")


def test_a_stored_look_is_there_at_once_with_its_sentence_pictures_and_downloads(trained: Workspace, tiny: Dataset) -> None:
    run = look(trained, tiny, LOOKS[0])
    page = linked(tiny, LOOKS[0])
    seen = read_adaptation(run.frame("steps"), run.frame("queries"), run.frame("prototypes"), 5)
    assert said(page, f"#### {headline(seen)}") and said(page, f"{seen.turned_right} of 25 queries turn right on the way")
    assert said(page, "This is one task: its counts are exact and say little about others. Over all 20 test tasks and 1 seed")
    assert len(page.get("plotly_chart")) == 2 and len(grids(page)) == 1 and len(page.get("download_button")) == 2
    assert said(page, f"At step 5, {seen.right[5]} of 25 queries are answered rightly.")
    section = shared(page)
    assert section.told[0] == headline(seen) and "Over all 20 test tasks" in section.small and len(section.pictures) == 2
    ends = section.numbers["What each query is taken for at the end"]
    assert int((ends["class"] == ends["taken for"])[ends["by"] == "learner"].sum()) == seen.right[-1]
    assert len(section.numbers["Step by step"]) == 6 and run.digest in section.repeat[-1]
    assert f"test task 3, 1 shot, 5 steps, of the run {run_digest(MAML, tiny)}" in section.repeat[0]


def test_the_slider_or_the_link_shows_an_earlier_step(trained: Workspace, tiny: Dataset) -> None:
    page = linked(tiny, LOOKS[0], ad_step="2")
    queries = look(trained, tiny, LOOKS[0]).frame("queries").query("step == 2")
    right = (queries["predicted"] == queries["class_id"]).sum()
    assert page.slider(key="ad_step").value == 2
    assert said(page, f"At step 2, {right} of 25 queries are answered rightly.")
    page.slider(key="ad_step").set_value(0).run()
    assert said(page, "At step 0, ")


def test_the_player_sets_the_slider_to_steps_that_there_are_and_to_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict = {component.STEP: 5}
    monkeypatch.setattr(component.st, "session_state", held)
    for sent, shown in ((3, 3), (0, 0), (6, 0), (-1, 0), (True, 0), ("2", 0), (None, 0), (5, 5)):
        held[component.KEY] = SimpleNamespace(step=sent)
        component.go_to(5)
        assert held[component.STEP] == shown


def test_more_steps_than_scored_are_chosen_by_link_and_marked_in_the_chart(trained: Workspace, tiny: Dataset) -> None:
    page = linked(tiny, LOOKS[1], ad_steps="20")
    assert said(page, "#### 20 steps take this task from ") or said(page, "#### 20 steps leave this task at ")
    assert said(page, "It was scored with 5 steps, which give ")
    assert "scored here" in page.get("plotly_chart")[0].proto.spec


def test_the_gates_of_the_lstm_meta_learner_have_a_chart_of_their_own(trained: Workspace, tiny: Dataset) -> None:
    page = linked(tiny, LOOKS[2])
    assert len(page.get("plotly_chart")) == 4 and said(page, "Forget gate: 1 keeps every weight as it is")
    assert not said(linked(tiny, LOOKS[0]), "Forget gate")


def test_with_metadata_the_prototype_is_shown_with_and_without_it(trained: Workspace, tiny: Dataset) -> None:
    page = linked(tiny, LOOKS[3])
    assert any(
        re.search(r"a prototype over the same backbone gets \d+.%, \d+.% with the metadata\.", m.value) for m in page.markdown
    )
    assert "prototype with metadata" in grids(page)[0] and "prototype with metadata" not in grids(linked(tiny, LOOKS[0]))[0]


def test_another_task_asks_first_and_then_queues_one_job(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = linked(tiny, LOOKS[0])
    page.number_input(key="ad_episode").set_value(7).run()
    assert said(page, "Pressing the button lets MAML take 5 steps on the 5 labelled examples of test task 7.")
    assert said(page, "on this machine with") and not page.get("plotly_chart")
    page.button(key="ad_go").click().run()
    (job,) = all_jobs(trained)
    assert job.spec == AdaptationSpec(MAML, 6) and job.title.startswith("Adaptation to episode 7, 5 steps: MAML (quick)")
    cancelled_is_offered_again(page, "ad")


def test_a_look_that_is_finished_while_the_page_reads_is_shown(
    trained: Workspace, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_just_after_it_was_read(LOOKS[0], trained, monkeypatch)
    page = linked(tiny, LOOKS[0])
    assert page.get("plotly_chart") and "ad_go" not in [button.key for button in page.button]


def test_leafing_looks_at_the_next_task_without_a_further_press(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = linked(tiny, LOOKS[0])
    page.button(key="ad_next").click().run()
    assert page.number_input(key="ad_episode").value == 4
    assert [job.spec.episode for job in all_jobs(trained)] == [3] and page.get("progress")
    page = linked(tiny, LOOKS[0])
    page.button(key="ad_previous").click().run()
    assert sorted(job.spec.episode for job in all_jobs(trained)) == [1, 3]
    chosen = set()
    for _ in range(2):
        page = linked(tiny, LOOKS[0])
        page.button(key="ad_random").click().run()
        chosen.add(page.number_input(key="ad_episode").value)
    assert len(chosen) == 1 and 1 <= chosen.pop() <= 20


def test_leafing_never_trains_a_learner_of_an_earlier_version_anew_by_itself(
    trained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metadash.runs.kinds.code_version", lambda: "another version")
    page = open_page("adaptation", dataset="tiny")
    assert said(page, "was trained by an earlier version of MetaDash and is trained anew first")
    page.button(key="ad_next").click().run()
    assert all_jobs(trained) == [] and page.button(key="ad_go")


def test_a_look_that_failed_shows_its_reason(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = linked(tiny, LOOKS[0])
    page.button(key="ad_next").click().run()
    JobFolder(trained, all_jobs(trained)[0].digest).write_progress(state="failed", message="The inner loop diverged.", fraction=0)
    page.run()
    assert any("The inner loop diverged" in warning.value for warning in page.warning)


def test_a_link_to_a_learner_that_does_not_adapt_says_so_in_one_sentence(trained: Workspace, tiny: Dataset) -> None:
    page = open_page("adaptation", dataset="tiny", ad_run=run_digest(PROTOTYPES, tiny))
    (warning,) = page.warning
    assert "Prototypical Networks does not adapt to a task step by step" in one_sentence(warning.value)
    gone = open_page("adaptation", dataset="tiny", ad_run="gone")
    assert any("not stored here: gone" in one_sentence(warning.value) for warning in gone.warning)


def test_a_damaged_look_is_one_sentence(trained: Workspace, tiny: Dataset) -> None:
    (trained.runs / run_digest(LOOKS[0], tiny) / "queries.parquet").write_bytes(b"")
    page = linked(tiny, LOOKS[0])
    (error,) = page.error
    assert "is damaged" in one_sentence(error.value) and not page.exception


def test_train_and_compare_link_to_it_for_learners_that_adapt_only(trained: Workspace, tiny: Dataset) -> None:
    def targets(page: AppTest) -> list[str]:
        return [
            f"{link.proto.page}?{link.proto.query_string}" for link in page.get("page_link") if "adaptation" in link.proto.page
        ]

    compare = [target for target in targets(open_page("compare", dataset="tiny")) if "ad_run" in target]
    assert len(compare) == 3 and not any(run_digest(PROTOTYPES, tiny) in target for target in compare)
    assert any(run_digest(MAML, tiny) in target for target in compare)


def test_a_stored_look_leads_back_to_the_very_task_and_steps(
    trained: Workspace, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: list[dict[str, str]] = []
    monkeypatch.setattr(queue, "link_to", lambda page, *_said, **chosen: links.append(chosen))
    found = RunStore(trained).get(run_digest(LOOKS[1], tiny))
    assert found is not None
    queue.LOOKS["adaptation"](found)
    assert {key: value for key, value in links[0].items() if key.startswith("ad_")} == {
        "ad_run": run_digest(MAML, tiny),
        "ad_episode": "3",
        "ad_shot": "1",
        "ad_steps": "20",
    }


# --- the sentence and the tables ---------------------------------------------------------------------------------------------


def counted(right: tuple[int, ...], own: int = 2, moved: int | None = None, losses: tuple[float, float] = (1.6, 0.4)) -> Adapted:
    return Adapted(len(right) - 1, own, 75, right, 59, moved, 40, 1, losses)


def test_the_sentence_counts_and_compares_with_the_prototype() -> None:
    def read(*values: object, **more: object) -> str:
        return headline(counted(*values, **more)).replace(THIN, " ")

    assert (
        read((23, 50, 63))
        == "2 steps take this task from 31 % to 84 % of 75 queries; a prototype over the same backbone gets 79 %."
    )
    assert (
        read((63, 23))
        == "1 step takes this task from 84 % down to 31 % of 75 queries; a prototype over the same backbone gets 79 %."
    )
    assert read((23, 40, 23)).startswith("2 steps leave this task at 31 % of 75 queries;")
    assert read((23,)).startswith("Without any step, the learner is right in 31 % of 75 queries of this task;")
    assert read((23, 63), moved=60).endswith("gets 79 %, 80 % with the metadata.")


def test_steps_beyond_the_learners_own_are_told_apart_from_those_it_was_scored_with() -> None:
    assert details(counted((23, 50, 63))) == "40 of 75 queries turn right on the way, 1 turns wrong."
    more = details(counted((23, 50, 63, 70))).replace(THIN, " ")
    assert more.endswith("It was scored with 2 steps, which give 84 % here.")
    assert details(counted((23, 50))).endswith("It was scored with 2 steps; these are the first 1.")
    assert details(counted((23,))) == ""


def test_steps_that_hardly_move_or_overshoot_are_named_with_what_to_change() -> None:
    assert advice(counted((23, 63)), "quick") == ""
    assert "only the head adapts" in advice(counted((23, 23), losses=(1.61, 1.55)), "quick")
    assert "too large: the support loss goes up, from 1.77 to 9.21" in advice(counted((23, 23), losses=(1.77, 9.21)), "full")
    assert advice(counted((70, 70), losses=(0.04, 0.04)), "quick") == ""


def test_the_tables_to_take_away_hold_every_number_with_names(trained: Workspace, tiny: Dataset) -> None:
    run = look(trained, tiny, LOOKS[3])
    steps, queries, prototypes, support = (run.frame(name) for name in ("steps", "queries", "prototypes", "support"))
    classes = support["class_id"].drop_duplicates().tolist()
    table = queries_table(queries, prototypes, tiny.classes["class_name"].to_numpy(), classes)
    assert len(table) == len(queries) + len(prototypes) and (table["class_name"].str.startswith("thing")).all()
    assert set(table["by"]) == {"learner", "prototype, plain", "prototype, metadata"}
    np.testing.assert_allclose(table[[f"p_class_{c}" for c in classes]].sum(axis=1), 1, rtol=1e-5)
    own = [table.loc[place, f"p_class_{c}"] for place, c in enumerate(table["class_id"])]
    np.testing.assert_allclose(own, table["probability"])
    wide = steps_table(steps, prototypes)
    plain = prototypes[prototypes["by"] == "plain"]
    assert (wide["prototype_accuracy"] == (plain["predicted"] == plain["class_id"]).mean()).all()
    assert "prototype_with_metadata_accuracy" in wide and len(wide) == len(steps)


# --- grid and charts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_grid_has_a_row_for_every_query_and_a_cross_for_every_wrong_answer(
    trained: Workspace, tiny: Dataset, palette
) -> None:
    run = look(trained, tiny, LOOKS[0])
    queries, prototypes = run.frame("queries"), run.frame("prototypes")
    episode = read_episode(queries, prototypes, run.frame("support"), tiny)
    text = query_grid(episode, picture_of(tiny), palette, 5, 5)
    wrong = (queries["predicted"] != queries["class_id"]).sum() + (prototypes["predicted"] != prototypes["class_id"]).sum()
    assert text.count('scope="row"') == 25 and text.count(">×</td>") == wrong
    assert text.count("<td style=") == 25 * 6 + 25 and cut_words(episode) == ""


def test_at_a_step_every_query_stands_with_the_class_it_is_taken_for(trained: Workspace, tiny: Dataset) -> None:
    run = look(trained, tiny, LOOKS[0])
    queries = run.frame("queries")
    episode = read_episode(queries, run.frame("prototypes"), run.frame("support"), tiny)
    for step in (0, 5):
        text = bins(episode, step, picture_of(tiny), LIGHT)
        now = queries[queries["step"] == step]
        assert text.count('class="ad-item') == 25
        assert text.count("ad-item ad-wrong") == (now["predicted"] != now["class_id"]).sum()


def test_names_from_the_data_are_text_and_never_markup(trained: Workspace, tiny: Dataset) -> None:
    run = look(trained, tiny, LOOKS[0])
    named = Dataset.open(trained, "tiny")
    named.classes["class_name"] = '<img src=x onerror="alert(1)">'
    episode = read_episode(run.frame("queries"), run.frame("prototypes"), run.frame("support"), named)
    for text in (query_grid(episode, picture_of(tiny), LIGHT, 5, 5), bins(episode, 5, picture_of(tiny), LIGHT)):
        assert "<img src=x" not in text and 'onerror="' not in text


def test_of_many_classes_and_queries_some_are_shown_and_it_says_so() -> None:
    n, each = 30, 20
    true = np.repeat(np.arange(n), each)
    answered = pd.DataFrame(
        {"step": 0, "query": np.arange(n * each), "row": 0, "class_id": true, "predicted": true, "probability": 1.0}
    )
    data = Dataset.__new__(Dataset)
    data.classes = pd.DataFrame({"class_name": [f"thing {c}" for c in range(n)]})
    support = pd.DataFrame({"class_id": np.arange(n), "row": 0})
    episode = read_episode(answered, answered.assign(by="plain"), support, data)
    assert (
        cut_words(episode)
        == "Shown: the first 20 of 30 classes and the first 15 of 20 queries of each class; the download holds all."
    )
    text = query_grid(episode, lambda row, alt: "", LIGHT, 0, 0)
    assert text.count("<table") == 20 and text.count('scope="row"') == 300


def test_of_many_steps_the_first_the_last_and_those_wanted_are_columns() -> None:
    assert shown_steps(5) == list(range(6))
    found = shown_steps(100, 7, 33)
    assert found[0] == 0 and found[-1] == 100 and {7, 33} <= set(found) and len(found) <= MOST_COLUMNS + 2


def test_labels_at_the_ends_of_lines_never_overlap() -> None:
    ends, span = [67.0, 66.0, 66.5, 20.0], 116.0
    at = sorted(end / span * 200 + shift for end, shift in zip(ends, apart(ends, span), strict=True))
    assert min(np.diff(at)) >= LABEL_GAP - 0.5 and apart(ends, span)[3] == 0


def test_a_level_is_drawn_over_all_steps_and_one_step_alone_is_a_chart_too() -> None:
    figure = over_steps(
        [Line("queries", [20.0, 60.0, 80.0], "#000000"), Line("prototype", [70.0], "#000000", "dash")], LIGHT, "", 2
    )
    assert list(figure.data[1].x) == [0, 2] and list(figure.data[1].y) == [70, 70]
    assert len(over_steps([Line("queries", [20.0], "#000000")], LIGHT, "", 0).data) == 1
