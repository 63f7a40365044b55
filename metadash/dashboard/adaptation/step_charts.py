"""Charts over the steps of an inner loop: losses, accuracies, and the gates of the LSTM meta-learner. Figures only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from metadash.answers.inner_steps import Adapted
from metadash.figures.charts import base, draw_band, end_label
from metadash.figures.palette import Palette, translucent

HEIGHT = 260
LABEL_GAP = 18
"""Pixels between the labels of two lines that end close together."""


@dataclass(frozen=True)
class Line:
    """Values from step 0 on; a single value is a level that does not change with the steps."""

    name: str
    values: Sequence[float]
    colour: str
    dash: str = "solid"
    width: float = 2.5


def accuracy_lines(seen: Adapted, steps: pd.DataFrame, palette: Palette) -> list[Line]:
    """In %: of the queries and of the support at each step, and of the prototypes, which take none."""
    blue, percent = palette.categories[0], 100 / seen.queries
    found = [
        Line("queries", [count * percent for count in seen.right], blue),
        Line("support", (100 * steps["support_accuracy"]).tolist(), blue, "dot", 1.5),
        Line("prototype", [seen.right_plainly * percent], palette.plain, "dash", 2),
    ]
    if seen.right_moved is not None:
        found.append(Line("+ metadata", [seen.right_moved * percent], palette.helps, "dash", 2))
    return found


def loss_lines(steps: pd.DataFrame, palette: Palette) -> list[Line]:
    """Of the queries and of the support at each step."""
    blue = palette.categories[0]
    return [
        Line("queries", steps["query_loss"].tolist(), blue),
        Line("support", steps["support_loss"].tolist(), blue, "dot", 1.5),
    ]


def accuracy_chart(lines: Sequence[Line], palette: Palette, own_steps: int) -> go.Figure:
    return over_steps(lines, palette, "accuracy, %", own_steps, " %", 0, top=100.0, bottom=0.0)


def loss_chart(lines: Sequence[Line], palette: Palette, own_steps: int) -> go.Figure:
    return over_steps(lines, palette, "loss", own_steps, bottom=0.0)


def over_steps(
    lines: Sequence[Line],
    palette: Palette,
    label: str,
    own_steps: int,
    unit: str = "",
    decimals: int = 2,
    top: float | None = None,
    bottom: float | None = None,
) -> go.Figure:
    """The lines with their names at their ends; a thin upright where the learner stops when it is scored, if steps go on after it."""
    figure = base(palette, HEIGHT)
    last = max(len(line.values) for line in lines) - 1
    every = [value for line in lines for value in line.values]
    low, high = min(every) if bottom is None else bottom, max(every) if top is None else top
    room = 0.08 * ((high - low) or 1.0)
    if last > own_steps > 0:
        figure.add_vline(x=own_steps, line={"color": palette.muted, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=own_steps,
            y=1,
            yref="paper",
            text="scored here",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            xshift=-4,
            font={"color": palette.muted, "size": 12},
        )
    for line in lines:
        level = len(line.values) == 1 < last + 1
        figure.add_scatter(
            x=[0, last] if level else list(range(len(line.values))),
            y=list(line.values) * 2 if level else list(line.values),
            mode="lines+markers" if last <= 25 and not level and line.dash == "solid" else "lines",
            line={"color": line.colour, "width": line.width, "dash": line.dash},
            marker={"size": 6},
            name=line.name,
            hovertemplate=f"{line.name}: %{{y:.{decimals}f}}{unit}<extra></extra>",
        )
    ends = [line.values[-1] for line in lines]
    for line, end, shift in zip(lines, ends, apart(ends, (high - low) + 2 * room), strict=True):
        name = f"{line.name} <b>{end:.{decimals}f}{unit}</b>"
        end_label(figure, (last, end), name, line.colour, xshift=10, yshift=shift)
    finish(figure, palette, label, last, (low - room, high + room))
    return figure.update_layout(margin={"l": 10, "r": 130, "t": 22, "b": 10})


def gate(least: Sequence[float], mean: Sequence[float], greatest: Sequence[float], label: str, palette: Palette) -> go.Figure:
    """The mean of a gate over all coordinates at steps 1, 2, …, and the band from its least to its greatest."""
    figure = base(palette, HEIGHT - 40)
    steps = list(range(1, len(mean) + 1))
    colour = palette.categories[0]
    draw_band(figure, steps, least, greatest, translucent(colour, 0.16))
    figure.add_scatter(
        x=steps,
        y=list(mean),
        mode="lines+markers" if len(steps) <= 25 else "lines",
        cliponaxis=False,  # a gate that is open stands on the frame
        line={"color": colour, "width": 2.5},
        marker={"size": 6},
        customdata=list(zip(least, greatest, strict=True)),
        hovertemplate="step %{x}: mean %{y:.4g}, from %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
    )
    room = 0.12 * (max(greatest) - min(least)) or 0.01
    finish(figure, palette, label, len(steps), (max(0.0, min(least) - room), min(1.0, max(greatest) + room)))
    return figure.update_xaxes(range=[0.8, len(steps) + 0.2])


def finish(figure: go.Figure, palette: Palette, label: str, last: int, y_range: tuple[float, float]) -> None:
    title = {"font": {"color": palette.muted, "size": 13}}
    figure.update_xaxes(title={"text": "step", **title}, range=[-0.02 * max(last, 1) - 0.1, max(last, 0.5) * 1.02])
    if last <= 12:
        figure.update_xaxes(dtick=1)
    figure.update_yaxes(title={"text": label, **title}, range=list(y_range))


def apart(ends: Sequence[float], span: float) -> list[float]:
    """How many pixels each label is moved up so that no two overlap; their order stays, and a label with room stays where it is."""
    pixels = [end / span * (HEIGHT - 60) for end in ends]
    order = sorted(range(len(ends)), key=lambda place: (ends[place], -place))
    at = list(pixels)
    for _ in range(20 * len(order)):
        for below, above in pairwise(order):
            overlap = LABEL_GAP - (at[above] - at[below])
            if overlap > 0:
                at[above] += overlap / 2
                at[below] -= overlap / 2
    return [moved - was for moved, was in zip(at, pixels, strict=True)]
