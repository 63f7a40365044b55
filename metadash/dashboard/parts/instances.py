"""What pages need where sources describe single instances: their labels, what can become of them, and one instance's value rewritten."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from metadash.dashboard.parts.asked import new_value
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.pictures import input_row
from metadash.data.columns.registry import kind_of
from metadash.data.dataset import Dataset
from metadash.data.literals import identifier
from metadash.episodes.manifest import EpisodeManifest
from metadash.metadata.blur import ladder_of
from metadash.metadata.changes import INSTANCE_KINDS, KINDS, InstanceEdit, blurred_to


def level_label(data: Dataset) -> Callable[[str], str]:
    """``dates (of instances)``; a source that describes classes by its name alone."""
    return lambda name: f"{name} (of instances)" if data.source(name).level == "instance" else name


def columns_of(source: str, data: Dataset) -> pd.DataFrame:
    """The columns of a source, one row a class or one an instance."""
    found = data.source(source)
    return data.classes[list(found.columns)] if found.level == "class" else data.instance_columns(found.columns)


@st.cache_data(max_entries=64, show_spinner=False)
def _possible(key: str, source: str, _data: Dataset) -> tuple[dict[str, str], list[str]]:
    columns = [column for _, column in columns_of(source, _data).items()]
    rungs = [rung for rung in blurred_to() if any(rung in ladder_of(column) for column in columns)]
    able = {"stale": any(kind_of(column).ages for column in columns), "blur": bool(rungs)}
    kinds = KINDS if _data.source(source).level == "class" else INSTANCE_KINDS
    return {kind: words for kind, words in kinds.items() if able.get(kind, True)}, rungs


def possible_changes(source: str, data: Dataset) -> tuple[dict[str, str], list[str]]:
    """What can become of a source, in words, and the rungs on which it can be less exact."""
    return _possible(f"{data.fingerprint} {source}", source, data)


@st.cache_data(max_entries=16, show_spinner=False)
def _known(key: str, _data: Dataset) -> list[str]:
    tables = {"class": "classes", "instance": "instances", "task": "instances"}
    counts = {
        source.name: " + ".join(f"count({identifier(column)})" for column in source.columns)
        + f" AS n FROM {tables[source.level]}"
        for source in _data.sources
    }
    return [name for name, counted in counts.items() if _data.frame(f"SELECT {counted}")["n"][0]]


def known_sources(data: Dataset) -> list[str]:
    """Those that have a value anywhere."""
    return _known(data.fingerprint, data)


def instance_edits_of(sources: tuple[str, ...], task: EpisodeManifest, data: Dataset) -> tuple[InstanceEdit, ...]:
    """One instance of the task shown, one of its values, as a person would write it; nothing where no source describes instances."""
    of_instances = [name for name in sources if data.source(name).level == "instance"]
    if not of_instances:
        return ()
    names = data.classes["class_name"].astype(str)
    parts = {"support": task.support[0], "query": task.query[0]}
    labels = {
        int(row): f"{kind} {number + 1} of {names[task.classes[0][place]]}"
        for kind, rows in parts.items()
        for place, own in enumerate(rows)
        for number, row in enumerate(own)
        if row >= 0  # uneven queries are filled up
    }
    target = st.selectbox(
        "Instance",
        [-1, *labels],
        format_func=lambda row: "none" if row < 0 else f"{labels[row]} · {row}",
        key="wi_instance",
        bind="query-params",
    )
    if target < 0:
        st.caption("Choose one of the support or query instances of the task below to change what is written about it.")
        return ()
    left, right = st.columns(2)
    columns = {column: name for name in of_instances for column in data.source(name).columns}
    column = left.selectbox("Its column", list(columns), key="wi_instance_column", bind="query-params")
    now = columns_of(columns[column], data)[column][target]
    value = new_value(right, "Its new value", "wi_instance_value")
    st.caption(f"Now it is: {plain(str(now))}" if pd.notna(now) else "Now it is missing.")
    st.html(input_row(data, [target], size=64, alts=[labels[target]]))
    return (InstanceEdit(int(target), column, value),)
