"""The *Compare* page: paired differences with intervals between stored learners, and never between those that cannot be compared."""

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.answers.stored_arms import StoredArm, stored_arms
from metadash.dashboard import server
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.builders import one_sentence, rewrite, store_scores, tiny_backbone, tiny_evaluation, tiny_run, write_vectors
from tests.pages.page import ROOT, open_page, said


def arms(workspace: Workspace) -> dict[str, StoredArm]:
    """By what tells them apart here."""
    found = stored_arms(RunStore(workspace).runs())[0]
    return {("elsewhere " if arm.spec.evaluation.strategy == "uniform" else "") + describe(arm): arm for arm in found}


def stored(workspace: Workspace) -> list[StoredArm]:
    return stored_arms(RunStore(workspace).runs())[0]


def describe(arm: StoredArm) -> str:
    return "plain" if arm.plain else "shuffled" if arm.spec.control != "none" else "place"


@pytest.fixture
def page(trained: Workspace) -> AppTest:
    return open_page("compare", dataset="tiny")


def test_with_no_runs_it_says_what_to_do_and_how_long_it_takes(untrained: Workspace) -> None:
    page = open_page("compare", dataset="tiny")
    assert said(page, "Nothing has been trained yet.") and said(page, "Train two learners on the same tasks")
    assert any(re.match(r"\S.* (s|min) for the first one with the quick preset", caption.value) for caption in page.caption)
    assert not page.multiselect


def test_one_learner_is_not_enough(untrained: Workspace) -> None:
    train(tiny_run(), untrained)
    assert said(open_page("compare", dataset="tiny"), "There is one learner so far; a comparison takes two.")


def test_of_two_learners_the_headline_is_the_paired_difference_with_both_intervals_and_a_verdict(trained: Workspace) -> None:
    here = arms(trained)
    page = open_page("compare", dataset="tiny", runs=[here["place"].id, here["plain"].id])
    headline = next(line.value for line in page.markdown if line.value.startswith("#### With "))
    assert headline.startswith("#### With one labelled example per class, ") and headline.count("[") == 2
    assert "on these families" in headline and "no metadata" in headline
    assert any(badge.value for badge in page.markdown if "badge" in badge.value) or page.get("badge")
    assert said(page, "120 episodes, the same for both")


def test_of_several_the_headline_says_what_holds_after_correction(page: AppTest, trained: Workspace) -> None:
    headline = next(line.value for line in page.markdown if line.value.startswith("#### With "))
    assert "of 2 learners" in headline and "“no metadata”" in headline
    assert said(page, "holds after Holm's correction for the 2 comparisons tested together")
    lines = next(line.value for line in page.markdown if line.value[:1] in "▲▼=?")
    assert lines.count("[") == 2 and "“place” +" in lines
    assert said(page, "120 episodes, the same for all · 1 to 2 seeds")


def test_every_pair_is_one_table_with_marks_and_its_own_correction(page: AppTest) -> None:
    page.segmented_control(key="cmp_how").set_value("every pair").run()
    assert not page.exception and said(page, "over 3 pairs") and said(page, "Of 3 pairs, ")
    (table,) = [block.proto.body for block in page.get("html") if "md-pairs" in block.proto.body]
    assert table.count("<tr>") == 4 and table.count("less") == 6 and "▲" in table and "▼" in table
    assert "rows shuffled" in table and "[" in table


def show(page: AppTest, part: str) -> AppTest:
    return page.segmented_control(key="cmp_show").set_value(part).run()


def test_one_part_is_shown_at_a_time(page: AppTest) -> None:
    drawn = {}
    for part in ("differences", "accuracy and cost", "over shots", "what differs between them"):
        show(page, part)
        drawn[part] = [str(one.key) for one in page.get("plotly_chart")]
        assert not page.exception
    assert list(drawn.values()) == [["cmp_dots"], ["cmp_cost"], ["cmp_curves"], []]
    assert "over ways" not in page.segmented_control(key="cmp_show").options, "all were scored at one number of ways"


def test_accuracy_stands_beside_what_it_costs(page: AppTest) -> None:
    show(page, "accuracy and cost")
    (table,) = [frame.value for frame in page.dataframe if "memory" in frame.value]
    assert table.index.tolist() == ["no metadata", "place", "place (rows shuffled)"], "a control never stands first"
    assert table["seconds"].str.endswith(" s").all() and table["memory"].str.endswith(" MiB").all()
    assert table.loc["no metadata", "parameters trained"] == "0" != table.loc["place", "parameters trained"]
    assert table["1 shot, %"].str.count(r"\[").ge(1).all() and table["validation, %"].astype(float).between(20, 100).all()
    assert all("120 episodes" in text for text in table["from"])
    assert set(table["batch norm"]) == {"running statistics"} and set(table["mode"]) == {"quick"}
    assert said(page, "The cheapest learner that no other here is shown to beat (Holm over 3 pairs)")


