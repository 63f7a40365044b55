"""*Card and export* on the *Metadata* page: what can be taken of a data set, and how one's own is done away with."""

import io
import zipfile

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from metadash.dashboard.metadata.keep import card_page, zipped
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset, remove_dataset
from metadash.errors import BadInput
from metadash.front.card import card
from metadash.runs.queue import jobs
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run
from tests.pages.page import open_page, said


@pytest.fixture
def page(untrained: Workspace, no_workers: None) -> AppTest:
    return open_page("metadata", dataset="tiny", md_view="Card and export")


def test_the_card_is_read_on_the_page_and_there_to_take(page: AppTest, tiny: Dataset) -> None:
    assert page.title[0].value == "What is there to take of Tiny things?"
    assert said(page, "40 things with 1\u202f200 images") and {"what", "said"} == set(page.dataframe[0].value.columns)
    assert [button.label for button in page.get("download_button")] == [
        "Download the data card (HTML)",
        "Download everything (zip)",
    ]
    assert b"Tiny things" in card_page(card(tiny))


def test_the_zip_file_holds_all_of_it(tiny: Dataset) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(tiny))) as archive:
        names = set(archive.namelist())
        assert {f"tiny/{name}" for name in ("classes.parquet", "instances.parquet", "inputs.npy", "croissant.json")} <= names
        classes = pd.read_parquet(io.BytesIO(archive.read("tiny/classes.parquet")))
    assert classes["class_name"].tolist() == tiny.classes["class_name"].tolist()


def test_a_data_set_is_deleted_once_its_name_was_typed_and_the_pages_go_on_with_another(
    page: AppTest, untrained: Workspace
) -> None:
    assert page.button(key="md_remove").disabled and page.text_input(key="md_remove_name").label == "Type its name to delete it"
    page.text_input(key="md_remove_name").set_value("tini").run()
    assert page.button(key="md_remove").disabled
    page.text_input(key="md_remove_name").set_value("tiny").run()
    page.button(key="md_remove").click().run()
    assert not page.exception and page.selectbox(key="dataset").value == "glyphs"
    assert not list(untrained.datasets.glob("*tiny*")) and untrained.runs.is_dir()
    assert said(page, "comes with MetaDash") and not page.text_input


def test_a_data_set_that_is_computed_on_stays(page: AppTest, untrained: Workspace) -> None:
    spec = tiny_run()
    jobs.JobFolder(untrained, "a" * 20).create(spec, "a run")
    page.text_input(key="md_remove_name").set_value("tiny").run()
    page.button(key="md_remove").click().run()
    assert "cancel" in one_sentence(page.error[0].value) and open_dataset(untrained, "tiny")


@pytest.mark.parametrize("name", ["glyphs", "nowhere", "", "../runs", ".hidden"])
def test_what_is_no_data_set_of_ones_own_cannot_be_deleted(name: str, own_workspace: Workspace) -> None:
    with pytest.raises(BadInput) as refused:
        remove_dataset(own_workspace, name)
    one_sentence(refused.value)
    assert own_workspace.runs.is_dir()
