"""The *Use* page: two clicks to the first labels, corrections that become examples, a link that lays everything out again."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from metadash.answers.scores import load_scores
from metadash.dashboard.use import learner, work
from metadash.dashboard.use.learner import told_learner
from metadash.dashboard.use.leaving import zipped
from metadash.dashboard.use.tray import STATE, class_labels
from metadash.data.dataset import Dataset
from metadash.data.given.given import Given, given_named
from metadash.front.use import give, labelled, use_spec
from metadash.front.using.best import best_run
from metadash.front.using.leaving import load_left
from metadash.front.using.rising import rise
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.specs.use import LeavingSpec, UseSpec
from metadash.workspace import Workspace
from tests.builders import rewrite, store_scores, tiny_run
from tests.pages.page import brought, open_page, said, shared

INFORMED, PLAIN = tiny_run(("place",), seed=0), tiny_run()
STEPS = {"ask": "2 · To label", "review": "3 · Review"}


def found_run(workspace: Workspace, tiny: Dataset, spec: RunSpec = INFORMED) -> Run:
    run = RunStore(workspace).find(spec, tiny)
    assert run is not None
    return run


def labelled_page(workspace: Workspace, tiny: Dataset, given: Given, spec: RunSpec = INFORMED, **more: str) -> AppTest:
    """As a link shows somebody else what was labelled."""
    run = found_run(workspace, tiny, spec)
    train(use_spec(run, given), workspace)
    return open_page("use", dataset="tiny", us_run=run.digest, us_given=given.digest, **{"us_step": STEPS["review"], **more})


def telling(workspace: Workspace, tiny: Dataset, given: Given) -> AppTest:
    """At the examples, where what is known of their classes is told."""
    page = labelled_page(workspace, tiny, given, us_step="1 · Examples")
    page.session_state["us_known"] = True
    return page.run()


def queued(workspace: Workspace) -> list[UseSpec]:
    return [job.spec for job in all_jobs(workspace) if isinstance(job.spec, UseSpec)]


def test_without_a_learner_one_click_trains_the_usual_one(untrained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = open_page("use", dataset="tiny")
    assert said(page, "No learner is trained on tiny yet.") and said(page, "on this machine")
    page.button(key="us_train").click().run()
    assert run_for(tiny) in [job.spec for job in all_jobs(untrained)] and page.get("progress")


def test_the_second_click_shows_it_five_new_classes_and_asks_for_labels(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    page = open_page("use", dataset="tiny", us_run=run_digest(INFORMED, tiny))
    assert said(page, "Show it a few examples of two or more things.")
    page.button(key="us_example").click().run()
    (spec,) = queued(trained)
    given = given_named(trained, spec.given)
    test = {class_labels(tiny)[c] for c in tiny.split(INFORMED.split)["test"].tolist()}
    assert len(given.classes) == 5 and set(given.classes) <= test and set(given.shots.values()) == {2}
    assert len(given.names) == 5 * 6 + 10 and not page.exception and page.get("progress")
    assert given.metadata is not None and given.metadata["corner"].notna().all(), "a picked class brings what is known of it"


def test_a_link_shows_somebody_else_the_same_labels_and_computes_nothing(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given)
    assert said(page, "Of 12 images, ") and said(page, "the 3 things") and not all_jobs(trained)
    assert page.query_params["us_given"] == given.digest
    page.segmented_control(key="us_step").set_value("give").run()
    assert page.session_state[work.ASKED]["tiny"] and not all_jobs(trained) and not page.exception


def test_learners_are_not_compared_again_because_something_was_labelled(
    trained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("use", dataset="tiny")
    compared: list[str] = []
    monkeypatch.setattr(learner, "best_run", lambda data: (compared.append(data.name), best_run(data))[1])
    train(use_spec(found_run(trained, tiny), brought(trained, INFORMED)), trained)
    page.run()
    assert not compared
    store_scores(RunStore(trained), tiny_run(("size",)), tiny, np.full((3, 120), 0.6))
    page.run()
    assert compared == ["tiny"], "but because there is one more"


def test_a_rerun_asks_nothing_of_the_database_again(
    trained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = labelled_page(trained, tiny, brought(trained, INFORMED))
    asked: list[str] = []
    connect = Dataset.connect
    monkeypatch.setattr(Dataset, "connect", lambda data: (asked.append(data.name), connect(data))[1])
    page.run()
    assert said(page, "Of 12 images, ") and not asked


def test_what_a_link_names_and_is_gone_is_said(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    for digest in ("0" * 20, "../datasets"):
        page = open_page("use", dataset="tiny", us_given=digest)
        assert any("What was given" in warning.value and "nothing is given yet" in warning.value for warning in page.warning)


def test_picked_rows_stand_in_the_link_before_anything_is_labelled(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = open_page("use", dataset="tiny", us_rows=["1", "40", "41", "99999"])  # type: ignore[arg-type]
    assert page.query_params["us_rows"] == ["1", "40", "41"]
    assert any("“99999”" in warning.value or "Picked examples" in warning.value for warning in page.warning)
    assert said(page, " to label as one of 2 things.") and page.button(key="us_go")


def test_a_correction_is_an_example_at_once_and_what_it_is_worth_is_said(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given)
    name, label = given.names[3], given.classes[2]
    page.session_state[work.MENDED] = {"tiny": {name: label, given.names[4]: work.NONE}}
    page.run()
    (spec,) = queued(trained)
    mended = given_named(trained, spec.given)
    assert mended.corrected == {3: label} and mended.shots[label] == 3, "none of these is no example of anything"
    train(spec, trained)
    page.run()
    told = rise(load_scores([found_run(trained, tiny)], RunStore(trained)), INFORMED, 2, 7 / 3, 3)
    assert told.on_these is not None and told.on_these.low is not None
    assert said(page, f"From 2 to 2.33 examples per class its accuracy rose by {told.on_these.words}"), "with its interval"


def test_more_false_alarms_call_more_none_of_these_and_compute_nothing(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given)
    stored = RunStore(trained).find(use_spec(found_run(trained, tiny), given), tiny)
    assert stored is not None
    few, many = (int(labelled(stored, RunStore(trained), rate).none_of_these.sum()) for rate in (0.01, 0.3))
    assert few < many, "else this test says nothing"
    for rate, count in ((1, few), (30, many)):
        page.slider(key="us_false").set_value(rate).run()
        told = f"{count} look" if count > 1 else f"{count} looks" if count else ""
        assert said(page, told) if told else not said(page, "none of these.")
    assert not all_jobs(trained)


def test_with_and_without_metadata_stand_side_by_side_where_a_learner_reads_some(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    assert said(labelled_page(trained, tiny, brought(trained, INFORMED)), "Without metadata, ")
    plain = labelled_page(trained, tiny, brought(trained, PLAIN), PLAIN)
    assert said(plain, "This learner reads no metadata") and not said(plain, "Without metadata, ")


def test_what_the_probabilities_are_worth_is_drawn_and_said_with_its_n(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given)
    assert len(page.get("plotly_chart")) == 1 and said(page, "temperature") and said(page, "answers")
    section = shared(page)
    assert section.told[0].startswith("Of 12 images, ") and said(page, section.told[0]) and "temperature" in section.told[1]
    assert len(section.numbers["Labels"]) == 12 and len(section.pictures) == 1 and given.digest in section.repeat[1]
    assert f"metadash predict \\\n  --run {run_digest(INFORMED, tiny)}" in section.repeat[0]


def test_the_labels_are_taken_home_as_files_and_as_a_command(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = labelled_page(trained, tiny, brought(trained, INFORMED))
    assert [button.label for button in page.get("download_button")] == [
        "Labels (CSV)",
        "Labels (Parquet)",
        "Everything given (zip)",
    ]
    (code,) = page.code
    assert (
        "metadash predict" in code.value
        and f"--run {run_digest(INFORMED, tiny)}" in code.value
        and "--metadata metadata.csv" in code.value
    )


def test_what_is_typed_of_a_class_reaches_the_learner_and_what_is_none_is_refused(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = telling(trained, tiny, given)
    (box,) = [box for box in page.selectbox if box.label == "corner"]
    other = next(option for option in box.options if option != box.value)
    box.set_value(other).run()
    (spec,) = queued(trained)
    told = given_named(trained, spec.given).metadata
    assert told is not None and told["corner"].iloc[0] == other and told["corner"].iloc[1] == given.metadata["corner"].iloc[1]  # type: ignore[index]


def test_a_class_without_an_example_lies_where_its_metadata_say_and_a_link_lays_it_out_again(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given, us_step="1 · Examples", us_give="Describe")
    unseen = next(option for option in page.selectbox(key="us_bare").options if option not in given.classes)
    page.selectbox(key="us_bare").set_value(unseen).run()
    page.button(key="us_bare_add").click().run()
    (spec,) = queued(trained)
    now = given_named(trained, spec.given)
    assert now.shots[unseen] == 0 and now.classes == [*given.classes, unseen] and now.metadata is not None
    assert now.metadata.loc[unseen, "corner"] == tiny.classes["corner"][class_labels(tiny).index(unseen)]
    train(spec, trained)
    again = open_page("use", dataset="tiny", us_run=run_digest(INFORMED, tiny), us_given=spec.given, us_step=STEPS["review"])
    assert said(again, "the 4 things") and len(queued(trained)) == 1 and not again.exception
    assert f"--zero-shot '{unseen}'" in again.code[0].value or f"--zero-shot {unseen}" in again.code[0].value
    plain_one = open_page("use", dataset="tiny", us_run=run_digest(PLAIN, tiny), us_give="Describe")
    assert said(plain_one, "without an example cannot be placed: this learner reads no metadata")
    assert not any(box.key == "us_bare" for box in plain_one.selectbox)


def test_a_class_of_which_nothing_is_known_at_all_is_one_sentence(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = labelled_page(trained, tiny, brought(trained, INFORMED), us_step="1 · Examples", us_give="Describe")
    page.session_state[STATE] = {"tiny": page.session_state[STATE]["tiny"].with_class("a thing of my own")}
    page.run()
    assert any("'a thing of my own' has neither an example nor metadata" in error.value.replace("\\", "") for error in page.error)
    assert not page.exception


def test_the_learner_is_packed_and_taken_along_as_one_folder(
    trained: Workspace, tiny: Dataset, no_workers: None, tmp_path: Path
) -> None:
    page = open_page("use", dataset="tiny", us_run=run_digest(INFORMED, tiny))
    page.session_state["us_leave"] = True
    page.run()
    page.button(key="us_pack").click().run()
    (spec,) = [job.spec for job in all_jobs(trained) if isinstance(job.spec, LeavingSpec)]
    packed = train(spec, trained)
    page.run()
    assert [button.label for button in page.get("download_button")] == ["Learner (zip)"]
    content = zipped(packed, tiny, RunStore(trained), "it")
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    left = load_left(tmp_path / "it")
    assert left.spec == INFORMED and left.accuracy() and len(left.card["trust"]) == len(spec.trust) > 0


def test_a_learner_that_cannot_leave_says_why(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    instances = tiny_run(("site",), fusion="film")
    store_scores(RunStore(trained), instances, tiny, np.full((3, 120), 0.6))
    page = open_page("use", dataset="tiny", us_run=run_digest(instances, tiny))
    page.session_state["us_leave"] = True
    page.run()
    assert said(page, "This learner cannot leave its workspace: it reads metadata of single instances") and not page.exception


def test_names_from_the_data_are_never_read_as_markdown(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    given = brought(trained, PLAIN)
    images, names = given.support, ["*b* $x$ [a](b)", ":material/home:"]
    odd = give(Dataset.open(trained, "tiny"), images[:4], [names[0]] * 2 + [names[1]] * 2, given.queries[:1])
    page = labelled_page(trained, tiny, odd, PLAIN)
    shown = [element.value for element in page.markdown if element.value.startswith("#### It ")]
    assert len(shown) == 1 and (r"\*b\* \$x\$ \[a\]\(b\)" in shown[0] or r"\:material/home\:" in shown[0])


def test_what_the_learner_cannot_do_is_one_sentence_and_the_examples_stay(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    odd = give(
        Dataset.open(trained, "tiny"), given.support[:4], ["label"] * 2 + ["b"] * 2, given.queries[:2]
    )  # the name of the column of answers
    page = open_page("use", dataset="tiny", us_run=run_digest(INFORMED, tiny), us_given=odd.digest)
    assert any("A class is called 'label'" in error.value for error in page.error) and not page.exception
    assert page.selectbox(key="us_pick") is not None and page.session_state[STATE]["tiny"].classes == ["label", "b"]


def test_many_inputs_are_labelled_when_asked_and_not_at_every_change(
    trained: Workspace, tiny: Dataset, no_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LIVE", 20)
    page = open_page("use", dataset="tiny", us_run=run_digest(INFORMED, tiny))
    page.button(key="us_example").click().run()
    assert len(queued(trained)) == 1
    page.session_state[STATE] = {
        "tiny": page.session_state[STATE]["tiny"].without_class(page.session_state[STATE]["tiny"].classes[0])
    }
    page.run()
    assert len(queued(trained)) == 1 and page.button(key="us_go"), "the button stands there again"
    page.button(key="us_go").click().run()
    assert len(queued(trained)) == 2


def test_the_learner_that_was_asked_for_is_chosen_once_it_is_there(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = open_page("use", dataset="tiny", us_run=run_digest(PLAIN, tiny))
    page.session_state["us_known"] = True
    page.run()
    page.button(key="us_train_told").click().run()
    told = told_learner(tiny)
    assert told is not None and told.source_dropout == 0.5 and told in [job.spec for job in all_jobs(trained)]
    accuracy = np.full((len(told.evaluation.shots), told.evaluation.n_episodes), 0.6)
    stored = store_scores(RunStore(trained), told, tiny, accuracy)
    page.run()
    assert page.selectbox(key="us_run").value == stored.digest and [toast.value for toast in page.toast]


def test_the_cheapest_learner_that_no_other_beats_stands_first_with_its_reason(
    untrained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    store, tests = RunStore(untrained), tiny_run().evaluation
    cheap, dear = tiny_run(), tiny_run(("place",))
    for spec, seconds in ((cheap, 1.0), (dear, 50.0)):
        noise = np.random.default_rng(1).normal(0, 0.05, (len(tests.shots), tests.n_episodes))
        run = store_scores(store, spec, tiny, (0.6 + noise).clip(0, 1))
        rewrite(store, run, cost={"cpu_seconds": seconds})
    page = open_page("use", dataset="tiny")
    chosen = store.get(page.selectbox(key="us_run").value)
    assert chosen is not None and chosen.spec == cheap
    assert "no other here is shown to beat" in page.selectbox(key="us_run").help
