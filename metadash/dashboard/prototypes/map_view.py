"""Maps drawn once a server: figure and legend of a stored map, by its digest, its colours and the visitor's theme."""

import plotly.graph_objects as go
import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.theme import palette
from metadash.dashboard.prototypes.map_figure import Place, colour_columns, colouring, hover_texts, legend_html, map_figure
from metadash.data.dataset import Dataset
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


@st.cache_data(max_entries=8, show_spinner=False)
def _choices(fingerprint: str, _data: Dataset) -> dict[str, Place]:
    return colour_columns(_data)


def colour_choices(data: Dataset) -> dict[str, Place]:
    """What a map can be coloured by; looked up once a data set, since it reads every column."""
    return _choices(data.fingerprint, data)
