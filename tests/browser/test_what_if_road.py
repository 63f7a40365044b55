"""The road of somebody who asks what wrong metadata would do: a learner to ask, one source swapped, an answer, a link that repeats it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from metadash.runs.train import train
from metadash.workspace import Workspace
from tests.browser.harness import server, settle
from tests.builders import tiny_run, write_tiny

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

UNCHANGED = re.compile("accuracy is what it was: nothing is changed yet")
CHANGED = re.compile(
    r"accuracy moves by .* points \[.*\] on these families.* when the metadata of \d+ of \d+ test classes are changed"
)
WITHIN = 120_000
"""Milliseconds, on a loaded machine of two cores."""


@pytest.fixture(scope="module")
def tiny_address(folder: Path) -> Iterator[str]:
    """A server that holds one trained learner, which has seen each source missing."""
    workspace = Workspace(folder / "asked")
    write_tiny(workspace)
    train(tiny_run(("place", "size"), source_dropout=0.5, steps=60), workspace)
    with server(workspace.root, folder / "asked.log") as found:
        yield found


def test_from_a_swapped_source_to_an_answer_that_its_link_repeats(tiny_address: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{tiny_address}/what_if?dataset=tiny")
    expect(page.get_by_role("heading", name=UNCHANGED)).to_be_visible(timeout=WITHIN)

    page.get_by_role("combobox", name="What happens to place").click()
    page.get_by_role("option", name="belongs to another class").click()
    answer = page.get_by_role("heading", name=CHANGED)
    expect(answer).to_be_visible(timeout=WITHIN)
    settle(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"Test task 1: \d+ of \d+ queries right before, \d+ after"))).to_be_visible()
    expect(page).to_have_url(re.compile("wi_kind_place"))

    told, link = answer.inner_text(), page.url
    other = visit(link)
    expect(other.get_by_role("heading", name=CHANGED)).to_be_visible(timeout=WITHIN)
    assert other.get_by_role("heading", name=CHANGED).inner_text() == told

    for _ in range(5):  # one straight after the other: each click used to rerun the page, and the next then lost its file
        with other.expect_download() as started:
            other.get_by_role("button", name="Download every task's score (CSV)").click()
        assert started.value.suggested_filename.startswith("what-if-")
    points_go_where_a_change_puts_them(page)
    log = (folder / "asked.log").read_text()
    assert "Traceback" not in log and "a page failed" not in log


def points_go_where_a_change_puts_them(page: Page) -> None:
    """The map stays the same canvas while the learner answers, and its prototypes go where metadata that are missing leave them."""
    page.get_by_text("Where the prototypes go (map)").click()
    page.get_by_role("button", name="Draw the map of this task").click()
    canvas = page.locator("canvas.main")
    expect(canvas).to_be_visible(timeout=WITHIN)
    settle(page)
    places = (
        "canvas => { const {panes: [pane], data} = canvas.getRootNode().querySelector('#map').map; "
        "const of = (kind) => [...pane.stands[kind].values()].map((at) => [pane.x[at], pane.y[at]]); "
        "return [canvas === window.kept, data.drawn, of(3), of(4)]; }"
    )
    canvas.evaluate("canvas => { window.kept = canvas; }")
    _, drawn, before, _ = canvas.evaluate(places)
    page.get_by_role("button", name="have nothing").click()
    expect(page.get_by_text("Changed in this task: thing")).to_be_visible(timeout=WITHIN)
    page.wait_for_function(
        "([canvas, drawn]) => { const {data, gliding} = canvas.getRootNode().querySelector('#map').map; return data.drawn !== drawn && !gliding; }",
        arg=[canvas.element_handle(), drawn],
    )
    same, _, start, after = canvas.evaluate(places)
    assert same and start == before != after
