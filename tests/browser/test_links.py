"""Links in a browser: copied with one click, opened by somebody else, gone back to; and nothing of a visit leaves the machine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page, expect

from metadash.figures.report import figure_page
from tests.browser.harness import PAGES, new_visitor, open_in, settle

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

CHOICES = {
    "start": "?seeds=2&mode=full",
    "metadata": "?md_classes=script%3AGreek&md_where=n_instances+%3E+5&md_sql=SELECT+1",
    "episodes": "?ep_way=4&ep_seed=3&ep_sources=script&pool=script+%3D+%27Greek%27&ep_strategy=uniform",
    "train": "?tr_seeds=1&tr_seeds=4&tr_learner=maml&tr_options=inner_lr%3D0.5&tr_sources=accents",
    "ablation": "?ab_tier=confirm&ab_sources=name&ab_sources=accents&ab_rope=1.5",
}
FIELDS = "input, textarea, [data-testid=stSelectbox] [value], [role=radio][aria-checked=true], [data-tag]"


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Visit]:
    """``reader(url)`` opens a page as somebody whose clipboard can be read; everybody is somebody else."""
    visitors = []

    def go(url: str) -> Page:
        visitors.append(new_visitor(chromium))
        visitors[-1].grant_permissions(["clipboard-read", "clipboard-write"])
        return open_in(visitors[-1], url)

    yield go
    for visitor in visitors:
        visitor.close()


def copied(page: Page) -> str:
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def held(page: Page) -> list[str]:
    """What the widgets of the page show, in order."""
    return page.evaluate(
        "selector => [...document.querySelectorAll('[data-testid=stMain] ' + selector.split(', ').join(', [data-testid=stMain] '))]"
        ".map(one => one.value || one.innerText || '').filter(Boolean)",
        FIELDS,
    )


@pytest.mark.parametrize("name", CHOICES)
def test_one_click_copies_a_link_that_shows_somebody_else_the_same(name: str, address: str, reader: Visit) -> None:
    page = reader(f"{address}/{name.removeprefix('start')}{CHOICES[name]}")
    link = copied(page)
    asked, said = parse_qs(urlsplit(link).query), parse_qs(CHOICES[name][1:])
    assert asked["dataset"] == ["glyphs"] and said.items() <= asked.items()
    other = reader(link)
    assert held(other) == held(page) and held(page)
    assert other.get_by_text("is not possible here").count() == 0
    assert parse_qs(urlsplit(copied(other)).query) == asked


def test_where_the_clipboard_is_refused_the_address_stands_in_a_field(address: str, visit: Visit) -> None:
    page = visit(f"{address}/episodes?ep_way=4")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_role("textbox", name="The address of this page")
    expect(page.get_by_role("button", name="Press Ctrl+C")).to_be_visible()
    assert "ep_way=4" in field.input_value() and "dataset=glyphs" in field.input_value()
    assert field.evaluate("field => [field.selectionStart, field.selectionEnd, field.value.length]")[1] > 40


def test_back_comes_to_what_was_there(address: str, visit: Visit) -> None:
    page = visit(f"{address}/metadata")
    bar = page.get_by_role("searchbox", name="Search and filter")
    bar.fill("script:Greek")
    bar.press("Enter")
    expect(page.get_by_text("script = 'Greek'").first).to_be_visible()
    page.get_by_role("button", name="Use as the class pool").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("one task")
    settle(page)
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_role("button", name="Class pool")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who learns")
    settle(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("one task")
    expect(page.get_by_role("button", name="Class pool")).to_contain_text("script = 'Greek'")
    settle(page)
    page.go_back()
    expect(bar).to_have_value("script:Greek")
    settle(page)
    page.go_forward()
    expect(page.get_by_role("button", name="Class pool")).to_contain_text("script = 'Greek'")


def test_nothing_of_a_visit_leaves_the_machine(address: str, chromium: Browser, tmp_path: Path) -> None:
    figure = tmp_path / "figure.html"
    figure.write_text(figure_page(go.Figure(go.Bar(x=["a"], y=[1]))))
    visitor, asked = new_visitor(chromium), []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.on("page", lambda page: page.on("websocket", lambda socket: asked.append(socket.url)))
    for name in PAGES:
        page = open_in(visitor, f"{address}/{name.removeprefix('start')}")
        page.wait_for_timeout(300)
        icon = page.locator("link[rel*=icon]").first.get_attribute("href") or ""
        assert not icon.startswith("http") or icon.startswith(address), icon
        page.close()
    page = visitor.new_page()
    page.goto(figure.as_uri())
    page.wait_for_selector(".main-svg")
    visitor.close()
    hosts = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    assert hosts == {urlsplit(address).netloc}, [url for url in asked if urlsplit(url).netloc not in hosts]
