"""Inputs side by side, as their kind is shown (``metadash.data.modality``), with a caption under each."""

import html
from collections.abc import Iterable, Sequence

from metadash.data.dataset import Dataset

STYLE = """<style>
.md-grid{display:flex;flex-wrap:wrap;gap:10px 8px;margin:.2rem 0 .6rem}
.md-cell{width:var(--md-size);font-size:.75rem;line-height:1.25;color:inherit;overflow-wrap:anywhere}
.md-cell:has(.md-words){width:max(var(--md-size),11rem)}
.md-cell img{width:100%;max-height:var(--md-size);object-fit:contain;border-radius:6px;image-rendering:pixelated;display:block;
 border:1px solid rgba(128,128,128,.35)}
.md-cell span{display:block;margin-top:3px;opacity:.85}
.md-cell .md-words{margin:0;padding:5px 7px;border-radius:6px;border:1px solid rgba(128,128,128,.35);opacity:1}
</style>"""


MOST = 2000
"""Pictures that are kept, some KB each; a page has up to two hundred, and shows them again at every click."""
KEPT: dict[tuple[str, int, int, str, str], str] = {}


def input_html(data: Dataset, row: int, size: int, alt: str = "", title: str = "") -> str:
    """One input in a place of ``size`` pixels, by its row; what is not its picture is escaped."""
    key = (data.fingerprint, int(row), size, alt, title)
    if (found := KEPT.get(key)) is None:
        if len(KEPT) >= MOST:
            KEPT.clear()
        found = KEPT[key] = data.modality.html(data.inputs[row], size, alt, title)
    return found


def input_row(
    data: Dataset,
    rows: Iterable[int],
    captions: Sequence[str] | None = None,
    size: int = 56,
    alts: Sequence[str] | None = None,
) -> str:
    """HTML of the inputs of ``rows`` side by side, wrapping on narrow screens. Captions and alternative texts are escaped."""
    cells = []
    for index, row in enumerate(rows):
        caption = f"<span>{html.escape(captions[index])}</span>" if captions and captions[index] else ""
        texts = alts or captions
        shown = input_html(data, int(row), size, texts[index] if texts else "")
        cells.append(f'<div class="md-cell">{shown}{caption}</div>')
    return f'{STYLE}<div class="md-grid" style="--md-size:{size}px">{"".join(cells)}</div>'
