"""Filters as one line of text, so that a link, a search box and a list of chips all mean the same thing.

``script:Greek,Latin n_points:10..40 accents:missing acute`` reads: the script is Greek or Latin, there are 10 to 40 points,
no accents are known, and the word "acute" occurs somewhere. Quotation marks keep together what has spaces.
"""

import re
from collections.abc import Mapping, Sequence

from metadash.data.columns.registry import kind_named
from metadash.data.facets import MISSING, AnyOf, Between, Containing, Filter
from metadash.data.literals import Value
from metadash.errors import BadInput

QUOTED = r'"(?:[^"\\]|\\.)*"'
TERM = re.compile(rf"(?:{QUOTED}|[^\s\"])+")
COLUMN = re.compile(rf"({QUOTED}|[^\s\",:]+):(.*)", re.DOTALL)
VALUE = re.compile(rf"(?:{QUOTED}|[^,\"])+")
BARE = re.compile(r"[\w+][\w.+\-/]*")


def parse(text: str, columns: Mapping[str, str]) -> list[Filter]:
    """The filters that ``text`` means for a table with ``columns`` (name to kind). Raises BadInput with what is wrong and where."""
    searched = tuple(name for name, kind in columns.items() if kind_named(kind).searched)
    filters: list[Filter] = []
    if '"' in re.sub(QUOTED, "", text):
        raise BadInput("A quotation mark is left open in the search; close it.")
    for term in TERM.findall(text):
        match = COLUMN.fullmatch(term)
        if match is None:
            filters.append(Containing(searched, unquoted(term)))
            continue
        name = unquoted(match[1])
        if name not in columns:
            raise BadInput(
                f"There is no column '{name}' in this table; to search for “{term}” itself, put it in quotation marks."
            )
        filters.append(on_column(name, columns[name], match[2]))
    return filters


def on_column(name: str, kind: str, text: str) -> Filter:
    pieces = VALUE.findall(text)
    if not pieces:
        raise BadInput(f"A value is missing after '{name}:'; write for example {name}:{MISSING}.")
    about = kind_named(kind)
    if len(pieces) == 1 and about.ranged and ".." in pieces[0] and not pieces[0].startswith('"'):
        low, _, high = pieces[0].partition("..")
        least, most = (typed(name, kind, bound) if bound else None for bound in (low, high))
        return Between(name, least, most, kind)
    values = tuple(None if piece == MISSING else typed(name, kind, unquoted(piece)) for piece in pieces)
    if about.range_only and values != (None,):
        if len(values) > 1:
            raise BadInput(f"'{name}' holds {about.plural}; ask for one range of them, for example {name}:{about.range_only}.")
        return Between(name, values[0], values[0], kind)
    return AnyOf(name, values, kind)


def typed(name: str, kind: str, text: str) -> Value:
    """The text as a value of the column's kind. Raises BadInput when it is none."""
    about = kind_named(kind)
    if not about.typed:
        raise BadInput(f"'{name}' holds {about.plural}, which cannot be asked for by a value.")
    try:
        return about.bound(text)
    except ValueError as error:
        raise BadInput(f"'{name}' holds {about.plural}; '{text}' is not one.") from error


def to_text(filters: Sequence[Filter]) -> str:
    """The line that ``parse`` reads as these filters."""
    return " ".join(map(term, filters))


def term(found: Filter) -> str:
    if isinstance(found, Containing):
        return quoted(found.text)
    name = quoted(found.column)
    if isinstance(found, Between):
        low, high = ("" if bound is None else str(bound) for bound in (found.low, found.high))
        return f"{name}:{low}..{high}"
    return f"{name}:{','.join(MISSING if value is None else quoted(value) for value in found.values)}"


def quoted(value: Value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if BARE.fullmatch(text) and text != MISSING and ".." not in text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def unquoted(text: str) -> str:
    """Quotation marks taken off, wherever they stand in the term."""
    return re.sub(
        QUOTED,
        lambda found: re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], found[0][1:-1], flags=re.DOTALL),
        text,
    )
