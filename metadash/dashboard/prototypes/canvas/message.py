"""A map as the browser is sent it: arrays as base64 and names once, 16 bytes a point, so that 20,000 points stay below half a megabyte."""

import base64
from collections.abc import Sequence
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


@dataclass(frozen=True)
class Pane:
    """One drawing: its title (empty where it stands alone) and its points, as a stored map has them."""

    title: str
    points: pd.DataFrame


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
) -> dict[str, Any]:
    """What the canvas draws. ``colours`` are those of the points of all panes, one after the other; ``column`` is what they show (empty: the
    classes of the task); ``note`` stands below, ``alt`` is read aloud."""
    every = pd.concat([pane.points for pane in panes], ignore_index=True)
    different, place = np.unique(every["class_id"], return_inverse=True)
    of_class = {int(c): index for index, c in enumerate(different)}
    ends = np.cumsum([0, *(len(pane.points) for pane in panes)])
    x, y = laid_out(every[["x", "y"]].to_numpy(dtype=np.float64))
    code = np.where(colours.code < 0, NO_CODE, colours.code)
    names = data.classes["class_name"].astype(str)
    about = data.description
    return {
        "id": digest,
        "drawn": f"{digest} {column} {palette.background}",
        "fingerprint": data.fingerprint,
        "panes": [
            pane_message(pane, x[start:end], y[start:end], place[start:end], code[start:end], of_class)
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
    }


def laid_out(places: np.ndarray) -> np.ndarray:
    """Coordinates [2, P] about their middle, the longer side from −1 to 1: one scale for both axes and all panes."""
    low, high = places.min(axis=0), places.max(axis=0)
    return ((places - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)).T


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
