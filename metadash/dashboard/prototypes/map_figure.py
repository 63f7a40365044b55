"""The third chart of the house: a map of one task among the test instances. Figure, colours, hover texts, the table behind it."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Dataset
from metadash.figures.charts import arrow, base
from metadash.figures.palette import Palette, translucent
from metadash.stats import words

Place = tuple[str, str]
"""A table, classes or instances, and one of its columns."""

TASK = "classes of the task"
MOST = 8
"""Values with a colour of their own; the rest is *other*, what is not known *missing*: ten colours at most."""

BINS = 5
WEBGL_FROM = 4000
"""Points from which the background is drawn by the graphics card."""

TABLE_ROWS = 200
PICTURE, PICTURE_SIDE = "picture", 64
"""The column of pictures, and for how many pixels a side they are made: a click makes one larger."""
LONGEST = 44
MOST_SOUGHT = 200
"""Selected instances whose neighbours are looked for: a distance to each of all points, each."""
KIND_WORDS = {
    "instance": "test instance",
    "support": "support example",
    "query": "query",
    "plain prototype": "plain prototype",
    "prototype": "prototype with metadata",
    "anchor": "anchor μ: where the metadata puts the class",
}


@dataclass(frozen=True)
class Colouring:
    """``code`` [P] says which of ``labels`` a point has, −1 none (a prototype has no value of an instance column)."""

    labels: tuple[str, ...]
    colours: tuple[str, ...]
    code: np.ndarray
    counts: tuple[int, ...]

    def of_points(self, neutral: str) -> list[str]:
        return [self.colours[code] if code >= 0 else neutral for code in self.code]


def colour_columns(data: Dataset) -> dict[str, Place]:
    """What a map can be coloured by: a name for the menu, its table and column. Columns with one value, or one a row, are left out."""
    found = {}
    for table, frame, note in (("classes", data.classes, ""), ("instances", data.instances, " (of each instance)")):
        for name in map(str, frame.columns):
            column = frame[name]
            if name.endswith("_id") or name == "class_name" or not n_values(column) >= 2:
                continue
            if kind_of(column).reads_as == "numbers" or n_values(column) <= max(20, len(column) // 3):
                found[f"{name.replace('_', ' ')}{note}"] = (table, name)
    return found


def n_values(column: pd.Series) -> int:
    try:
        return int(column.nunique())
    except TypeError:  # lists
        return 0


def values_of(points: pd.DataFrame, data: Dataset, table: str, column: str) -> pd.Series:
    """The column's value for each point; missing for points that have none."""
    if table == "classes":
        return data.classes[column].iloc[points["class_id"]].reset_index(drop=True)
    row = points["row"].to_numpy()
    values = data.instances[column].iloc[np.maximum(row, 0)].reset_index(drop=True)
    return values.where(pd.Series(row >= 0))


def colouring(points: pd.DataFrame, data: Dataset, place: Place | None, palette: Palette) -> Colouring:
    """By the classes of the task (``place`` None), or by a metadata column: the most frequent values, numbers and dates in steps of equal counts."""
    is_instance = (points["row"] >= 0).to_numpy()
    if place is None:
        return by_class(points, data, palette, is_instance)
    values = values_of(points, data, *place)
    labels, code = steps_or_categories(values)
    if place[0] == "instances":
        code = np.where(is_instance, code, -1)
    used = [label for label in labels if label not in ("other", "missing")]
    shades = ramp(palette, len(used)) if in_order(values) else [*palette.categories[: len(used)]]
    extra = {"other": palette.muted, "missing": translucent(palette.muted, 0.55)}
    colours = tuple(shades[used.index(label)] if label in used else extra[label] for label in labels)
    return Colouring(tuple(labels), colours, code, counted(code, is_instance, len(labels)))


def in_order(values: pd.Series) -> bool:
    """Whether values are drawn as steps from little to much: more numbers or dates than have a colour each."""
    return kind_of(values).reads_as == "numbers" and values.nunique() > MOST


