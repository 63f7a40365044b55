"""The three charts of the house, one grammar: curve over shots, interval dots, map. Figures only; pages draw them."""

import math
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from metadash.figures.palette import Palette, translucent
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY, Metric, Ways
from metadash.stats.shots import fewest_shots, stretch
from metadash.stats.words import THIN

FONT = "Source Sans, sans-serif"
LABEL_WIDTH = 24
"""Characters of a row's name before it breaks."""

LEGEND_WIDTH, LEGEND_ROW = 46, 20
"""Characters of a name in a legend before it breaks, and the pixels that a line of it takes."""


@dataclass(frozen=True)
class Curve:
    """A learner over shots or ways: ``points`` hold its mean with its interval, None where it was not scored."""

    name: str
    points: Sequence[Interval | None]
    colour: str
    dash: str = "solid"
    about: str = ""
    """What is read on hover beside a short name."""


TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Letters that nobody sees, which set the direction of what follows, as Unicode calls them."""


def literal(text: str) -> str:
    """A name that somebody gave, as it is typed: plotly reads ``<b>`` and ``%{x}`` in labels, and a letter that turns round how the rest is
    read would turn our words too."""
    straight = "".join(letter for letter in text if unicodedata.bidirectional(letter) not in TURNS)
    return straight.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "%&#123;")


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
    shots: Sequence[int],
    curves: Sequence[Curve],
    palette: Palette,
    gap: str = "",
    worth: float | None = None,
    height: int = 400,
    metric: Metric = ACCURACY,
) -> go.Figure:
    """The mean over shots on a categorical axis, a band for each interval; ``gap`` names the distance of the
    first two at the fewest shots that have an example, ``worth`` draws the arrow between them."""
    figure = base(palette, height)
    ticks = [str(shot) for shot in shots]
    for curve in curves:
        draw_curve(figure, ticks, curve)
    first = list(shots).index(fewest_shots(shots))
    starts = [point.estimate for curve in curves if (point := curve.points[first]) is not None]
    if gap and len(starts) > 1:
        struck = (
            abs(starts[0] - starts[1]) < 0.05 * span_of(curves) or starts[0] == starts[1]
        )  # else the lines would run through it
        figure.add_annotation(
            x=first,
            y=sum(starts[:2]) / 2,
            text=f"<b>{gap}</b>",
            showarrow=False,
            xanchor="left",
            xshift=8,
            **({"yanchor": "top", "yshift": -6} if struck else {}),
            bgcolor=translucent(palette.background, 0.7),
            font={"color": palette.text},
        )
    if worth is not None and worth > 0.05:
        worth_arrow(figure, shots[first:], starts[0], worth, palette, first)
    return within(with_axes(figure, ticks, "labelled examples per class (shots)", metric.axis, palette), metric.bounds)


def span_of(curves: Sequence[Curve]) -> float:
    """From the lowest mean of all to the highest."""
    means = [point.estimate for curve in curves for point in curve.points if point is not None]
    return max(means) - min(means)


def within(figure: go.Figure, bounds: tuple[float | None, float | None]) -> go.Figure:
    """The axis of a measure ends where the measure does: no accuracy of 101 %. Marks on that end are drawn whole."""
    low, high = bounds
    figure.update_yaxes(autorangeoptions={"clipmin": low, "clipmax": high})
    return figure.update_traces(cliponaxis=False, selector=lambda trace: "markers" in (trace.mode or ""))


def draw_curve(figure: go.Figure, ticks: Sequence[str], curve: Curve) -> None:
    """A line with its band where there are points; a learner with one point only is a marker with a bar."""
    known = [(tick, point) for tick, point in zip(ticks, curve.points, strict=True) if point is not None]
    at = [tick for tick, _ in known]
    low = [point.low if point.low is not None else point.estimate for _, point in known]
    high = [point.high if point.high is not None else point.estimate for _, point in known]
    estimates = [point.estimate for _, point in known]
    unit, form = known[0][1].counted_in if known else "", hover_format([*low, *high])
    if len(known) > 1:
        draw_band(figure, at, low, high, translucent(curve.colour, 0.16))
    figure.add_scatter(
        x=at,
        y=estimates,
        mode="lines+markers",
        name=curve.name,
        line={"color": curve.colour, "width": 3, "dash": curve.dash},
        marker={"size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [end - middle for end, middle in zip(high, estimates, strict=True)],
            "arrayminus": [middle - end for end, middle in zip(low, estimates, strict=True)],
            "visible": len(known) == 1,
        },
        customdata=list(zip(low, high, strict=True)),
        hovertemplate=f"{in_full(curve.name, curve.about)}: %{{y:{form}}} {unit} [%{{customdata[0]:{form}}}, %{{customdata[1]:{form}}}]<extra></extra>",
    )


def draw_band(figure: go.Figure, x: Sequence[Any], low: Sequence[float], high: Sequence[float], colour: str) -> None:
    """What an interval takes up along a curve; it is in no legend."""
    outline = {"x": [*x, *reversed(x)], "y": [*high, *reversed(low)], "fill": "toself", "fillcolor": colour}
    figure.add_scatter(**outline, line={"width": 0}, hoverinfo="skip", mode="lines", showlegend=False)


def hover_format(bounds: Sequence[float]) -> str:
    """One decimal, three significant digits where all is within one."""
    return ".1f" if max(map(abs, bounds), default=1.0) >= 1 else ".3g"


def with_axes(figure: go.Figure, ticks: Sequence[str], title: str, measure: str, palette: Palette) -> go.Figure:
    small = {"color": palette.muted, "size": 13}
    order = {"categoryorder": "array", "categoryarray": list(ticks)}
    figure.update_xaxes(title={"text": title, "font": small}, type="category", range=[-0.15, len(ticks) - 0.85], **order)
    figure.update_yaxes(title={"text": measure, "font": small})
    return with_legend(figure, palette)


def with_legend(figure: go.Figure, palette: Palette) -> go.Figure:
    """Long names break, and what more than two lines of legend take is added to the height: the plot keeps its own."""
    names = [trace for trace in figure.data if trace.name and trace.showlegend is not False]
    lines = 0
    for trace in names:
        wrapped = textwrap.wrap(trace.name, LEGEND_WIDTH)
        trace.name, lines = "<br>".join(map(literal, wrapped)), lines + len(wrapped)
    figure.update_layout(height=figure.layout.height + LEGEND_ROW * max(0, lines - 2))
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": palette.text, "size": 14}}
    return figure.update_layout(showlegend=True, legend=legend)


def curve_over_ways(
    ways: Sequence[int], curves: Sequence[Curve], palette: Palette, height: int = 360, metric: Metric = ACCURACY
) -> go.Figure:
    """The mean over the number of classes told apart, a band for each interval; below each number a line where chance is."""
    figure = base(palette, height)
    for curve in curves:
        draw_curve(figure, [str(n_way) for n_way in ways], curve)
    for place, n_way in enumerate(ways):
        chance = metric.chance(Ways(n_way))
        if chance is None:
            continue
        figure.add_shape(
            type="line",
            x0=max(place - 0.3, -0.15),
            x1=min(place + 0.3, len(ways) - 0.85),
            y0=chance,
            y1=chance,
            line={"color": palette.muted, "width": 1.5, "dash": "dot"},
        )
        sides = {0: "left", len(ways) - 1: "right"}
        figure.add_annotation(
            x=place,
            y=chance,
            text=f"chance {chance:.3g} {metric.unit}",
            showarrow=False,
            yanchor="top",
            xanchor=sides.get(place, "center"),
            font={"color": palette.muted, "size": 12},
        )
    figure.update_yaxes(rangemode="tozero")
    figure = with_axes(figure, [str(n_way) for n_way in ways], "classes to tell apart (ways)", metric.axis, palette)
    return within(figure, metric.bounds)


@dataclass(frozen=True)
class Priced:
    """A learner's mean with both intervals, and what it costs in seconds."""

    name: str
    seconds: float
    episodes: Interval
    new_classes: Interval
    colour: str
    hollow: bool = False


