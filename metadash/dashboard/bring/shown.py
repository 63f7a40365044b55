"""The middle of *Bring your own*: the guesses in one table that can be corrected, and beside it all that they were made of."""

import html

import pandas as pd
import streamlit as st

from metadash.dashboard.bring.bringing import Bringing
from metadash.dashboard.bring.look import Look
from metadash.dashboard.bring.recipe import SIZE
from metadash.dashboard.metadata.audit import counted, findings_table
from metadash.dashboard.parts.escape import plain
from metadash.dashboard.parts.pictures import STYLE
from metadash.stats import words

ROLES = {
    "class": "what is to be told apart",
    "input": "what a learner looks at: pictures, a text, numbers",
    "metadata": "what is known beside it",
    "parent": "what is above each class in a taxonomy; the way down to it is metadata",
    "siblings": "metadata that like classes share; tasks can be drawn within it",
    "disjoint": "metadata in which the examples and the queries of a task may be made to differ",
    "id": "a number or name of the row",
    "split": "the part that a class belongs to: train, validation or test",
    "ignored": "left out",
}
LEVELS = ["class", "instance"]


def guesses(look: Look, ours: Bringing) -> None:
    """One row a column of the files. What is changed here is a choice, and all the rest follows from it."""
    seen = look.preview
    rows = seen.columns
    tasks = {seen.plan.siblings: "siblings", seen.plan.disjoint: "disjoint"}
    roles = [tasks.get(name, role) if role == "metadata" else role for name, role in zip(rows["name"], rows["role"], strict=True)]
    wrong = [
        "; ".join(filter(None, [said, f"{missing:.0%} missing" if 0 < missing < 1 and "missing" not in said else ""]))
        for said, missing in zip(rows["wrong"], rows["missing"], strict=True)
    ]
    frame = pd.DataFrame(
        {
            "Column": rows["name"],
            **({"Table": rows["table"]} if rows["table"].nunique() > 1 else {}),
            "Role": roles,
            "Describes": rows["level"].where(rows["level"] != "", None),
            "Source": rows["source"],
            "Sensitive": rows["sensitive"].astype(bool),
            "What is wrong": wrong,
            "Holds": rows["kind"],
            "For example": rows["examples"],
        }
    )
    told = st.column_config
    st.data_editor(
        frame,
        key=ours.editor,
        hide_index=True,
        num_rows="fixed",
        height="content",
        placeholder="",
        column_config={
            "Column": told.TextColumn(pinned=True, disabled=True),
            "Table": told.TextColumn(disabled=True),
            "Role": told.SelectboxColumn(
                options=list(ROLES), required=True, help=". ".join(f"**{role}**: {meaning}" for role, meaning in ROLES.items())
            ),
            "Describes": told.SelectboxColumn(
                options=LEVELS, help="Of metadata: whether it is the same for all of a class, or each instance has its own."
            ),
            "Source": told.TextColumn(help="Columns of metadata that are collected, or withheld, together share a source."),
            "Sensitive": told.CheckboxColumn(help="Its source is marked wherever it is used."),
            "What is wrong": told.TextColumn(disabled=True, width="large" if max(map(len, wrong), default=0) > 30 else "medium"),
            "Holds": told.TextColumn(disabled=True),
            "For example": told.TextColumn(disabled=True, width="medium"),
        },
        alt="Every column with its guessed role, source and what is wrong with it; roles, levels, sources and marks can be changed",
    )


def pictures(look: Look) -> None:
    if not look.pictures:
        return
    cells = "".join(
        f'<div class="md-cell">{picture.shown}<span>{html.escape(picture.name)}</span></div>' for picture in look.pictures
    )
    st.html(f'{STYLE}<div class="md-grid" style="--md-size:{SIZE}px">{cells}</div>')


def balance(look: Look) -> None:
    """How many examples each class has, the fewest first."""
    counts = look.preview.counts.sort_values(kind="stable")
    if counts.empty:
        return
    noun = look.preview.plan.class_noun
    st.markdown(f"**Examples of each {plain(noun)}**, the fewest first")
    st.dataframe(
        pd.DataFrame({plain(noun).capitalize(): counts.index.astype(str), "Examples": counts.to_numpy()}),
        hide_index=True,
        height=min(318, 38 + 35 * len(counts)),
        column_config={"Examples": st.column_config.ProgressColumn(format="%d", min_value=0, max_value=int(counts.max()))},
        alt="Number of examples of each class, the fewest first",
    )
    parts = {"train": "to learn from", "validation": "to stop by", "test": "to test on", "": "in no task"}
    st.caption(
        "; ".join(f"{words.count(n)} {parts.get(role, role)}" for role, n in look.preview.roles.items() if n)
        + ". New classes are what is tested, so no class is in two parts."
    )


def faults(look: Look) -> None:
    """Rows whose inputs cannot be read; they are left out."""
    found = look.preview.faults
    if not found:
        return
    names = getattr(look.preview.found and look.preview.found.inputs, "names", None)
    named = {"File": [str(names[row]) for row in found]} if names is not None and not look.preview.plan.input_columns else {}
    with st.expander(f"{words.plural_of(len(found), 'row')} cannot be read and will be left out", icon=":material/broken_image:"):
        st.dataframe(
            pd.DataFrame({"Row": [row + 1 for row in found], **named, "Why": list(found.values())}),
            hide_index=True,
            alt="Rows whose inputs cannot be read, and why",
        )


def findings(look: Look) -> None:
    if look.audit is None:
        return
    rows = list(look.audit.findings)
    with st.expander(f"**Audit.** {look.audit.headline}", icon=":material/fact_check:"):
        st.markdown(f"{counted(rows)} What only the inputs can show is said after the import.")
        if rows:
            st.table(findings_table(rows))
