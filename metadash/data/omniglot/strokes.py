"""The pen's way of one drawing: measures that do not change when the picture is turned."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from metadash.errors import BadInput

MEASURES = ("n_strokes", "n_pen_points", "duration_ms", "pen_down_ms", "path_length_px", "pen_speed_px_s", "straightness")
KEY = ["alphabet", "character", "drawer"]
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


def read_strokes(content: bytes, where: str) -> list[np.ndarray]:
    """Each stroke [n, 3] as x, y in pixels and t in milliseconds. Raises BadInput when the file is not what the authors wrote."""
    lines = content.decode("ascii", errors="replace").split()
    strokes: list[np.ndarray] = []
    points: list[list[float]] = []
    if not lines or lines[0] != "START" or lines[-1] != "BREAK":
        raise BadInput(f"The pen strokes {where} do not go from START to BREAK; get the archive again.")
    for line in lines[1:]:
        if line == "BREAK":
            if points:
                strokes.append(np.array(points))
            points = []
            continue
        values = line.split(",")
        if len(values) != 3 or not all(map(NUMBER.fullmatch, values)):
            raise BadInput(f"The pen strokes {where} have the line '{line[:40]}' where x,y,t should be; get the archive again.")
        points.append([float(value) for value in values])
    if not strokes:
        raise BadInput(f"The pen strokes {where} are empty; get the archive again.")
    return strokes


def measure(strokes: list[np.ndarray]) -> dict[str, float | None]:
    """What ``MEASURES`` names. Straightness is the distance from a stroke's first to its last point over the length of its way (1 for a
    dot), on average over the strokes; speed is that of the pen on paper."""
    points = np.vstack(strokes)
    lengths = [float(np.hypot(*np.diff(stroke[:, :2], axis=0).T).sum()) for stroke in strokes]
    across = [float(np.hypot(*(stroke[-1, :2] - stroke[0, :2]))) for stroke in strokes]
    straight = [chord / way if way > 0 else 1.0 for chord, way in zip(across, lengths, strict=True)]
    length = sum(lengths)
    down = float(sum(stroke[-1, 2] - stroke[0, 2] for stroke in strokes))
    return {
        "n_strokes": len(strokes),
        "n_pen_points": len(points),
        "duration_ms": float(points[-1, 2] - points[0, 2]),
        "pen_down_ms": down,
        "path_length_px": round(length, 2),
        "pen_speed_px_s": round(1000 * length / down, 2) if down > 0 else None,
        "straightness": round(sum(straight) / len(straight), 4),
    }


def measures_of(found: Mapping[tuple[str, int, int], dict[str, float | None]]) -> pd.DataFrame:
    """One row a drawing that has strokes: ``KEY`` and ``MEASURES``."""
    frame = pd.DataFrame([dict(zip(KEY, key, strict=True)) | row for key, row in found.items()], columns=[*KEY, *MEASURES])
    return frame.astype({name: "float64" for name in MEASURES})


def beside(index: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """``MEASURES`` for each row of ``index`` in its order, missing where a drawing has no strokes."""
    rows = index[KEY].merge(measures, on=KEY, how="left", validate="one_to_one")[list(MEASURES)]
    return rows.astype({"n_strokes": "Int64", "n_pen_points": "Int64"})