def mean_against_cost(
    learners: Sequence[Priced], unit: str, palette: Palette, height: int = 320, metric: Metric = ACCURACY
) -> go.Figure:
    """The mean over seconds on a logarithmic axis: what lies further right costs more, and ought to be better for it."""
    figure = base(palette, height)
    for learner in learners:
        for interval, width in ((learner.new_classes, 2), (learner.episodes, 6)):
            if interval.low is not None:
                figure.add_scatter(
                    x=[learner.seconds] * 2,
                    y=[interval.low, interval.high],
                    mode="lines",
                    line={"color": learner.colour, "width": width},
                    hoverinfo="skip",
                    showlegend=False,
                )
        figure.add_scatter(
            x=[learner.seconds],
            y=[learner.episodes.estimate],
            mode="markers",
            name=learner.name,
            marker={
                "size": 13,
                "color": palette.background if learner.hollow else learner.colour,
                "line": {"color": learner.colour if learner.hollow else palette.background, "width": 2.5},
            },
            hovertemplate=f"{literal(learner.name)}: %{{y:.{metric.decimals}f}} {metric.unit}, %{{x:.3g}} {unit}<extra></extra>",
        )
    small = {"color": palette.muted, "size": 13}
    low, high = (end(math.log10(max(learner.seconds, 1e-3)) for learner in learners) for end in (min, max))
    reach = low - 0.25, high + 0.25
    ticks = log_ticks(*reach)
    figure.update_xaxes(
        type="log",
        title={"text": unit, "font": small},
        range=reach,
        tickmode="array",
        tickvals=ticks,
        ticktext=[f"{tick:,.12g}".replace(",", THIN) for tick in ticks],
    )
    figure.update_yaxes(title={"text": metric.axis, "font": small})
    return within(with_legend(figure, palette), metric.bounds)


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten from 10^``low`` to 10^``high``; beyond two decades the powers alone."""
    steps = (1, 2, 5) if high - low <= 2 else (1,)
    found = [step * 10.0**power for power in range(math.floor(low), math.ceil(high) + 1) for step in steps]
    return [tick for tick in found if low <= math.log10(tick) <= high]


def worth_arrow(figure: go.Figure, shots: Sequence[int], level: float, worth: float, palette: Palette, start: int = 0) -> None:
    """From the upper curve at the first of ``shots``, which stands at the place ``start`` of the axis, to where the lower one reaches its
    height: what the metadata is worth in examples."""
    reached = shots[0] + worth
    after = next((index for index, shot in enumerate(shots) if shot >= reached), len(shots) - 1)
    before = max(after - 1, 0)
    from_, to, here = stretch([shots[before], shots[after], reached])  # as worth is read: zero shots have no logarithm
    end = start + before + float((here - from_) / ((to - from_) or 1.0))
    arrow(figure, (start, level), (end, level), palette.muted, arrowhead=3, arrowwidth=1.5)
    end_label(figure, (end, level), f"worth {worth:.1f} examples", palette.muted, xshift=6, yshift=-12)


def arrow(figure: go.Figure, start: Sequence[float], end: Sequence[float], colour: str, **look: float) -> None:
    """From one place of a chart to another, both in the units of its axes; ``look`` as plotly names it."""
    (ax, ay), (x, y) = start, end
    at = {"x": x, "y": y, "ax": ax, "ay": ay, "xref": "x", "yref": "y", "axref": "x", "ayref": "y"}
    figure.add_annotation(**at, text="", showarrow=True, arrowcolor=colour, **look)


def end_label(figure: go.Figure, place: Sequence[float], text: str, colour: str, xshift: float, yshift: float) -> None:
    """What a line is called, to the right of its end."""
    x, y = place
    font = {"color": colour, "size": 13}
    figure.add_annotation(x=x, y=y, text=text, showarrow=False, xanchor="left", xshift=xshift, yshift=yshift, font=font)


@dataclass(frozen=True)
class Dot:
    """One row of the interval plot: a difference, its interval over episodes (thick) and over new classes (thin)."""

    name: str
    episodes: Interval
    new_classes: Interval
    colour: str
    hollow: bool = False
    about: str = ""
    """What is read on hover beside a short name."""


def in_full(name: str, about: str) -> str:
    """A name with what it is short for, broken into lines."""
    return "<br>".join(map(literal, [name, *textwrap.wrap(about if about != name else "", LEGEND_WIDTH)]))


def with_room(dots: Sequence[Dot], rope: float) -> list[float]:
    """All that the dots say and the band, and some room beside: an interval that ends at the frame looks cut off. What is not finite is left out."""
    said = [one for dot in dots for side in (dot.episodes, dot.new_classes) for one in (side.estimate, side.low, side.high)]
    ends = [-rope, 0.0, rope, *(one for one in said if one is not None and math.isfinite(one))]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    return [min(ends) - room, max(ends) + room]


def interval_dots(dots: Sequence[Dot], palette: Palette, rope: float = ACCURACY.rope, in_order: bool = False) -> go.Figure:
    """One row each, the largest on top, or ``in_order`` the first given; the grey band is no practical difference, the line is zero."""
    ordered = list(reversed(dots)) if in_order else sorted(dots, key=lambda dot: dot.episodes.estimate)
    unit = ordered[0].episodes.counted_in if ordered else ACCURACY.gain
    names = [dot.name for dot in ordered]
    wrapped = [
        "<br>".join(map(literal, textwrap.wrap(name, LABEL_WIDTH))) for name in names
    ]  # on a narrow screen a long name leaves no room
    lines = max((label.count("<br>") + 1 for label in wrapped), default=1)
    figure = base(palette, 90 + max(44, 19 * lines + 6) * len(dots))
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
            hovertemplate=f"{in_full(dot.name, dot.about)}<br>%{{x:+.2f}} {unit}<extra></extra>"
            if dot.about
            else f"{literal(dot.name)}: %{{x:+.2f}} {unit}<extra></extra>",
        )
    figure.update_xaxes(
        title={"text": f"difference, {unit}", "font": {"color": palette.muted, "size": 13}}, range=with_room(dots, rope)
    )
    figure.update_yaxes(tickvals=names, ticktext=wrapped)
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    figure.update_yaxes(type="category", tickfont={"color": palette.text, "size": 14}, automargin=True)
    return figure
