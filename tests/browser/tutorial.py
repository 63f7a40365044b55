"""The pictures of ``docs/your-own-data.md``, taken on the way that it tells, and of ``docs/how-to/``, taken of pages with the demo's answers.

``python -m tests.browser.tutorial [PAGE ...]``; ``bring`` is the way of one's own data. What each page said at that time is written down
beside them, so that a test knows when a picture shows what is no longer there.
"""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from metadash.front.sharing.demo import demo_workspace
from tests.browser.harness import HOME, ROOT, WITHIN, browser, open_page, server, settle
from tests.browser.test_bring_road import SENTENCE, bring_signs
from tests.docs.pictured import OF_BRING, PICTURES, write_down

WIDTH, COLOURS = 900, 128
"""Pixels that a picture is wide in the text, and its colours: a few kB each."""

OF_DEMO = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem != "prototypes")
TALL, MAP = 1000, 1500
"""Pixels of a page, at most: what one sees without going far down; and of the page whose map stands below its controls."""


def taken(page: Page, folder: Path, name: str, top: str = "h1", bottom: str = "", most: float = 4000) -> None:
    """The middle of the page between the elements ``top`` and ``bottom``, small."""
    settle(page)
    page.wait_for_timeout(1500)
    main = page.locator("[data-testid=stMainBlockContainer]").bounding_box()
    begin = page.locator(top).first.bounding_box()
    end = page.locator(bottom).last.bounding_box() if bottom else None
    assert main and begin
    height = (end["y"] + end["height"] if end else main["y"] + main["height"]) - begin["y"] + 32
    clip = {"x": main["x"] + 40, "y": begin["y"] - 16, "width": main["width"] - 80, "height": min(height, most)}
    image = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")  # type: ignore[arg-type]
    nothing = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    last = (ImageChops.difference(image, nothing).getbbox() or (0, 0, 0, image.height))[3]
    image = image.crop((0, 0, image.width, min(image.height, last + 24)))
    small = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def of_bring(opened: Browser, folder: Path) -> None:
    """The way of ``docs/your-own-data.md``; at its end the map of the learner that answered, whose photos say more than glyphs do."""
    names = ["bring-1-files", "bring-2-preview", "bring-3-name", "bring-4-answer"]
    with tempfile.TemporaryDirectory() as workspace, server(Path(workspace)) as address:
        page = open_page(opened, f"{address}/metadata?md_view=Bring+your+own", 1280, 1900)
        taken(page, folder, names[0])
        bring_signs(page)
        taken(page, folder, names[1], bottom=".st-key-bring_guesses")
        taken(page, folder, names[2], top=".st-key-bring_balance", bottom=".st-key-bring_balance")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("signs is here")).to_be_visible(timeout=WITHIN)
        page.get_by_role("link", name="Ask the first question").click()
        page.get_by_role("button", name="Answer it").click()
        expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=4 * WITHIN)
        taken(page, folder, names[3], bottom="[data-testid=stPlotlyChart]")
        page.get_by_role("link", name="See it on a map").click()
        page.get_by_role("button", name="Draw the map").click()
        expect(page.locator("canvas.main")).to_be_visible(timeout=WITHIN)
        taken(page, folder, "page-prototypes", most=MAP)
    write_down("prototypes", ["page-prototypes"])
    write_down(OF_BRING, names)


def of_pages(opened: Browser, folder: Path, names: list[str]) -> None:
    """As a visitor of the demo finds them, below its banner; *Use* with the five classes that it offers."""
    as_demo = {"METADASH_READ_ONLY": "yes", "METADASH_DEVICE": "cpu"}
    with tempfile.TemporaryDirectory() as workspace, server(demo_workspace(Path(workspace)), **as_demo) as address:
        for name in names:
            page = open_page(opened, f"{address}/{name.removeprefix(HOME)}", 1280, 1600)
            if name == "use":
                page.get_by_role("button", name="Show me with five").click()
                expect(page.get_by_role("button", name="Labels (CSV)")).to_be_visible(timeout=60_000)
            taken(page, folder, f"page-{name}", most=TALL)
            write_down(name, [f"page-{name}"])
            page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the pictures of the documentation.")
    parser.add_argument(
        "pages", nargs="*", metavar="PAGE", help=f"these only: {OF_BRING} (with the map of prototypes), {', '.join(OF_DEMO)}"
    )
    parser.add_argument("--out", type=Path, default=PICTURES)
    asked = parser.parse_args()
    if unknown := set(asked.pages) - {OF_BRING, *OF_DEMO}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    asked.out.mkdir(parents=True, exist_ok=True)
    pages = [name for name in OF_DEMO if not asked.pages or name in asked.pages]
    with browser() as opened:
        if pages:
            of_pages(opened, asked.out, pages)
        if not asked.pages or OF_BRING in asked.pages:
            of_bring(opened, asked.out)


if __name__ == "__main__":
    main()
