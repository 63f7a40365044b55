"""The theme that the visitor looks at: its palette, and a chart in it."""

import hashlib
import io
import pickle
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from metadash.dashboard.parts.shared import name_of
from metadash.figures.palette import DARK, LIGHT, Palette

Drawing = partial[go.Figure]
"""A figure that is not drawn yet: what draws it, and of what."""


def palette() -> Palette:
    return DARK if st.context.theme.type == "dark" else LIGHT


def chart(figure: Drawing | go.Figure, key: str, alt: str) -> None:
    """A chart in the colours that it was drawn in, without a bar of buttons; ``alt`` says what it shows, for those who do not see it.

    Drawing takes longer than anything else on a page, so a chart of the same things as before is not drawn anew: ``figure`` is told apart
    by its function and by what that is given. One that is drawn already is shown as it is.
    """
    if isinstance(figure, go.Figure):
        _show(figure, key, alt)
        return
    _chart(mark_of(figure, key, alt), figure, key, alt)


@st.cache_data(max_entries=128, max_size="24MB", show_spinner=False)
def _chart(mark: str, _figure: Drawing, _key: str, _alt: str) -> None:
    """Streamlit replays what a kept call has put on the page."""
    _show(_figure(), _key, _alt)


def _show(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False}, key=key, alt=alt)


class Marker(pickle.Pickler):
    """Writes a thing down whole, but what is shared under a name by that."""

    def persistent_id(self, found: Any) -> str | None:
        return name_of(found)


def mark_of(*things: Any) -> str:
    """Equal of equal things alone."""
    written = io.BytesIO()
    Marker(written).dump(things)
    return hashlib.sha256(written.getbuffer()).hexdigest()
