"""Every page by deep link on a fresh server, and every page for everybody: light and dark, narrow and wide, with assistive tools."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from metadash.front.sharing.demo import demo_workspace
from tests.browser.harness import PAGES, new_visitor, open_in, server, violations

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

DEEP = [page for page in PAGES if page != "start"]
VIEWS = {
    "bring": "metadata?md_view=Bring+your+own",
    "card": "metadata?md_view=Card+and+export",
    "tour": "tour?tour_step=3+Metadata",
}
"""Views of a page that are pages of their own to whoever looks at them."""


@pytest.fixture(scope="module")
def demo(folder: Path) -> Path:
    return demo_workspace(folder / "answered")


@pytest.fixture(scope="module")
def answered(demo: Path) -> Iterator[str]:
    """A server that shows the demo's answers: what pages look like depends on no other test."""
    with server(demo, demo.parent / "answered.log", METADASH_READ_ONLY="yes") as found:
        yield found


@pytest.fixture(scope="module")
def open_to_all(demo: Path) -> Iterator[str]:
    """The same where everything may be changed: runs are stored, answers of an older version are offered anew."""
    with server(demo, demo.parent / "open.log") as found:
        yield found


@pytest.fixture(scope="module")
def look(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``look(url, width=, dark=)``, like ``visit``, but one visitor for each width and theme: he has the app's scripts already."""
    visitors: dict[tuple[int, bool], BrowserContext] = {}

    def go(url: str, width: int = 1280, dark: bool = False) -> Page:
        if (width, dark) not in visitors:
            visitors[width, dark] = new_visitor(chromium, width, dark=dark)
        for page in visitors[width, dark].pages:
            page.close()
        return open_in(visitors[width, dark], url)

    yield go
    for visitor in visitors.values():
        visitor.close()


def path_of(page: str) -> str:
    return "" if page == "start" else VIEWS.get(page, page)


@pytest.mark.parametrize("name", PAGES)
def test_a_deep_link_as_the_first_visit_of_a_fresh_server_shows_the_whole_app(
    name: str, visit: Visit, folder: Path, tmp_path: Path
) -> None:
    with server(folder / "workspace", tmp_path / "server.log") as address:
        page = visit(f"{address}/{path_of(name)}")
        sidebar = page.locator("[data-testid=stSidebar]")
        for other in PAGES:
            expect(sidebar.get_by_role("link", name=other.replace("_", " ").capitalize()).first).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text("?")
        assert page.get_by_text("failed on a defect").count() == 0
    assert "Traceback" not in (tmp_path / "server.log").read_text()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, *VIEWS])
def test_a_page_with_results_has_no_serious_accessibility_violation(name: str, dark: bool, answered: str, look: Visit) -> None:
    page = look(f"{answered}/{path_of(name)}", dark=dark)
    page.wait_for_timeout(500)
    assert not violations(page)


@pytest.mark.parametrize("name", [*PAGES, *VIEWS])
def test_a_page_with_all_its_controls_has_none_either(name: str, open_to_all: str, look: Visit) -> None:
    page = look(f"{open_to_all}/{path_of(name)}")
    page.wait_for_timeout(500)
    assert not violations(page)


@pytest.mark.parametrize("name", [*PAGES, *VIEWS])
def test_a_page_with_results_fits_a_narrow_screen(name: str, answered: str, look: Visit) -> None:
    page = look(f"{answered}/{path_of(name)}", width=480)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 480
    main = page.locator("[data-testid=stMainBlockContainer]")
    assert main.evaluate("node => node.scrollWidth") <= 480


def test_bad_values_in_a_link_fall_back_or_are_named_and_never_break_a_page(address: str, visit: Visit) -> None:
    page = visit(f"{address}/episodes?dataset=nowhere&ep_way=999999&where=drop%20table%20classes")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which data set?")
    page.get_by_role("button", name="glyphs").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("What does one task look like?")
    expect(page.get_by_text("for “n-way” is not possible here")).to_be_visible()
    assert page.get_by_text("failed on a defect").count() == 0


def test_an_expander_with_an_icon_shows_that_it_opens(address: str, look: Visit) -> None:
    summary = look(f"{address}/train").locator("summary").filter(has_text="More options")
    chevron = (
        "node => { const one = getComputedStyle(node, '::after'); return [one.content, one.borderRightWidth, one.transform]; }"
    )
    closed = summary.evaluate(chevron)
    assert closed[0] != "none" and closed[1] == "2px"
    summary.click()
    expect(summary.locator("..")).to_have_attribute("open", "")
    summary.page.wait_for_timeout(400)
    assert summary.evaluate(chevron)[2] != closed[2], "it points elsewhere once open"
