"""A figure inside a file that needs nothing else."""

import plotly.graph_objects as go

from metadash.figures.html import escape

QUIET = {"displayModeBar": False, "responsive": True}


def drawn(name: str, figure: go.Figure, first: bool, heading: str = "h2") -> str:
    """plotly.js stands in the file once, with the first picture."""
    return f"<{heading}>{escape(name)}</{heading}>" + figure.to_html(full_html=False, include_plotlyjs=first, config=QUIET)
