"""A map of one test task for a file: what lies close together is alike to the learner, and arrows show where metadata moves a class."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from metadash.figures.charts import arrow, base, literal
from metadash.figures.palette import Palette

LAYERS = (
    ("instance", "other test instances", {"size": 4, "opacity": 0.35}),
    ("support", "support", {"size": 10, "symbol": "square"}),
    ("query", "queries", {"size": 8}),
    ("anchor", "anchors μ", {"size": 13, "symbol": "diamond-open"}),
    ("plain prototype", "plain prototypes", {"size": 14, "symbol": "circle-open"}),
    ("prototype", "prototypes with metadata", {"size": 20}),
)
"""What is on a map, from the ground up."""


def task_map(points: pd.DataFrame, names: np.ndarray, palette: Palette) -> go.Figure:
    """``points`` are those of a stored map, ``names`` [C] of the classes."""
    figure = base(palette, 560)
    names = np.array([literal(str(name)) for name in names], dtype=object)
    task = list(dict.fromkeys(points.loc[points["kind"] == "support", "class_id"]))
    colours = {c: palette.categories[place % len(palette.categories)] for place, c in enumerate(task)}
    for kind, title, marker in LAYERS:
        found = points[points["kind"] == kind]
        if found.empty:
            continue
        shade = [colours.get(c, palette.plain) for c in found["class_id"]] if kind != "instance" else palette.plain
        told = names[found["class_id"].to_numpy()]
        if kind == "query":
            answered = names[np.maximum(found["predicted"].to_numpy(), 0)]
            told = np.array([f"{name}, answered {other}" for name, other in zip(told, answered, strict=True)], dtype=object)
            marker = {**marker, "symbol": np.where(found["predicted"] == found["class_id"], "circle", "x").tolist()}
        figure.add_trace(
            go.Scatter(
                x=found["x"].round(3),
                y=found["y"].round(3),
                mode="markers",
                name=title,
                text=told,
                hovertemplate=f"%{{text}}<extra>{title}</extra>",
                marker={"color": shade, **marker},
            )
        )
    plain, fused = (points[points["kind"] == kind].set_index("class_id") for kind in ("plain prototype", "prototype"))
    for c in plain.index.intersection(fused.index):
        arrow(
            figure,
            plain.loc[c, ["x", "y"]],
            fused.loc[c, ["x", "y"]],
            palette.text,
            arrowhead=2,
            arrowwidth=2,
            standoff=11,
            startstandoff=7,
        )
    figure.update_xaxes(visible=False, showgrid=False)
    figure.update_yaxes(visible=False, showgrid=False)
    figure.update_layout(hovermode="closest", margin={"l": 0, "r": 0, "t": 0, "b": 0}, legend={"orientation": "h", "y": -0.02})
    return figure
