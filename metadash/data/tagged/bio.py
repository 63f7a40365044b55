"""What tags of words mean: BIO, with or without ends (IOBES, BILOU) and with or without beginnings (IOB1, IO), as the spans that they cover."""

import re
from collections import Counter
from collections.abc import Sequence

from metadash.data.tagged.spans import Span, Tagged

TAG = re.compile(r"([BIESLUMbi])-(.*)", re.DOTALL)
OUTSIDE = {"", "O", "o", "_", "-", "0"}
"""Tags of words that are in no mention."""
BEGINS, GOES_ON, ENDS, ALONE = {"B"}, {"I", "M"}, {"E", "L"}, {"S", "U"}


def tagged(tokens: Sequence[str], tags: Sequence[str], faults: Counter[str]) -> Tagged:
    """The sentence of ``tokens``, blanks between them, and its spans. What had to be read into the tags is counted in ``faults``: a
    mention that begins with I- begins all the same, as in conlleval; a tag without a type is none."""
    ends, length = [], -1
    for token in tokens:
        length += 1 + len(token)
        ends.append(length)
    found = [Span(ends[first] - len(tokens[first]), ends[last], kind) for first, last, kind in chunks(tags, faults)]
    return Tagged(" ".join(tokens), found)


def chunks(tags: Sequence[str], faults: Counter[str]) -> list[tuple[int, int, str]]:
    """(first word, last word, type) of each mention.

    >>> chunks(["B-person", "I-person", "O", "I-place", "place", "S-person"], Counter())
    [(0, 1, 'person'), (3, 4, 'place'), (5, 5, 'person')]
    """
    found: list[tuple[int, int, str]] = []
    begun, kind, ended = -1, "", True
    for place, tag in enumerate([*tags, "O"]):
        part, here = parts(tag, faults)
        goes_on = bool(here) and not ended and here == kind and part not in BEGINS | ALONE
        if begun >= 0 and not goes_on:
            found.append((begun, place - 1, kind))
            begun = -1
        if here and not goes_on:
            faults["began"] += part in GOES_ON | ENDS
            begun, kind = place, here
        ended = not here or part in ENDS | ALONE
    return found


def parts(tag: str, faults: Counter[str]) -> tuple[str, str]:
    """(which part of a mention, of which type); no type for a word outside. A tag without a hyphen is all type."""
    said = tag.strip()
    if said in OUTSIDE:
        return "", ""
    match = TAG.fullmatch(said)
    if match is None:
        return "", said
    faults["bare"] += not match[2].strip()
    return match[1].upper(), match[2].strip()
