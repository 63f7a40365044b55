"""Puts drawings, outlines and facts together into the two tables and the image array."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metadash.data.glyphs.builder.choose import Choice
from metadash.data.glyphs.builder.fonts import FontStyle, outlines
from metadash.data.glyphs.builder.lookalikes import Drawings
from metadash.data.glyphs.builder.unicode_facts import facts

TINY = 7  # pixels: a quarter of the image


def class_table(choice: Choice, drawings: Drawings) -> pd.DataFrame:
    """One row per class, by code point.

    `tiny_mark`: in its median drawing the ink is at most TINY pixels high and wide. `look_alikes`: the characters merged into
    the class, separated by spaces.
    """
    images: dict[int, list[np.ndarray]] = {point: [] for point in choice.codepoints}
    for drawn in drawings.values():
        for point, image in drawn.items():
            images[point].append(image)
    rows = []
    for class_id, point in enumerate(choice.codepoints):
        alike = choice.look_alikes[point]
        rows.append(
            {"class_id": class_id}
            | facts(chr(point))
            | {
                "look_alikes": " ".join(map(chr, alike)) or None,
                "n_look_alikes": len(alike),
                "tiny_mark": bool(np.median([ink_side(image) for image in images[point]]) <= TINY),
                "n_instances": len(images[point]),
            }
        )
    return pd.DataFrame(rows)


def ink_side(image: np.ndarray) -> int:
    """Longest side of the box around all ink of one image, in pixels."""
    lit = image > 0
    return max(int(np.ptp(np.flatnonzero(lit.any(axis)))) + 1 for axis in (0, 1))


def instance_table(styles: Sequence[FontStyle], drawings: Drawings, class_of: dict[int, int]) -> tuple[pd.DataFrame, np.ndarray]:
    """One row per drawing, by class and then by style, and its images uint8 [I, 28, 28] in the same order.

    `ink_px` is the sum of all grey values over 255: how many fully white pixels the ink amounts to.
    """
    rows, images = [], []
    for order, style in enumerate(styles):
        drawn = drawings[style.style_id]
        measures = outlines(style, drawn)
        for point, image in drawn.items():
            rows.append(
                {"class_id": class_of[point], "style_id": style.style_id, "order": order}
                | style.facts
                | measures[point]
                | {"ink_px": round(float(image.sum()) / 255, 3)}
            )
            images.append(image)
    table = pd.DataFrame(rows)
    sequence = np.lexsort((table["order"], table["class_id"]))
    table = table.iloc[sequence].drop(columns="order").reset_index(drop=True)
    table.insert(0, "instance_id", np.arange(len(table)))
    return table, np.stack(images)[sequence]
