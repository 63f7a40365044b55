"""What a page shows of files that may become a data set: the preview of the importing core, and what is worked out around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metadash.data.importing.plan import Plan
from metadash.data.importing.preview import Preview
from metadash.metadata.audit.audit import Audit

Correction = Mapping[str, Any]
"""What was changed in one row of the table of guesses, by the title of its column."""


@dataclass(frozen=True)
class Picture:
    """One input as HTML, and its class."""

    shown: str
    name: str


@dataclass(frozen=True)
class Look:
    """``usual``: what was guessed, before anybody said anything. ``problem``: why it cannot be imported as it is. ``audit``: None where there is nothing to audit, or too much to do it beforehand.
    ``command``: the line that does the same in a terminal."""

    preview: Preview
    usual: Plan
    problem: str
    sentence: str
    pictures: tuple[Picture, ...]
    audit: Audit | None
    version_note: str
    command: str
