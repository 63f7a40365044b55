"""The parts of the *What if* page: the changes as controls, the answer as curves, dots and pictures."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metadash.answers.what_if import WhatIf, moved_queries, what_if
from metadash.dashboard import server
from metadash.dashboard.parts.asked import new_value
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import term
from metadash.dashboard.parts.instances import possible_changes
from metadash.dashboard.parts.pictures import input_row
from metadash.dashboard.runs.again import Lines
from metadash.data.columns.registry import rung_named
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.front.what_if import WhatIfResult
from metadash.metadata.changes import CHOICES, Change, Edit, read_kind
from metadash.runs.record import Run
from metadash.specs.what_if import WhatIfSpec
from metadash.stats.words import plural, with_article

NOTHING = "nothing"
SEEN = 5e-4
"""Of a probability: what moved by less than a twentieth of a per cent has not moved."""


Scenario = Mapping[str, tuple[str, int, int]]
"""By source what happens to it, for how many per cent, and how many years it is out of date."""


def scenarios(sources: Sequence[str], data: Dataset) -> dict[str, Scenario]:
    """What people ask first, ready to click; only what can become of these sources."""
    of_classes = [name for name in sources if data.source(name).level == "class"]
    aged = [name for name in sources if "stale" in possible_changes(name, data)[0]]
    many = plural(data.description.class_noun)
    found: dict[str, Scenario] = {}
    if of_classes:
        found[f"A quarter of {many} mixed up"] = {name: ("swap", 25, 0) for name in of_classes}
        found[f"New {many} have no {of_classes[0]}"] = {of_classes[0]: ("missing", 100, 0)}
    if len(of_classes) > 1:
        found[f"New {many} have nothing"] = {name: ("missing", 100, 0) for name in of_classes}
    if aged:
        found["Last year's table"] = {name: ("stale", 100, 1) for name in aged}
    return found


def scenario_buttons(sources: Sequence[str], data: Dataset) -> None:
    """Each sets the controls below; the first takes all changes back."""
    with st.container(horizontal=True):
        for place, (name, scenario) in enumerate({"As it is": {}, **scenarios(sources, data)}.items()):
            st.button(plain(name), key=f"wi_scene_{place}", on_click=play, args=(tuple(sources), scenario))


def play(sources: Sequence[str], scenario: Scenario) -> None:
    for source in sources:
        kind, share, years = scenario.get(source, (NOTHING, 0, 0))
        st.session_state[f"wi_kind_{source}"] = kind
        if kind != NOTHING:
            st.session_state[f"wi_share_{source}"] = share
        if years:
            st.session_state[f"wi_years_{source}"] = years


@st.cache_resource(max_entries=64, show_spinner=False)
def _answer(digests: str, _run: Run, _trained: Run) -> tuple[WhatIf, dict[str, int]]:
    return what_if(_run, _trained, server.store()), moved_queries(_run)


def answer_of(run: Run, trained: Run) -> tuple[WhatIf, dict[str, int]]:
    """What a stored answer says, and how many queries it moved; worked out once. Raises BadInput when a folder is damaged."""
    return _answer(f"{run.digest} {trained.digest}", run, trained)


def lines_of(run: Run, trained: Run, data: Dataset) -> Lines:
    """What asks the same elsewhere. Raises BadInput where nothing is changed yet: then there is nothing to ask."""
    asked = run.spec_as(WhatIfSpec)
    if not (asked.changes or asked.edits or asked.instance_edits):
        raise BadInput("Nothing is changed yet; once something is, the line that asks it stands here.")
    found = WhatIfResult(found=answer_of(run, trained)[0], run=run, data=data)
    return found.command, found.python, f"Either asks the run {trained.digest} of this workspace."


def changes_of(sources: Sequence[str], data: Dataset) -> tuple[Change, ...]:
    """One row of controls a source: what happens to it, for what share of the test classes or, where it describes those, instances."""
    found = []
    for source in sources:
        name, what, share = st.columns([1.5, 3.9, 2.6], vertical_alignment="center")
        level = data.source(source).level
        hit = "classes" if level == "class" else "instances"
        name.markdown(f"**{plain(source)}**" + ("  \n:small[of instances]" if level == "instance" else ""))
        possible, rungs = possible_changes(source, data)
        kind = what.selectbox(
            f"What happens to {plain(source)}",
            [NOTHING, *possible],
            format_func=partial(in_words, possible),
            key=f"wi_kind_{source}",
            bind="query-params",
            label_visibility="collapsed",
        )
        if kind == NOTHING:
            continue
        fraction = share.slider(
            f"Share of the test {hit} whose {source} {possible[kind]}",
            0,
            100,
            50,
            5,
            format=f"%d%% of {hit}",
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
        found.append((source, read_kind(kind), fraction, years, to))
    if not found:
        return ()
    choice = st.selectbox(
        "Which are hit first", list(CHOICES), format_func=CHOICES.__getitem__, key="wi_choice", bind="query-params"
    )
    return tuple(Change(source, kind, fraction / 100, choice, years, to) for source, kind, fraction, years, to in found)


def in_words(possible: Mapping[str, str], kind: str) -> str:
    return possible.get(kind, "stays as it is")


def rung_words(rung: str) -> str:
    return rung_named(rung).meaning


def edits_of(sources: Sequence[str], classes: Sequence[int], data: Dataset) -> tuple[Edit, ...]:
    """One class of the task shown, one of its values, as a person would write it."""
    names = data.classes["class_name"].astype(str)
    of_classes = [source for source in sources if data.source(source).level == "class"]
    columns = [column for source in of_classes for column in data.source(source).columns if column in data.classes]
    if not columns:
        return ()
    left, middle, right = st.columns(3)
    target = left.selectbox(
        "Class", [-1, *classes], format_func=lambda c: "none" if c < 0 else names[c], key="wi_edit_class", bind="query-params"
    )
    if target < 0:
        st.caption(f"Choose {with_article(words_of(data).class_noun)} of the task below to change what is written about it.")
        return ()
    column = middle.selectbox("Column", columns, key="wi_edit_column", bind="query-params")
    now = data.classes[column][target]
    value = new_value(right, "New value", "wi_edit_value")
    st.caption(f"Now it is: {now}" if pd.notna(now) else "Now it is missing.")
    return (Edit(int(target), column, value),)


def queries_view(queries: pd.DataFrame, data: Dataset, most: int = 24) -> None:
    """The queries whose probability moved most, with what the learner says of them before and after; a sentence where none has moved."""
    moved = (queries["probability_after"] - queries["probability_before"]).to_numpy()
    if np.abs(moved).max(initial=0.0) < SEEN:
        st.caption("No query moved: the learner gives every one the same answer, as surely as before.")
        return
    order = np.argsort(-np.abs(moved), kind="stable")[:most]
    names = data.classes["class_name"].astype(str).to_numpy()
    edited = queries["changed"].to_numpy()
    captions = [
        f"{'✎ ' if edited[place] and not edited.all() else ''}{marked(one, 'before')} {100 * one['probability_before']:.0f} → {100 * one['probability_after']:.0f} % {marked(one, 'after')}"
        for place, one in zip(order, queries.iloc[order].to_dict("records"), strict=True)
    ]
    alts = [f"query of {names[c]}" for c in queries["class_id"].iloc[order]]
    st.html(input_row(data, queries["row"].iloc[order], captions, size=84, alts=alts))
    st.caption(
        "The queries that moved most: probability of their true class before → after, with ✓ or ✗ for the learner's answer."
        + (" ✎: what is known of this query itself has changed." if edited.any() and not edited.all() else ""),
        help=term("query"),
    )


def marked(query: Mapping[Any, Any], when: str) -> str:
    return "✓" if query[f"predicted_{when}"] == query["class_id"] else "✗"
