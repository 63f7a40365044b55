"""A table that answers a query as a chart: of which kind, guessed from what its columns hold, and of which columns. Nothing is summed up: what is
drawn are the rows."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from metadash.figures.charts import LABEL_WIDTH, base
from metadash.figures.html import escape
from metadash.figures.palette import Palette
from metadash.stats.words import plural_of

Kind = Literal["bars", "line", "points", "histogram"]
Role = Literal["number", "time", "category"]
IDS = ("class_id", "instance_id")
"""Numbers that count nothing: names, where they are drawn."""
MOST_BARS = 40


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns by what they hold."""

    numbers: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[Kind]:
        """The charts that there can be, the one first that is guessed: time and number make a line, category and number bars, two numbers
        points, one number a histogram."""
        against = bool(self.times and self.numbers) or len(self.numbers) > 1
        can: dict[Kind, bool] = {
            "bars": bool(self.numbers and (self.categories or self.times or self.ids)),
            "line": against,
            "points": against,
            "histogram": bool(self.numbers or self.times),
        }
        return sorted((kind for kind, possible in can.items() if possible), key=lambda kind: kind != self.guessed)

    @property
    def guessed(self) -> Kind:
        if not self.numbers:
            return "histogram"
        if self.times:
            return "line"
        if self.categories or (self.ids and len(self.numbers) == 1):
            return "bars"
        return "points" if len(self.numbers) > 1 else "histogram"

    def across(self, kind: Kind) -> list[str]:
        """What may be drawn along a chart: the names of bars, the horizontal axis of the others."""
        if kind == "bars":
            return [*self.categories, *self.ids, *self.times]
        return [*self.numbers, *self.times] if kind == "histogram" else [*self.times, *self.numbers]

    def up(self, kind: Kind, across: str) -> list[str]:
        """What may be drawn against it; nothing in a histogram, which counts."""
        return [] if kind == "histogram" else [name for name in self.numbers if name != across]


def columns_of(roles: Sequence[tuple[str, Role | None]]) -> Columns:
    """By what each column holds; None for what cannot be drawn. A name that two columns have tells neither."""
    named = Counter(name for name, _ in roles)
    once = [(name, "id" if name.lower() in IDS else role) for name, role in roles if named[name] == 1 and role]

    def of(wanted: str) -> tuple[str, ...]:
        return tuple(name for name, role in once if role == wanted)

    return Columns(of("number"), of("time"), of("category"), of("id"))


def readable(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The columns of a chart as they can be drawn: a number or a date that no axis holds is missing."""
    found: dict[str, pd.Series] = {
        name: pd.to_numeric(frame[name], errors="coerce").astype("float64") for name in columns.numbers
    }
    found |= {name: pd.to_datetime(frame[name], errors="coerce") for name in columns.times}
    found |= {name: frame[name].map(str, na_action="ignore") for name in (*columns.categories, *columns.ids)}
    return pd.DataFrame(found).replace([float("inf"), float("-inf")], float("nan"))


def known_rows(frame: pd.DataFrame, kind: Kind, across: str, up: str) -> pd.DataFrame:
    """Those of which nothing is missing that is on an axis; a bar may have no name."""
    return frame.dropna(subset=[up] if kind == "bars" else [name for name in (across, up) if name])


def left_out(frame: pd.DataFrame, kind: Kind, across: str, up: str) -> str:
    """A sentence on the rows that are not drawn; empty where all are."""
    known = len(known_rows(frame, kind, across, up))
    told = [f"{plural_of(len(frame) - known, 'row')} without a value"] if known < len(frame) else []
    told += [f"all but the first {MOST_BARS} bars"] if kind == "bars" and known > MOST_BARS else []
    return f"Left out: {' and '.join(told)}." if told else ""


def answer_chart(frame: pd.DataFrame, kind: Kind, across: str, up: str, palette: Palette) -> go.Figure:
    """``across`` and ``up`` as ``Columns`` offers them for the ``kind``."""
    rows = known_rows(frame, kind, across, up)
    draw: dict[Kind, Callable[[], go.Figure]] = {
        "bars": partial(bars, rows.head(MOST_BARS), across, up, palette),
        "line": partial(points, rows.sort_values(across, kind="stable"), across, up, palette, "lines+markers"),
        "points": partial(points, rows, across, up, palette, "markers"),
        "histogram": partial(histogram, rows, across, palette),
    }
    return draw[kind]()


def bars(rows: pd.DataFrame, across: str, up: str, palette: Palette) -> go.Figure:
    """A row a bar, in the order of the table, the first on top; rows of one name stay apart."""
    figure = base(palette, 70 + 26 * max(len(rows), 2))
    places, names = list(range(len(rows))), rows[across].fillna("missing").astype(str)
    figure.add_bar(
        x=rows[up],
        y=places,
        orientation="h",
        marker={"color": palette.helps},
        customdata=[escape(name) for name in names],
        hovertemplate=f"%{{customdata}}: %{{x}} {escape(up)}<extra></extra>",
    )
    labels = [escape(name if len(name) <= LABEL_WIDTH else f"{name[: LABEL_WIDTH - 1]}…") for name in names]
    figure.update_layout(bargap=0.25)
    figure.update_yaxes(tickvals=places, ticktext=labels, range=[len(rows) - 0.4, -0.6], showgrid=False)
    return titled(figure, up, "", palette)


def points(rows: pd.DataFrame, across: str, up: str, palette: Palette, mode: str) -> go.Figure:
    figure = base(palette, 360)
    many = len(rows) > 60
    figure.add_scatter(
        x=rows[across],
        y=rows[up],
        mode="lines" if mode != "markers" and many else mode,
        line={"color": palette.helps, "width": 2.5},
        marker={"color": palette.helps, "size": 6 if many else 8, "opacity": 0.6 if many else 0.9},
        hovertemplate=f"{escape(across)} %{{x}}: {escape(up)} %{{y}}<extra></extra>",
    )
    return titled(figure, across, up, palette)


def histogram(rows: pd.DataFrame, across: str, palette: Palette) -> go.Figure:
    figure = base(palette, 320)
    figure.add_histogram(
        x=rows[across],
        marker={"color": palette.helps, "line": {"color": palette.background, "width": 1}},
        hovertemplate="%{x}: %{y} rows<extra></extra>",
    )
    return titled(figure, across, "rows", palette)


def titled(figure: go.Figure, across: str, up: str, palette: Palette) -> go.Figure:
    font = {"color": palette.muted, "size": 13}
    figure.update_xaxes(title={"text": escape(across), "font": font})
    return figure.update_yaxes(title={"text": escape(up), "font": font})
