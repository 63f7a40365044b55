"""The class pool chosen on *Metadata*: it goes from page to page and into the link, is shown as a chip, and one click takes it off."""

import numpy as np
import streamlit as st

from metadash.dashboard.links.address import not_possible
from metadash.dashboard.links.history import came_back
from metadash.dashboard.links.pages import put
from metadash.dashboard.metadata.explore import pool_members
from metadash.dashboard.parts import reads
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.reads import Refusal
from metadash.data.dataset import Dataset
from metadash.stats import words

KEY, POOLS = "pool", "pools"
"""The query parameter; in the session, the condition chosen for each data set."""
LONGEST = 70
MOST_POOL = 500
"""Classes of a pool that is chosen by hand: its condition stands in the link."""


def choose_pool(data: Dataset, condition: str) -> None:
    """From here on, until it is taken off."""
    st.session_state.setdefault(POOLS, {})[data.name] = condition


def drop_pool(name: str) -> None:
    st.session_state.get(POOLS, {}).pop(name, None)


def chosen_pool(data: Dataset) -> str | None:
    """Draw the chip where a pool is chosen, and return its condition, what would follow WHERE; None where all classes may be drawn."""
    pools: dict[str, str] = st.session_state.setdefault(POOLS, {})
    asked = st.query_params.get_all(KEY)
    if came_back() or (asked and asked != st.session_state.get(f"{KEY} in link")):
        drop_pool(data.name)
        if asked:
            pools[data.name] = asked[0] if len(asked) == 1 else ""  # twice says nothing
    condition = pools.get(data.name)
    found = classes_of(condition, data)
    if condition is not None and not found:
        not_possible(KEY, asked or [condition], "Class pool", f"any {words_of(data).class_noun} may be drawn")
        drop_pool(data.name)
        condition = None
    put(KEY, [condition] if condition else [])
    if condition is None:
        return None
    noun = words_of(data).class_noun if len(found) == 1 else words.plural(words_of(data).class_noun)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            f"Class pool of {words.count(len(found))} {noun}: {plain(short(condition))}",
            icon=":material/close:",
            key="pool_chip",
            on_click=drop_pool,
            args=(data.name,),
            help=f"{pool_members(data, np.array(found), data.description.default_split or data.split_names[0])} A click takes it off; then any class may be drawn again.",
        )
    return condition


def classes_of(condition: str | None, data: Dataset) -> list[int]:
    """The class ids that meet it; none where it is empty or cannot be read."""
    found = reads.pool_ids(data, condition) if condition and condition.strip() else Refusal("", None)
    return [] if isinstance(found, Refusal) else found.tolist()


def short(condition: str) -> str:
    line = " ".join(condition.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
