"""Where the tour is offered: on *Start*, the first time that a browser sees it. A link in the sidebar leads there ever after."""

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.share.closed import closed

ON = "glyphs"
"""The data set of the tour, whatever the other pages are about."""
COOKIE, SEEN = "metadash_tour", "seen"
DONE = "tour done"
"""In the session: the visitor has been there, or wants none. The cookies of a session are those that it began with."""
JS = f"""
export default function () {{
  document.cookie = "{COOKIE}={SEEN}; Path=/; Max-Age=31536000; SameSite=Lax";
}}
"""
remembered = st.components.v2.component("metadash_tour_seen", html="<i hidden></i>", js=JS)


def possible() -> bool:
    """Its characters are put into a workspace when they are first opened, which one that may not be changed does not allow."""
    return not closed() or (server.workspace().datasets / ON).is_dir()


def invite() -> None:
    """A line at the top of the page; nothing for who has seen it on an earlier visit."""
    if not possible() or st.session_state.get(DONE) or st.context.cookies.get(COOKIE) == SEEN:
        return
    with st.container(key="tour_invitation", horizontal=True, vertical_alignment="center", border=True):
        st.markdown("**New here?** Five short steps on printed characters, about two minutes.", width="content")
        link_to("tour", "Show me", "school", "What a task is, what a prototype does, what metadata add, how sure that is.")
        st.button("No, thanks", key="tour_no", type="tertiary", on_click=been)
        remember()


def remember() -> None:
    """The browser is told that the tour has been offered, or taken."""
    remembered(key="tour_seen")


def been() -> None:
    st.session_state[DONE] = True
