"""Maps drawn once a server: what a stored map is to the browser and to a report, by its digest, its colours and the visitor's theme."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.parts.theme import palette
from metadash.dashboard.prototypes.canvas.message import Pane, map_message
from metadash.dashboard.prototypes.map_figure import Place, colour_columns, colouring, hover_texts, legend_html, map_figure
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.palette import Palette


def drawn(digest: str, choice: str, data: Dataset) -> tuple[go.Figure, str]:
    """The figure and its legend. The figure is the same object each time, so that a selection on it stays."""
    colours = palette()
    return _drawn(f"{digest} {colours.background} {choice}", digest, choice, data, colours)


@st.cache_resource(max_entries=16, show_spinner=False)
def _drawn(key: str, _digest: str, _choice: str, _data: Dataset, _palette: Palette) -> tuple[go.Figure, str]:
    points = server.run_frame(_digest, "points")
    place = colour_choices(_data).get(_choice)
    colours = colouring(points, _data, place, _palette)
    figure = map_figure(points, colours, hover_texts(points, _data, place), _palette, _digest)
    return figure, legend_html(colours)


def message(digest: str, titles: Sequence[str], choice: str, data: Dataset, note: str, alt: str) -> dict[str, Any]:
    """What the canvas is sent; ``titles`` of one learner, or of two that stand beside each other."""
    colours = palette()
    key = canonical_json([digest, list(titles), colours.background, choice, note, alt])
    return _message(key, digest, tuple(titles), choice, data, colours, note, alt)


@st.cache_resource(max_entries=16, show_spinner=False)
def _message(
    key: str, _digest: str, _titles: tuple[str, ...], _choice: str, _data: Dataset, _palette: Palette, _note: str, _alt: str
) -> dict[str, Any]:
    frames = [server.run_frame(_digest, name) for name in ("points", "points_beside")[: len(_titles)]]
    place = colour_choices(_data).get(_choice)
    colours = colouring(pd.concat(frames, ignore_index=True), _data, place, _palette)
    panes = [Pane(title if len(_titles) > 1 else "", points) for title, points in zip(_titles, frames, strict=True)]
    return map_message(_digest, panes, colours, _choice if place else "", _data, _palette, note=_note, alt=_alt)


@st.cache_resource(max_entries=4, show_spinner=False)
def vectors_of(digest: str) -> np.ndarray:
    """The embeddings [P, D] of a stored map's points; read as far as they are asked for."""
    run = server.store().get(digest)
    if run is None:
        raise BadInput(f"The map {digest} is gone, or was damaged and left out; draw it again.")
    return run.array("vectors")


@st.cache_data(max_entries=8, show_spinner=False)
def _choices(fingerprint: str, _data: Dataset) -> dict[str, Place]:
    return colour_columns(_data)


def colour_choices(data: Dataset) -> dict[str, Place]:
    """What a map can be coloured by; looked up once a data set, since it reads every column."""
    return _choices(data.fingerprint, data)
