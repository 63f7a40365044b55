"""The picture and the half minute of animation that README shows, taken from the demo: ``python -m tests.browser.showing``."""

import argparse
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from metadash import settings
from metadash.front.sharing.demo import demo_workspace
from tests.browser.harness import ROOT, browser, new_visitor, open_in, server, settle

WIDE, HIGH = 1280, 900
SMALL = (960, 675)
"""Pixels of the window, and of the animation."""
SECONDS = 30
MOST_BYTES = 2_000_000
ABSENT = "This is not among the answers that are stored here."


def nothing(page: Page) -> None:
    pass


def tell(page: Page, label: str, presses: int) -> None:
    """Move a slider by its keys, to the right."""
    handle = page.get_by_role("slider", name=label)
    for _ in range(presses):
        handle.press("ArrowRight")
    page.wait_for_timeout(500)


def down(page: Page, pixels: int) -> None:
    page.locator("[data-testid=stMain]").evaluate("(node, by) => node.scrollBy(0, by)", pixels)


def up_to(page: Page, text: str) -> None:
    """The text stands at the top, and nothing above it is cut."""
    line = page.get_by_text(text, exact=True).first
    down(page, line.evaluate("node => node.getBoundingClientRect().top - 84"))


@dataclass(frozen=True)
class Scene:
    """Where the visitor goes (nowhere: stays), and what is done there before the picture is taken."""

    address: str | None
    act: Callable[[Page], None] = nothing

    def see(self, page: Page, address: str) -> Image.Image | None:
        """None where nothing is prepared to be seen."""
        if self.address is not None:
            page.goto(f"{address}/{self.address}")
        settle(page)
        page.wait_for_timeout(1500)
        self.act(page)
        settle(page)
        page.wait_for_timeout(800)
        if page.get_by_text(ABSENT).count():
            print(f"left out, since nothing is prepared there: {self.address}")
            return None
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


ANSWER = Scene("?q=unicode-siblings", lambda page: up_to(page, "Question"))
"""The one that README shows by itself."""
SCENES = (
    Scene(""),
    Scene("tour"),
    Scene("tour?tour_step=2+Prototype"),
    Scene(None, lambda page: tell(page, "Examples of each", 2)),
    Scene("tour?tour_step=3+Metadata", lambda page: down(page, 160)),
    Scene("tour?tour_step=4+Certainty"),
    Scene(None, lambda page: tell(page, "How many tasks", 5)),
    ANSWER,
    Scene("?q=name-siblings", lambda page: up_to(page, "Question")),
    Scene("ablation"),
    Scene(None, lambda page: down(page, 420)),
    Scene("prototypes", lambda page: down(page, 260)),
    Scene("what_if"),
    Scene("what_if?wi_kind_name=belongs+to+another+class&wi_share_name=35"),
    Scene("compare", lambda page: down(page, 200)),
)
"""The demo as somebody who is shown it: the answer, why to believe it, what else there is."""


def animated(found: list[Image.Image]) -> bytes:
    """An animation of ``SECONDS``, of the finest quality that stays small enough."""
    first, *rest = [image.resize(SMALL, Image.Resampling.LANCZOS) for image in found]
    content = b""
    for quality in (80, 65, 50, 35):
        held = io.BytesIO()
        each = SECONDS * 1000 // len(found)
        first.save(held, "WEBP", save_all=True, append_images=rest, duration=each, loop=0, quality=quality, method=6)
        content = held.getvalue()
        if len(content) <= MOST_BYTES:
            return content
    raise SystemExit(f"The animation has {len(content)} bytes; leave scenes out.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    closed = {settings.READ_ONLY.name: "yes", settings.DEVICE.name: "cpu"}
    with tempfile.TemporaryDirectory() as room, browser() as opened:
        root = demo_workspace(room)
        with server(root, Path(room) / "server.log", **closed) as address:
            visitor = new_visitor(opened, WIDE, HIGH)
            page = open_in(visitor, address)
            seen = {scene: image for scene in SCENES if (image := scene.see(page, address))}
            visitor.close()
    held = seen[ANSWER].quantize(128, dither=Image.Dither.NONE)
    held.save(folder / "demo.png", optimize=True)
    (folder / "demo.webp").write_bytes(animated(list(seen.values())))
    for name in ("demo.png", "demo.webp"):
        print(f"{name}: {(folder / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
