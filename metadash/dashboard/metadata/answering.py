"""The answer to a person's SQL on the page *Metadata*: its rows, a chart of them, its classes as a pool."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.dashboard.links.pages import from_link, put, to_link
from metadash.dashboard.metadata.explore import answer_file, how_much, pool_members
from metadash.dashboard.parts import reads
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import words_of
from metadash.dashboard.parts.pool_chip import MOST_POOL, choose_pool
from metadash.dashboard.parts.reads import Refusal
from metadash.dashboard.parts.theme import chart, palette
from metadash.dashboard.places import PAGES
from metadash.data.columns.facts import storage_of_type
from metadash.data.dataset import Dataset
from metadash.data.sql.query import QueryResult
from metadash.episodes.chosen import condition_of
from metadash.figures.answer_chart import Columns, Kind, Role, answer_chart, columns_of, left_out, readable
from metadash.stats import words

T = TypeVar("T", bound=str)

ROLES: dict[str, Role] = {"number": "number", "time": "time", "text": "category", "boolean": "category"}
"""What can be drawn, by how it is stored."""
TABLE, CHART = "table", "chart"


def answered(data: Dataset, sql: str, answer: QueryResult) -> None:
    """Rows or chart, and what may be done with them."""
    columns = drawable(answer)
    shown = TABLE
    if columns.kinds and len(answer.frame):
        shown = one_of(st, "The answer as", [TABLE, CHART], default=TABLE, key="md_as", label_visibility="collapsed")
    if shown == CHART:
        draw(answer, columns)
    else:
        st.dataframe(answer.frame, hide_index=True, alt="The query's answer")
    st.caption(how_much(answer))
    with st.container(horizontal=True, gap="small"):
        download("Download CSV", answer_file(data, sql, answer), f"{data.name}-query.csv")
        offer_classes(data, answer)


def drawable(answer: QueryResult) -> Columns:
    """The columns that a chart could have."""
    return columns_of([(name, None if type == "BLOB" else ROLES.get(storage_of_type(type))) for name, type in answer.columns])


def draw(answer: QueryResult, columns: Columns) -> None:
    """The controls, each only where it changes something, and the chart of the rows that are shown."""
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    kind: Kind = chosen(left, "Kind of chart", columns.kinds, "md_chart")
    across = chosen(middle, "A bar for each" if kind == "bars" else "Horizontal axis", columns.across(kind), "md_across")
    up = chosen(right, "Its length" if kind == "bars" else "Vertical axis", columns.up(kind, across) or [""], "md_up")
    rows = readable(answer.frame, columns)[[name for name in (across, up) if name]]
    chart(
        partial(answer_chart, rows, kind, across, up, palette()),
        key="md_answer_chart",
        alt=f"The query's answer as {kind}: {f'{up} over {across}' if up else across}, {words.plural_of(len(rows), 'row')}",
    )
    if note := left_out(rows, kind, across, up):
        st.caption(note)


def chosen(where: DeltaGenerator, label: str, options: Sequence[T], key: str) -> T:
    """One of the options, the first unless somebody chose another; nothing is asked where there is one only. It goes into the link."""
    if len(options) < 2:
        st.session_state.pop(key, None)
        put(key, [])
        return options[0]
    by_name = {str(option): option for option in options}
    from_link(key, {name: name for name in by_name}, name=label)
    found = where.selectbox(label, list(by_name), key=key)
    to_link(key)
    return by_name[found]


def offer_classes(data: Dataset, answer: QueryResult) -> None:
    """The classes of the rows that are shown as the class pool, where a column ``class_id`` names some."""
    name = next((name for name, type in answer.columns if name.lower() == "class_id" and storage_of_type(type) == "number"), None)
    if name is None or answer.frame.columns.tolist().count(name) != 1:
        return
    ids = sorted({int(one) for one in answer.frame[name].dropna() if float(one).is_integer()})
    nouns = words.plural(words_of(data).class_noun)
    condition = condition_of(ids)
    asked = reads.pool_ids(data, condition) if 0 < len(ids) <= MOST_POOL else np.array([])
    found = np.array([]) if isinstance(asked, Refusal) else asked
    if st.button(
        f"Use these {nouns} as pool",
        icon=":material/filter_alt:",
        key="md_pool_of",
        disabled=len(found) < 2,
        help=f"A pool has 2 to {MOST_POOL} {nouns}; the rows shown name {words.count(len(ids))}."
        if len(found) < 2
        else f"From here on tasks are drawn from these only, until you take the chip off. {pool_members(data, found, data.description.default_split or data.split_names[0])}",
    ):
        choose_pool(data, condition)
        st.switch_page(PAGES / "episodes.py", query_params={"pool": condition})
