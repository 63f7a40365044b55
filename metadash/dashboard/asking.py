"""The parts of the *What if* page: the changes as controls, the answer as curves, dots and pictures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from metadash.analysis.placement import placed
from metadash.analysis.verdict import Verdict
from metadash.analysis.what_if import WhatIf
from metadash.analysis.words import plural_of
from metadash.dashboard.frame import term
from metadash.dashboard.maps import KIND_WORDS, arrow
from metadash.dashboard.pictures import picture_row
from metadash.data.dataset import Dataset
from metadash.figures.charts import Dot, base
from metadash.figures.palette import Palette
from metadash.metadata.blur import RUNGS, ladder_of
from metadash.metadata.changes import BLURRED, CHOICES, KINDS, Change, Edit
from metadash.metadata.columns import kind_of

NOTHING = "nothing"


def changes_of(sources: Sequence[str], data: Dataset) -> tuple[Change, ...]:
    """One row of controls a source: what happens to it, for what share of the test classes."""
    found = []
    for source in sources:
        name, what, share = st.columns([1.6, 3.4, 3], vertical_alignment="center")
        name.markdown(f"**{source}**")
        columns = [data.classes[column] for column in data.source(source).columns]
        timed = any(kind_of(column) == "timestamp" for column in columns)
        rungs = [rung for rung in BLURRED if any(rung in ladder_of(column) for column in columns)]
        possible = {"stale": timed, "blur": bool(rungs)}
        kinds = [NOTHING, *(kind for kind in KINDS if possible.get(kind, True))]
        kind = what.selectbox(
            f"What happens to {source}",
            kinds,
            format_func=lambda kind: KINDS.get(kind, "stays as it is"),
            key=f"wi_kind_{source}",
            bind="query-params",
            label_visibility="collapsed",
        )
        if kind == NOTHING:
            continue
        fraction = share.slider(
            f"Share of the test classes whose {source} {KINDS[kind]}",
            0,
            100,
            50,
            5,
            format="%d%% of classes",
            key=f"wi_share_{source}",
            bind="query-params",
            label_visibility="collapsed",
        )
        years = 0.0
        if kind == "stale":
            years = float(share.number_input("Years out of date", 1, 50, 2, key=f"wi_years_{source}", bind="query-params"))
        to = ""
        if kind == "blur":
            to = share.selectbox(
                "How exact it stays", rungs, key=f"wi_rung_{source}", bind="query-params", format_func=rung_words
            )
        found.append((source, kind, fraction, years, to))
    if not found:
        return ()
    choice = st.selectbox(
        "Which classes first", list(CHOICES), format_func=CHOICES.__getitem__, key="wi_choice", bind="query-params"
    )
    return tuple(Change(source, kind, fraction / 100, choice, years, to) for source, kind, fraction, years, to in found)  # type: ignore[arg-type]


def rung_words(rung: str) -> str:
    return RUNGS[rung].meaning


def edits_of(sources: Sequence[str], classes: Sequence[int], data: Dataset) -> tuple[Edit, ...]:
    """One class of the task shown, one of its values, as a person would write it."""
    names = data.classes["class_name"].astype(str)
    columns = [column for source in sources for column in data.source(source).columns if column in data.classes]
    left, middle, right = st.columns(3)
    target = left.selectbox(
        "Class", [-1, *classes], format_func=lambda c: "none" if c < 0 else names[c], key="wi_edit_class", bind="query-params"
    )
    if target < 0:
        st.caption(f"Choose a {data.description.class_noun} of the task below to change what is written about it.")
        return ()
    column = middle.selectbox("Column", columns, key="wi_edit_column", bind="query-params")
    now = data.classes[column][target]
    value = right.text_input(
        "New value", key="wi_edit_value", bind="query-params", placeholder="missing", help="Leave it empty to make it missing."
    )
    st.caption(f"Now it is: {now}" if pd.notna(now) else "Now it is missing.")
    return (Edit(int(target), column, value),)


def dots_of(found: WhatIf, palette: Palette) -> list[Dot]:
    colour = {
        Verdict.HELPS: palette.helps,
        Verdict.HURTS: palette.hurts,
        Verdict.EQUIVALENT: palette.plain,
        Verdict.UNDETERMINED: palette.control,
    }
    return [
        Dot(
            plural_of(moved.shot, "shot"),
            moved.episodes,
            moved.new_classes,
            colour[moved.decision.verdict],
        )
        for moved in found.differences
    ]


def queries_view(queries: pd.DataFrame, data: Dataset, most: int = 24) -> None:
    """The queries whose probability moved most, with what the learner says of them before and after."""
    moved = (queries["probability_after"] - queries["probability_before"]).to_numpy()
    order = np.argsort(-np.abs(moved), kind="stable")[:most]
    names = data.classes["class_name"].astype(str).to_numpy()
    captions = [
        f"{marked(one, 'before')} {100 * one['probability_before']:.0f} → {100 * one['probability_after']:.0f} % {marked(one, 'after')}"
        for _, one in queries.iloc[order].iterrows()
    ]
    alts = [f"query of {names[c]}" for c in queries["class_id"].iloc[order]]
    if data.description.modality == "image":
        st.html(picture_row(np.asarray(data.inputs[queries["row"].iloc[order].to_numpy()]), captions, size=84, alts=alts))
    else:
        st.dataframe(pd.DataFrame({"query of": alts, "true class": captions}), hide_index=True)
    st.caption(
        "The queries that moved most: probability of their true class before → after, with ✓ or ✗ for the learner's answer.",
        help=term("query"),
    )


def marked(query: pd.Series, when: str) -> str:
    return "✓" if query[f"predicted_{when}"] == query["class_id"] else "✗"


def moved_map(points: pd.DataFrame, vectors: np.ndarray, classes: pd.DataFrame, data: Dataset, palette: Palette) -> go.Figure:
    """The pinned map of the task with each prototype's way from where it was to where the changed metadata put it."""
    figure = base(palette, 460)
    names = data.classes["class_name"].astype(str).to_numpy()
    instances = points["kind"].isin(["instance", "support", "query"]).to_numpy()
    own = points["kind"].isin(["support", "query"]).to_numpy()
    shade = dict(zip(classes["class_id"], palette.categories * (1 + len(classes) // len(palette.categories)), strict=False))
    for chosen, size, opacity in ((instances & ~own, 5, 0.35), (own, 9, 0.9)):
        part = points[chosen]
        figure.add_scatter(
            x=part["x"],
            y=part["y"],
            mode="markers",
            marker={"size": size, "opacity": opacity, "color": [shade.get(c, palette.plain) for c in part["class_id"]]},
            hovertext=[f"{names[c]}<br>{KIND_WORDS[kind]}" for c, kind in zip(part["class_id"], part["kind"], strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    layout = points.loc[instances, ["x", "y"]].to_numpy()
    ways = [placed(np.stack(classes[f"prototype_{when}"].tolist()), vectors[instances], layout) for when in ("before", "after")]
    for place, (c, start, end) in enumerate(zip(classes["class_id"], *ways, strict=True)):
        if np.hypot(*(end - start)) > 1e-6:
            arrow(figure, start, end, palette)
        figure.add_scatter(
            x=[start[0], end[0]],
            y=[start[1], end[1]],
            mode="markers+text",
            marker={"size": [12, 25], "color": shade[c], "line": {"color": palette.text, "width": 2.5}},
            text=["", f"<b>{place + 1}</b>"],
            textfont={"color": palette.background, "size": 13},
            hovertext=[f"{names[c]}, before", f"{names[c]}, after"],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure
