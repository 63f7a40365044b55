"""What a data set may be called, and what its own words may hold: its name becomes a folder and stands in links."""

from collections.abc import Mapping, Sequence
from typing import Any

from metadash.data.columns.accepting.sorts import half_in
from metadash.errors import BadInput

LONGEST = 100
"""Letters of a name; a folder's may have 255 bytes, and something is put around it while it is written."""


def check_folder_name(name: str) -> None:
    """Raises BadInput for what cannot be the name of a folder and stand in a link."""
    if not name or name.startswith(".") or not all(letter.isalnum() or letter in "-_." for letter in name):
        raise BadInput(f"'{name}' cannot be the name of a data set; use letters, digits, - and _.")
    if len(name.encode()) > LONGEST:
        raise BadInput(f"The name '{name[:20]}…' of a data set is too long; use at most {LONGEST} letters.")


def check_words(words: Any, whose: str = "") -> None:
    """Raises BadInput where a text anywhere in ``words``, what is said of a data set by its field, has half of a character."""
    if isinstance(words, str) and half_in(words):
        raise BadInput(
            f"The {whose} of the data set has half of a character ({half_in(words)}), as a text read in the wrong encoding does."
        )
    if isinstance(words, Mapping):
        for field, held in words.items():
            check_words(held, whose or str(field))
    elif isinstance(words, Sequence) and not isinstance(words, str):
        for held in words:
            check_words(held, whose)
