"""What inputs look like on the map: many small pictures as one sheet, or the first words of texts; so many as a message may hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metadash.data.dataset import Dataset
from metadash.data.thumbnails import as_uri, sheet_of

MOST_BYTES = 600_000
"""Of a sheet before it becomes text; a message to the browser stays below a megabyte."""
MOST_ROWS = 500
SIDE = 96
"""Pixels of a picture on a sheet: what a hover shows sharply."""
LONGEST = 140


def sheet(data: Dataset, rows: Sequence[int]) -> dict[str, Any] | None:
    """The inputs of ``rows`` for the browser: ``words`` by row (and, as ``marks``, what they stand in), or one picture ``uri`` with cells of ``wide`` × ``high`` pixels in so many
    ``columns``. Where not all fit, the first do, and the rest is asked for again. None for no rows."""
    rows = list(dict.fromkeys(int(row) for row in rows))[:MOST_ROWS]
    if not rows:
        return None
    shown = data.modality
    about = {"fingerprint": data.fingerprint, "id": f"{data.fingerprint} {hash(tuple(rows))}"}
    inputs = data.inputs[np.array(rows)]
    if shown.marks is not None:
        marks = [shown.marks(text) for text in inputs]
        return {**about, "rows": rows, "words": [asked for _, asked, _ in marks], "marks": [list(parts) for parts in marks]}
    if shown.tile is None:
        texts = [" ".join(str(text).split()) for text in inputs]
        return {**about, "rows": rows, "words": [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in texts]}
    tiles = [shown.tile(one, SIDE) for one in inputs]
    coarse = shown.is_coarse(inputs[0])
    while True:
        content, columns, kind = sheet_of(tiles[: len(rows)], lossless=coarse or shown.parts != "pixels")
        if len(content) <= MOST_BYTES or len(rows) == 1:
            break
        rows = rows[: max(1, int(len(rows) * MOST_BYTES / len(content) * 0.9))]
    wide, high = tiles[0].size
    return {**about, "rows": rows, "uri": as_uri(content, kind), "columns": columns, "wide": wide, "high": high, "coarse": coarse}