def test_older_runs_say_that_nothing_was_recorded(trained: Workspace) -> None:
    for run in RunStore(trained).runs():
        rewrite(RunStore(trained), run, cost=None)
    (table,) = [
        frame.value
        for frame in open_page("compare", dataset="tiny", cmp_show="accuracy and cost").dataframe
        if "memory" in frame.value
    ]
    assert set(table["memory"]) == set(table["processor"]) == {"not recorded"} and table["seconds"].str.endswith(" s").all()


def test_fewer_ways_are_a_curve_and_a_choice_and_a_fixed_head_says_why_it_is_left_out(trained: Workspace) -> None:
    fewer = tiny_evaluation(ways=(2, 3))
    for spec in (tiny_run(evaluation=fewer), tiny_run(learner="anil", steps=5, evaluation=fewer)):
        train(spec, trained)
    newest = {describe(arm) if arm.spec.learner == "prototypical" else "anil": arm for arm in reversed(stored(trained))}
    ids = [newest[name].id for name in ("plain", "place", "anil")] + [arms(trained)["shuffled"].id]
    page = open_page("compare", dataset="tiny", runs=ids, cmp_show="over ways")
    assert len(page.get("plotly_chart")) == 1 and said(page, "its head has one row for each of 5 classes")
    page.segmented_control(key="cmp_ways").set_value(2).run()
    assert not page.exception and any("Fewer than two" in note.value for note in page.info), "only one was scored at two ways"
    train(tiny_run(("place",), evaluation=fewer), trained)
    ids.append(next(arm.id for arm in stored(trained) if describe(arm) == "place" and arm.spec.evaluation.ways))
    page = open_page("compare", dataset="tiny", runs=ids, cmp_ways="2")
    assert not page.exception and said(page, "Left out at 2 ways: “ANIL") and said(page, "2-way, siblings tasks")


def test_it_starts_with_the_newest_learners_that_can_be_compared_and_writes_them_to_the_link(
    page: AppTest, trained: Workspace
) -> None:
    chosen = page.multiselect(key="runs").value
    here = arms(trained)
    assert set(chosen) == {here["place"].id, here["shuffled"].id, here["plain"].id}
    assert page.query_params["runs"] == chosen
    assert page.selectbox(key="cmp_baseline").value == here["plain"].id


def test_a_link_shows_what_it_named(trained: Workspace) -> None:
    here = arms(trained)
    wanted = [here["shuffled"].id, here["place"].id]
    page = open_page("compare", dataset="tiny", runs=wanted, cmp_baseline=here["shuffled"].id)
    assert page.multiselect(key="runs").value == wanted and page.selectbox(key="cmp_baseline").value == here["shuffled"].id
    claims = ("“place” does", "“place” probably does", "“place” very likely does", "whether “place” does", "between “place”")
    assert any(said(page, claim) for claim in claims)


def test_a_link_keeps_its_meaning_when_names_change_because_of_a_new_run(trained: Workspace) -> None:
    here = arms(trained)
    page = open_page("compare", dataset="tiny", runs=[here["place"].id, here["plain"].id])
    train(tiny_run(("place",), steps=7), trained)
    page.run()
    assert page.multiselect(key="runs").value == [here["place"].id, here["plain"].id] and not page.exception


def test_a_link_to_a_run_that_is_gone_says_so(trained: Workspace) -> None:
    page = open_page("compare", dataset="tiny", runs=["gone", arms(trained)["place"].id])
    assert any("not stored here: gone" in one_sentence(warning.value) for warning in page.warning)


def test_learners_on_different_test_tasks_are_not_mixed_and_those_that_fit_are_offered(trained: Workspace) -> None:
    here = arms(trained)
    page = open_page("compare", dataset="tiny", runs=[here["place"].id, here["elsewhere plain"].id])
    (warning,) = page.warning
    assert "only learners scored on the same test tasks can be compared" in one_sentence(warning.value)
    (offer,) = [button for button in page.button if "with the same test tasks" in button.label]
    offer.click().run()
    assert here["elsewhere plain"].id not in page.multiselect(key="runs").value and len(page.multiselect(key="runs").value) == 3
    assert not page.warning and said(page, "#### With one labelled example per class")


def test_a_learner_that_nobody_shares_tasks_with_says_so(trained: Workspace) -> None:
    page = open_page("compare", dataset="tiny", runs=[arms(trained)["elsewhere plain"].id])
    assert said(page, "nobody else was scored on the tasks of this one yet") and said(page, "way uniform")


@pytest.fixture
def on_two(trained: Workspace) -> list[str]:
    """Two learners of a second data set, trained after those of *tiny*: their ids."""
    data = write_vectors(trained)
    for seed, sources in ((2, ()), (3, ("place",))):
        spec = replace(tiny_run(sources), dataset="vectors", backbone=tiny_backbone(dataset="vectors", backbone="mlp"))
        n = (len(spec.evaluation.shots), spec.evaluation.n_episodes)
        store_scores(RunStore(trained), spec, data, np.random.default_rng(seed).normal(0.6, 0.05, n))
    return [arm.id for arm in stored(trained) if arm.spec.dataset == "vectors"]


