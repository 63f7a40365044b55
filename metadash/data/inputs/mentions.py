"""Mentions as inputs: a sentence in which one span is marked, ``the ruling [[United Russia]] party``, written as one text.

A text that anybody can type, store and send; what the sentence has of square brackets and backslashes itself is written with a backslash before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metadash.data.inputs.texts import check_texts, snippet
from metadash.errors import BadInput

OPEN, CLOSE = "[[", "]]"
ESCAPED = re.compile(r"([\[\]\\])")
PART = re.compile(r"\\([\[\]\\])|(\[\[)|(\]\])")
HOW = f"Put {OPEN} before the mention and {CLOSE} behind it."


@dataclass(frozen=True)
class Mention:
    """The characters of ``text`` from ``start`` to before ``end``, in their sentence."""

    text: str
    start: int
    end: int

    @property
    def span(self) -> str:
        return self.text[self.start : self.end]


def marked(text: str, start: int, end: int) -> str:
    """The one text that says all of a mention; ``mention_of`` reads it.

    >>> marked("the ruling United Russia party [1]", 11, 24)
    'the ruling [[United Russia]] party \\\\[1\\\\]'
    """
    before, span, after = (ESCAPED.sub(r"\\\1", part) for part in (text[:start], text[start:end], text[end:]))
    return f"{before}{OPEN}{span}{CLOSE}{after}"


def mention_of(row: str) -> Mention:
    """Raises ValueError, in a few words, for a text in which not just one span is marked. Blanks at the ends of a span are none of it.

    >>> mention_of("in [[ Paris ]] now").span
    'Paris'
    """
    text, last, start, end = "", 0, -1, -1
    for part in PART.finditer(row):
        text += row[last : part.start()]
        last = part.end()
        if part[1]:
            text += part[1]
        elif part[2]:
            if start >= 0:
                raise ValueError("marks more than one mention")
            start = len(text)
        elif start < 0 or end >= 0:
            text += CLOSE
        else:
            end = len(text)
    text += row[last:]
    if start < 0:
        raise ValueError("marks no mention")
    if end < 0:
        raise ValueError(f"marks where a mention begins and not where it ends ({CLOSE})")
    span = text[start:end]
    if not span.strip():
        raise ValueError("marks a mention with nothing in it")
    start += len(span) - len(span.lstrip())
    return Mention(text, start, start + len(span.strip()))


def fault_of(row: str) -> str:
    """Why a text is no mention, in a few words; nothing where it is one."""
    try:
        mention_of(row)
    except ValueError as problem:
        return str(problem)
    return ""


def is_marked(row: str) -> bool:
    """Whether one span is marked in a text."""
    return OPEN in row and not fault_of(row)


def check_mentions(name: str, rows: Sequence[Any]) -> None:
    """Raises BadInput naming the first row that is no text, or marks none or several mentions."""
    check_texts(name, rows)
    for number, row in enumerate(rows):
        if problem := fault_of(row):
            shown = f" (“{snippet(row, 60)}”)" if row.strip() else ""
            raise BadInput(f"The text in row {number} of '{name}' {problem}{shown}; {HOW[0].lower()}{HOW[1:]}")


def around(row: str, most: int = 90) -> tuple[str, str, str]:
    """What stands before the mention, itself, and what stands behind it, on one line of about ``most`` characters; cut at words.

    >>> around("the ruling [[United Russia]] party of the country", 30)
    ('…ruling ', 'United Russia', ' party of…')
    """
    mention = mention_of(row)
    span = snippet(mention.span, most)
    room = max(most - len(span), 0) // 2
    before, after = (" ".join(part.split()) for part in (mention.text[: mention.start], mention.text[mention.end :]))
    left = snippet(before[::-1], room)[::-1] if before else ""
    right = snippet(after, room) if after else ""
    gap_before = " " if left and mention.text[: mention.start][-1:].isspace() else ""
    gap_after = " " if right and mention.text[mention.end :][:1].isspace() else ""
    return f"{left}{gap_before}", span, f"{gap_after}{right}"


def mention_words(row: str) -> str:
    """The same as one text.

    >>> mention_words("in [[Paris]] now")
    'in [Paris] now'
    """
    before, span, after = around(row)
    return f"{before}[{span}]{after}"
