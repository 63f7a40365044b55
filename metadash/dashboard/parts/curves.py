"""How a run learned, or is learning: its loss and its accuracy on validation classes, each over the training steps."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.theme import chart, palette
from metadash.figures.charts import base, within
from metadash.figures.palette import Palette
from metadash.runs.queue.jobs import JobFolder
from metadash.stats.metric import ACCURACY

Rows = Sequence[dict[str, Any]]
MEASURED = {"validation_accuracy": "accuracy on validation classes, %", "loss": "training loss"}
BOUNDS = {"validation_accuracy": ACCURACY.bounds}


def history_of(digest: str) -> list[dict[str, Any]]:
    """What was measured, row by row: of the finished run if there is one, else of the job as far as it is."""
    if server.store().get(digest):
        frame = server.run_frame(digest, "history")
        return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return JobFolder(server.workspace(), digest).history()


def series(rows: Rows, name: str) -> tuple[list[int], list[float]]:
    """Steps and values of one measure in the last phase that has it (a job that trains its backbone first has two)."""
    found = [row for row in rows if row.get(name) is not None and row[name] == row[name]]
    last = [row for row in found if row["phase"] == found[-1]["phase"]]
    return [int(row["step"]) for row in last], [float(row[name]) for row in last]


def curve(
    steps: Sequence[int],
    values: Sequence[float],
    label: str,
    colour: str,
    colours: Palette,
    bounds: tuple[float | None, float | None],
) -> go.Figure:
    figure = base(colours, 230)
    figure.add_scatter(
        x=list(steps),
        y=list(values),
        mode="lines+markers" if len(steps) < 40 else "lines",
        line={"color": colour, "width": 2.5},
        marker={"size": 6},
        hovertemplate="step %{x}: %{y:.3g}<extra></extra>",
    )
    title = {"font": {"color": colours.muted, "size": 13}}
    figure.update_xaxes(title={"text": "training step", **title}, rangemode="tozero")
    figure.update_yaxes(title={"text": label, **title})
    return within(figure, bounds)


def learning_curves(rows: Rows, key: str, over: bool) -> None:
    """The two curves side by side; space is kept for them until the run is ``over``."""
    if over and not any(series(rows, name)[0] for name in MEASURED):
        st.caption(
            "There is no curve: nothing was measured in training. Over a frozen backbone, a learner without metadata has nothing to train; "
            "otherwise it ended before its first step."
        )
        return
    colours = palette()
    shades = {"validation_accuracy": colours.helps, "loss": colours.plain}
    for place, (name, label) in zip(st.columns(2), MEASURED.items(), strict=True):
        steps, values = series(rows, name)
        with place:
            if not steps:
                st.container(height=230, border=False).caption(f"The {label.removesuffix(', %')} will be drawn here.")
                continue
            chart(
                partial(curve, steps, values, label, shades[name], colours, BOUNDS.get(name, (None, None))),
                key=f"{key}_{name}",
                alt=f"{label.capitalize()} over {steps[-1]} training steps, at the end {values[-1]:.3g}",
            )
