"""What texts of a table mean: numbers, dates, truth values, lists; told once a column, from every value in it."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "#VALUE!", "#REF!", "#DIV/0!", "<NA>", "NaT")
PERHAPS = ("-", "--", "?", ".", "none", "None", "unknown", "nil", "missing")
"""Missing where all else is a number or a date; in words they may mean something."""
MOSTLY = 0.9
"""From this share on, what is none of the kind is a slip, which is named; below it is a column of words."""

NUMBER = r"^[+\-−]?(\d+\.?\d*|\.\d+)([eE][+\-]?\d+)?$|^[+\-]?(inf|Inf|INF|infinity|Infinity)$"
CODE = r"^[+\-]?0\d+$"
"""Such as 007: a number would lose its zeros."""
GERMAN = r"^[+\-−]?(\d{1,3}(\.\d{3})+|\d+),\d+$|^[+\-−]?\d{1,3}(\.\d{3})+$|^[+\-−]?\d+$"
GROUPED = r"^[+\-−]?\d{1,3}(,\d{3})+(\.\d+)?$|^[+\-−]?\d{1,3}(\.\d+)?$"
ISO = r"^\d{4}-\d{1,2}-\d{1,2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|[+\-]\d{2}:?\d{2})?)?$"
OTHERS = {
    r"^\d{1,2}\.\d{1,2}\.\d{4}$": ("%d.%m.%Y",),
    r"^\d{1,2}/\d{1,2}/\d{4}$": ("%d/%m/%Y", "%m/%d/%Y"),
    r"^\d{1,2}-\d{1,2}-\d{4}$": ("%d-%m-%Y", "%m-%d-%Y"),
    r"^\d{4}/\d{1,2}/\d{1,2}$": ("%Y/%m/%d",),
    r"^\d{4}\.\d{1,2}\.\d{1,2}$": ("%Y.%m.%d",),
}
"""How dates are written, and what that may mean; the first that every value can be."""
TRUTH = ({"true": True, "false": False}, {"yes": True, "no": False})
LIST = r"^\[.*\]$"


@dataclass(frozen=True)
class Typed:
    """``wrong``: values that are not like the others, in words; ``note``: what was decided where it could have been meant otherwise."""

    values: pd.Series
    wrong: str = ""
    note: str = ""


@dataclass(frozen=True)
class Texts:
    """A column of texts, each different one once: ``different`` [D], ``place`` [R] of each row (−1 where missing), ``counts`` [D]."""

    name: str
    different: pa.Array
    place: np.ndarray
    counts: np.ndarray

    @property
    def present(self) -> int:
        return int(self.counts.sum())

    def matching(self, pattern: str) -> np.ndarray:
        return pc.match_substring_regex(self.different, pattern).to_numpy(zero_copy_only=False).astype(bool)

    def without(self, words: tuple[str, ...]) -> "Texts":
        gone = pc.is_in(self.different, pa.array(words, pa.string())).to_numpy(zero_copy_only=False).astype(bool)
        if not gone.any():
            return self
        kept = np.flatnonzero(~gone)
        renumbered = np.full(len(gone) + 1, -1)
        renumbered[kept] = np.arange(len(kept))
        return Texts(self.name, self.different.take(pa.array(kept)), renumbered[self.place], self.counts[kept])

    def spread(self, values: np.ndarray, missing: object) -> pd.Series:
        """[R] the value of each row, from those of the different texts [D]."""
        padded = np.append(values, np.array([missing], dtype=values.dtype))
        return pd.Series(padded[self.place], name=self.name)

    def odd(self, ok: np.ndarray) -> str:
        """The first value that is not ``ok``, and how many there are."""
        bad = np.isin(self.place, np.flatnonzero(~ok))
        row = int(bad.argmax())
        return f"{int(bad.sum())} of {self.present} values, the first ‘{str(self.different[int(self.place[row])])[:40]}’ in row {row + 1}"


def texts_of(name: str, column: pa.ChunkedArray) -> Texts:
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    encoded = trimmed.combine_chunks().dictionary_encode() if trimmed.num_chunks != 1 else trimmed.chunk(0).dictionary_encode()
    place = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(place[place >= 0], minlength=len(encoded.dictionary))
    found = Texts(name, encoded.dictionary, place, counts)
    return found.without(MISSING if not is_code_of_two(found) else tuple(word for word in MISSING if word != "NA"))


def is_code_of_two(texts: Texts) -> bool:
    """Whether most are two capital letters, as countries' codes are: NA is Namibia among them."""
    two = texts.matching("^[A-Z]{2}$")
    return bool(len(texts.different) > 3 and two.mean() > 0.8)


