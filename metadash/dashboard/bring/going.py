"""The last step: the import under way, for whoever looks, and what it became."""

from pathlib import Path

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.bring import errand
from metadash.dashboard.bring.bringing import Bringing
from metadash.dashboard.bring.errand import Errand
from metadash.dashboard.bring.upload import start_over
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import one_sentence
from metadash.data.dataset import Dataset
from metadash.stats import words

LOOK_EVERY = 0.5


@st.fragment(run_every=LOOK_EVERY)
def watch(place: Path) -> None:
    """The bar with *cancel*; the page runs again once the import has ended."""
    with one_sentence():
        found = errand.read(place)
        if found is None or not found.active:
            st.rerun()
        bar(found)


def bar(found: Errand) -> None:
    left = found.seconds_left
    told = f" · {words.left(left)}" if left is not None else ""
    st.progress(found.fraction, f"{100 * found.fraction:.0f} %{told}")
    st.caption(f"Importing *{plain(found.name)}*: {plain(found.phase)}. It goes on if you close the page.")
    if st.button("Cancel", icon=":material/close:", key=f"bring_cancel_{found.place.name}", help="Nothing of it is left behind."):
        errand.cancel(found.place)


def others(ours: Bringing) -> None:
    """What is being imported by somebody else, or was begun here before this page was loaded again."""
    for found in errand.under_way(server.workspace()):
        if found.place != ours.place:
            watch(found.place)


def ended_early(found: Errand) -> None:
    """Instead of a data set: the one sentence; what was said of the files is still there, and can be mended."""
    if found.state == "cancelled":
        st.info(plain(found.message), icon=":material/cancel:")
    elif found.state in ("failed", "interrupted"):
        st.error(plain(found.message), icon=":material/error:")


def another(ours: Bringing) -> None:
    start_over(ours)
    ours.said.clear()
    for key in [key for key in st.session_state if str(key).startswith("bring_")]:
        del st.session_state[key]


def landed(found: Errand, data: Dataset, ours: Bringing) -> None:
    """The data set is there: what it is, and the one button that leads to its first answer."""
    about = data.description
    counted = (
        f"{words.count(len(data.class_of))} {words.plural(data.modality.noun)} of {words.count(len(data.classes))} "
        f"{words.plural(about.class_noun)}"
    )
    with st.container(border=True):
        st.subheader(f"*{plain(data.name)}* is here: {plain(counted)}.", anchor=False)
        for note in found.notes:
            st.caption(plain(note))
        if about.questions:
            st.markdown(f"The first question about it: **{plain(about.questions[0].title)}**")
        with st.container(horizontal=True, vertical_alignment="center", key="bring_landed"):
            if about.questions:
                link_to("start", "Ask the first question", "rocket_launch", "The data set is chosen there.", dataset=data.name)
            else:
                link_to("metadata", "Look at it", "table_view", "The data set is chosen there.", dataset=data.name)
            st.button("Bring another", icon=":material/upload:", key="bring_another", on_click=another, args=(ours,))
