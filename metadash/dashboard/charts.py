"""The three charts of the house, one grammar: curve over shots, interval dots, map. Figures only; pages draw them."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from metadash.analysis.intervals import Interval
from metadash.dashboard.theme import Palette, translucent

FONT = "Source Sans, sans-serif"
LABEL_WIDTH = 24
"""Characters of a row's name before it breaks."""


@dataclass(frozen=True)
class Curve:
    """A learner over shots: ``points`` hold accuracy in % with its interval; ``role`` picks colour and dash."""

    name: str
    points: Sequence[Interval]
    colour: str
    dash: str = "solid"


def base(palette: Palette, height: int) -> go.Figure:
    figure = go.Figure()
    axis = {
        "gridcolor": palette.grid,
        "zeroline": False,
        "linecolor": palette.grid,
        "tickfont": {"color": palette.muted, "size": 13},
        "automargin": True,
    }
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 8, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.text, "family": FONT, "size": 14},
        hoverlabel={"bgcolor": palette.panel, "font": {"color": palette.text}},
        showlegend=False,
        xaxis=axis,
        yaxis=axis,
    )
    return figure


def curve_over_shots(
    shots: Sequence[int], curves: Sequence[Curve], palette: Palette, gap: str = "", worth: float | None = None, height: int = 400
) -> go.Figure:
    """Accuracy over shots on a categorical axis, a band for each interval; ``gap`` names the distance of the
    first two at the fewest shots, ``worth`` draws the arrow between them."""
    figure = base(palette, height)
    ticks = [str(shot) for shot in shots]
    for curve in curves:
        low = [point.low if point.low is not None else point.estimate for point in curve.points]
        high = [point.high if point.high is not None else point.estimate for point in curve.points]
        figure.add_scatter(
            x=ticks + ticks[::-1],
            y=high + low[::-1],
            fill="toself",
            fillcolor=translucent(curve.colour, 0.16),
            line={"width": 0},
            hoverinfo="skip",
            mode="lines",
            showlegend=False,
        )
        figure.add_scatter(
            x=ticks,
            y=[point.estimate for point in curve.points],
            mode="lines+markers",
            name=curve.name,
            line={"color": curve.colour, "width": 3, "dash": curve.dash},
            marker={"size": 8},
            customdata=list(zip(low, high, strict=True)),
            hovertemplate=f"{curve.name}: %{{y:.1f}} % [%{{customdata[0]:.1f}}, %{{customdata[1]:.1f}}]<extra></extra>",
        )
    if gap and len(curves) > 1:
        first, second = curves[0].points[0].estimate, curves[1].points[0].estimate
        figure.add_annotation(
            x=0,
            y=(first + second) / 2,
            text=f"<b>{gap}</b>",
            showarrow=False,
            xanchor="left",
            xshift=8,
            bgcolor=translucent(palette.background, 0.7),
            font={"color": palette.text},
        )
    if worth is not None and worth > 0.05:
        worth_arrow(figure, shots, curves[0].points[0].estimate, worth, palette)
    figure.update_xaxes(
        title={"text": "labelled examples per class (shots)", "font": {"color": palette.muted, "size": 13}}, type="category"
    )
    figure.update_yaxes(title={"text": "accuracy, %", "font": {"color": palette.muted, "size": 13}})
    figure.update_xaxes(range=[-0.15, len(ticks) - 0.85])
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": palette.text, "size": 14}},
    )
    return figure


def worth_arrow(figure: go.Figure, shots: Sequence[int], level: float, worth: float, palette: Palette) -> None:
    """From the upper curve at the fewest shots to where the lower one reaches its height: what the metadata is worth in examples."""
    reached = shots[0] + worth
    after = next((index for index, shot in enumerate(shots) if shot >= reached), len(shots) - 1)
    before = max(after - 1, 0)
    span = math.log(shots[after] / shots[before]) or 1.0
    end = before + math.log(reached / shots[before]) / span
    figure.add_annotation(
        x=end,
        y=level,
        ax=0,
        ay=level,
        axref="x",
        ayref="y",
        xref="x",
        yref="y",
        showarrow=True,
        arrowhead=3,
        arrowwidth=1.5,
        arrowcolor=palette.muted,
    )
    figure.add_annotation(
        x=end,
        y=level,
        text=f"worth {worth:.1f} examples",
        showarrow=False,
        xanchor="left",
        xshift=6,
        yshift=-12,
        font={"color": palette.muted, "size": 13},
    )


@dataclass(frozen=True)
class Dot:
    """One row of the interval plot: a difference in points, its interval over episodes (thick) and over new classes (thin)."""

    name: str
    episodes: Interval
    new_classes: Interval
    colour: str
    hollow: bool = False


def interval_dots(dots: Sequence[Dot], palette: Palette, rope: float = 0.5, unit: str = "points") -> go.Figure:
    """One row each, the largest on top; the grey band is no practical difference, the line is zero."""
    ordered = sorted(dots, key=lambda dot: dot.episodes.estimate)
    figure = base(palette, 90 + 44 * len(dots))
    if rope:
        figure.add_vrect(x0=-rope, x1=rope, fillcolor=translucent(palette.plain, 0.18), line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": palette.muted, "width": 1})
    for dot in ordered:
        for interval, width in ((dot.new_classes, 2), (dot.episodes, 7)):
            if interval.low is not None:
                figure.add_scatter(
                    x=[interval.low, interval.high],
                    y=[dot.name] * 2,
                    mode="lines",
                    line={"color": dot.colour, "width": width},
                    hoverinfo="skip",
                )
        figure.add_scatter(
            x=[dot.episodes.estimate],
            y=[dot.name],
            mode="markers",
            marker={
                "size": 13,
                "color": palette.background if dot.hollow else dot.colour,
                "line": {"color": dot.colour if dot.hollow else palette.background, "width": 2.5},
            },
            hovertemplate=f"{dot.name}: %{{x:+.2f}} {unit}<extra></extra>",
        )
    figure.update_xaxes(title={"text": f"difference, {unit}", "font": {"color": palette.muted, "size": 13}})
    names = [dot.name for dot in ordered]  # wrapped: on a narrow screen a long name would leave no room for the dots
    wrapped = ["<br>".join(textwrap.wrap(name, LABEL_WIDTH)) for name in names]
    figure.update_yaxes(tickvals=names, ticktext=wrapped)
    figure.update_yaxes(type="category", tickfont={"color": palette.text, "size": 14}, automargin=True)
    return figure
