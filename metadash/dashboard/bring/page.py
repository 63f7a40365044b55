"""*Bring your own*, from top to bottom: the files, what was found in them, what it is to be called, the import."""

import json
import time
from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.canonical import canonical_json
from metadash.dashboard import server
from metadash.dashboard.bring import errand, going, recipe, shown
from metadash.dashboard.bring.bringing import Bringing, bringing, edits, field_for, typed
from metadash.dashboard.bring.look import Correction, Look
from metadash.dashboard.bring.staging import new_place
from metadash.dashboard.bring.upload import upload
from metadash.dashboard.parts.downloads import download
from metadash.dashboard.parts.escape import plain
from metadash.errors import BadInput


def section() -> None:
    ours = bringing()
    going.others(ours)
    found = errand.read(ours.place) if ours.place else None
    if found and found.active:
        going.watch(found.place)
        return
    if found and found.state == "done":
        going.landed(found, server.dataset(found.name), ours)
        return
    upload(ours)
    if found:
        going.ended_early(found)
    if ours.path is not None:
        look = looked(ours)
        which_table(ours)
        if look:
            draw(look, ours)


def looked(ours: Bringing) -> Look | None:
    """The preview, made again when a guess was corrected. What cannot be done is said, and the last one that could stays to be mended."""
    assert ours.path is not None
    corrections = corrected(ours)
    said = typed(ours)
    asked = canonical_json([str(ours.path), ours.table, [[*key, cells] for key, cells in corrections.items()], said])
    if asked != ours.seen:
        look_again(ours, asked, corrections, said)
    if ours.problem:
        st.error(plain(ours.problem), icon=":material/error:")
    return ours.look


def look_again(ours: Bringing, asked: str, corrections: Mapping[tuple[str, str], Correction], said: Mapping[str, str]) -> None:
    area = st.empty()
    ours.problem = ""
    try:
        report = progress(area)
        ours.reading = recipe.reread(ours, corrections, report)
        ours.look = recipe.look(ours.reading, recipe.planned(ours.reading, corrections, said), server.workspace(), report)
    except BadInput as problem:
        ours.problem = str(problem)
    ours.seen = asked
    area.empty()


def progress(area: DeltaGenerator) -> Callable[[str, float], bool]:
    """A bar for what takes longer than a moment; touching anything on the page ends it."""
    last = [time.monotonic()]

    def report(phase: str, fraction: float) -> bool:
        if time.monotonic() - last[0] > 0.3:
            last[0] = time.monotonic()
            area.progress(min(1.0, fraction), f"{phase.capitalize()} …")
        return False

    return report


def corrected(ours: Bringing) -> dict[tuple[str, str], Correction]:
    """What was changed, by table and column."""
    if ours.look is None:
        return {}
    rows = list(zip(ours.look.preview.columns["table"], ours.look.preview.columns["name"], strict=True))
    return {rows[row]: cells for row, cells in edits(ours).items() if row < len(rows)}


def draw(look: Look, ours: Bringing) -> None:
    seen = look.preview
    if look.problem:
        st.error(plain(look.problem), icon=":material/error:")
    if look.sentence:
        st.subheader(plain(look.sentence), anchor=False)
    if seen.questions:
        st.markdown("You can ask:  \n" + "  \n".join(f"**{plain(question.title)}**" for question in seen.questions[:2]))
    if seen.notes:
        st.caption("  \n".join(f":material/info: {plain(note)}" for note in seen.notes))
    shown.pictures(look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**What each column is.** Change what was guessed wrong; the rest follows.")
        if edits(ours) or ours.table:
            st.button("Guess again", icon=":material/undo:", key="bring_undo", on_click=ours.guess_again)
    with st.container(key="bring_guesses"):
        shown.guesses(look, ours)
    shown.faults(look)
    shown.findings(look)
    left, right = st.columns([1, 1], gap="large")
    with left, st.container(key="bring_balance"):
        shown.balance(look)
    with right:
        names(look, ours)
        import_it(look, ours)


def which_table(ours: Bringing) -> None:
    """Of a workbook, a database or several files: which of their tables has a row for each instance."""
    found = ours.reading and ours.reading.found
    if not found or len(found.tables) < 2:
        return
    key = f"bring_table_{ours.rounds}"
    st.selectbox(
        "Table with a row for each instance",
        found.tables,
        index=found.tables.index(found.table),
        key=key,
        on_change=lambda: ours.guess_again(st.session_state[key]),
        width=400,
        help="A sheet of a workbook, a table of a database, or one of several files. Another that has a row for each class tells about the classes.",
    )


def names(look: Look, ours: Bringing) -> None:
    usual = look.usual
    field_for(ours, st, "name", "Name", usual.name, "In links and on the command line: letters, digits, - and _.")
    if look.version_note:
        st.caption(plain(look.version_note))
    field_for(ours, st, "title", "Title", usual.title, "For people; it stands on pages and reports.")
    left, right = st.columns(2)
    field_for(
        ours, left, "class_noun", "One class is called a …", usual.class_noun, "The word that sentences use: bird, intent, part."
    )
    field_for(ours, right, "licence", "Licence", usual.licence, "Whose it is, and what others may do with it.")


def import_it(look: Look, ours: Bringing) -> None:
    assert ours.path is not None
    if st.button("Import", type="primary", icon=":material/download_done:", key="bring_go", disabled=bool(look.problem)):
        ours.place = ours.place or new_place(server.workspace())
        plan = look.preview.plan
        try:
            errand.begin(server.workspace(), ours.place, ours.path, ours.only, plan.name, plan.values())
        except BadInput as problem:
            st.error(plain(problem), icon=":material/error:")
            return
        st.rerun()
    with st.expander("The same as a command", icon=":material/terminal:"):
        if ours.several:
            st.caption(f"With these files in a folder {plain(look.usual.name)}:")
        st.code(look.command, language="bash", wrap_lines=True)
        if "--recipe" in look.command:
            recipe_file = json.dumps(look.preview.plan.values(), ensure_ascii=False, indent=1)
            download("Download the recipe", recipe_file, f"{look.preview.plan.name}.json", "application/json")
