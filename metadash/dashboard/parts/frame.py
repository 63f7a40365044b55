"""The frame every page hangs in: its question, the place of its answer, its link, and what happens to bad input."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from metadash.dashboard.links import copy_link
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.share import told
from metadash.errors import BadInput

log = logging.getLogger(__name__)

REFUSED = "click refused"
"""In the session: why what was clicked last could not be done."""
TERMS = {
    "n_way": "n-way: how many classes a task asks to tell apart.",
    "n_shot": "Shots: how many labelled examples of each class the learner is given. At 0 only metadata say what a class is; without them it can but guess.",
    "n_query": "Queries: how many examples of each class it is then tested on.",
    "balance": "Queries among classes: even asks as many of each. A Dirichlet deals the same number in all unevenly, anew for each task; "
    "learners that look at all queries together (transductive) can live on an even deal.",
    "support": "Support: the labelled examples of a task.",
    "query": "Query: the examples of a task whose class is to be found.",
    "prototype": "Prototype: the point that stands for a class, the mean of its support examples' embeddings.",
    "kappa": "κ: how many labelled examples the metadata counts for when the prototype is formed.",
    "siblings": "Siblings: all classes of a task belong together (they share a value of one column), so they are likely to be alike.",
    "disjoint": "Disjoint: support and query examples come from different sources (another font family).",
    "uniform": "Uniform: any classes of the pool, each as likely as the next.",
}


def header(question: str, caption: str) -> None:
    """The page's title, which is its question, and a line on how it is answered. *Share* and *Copy link* stand
    beside it."""
    title, report, link = st.columns([5, 1.2, 1.2], vertical_alignment="center")
    title.title(question, anchor=False)
    with report:
        told.place()
    with link:
        copy_link.place()
    st.caption(caption)
    if refused := st.session_state.pop(REFUSED, ""):
        st.error(plain(refused), icon=":material/error:")


def end_page() -> NoReturn:
    """Nothing more of this page. Unlike ``st.stop``, which lets nothing be drawn any more, *Copy link* included."""
    raise StopException


@contextmanager
def one_sentence() -> Iterator[None]:
    """What cannot be done becomes its one sentence in place of what follows; the rest of the page stays."""
    try:
        yield
    except BadInput as problem:
        st.error(plain(problem), icon=":material/error:")
        end_page()
    except Exception:
        log.exception("a page failed")
        st.error(
            "This page failed on a defect of MetaDash. The server's log holds the details; your data and runs are untouched.",
            icon=":material/bug_report:",
        )
        end_page()


def tried(how: Callable[..., object], *arguments: Any) -> bool:
    """Whether what a click asks for could be done: where not, the page says why below its title, and stays."""
    try:
        how(*arguments)
    except BadInput as problem:
        st.session_state[REFUSED] = str(problem)
        return False
    return True


def term(name: str) -> str:
    """The definition shown on hover."""
    return TERMS[name]
