"""What the map in the browser is sent, and what it may say back."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from PIL import Image

from metadash.dashboard.prototypes.canvas.component import PARTS, heard, read
from metadash.dashboard.prototypes.canvas.message import KINDS, NO_CODE, Pane, laid_out, map_message
from metadash.dashboard.prototypes.canvas.thumbs import MOST_BYTES, MOST_ROWS, sheet
from metadash.dashboard.prototypes.map_figure import Colouring, colouring
from metadash.data.dataset import Dataset
from metadash.figures.palette import LIGHT
from tests.dashboard.prototypes.test_map_figure import POINTS

MEGABYTE = 1_000_000


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def message_of(points: pd.DataFrame, tiny: Dataset, **more: object) -> dict:
    colours = colouring(points, tiny, None, LIGHT)
    return map_message("it", [Pane("", points)], colours, "", tiny, LIGHT, note="n", alt="a", **more)


def test_every_point_travels_with_its_place_kind_class_row_and_colour(tiny: Dataset) -> None:
    sent = message_of(POINTS, tiny)
    (pane,) = sent["panes"]
    assert unpacked(pane["row"], "<i4").tolist() == POINTS["row"].tolist()
    assert [KINDS[kind] for kind in unpacked(pane["kind"], "u1")] == POINTS["kind"].tolist()
    assert [sent["names"][of] for of in unpacked(pane["of"], "<u2")] == [f"thing {c}" for c in POINTS["class_id"]]
    assert unpacked(pane["x"], "<f4").tolist() == pytest.approx(np.linspace(-1, 1, 13))
    assert [sent["labels"][code] for code in unpacked(pane["code"], "u1")][:3] == ["not in the task", "2 thing 0", "1 thing 1"]
    assert [[at, *(sent["names"][c] for c in of)] for at, *of in pane["said"]] == [
        [4, "thing 1", "thing 0"],
        [5, "thing 1", "thing 1"],
        [6, "thing 0", "thing 0"],
    ]


def test_both_axes_have_one_scale() -> None:
    corners = np.array([[0.0, 0.0], [8.0, 2.0]])
    x, y = laid_out(corners, corners)
    assert x.tolist() == [-1, 1] and y.tolist() == [-0.25, 0.25]


def test_a_point_without_a_value_has_no_colour(tiny: Dataset) -> None:
    sent = map_message(
        "it", [Pane("", POINTS)], colouring(POINTS, tiny, ("instances", "site"), LIGHT), "site", tiny, LIGHT, note="", alt=""
    )
    assert (unpacked(sent["panes"][0]["code"], "u1")[7:] == NO_CODE).all()


def test_twenty_thousand_points_are_half_a_megabyte(tiny: Dataset) -> None:
    n = 20_000
    row = np.resize(np.arange(1200), n)
    points = pd.DataFrame({"kind": "instance", "row": row, "class_id": row // 30, "predicted": -1, "plainly_predicted": -1})
    points["x"], points["y"] = np.random.default_rng(0).normal(size=(2, n))
    colours = Colouring(("all",), ("#000000",), np.zeros(n, int), (n,))
    sent = map_message("it", [Pane("", points)], colours, "", tiny, LIGHT, note="", alt="")
    assert len(json.dumps(sent)) < 0.5 * MEGABYTE


def test_pictures_come_as_one_sheet_each_in_its_place(tiny: Dataset) -> None:
    found = sheet(tiny, [40, 7, 40, 3])
    assert found is not None and found["rows"] == [40, 7, 3] and found["columns"] == 2
    whole = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["uri"].partition(",")[2]))))
    wide, high = found["wide"], found["high"]
    for place, row in enumerate(found["rows"]):
        x, y = place % 2 * wide, place // 2 * high
        np.testing.assert_array_equal(whole[y : y + high, x : x + wide], tiny.inputs[row])
    assert sheet(tiny, []) is None


class Noisy:
    """Images that no compression makes smaller."""

    fingerprint = "noise"

    def __init__(self, tiny: Dataset, side: int):
        self.modality = tiny.modality
        self.inputs = np.random.default_rng(0).integers(0, 256, (MOST_ROWS + 20, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("side", [32, 96, 256])
def test_a_sheet_stays_below_what_a_message_may_hold_and_the_rest_is_asked_for_again(tiny: Dataset, side: int) -> None:
    found = sheet(Noisy(tiny, side), range(MOST_ROWS + 20))  # type: ignore[arg-type]
    assert found is not None and 0.5 * MOST_BYTES < len(found["uri"]) * 3 / 4 <= MOST_BYTES + 100
    assert 1 <= len(found["rows"]) <= MOST_ROWS and found["rows"] == list(range(len(found["rows"])))
    assert len(json.dumps(found)) < MEGABYTE and max(found["wide"], found["high"]) <= 96


@pytest.mark.parametrize(("said", "rows"), [([3, "4", None, True, 2.5, 7], [3, 7]), ("12", []), (None, []), ({"a": 1}, [])])
def test_what_a_browser_says_is_rows_or_nothing(said: object, rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    state = type("State", (), {"rows": said})()
    monkeypatch.setattr(st, "session_state", {"relay": state})
    assert heard("relay") == rows and heard("another") == []


def test_no_text_of_the_data_can_become_markup() -> None:
    """Elements are made with textContent; the one place that reads markup reads our own shapes."""
    script = "\n".join(read(f"{part}.js") for part in PARTS)
    assert script.count("innerHTML") == 1 and "our own shapes" in script
    assert not any(word in script for word in ("outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "http"))
