"""A stranger with the link of a demo: an answer at once, nothing that could be started, and a file that opens offline."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from metadash.front.sharing.demo import demo_workspace
from tests.browser.harness import new_visitor, open_in, server, settle


def test_the_demo_answers_at_once_and_its_report_opens_without_a_request(chromium: Browser, tmp_path: Path) -> None:
    root = demo_workspace(tmp_path)
    before = sorted(str(path) for path in root.rglob("*"))
    with server(root, tmp_path / "demo.log", METADASH_READ_ONLY="yes", METADASH_DEVICE="cpu") as address:
        visitor = new_visitor(chromium)
        page = open_in(visitor, address)
        expect(page.get_by_text("Demo, read-only.")).to_be_visible()
        expect(page.get_by_text("helps tell sibling characters apart").first).to_be_visible()
        take_the_tour(page)
        page = open_in(visitor, address)
        expect(page.get_by_text("helps tell sibling characters apart").first).to_be_visible()
        expect(page.get_by_text("New here?")).to_have_count(0)
        expect(page.get_by_role("button", name="Answer it")).to_have_count(0)
        page.get_by_role("button", name="Share").click()
        settle(page)
        expect(page.get_by_role("button", name="Save view")).to_have_count(0)
        with page.expect_download() as download:
            page.get_by_test_id("stPopoverBody").get_by_role("button", name="One HTML file").click()
        file = tmp_path / "report.html"
        download.value.save_as(file)
        visitor.close()
    assert sorted(str(path) for path in root.rglob("*")) == before
    offline = chromium.new_context(offline=True)
    report, asked = offline.new_page(), []
    report.on("request", lambda request: asked.append(request.url))
    report.goto(file.as_uri())
    expect(report.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(report.get_by_text("To repeat it")).to_be_visible()
    assert asked == [file.as_uri()] and file.stat().st_size < 6_000_000
    offline.close()


def take_the_tour(page: Page) -> None:
    """From its offer to its end by keyboard alone: *Enter* on each button that leads on."""
    page.get_by_role("link", name="Show me").press("Enter")
    for question in (
        "What is an episode?",
        "What does a prototype do?",
        "What do metadata add?",
        "How sure are we?",
        "Where to go from here?",
    ):
        expect(page.get_by_role("heading", level=1)).to_have_text(question)
        settle(page)
        if question != "Where to go from here?":
            page.get_by_role("button", name="Next:").press("Enter")
    expect(page.get_by_text("opens at once")).to_be_visible()
