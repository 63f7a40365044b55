"""What a visitor has brought so far and said of it, kept in the session: nothing of it is lost where a file turns out to be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from metadash.dashboard.bring.look import Look
from metadash.dashboard.bring.reading import Reading
from metadash.dashboard.bring.staging import FILES

KEY = "bring"
EDITOR = "bring_columns"


@dataclass
class Bringing:
    """``place``: the folder of the upload, None for a path on the server. ``seen``: what the preview was made of, so that it is made
    again when any of that changes. ``rounds`` counts the tables of corrections, ``batch`` the fields for files: a new one starts empty."""

    place: Path | None = None
    path: Path | None = None
    seen: Any = None
    look: Look | None = None
    reading: Reading | None = None
    rounds: int = 0
    batch: int = 0
    suggested: dict[str, str] = field(default_factory=dict)

    @property
    def editor(self) -> str:
        return f"{EDITOR}_{self.rounds}"

    @property
    def only(self) -> Path | None:
        """The folder that paths in an uploaded table may lead into; those of a path on the server lead where its allowed folders are."""
        return None if self.place is None else self.place / FILES

    def take(self, path: Path, place: Path | None) -> None:
        """Other files, or more of them: corrections of another table say nothing of theirs."""
        self.place, self.path, self.seen, self.look, self.reading = place, path, None, None, None
        self.rounds, self.batch = self.rounds + 1, self.batch + 1

    def forget(self) -> None:
        """The files, and what was said of their columns; what was typed beside them stays."""
        self.place, self.path, self.seen, self.look, self.reading = None, None, None, None, None
        self.rounds, self.batch = self.rounds + 1, self.batch + 1


def bringing() -> Bringing:
    return st.session_state.setdefault(KEY, Bringing())


def edits(ours: Bringing) -> Mapping[int, Mapping[str, Any]]:
    """What was changed in the table of guesses, by row; the browser has told it before the table is drawn again."""
    state = st.session_state.get(ours.editor) or {}
    return {int(row): dict(cells) for row, cells in dict(state.get("edited_rows", {})).items()}


def suggest(ours: Bringing, key: str, text: str) -> None:
    """Put a suggestion into a text field, unless somebody has typed there."""
    if st.session_state.get(key, "") == ours.suggested.get(key, ""):
        st.session_state[key] = text
    ours.suggested[key] = text
