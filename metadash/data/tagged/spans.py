"""One sentence with its tagged spans, and what can be wrong with spans that somebody gives."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Span:
    """The characters from ``start`` to before ``end`` of a sentence are a mention of a thing of the type ``kind``."""

    start: int
    end: int
    kind: str


@dataclass
class Tagged:
    """One sentence, its spans, and what else is known of it by name."""

    text: str
    spans: list[Span]
    known: dict[str, Any] = field(default_factory=dict)


def checked_spans(text: str, spans: Iterable[tuple[Any, Any, Any]], faults: Counter[str]) -> list[Span]:
    """Those of (start, end, type) that can be asked about; what was mended or left out is counted in ``faults``.

    A span that cuts through a word is taken to the ends of the word, blanks at its ends are taken off, and the same span twice is one. Nested and
    overlapping spans are each a mention: a sentence may be asked about as often as somebody has tagged it.
    """
    found: dict[tuple[int, int, str], Span] = {}
    for start, end, kind in spans:
        kind = kind.strip() if isinstance(kind, str) else "" if kind is None else str(kind)
        if not (is_place(start) and is_place(end) and 0 <= start < end <= len(text)):
            faults["outside"] += 1
            continue
        if not kind or not (here := text[start:end]).strip():
            faults["untyped" if not kind else "blank"] += 1
            continue
        start, end = int(start) + len(here) - len(here.lstrip()), int(end) - len(here) + len(here.rstrip())
        whole = to_words(text, start, end)
        faults["cut"] += whole != (start, end)
        if (*whole, kind) in found:
            faults["twice"] += 1
            continue
        found[*whole, kind] = Span(*whole, kind)
    ordered = sorted(found.values(), key=lambda one: (one.start, -one.end))
    faults["overlapping"] += overlaps(ordered)
    return ordered


def is_place(said: Any) -> bool:
    return isinstance(said, (int, np.integer, float)) and not isinstance(said, bool) and said == said and float(said).is_integer()


def to_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span as far as the words go that it begins and ends within."""
    while start and is_within(text, start):
        start -= 1
    while end < len(text) and is_within(text, end):
        end += 1
    return start, end


def is_within(text: str, place: int) -> bool:
    """Whether the characters before and at a place are both of one word."""
    return text[place - 1].isalnum() and text[place].isalnum()


def overlaps(spans: list[Span]) -> int:
    """How many begin before another has ended, of spans in the order of their beginnings."""
    found, reach = 0, -1
    for one in spans:
        found += one.start < reach
        reach = max(reach, one.end)
    return found


SAID = {
    "began": "began with I- (or with an end) instead of B-, and {was} read as if with B-",
    "bare": "had a tag without a type, such as B-, and {was} read as O",
    "outside": "named characters that their text does not have, and {was} left out",
    "untyped": "had no type, and {was} left out",
    "blank": "covered nothing but blanks, and {was} left out",
    "cut": "began or ended within a word, and {was} taken to the ends of the word",
    "twice": "stood twice, and {was} taken once",
    "overlapping": "lay in or over another, and {was} kept: each is asked about by itself",
    "lengths": "had more words than tags, or more tags than words, and {was} left out",
    "wordless": "had no words, and {was} left out",
}
"""What becomes of each fault, in words."""
NOUNS = {"lengths": "sentence", "wordless": "sentence", "bare": "word"}


def in_words(faults: Counter[str]) -> list[str]:
    """A sentence for each sort of fault."""
    from metadash.stats.words import plural_of

    return [
        f"{plural_of(faults[fault], NOUNS.get(fault, 'mention'))} {said.format(was='was' if faults[fault] == 1 else 'were')}."
        for fault, said in SAID.items()
        if faults[fault]
    ]