def typed(name: str, column: pa.ChunkedArray, decimal_comma: bool = False) -> Typed:
    """A column of texts as what it holds. ``decimal_comma``: whether 1,5 may mean one and a half."""
    texts = texts_of(name, column)
    if not texts.present:
        return Typed(pd.Series([None] * len(texts.place), name=name, dtype=object))
    for reading in (as_truth, lambda t: as_numbers(t, decimal_comma), as_dates, as_lists):
        found = reading(texts)
        if found is not None:
            return found
    return Typed(texts.spread(texts.different.to_numpy(zero_copy_only=False), None).astype("str"), slips(texts))


MOST_TRUTHS = 6
"""True and false, each in capitals, small letters or both."""


def as_truth(texts: Texts) -> Typed | None:
    if len(texts.different) > MOST_TRUTHS:
        return None
    words = [str(word).lower() for word in texts.different]
    for meaning in TRUTH:
        if set(words) <= set(meaning):
            if (texts.place < 0).any():
                return Typed(texts.spread(np.array([meaning[word] for word in words], dtype=object), None))
            return Typed(texts.spread(np.array([meaning[word] for word in words]), False))
    return None


def as_numbers(texts: Texts, decimal_comma: bool) -> Typed | None:
    less = texts.without(PERHAPS)
    if not less.present or less.matching(CODE).any():
        return None
    note = ""
    if less.matching(NUMBER).all():
        written = less.different
    elif decimal_comma and less.matching(GERMAN).all():
        written = pc.replace_substring(pc.replace_substring(less.different, ".", ""), ",", ".")
        note = f"‘{texts.name}’ was read with decimal commas."
    elif less.matching(GROUPED).all():
        written = pc.replace_substring(less.different, ",", "")
        note = f"Commas in ‘{texts.name}’ were read as separating thousands."
    else:
        return None
    written = pc.replace_substring(written, "−", "-")
    whole = pc.match_substring_regex(written, r"^[+\-]?\d{1,18}$").to_numpy(zero_copy_only=False).astype(bool).all()
    numbers = np.array(
        [int(text) if whole else float(text) for text in written.to_pylist()], dtype=np.int64 if whole else np.float64
    )
    if whole and (less.place < 0).any():
        numbers = numbers.astype(np.float64)
    wrong = "" if whole or np.isfinite(numbers).all() else f"infinite: {less.odd(np.isfinite(numbers))}"
    return Typed(less.spread(numbers, np.nan if numbers.dtype.kind == "f" else 0), wrong, note)


def as_dates(texts: Texts) -> Typed | None:
    less = texts.without(PERHAPS)
    if not less.present:
        return None
    if less.matching(ISO).all():
        return dated(less, None)
    for pattern, formats in OTHERS.items():
        if less.matching(pattern).all():
            for one in formats:
                if not np.isnat(times(less, one)).any():
                    two = len(formats) > 1 and not np.isnat(times(less, formats[1])).any() and one == formats[0]
                    return dated(
                        less, one, f"‘{texts.name}’ was read as day, then month, and could be the other way round." if two else ""
                    )
            return dated(less, formats[0])
    return None


def times(texts: Texts, form: str | None) -> np.ndarray:
    words = pd.Series(texts.different.to_numpy(zero_copy_only=False), dtype="str")
    found = pd.to_datetime(words, errors="coerce", **({"format": form} if form else {"format": "ISO8601", "utc": True}))
    return (found.dt.tz_localize(None) if found.dt.tz is not None else found).to_numpy().astype("datetime64[us]")


def dated(texts: Texts, form: str | None, note: str = "") -> Typed:
    """Dates that there are not, such as 30 February, are missing, and said."""
    found = times(texts, form)
    wrong = f"no date: {texts.odd(~np.isnat(found))}" if np.isnat(found).any() else ""
    return Typed(texts.spread(found, np.datetime64("NaT")), wrong, note)


def as_lists(texts: Texts) -> Typed | None:
    """JSON lists of numbers or of words."""
    if not texts.matching(LIST).all():
        return None
    values = np.empty(len(texts.different), dtype=object)
    for place, text in enumerate(texts.different.to_pylist()):
        try:
            values[place] = json.loads(text)
        except ValueError:
            return None
    return Typed(texts.spread(values, None))


def slips(texts: Texts) -> str:
    """A column that is nearly all numbers, or dates, and so was meant to be."""
    for what, pattern in (("numbers", NUMBER), ("dates", ISO), *(("dates", pattern) for pattern in OTHERS)):
        ok = texts.matching(pattern)
        share = float(texts.counts[ok].sum()) / texts.present
        if MOSTLY <= share < 1 and not texts.matching(CODE).any():
            return f"mixed: all are {what} but {texts.odd(ok)}; mend them, else they are read as words"
    return ""
