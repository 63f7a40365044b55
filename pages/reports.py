"""What will you tell others? Answers collected from all pages, put in order, commented, and taken away as one file."""

from functools import partial

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.pages import from_link, to_link
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import header, one_sentence, tried
from metadash.dashboard.share.closed import closed
from metadash.dashboard.share.sections import draw_section
from metadash.dashboard.share.views import draw_views
from metadash.figures.document import LARGEST, bundle, html_document
from metadash.front.sharing.reports import delete, reports, sections_there
from metadash.stats import words

header(
    "What will you tell others?",
    "A report collects answers as they are when you add them: *Share* stands beside the title of every page.",
)
workspace = server.workspace()
known = {one.id: one for one in reports(workspace)}


def file_name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())[:60].strip("-") or "report"


def chosen_report() -> None:
    """The report that is looked at: its files, its sections, its end."""
    labels = {key: f"{one.title} · {words.plural_of(len(one.sections), 'section')}" for key, one in known.items()}
    from_link("rp_report", labels, name="Report")
    identity = st.selectbox("Report", list(labels), format_func=lambda key: labels.get(key, key), key="rp_report")
    to_link("rp_report")
    found = known[identity]
    sections, comments = sections_there(workspace, found), dict(found.sections)
    there = [(section, comments[name]) for name, section in sections.items() if section is not None]
    name = file_name(found.title)
    with st.container(horizontal=True):
        download(
            "One HTML file",
            lambda: html_document(found.title, there, LARGEST),
            f"{name}.html",
            "text/html",
            icon=":material/html:",
        )
        download(
            "Markdown and CSV (zip)",
            lambda: bundle(found.title, there),
            f"{name}.zip",
            "application/zip",
            icon=":material/folder_zip:",
        )
    if not sections:
        st.caption("Nothing stands in it yet.")
    for place, (identifier, section) in enumerate(sections.items()):
        draw_section(found, place, section, comments[identifier])
    if closed():
        return
    with st.popover("Delete this report", icon=":material/delete:", key="rp_delete_open"):
        st.markdown(f"“{plain(found.title)}” goes for everybody. Answers and runs stay.")
        st.button("Delete it", icon=":material/delete:", key="rp_delete", on_click=partial(remove, identity))


def remove(identity: str) -> None:
    if tried(delete, workspace, identity):
        st.session_state.pop("rp_report", None)


with st.container(border=True):
    if known:
        with one_sentence():
            chosen_report()
    else:
        st.markdown(
            "#### There is no report yet.\nAsk something on *Start*, *Ablation*, *Compare*, *What if* or *Prototypes*, press *Share* beside its title, "
            "and add the answer. Here you then put answers in order, write to each, and take all as one file that opens anywhere, offline."
            if not closed()
            else "#### There is no report here.\n*Share* beside the title of a page gives its answer as a file."
        )

draw_views()
