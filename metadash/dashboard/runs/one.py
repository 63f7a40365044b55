"""One run on the *Runs* page: its name, star, tags and notes to change, how to repeat it, its log, and where to look at it."""

import time

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import one_sentence
from metadash.dashboard.parts.jobs import asked_by
from metadash.dashboard.train.queue import LOOKS
from metadash.errors import BadInput, Overtaken
from metadash.front.keeping.spelling import as_command, as_python
from metadash.runs.shelf.entries import Listed
from metadash.runs.shelf.notes import LONGEST, tags_in, write_note
from metadash.runs.shelf.rows import Row
from metadash.runs.store import Run
from metadash.stats import words

SAID = "runs said"
"""In the session: what was done last, to be said once above the table."""


def head(row: Row) -> None:
    entry = row.run.entry
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created)) if entry.created else ""
    took = words.duration(float(row.run.about["seconds"])) if entry.record else ""
    by = f"asked for by {plain(name)}" if (name := asked_by(row.digest)) else ""
    st.markdown(f"#### {plain(row.name)}")
    if row.note.name:
        st.caption(plain(entry.title))
    st.caption(
        " · ".join(
            filter(None, [plain(entry.kind), plain(entry.dataset), when, took, by, words.memory(entry.size), f"`{row.digest}`"])
        )
    )
    if trouble := entry.why or row.run.misunderstood:
        st.warning(plain(f"It is left out everywhere: {trouble}."), icon=":material/report:")


def note_form(row: Row, siblings: int) -> None:
    """A learner's note is that of all its runs, and this says so."""
    key = f"{row.run.learner}"
    if f"rn_text_{key}" not in st.session_state:  # it is drawn anew, with what stands there now
        st.session_state[f"rn_seen_{key}"] = row.note
    with st.form(f"rn_form_{key}", border=False):
        left, right = st.columns([3, 2])
        name = left.text_input(
            "Name", row.note.name, max_chars=LONGEST["name"], key=f"rn_name_{key}", placeholder="as it is called by its options"
        )
        tags = right.text_input("Tags", ", ".join(row.note.tags), key=f"rn_tags_{key}", placeholder="with commas between")
        text = st.text_area("Notes", row.note.text, max_chars=LONGEST["text"], key=f"rn_text_{key}", height=100)
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                own = {"name": name, "tags": tags_in(tags), "text": text}
                seen = write_note(server.store().folder, row.run.learner, st.session_state[f"rn_seen_{key}"], **own)
            except Overtaken as problem:
                st.session_state[f"rn_seen_{key}"] = row.note
                st.warning(
                    f"{plain(problem)} It is now “{plain(problem.theirs)}”. Save again to put yours in its place.",
                    icon=":material/group:",
                )
            except BadInput as problem:
                st.error(plain(problem), icon=":material/error:")
            else:
                st.session_state[f"rn_seen_{key}"] = seen
                st.session_state[SAID] = "Saved."
                st.rerun()
    if siblings > 1:
        st.caption(
            f"Name, star, tags and notes are the learner's: of all its {siblings} runs, one a seed and fold. It is called so on every page."
        )


def star(row: Row) -> None:
    """What was to be seen is what is changed: a star that somebody else gave meanwhile stays."""
    label, icon = ("Take the star away", ":material/star:") if row.note.star else ("Star", ":material/star_border:")
    st.button(label, icon=icon, key="rn_star", on_click=give_star, args=(row.run.learner, not row.note.star))


def give_star(learner: str, given: bool) -> None:
    with one_sentence():
        write_note(server.store().folder, learner, star=given)


def repeat(run: Run, key: str = "rn_repeat") -> None:
    """A learner as a line for a terminal and as lines of Python; both give this very digest."""
    with st.expander("Copy as command, as Python", icon=":material/terminal:", on_change="rerun", key=key) as shown:
        if not shown.open:
            return
        try:
            data = server.dataset(run.dataset)
            command, lines = as_command(run.spec, data), as_python(run.spec, data)  # type: ignore[arg-type]
        except BadInput as problem:
            st.caption(plain(problem))
            return
        st.code(command, language="bash", wrap_lines=True)
        st.code(lines, language="python", wrap_lines=True)
        st.caption(f"Either gives the run {run.digest}, as long as the data and the code stay what they are.")


def log(run: Listed) -> None:
    with st.expander("Log", icon=":material/notes:", on_change="rerun", key="rn_log") as shown:
        if shown.open:
            try:
                st.code(run.log(), language=None, height=240)
            except BadInput as problem:
                st.caption(plain(problem))


def links(run: Listed) -> None:
    if run.kind in LOOKS and not run.misunderstood:
        LOOKS[run.kind](run)
