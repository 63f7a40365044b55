"""What a visitor has brought so far and said of it, kept in the session: nothing of it is lost where a file turns out to be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from metadash.dashboard.bring.look import Look
from metadash.dashboard.bring.reading import Reading
from metadash.dashboard.bring.staging import FILES, Listing, allowed_around, called

KEY = "bring"
EDITOR = "bring_columns"
NAMED = {"name": "bring_name", "title": "bring_title", "class_noun": "bring_noun", "licence": "bring_licence"}
"""What is typed beside the files, with the field that holds it."""


@dataclass
class Bringing:
    """``place``: the folder of the upload, and of the record of its import, which a path on the server has too. ``seen``: what the preview was made of, so that it is made
    again when any of that changes, and ``problem`` why it could not be. ``listing``: the first files of the upload. ``rounds`` counts the tables of corrections, ``batch`` the fields for files: a new one starts empty.
    ``table``: the sheet or table that holds the instances, where somebody chose it. ``said``: the name, title, noun and licence, where somebody typed them."""

    place: Path | None = None
    path: Path | None = None
    seen: Any = None
    problem: str = ""
    listing: Listing | None = None
    look: Look | None = None
    reading: Reading | None = None
    table: str | None = None
    rounds: int = 0
    batch: int = 0
    said: dict[str, str] = field(default_factory=dict)

    @property
    def editor(self) -> str:
        return f"{EDITOR}_{self.rounds}"

    @property
    def title(self) -> str:
        """What the data set is named after, unless somebody says otherwise."""
        assert self.path is not None
        return called(self.place) if self.place is not None and self.uploaded else self.path.name

    @property
    def uploaded(self) -> bool:
        """Whether the files came from a browser."""
        return self.place is not None and self.path is not None and self.path.is_relative_to(self.place / FILES)

    @property
    def several(self) -> bool:
        """Whether several files that lie in no folder of their own were brought."""
        return self.place is not None and self.path == self.place / FILES

    @property
    def only(self) -> Path | None:
        """The folder that paths in a table may lead into: that of the upload, or the allowed one that a path on the server lies in."""
        if self.place is not None and self.uploaded:
            return self.place / FILES
        return None if self.path is None else allowed_around(self.path)

    def take(self, path: Path | None, place: Path | None) -> None:
        """Other files, or more of them: corrections of another table say nothing of theirs."""
        self.place, self.path, self.seen, self.look, self.reading = place, path, None, None, None
        self.problem, self.listing, self.table = "", None, None
        self.rounds, self.batch = self.rounds + 1, self.batch + 1

    def guess_again(self, table: str | None = None) -> None:
        """What was corrected is forgotten, as corrections of one ``table`` say nothing of another."""
        self.table = table
        self.rounds += 1

    def forget(self) -> None:
        """The files, and what was said of their columns; what was typed beside them stays."""
        self.take(None, None)


def bringing() -> Bringing:
    return st.session_state.setdefault(KEY, Bringing())


def edits(ours: Bringing) -> Mapping[int, Mapping[str, Any]]:
    """What was changed in the table of guesses, by row; the browser has told it before the table is drawn again."""
    state = st.session_state.get(ours.editor) or {}
    return {int(row): dict(cells) for row, cells in dict(state.get("edited_rows", {})).items()}


def typed(ours: Bringing) -> dict[str, str]:
    """The name, title, noun and licence that somebody typed; an emptied field is as guessed."""
    for name, key in NAMED.items():
        if (text := st.session_state.get(key)) is not None:
            usual = st.session_state.get(f"{key} usual")
            ours.said.pop(name, None)
            if text.strip() and text.strip() != usual:
                ours.said[name] = text.strip()
    return dict(ours.said)


def field_for(ours: Bringing, where: Any, name: str, label: str, usual: str, help: str) -> None:
    """A text field that holds what was guessed until somebody types; it is filled again when the page comes back."""
    key = NAMED[name]
    if key not in st.session_state or (name not in ours.said and st.session_state[key]):
        st.session_state[key] = ours.said.get(name, usual)
    st.session_state[f"{key} usual"] = usual
    where.text_input(label, key=key, placeholder=usual, help=help)
