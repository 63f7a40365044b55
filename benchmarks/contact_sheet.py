"""Every page in four variants (light and dark, 1,280 and 480 pixels wide) of a workspace with an answer on each, as one picture to look at.

``python -m benchmarks.contact_sheet --out sheet.png`` also leaves each picture whole beside it, since a sheet shows how pages look together and a
picture what they say. ``--folder`` keeps the workspace (``benchmarks.filled``), ``--pages`` takes some.
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.filled import filled_workspace
from tests.browser import harness

VARIANTS = tuple((dark, width) for width in (1280, 480) for dark in (False, True))
SCALE = 0.3
"""Of the sheet: a page of 1,280 pixels is 384 wide there."""
MOST = 2600
"""Pixels of a page that the sheet shows, from its top; the pictures beside it have all."""
GAP, HEAD = 14, 22
OPENED = {"ablation": "ablation?ab_tier=screen"}
"""Pages whose address chooses something, where what they open on has no answer."""


def sheet(pictures: dict[str, list[Path]]) -> Image.Image:
    """A row a page, a column a variant."""
    widths = [round(SCALE * width) for _, width in VARIANTS]
    rows = {page: [shrunk(file) for file in files] for page, files in pictures.items()}
    heights = {page: max(picture.height for picture in row) for page, row in rows.items()}
    whole = Image.new(
        "RGB", (sum(widths) + GAP * (len(widths) + 1), sum(heights.values()) + (GAP + HEAD) * len(rows) + GAP), "#808790"
    )
    pen, top = ImageDraw.Draw(whole), GAP
    for page, row in rows.items():
        pen.text((GAP, top), page, fill="white")
        left, top = GAP, top + HEAD
        for picture in row:
            whole.paste(picture, (left, top))
            left += picture.width + GAP
        top += heights[page] + GAP
    return whole


def shrunk(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        seen = picture.crop((0, 0, picture.width, min(picture.height, MOST))).convert("RGB")
        return seen.resize((round(SCALE * seen.width), round(SCALE * seen.height)), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("contact-sheet.png"))
    parser.add_argument("--folder", type=Path, help="where the workspace is made, and kept (default: a folder that goes away)")
    parser.add_argument("--pages", nargs="+", default=list(harness.PAGES), choices=harness.PAGES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        workspace = filled_workspace(options.folder or Path(temporary))
        beside = options.out.with_suffix("")
        beside.mkdir(parents=True, exist_ok=True)
        with harness.server(workspace.root, METADASH_DEVICE="cpu") as address:
            harness.screenshots(address, beside, [OPENED.get(page, page) for page in options.pages])
        names = [f"{width}-{'dark' if dark else 'light'}.png" for dark, width in VARIANTS]
        pictures = {page: [beside / f"{page}-{name}" for name in names] for page in options.pages}
        sheet(pictures).save(options.out)
        print(f"{len(pictures)} pages in {len(VARIANTS)} variants: {options.out}, each whole in {beside}")


if __name__ == "__main__":
    main()
