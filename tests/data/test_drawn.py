"""A drawing becomes an input like those of the data set: as large, as thick, in the same place, light on dark or dark on light."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from metadash.data.drawn import MOST_POINTS, Habit, as_input, habit_of, measure
from metadash.errors import BadInput

HABIT = Habit((28, 28), 14.0, (15.0, 13.5), 2.0, 0, 255)
LETTER_L = [[(0.1, 0.0), (0.1, 1.0), (0.7, 1.0)]]


def rings(paper: int, ink: int, n: int = 30) -> np.ndarray:
    """[n, 28, 28] rings of 12 pixels about (16, 14), two pixels thick."""
    image = Image.new("L", (28, 28), paper)
    ImageDraw.Draw(image).ellipse((8, 10, 19, 21), outline=ink, width=2)
    return np.repeat(np.asarray(image)[None], n, axis=0)


@pytest.mark.parametrize(("paper", "ink"), [(0, 255), (255, 0)])
def test_the_habit_of_drawings_is_told_from_them(paper: int, ink: int) -> None:
    habit = habit_of(rings(paper, ink))
    assert habit is not None and (habit.paper, habit.ink) == (paper, ink)
    assert habit.extent == 12 and habit.middle == (16.0, 14.0) and 1.5 < habit.pen < 3


def test_what_nobody_can_draw_has_no_habit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 28, 28)).astype(np.uint8)
    assert habit_of(noise) is None, "photos have no paper"
    assert habit_of(np.zeros((5, 28, 28, 3), np.uint8)) is None and habit_of(np.zeros((5, 12), np.float32)) is None
    assert habit_of(np.zeros((5, 28, 28), np.uint8)) is None, "nothing is drawn on any"


@pytest.mark.parametrize("size", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_a_drawing_of_any_size_anywhere_becomes_as_large_and_lies_where_the_others_do(size: float, shift: float) -> None:
    image = as_input([[(x * size + shift, y * size) for x, y in line] for line in LETTER_L], HABIT)
    measured = measure(image / 255)
    assert measured is not None and image.shape == (28, 28) and image.dtype == np.uint8
    extent, row, column, pen = measured
    assert abs(extent - 14) <= 1 and abs(row - 15) <= 0.5 and abs(column - 13.5) <= 0.5 and abs(pen - 2) < 0.5


def test_dark_on_light_is_drawn_dark_on_light() -> None:
    image = as_input(LETTER_L, Habit((28, 28), 14.0, (15.0, 13.5), 2.0, 255, 0))
    assert image[0, 0] == 255 and image.min() < 30


def test_a_dot_stays_a_dot() -> None:
    image = as_input([[(0.3, 0.8)]], HABIT)
    assert 0 < (image > 127).sum() <= 6


@pytest.mark.parametrize(
    ("strokes", "told"),
    [
        ([], "Nothing is drawn yet"),
        (None, "Nothing is drawn yet"),
        ("scribble", "not made of lines"),
        ([[(0.1, "x")]], "not made of lines"),
        ([[]], "outside its square"),
        ([[(0.1, float("nan"))]], "outside its square"),
        ([[(0.1, 9e9)]], "outside its square"),
        ([[(0.1, 0.1)] * (MOST_POINTS + 1)], "more than"),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_sentence(strokes: object, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        as_input(strokes, HABIT)  # type: ignore[arg-type]
