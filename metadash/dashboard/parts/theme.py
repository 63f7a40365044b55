"""The palette for the theme that the visitor looks at."""

import streamlit as st

from metadash.figures.palette import DARK, LIGHT, Palette


def palette() -> Palette:
    return DARK if st.context.theme.type == "dark" else LIGHT
