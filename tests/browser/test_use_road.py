"""The road of somebody with new classes: two clicks to the first labels, one of them corrected, a letter drawn, the labels taken home."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import WITHIN, settle

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

COUNTED = re.compile(r"Of \d+ images, \d+ (is|are) surely one of the 5 characters")
LETTER_H = (((0.3, 0.1), (0.3, 0.9)), ((0.7, 0.1), (0.7, 0.9)), ((0.3, 0.5), (0.7, 0.5)))


def draw(page: Page, canvas: Locator) -> None:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    for line in LETTER_H:
        (x, y), *rest = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in line]
        page.mouse.move(x, y)
        page.mouse.down()
        for point in rest:
            page.mouse.move(*point, steps=6)
        page.mouse.up()


def test_two_clicks_label_a_correction_teaches_a_drawing_is_recognised_and_the_labels_go_home(
    address: str, visit: Visit, folder: Path
) -> None:
    page = visit(f"{address}/use")
    example = page.get_by_role("button", name="Show me with five characters")
    first = page.get_by_role("button", name="Train the quick learner")
    expect(first.or_(example)).to_be_visible()
    if first.is_visible():
        first.click()
    example.click(timeout=WITHIN)
    answer = page.get_by_role("heading", name=COUNTED)
    expect(answer).to_be_visible(timeout=WITHIN)
    settle(page)

    label = page.get_by_role("combobox", name=re.compile("^Label of glyphs")).first
    named = (label.get_attribute("aria-label") or "").removeprefix("Label of ")
    label.select_option(index=1)
    expect(page.get_by_text("From 2 to 2.2 examples per class its accuracy rose by")).to_be_visible(timeout=WITHIN)
    settle(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="Labels (CSV)").click()
    table = pd.read_csv(started.value.path())
    assert {"input", "label", "probability", "second", "none_of_these"} <= set(table.columns) and len(table) == 40
    mended = table[table["input"] == named].iloc[0]
    assert mended["corrected"] and mended["probability"] == 1

    shared, link = visit(page.url), answer.inner_text()
    expect(shared.get_by_role("heading", name=COUNTED)).to_have_text(link)

    page.get_by_role("radio", name="2 · To label").click()
    page.get_by_role("radio", name="Draw").click()
    settle(page)
    canvas = page.get_by_role("img", name="What is to be labelled: a square to draw on")
    draw(page, canvas)
    expect(page.get_by_role("img", name="The drawing as the learner sees it")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="What is it?").click()
    expect(page.get_by_role("heading", name=re.compile("^It (is|looks like)"))).to_be_visible(timeout=WITHIN)
    expect(page.get_by_role("button", name="Take away drawing 1")).to_be_visible()

    page.set_viewport_size({"width": 480, "height": 900})
    page.wait_for_timeout(500)
    assert page.locator("[data-testid=stMainBlockContainer]").evaluate("node => node.scrollWidth") <= 480
    log = (folder / "server.log").read_text()
    assert "Traceback" not in log and "a page failed" not in log
