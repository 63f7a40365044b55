"""What the learner has been asked: stored by its content, so that a link repeats it and a correction adds to it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from metadash.dashboard import server
from metadash.dashboard.links.address import not_possible
from metadash.dashboard.links.history import came_back
from metadash.dashboard.links.pages import put as put_in_link
from metadash.dashboard.use.known import metadata_of, told_of
from metadash.dashboard.use.tray import Shown, Tray, class_labels, of_rows, put, tray_of
from metadash.data.dataset import Dataset
from metadash.data.given.given import Given, given_named
from metadash.errors import BadInput
from metadash.front.use import give, with_corrections

LINK, ROWS = "us_given", "us_rows"
"""The parameters of a link that name what was given, and before anything was, the rows of the data set that are picked."""
MOST_ROWS = 60
"""In a link."""
MENDED, ASKED, MADE, PRESSED, MANY = "us_mended", "us_asked_for", "us_made", "us_pressed", "us_many"
"""In the session, by data set: labels that a person gave, by the name of what they are of; whether labels were asked for; the last that was
stored, with what it was made of; whether the button has just been pressed; and for what that was, where it is much."""
NONE = ""
"""The label of what a person says is none of these: no example of anything."""
LIVE = 500
"""Inputs up to which every change is labelled at once."""


def mended(data: Dataset) -> dict[str, str]:
    return st.session_state.get(MENDED, {}).get(data.name, {})


def mend(data: Dataset, name: str, label: str | None) -> None:
    """A person says what an input is; None takes it back."""
    found = {key: value for key, value in mended(data).items() if key != name}
    if label is not None:
        found[name] = label
    st.session_state[MENDED] = {**st.session_state.get(MENDED, {}), data.name: found}


def asked_for(data: Dataset) -> bool:
    return st.session_state.get(ASKED, {}).get(data.name, False)


def ask_for(data: Dataset, wanted: bool = True) -> None:
    """A person wants labels of what is on the page, and from then on of what it becomes; many inputs only when asked again."""
    st.session_state[PRESSED] = wanted
    st.session_state[ASKED] = {**st.session_state.get(ASKED, {}), data.name: wanted}


def wanted(data: Dataset, given: Given) -> bool:
    """Whether the labels of exactly this are asked for."""
    if st.session_state.pop(PRESSED, False):
        st.session_state[MANY] = given.digest
    return asked_for(data) and (len(given.names) <= LIVE or st.session_state.get(MANY) == given.digest)


def known_of(
    data: Dataset, tray: Tray, shown: Sequence[tuple[Shown, str]], columns: Sequence[str]
) -> list[dict[str, Any]] | None:
    """What is known of each input, given with its class (or none): as a table said, else as its row of the data set has it; None where nothing is known of any."""
    if not columns:
        return None
    own = data.instance_columns(list(columns))
    found = [
        {
            **(own.iloc[one.row].to_dict() if one.row >= 0 else {}),
            **{column: value for column, value in tray.of_inputs.get((label, one.name), {}).items() if column in columns},
        }
        for one, label in shown
    ]
    return found if any(found) else None


def given_now(
    data: Dataset,
    tray: Tray,
    asked: Sequence[Shown],
    columns: Sequence[str],
    of_inputs: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> Given:
    """What is on the page, stored, corrections as further examples; not made again while nothing has changed. ``columns`` are read of classes,
    ``of_inputs`` of single examples and of what is to be labelled. Raises BadInput."""
    known = metadata_of(data, tray, list(columns)) if columns else None
    labels = mended(data)
    content = (data.fingerprint, tray.examples, tuple(asked), repr(known), labels, of_inputs, repr(tray.of_inputs))
    before, made = st.session_state.get(MADE, (None, None))
    if made is not None and before == content:
        return made
    support = [(one, name) for name, shown in tray.examples.items() for one in shown]
    given = give(
        data,
        [one.value for one, _ in support],
        [name for _, name in support],
        [one.value for one in asked],
        known,
        [one.name for one in asked],
        example_names=[one.name for one, _ in support],
        zero_shot=tray.bare,
        support_metadata=known_of(data, tray, support, of_inputs[0]),
        query_metadata=known_of(data, tray, [(one, "") for one in asked], of_inputs[1]),
    )
    places = {one.name: place for place, one in enumerate(asked)}
    further = {places[name]: label for name, label in labels.items() if name in places and label != NONE}
    if further:
        given = with_corrections(given, further)
    st.session_state[MADE] = (content, given)
    return given


# --- in the link -------------------------------------------------------------------------------------------------------------


def to_link(data: Dataset, given: Given | None) -> None:
    put_in_link(LINK, [given.digest] if given else [])
    rows = [] if given else list(map(str, tray_of(data).rows))
    put_in_link(ROWS, rows if len(rows) <= MOST_ROWS else [])


def is_news(key: str) -> list[str]:
    """What the address says under ``key`` where this page did not write it there."""
    asked = st.query_params.get_all(key)
    return asked if asked and (came_back() or asked != st.session_state.get(f"{key} in link", [])) else []


def from_link(data: Dataset) -> None:
    """Lay out what a link names, as it was when it was copied; said above the page where it is gone."""
    if rows := is_news(ROWS):
        lay_out_rows(data, rows)
    asked = is_news(LINK)
    if not asked:
        return
    try:
        if len(asked) > 1:
            raise BadInput("The link says twice what was given.")
        given = given_named(server.workspace(), asked[0])
        if given.dataset != data.name:
            raise BadInput("It was given to a learner of another data set.")
    except BadInput:
        not_possible(LINK, asked, "What was given", "nothing is given yet")
        return
    lay_out(data, given)


def lay_out_rows(data: Dataset, rows: Sequence[str]) -> None:
    """The picked examples."""
    found = [int(row) for row in rows if re.fullmatch(r"\d{1,12}", row, re.ASCII) and int(row) < len(data.inputs)]
    if len(found) < len(rows) or len(rows) > MOST_ROWS:
        not_possible(ROWS, list(rows)[:3], "Picked examples", "the others are there" if found else "nothing is picked yet")
    tray, labels = Tray(), class_labels(data)
    for row in found[:MOST_ROWS]:
        tray = tray.with_examples(labels[int(data.class_of[row])], of_rows(data, [row]))
    put(data, tray)


def lay_out(data: Dataset, given: Given) -> None:
    """The tray as it was: examples, what was typed, what was to be labelled and what was corrected."""
    said, inputs = given.said, given.inputs
    own = len(said.support) - len(given.corrected)
    tray = Tray({name: () for name in said.classes})
    for place, label, name in zip(said.support[:own], said.labels[:own], said.example_names[:own], strict=True):
        tray = tray.with_examples(label, [Shown(name, inputs[place], row_named(data, name))])
    for label in tray.classes if said.metadata else ():
        tray = as_told(data, tray, label, said.metadata or {})
    asked = [Shown(name, inputs[place], row_named(data, name)) for place, name in zip(said.queries, said.names, strict=True)]
    way = st.query_params.get("us_ask", "pick")
    keys = [*zip(said.labels[:own], said.example_names[:own], strict=True), *[("", name) for name in said.names]]
    rows = [*(said.of_examples or ({},) * own)[:own], *(said.of_queries or ({},) * len(asked))]
    tray = tray.told_of_inputs({key: row for key, row in zip(keys, rows, strict=True) if row})
    put(data, tray.with_asked(way, asked))
    labels = {said.names[place]: label for place, label in given.corrected.items()}
    st.session_state[MENDED] = {**st.session_state.get(MENDED, {}), data.name: labels}
    ask_for(data)


def as_told(data: Dataset, tray: Tray, label: str, metadata: Mapping[str, Mapping[str, Any]]) -> Tray:
    """With what was typed of a class: where it is not what its own row of the data set says."""
    row = metadata.get(label, {})
    for column in dict.fromkeys(column for told in metadata.values() for column in told):
        value = row.get(column, "")
        if not isinstance(value, list) and str(value) != told_of(data, tray, label, column):
            tray = tray.told(label, column, str(value))
    return tray


def row_named(data: Dataset, name: str) -> int:
    """The row of the data set that a name such as ``glyphs 1203`` says; −1 for another name."""
    found = re.fullmatch(rf"{re.escape(data.name)} (\d+)", name, re.ASCII)
    return int(found[1]) if found and int(found[1]) < len(data.inputs) else -1