def ramp(palette: Palette, n: int) -> list[str]:
    """``n`` colours from the first to the last of the palette's steps."""
    return [palette.steps[round(place * (len(palette.steps) - 1) / max(n - 1, 1))] for place in range(n)]


def by_class(points: pd.DataFrame, data: Dataset, palette: Palette, is_instance: np.ndarray) -> Colouring:
    order = task_classes(points)
    names = data.classes["class_name"].astype(str)
    alone = order if len(order) <= MOST + 1 else order[:MOST]
    labels = [f"{place + 1} {names[c]}" for place, c in enumerate(alone)]
    code = np.full(len(points), len(labels) + (len(order) > len(alone)))
    for place, c in enumerate(order):
        code[(points["class_id"] == c).to_numpy()] = min(place, len(alone))
    labels += ["other classes of the task"] * (len(order) > len(alone)) + ["not in the task"]
    colours = (*palette.categories[: len(alone)], *[palette.muted] * (len(order) > len(alone)), translucent(palette.muted, 0.6))
    return Colouring(tuple(labels), colours, code, counted(code, is_instance, len(labels)))


def task_classes(points: pd.DataFrame) -> list[int]:
    """The classes of the task, in the order of its prototypes."""
    return list(dict.fromkeys(points.loc[points["kind"] == "plain prototype", "class_id"].astype(int).tolist()))


def counted(code: np.ndarray, is_instance: np.ndarray, n: int) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(code[is_instance & (code >= 0)], minlength=n))


def steps_or_categories(values: pd.Series) -> tuple[list[str], np.ndarray]:
    """Labels and the code of each value among them."""
    kind = kind_of(values)
    missing = values.isna().to_numpy()
    if in_order(values):
        binned = pd.qcut(pd.Series(kind.numbers(values), values.index), BINS, duplicates="drop")
        code = binned.cat.codes.to_numpy().astype(int)
        labels = []
        for step in range(len(binned.cat.categories)):
            inside = values[code == step]
            labels.append(f"{short(inside.min())} to {short(inside.max())}")
    else:
        text = values.astype("string")
        frequent = text.value_counts()
        labels = [str(label) for label in frequent.index[: MOST if len(frequent) > MOST + 1 else MOST + 1]]
        code = text.map({label: place for place, label in enumerate(labels)}).fillna(len(labels)).to_numpy().astype(int)
        if len(frequent) > len(labels):
            labels.append("other")
    if missing.any():
        code[missing] = len(labels)
        labels.append("missing")
    return labels, code


def short(value: object) -> str:
    """A value as a person would write it, cut where it is long."""
    if isinstance(value, pd.Timestamp):
        text = f"{value:%Y-%m-%d}"
    elif isinstance(value, float):
        text = f"{value:.4g}"
    else:
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def hover_texts(points: pd.DataFrame, data: Dataset, place: Place | None) -> list[str]:
    """Name, what it is, the chosen column, and some of the metadata; escaped, since Plotly reads tags."""
    names = data.classes["class_name"].map(lambda name: html.escape(short(name))).to_numpy()
    class_columns = [c for source in data.class_sources() for c in source.columns if c in data.classes][:5]
    instance_columns = [
        c for source in data.sources if source.level == "instance" for c in source.columns if c in data.instances
    ][:4]
    for own, table in ((class_columns, "classes"), (instance_columns, "instances")):
        if place and place[0] == table and place[1] not in own:
            own.insert(0, place[1])
    different, position = np.unique(points["class_id"], return_inverse=True)
    of_class = described(data.classes, different, class_columns)
    rows = points["row"].to_numpy()
    of_instance = described(data.instances, np.maximum(rows, 0), instance_columns)
    texts = []
    known = zip(*(points[name] for name in ("kind", "class_id", "predicted", "plainly_predicted")), strict=True)
    for index, (kind, c, predicted, plainly) in enumerate(known):
        lines = [f"<b>{names[c]}</b>", KIND_WORDS[kind]]
        if kind == "query":
            lines.append(f"answered: {names[predicted]}" + (" ✓" if predicted == c else " ✗"))
            if plainly != predicted:
                lines.append(f"by the plain prototype: {names[plainly]}")
        lines += [of_class[position[index]], of_instance[index] if rows[index] >= 0 else ""]
        texts.append("<br>".join(line for line in lines if line))
    return texts


