"""What is asked for on *Ablation*: tiers, sources, controls and folds that are chosen, and what is refused."""

from metadash.learners.core.fusions import BOTH
from metadash.specs.subsets import HeadsSpec, MaskedSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.pages.page import open_page, said
from tests.pages.test_ablation_page import MIXED, jobs_for, opened


def test_bad_input_is_a_sentence_in_the_place_of_the_answer(untrained: Workspace, no_workers: None) -> None:
    page = opened(ab_way="40")
    (error,) = page.error
    assert "40" in one_sentence(error.value) and said(page, "Nothing has been started.")
    assert "ab_go" not in [button.key for button in page.button]


def test_sources_of_both_levels_are_offered_and_those_of_classes_are_chosen(untrained: Workspace, no_workers: None) -> None:
    page = open_page("ablation", dataset="tiny")
    offered = page.multiselect(key="ab_sources")
    assert "site (of instances)" in offered.options and "site" not in offered.value and "place" in offered.value
    assert page.selectbox(key="ab_strategy").options == ["as the sources ask", "siblings", "uniform", "disjoint"]
    assert said(page, "Tasks are drawn siblings by family.")


def test_a_source_of_instances_turns_the_tasks_into_those_where_it_shows(untrained: Workspace, no_workers: None) -> None:
    page = opened(ab_sources=MIXED)
    assert said(page, "Tasks are drawn disjoint by site.")
    page.button(key="ab_go").click().run()
    runs = [spec.run for spec in jobs_for(untrained, MaskedSpec)]  # type: ignore[attr-defined]
    assert {(run.fusion, run.modulating, run.evaluation.strategy) for run in runs} == {(BOTH, ("site",), "disjoint")}
    page = opened(ab_sources=MIXED, ab_strategy="uniform")
    assert said(page, "Tasks are drawn uniform.")


def test_negative_controls_are_chosen_and_only_confirm_trains_them(untrained: Workspace, no_workers: None) -> None:
    page = opened(ab_controls=["noise", "random-id"])
    assert page.multiselect(key="ab_controls").disabled and said(
        page, "Only confirm is cross-fitted and trains negative controls."
    )
    page.button(key="ab_go").click().run()
    assert len(jobs_for(untrained, MaskedSpec)) == 3 and not jobs_for(untrained, HeadsSpec)
    page = opened(ab_tier="confirm", ab_controls=["noise", "random-id"])
    assert not page.multiselect(key="ab_controls").disabled and said(page, "(shuffled, noise, random-id)")
    page.button(key="ab_go").click().run()
    assert {spec.controls for spec in jobs_for(untrained, HeadsSpec)} == {("shuffled", "noise", "random-id")}  # type: ignore[attr-defined]


def test_folds_are_chosen_and_only_confirm_is_cross_fitted(untrained: Workspace, no_workers: None) -> None:
    page = opened(ab_folds="3 folds")
    assert page.get("button_group")[-1].proto.disabled and not said(page, "in 3 folds")
    page = opened(ab_tier="confirm", ab_folds="3 folds")
    assert said(page, "in 3 folds with a backbone each")
    page.button(key="ab_go").click().run()
    assert {spec.run.split for spec in jobs_for(untrained, HeadsSpec)} == {"fold-1-of-3", "fold-2-of-3", "fold-3-of-3"}  # type: ignore[attr-defined]


def test_it_opens_on_confirm_cross_fitted_where_nothing_is_stored(untrained: Workspace, no_workers: None) -> None:
    page = open_page("ablation", dataset="tiny")
    assert page.radio(key="ab_tier").value == "confirm" and said(page, "in 5 folds with a backbone each")
    assert not said(page, "Opened on the strongest")
