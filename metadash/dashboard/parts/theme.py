"""The theme that the visitor looks at: its palette, and a chart in it."""

import plotly.graph_objects as go
import streamlit as st

from metadash.figures.palette import DARK, LIGHT, Palette


def palette() -> Palette:
    return DARK if st.context.theme.type == "dark" else LIGHT


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A chart in the colours that it was drawn in, without a bar of buttons; ``alt`` says what it shows, for those who do not see it."""
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False}, key=key, alt=alt)
