"""Filters as one line of text, so that a link, a search box and a list of chips all mean the same thing.

``script:Greek,Latin n_points:10..40 accents:missing acute`` reads: the script is Greek or Latin, there are 10 to 40 points,
no accents are known, and the word "acute" occurs somewhere. Quotation marks keep together what has spaces.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from metadash.data.facets import MISSING, AnyOf, Between, Containing, Filter
from metadash.data.literals import Value
from metadash.data.profile import Kind
from metadash.errors import BadInput

QUOTED = r'"(?:[^"\\]|\\.)*"'
TERM = re.compile(rf"(?:{QUOTED}|[^\s\"])+")
COLUMN = re.compile(rf"({QUOTED}|[^\s\",:]+):(.*)", re.DOTALL)
VALUE = re.compile(rf"(?:{QUOTED}|[^,\"])+")
BARE = re.compile(r"[\w+][\w.+\-/]*")
SEARCHED: tuple[Kind, ...] = ("text", "categorical", "multilabel")


def parse(text: str, columns: Mapping[str, Kind]) -> list[Filter]:
    """The filters that ``text`` means for a table with ``columns``. Raises BadInput with what is wrong and where."""
    searched = tuple(name for name, kind in columns.items() if kind in SEARCHED)
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


def on_column(name: str, kind: Kind, text: str) -> Filter:
    pieces = VALUE.findall(text)
    if not pieces:
        raise BadInput(f"A value is missing after '{name}:'; write for example {name}:{MISSING}.")
    ordered = kind in ("numeric", "timestamp")
    if len(pieces) == 1 and ordered and ".." in pieces[0] and not pieces[0].startswith('"'):
        low, _, high = pieces[0].partition("..")
        least, most = (typed(name, kind, bound) if bound else None for bound in (low, high))
        return Between(name, least, most, dates=kind == "timestamp")
    values = tuple(None if piece == MISSING else typed(name, kind, unquoted(piece)) for piece in pieces)
    if kind == "timestamp" and values != (None,):
        if len(values) > 1:
            raise BadInput(f"'{name}' holds dates; ask for one range of them, for example {name}:2012-01-01..2015-12-31.")
        return Between(name, values[0], values[0], dates=True)
    return AnyOf(name, values, labels=kind == "multilabel")


def typed(name: str, kind: Kind, text: str) -> Value:
    """The text as a value of the column's kind. Raises BadInput when it is none."""
    try:
        if kind == "numeric":
            value = float(text.replace("−", "-"))
            if value != value:
                raise ValueError(text)
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        if kind == "timestamp":
            return date.fromisoformat(text).isoformat()
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError) as error:
        wanted = {"numeric": "numbers", "timestamp": "dates such as 2015-12-31", "boolean": "true or false"}[kind]
        raise BadInput(f"'{name}' holds {wanted}; '{text}' is not one.") from error
    return text


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
