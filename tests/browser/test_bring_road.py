"""The road of somebody with files and no Python: photos and a table in, a look at what was guessed, and a first question of one's own data."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.harness import WITHIN, settle
from tests.own_files import sign_photos, sign_table

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

FILES: list[FilePayload] = [
    {"name": "signs.zip", "mimeType": "application/zip", "buffer": sign_photos()},
    {"name": "about.csv", "mimeType": "text/csv", "buffer": sign_table()},
]
SENTENCE = re.compile(r"With one labelled example per class, .*points \[.*\] on these .*signs.*")


def bring_signs(page: Page) -> None:
    """The files of signs, whose word is corrected."""
    page.locator("input[type=file]").set_input_files(FILES)
    expect(page.get_by_text("96 images of 12")).to_be_visible(timeout=WITHIN)
    noun = page.get_by_role("textbox", name="One class is called a")
    noun.fill("sign")
    noun.press("Enter")
    expect(page.get_by_text("96 images of 12 signs, 8 each")).to_be_visible()


def test_a_new_user_brings_photos_and_a_table_and_asks_the_first_question(address: str, visit: Visit) -> None:
    page = visit(address)
    page.get_by_role("link", name="Bring your own").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What would you like to bring?")
    bring_signs(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("signs is here: 96 images of 12 signs.")).to_be_visible(timeout=WITHIN)
    page.get_by_role("link", name="Ask the first question").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which metadata helps with new classes?")
    settle(page)
    assert "dataset=signs" in page.url
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("signs")
    page.get_by_role("button", name="Answer it").click()
    expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=WITHIN)


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
