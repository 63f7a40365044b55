"""From family names to the finished tables: the whole set, or a part of it with the classes as they are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metadash.data.glyphs.builder.choose import choose, draw_styles, final_drawings
from metadash.data.glyphs.builder.fonts import read_styles
from metadash.data.glyphs.builder.tables import class_table, instance_table


def build_all(slugs: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Chooses the classes from the given families and returns (classes, instances, images)."""
    styles = read_styles(slugs)
    choice, drawings = choose(styles)
    classes = class_table(choice, drawings)
    return classes, *instance_table(styles, drawings, _class_of(classes))


def build_part(slugs: Sequence[str], classes: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Draws the given families for given classes and returns (instances, images); instance ids count within the part.

    Every drawing is the same, bit for bit, as when all families are built.
    """
    styles = read_styles(slugs)
    drawings = final_drawings(draw_styles(styles, classes["codepoint"].tolist()))
    return instance_table(styles, drawings, _class_of(classes))


def _class_of(classes: pd.DataFrame) -> dict[int, int]:
    return dict(zip(classes["codepoint"].tolist(), classes["class_id"].tolist(), strict=True))
