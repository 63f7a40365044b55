"""The *Start* page, on made-up scores: an answer is there as soon as its last run is."""

from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.answers.answer import AnswerSpec, answer_spec
from metadash.answers.ledger import asked_of_run, record
from metadash.dashboard import server
from metadash.dashboard.lifespan import SERVING
from metadash.dashboard.parts.escape import plain
from metadash.data.dataset import Dataset, Source
from metadash.runs.queue.board import JobBoard
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import RunStore
from metadash.specs.subsets import LoopSpec
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    INSTANCE_SOURCES,
    one_sentence,
    store_scores,
    tiny_classes,
    tiny_description,
    tiny_vectors,
    write_tiny,
    write_vectors,
)
from tests.pages.page import ends_just_after_it_was_read, open_page, said, shown


def test_a_run_that_ends_while_the_page_reads_completes_the_answer(
    untrained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = answer_spec(tiny, tiny.description.questions[0])
    for run in spec.runs:
        difficulty = np.random.default_rng(5).normal(0.6, 0.05, (len(spec.shots), run.evaluation.n_episodes))
        store_scores(RunStore(untrained), run, tiny, difficulty + 0.05 * bool(run.sources))
    page = open_page("start", dataset="tiny")
    ends_just_after_it_was_read(spec.runs[-1], untrained, monkeypatch)
    page.run()
    assert said(page, "points [") and "start_go" not in [button.key for button in page.button]


def stored_folds(workspace: Workspace, tiny: Dataset, count: int) -> AnswerSpec:
    """The first folds of the page's own question, each with a gain of about five points."""
    spec = answer_spec(tiny, tiny.description.questions[0])
    for fold in spec.by_fold[:count]:
        for run in (run for arm in fold.values() for run in arm):
            difficulty = np.random.default_rng(5).normal(0.6, 0.05, (len(spec.shots), run.evaluation.n_episodes))
            store_scores(RunStore(workspace), run, tiny, difficulty + 0.05 * bool(run.sources and run.control == "none"))
    return spec


def test_the_line_grows_fold_by_fold_and_has_no_verdict_before_the_last(
    untrained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    spec = stored_folds(untrained, tiny, 2)
    for job in spec.jobs(tiny, RunStore(untrained)):
        server.board().submit(job)
    page = open_page("start", dataset="tiny")
    assert (
        page.subheader[0].value.startswith("So far, after 2 of 5 folds") and said(page, "no verdict yet") and not said(page, "▲")
    )
    stored_folds(untrained, tiny, 5)
    page = open_page("start", dataset="tiny")
    assert not said(page, "So far") and said(page, "5 folds, every thing tested once")
    assert "(8 families tested)" in shown(page.subheader[0].value)


def test_after_the_answer_come_the_next_questions_of_the_same_sources_and_the_same_learner(
    untrained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    spec = stored_folds(untrained, tiny, 5)
    links = {link.proto.label: parse_qs(link.proto.query_string) for link in open_page("start", dataset="tiny").get("page_link")}
    ablation = open_page("ablation", **links["Which source does it?"])
    assert ablation.multiselect(key="ab_sources").value == list(spec.run.sources) == ["place", "traits"]
    for place, label, key in (("prototypes", "See it on a map", "pr_run"), ("what_if", "What if it were wrong?", "wi_run")):
        (run,) = links[label][key]
        page = open_page(place, **links[label])
        assert page.selectbox(key=key).value == run and not page.warning and not page.exception


def test_the_button_queues_one_loop_a_fold_and_its_backbone(untrained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = open_page("start", dataset="tiny")
    assert said(page, "in 5 folds, so that every thing is tested once")
    page.button(key="start_go").click().run()
    queued = [job.spec for job in all_jobs(untrained)]
    assert sum(isinstance(spec, LoopSpec) for spec in queued) == 6 and not page.exception


def test_from_the_second_question_on_it_says_how_often_was_asked(untrained: Workspace, tiny: Dataset, no_workers: None) -> None:
    stored_folds(untrained, tiny, 5)
    assert not said(open_page("start", dataset="tiny"), "questions asked")
    other = answer_spec(tiny, tiny.description.questions[0], seeds=(0, 1))
    record(RunStore(untrained), asked_of_run(other.run, tiny.fingerprint, other.seeds, folds=other.folds))
    assert said(open_page("start", dataset="tiny"), plain("The 1st of 2 questions asked of this data set's test families."))


def test_a_column_worked_out_from_the_inputs_is_told_before_the_button(untrained: Workspace, no_workers: None) -> None:
    inputs = tiny_vectors()
    mean = inputs.reshape(len(tiny_classes()), -1, inputs.shape[1]).mean(axis=1)
    classes = tiny_classes().assign(**{f"mean_{i}": mean[:, i] for i in range(8)})
    about = tiny_description(
        "told", modality="vector", sources=(Source("means", "class", tuple(f"mean_{i}" for i in range(8))),), questions=()
    )
    write_vectors(untrained, "told", classes=classes, description=about)
    page = open_page("start", dataset="told", q="own", q_sources=["means"])
    assert any("means" in warning.value for warning in page.warning) and not page.exception
    assert not open_page("start", dataset="tiny").warning


def test_a_data_set_without_questions_is_asked_about_all_that_is_known_of_its_classes(
    untrained: Workspace, no_workers: None
) -> None:
    write_tiny(untrained, "plain", description=tiny_description("plain", questions=()))
    page = open_page("start", dataset="plain")
    known = [source.name for source in tiny_description().sources if source.level == "class" and source.name != "nothing"]
    assert page.multiselect(key="q_sources").value == known and not page.error and not page.exception
    assert page.button(key="start_go") and any("on this machine" in caption.value for caption in page.caption)
    assert said(page, "one labelled example of each"), "and a task is shown"


def test_where_nothing_is_known_of_the_classes_it_says_so(untrained: Workspace, no_workers: None) -> None:
    write_tiny(untrained, "bare", description=tiny_description("bare", questions=(), sources=INSTANCE_SOURCES))
    (error,) = open_page("start", dataset="bare").error
    assert one_sentence(error.value).startswith("Nothing is known about the things of this data set")


@pytest.mark.parametrize(("name", "control"), [("start", "texts"), ("ablation", "ab_texts")])
def test_how_texts_are_read_is_asked_only_where_some_source_holds_any(
    no_workers: None, untrained: Workspace, name: str, control: str
) -> None:
    def of(dataset: str, source: str) -> AppTest:
        return open_page(
            name, dataset=dataset, **({"q": "own", "q_sources": source} if name == "start" else {"ab_sources": source})
        )

    assert control not in [box.key for box in of("tiny", "size").selectbox], "numbers are no texts"
    assert of("glyphs", "name").selectbox(key=control).options[0] == "word by word"


def test_training_one_s_own_backbone_can_be_chosen_only_where_one_would_come_with_the_data(
    no_workers: None, untrained: Workspace
) -> None:
    assert "own_backbone" not in [toggle.key for toggle in open_page("start", dataset="tiny").toggle], "none comes with these"
    page = open_page("start", dataset="glyphs")
    assert not page.toggle(key="own_backbone").disabled
    page.button_group(key="learns_from").set_value("classes").run()
    assert page.toggle(key="own_backbone").disabled, "one that learns from all classes at once does not come with it"
    page.button_group(key="learns_from").set_value("episodes").run()
    page.segmented_control(key="width").set_value(64).run()
    assert page.toggle(key="own_backbone").disabled, "no backbone of that size comes with it, so one is trained anyway"


def test_workers_start_ahead_under_a_server_and_nowhere_else(untrained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is run without a server would leave its workers behind: a gigabyte for every test that opens it."""
    asked: list[JobBoard] = []
    monkeypatch.setattr(JobBoard, "warm", lambda board: asked.append(board))
    open_page("start", dataset="tiny")
    assert not asked
    SERVING.set()
    try:
        open_page("start", dataset="tiny")
    finally:
        SERVING.clear()
    assert len(set(map(id, asked))) == 1


@pytest.mark.parametrize(("name", "key"), [("start", "q_sources"), ("ablation", "ab_sources")])
def test_sources_chosen_of_one_data_set_do_not_leave_another_without_any(
    name: str, key: str, untrained: Workspace, no_workers: None
) -> None:
    for other, sources in (("one", CLASS_SOURCES[:1]), ("two", (CLASS_SOURCES[1], CLASS_SOURCES[-1]))):
        write_tiny(untrained, other, description=tiny_description(other, questions=(), sources=sources))
    page = open_page(name, dataset="one")
    page.multiselect(key=key).set_value(["size"]).run()
    page.selectbox(key="dataset").set_value("two").run()
    assert page.multiselect(key=key).value == ["flag"], "the usual ones: those of its own that have a value"
    assert not page.error
    page.multiselect(key=key).set_value([]).run()
    (error,) = page.error
    assert one_sentence(error.value).startswith("Choose at least one metadata source to ask about; two has flag")
