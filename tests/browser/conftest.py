"""One server for all browser tests; the browser itself is that of ``tests/conftest.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import open_page, server

expect.set_options(
    timeout=30_000
)  # milliseconds; a page of a busy machine of two cores may be late, and is waited for no longer than it takes


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """A server over a workspace that starts empty."""
    with server(folder / "workspace", folder / "server.log") as found:
        yield found


@pytest.fixture
def visit(chromium: Browser) -> Iterator[object]:
    """``visit(url, width=, dark=)`` opens a page as a visitor of its own; all are closed afterwards."""
    opened: list[Page] = []

    def go(url: str, **options: object) -> Page:
        page = open_page(chromium, url, **options)
        opened.append(page)
        return page

    yield go
    for page in opened:
        page.context.close()
