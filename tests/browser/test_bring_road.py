"""The road of somebody with files and no Python: photos (or sentences) and a table in, a look at what was guessed, a first question of one's own
data, and then new files that the learner labels."""

import re
from collections.abc import Callable

import pandas as pd
import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.harness import WITHIN, settle, violations
from tests.own_files import NEW_SIGNS, as_csv, in_folders, new_photos, sentence_table, sign_photos, sign_table

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

FILES: list[FilePayload] = [
    {"name": "signs.zip", "mimeType": "application/zip", "buffer": sign_photos()},
    {"name": "about.csv", "mimeType": "text/csv", "buffer": sign_table()},
]
COLUMNS = ["input", "label", "probability", "second", "none_of_these"]
SENTENCE = re.compile(r"With one labelled example per class, .*points \[.*\] on these .*signs.*")
INTENTS = re.compile(r"With one labelled example per class, .*points \[.*\] on these intents.*")


def a_file(name: str, content: bytes, kind: str = "text/csv") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def to_use(page: Page, examples: FilePayload, read: str) -> None:
    """By the sidebar to the page *Use*, where a file shows what new classes look like; then its second step."""
    page.get_by_role("link", name="Use", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What are these?")
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files([examples])
    expect(page.get_by_text(read)).to_be_visible()
    page.get_by_role("radio", name="2 · To label").click()


def labels(page: Page, count: str) -> pd.DataFrame:
    """What is given is labelled, and the labels are taken home."""
    page.get_by_role("button", name="Label them").click()
    expect(page.get_by_role("heading", name=re.compile(f"^Of {count}, "))).to_be_visible(timeout=WITHIN)
    settle(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="Labels (CSV)").click()
    table = pd.read_csv(started.value.path())
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS and (table["label"] != table["second"]).all()
    assert table["probability"].between(1 / table["label"].nunique(), 1).all()
    return table


def bring_signs(page: Page) -> None:
    """The files of signs, whose word is corrected."""
    page.locator("input[type=file]").set_input_files(FILES)
    expect(page.get_by_text("96 images of 12")).to_be_visible(timeout=WITHIN)
    noun = page.get_by_role("textbox", name="One class is called a")
    noun.fill("sign")
    noun.press("Enter")
    expect(page.get_by_text("96 images of 12 signs, 8 each")).to_be_visible()


def test_a_new_user_brings_photos_and_a_table_asks_the_first_question_and_has_new_photos_labelled(
    address: str, visit: Visit
) -> None:
    page = visit(address)
    page.get_by_role("link", name="Bring your own").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What would you like to bring?")
    bring_signs(page)
    assert not violations(page), "nor has the preview, with its table"
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("signs is here: 96 images of 12 signs.")).to_be_visible(timeout=WITHIN)
    page.get_by_role("link", name="Ask the first question").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which metadata helps with new classes?")
    settle(page)
    assert "dataset=signs" in page.url
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("signs")
    page.get_by_role("button", name="Answer it").click()
    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=WITHIN)
    settle(page)
    photos = new_photos(6)
    shown = {name: content for name, content in photos.items() if name[-5] in "01"}
    asked = {name: content for name, content in photos.items() if name not in shown}
    to_use(page, a_file("new signs.zip", in_folders(shown), "application/zip"), "6 examples were read.")
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files([a_file(name, content, "image/png") for name, content in asked.items()])
    expect(page.get_by_role("heading", name="12 images to label as one of 3 signs")).to_be_visible()
    table = labels(page, "12 images")
    assert sorted(table["input"]) == sorted(asked) and set(table["label"]) <= set(NEW_SIGNS)
    right = table["label"] == table["input"].str.rpartition(" ")[0]
    assert right.sum() >= 9, "by chance four are right, and nine once in 260 times"


def test_sentences_are_brought_asked_about_and_labelled_just_so(address: str, visit: Visit) -> None:
    page = visit(f"{address}/metadata?md_view=Bring+your+own")
    page.locator("input[type=file]").set_input_files([a_file("intents.csv", sentence_table())])
    expect(page.get_by_text("54 texts of 9 intents, 6 each")).to_be_visible(timeout=WITHIN)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("intents is here: 54 texts of 9 intents.")).to_be_visible(timeout=WITHIN)
    page.get_by_role("link", name="Ask the first question").click()
    page.get_by_text("How thoroughly?").click()
    page.get_by_text("Test every intent once").click()  # a quarter of the training
    settle(page)
    page.get_by_role("button", name="Answer it").click()
    expect(page.get_by_text(INTENTS)).to_be_visible(timeout=WITHIN)
    settle(page)
    shown = [
        ["please cook rice for me", "cook_it"],
        ["cook number 7", "cook_it"],
        ["paint my wall", "paint_it"],
        ["paint two", "paint_it"],
    ]
    to_use(page, a_file("new intents.csv", as_csv(["text", "label"], shown)), "4 examples were read.")
    page.get_by_role("radio", name="Write").click()
    page.get_by_role("textbox", name="What is to be labelled").fill(
        "please cook number 4 for me\nplease paint number 5 for me\ncook it"
    )
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("heading", name="3 texts to label as one of 2 intents")).to_be_visible()
    table = labels(page, "3 texts")
    assert table["label"].tolist() == ["cook_it", "paint_it", "cook_it"]
    assert table["input"].tolist() == ["please cook number 4 for me", "please paint number 5 for me", "cook it"]


def test_a_wrong_file_is_one_sentence_and_the_next_one_is_taken(address: str, visit: Visit) -> None:
    page = visit(f"{address}/metadata?md_view=Bring+your+own")
    page.locator("input[type=file]").set_input_files([{"name": "empty.csv", "mimeType": "text/csv", "buffer": b""}])
    expect(page.get_by_text("The file 'empty.csv' is empty")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_text("is empty")).not_to_be_visible(timeout=WITHIN)  # until then the field for files is the old one's
    settle(page)
    page.locator("input[type=file]").set_input_files(FILES)
    expect(page.get_by_text("96 images of 12")).to_be_visible(timeout=WITHIN)
    expect(page.get_by_text("is empty")).not_to_be_visible()
