"""The road of somebody who wants to see what meta-learners do: train three, compare them, look inside one. On *tiny*, with little training."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from metadash.workspace import Workspace
from tests.browser.harness import WITHIN, server, settle
from tests.builders import write_tiny, write_vectors

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

SMALL = "tr_episodes=5&tr_steps=20&tr_tests=60&tr_query=5&tr_shots=1&tr_shots=2&tr_seeds=0"
TITLES = ("Prototypical Networks", "MAML", "LSTM meta-learner")
HEADLINE = re.compile(r"5 steps (take|leave) this task .*\d.% of 25 queries; a prototype over the same backbone gets \d+.%\.")

COLOURS = "one => new Set(new Uint32Array(one.getContext('2d').getImageData(0, 0, one.width, one.height).data.buffer)).size"


@pytest.fixture(scope="module")
def tiny_address(folder: Path) -> Iterator[str]:
    workspace = Workspace(folder / "tiny")
    write_tiny(workspace)
    write_vectors(workspace)
    with server(workspace.root, folder / "tiny.log") as found:
        yield found


def train_by_hand(page: Page, title: str) -> None:
    chooser = page.get_by_role("combobox", name="Learner", exact=False).first
    chooser.click()
    chooser.fill(title)
    page.get_by_role("option", name=title, exact=True).click()
    expect(page.get_by_text(f"Pressing the button trains {title} without metadata")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(f"Pressing the button trains {title}")).to_be_hidden(timeout=30_000)


def test_three_learners_are_trained_compared_and_one_is_looked_into(tiny_address: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{tiny_address}/train?dataset=tiny&{SMALL}")
    for title in TITLES:
        train_by_hand(page, title)
    expect(page.get_by_text(f"{TITLES[-1]} without metadata is right in")).to_be_visible(timeout=WITHIN)
    settle(page)

    page.get_by_role("link", name="Compare it with others").click()
    page.get_by_role("button", name="Compare 3 learners").click()
    page.get_by_role("radio", name="over shots", exact=True).click()
    expect(
        page.get_by_role("figure", name=re.compile("Accuracy of each learner over the number of labelled examples"))
    ).to_be_visible()
    expect(page.get_by_text("60 episodes, the same for all")).to_be_visible()
    settle(page)
    page.get_by_role("link", name="See “MAML, no metadata” adapt").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("What does the inner loop do?")
    page.get_by_role("button", name="Look inside").click()
    expect(page.get_by_text(HEADLINE)).to_be_visible(timeout=WITHIN)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    expect(page.locator("table.ad-grid tbody tr")).to_have_count(25)
    settle(page)
    page.get_by_role("slider").press("ArrowLeft")
    expect(page.get_by_text(re.compile(r"At step 4, \d+ of 25 queries are answered rightly"))).to_be_visible()
    expect(page).to_have_url(re.compile("ad_step=4"))
    played_and_paused(page)

    again = visit(page.url)
    assert again.get_by_text(HEADLINE).inner_text() == page.get_by_text(HEADLINE).inner_text()
    expect(again.get_by_text(re.compile("At step 4, "))).to_be_visible()
    assert again.evaluate("document.scrollingElement.scrollWidth") <= 1280
    again.set_viewport_size({"width": 480, "height": 900})
    again.wait_for_timeout(500)
    assert again.locator("[data-testid=stMainBlockContainer]").evaluate("node => node.scrollWidth") <= 480

    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("spinbutton", name="Test task")).to_have_value("2")
    expect(page.get_by_role("button", name="Previous")).to_be_enabled(timeout=WITHIN)
    expect(page.get_by_text(HEADLINE)).to_be_visible(timeout=WITHIN)
    map_of_a_task(visit(f"{tiny_address}/prototypes?dataset=tiny&pr_background=60&pr_perplexity=8"), visit)
    log = (folder / "tiny.log").read_text()
    assert "Traceback" not in log and "a page failed" not in log


def played_and_paused(page: Page) -> None:
    """From the last step they play again from the first, by themselves; a pause holds them, and keys take single ones."""
    play = page.get_by_role("button", name=re.compile("^(Play|Pause)$"))

    def at(number: int) -> None:
        expect(page.get_by_text(re.compile(rf"At step {number}, \d+ of 25 queries"))).to_be_visible(timeout=30_000)

    play.press("End")
    at(5)
    play.press("Enter")
    at(0)
    at(1)
    play.press("Enter")
    expect(play).to_have_accessible_name("Play")
    page.wait_for_timeout(1500)
    shown = page.locator("#where").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator("#where").inner_text() == shown != "Step 5 of 5", "it is held"
    play.press("End")
    at(5)
    page.get_by_role("slider").press("ArrowLeft")
    at(4)
    play.press("ArrowLeft")
    at(3)
    page.get_by_role("button", name="One step on").click()
    at(4)


def map_of_a_task(page: Page, visit: Visit) -> None:
    """Drawn, moved, hovered with its picture, wheeled only with the focus, selected with a lasso, made a task of."""
    page.get_by_role("button", name="Draw the map").click()
    canvas = page.locator("canvas.main")
    expect(canvas).to_be_visible(timeout=WITHIN)
    settle(page)
    assert page.evaluate("document.createElement('canvas').getContext('webgl')") is None, "it is drawn without WebGL"
    assert canvas.evaluate(COLOURS) > 5
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    where = "canvas => { const map = canvas.getRootNode().querySelector('#map').map; "
    view = lambda: canvas.evaluate(where + "return {...map.view}; }")  # noqa: E731
    before = view()
    page.mouse.move(*middle)
    page.mouse.wheel(0, 1)
    assert view() == before, "the page is rolled, not the map"
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30, steps=4)
    page.mouse.up()
    assert view()["x"] == pytest.approx(before["x"] - 60 / before["scale"]) and view()["scale"] == before["scale"]
    page.mouse.wheel(0, -100)
    page.wait_for_function(
        "([canvas, scale]) => canvas.getRootNode().querySelector('#map').map.view.scale > scale",
        arg=[canvas.element_handle(), before["scale"]],
    )
    canvas.press("n")
    tip = page.locator(".tip")
    expect(tip).to_contain_text("query, answered")
    expect(tip.locator("canvas")).to_be_visible()
    told = tip.inner_text()
    x, y = canvas.evaluate(
        where + "const {view, hover: {at}, panes: [p]} = map; "
        "return [(p.x[at] - view.x) * view.scale + p.wide / 2, p.high / 2 - (p.y[at] - view.y) * view.scale]; }"
    )
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 4)
    expect(tip).to_be_hidden()
    page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    expect(tip).to_have_text(re.compile("^thing"))
    assert tip.inner_text() == told, "a mouse is told what keys are: name and answer"
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Select", exact=True).click()
    page.wait_for_timeout(400)
    corners = [(x, y) for x, y in ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98))]
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=2)
    page.mouse.up()
    expect(page.get_by_role("heading", name=re.compile(r"^\d+ instances selected"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="The instances of this task")).to_be_visible()
    canvas.press("n")
    canvas.press("Enter")
    expect(page.get_by_role("heading", name="1 instance selected")).to_be_visible()
    expect(page).to_have_url(re.compile(r"pr_rows=\d+"))
    linked = visit(page.url)
    expect(linked.get_by_role("heading", name="1 instance selected")).to_be_visible()
    (row,) = parse_qs(urlsplit(page.url).query)["pr_rows"]
    chosen = linked.locator("canvas.main").evaluate(where + "return [...map.selected]; }")
    assert chosen == [int(row)], "a selection is of rows of the data set"
    linked.close()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Episode from these").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("one task")
    expect(page.get_by_role("button", name="Saved (1)")).to_be_visible()


def test_a_link_inside_a_page_keeps_a_data_set_that_is_not_the_first(tiny_address: str, visit: Visit) -> None:
    page = visit(f"{tiny_address}/prototypes?dataset=vectors")
    page.get_by_role("link", name="Train a learner").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who learns")
    settle(page)
    assert parse_qs(urlsplit(page.url).query)["dataset"] == ["vectors"]
    expect(page.get_by_role("combobox", name="Data set", exact=False)).to_have_value("vectors")
