"""Everything that was computed here and is kept: found again, named, tagged, repeated, deleted."""

import streamlit as st

from metadash.canonical import digest
from metadash.dashboard import server
from metadash.dashboard.links.pages import link_to
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.frame import end_page, header
from metadash.dashboard.runs.again import repeat
from metadash.dashboard.runs.deleting import deletion
from metadash.dashboard.runs.one import SAID, head, links, log, note_form, star
from metadash.dashboard.runs.table import SHOWN, mine, table
from metadash.dashboard.share.closed import closed
from metadash.dashboard.signing_in import way
from metadash.runs.shelf.notes import all_notes
from metadash.runs.shelf.rows import narrowed, rows_of
from metadash.stats import words

header(
    "What has been computed here, and what is worth keeping?",
    "Every stored run of this workspace. Star, name and tag what you want to find again; a name is used wherever its learner is shown.",
)

store = server.store()
rows = rows_of(store.listed(), all_notes(store.folder))
if not rows:
    with st.container(border=True):
        st.markdown("#### Nothing is stored yet.\nWhat is computed on any page is kept for everybody and listed here.")
        link_to("train", "Train a learner", "model_training")
    end_page()

with st.container(border=True):
    learners = {row.run.learner for row in rows if row.run.kind == "learner"}
    starred = len({row.run.learner for row in rows if row.note.star})
    broken = [row for row in rows if row.run.entry.why]
    st.markdown(
        f"#### {words.plural_of(len(rows), 'run')} on {words.memory(sum(row.run.entry.size for row in rows))} of disk, "
        f"of {words.plural_of(len(learners), 'learner')}."
    )
    told = [f"{words.count(starred)} starred"]
    told += [f"{words.count(len(broken))} damaged: search “damaged”"] if broken else []
    st.caption(" · ".join(told))


def or_any(one: str) -> str:
    """Somebody may call a tag *any*, so the choice of all is the empty text."""
    return one or "any"


kinds = sorted({row.run.entry.kind for row in rows} - {""})
sets = sorted({row.run.entry.dataset for row in rows} - {""})
tags = sorted({tag for row in rows for tag in row.note.tags}, key=str.casefold)
people = bool(way())
first, second, third, fourth, fifth = st.columns([5, 2, 2, 2, 2], vertical_alignment="bottom")
search = first.text_input(
    "Search", key="rn_search", bind="query-params", placeholder="words of a name, a source, a tag, a note, a digest"
)
kind = second.selectbox("Kind", ["", *kinds], format_func=or_any, key="rn_kind", bind="query-params")
dataset = third.selectbox("Data set", ["", *sets], format_func=or_any, key="rn_set", bind="query-params")
tag = fourth.selectbox("Tag", ["", *tags], format_func=or_any, key="rn_tag", bind="query-params", disabled=not tags)
only = fifth.toggle("Starred only", key="rn_starred", bind="query-params")
own = people and fifth.toggle("Mine only", key="rn_mine", bind="query-params")
found = narrowed(mine(rows) if own else rows, search, kind, dataset, tag, only)
shown = found[:SHOWN]

if said := st.session_state.pop(SAID, ""):
    st.success(plain(said), icon=":material/check:")
if not shown:
    st.info(
        "No stored run is like that; search for fewer words, or choose any kind, data set and tag.", icon=":material/search_off:"
    )
    end_page()
if len(found) < len(rows) or len(shown) < len(found):
    cut = f"; the newest {words.count(SHOWN)} are shown, search to see others" if len(shown) < len(found) else ""
    st.caption(f"{words.count(len(found))} of {words.count(len(rows))}{cut}")
chosen = st.dataframe(
    table(shown, people),
    hide_index=True,
    on_select="rerun",
    selection_mode="multi-row",
    key=f"rn_table_{digest([row.digest for row in shown])}",  # what was ticked in another list is no choice in this one
    alt="Stored runs, newest first; tick one to see it, several to delete them",
    column_config={
        "★": st.column_config.TextColumn(width=30, help="starred"),
        "run": st.column_config.TextColumn(width=290),
        "tags": st.column_config.TextColumn(width=100),
        "when": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        "seconds": st.column_config.NumberColumn(format="%.1f"),
        "disk, MB": st.column_config.NumberColumn(format="%.2f"),
    },
)
picked = [shown[place] for place in chosen["selection"]["rows"] if place < len(shown)]
if not picked:
    st.caption(
        "Tick a run to see it."
        if closed()
        else "Tick a run to name, tag, repeat or delete it; tick several to delete them together."
    )
    end_page()

if len(picked) == 1:
    row = picked[0]
    head(row)
    noted = bool(row.run.entry.record) and not closed()  # what cannot be believed is of no learner
    with st.container(horizontal=True, vertical_alignment="center"):
        if noted:
            star(row)
        links(row.run)
    if not noted:
        st.caption(plain(row.note.text))
    else:
        note_form(row, sum(one.run.learner == row.run.learner for one in rows) if row.run.kind == "learner" else 1)
    if row.run.entry.record:
        if row.run.kind == "learner" and not row.run.misunderstood:
            repeat(row.run)
        log(row.run)
if not closed():
    deletion([row.digest for row in picked])
