"""One run on the *Runs* page: its name, star, tags and notes to change, how to repeat it, its log, and where to look at it."""

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.jobs import asked_by
from metadash.dashboard.runs.again import duplicate
from metadash.dashboard.train.queue import LOOKS
from metadash.errors import BadInput
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import LONGEST, NOTHING, Note, all_notes, checked, tags_in, write_note
from metadash.runs.shelf.rows import Row
from metadash.stats import words

SAID = "runs said"
"""In the session: what was done last, to be said once above the table."""


def head(row: Row) -> None:
    entry = row.run.entry
    took = words.duration(float(row.run.about["seconds"])) if entry.record else ""
    by = f"asked for by {plain(name)}" if (name := asked_by(row.digest)) else ""
    st.markdown(f"#### {plain(row.name)}")
    if row.note.name:
        st.caption(plain(entry.title))
    st.caption(
        " · ".join(
            filter(
                None, [plain(entry.kind), plain(entry.dataset), row.when, took, by, words.memory(entry.size), f"`{row.digest}`"]
            )
        )
    )
    if trouble := entry.why or row.run.misunderstood:
        st.warning(plain(f"It is left out everywhere: {trouble}."), icon=":material/report:")


OPENED, TROUBLE = "rn_opened", "rn_trouble"
"""In the session: the note that a form was filled with, by learner; why the last change was refused."""


PARTS = "name", "tags", "text"


def fields_of(key: str) -> dict[str, str]:
    """The widget of each part of a note."""
    return {part: f"rn_{part}_{key}" for part in PARTS}


def fill(key: str, note: Note, but: Collection[str] = ()) -> None:
    """Put a note into its form; ``but`` these parts, in which somebody has typed what is not kept."""
    for part, field in fields_of(key).items():
        if part not in but:
            value = getattr(note, part)
            st.session_state[field] = value if isinstance(value, str) else ", ".join(value)
    st.session_state[OPENED] = {**st.session_state.get(OPENED, {}), key: note}


def note_form(row: Row, siblings: int) -> None:
    """A learner's note is that of all its runs, and this says so."""
    key = row.run.learner
    names = fields_of(key)
    if names["name"] not in st.session_state:
        fill(key, row.note)
    if trouble := st.session_state.pop(TROUBLE, ""):
        st.error(plain(trouble), icon=":material/error:")
    with st.form(f"rn_form_{key}", border=False):
        left, right = st.columns([3, 2])
        left.text_input("Name", max_chars=LONGEST["name"], key=names["name"], placeholder="as it is called by its options")
        right.text_input("Tags", key=names["tags"], placeholder="with commas between")
        st.text_area("Notes", max_chars=LONGEST["text"], key=names["text"], height=100)
        st.form_submit_button("Save", icon=":material/save:", on_click=save, args=(key,))
    if siblings > 1:
        st.caption(
            f"Name, star, tags and notes are the learner's: of all its {siblings} runs, one a seed and fold. It is called so on every page."
        )


def save(key: str) -> None:
    """Write what was typed into the form; what somebody else has written into other parts meanwhile stays, and stands in the form then."""
    opened: Note = st.session_state[OPENED][key]
    typed = {part: st.session_state[field] for part, field in fields_of(key).items()}
    folder = server.store().folder
    own: set[str] = set()
    try:
        wanted = checked(replace(opened, **{**typed, "tags": tags_in(typed["tags"])}))
        own = {part for part in typed if getattr(wanted, part) != getattr(opened, part)}
        fill(key, write_note(folder, key, opened, **{part: getattr(wanted, part) for part in own}))
        st.session_state[SAID] = "Saved."
    except BadInput as problem:
        st.session_state[TROUBLE] = str(problem)
        fill(key, all_notes(folder).get(key, NOTHING), but=own or typed)


def star(row: Row) -> None:
    """What is clicked is what stands on the button, whatever somebody else has done since."""
    label, icon = ("Take the star away", ":material/star:") if row.note.star else ("Star", ":material/star_border:")
    st.button(label, icon=icon, key="rn_star", on_click=set_star, args=(row.run.learner, not row.note.star))


def set_star(learner: str, on: bool) -> None:
    try:
        write_note(server.store().folder, learner, star=on)
    except BadInput as problem:
        st.session_state[TROUBLE] = str(problem)


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
