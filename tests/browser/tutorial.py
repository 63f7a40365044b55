"""The pictures of ``docs/your-own-data.md``, taken on the way that it tells: ``python -m tests.browser.tutorial``."""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.harness import ROOT, WITHIN, browser, open_page, server, settle
from tests.browser.test_bring_road import SENTENCE, bring_signs

WIDTH, COLOURS = 900, 128
"""Pixels that a picture is wide in the text, and its colours: a few kB each."""


def taken(page: Page, folder: Path, name: str, top: str = "h1", bottom: str = "") -> None:
    """The middle of the page between the elements ``top`` and ``bottom``, small."""
    settle(page)
    page.wait_for_timeout(1500)
    main = page.locator("[data-testid=stMainBlockContainer]").bounding_box()
    begin = page.locator(top).first.bounding_box()
    end = page.locator(bottom).last.bounding_box() if bottom else None
    assert main and begin
    height = (end["y"] + end["height"] if end else main["y"] + main["height"]) - begin["y"] + 32
    clip = {"x": main["x"] + 40, "y": begin["y"] - 16, "width": main["width"] - 80, "height": height}
    image = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")  # type: ignore[arg-type]
    small = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workspace, server(Path(workspace)) as address, browser() as opened:
        page = open_page(opened, f"{address}/metadata?md_view=Bring+your+own", 1280, 1900)
        taken(page, folder, "bring-1-files")
        bring_signs(page)
        taken(page, folder, "bring-2-preview", bottom=".st-key-bring_guesses")
        taken(page, folder, "bring-3-name", top=".st-key-bring_balance", bottom=".st-key-bring_balance")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("signs is here")).to_be_visible(timeout=WITHIN)
        page.get_by_role("link", name="Ask the first question").click()
        page.get_by_role("button", name="Answer it").click()
        expect(page.get_by_text(SENTENCE)).to_be_visible(timeout=4 * WITHIN)
        taken(page, folder, "bring-4-answer", bottom="[data-testid=stPlotlyChart]")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Takes the pictures of docs/your-own-data.md.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    pictures(parser.parse_args().out)
