"""Which data set the pages are about: chosen in the sidebar or by the link. One that is not here is said; no other takes its place."""

from collections.abc import Collection, Sequence

import streamlit as st

from metadash.dashboard.links.address import ODD
from metadash.dashboard.links.history import linked
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain, words_of
from metadash.dashboard.parts.frame import end_page
from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import rated_in

KEY, ASKED, ANSWERED = "dataset", "dataset asked", "dataset answered"


def choose_dataset(names: Sequence[str]) -> None:
    """The control. What the link asks for is kept where there is no such data set, until a person chooses one."""
    if (other := linked(KEY)) in names:
        st.session_state[KEY] = other  # a widget that is there already takes nothing from the address
    asked = st.query_params.get_all(KEY)
    odd = len(asked) > 1 or (asked and asked[0] not in names)
    if odd and asked != st.session_state.get(ANSWERED):
        st.session_state[ASKED] = " and ".join(asked)
    st.selectbox("Data set", names, key=KEY, bind="query-params", on_change=forget)
    st.session_state.get(ODD, {}).pop(KEY, None)  # said below, in a sentence of its own


def forget() -> None:
    """A person has chosen; the address may ask for the other one for another moment."""
    st.session_state[ANSWERED] = st.query_params.get_all(KEY)
    st.session_state.pop(ASKED, None)


def take(name: str) -> None:
    st.session_state[KEY] = name
    forget()


def refuse_unknown(names: Sequence[str]) -> None:
    """Instead of the page, where the link asks for a data set that is not here: which one, and those there are."""
    asked = st.session_state.get(ASKED)
    if asked is None:
        return
    named = f"the data set “{plain(asked[:80])}”" if asked else "a data set without a name"
    st.title("Which data set?", anchor=False)
    st.error(
        f"The link asks for {named}, which is not here; those here: {', '.join(map(plain, names))}.", icon=":material/link_off:"
    )
    st.caption(
        "Choose one of these to see the page with it, or install the other one first: `python -m metadash datasets import --help`."
    )
    with st.container(horizontal=True):
        for name in names:
            st.button(plain(name), key=f"dataset_{name}", icon=":material/database:", on_click=take, args=(name,))
    end_page()


def of_classes(data: Dataset) -> None:
    """Instead of a page on telling classes apart, where the tasks are users: what there is to see of them."""
    if not rated_in(data):
        return
    about = words_of(data)
    with st.container(border=True):
        st.markdown(
            f"#### The tasks of “{plain(data.name)}” are its users.\nThis page is about telling classes apart, and no {about.class_noun} is a class "
            "here. Ask whether metadata help to foresee what new users like, look at one user, or choose another data set in the sidebar."
        )
        with st.container(horizontal=True):
            link_to("start", "Ask about new users", "rocket_launch")
            link_to("episodes", "Look at one user", "grid_view")
    end_page()


def forget_others(key: str, possible: Collection[str]) -> None:
    """What was chosen of another data set's names, none of which this one has, is forgotten: the usual choice stands there again."""
    chosen = st.session_state.get(key)
    if chosen and not set(chosen) & set(possible):
        del st.session_state[key]
