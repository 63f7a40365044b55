"""The *What if* page: a learner to ask, changes as controls that the link keeps, and an answer with its intervals."""

import re

import numpy as np

from metadash.answers.doses import BreakEven, break_even_words, dose_curves
from metadash.answers.placement import placed
from metadash.dashboard.compare.learners import differences_chart
from metadash.dashboard.what_if.moving import MOST_WAYS, moved_points
from metadash.dashboard.what_if.question import scenarios
from metadash.data.dataset import Dataset
from metadash.figures.charts import Dot
from metadash.figures.doses import dose_chart
from metadash.figures.palette import LIGHT
from metadash.learners.core.fusions import BOTH
from metadash.metadata.changes import Change, Edit, InstanceEdit
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.views import MapSpec
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.stats.intervals import Interval
from metadash.workspace import Workspace
from tests.builders import INSTANCE_SOURCES, store_scores, tiny_description, tiny_evaluation, tiny_run, write_tiny
from tests.pages.conftest import MAP
from tests.pages.page import ROOT, open_page, said

RUN = tiny_run(("place",), seed=0)
SWAPPED = {"wi_kind_place": "belongs to another class", "wi_share_place": "75"}


def opened(tiny: Dataset, **more: str):
    return open_page("what_if", dataset="tiny", wi_run=run_digest(RUN, tiny), **more)


def test_without_a_learner_it_says_what_it_would_train_and_trains_one_that_can_do_without(
    untrained: Workspace, no_workers: None
) -> None:
    page = open_page("what_if", dataset="tiny")
    assert said(page, "There is no learner to ask yet.") and said(page, "on this machine")
    assert said(page, "2 runs, "), "its backbone is one of them"
    page.button(key="wi_train").click().run()
    assert said(page, "0 of 2 runs done")
    (job,) = [job for job in all_jobs(untrained) if "Backbone" not in job.title]
    assert job.spec.source_dropout == 0.5 and job.spec.sources == ("place", "traits")  # type: ignore[union-attr]


def test_sources_of_instances_alone_are_asked_about_and_where_there_is_none_it_is_said(
    untrained: Workspace, no_workers: None
) -> None:
    for name, sources in (("single", INSTANCE_SOURCES), ("bare", ())):
        write_tiny(untrained, name, description=tiny_description(name, sources=sources, questions=()))
    page = open_page("what_if", dataset="single")
    assert page.button(key="wi_train") and not page.error
    page = open_page("what_if", dataset="bare")
    assert any("has no metadata source" in error.value for error in page.error)


