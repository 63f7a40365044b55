"""Files on the *Use* page: pictures, tables and what they say of classes and of single inputs."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from metadash.dashboard.use import work
from metadash.dashboard.use.files import told_beside
from metadash.dashboard.use.taking import bundle
from metadash.dashboard.use.tray import STATE, Tray, class_labels
from metadash.data.dataset import Dataset
from metadash.data.given.given import given_named
from metadash.front.use import labelled
from metadash.front.using.reading import Read
from metadash.runs.kinds import run_digest
from metadash.runs.queue.jobs import all_jobs
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.use import StepsSpec
from metadash.workspace import Workspace
from tests.builders import tiny_run
from tests.pages.page import brought, open_page, said
from tests.pages.test_use_page import INFORMED, STEPS, labelled_page, queued, telling


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
    page = telling(trained, tiny, given)
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
    page = telling(trained, tiny, given)
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
