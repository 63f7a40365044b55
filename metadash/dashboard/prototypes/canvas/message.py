"""A map as the browser is sent it: arrays as base64 and names once, 16 bytes a point, so that 20,000 points stay below half a megabyte."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from metadash.dashboard.prototypes.map_figure import KIND_WORDS, Colouring, short
from metadash.data.dataset import Dataset
from metadash.figures.palette import Palette
from metadash.stats.words import plural

KINDS = tuple(KIND_WORDS)
NO_CODE = 255
HIGH = 600
"""Pixels of the canvas."""
AT_ONCE = 400
"""Inputs that the browser asks for together: a screenful."""


TOLD = {
    "plain": "prototype without metadata",
    "fused": "prototype with metadata",
    "way": "where it would be without metadata",
    "otherwise": "by plain prototypes",
}
"""What the two prototypes of a class are called, the ring that an arrow leaves, and the answer by it."""


@dataclass(frozen=True)
class Pane:
    """One drawing: its title (empty where it stands alone) and its points, as a stored map has them; ``ways`` are instances that came from
    elsewhere on it: their place among the points, x, y."""

    title: str
    points: pd.DataFrame
    ways: Sequence[tuple[int, float, float]] = ()


def map_message(
    digest: str,
    panes: Sequence[Pane],
    colours: Colouring,
    column: str,
    data: Dataset,
    palette: Palette,
    *,
    note: str,
    alt: str,
    selected: Sequence[int] = (),
    told: Mapping[str, str] = TOLD,
    state: str = "",
) -> dict[str, Any]:
    """What the canvas draws. ``colours`` are those of the points of all panes, one after the other; ``column`` is what they show (empty: the
    classes of the task); ``note`` stands below, ``alt`` is read aloud. Where ``digest`` stays and ``state`` does not, points go from
    where they were to where they are."""
    every = pd.concat([pane.points for pane in panes], ignore_index=True)
    different, place = np.unique(every["class_id"], return_inverse=True)
    of_class = {int(c): index for index, c in enumerate(different)}
    ends = np.cumsum([0, *(len(pane.points) for pane in panes)])
    places = every[["x", "y"]].to_numpy(dtype=np.float64)
    x, y = laid_out(places, places)
    code = np.where(colours.code < 0, NO_CODE, colours.code)
    names = data.classes["class_name"].astype(str)
    about = data.description
    return {
        "id": digest,
        "drawn": f"{digest} {column} {palette.background} {state}",
        "fingerprint": data.fingerprint,
        "panes": [
            pane_message(pane, x[start:end], y[start:end], place[start:end], code[start:end], of_class)
            | {"ways": ways_of(pane, places)}
            for pane, start, end in zip(panes, ends[:-1], ends[1:], strict=True)
        ],
        "names": [short(names[int(c)]) for c in different],
        "labels": list(colours.labels),
        "colours": list(colours.colours),
        "column": column,
        "words": data.modality.picture is None,
        "noun": about.class_noun,
        "nouns": plural(about.class_noun),
        "theme": {name: shade for name, shade in asdict(palette).items() if isinstance(shade, str)},
        "note": note,
        "alt": alt,
        "high": HIGH,
        "at_once": AT_ONCE,
        "selected": list(selected),
        "told": dict(told),
    }


def laid_out(some: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Coordinates [2, S] of ``some`` [S, 2] about the middle of all ``places``, the longer side from −1 to 1: one scale for both axes and all panes."""
    low, high = places.min(axis=0), places.max(axis=0)
    return ((some - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)).T


def ways_of(pane: Pane, places: np.ndarray) -> list[list[float]]:
    """Where instances came from, as the browser has coordinates: place among the points, x, y."""
    start = laid_out(np.array([way[1:] for way in pane.ways], dtype=np.float64).reshape(-1, 2), places)
    return [[int(way[0]), round(float(x), 5), round(float(y), 5)] for way, x, y in zip(pane.ways, *start, strict=True)]


def pane_message(
    pane: Pane, x: np.ndarray, y: np.ndarray, of: np.ndarray, code: np.ndarray, of_class: dict[int, int]
) -> dict[str, Any]:
    points = pane.points
    kind = points["kind"].map({name: number for number, name in enumerate(KINDS)}).to_numpy()
    asked = np.flatnonzero(points["predicted"].to_numpy() >= 0)
    answers = points[["predicted", "plainly_predicted"]].to_numpy()
    worth = points["kappa"].to_numpy(dtype=float) if "kappa" in points else np.full(len(points), np.nan)
    return {
        "title": pane.title,
        "x": packed(x, "<f4"),
        "y": packed(y, "<f4"),
        "kind": packed(kind, "u1"),
        "of": packed(of, "<u2"),
        "row": packed(points["row"].to_numpy(), "<i4"),
        "code": packed(code, "u1"),
        "said": [[int(at), *(of_class.get(int(c), 0) for c in answers[at])] for at in asked],
        "worth": [[int(at), round(float(worth[at]), 3)] for at in np.flatnonzero(np.isfinite(worth))],
    }


def packed(numbers: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, dtype=kind).tobytes()).decode()
