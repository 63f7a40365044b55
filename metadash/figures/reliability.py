"""How far probabilities can be believed: how often answers are right, over how sure they were. On the diagonal, a learner means what it says."""

import pandas as pd
import plotly.graph_objects as go

from metadash.figures.charts import base
from metadash.figures.palette import Palette
from metadash.stats.words import count

LEAST, MOST = 7.0, 26.0
"""Pixels of a dot: of few answers, and of most."""


def reliability_chart(bins: pd.DataFrame, palette: Palette) -> go.Figure:
    """``bins``: a row a step of confidence with ``low``, ``high``, ``n``, mean ``confidence`` and the share right, ``accuracy`` (both 0 to 1).
    The area of a dot is its share of the answers."""
    figure = base(palette, 300)
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": palette.muted, "dash": "dot", "width": 1.5}, hoverinfo="skip"
    )
    some = bins[bins["n"] > 0]
    share = (some["n"] / some["n"].max()) ** 0.5
    figure.add_scatter(
        x=100 * some["confidence"],
        y=100 * some["accuracy"],
        mode="lines+markers",
        line={"color": palette.helps, "width": 2},
        marker={
            "size": LEAST + (MOST - LEAST) * share,
            "color": palette.helps,
            "line": {"color": palette.background, "width": 1},
        },
        cliponaxis=False,
        customdata=[count(int(n)) for n in some["n"]],
        hovertemplate="said %{x:.0f} %, right %{y:.0f} % (n = %{customdata})<extra></extra>",
    )
    title = {"font": {"color": palette.muted, "size": 13}}
    figure.update_xaxes(title={"text": "how sure it was, %", **title}, range=[0, 104])
    figure.update_yaxes(title={"text": "how often it was right, %", **title}, range=[0, 104])
    figure.add_annotation(
        x=22, y=26, text="means what it says", showarrow=False, textangle=-28, font={"color": palette.muted, "size": 12}, yshift=8
    )
    return figure
