"""What is known of each new class, as a form with a field a column: a class picked from the data set brings its own row, any other begins empty."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts import reads
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.use.tray import Tray, class_labels, put
from metadash.data.columns.kind import ColumnKind
from metadash.data.columns.registry import kind_named
from metadash.data.dataset import Dataset
from metadash.errors import BadInput

MISSING = "missing"
SEVERAL = (list, tuple, np.ndarray)
MOST_OPTIONS = 200
"""Values that a list is still searched in; of more, one writes."""


def own_row(data: Dataset, tray: Tray, name: str) -> int | None:
    """The class of the data set that a class's first picked example is of, or that one without an example has the name of; None for one
    that was brought along."""
    shown = tray.examples.get(name, ())
    if not shown:
        labels = class_labels(data)
        return labels.index(name) if name in labels else None
    row = next((one.row for one in shown if one.row >= 0), None)
    return None if row is None else int(data.class_of[row])


def as_text(value: Any) -> str:
    """A value of the data set as a person would write it; empty where it is missing."""
    if isinstance(value, SEVERAL):
        return ", ".join(map(str, value))
    return "" if value is None or pd.isna(value) else str(value)


def told_of(data: Dataset, tray: Tray, name: str, column: str) -> str:
    """What stands in a field: as it was typed, else as the data set has it."""
    typed = tray.known.get(name, {})
    if column in typed:
        return typed[column]
    own = own_row(data, tray, name)
    return "" if own is None else as_text(data.classes[column][own])


def metadata_of(data: Dataset, tray: Tray, columns: list[str]) -> dict[str, dict[str, Any]] | None:
    """What is known of each class, by column; None where nothing is known of any. Raises BadInput for a value that cannot be read."""
    found = {
        name: {column: value for column in columns if known(value := value_of(data, tray, name, column))} for name in tray.classes
    }
    return found if any(found.values()) else None


def known(value: Any) -> bool:
    return isinstance(value, SEVERAL) or not (value is None or pd.isna(value))


def value_of(data: Dataset, tray: Tray, name: str, column: str) -> Any:
    typed = tray.known.get(name, {})
    own = own_row(data, tray, name)
    if column not in typed:
        return None if own is None else data.classes[column][own]
    if not typed[column]:
        return None
    kind = kind_in(data, column)
    try:
        return kind.read(typed[column], data.classes[column])
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"'{column}' of '{name}' holds {kind.plural}; '{typed[column]}' is not one. Write one, or leave it empty."
        ) from error


def kind_in(data: Dataset, column: str) -> ColumnKind:
    return kind_named(next(summary.kind for summary in reads.summaries(data, "classes") if summary.name == column))


def known_form(data: Dataset, tray: Tray, sources: Mapping[str, tuple[str, ...]]) -> None:
    """The fields of one class at a time; each goes into the tray as it is left."""
    noun = words_of(data).class_noun
    name = st.selectbox(f"Which {noun}", tray.classes, key="us_known_class")
    own = own_row(data, tray, name)
    st.caption(
        "As the data set has it; rewrite what you would know better, empty what you would not know."
        if own is not None
        else "Fill in what you know; what stays empty is missing, and the learner does without."
    )
    fields = st.columns(3)
    for place, (source, column) in enumerate((source, column) for source, own in sources.items() for column in own):
        with fields[place % 3]:
            field(data, tray, name, column, source)


def field(data: Dataset, tray: Tray, name: str, column: str, source: str) -> None:
    """One value: chosen from those that the data set has where they are few, else written."""
    summary = next(summary for summary in reads.summaries(data, "classes") if summary.name == column)
    kind, now = kind_named(summary.kind), told_of(data, tray, name, column)
    key = f"us_known {data.name} {name} {column}"
    label = plain(column.replace("_", " "))
    if (st.session_state.get(key) or "") != now or key not in st.session_state:  # a table that was uploaded may say otherwise
        st.session_state[key] = now or None if few(kind, summary.distinct) else now

    def left() -> None:
        put(data, tray.told(name, column, st.session_state[key] or ""))

    if not kind.typed:
        st.text_input(
            label,
            key=key,
            disabled=True,
            placeholder=MISSING,
            help=f"Of the source {plain(source)}; {kind.plural} cannot be typed.",
        )
    elif few(kind, summary.distinct):
        options = list(dict.fromkeys([*([now] if now else []), *values_in(data, column)]))
        st.selectbox(
            label,
            options,
            index=None,
            key=key,
            placeholder=MISSING,
            accept_new_options=kind.vocabulary,
            on_change=left,
            help=f"Of the source {plain(source)}.",
        )
    else:
        st.text_input(label, key=key, placeholder=MISSING, on_change=left, help=f"Of the source {plain(source)}.")


def few(kind: ColumnKind, distinct: int) -> bool:
    return kind.reads_as == "values" and distinct <= MOST_OPTIONS


def values_in(data: Dataset, column: str) -> list[str]:
    return sorted({as_text(value) for value in data.classes[column].dropna()})
