"""How labels are told: what is sure, what is in doubt, what is none of these; probabilities that no learner can know are not claimed."""

import numpy as np
import pandas as pd
import pytest

from metadash.dashboard.use.result import headline, percent
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from metadash.figures.reliability import MOST, reliability_chart


def labels(*rows: tuple[str, float, bool, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["label", "probability", "none_of_these", "corrected"])
    return frame.assign(input=[str(place) for place in range(len(frame))], second="b", second_probability=0.1)


def test_the_sentence_counts_what_is_sure_in_doubt_and_none_of_these(tiny: Dataset) -> None:
    frame = labels(("a", 0.9, False, False), ("a", 0.3, False, True), ("b", 0.6, False, False), ("b", 0.99, True, False))
    assert headline(tiny, frame, 5) == "Of 4 images, 2 are surely one of the 5 things, 1 is in doubt, 1 looks like none of these."
    assert headline(tiny, frame.iloc[:2], 5) == "Of 2 images, 2 are surely one of the 5 things."


def test_a_single_answer_is_told_by_itself_and_its_name_is_never_markdown(tiny: Dataset) -> None:
    assert (
        headline(tiny, labels(("*b* $x$", 0.81, False, False)), 2)
        == r"It is “\*b\* \$x\$”, by 81" + "\N{NO-BREAK SPACE}%; else “b”."
    )
    assert "none of the 2 things" in headline(tiny, labels(("[a](b)", 0.81, True, False)), 2)


@pytest.mark.parametrize(("probability", "told"), [(0.5, "50 %"), (0.999, "over 99 %"), (1.0, "over 99 %"), (0.001, "under 1 %")])
def test_nothing_is_certain(probability: float, told: str) -> None:
    assert percent(probability) == told.replace(" ", "\N{NO-BREAK SPACE}")  # no line ends within it


def test_the_reliability_diagram_draws_what_was_answered_the_larger_the_more() -> None:
    bins = pd.DataFrame(
        {
            "low": [0, 0.5, 0.9],
            "high": [0.5, 0.9, 1.0],
            "n": [0, 25, 100],
            "confidence": [np.nan, 0.7, 0.95],
            "accuracy": [np.nan, 0.6, 0.94],
        }
    )
    dots = reliability_chart(bins, LIGHT).data[1]
    assert list(dots.x) == pytest.approx([70, 95]) and list(dots.y) == pytest.approx([60, 94]), "empty steps are no dots"
    assert dots.marker.size[1] == MOST and dots.marker.size[0] < MOST and list(dots.customdata) == ["25", "100"]
