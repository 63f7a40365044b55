"""One run on the *Runs* page: its name, star, tags and notes to change, how to repeat it, its log, and where to look at it."""

import time

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.runs.again import duplicate
from metadash.dashboard.train.queue import LOOKS
from metadash.errors import BadInput
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import LONGEST, tags_in, write_note
from metadash.runs.shelf.rows import Row
from metadash.stats import words

SAID = "runs said"
"""In the session: what was done last, to be said once above the table."""


def head(row: Row) -> None:
    entry = row.run.entry
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created)) if entry.created else ""
    took = words.duration(float(row.run.about["seconds"])) if entry.record else ""
    st.markdown(f"#### {plain(row.name)}")
    if row.note.name:
        st.caption(plain(entry.title))
    st.caption(
        " · ".join(
            filter(None, [plain(entry.kind), plain(entry.dataset), when, took, words.memory(entry.size), f"`{row.digest}`"])
        )
    )
    if trouble := entry.why or row.run.misunderstood:
        st.warning(plain(f"It is left out everywhere: {trouble}."), icon=":material/report:")


def note_form(row: Row, siblings: int) -> None:
    """A learner's note is that of all its runs, and this says so."""
    key = f"{row.run.learner}"
    with st.form(f"rn_form_{key}", border=False):
        left, right = st.columns([3, 2])
        name = left.text_input(
            "Name", row.note.name, max_chars=LONGEST["name"], key=f"rn_name_{key}", placeholder="as it is called by its options"
        )
        tags = right.text_input("Tags", ", ".join(row.note.tags), key=f"rn_tags_{key}", placeholder="with commas between")
        text = st.text_area("Notes", row.note.text, max_chars=LONGEST["text"], key=f"rn_text_{key}", height=100)
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                write_note(server.store().folder, row.run.learner, name=name, tags=tags_in(tags), text=text)
            except BadInput as problem:
                st.error(plain(problem), icon=":material/error:")
            else:
                st.session_state[SAID] = "Saved."
                st.rerun()
    if siblings > 1:
        st.caption(
            f"Name, star, tags and notes are the learner's: of all its {siblings} runs, one a seed and fold. It is called so on every page."
        )


def star(row: Row) -> None:
    label, icon = ("Take the star away", ":material/star:") if row.note.star else ("Star", ":material/star_border:")
    if st.button(label, icon=icon, key="rn_star"):
        write_note(server.store().folder, row.run.learner, star=not row.note.star)
        st.rerun()


def log(run: Listed) -> None:
    with st.expander("Log", icon=":material/notes:", on_change="rerun", key="rn_log") as shown:
        if shown.open:
            try:
                st.code(run.log(), language=None, height=240)
            except BadInput as problem:
                st.caption(plain(problem))


def links(run: Listed) -> None:
    if run.kind == "learner" and run.entry.record and not run.misunderstood:
        duplicate(run)
    if run.kind in LOOKS and not run.misunderstood:
        LOOKS[run.kind](run)
