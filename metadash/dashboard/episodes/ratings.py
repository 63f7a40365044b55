"""*Episodes* where tasks are users: one user, the ratings that are known, and those that are to be foreseen."""

import numpy as np
import pandas as pd
import streamlit as st

from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import header
from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.episodes.rated import Order, RatedSpec, rated_tasks
from metadash.stats.words import plural, plural_of

SHOWN = {3: "3", 7: "7", 15: "15"}


def show_user(data: Dataset) -> None:
    """The whole page: which user, how many ratings are known, both tables."""
    noun = words_of(data).class_noun
    header(
        "What does one task look like?",
        f"A user is a task: some ratings are known, the others are to be foreseen. Test users of the first fold; what is known of {plural(noun)} stands beside.",
    )
    with st.container(horizontal=True):
        shots = one_of(st, "Known ratings", list(SHOWN), 3, "ep_known", format_func=SHOWN.__getitem__)
        orders: list[Order] = ["random", "time"] if ratings_of(data).time else ["random"]
        order = one_of(
            st,
            "Which are known",
            orders,
            "random",
            "ep_order",
            format_func={"random": "any of a user's", "time": "the earliest"}.__getitem__,
        )
        seed = st.number_input(
            "Draw", 0, 1000, 0, key="ep_rated_seed", bind="query-params", help="Another one parts the ratings anew.", width=130
        )
    tasks = rated_tasks(data, RatedSpec(n_shot=shots, draws=1, order=order, seed=int(seed)))
    names = list(tasks.group_names)
    name = st.selectbox("User", names, format_func=plain, key="ep_user", bind="query-params", width=240)
    task = names.index(name)
    known, asked = tasks.support[task, 0], tasks.query[task, 0]
    asked = asked[asked >= 0]
    left, right = st.columns(2)
    with left:
        st.subheader(f"Known: {plural_of(len(known), 'rating')}", anchor=False)
        st.dataframe(rated_table(data, known), hide_index=True, width="stretch", alt="The ratings that are known of this user")
    with right:
        st.subheader(f"To be foreseen: {plural_of(len(asked), 'rating')}", anchor=False)
        st.dataframe(rated_table(data, asked), hide_index=True, width="stretch", alt="The ratings that are to be foreseen")
    st.caption(f"{plural_of(len(names), 'user')} in this fold have enough ratings. No method is told the ratings to be foreseen.")


def rated_table(data: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """A row a rating: the item, how it was rated, and what is known of the item."""
    rated = ratings_of(data)
    told = data.instance_columns([rated.value])[rated.value].iloc[rows].reset_index(drop=True)
    columns = [column for source in data.class_sources() for column in source.columns]
    items = data.classes.iloc[data.class_of[rows]].reset_index(drop=True)
    return pd.concat([items["class_name"].rename(data.description.class_noun), told, items[columns]], axis=1)
