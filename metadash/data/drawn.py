"""A person's pen strokes as an input of a data set: as large, as thick and in the place that its own drawings are, light on dark or dark on light."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metadash.errors import BadInput

LOOKED_AT = 400
"""Images whose habit stands for all of them."""
PLAIN = 0.7
"""Of the pixels at the border, so many must be alike: else the images have no background that one could draw on."""
ALIKE = 26
"""Of 255: what is nearer is one shade."""
FINER = 8
"""Times as fine as the image the strokes are drawn, before it is scaled down."""
MOST_STROKES, MOST_POINTS = 200, 20_000

Stroke = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Habit:
    """How the drawings of a data set lie in their images [H, W], in pixels: the longer side of what is drawn, its middle (row, column),
    how thick a line is, and the shades of ``paper`` and ``ink``."""

    shape: tuple[int, int]
    extent: float
    middle: tuple[float, float]
    pen: float
    paper: int
    ink: int


def habit_of(inputs: Any) -> Habit | None:
    """Of grey images on a plain ground, told from some evenly chosen ones; None for all other inputs, which nobody can draw."""
    if getattr(inputs, "ndim", 0) != 3 or inputs.dtype != np.uint8 or not len(inputs):
        return None
    images = np.asarray(inputs[np.linspace(0, len(inputs) - 1, min(len(inputs), LOOKED_AT)).astype(int)], dtype=np.int16)
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    paper = int(np.median(border))
    if (np.abs(border - paper) <= ALIKE).mean() < PLAIN:
        return None
    away = images - paper
    ink = 255 if away[np.abs(away) > ALIKE].sum() > 0 else 0
    drawn = [measured for one in np.abs(away) / 255 if (measured := measure(one)) is not None]
    if not drawn:
        return None
    extent, row, column, pen = np.median(drawn, axis=0).tolist()
    height, width = inputs.shape[1:]
    return Habit((height, width), extent, (row, column), max(pen, 1.0), paper, ink)


def measure(weight: np.ndarray) -> tuple[float, float, float, float] | None:
    """Longer side, middle row and column, and thickness of what is drawn [H, W] (0 to 1); None where nothing is. A line has two long
    sides, so its thickness is twice its area over its outline."""
    lit = weight > 0.5
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not len(rows):
        return None
    framed = np.pad(weight, 1)
    across, down = np.diff(framed, axis=1), np.diff(framed, axis=0)
    outline = (
        np.hypot(across[1:] + across[:-1], down[:, 1:] + down[:, :-1]).sum() / 2
    )  # between pixels, so that no direction is longer
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    return (
        float(extent),
        float(rows.min() + rows.max() + 1) / 2,
        float(columns.min() + columns.max() + 1) / 2,
        2 * float(weight.sum()) / outline,
    )


def as_input(strokes: Sequence[Stroke], habit: Habit) -> np.ndarray:
    """[H, W] uint8. ``strokes``: each its points (x, y) from 0 to 1, from the upper left corner of a square. Raises BadInput where there
    is nothing, or something else."""
    lines = read_strokes(strokes)
    points = np.concatenate(lines)
    least, most = points.min(axis=0), points.max(axis=0)
    room = max(habit.extent - habit.pen, 1.0)
    scale = room / max(float((most - least).max()), room / max(habit.shape) / 4)  # a dot stays small
    row, column = habit.middle
    placed = [(line - (least + most) / 2) * scale + (column, row) for line in lines]
    return inked(placed, habit)


def inked(lines: Sequence[np.ndarray], habit: Habit) -> np.ndarray:
    """Lines of points (x, y) in pixels, drawn with round ends."""
    from PIL import Image, ImageDraw

    height, width = habit.shape
    canvas = Image.new("L", (width * FINER, height * FINER))
    pencil, radius = ImageDraw.Draw(canvas), habit.pen * FINER / 2
    for line in lines:
        fine = [(float(x) * FINER, float(y) * FINER) for x, y in line]
        if len(fine) > 1:
            pencil.line(fine, fill=255, width=max(round(2 * radius), 1))
        for x, y in fine:
            pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    share = np.asarray(canvas.resize((width, height), Image.Resampling.BOX), dtype=np.float32) / 255
    return np.round(habit.paper + share * (habit.ink - habit.paper)).astype(np.uint8)


def read_strokes(strokes: Any) -> list[np.ndarray]:
    """[n, 2] each. A browser sends them, so they are looked over. Raises BadInput."""
    if not isinstance(strokes, Sequence) or not strokes:
        raise BadInput("Nothing is drawn yet; draw at least one line.")
    if len(strokes) > MOST_STROKES or sum(len(one) if isinstance(one, Sequence) else 0 for one in strokes) > MOST_POINTS:
        raise BadInput(f"The drawing has more than {MOST_STROKES} lines or {MOST_POINTS} points; clear it and draw it anew.")
    try:
        lines = [np.asarray(one, dtype=np.float64).reshape(-1, 2) for one in strokes]
    except (TypeError, ValueError) as error:
        raise BadInput("The drawing is not made of lines of points; clear it and draw it anew.") from error
    if not all(len(one) and np.isfinite(one).all() and (np.abs(one) <= 2).all() for one in lines):
        raise BadInput("The drawing has points outside its square; clear it and draw it anew.")
    return lines
