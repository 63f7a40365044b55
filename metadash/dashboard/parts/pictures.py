"""Inputs as small pictures: rows of images as PNG data in HTML, with a caption under each."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

STYLE = """<style>
.md-grid{display:flex;flex-wrap:wrap;gap:10px 8px;margin:.2rem 0 .6rem}
.md-cell{width:var(--md-size);font-size:.75rem;line-height:1.25;color:inherit;overflow-wrap:anywhere}
.md-cell img{width:100%;border-radius:6px;image-rendering:pixelated;display:block;border:1px solid rgba(128,128,128,.35)}
.md-cell span{display:block;margin-top:3px;opacity:.85}
</style>"""


def data_uri(image: np.ndarray) -> str:
    """A [H, W] or [H, W, 3] uint8 image as a PNG data URI."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def picture_row(
    images: np.ndarray, captions: Sequence[str] | None = None, size: int = 56, alts: Sequence[str] | None = None
) -> str:
    """HTML of [M, H, W] or [M, H, W, 3] uint8 images side by side, wrapping on narrow screens. Captions and alternative texts are escaped."""
    cells = []
    for index, image in enumerate(images):
        caption = f"<span>{html.escape(captions[index])}</span>" if captions and captions[index] else ""
        alt = html.escape((alts or captions or [""] * len(images))[index], quote=True)
        cells.append(f'<div class="md-cell"><img src="{data_uri(np.asarray(image))}" alt="{alt}">{caption}</div>')
    return f'{STYLE}<div class="md-grid" style="--md-size:{size}px">{"".join(cells)}</div>'