def test_a_change_that_is_not_stored_is_asked_at_once(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = opened(tiny, **SWAPPED)
    assert said(page, "Asking the learner")
    (job,) = all_jobs(trained)
    assert job.spec == WhatIfSpec(RUN, (Change("place", "swap", 0.75),))


def test_a_scenario_sets_the_controls_and_the_next_takes_it_back(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = opened(tiny, **SWAPPED)
    names = {button.label: button for button in page.button if str(button.key).startswith("wi_scene_")}
    assert list(names) == ["As it is", "A quarter of things mixed up", "New things have no place"]
    for name, kind, share in (
        ("New things have no place", "missing", 100),
        ("A quarter of things mixed up", "swap", 25),
    ):
        next(button for button in page.button if button.label == name).click().run()
        assert (page.selectbox(key="wi_kind_place").value, page.slider(key="wi_share_place").value) == (kind, share)
    page.button(key="wi_scene_0").click().run()
    assert page.selectbox(key="wi_kind_place").value == "nothing" and not page.exception


def test_scenarios_are_those_that_can_become_of_the_sources(tiny: Dataset) -> None:
    found = scenarios(("size", "place", "site"), tiny)
    assert found["New things have nothing"] == {name: ("missing", 100, 0) for name in ("size", "place")}
    assert list(scenarios(("site",), tiny)) == ["Last year's table"], "it is of instances, and has a day"
    assert "Last year's table" not in scenarios(("place",), tiny)


def test_the_answer_stands_on_top_with_both_intervals(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    train(WhatIfSpec(RUN, (Change("place", "swap", 0.75),)), trained)
    page = opened(tiny, **SWAPPED)
    assert said(page, "accuracy moves by −") and said(page, "on these families") and said(page, "Test task 1:")
    assert len(page.get("plotly_chart")) == 1 and not all_jobs(trained) and not page.exception


def test_the_episode_can_be_edited_and_the_link_keeps_it(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    run = RunStore(trained).find(RUN, tiny)
    assert run is not None
    target = int(RunStore(trained).manifest(run).classes[2][0])
    spec = WhatIfSpec(RUN, (), (Edit(target, "corner", "middle"),), episode=2)
    train(spec, trained)
    page = opened(
        tiny,
        wi_episode="3",
        wi_edit_class=str(tiny.classes["class_name"][target]),
        wi_edit_column="corner",
        wi_edit_value="middle",
    )
    assert not page.exception and not all_jobs(trained)
    assert said(page, f"Now it is: {tiny.classes['corner'][target]}") and said(page, "Test task 3:")


def test_the_curve_of_wrong_metadata_is_drawn_from_its_run(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    train(WhatIfSpec(RUN), trained)
    curve = train(DoseSpec(RUN, ("place",)), trained)
    page = opened(tiny)
    assert said(page, "nothing is changed yet") and len(page.get("plotly_chart")) == 2
    curves = dose_curves([curve], RunStore(trained), 1)
    figure = dose_chart(curves, LIGHT)
    assert {trace.name for trace in figure.data if trace.name} == {
        "missing",
        "another class's",
        "the most similar class's",
        "noise",
    }
    assert (
        break_even_words(BreakEven(0.42, 0.36, 0.5))
        == "break-even at 42 % of the classes [36, 50], over tasks of these test classes"
    )


def test_prototypes_are_placed_among_their_neighbours_on_the_pinned_map(trained: Workspace, tiny: Dataset) -> None:
    found, drawn = train(WhatIfSpec(MAP.run, (Change("place", "swap"),), episode=MAP.episode), trained), train(MAP, trained)
    points = moved_points(drawn.frame("points"), drawn.array("vectors"), found.frame("classes"), found.frame("queries")).points
    before, after = (points.loc[points["kind"] == kind, ["x", "y"]].to_numpy() for kind in ("plain prototype", "prototype"))
    assert (before != after).any(axis=1).sum() == found.frame("classes")["changed"].sum() > 0
    known, layout = np.eye(4), np.array([[0.0, 0], [1, 0], [0, 1], [5, 5]])
    (place,) = placed(np.array([[0.9, 0.1, 0, 0]]), known, layout, 2)
    assert np.linalg.norm(place - layout[0]) < np.linalg.norm(place - layout[1]) < 1


def test_the_answer_before_stays_below_until_the_next_is_there_and_goes_with_another_task(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    train(WhatIfSpec(RUN), trained)
    page = opened(tiny)
    page.selectbox(key="wi_kind_place").set_value("missing").run()
    assert said(page, "Asking the learner") and said(page, "Below stands the answer before.") and not page.error
    assert said(page, "##### Accuracy before and after") and said(page, "Changed in this task: nothing.")
    page.number_input(key="wi_episode").set_value(2).run()
    assert said(page, "Asking the learner") and not said(page, "##### Accuracy before and after")


def test_a_link_to_a_run_that_is_not_there_says_so(trained: Workspace, no_workers: None) -> None:
    page = open_page("what_if", dataset="tiny", wi_run="gone")
    assert any("names a run that is not stored here" in warning.value for warning in page.warning)


# --- what describes instances --------------------------------------------------------------------------------------------------

APART = tiny_evaluation(strategy="disjoint", column="site", n_query=3, n_episodes=60)
MIXED = tiny_run(("place", "site"), fusion=BOTH, modulating=("site",), evaluation=APART, steps=60, learning_rate=0.05)


def test_where_no_learner_reads_instances_one_can_be_trained_that_does(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    train(WhatIfSpec(RUN), trained)
    page = opened(tiny)
    page.button(key="wi_train_instances").click().run()
    (job,) = [job for job in all_jobs(trained) if "Backbone" not in job.title]
    assert job.spec.sources == ("place", "traits", "site") and job.spec.modulating == ("site",)  # type: ignore[union-attr]
    assert job.spec.evaluation.strategy == "disjoint" and job.spec.source_dropout == 0.5  # type: ignore[union-attr]


def test_the_learner_that_somebody_asked_for_is_chosen_once_it_is_there(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    train(WhatIfSpec(RUN), trained)
    page = opened(tiny)
    watching = opened(tiny)
    page.button(key="wi_train_instances").click().run()
    (job,) = [job for job in all_jobs(trained) if "Backbone" not in job.title]
    store_scores(
        RunStore(trained), job.spec, tiny, np.full((len(job.spec.evaluation.shots), job.spec.evaluation.n_episodes), 0.6)
    )  # type: ignore[union-attr, arg-type]
    for visit, chosen in ((page, job.digest), (watching, run_digest(RUN, tiny))):
        visit.run()
        assert visit.selectbox(key="wi_run").value == chosen, "whoever only looks on keeps what is chosen there"
    assert [toast.value for toast in page.toast] and not watching.toast


def test_rows_over_shots_stand_in_the_order_of_the_shots() -> None:
    def dot(shot: int, difference: float) -> Dot:
        interval = Interval(difference, difference - 1, difference + 1, 10, "t", "episode")
        return Dot(f"{shot} shots", interval, interval, LIGHT.plain)

    figure = differences_chart([dot(1, 2.0), dot(2, -1.0), dot(5, 0.0), dot(10, 0.0)], LIGHT, in_order=True)
    assert tuple(figure.layout.yaxis.categoryarray) == ("10 shots", "5 shots", "2 shots", "1 shots"), "from below"


def test_where_nothing_is_changed_it_says_that_no_query_moved(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    train(WhatIfSpec(RUN), trained)
    train(WhatIfSpec(RUN, (Change("place", "swap", 0.75),)), trained)
    page, changed = opened(tiny), opened(tiny, **SWAPPED)
    assert said(page, "No query moved") and not said(page, "The queries that moved most")
    assert said(changed, "The queries that moved most") and not said(changed, "No query moved")


def test_a_share_of_the_instances_is_changed_from_the_link(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    train(MIXED, trained)
    asked = {"wi_run": run_digest(MIXED, tiny), "wi_kind_site": "belongs to another instance", "wi_share_site": "75"}
    train(WhatIfSpec(MIXED, (Change("site", "swap", 0.75),)), trained)
    page = open_page("what_if", dataset="tiny", **asked)
    assert not page.exception and not all_jobs(trained)
    assert said(page, "of 450 test instances are changed") and said(page, "of instances]")
    assert "wi_train_instances" not in [button.key for button in page.button]


def test_one_instance_of_the_task_is_rewritten_and_the_link_keeps_it(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    run = train(MIXED, trained)
    task = RunStore(trained).manifest(run)[2:3]
    row, name = int(task.query[0, 1, 0]), tiny.classes["class_name"][task.classes[0, 1]]
    now = str(tiny.instances["site"][row])
    other = "site 1" if now != "site 1" else "site 2"
    train(WhatIfSpec(MIXED, instance_edits=(InstanceEdit(row, "site", other),), episode=2), trained)
    page = open_page(
        "what_if",
        dataset="tiny",
        wi_run=run_digest(MIXED, tiny),
        wi_episode="3",
        wi_instance=f"query 1 of {name} · {row}",
        wi_instance_column="site",
        wi_instance_value=other,
    )
    assert not page.exception and not all_jobs(trained)
    assert said(page, f"Now it is: {now}") and said(page, "Changed in this task: 1 query.") and said(page, "✎")


def test_a_moved_instance_has_its_way_on_the_pinned_map(trained: Workspace, tiny: Dataset) -> None:
    train(MIXED, trained)
    drawn = train(MapSpec(MIXED, episode=2, background=120, perplexity=8.0), trained)
    found = train(WhatIfSpec(MIXED, (Change("site", "swap"),), episode=2), trained)
    moved = found.frame("instances")
    still = train(WhatIfSpec(MIXED, episode=2), trained)
    on_map, there = drawn.frame("points"), drawn.array("vectors")
    went, stayed = (
        moved_points(on_map, there, one.frame("classes"), one.frame("queries"), one.frame("instances")) for one in (found, still)
    )
    assert len(went.ways) == min(MOST_WAYS, len(moved)) > 0 and not stayed.ways


def test_no_page_writes_an_article_before_a_noun_that_it_does_not_know() -> None:
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "metadash" / "dashboard").rglob("*.py")]
    guessed = [
        f"{file.name}: {found}" for file in files for found in re.findall(r"\b[Aa]n? \{[^}]*noun[^}]*\}", file.read_text())
    ]
    assert not guessed, "with_article says it"
