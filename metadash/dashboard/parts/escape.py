"""Text of the data or of a person where Streamlit would read Markdown: a class named ``*`` or ``:material/home:`` stays as it is."""

import re
from dataclasses import replace
from typing import Any

from metadash.data.dataset import Dataset, Description

JOINER = "\N{WORD JOINER}"
"""Of no width, and nowhere a line may end."""
READ_AFTERWARDS = re.compile(r"(?<![0-9]):(?=[\w+/])|(?<=[0-9]):(?=[A-Za-z_+/])|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
"""Where browsers look once escapes are gone: ``:material/home:``, ``:cat:``, ``http://``, ``www.`` and addresses of mail become pictures and links."""
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Letters that nobody sees and that turn round how the rest of the sentence is read, that of ours too."""
PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!$:~<>|&^=])")


def unbroken(quantity: str) -> str:
    """``80.4 %`` or ``1 s`` that stays on one line: a browser breaks at any ordinary space."""
    return quantity.replace(" ", "\N{NO-BREAK SPACE}")


def plain(text: object) -> str:
    """The text with its punctuation escaped, line breaks as spaces; what is read as a link or an icon afterwards is parted by a character
    of no width, and what would turn round the sentence around it is left out."""
    straight = TURNS.sub("", str(text)).replace("\n", " ")
    parted = READ_AFTERWARDS.sub(lambda found: found.group() + JOINER, straight)
    return PUNCTUATION.sub(r"\\\1", parted)


def spoken(text: object) -> str:
    """Its words alone, for a label that is hidden: a screen reader would read escapes aloud, and what is hidden may still be fetched."""
    return " ".join(PUNCTUATION.sub(" ", str(text)).split()) or "values"


def words_of(data: Dataset) -> Description:
    """What is said of a data set, its words escaped: pages write sentences with them, which Streamlit reads as Markdown."""
    about = data.description
    spoken = ("title", "licence", "provenance", "class_noun", "group_noun", "thumbnail_note")
    escaped: dict[str, Any] = {field: plain(getattr(about, field)) for field in spoken}
    return replace(about, **escaped)