def test_only_learners_of_the_chosen_data_set_are_offered_and_shown(trained: Workspace, on_two: list[str]) -> None:
    page = open_page("compare", dataset="tiny")
    box = page.multiselect(key="runs")
    assert len(box.options) == len(stored(trained)) - 2 and len(box.value) == 3 and not set(box.value) & set(on_two)
    assert any("stored learners of tiny" in one.label for one in page.expander)
    page.selectbox(key="dataset").set_value("vectors").run()
    assert set(page.multiselect(key="runs").value) == set(on_two) and not page.warning and not page.exception
    page = open_page("compare", dataset="glyphs")
    assert said(page, "Nothing has been trained on this data set yet.")


def test_a_link_to_learners_of_another_data_set_says_so_in_one_sentence(trained: Workspace, on_two: list[str]) -> None:
    here = {arm.id for arm in stored(trained)} - set(on_two)
    page = open_page("compare", dataset="tiny", runs=on_two)
    (warning,) = page.warning
    assert one_sentence(warning.value).startswith(
        "The link names 2 learners trained on “vectors”; this page compares those on “tiny”"
    )
    assert set(page.multiselect(key="runs").value) <= here and said(page, "#### With one labelled example per class")


def test_choosing_nothing_asks_for_a_choice(page: AppTest) -> None:
    page.multiselect(key="runs").set_value([]).run()
    assert said(page, "Choose two or more learners") and not page.exception


def test_only_what_differs_is_listed(page: AppTest) -> None:
    show(page, "what differs between them")
    assert {"fusion", "sources", "control", "seeds"} == set(page.dataframe[-1].value.index)


def test_more_shots_change_the_headline_and_the_charts_stand(page: AppTest) -> None:
    page.segmented_control(key="cmp_shot").set_value(5).run()
    assert said(page, "#### With five labelled examples per class") and len(page.get("plotly_chart")) == 1


def test_another_baseline_turns_the_comparison_round(page: AppTest, trained: Workspace) -> None:
    page.selectbox(key="cmp_baseline").set_value(arms(trained)["place"].id).run()
    assert not page.exception and any("Differences from “place”" in heading.value for heading in page.subheader)


def test_a_damaged_run_is_one_sentence_and_the_others_are_compared(trained: Workspace) -> None:
    run = arms(trained)["shuffled"].runs[0]
    (run.folder / "scores.parquet").write_bytes(b"no longer a table")
    page = open_page("compare", dataset="tiny")
    (error,) = page.error
    assert run.digest in one_sentence(error.value)
    assert said(page, "#### With one labelled example per class") and not page.exception
    for arm in arms(trained).values():
        for other in arm.runs:
            (other.folder / "run.json").write_text("{")
    page = open_page("compare", dataset="tiny")
    assert said(page, "Nothing has been trained yet") and said(page, "made by another version of MetaDash or damaged")
    assert any(run.digest in caption.value for caption in page.caption)


def test_missing_episodes_are_drawn_anew_and_said_to_be_missing_where_other_code_drew_them(trained: Workspace) -> None:
    def lose() -> None:
        for file in trained.episodes.glob("*.npz"):
            file.unlink()

    lose()
    page = open_page("compare", dataset="tiny")
    assert said(page, "#### With one labelled example per class") and not page.error and not page.exception
    store = RunStore(trained)
    for run in store.runs("learner"):
        rewrite(store, run, code="an older one", summary={**run.summary, "manifest": "0" * 20})
    lose()
    page = open_page("compare", dataset="tiny")
    assert page.error and all(one_sentence(error.value) for error in page.error) and not page.exception


def test_what_is_shown_is_what_the_analysis_says(page: AppTest, trained: Workspace) -> None:
    from metadash.answers.scores import load_scores
    from metadash.stats.paired import difference
    from metadash.stats.words import points

    here = arms(trained)
    first, second = (load_scores(list(here[name].runs), server.store()) for name in ("place", "plain"))
    chosen = open_page("compare", dataset="tiny", runs=[here["place"].id, here["plain"].id])
    inside = difference(first, second, 1).episodes
    assert said(chosen, points(inside.estimate, inside.low, inside.high))


def test_a_link_to_another_data_set_from_inside_the_app_changes_to_it(trained: Workspace, on_two: list[str]) -> None:
    page = open_page("train", dataset="tiny")
    page.query_params["dataset"], page.query_params["runs"] = ["tiny", "vectors"], on_two  # as the browser puts them together
    page.switch_page(str(ROOT / "pages" / "compare.py")).run()
    assert page.selectbox(key="dataset").value == "vectors" and set(page.multiselect(key="runs").value) == set(on_two)
    assert not page.warning and not page.error and not page.exception
