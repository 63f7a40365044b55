"""What is this about? Five short steps on printed characters; what is moved in them is computed on the spot."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.asked import one_of
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.tour.invitation import ON, been, possible, remember
from metadash.dashboard.tour.steps import STEPS

if not possible():
    header("What is this about?", "A tour in five short steps.")
    st.info(
        f"The tour runs on the data set *{ON}*, which is not in this workspace, and nothing may be added to it here.",
        icon=":material/info:",
    )
    end_page()
been()
remember()
data = server.dataset(ON)
names = [step.name for step in STEPS]


def go(to: str) -> None:
    st.session_state["tour_step"] = to


title = st.container()
place = names.index(one_of(st, "Step of the tour", names, default=names[0], key="tour_step", label_visibility="collapsed"))
step = STEPS[place]
with title:
    header(step.question, step.about)
step.draw(data)
with st.container(horizontal=True, key="tour_ways", vertical_alignment="center"):
    if place + 1 < len(STEPS):
        onward = STEPS[place + 1]
        st.button(
            f"Next: {onward.question.lower()}",
            key="tour_next",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=go,
            args=(onward.name,),
        )
    if place:
        st.button("Back", key="tour_back", icon=":material/arrow_back:", on_click=go, args=(names[place - 1],))
    if place + 1 < len(STEPS):
        link_to("start", "Skip the tour", "close")
