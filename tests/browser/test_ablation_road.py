"""The road of somebody who wonders which metadata to collect: one button, cards as they come, a combination, a report. On *tiny*."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from metadash.workspace import Workspace
from tests.browser.harness import WITHIN, server, settle
from tests.builders import write_tiny

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

SMALL = "ab_tier=screen&ab_episodes=5&ab_steps=20&ab_tests=60&ab_shots=1&ab_shots=2&ab_sources=size&ab_sources=place"
HEADLINE = re.compile(r"With one labelled example per class, all 2 sources together add .*points \[.*\] on these families")


@pytest.fixture(scope="module")
def tiny_address(folder: Path) -> Iterator[str]:
    workspace = Workspace(folder / "ablated")
    write_tiny(workspace)
    with server(workspace.root, folder / "ablated.log") as found:
        yield found


def test_from_the_button_to_the_cards_and_the_report(tiny_address: str, visit: Visit, folder: Path) -> None:
    page = visit(f"{tiny_address}/ablation?dataset=tiny&{SMALL}")
    page.get_by_role("button", name="Measure what each is worth").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile("60 episodes .* 3 seeds"))).to_be_visible(timeout=WITHIN)
    expect(page.get_by_role("heading", name=HEADLINE)).to_be_visible()
    settle(page)
    card = page.locator("dl.md-card", has_text="Known for")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("over 3 training seeds")
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("radio", name="size", exact=True).click()
    expect(page).to_have_url(re.compile("ab_card=size"))

    subset = page.get_by_role("toolbar").filter(has=page.get_by_role("button", name="place", exact=True))
    for name in ("place", "size"):
        button = subset.get_by_role("button", name=name, exact=True)
        if (button.get_attribute("aria-pressed") == "true") != (name == "size"):
            button.click()
    expect(page.get_by_text(re.compile(r"With size, at 1 shot: \d+\.\d % of queries are right"))).to_be_visible()
    expect(page).to_have_url(re.compile("ab_subset=size"))

    with page.expect_download() as started:
        page.get_by_role("button", name="Report (one HTML file)").click()
    file = folder / "report.html"
    started.value.save_as(file)
    offline = page.context.browser.new_context(offline=True)  # type: ignore[union-attr]
    report, asked = offline.new_page(), []
    report.on("request", lambda request: asked.append(request.url))
    report.goto(file.as_uri())
    expect(report.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert asked == [file.as_uri()] and report.locator("article").count() == 2
    offline.close()

    page.set_viewport_size({"width": 480, "height": 900})
    page.wait_for_timeout(500)
    assert page.locator("[data-testid=stMainBlockContainer]").evaluate("node => node.scrollWidth") <= 480
    log = (folder / "ablated.log").read_text()
    assert "Traceback" not in log and "a page failed" not in log
