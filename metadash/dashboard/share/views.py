"""Saved views on the pages: saving one, opening one by its link, and the list of them."""

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from metadash.answers.stored_arms import stored_arms
from metadash.dashboard import server
from metadash.dashboard.links import address
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import tried
from metadash.dashboard.parts.watching import offer
from metadash.dashboard.places import PAGES
from metadash.dashboard.share.closed import closed
from metadash.errors import BadInput
from metadash.front.sharing.views import LONGEST, Query, View, delete, missing, query_here, save, view_named, views
from metadash.specs.any_spec import Spec
from metadash.stats import words

PARAMETER = "view"
OPENED, SAID = "view opened", "view said"
"""In the session: the view that was opened last, and why one could not be."""


def everything_chosen() -> Query:
    """As *Copy link* has it: what the address says, and what it leaves out."""
    chosen, usual = address.everything()
    said = {key: st.query_params.get_all(key) for key in st.query_params if key != PARAMETER}
    return {**usual, **said, **chosen, "dataset": [server.chosen_dataset().name]}


def runs_named(query: Query) -> dict[str, list[Spec]]:
    """The specs of the runs that values of the address name: a run by its digest, a learner by the id of its arm."""
    values = {one for found in query.values() for one in found}
    store = server.store()
    found = {value: [run.spec] for value in values if (run := store.get(value)) and run.is_understood}
    if "runs" in query:
        arms = {arm.id: arm for arm in stored_arms(store.runs("learner"))[0]}
        found |= {value: [run.spec for run in arms[value].runs] for value in query["runs"] if value in arms}
    return found


def page_now() -> str:
    return st.session_state.get(address.PAGE) or "start"


def save_here() -> None:
    """In the popover of every page."""
    name = st.text_input("Or save this page as a view", key="vw_name", max_chars=LONGEST, placeholder="what it shows")
    if st.button("Save view", icon=":material/bookmark_add:", key="vw_save", width="stretch", disabled=not name.strip()):
        try:
            query = everything_chosen()
            found = save(server.workspace(), name, page_now(), query, runs_named(query))
        except BadInput as problem:
            st.error(plain(problem), icon=":material/error:")
        else:
            st.success(f"Saved. Its link: `/?{PARAMETER}={found.id}`", icon=":material/check:")


def open_asked() -> None:
    """Where the link names a view, its page with everything chosen; what cannot be is said on the page that comes instead."""
    asked = st.query_params.get(PARAMETER)
    if not asked:
        return
    del st.query_params[PARAMETER]
    try:
        view = view_named(server.workspace(), asked)
        query = here(view)
        page = page_of(view)
        if page is None:
            raise BadInput(f"The view “{view.name}” is of a page that is not here: {view.page}.")
    except BadInput as problem:
        st.session_state[SAID] = str(problem)
        return
    st.session_state[OPENED] = view.id
    st.switch_page(page, query_params=query)


def page_of(view: View) -> Path | None:
    """None where this version has no such page."""
    page = PAGES / f"{view.page}.py"
    return page if view.page.isidentifier() and page.is_file() else None


def here(view: View) -> Query:
    """The parameters as they are on this server; as they were where the data set is not here, which the page then says."""
    try:
        return query_here(view, server.store(), server.dataset(view.query["dataset"][0]))
    except (BadInput, KeyError, IndexError):
        return view.query


def told() -> None:
    """Above the page: why a view did not open, or what of the one that did is not here, with the button that computes it."""
    if said := st.session_state.pop(SAID, ""):
        st.warning(plain(said), icon=":material/link_off:")
    if not (identity := st.session_state.get(OPENED)):
        return
    try:
        view = view_named(server.workspace(), identity)
        data = server.dataset(view.query["dataset"][0])
        gone = missing(view, server.store(), data)
    except (BadInput, KeyError, IndexError):
        st.session_state.pop(OPENED, None)  # the page says what is not here
        return
    if view.page != page_now():
        st.session_state.pop(OPENED, None)  # on another page its parameters mean nothing
        return
    if not gone:
        if st.session_state.get("view waited for") == identity:
            del st.session_state["view waited for"]
            for key, values in here(view).items():
                if values != view.query[key]:
                    st.query_params[key] = values  # names of runs, which no widget is bound to
            st.rerun()
        return
    st.session_state["view waited for"] = identity
    with st.container(border=True):
        what = words.plural_of(len(gone), "run")
        offer(
            gone,
            data,
            "view_go",
            "Compute it",
            f"#### The view “{plain(view.name)}” looks at {what} that {'is' if len(gone) == 1 else 'are'} not stored here.",
        )
        st.button("Go on without", key="view_without", on_click=lambda: st.session_state.pop(OPENED, None))


def draw_views() -> None:
    """All of them, on *Reports*."""
    st.subheader("Saved views", anchor=False)
    found = views(server.workspace())
    if not found:
        st.caption(
            "*Share* beside the title of a page saves it with everything chosen on it. Its link is short, however much that is."
        )
    for view in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            chosen: dict[str, Any] = {**here(view)}
            if page_of(view):
                link_to(view.page, plain(view.name), "bookmark", **chosen)
            else:
                st.markdown(f"{plain(view.name)} :small[(its page is not here)]")
            st.caption(
                f"{view.page.replace('_', ' ')} · {plain(view.query.get('dataset', ['?'])[0])} · `/?{PARAMETER}={view.id}`"
            )
            if not closed():
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    key=f"vw_out_{view.id}",
                    help="Its link then says that it is gone.",
                    on_click=partial(remove, view.id),
                )


def remove(identity: str) -> None:
    tried(delete, server.workspace(), identity)
