"""The pictures of a data card: where values are missing, how many instances a class has, what inputs look like."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from metadash.data.dataset import Dataset
from metadash.data.thumbnails import SHARP
from metadash.figures.charts import base
from metadash.figures.html import escape
from metadash.figures.palette import Palette

NAMED = 60
"""Columns whose names fit under a chart."""
CUT = 28
"""Letters of a column's name under a chart."""
SIDE = 72
"""Pixels of a thumbnail's place."""
SHOWN = 24


def missing_chart(missing: pd.DataFrame, palette: Palette, rows: str) -> go.Figure:
    """Columns across, the table from its first row down: the darker, the more is missing in that piece of it."""
    names = [escape(name if len(name) <= CUT else name[: CUT - 1] + "…") for name in missing.columns]
    figure = base(palette, 380)
    figure.add_heatmap(
        z=missing.to_numpy(dtype=float),
        x=list(range(len(names))),
        y=100 * (np.arange(len(missing)) + 0.5) / len(missing),
        zmin=0,
        zmax=1,
        colorscale=[[0, palette.grid], [1, palette.plain]],
        colorbar={
            "title": {"text": "missing", "side": "right", "font": {"color": palette.muted, "size": 13}},
            "tickformat": ".0%",
            "thickness": 12,
        },
        customdata=np.tile(np.array(names, dtype=object), (len(missing), 1)),
        hovertemplate=f"%{{customdata}}: %{{z:.0%}} missing, at %{{y:.0f}} % of the {rows}<extra></extra>",
        xgap=1,
    )
    few = len(names) <= NAMED
    ticks = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": names, "tickangle": -45} if few else {}
    figure.update_xaxes(showgrid=False, showticklabels=few, **ticks)
    title = {"text": f"{rows} in their order, %", "font": {"color": palette.muted, "size": 13}}
    figure.update_yaxes(showgrid=False, autorange="reversed", title=title)
    return figure


def balance_chart(sizes: pd.Series, palette: Palette, noun: str) -> go.Figure:
    """The instances of each class, the largest first."""
    ordered = sizes.sort_values(ascending=False, kind="stable")
    figure = base(palette, 300)
    figure.add_scatter(
        x=list(range(1, len(ordered) + 1)),
        y=ordered.tolist(),
        mode="lines",
        line={"color": palette.helps, "width": 2, "shape": "hvh"},
        fill="tozeroy",
        text=[escape(name) for name in ordered.index],
        hovertemplate="%{text}: %{y}<extra></extra>",
    )
    small = {"color": palette.muted, "size": 13}
    figure.update_xaxes(title={"text": f"{escape(noun)}, the largest first", "font": small}, showgrid=False)
    figure.update_yaxes(title={"text": "instances", "font": small}, rangemode="tozero")
    return figure


def examples(data: Dataset, most: int = SHOWN) -> str:
    """One input each of some classes, spread over the table, with their names: HTML in which all that came with the data is escaped."""
    firsts = data.frame("SELECT class_id, min(instance_id) AS row FROM instances GROUP BY class_id ORDER BY class_id")
    chosen = firsts.iloc[spread(len(firsts), most)]
    names = data.classes["class_name"].astype(str)
    shown = [
        f'<figure style="margin:0;width:{width_of(data)}px">{data.modality.html(data.inputs[int(row)], SIDE, alt=names[c])}'
        f'<figcaption style="font-size:.75rem;overflow-wrap:anywhere">{escape(names[c])}</figcaption></figure>'
        for c, row in zip(chosen["class_id"], chosen["row"], strict=True)
    ]
    style = f"<style>.md-examples img{{width:{SIDE}px;height:{SIDE}px;object-fit:contain;image-rendering:pixelated}}</style>"
    return f'{style}<div class="md-examples" style="display:flex;flex-wrap:wrap;gap:.7rem">{"".join(shown)}</div>'


def width_of(data: Dataset) -> int:
    """Words need more room than a picture."""
    return SHARP * SIDE if data.modality.picture is None else SIDE


def spread(n: int, most: int) -> list[int]:
    """At most ``most`` of ``n`` places, evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)).tolist()