def described(table: pd.DataFrame, rows: np.ndarray, columns: Sequence[str]) -> list[str]:
    """``name: value`` for what is known of each row, one line a column."""
    lines: list[list[str]] = [[] for _ in rows]
    for name in columns:
        title = html.escape(name.replace("_", " "))
        column = table[name].iloc[rows]
        for line, value, missing in zip(lines, column.tolist(), column.isna().tolist(), strict=True):
            if not missing:
                line.append(f"{title}: {html.escape(short(value))}")
    return ["<br>".join(line) for line in lines]


def map_figure(points: pd.DataFrame, colours: Colouring, texts: Sequence[str], palette: Palette, identity: str) -> go.Figure:
    """Instances small and faint, queries stronger, prototypes large and ringed, anchors as diamonds, arrows from plain to fused.

    ``customdata`` is the number of each point in ``points``; ``identity`` keeps zoom and selection while the figure is redrawn.
    """
    figure = base(palette, 560)
    shade = np.array(colours.of_points(palette.text), dtype=object)
    kind, x, y = points["kind"].to_numpy(), points["x"].to_numpy(), points["y"].to_numpy()
    hover = np.array(list(texts), dtype=object)
    fused = (kind == "prototype").any()
    wrong = (points["predicted"] != points["class_id"]).to_numpy()
    outline = {"color": palette.background, "width": 1}
    ring = {"color": palette.text, "width": 2.5}

    def layer(chosen: np.ndarray, name: str, webgl: bool = False, **drawn: object) -> None:
        place = np.flatnonzero(chosen)
        if len(place):
            trace = go.Scattergl if webgl else go.Scatter
            marker = {"color": shade[place].tolist(), **drawn.pop("marker")}  # type: ignore[dict-item]
            figure.add_trace(
                trace(
                    x=x[place],
                    y=y[place],
                    marker=marker,
                    name=name,
                    customdata=place,
                    hovertext=hover[place].tolist(),
                    hovertemplate="%{hovertext}<extra></extra>",
                    **{"mode": "markers", **drawn},
                )
            )

    background = kind == "instance"
    layer(background, "instances", background.sum() > WEBGL_FROM, marker={"size": 5, "opacity": 0.5})
    layer((kind == "query") & ~wrong, "queries, right", marker={"size": 9, "line": outline})
    layer((kind == "query") & wrong, "queries, wrong", marker={"size": 10, "symbol": "x", "line": outline})
    layer(kind == "support", "support", marker={"size": 12, "symbol": "square", "line": {"color": palette.text, "width": 1.5}})
    layer(kind == "anchor", "anchors", marker={"size": 15, "symbol": "diamond", "line": ring})
    if fused:
        layer(
            kind == "plain prototype", "plain prototypes", marker={"size": 13, "symbol": "circle", "opacity": 0.75, "line": ring}
        )
        arrows(figure, points, palette)
    final = kind == ("prototype" if fused else "plain prototype")
    layer(
        final,
        "prototypes",
        mode="markers+text",
        marker={"size": 25, "line": ring},
        text=[f"<b>{place + 1}</b>" for place in range(final.sum())],
        textfont={"color": palette.background, "size": 13},
    )
    hidden = {"visible": False, "showgrid": False}
    figure.update_xaxes(**hidden)
    figure.update_yaxes(**hidden)
    figure.update_layout(uirevision=identity, dragmode="lasso", hovermode="closest", margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_layout(modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.muted, "activecolor": palette.helps})
    return figure


def arrows(figure: go.Figure, points: pd.DataFrame, palette: Palette) -> None:
    """From where the plain prototype is to where the metadata moved it."""
    plain, fused = (points[points["kind"] == kind].set_index("class_id") for kind in ("plain prototype", "prototype"))
    for c in plain.index:
        arrow_on_map(figure, plain.loc[c, ["x", "y"]], fused.loc[c, ["x", "y"]], palette)


