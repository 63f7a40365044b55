"""The way in where people sign in: the page that asks for it, who is signed in, the way out, and back to the link that somebody came by."""

import streamlit as st

from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page
from metadash.dashboard.signing_in import person, providers, way
from metadash.visitors import visitor

LANDED = "entering landed"
"""In the session: that the first page after a sign-in was shown."""

# A sign-in ends on the first page, whatever link it began with: the tab keeps that link meanwhile, and no other site can write it there.
KEEP = """
export default function ({ data }) {
  const key = "metadash came by", here = location.pathname + location.search;
  try {
    if (data.keep) { sessionStorage.setItem(key, here); return; }
    const asked = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    if (asked && asked !== here && new URL(asked, location.origin).origin === location.origin) location.replace(asked);
  } catch (refused) { /* a browser that keeps nothing lands on the first page */ }
}
"""
came_by = st.components.v2.component("metadash_came_by", html="<i hidden></i>", js=KEEP)


def enter() -> None:
    """Nothing of the workspace before somebody signed in, where that is asked for. Raises BadInput where the settings contradict each other."""
    how = way()
    if not how:
        return
    if person(st.context.headers) is None:
        ask(how)
        end_page()
    if how == "oidc" and not st.session_state.get(LANDED):
        st.session_state[LANDED] = True
        came_by(data={"keep": False}, key="came_by")


def ask(how: str) -> None:
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.container(border=True, key="sign_in"):
        st.markdown("### :material/hub: MetaDash\nWhich metadata helps with new classes? This one is for people who sign in.")
        if how == "proxy":
            st.caption(
                "Your team's proxy signs people in, and named nobody for this visit: open MetaDash at your team's address."
            )
            return
        for label, provider in providers().items():
            st.button(
                plain(label),
                icon=":material/login:",
                type="primary",
                key=f"sign_in_{provider}",
                on_click=st.login,
                args=(provider,),
            )
        came_by(data={"keep": True}, key="came_by")


def signed_in() -> None:
    """At the foot of the sidebar: who, as what, and the way out."""
    if not (how := way()):
        return
    who = visitor()
    st.caption(f":material/person: {plain(who.name)} · {'editor' if who.editor else 'viewer'}")
    if how == "oidc":
        st.button("Sign out", type="tertiary", icon=":material/logout:", key="sign_out", on_click=st.logout)
