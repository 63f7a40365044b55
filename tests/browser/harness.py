"""A server of our own and a headless Chromium to look at it with; also takes screenshots: ``python -m tests.browser.harness``."""

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",  # no page may need WebGL, which browsers on remote desktops and locked-down machines lack
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = (
    "start",
    "metadata",
    "episodes",
    "train",
    "compare",
    "adaptation",
    "prototypes",
    "ablation",
    "what_if",
    "use",
    "runs",
    "reports",
)
HOME = "start"
"""The default page lives at the root, without its name."""

WITHIN = 300_000
"""Milliseconds in which what is trained on a loaded machine of two cores is there."""


def chromium_path() -> str | None:
    return next((path for path in CHROMIUM if Path(path).exists()), None)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def server(workspace: Path, log: Path | None = None, **environment: str) -> Iterator[str]:
    """The app on a free port over ``workspace``; yields its address and ends it, workers included."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    output = open(log or os.devnull, "ab")  # noqa: SIM115  (closed below, after the process that writes to it)
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "METADASH_WORKSPACE": str(workspace), **environment}, stdout=output, stderr=output
    )
    try:
        wait_for_health(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        output.close()


def wait_for_health(address: str, process: subprocess.Popen, seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.1)):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode} before it answered.")
        try:
            if urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not answer in time.")


def settle(page: Page, seconds: float = 60) -> None:
    """Wait until the script has run and no skeleton is left."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=seconds * 1000)
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0", timeout=seconds * 1000)


FOCUSED = "document.activeElement?.matches('a, button, summary') ? document.activeElement.innerText : ''"


def tab_to(page: Page, label: str, most: int = 120) -> None:
    """Go to the button or link that is called so as somebody does who has no mouse."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if label in page.evaluate(FOCUSED).splitlines():
            return
    raise AssertionError(f"“{label}” is not among the first {most} that the key Tab comes to.")


KNOWN_TO_STREAMLIT = {"scrollable-region-focusable"}
"""axe rules that Streamlit's own widgets break (the canvas of its tables); nothing on our pages can mend them."""


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What assistive tools would stumble over, seriously or worse: axe's rule, and the beginnings of what breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        (found["id"], [node["html"][:200] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical") and found["id"] not in KNOWN_TO_STREAMLIT
    ]


def new_visitor(opened: Browser, width: int = 1280, height: int = 900, dark: bool = False) -> BrowserContext:
    return opened.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")


def open_in(visitor: BrowserContext, url: str) -> Page:
    page = visitor.new_page()
    page.goto(url)
    settle(page)
    return page


def open_page(opened: Browser, url: str, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
    """As a visitor of its own."""
    return open_in(new_visitor(opened, width, height, dark), url)


def screenshots(address: str, folder: Path, pages: list[str]) -> None:
    """Each page in light and dark, at 1280 and 480 px, the whole height of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as opened:
        for name in pages:
            for width in (1280, 480):
                for dark in (False, True):
                    page = open_page(opened, f"{address}/{name.removeprefix(HOME)}", width, 900, dark)
                    page.wait_for_timeout(1500)
                    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]')?.scrollHeight || 900")
                    page.set_viewport_size({"width": width, "height": min(4000, int(height) + 80)})
                    page.wait_for_timeout(700)
                    file = f"{name.partition('?')[0] or 'start'}-{width}-{'dark' if dark else 'light'}.png"
                    page.screenshot(path=folder / file)
                    page.context.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Screenshots of a running server's pages, light and dark, 1280 and 480 px wide.")
    parser.add_argument("--address", default="http://127.0.0.1:8501")
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument(
        "pages", nargs="*", default=list(PAGES), help="page names, with a query string if wanted: compare?runs=a,b"
    )
    chosen = parser.parse_args()
    screenshots(chosen.address, chosen.out, chosen.pages)