def arrow_on_map(figure: go.Figure, start: Sequence[float], end: Sequence[float], palette: Palette) -> None:
    """The arrow from where something is on a map to where it goes; it leaves room for the rings at both."""
    arrow(figure, start, end, palette.text, arrowhead=2, arrowwidth=2, standoff=13, startstandoff=7)


def legend_html(colours: Colouring) -> str:
    """Colours with their counts, wrapping on narrow screens."""
    entries = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:6px;margin:0 14px 4px 0">'
        f'<i style="width:11px;height:11px;border-radius:50%;background:{colour};flex:none"></i>'
        f"{html.escape(short(label))} <small>({words.count(count)})</small></span>"
        for label, colour, count in zip(colours.labels, colours.colours, colours.counts, strict=True)
        if count
    )
    return f'<div style="font-size:.9rem;line-height:1.4">{entries}</div>'


def export_table(points: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Coordinates with the names a reader needs."""
    names = data.classes["class_name"].astype(str).to_numpy()
    table = points.assign(class_name=names[points["class_id"]])
    for column in ("predicted", "plainly_predicted"):
        table[f"{column}_name"] = np.where(points[column] >= 0, names[np.maximum(points[column], 0)], "")
    return table


def in_order_of_task(points: pd.DataFrame, rows: Sequence[int]) -> list[int]:
    """Some rows of the data set, those of the task first: queries answered wrongly, the other queries, the support; then test instances."""
    found = points[points["row"].isin(list(rows))]
    right = found["predicted"] == found["class_id"]
    rank = np.select([(found["kind"] == "query") & ~right, found["kind"] == "query", found["kind"] == "support"], [0, 1, 2], 3)
    return found["row"].iloc[np.argsort(rank, kind="stable")].tolist()


def nearest_rows(points: pd.DataFrame, vectors: np.ndarray, rows: Sequence[int], most: int) -> tuple[list[int], np.ndarray]:
    """The ``most`` instances nearest to any of ``rows`` in the full space, nearest first, and their distances; ``vectors`` [P, D] are those
    of the points."""
    own = points["row"].isin(list(rows)).to_numpy()
    others = np.flatnonzero((points["row"] >= 0).to_numpy() & ~own)
    near = np.full(len(others), np.inf)
    for vector in np.asarray(vectors[np.flatnonzero(own)[:MOST_SOUGHT]], dtype=np.float64):
        near = np.minimum(near, np.linalg.norm(vectors[others] - vector, axis=1))
    first = np.argsort(near, kind="stable")[:most]
    return points["row"].iloc[others[first]].tolist(), near[first]


def selected_table(points: pd.DataFrame, rows: Sequence[int], data: Dataset, pictures: bool = True) -> pd.DataFrame:
    """The instances ``rows`` of the data set, those of them that are on the map, in this order, each once: picture (or words), name and
    metadata."""
    place = {int(row): at for at, row in enumerate(points["row"]) if row >= 0}
    found = points.iloc[[place[row] for row in dict.fromkeys(map(int, rows)) if row in place]]
    own, classes = found["row"].to_numpy(), found["class_id"].to_numpy()
    table = pd.DataFrame(index=range(len(found)))
    shown = data.modality
    if shown.picture is None:
        table[shown.noun] = [shown.words(data.inputs[row]) for row in own]
    elif pictures:
        table[PICTURE] = [shown.picture(data.inputs[row], PICTURE_SIDE) for row in own]
    else:
        table["row"] = own
    names = data.classes["class_name"].astype(str).to_numpy()
    table["name"] = names[classes]
    table["what"] = [KIND_WORDS[kind] for kind in found["kind"]]
    table["answered"] = np.where(found["predicted"] >= 0, names[np.maximum(found["predicted"], 0)], "")
    for frame, at in ((data.classes, classes), (data.instances, own)):
        for column in frame.columns:
            if column not in ("class_id", "class_name", "instance_id"):
                table[str(column)] = frame[column].iloc[at].to_numpy()
    return table
