"""The *Use* page: two clicks to the first labels, corrections that become examples, a link that lays everything out again."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from metadash.answers.scores import load_scores
from metadash.dashboard.use import learner, work
from metadash.dashboard.use.files import told_beside
from metadash.dashboard.use.learner import told_learner
from metadash.dashboard.use.leaving import zipped
from metadash.dashboard.use.taking import bundle
from metadash.dashboard.use.tray import STATE, Tray, class_labels
from metadash.data.dataset import Dataset
from metadash.data.given.given import Given, given_named
from metadash.front.use import give, labelled, use_spec
from metadash.front.using.best import best_run
from metadash.front.using.leaving import load_left
from metadash.front.using.reading import Read
from metadash.front.using.rising import rise
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.builder import run_for
from metadash.specs.run import RunSpec
from metadash.specs.use import LeavingSpec, StepsSpec, UseSpec
from metadash.workspace import Workspace
from tests.builders import rewrite, store_scores, tiny_run
from tests.pages.page import brought, open_page, said

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
    page = labelled_page(trained, tiny, brought(trained, INFORMED))
    assert len(page.get("plotly_chart")) == 1 and said(page, "temperature") and said(page, "answers")


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
    page = labelled_page(trained, tiny, given, us_step="1 · Examples")
    page.session_state["us_known"] = True
    page.run()
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


# --- uploads -----------------------------------------------------------------------------------------------------------------


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return buffer.getvalue()


def a_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def uploading(tiny: Dataset, step: str, **more: str) -> AppTest:
    return open_page(
        "use", dataset="tiny", us_run=run_digest(INFORMED, tiny), us_step=step, us_give="Upload", us_ask="Upload", **more
    )


def test_a_zip_of_folders_shows_the_classes_and_loose_pictures_are_labelled(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    page = uploading(tiny, "1 · Examples")
    folders = {
        f"mine/{name}/{number}.png": png(tiny.inputs[30 * c + number])
        for c, name in enumerate(["oak", "ash"])
        for number in (0, 1)
    }
    page.file_uploader(key="us_files").set_value(("mine.zip", a_zip(folders), "application/zip")).run()
    assert said(page, "4 examples were read") and not page.error
    assert {name: len(shown) for name, shown in page.session_state[STATE]["tiny"].examples.items()} == {"ash": 2, "oak": 2}
    page.segmented_control(key="us_step").set_value("ask").run()
    pictures = [(f"{number}.png", png(tiny.inputs[10 + number]), "image/png") for number in range(3)]
    page.file_uploader(key="us_ask_files").set_value(pictures).run()
    assert said(page, "3 images were read") and said(page, "3 images to label as one of 2 things.")
    page.button(key="us_go").click().run()
    (spec,) = queued(trained)
    given = given_named(trained, spec.given)
    assert given.names == ["0.png", "1.png", "2.png"] and np.array_equal(given.queries[1], tiny.inputs[11])


def test_loose_pictures_are_examples_of_the_class_that_is_named(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    page = uploading(tiny, "1 · Examples")
    picture = ("photo.png", png(tiny.inputs[0]), "image/png")
    page.file_uploader(key="us_files").set_value([picture]).run()
    assert any("Say above which thing these are" in error.value for error in page.error)
    name = class_labels(tiny)[0]
    page = uploading(tiny, "1 · Examples", us_rows="0")
    page.selectbox(key="us_upload_class").set_value(name).run()
    page.file_uploader(key="us_files").set_value([picture, ("photo.png", png(tiny.inputs[1]), "image/png")]).run()
    assert [one.name for one in page.session_state[STATE]["tiny"].examples[name]] == ["tiny 0", "1 photo.png", "photo.png"]
    assert not page.error


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.zip", b"no zip", "cannot be read as a zip file"),
        ("a.zip", a_zip({"../x.png": b"x"}), "names a file outside of itself"),
        ("a.zip", a_zip({"oak/x.png": b"no picture"}), "is no picture"),
        ("a.csv", b"a,b\n1,2\n", "has no column of labels"),
    ],
)
def test_an_upload_that_cannot_be_read_is_one_sentence(
    name: str, content: bytes, told: str, trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    page = uploading(tiny, "1 · Examples")
    page.file_uploader(key="us_files").set_value((name, content, "application/zip")).run()
    assert any(told in error.value.replace("\\", "") for error in page.error), [error.value for error in page.error]
    assert not page.session_state[STATE].get("tiny", Tray()).examples if STATE in page.session_state else True


@pytest.mark.parametrize(("step", "key"), [("1 · Examples", "us_files"), ("2 · To label", "us_ask_files")])
def test_a_table_among_pictures_is_refused_and_not_passed_over(
    step: str, key: str, trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    page = uploading(tiny, step, us_rows="0")
    files = [("0.png", png(tiny.inputs[0]), "image/png"), ("about.csv", b"file,colour\n0.png,red\n", "text/csv")]
    page.file_uploader(key=key).set_value(files).run()
    assert ["'about.csv' came with other files" in error.value.replace("\\", "") for error in page.error] == [True]


def test_a_table_says_what_is_known_of_the_classes(trained: Workspace, tiny: Dataset, no_workers: None) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given, us_step="1 · Examples")
    page.session_state["us_known"] = True
    page.run()
    table = f"class_name,corner\n{given.classes[1]},somewhere else\n".encode()
    page.file_uploader(key="us_known_file").set_value(("known.csv", table, "text/csv")).run()
    assert said(page, "1 column of 1 thing were read")
    (spec,) = queued(trained)
    told = given_named(trained, spec.given).metadata
    assert told is not None and told["corner"].iloc[1] == "somewhere else" != told["corner"].iloc[0]


def test_a_field_shows_what_the_learner_is_told_after_a_table_said_otherwise(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given, us_step="1 · Examples")
    page.session_state["us_known"] = True
    page.run()
    table = f"class_name,corner\n{given.classes[0]},somewhere else\n".encode()
    page.file_uploader(key="us_known_file").set_value(("known.csv", table, "text/csv")).run()
    (box,) = [box for box in page.selectbox if box.label == "corner"]
    assert box.value == "somewhere else"


def test_what_is_known_of_single_inputs_is_their_row_or_what_a_table_says_and_a_link_keeps_it(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    single = tiny_run(("site",), fusion="film", steps=5)
    run = train(single, trained)
    page = open_page("use", dataset="tiny", us_run=run.digest, us_step="2 · To label")
    page.button(key="us_example").click().run()
    page.segmented_control(key="us_step").set_value("ask").run()
    page.session_state["us_single"] = True
    page.run()
    first = queued(trained)[0]
    said_first = given_named(trained, first.given).said
    own = tiny.instance_columns(["site", "taken"])
    assert said_first.of_queries is not None and said_first.of_examples is not None
    row = work.row_named(tiny, said_first.names[0])
    assert said_first.of_queries[0]["site"] == own["site"][row]
    table = f"file,site\n{said_first.names[0]},elsewhere\n{said_first.example_names[1]},there\n".encode()
    page.file_uploader(key="us_of_inputs").set_value(("known.csv", table, "text/csv")).run()
    assert said(page, "1 column of 2 images were read") and not page.error
    (told,) = [spec for spec in queued(trained) if spec.given != first.given]
    now = given_named(trained, told.given).said
    assert (
        now.of_queries is not None and now.of_queries[0]["site"] == "elsewhere" and now.of_queries[1] == said_first.of_queries[1]
    )
    assert now.of_examples is not None and now.of_examples[1]["site"] == "there"
    train(told, trained)
    again = open_page("use", dataset="tiny", us_run=run.digest, us_given=told.given, us_step=STEPS["review"])
    assert len(queued(trained)) == 2 and again.query_params["us_given"] == told.given and not again.exception
    files = bundle(tiny, labelled(RunStore(trained).find(told, tiny), RunStore(trained)))  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        assert b"elsewhere" in archive.read("inputs.csv") and b"there" in archive.read("examples.csv")
    page.file_uploader(key="us_of_inputs").set_value(("odd.csv", b"file,sight\nnobody.png,x\n", "text/csv")).run()
    assert any("names an example or an input" in error.value for error in page.error)


def test_what_would_help_most_is_offered_and_then_listed_with_intervals(
    trained: Workspace, tiny: Dataset, no_workers: None
) -> None:
    given = brought(trained, INFORMED)
    page = labelled_page(trained, tiny, given)
    page.session_state["us_next_open"] = True
    page.run()
    page.button(key="us_next").click().run()
    (spec,) = [job.spec for job in all_jobs(trained) if isinstance(job.spec, StepsSpec)]
    train(spec, trained)
    page.run()
    assert said(page, "Label one more each of ") and said(page, "points a label") and said(page, "tasks of validation classes")


def test_a_table_of_inputs_says_what_is_known_of_each_whatever_the_others_are_called() -> None:
    read = Read(["one", "two"], ["1", "2"], beside=pd.DataFrame({"site": ["here", None], "other": [1, 2]}))
    tray = told_beside(Tray(), read, "ash", ["1", "2 (2)"], ["site"])
    tray = told_beside(tray, read.some([1, 0]), "", ["1", "2"], ["site", "other"])
    assert tray.of_inputs == {("ash", "1"): {"site": "here"}, ("", "1"): {"other": 2}, ("", "2"): {"site": "here", "other": 1}}
