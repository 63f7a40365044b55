"""Columns of chance, of every type that pandas, Arrow and DuckDB hand over, as Hypothesis draws them."""

import datetime as dt
import enum
import pathlib
import zoneinfo
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa

Values = st.SearchStrategy[Any]
Made = Callable[[list[Any]], pd.Series]

ODD = (
    "", " ", "\t", "; ", "a; b", "a; ; b", "nan", "None", "NaT", "<NA>", "missing", "true", "x[1]", "[1, 2]", '{"a": 1}', "12345", "00123",
    "2020-01-01", "1..2", "a:b", "'", '"', "\\", "a\nb", "a\x00b", "%", "?", "$1", "-0", "1e400", "é", "é", "שלום", "مرحبا", "🦆",
    "a b c", "the first of its kind", "*b* $x$ [a](b) :material/home:", "<img src=x onerror=alert(1)>", "x" * 3000,
)  # fmt: skip
"""Texts that something reads as more than a text."""
FAR = (dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1969, 12, 31), dt.date(2000, 2, 29))
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns")


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


def texts() -> Values:
    return st.one_of(st.sampled_from(ODD), st.text(max_size=12))


def dates() -> Values:
    return st.one_of(st.sampled_from(FAR), st.dates())


def moments(zones: Values | None = None) -> Values:
    return st.datetimes(timezones=zones if zones is not None else st.none())


def spans() -> Values:
    return st.timedeltas(dt.timedelta(days=-100_000), dt.timedelta(days=100_000))


def whole() -> Values:
    return st.one_of(st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1))


def scalars() -> Values:
    return st.one_of(texts(), st.booleans(), whole(), st.floats(), dates(), moments(), spans(), st.decimals(), st.uuids())


def as_objects(values: list[Any]) -> pd.Series:
    """A Series would make numbers, times or a table of them."""
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return pd.Series(held, dtype=object)


def typed(dtype: Any) -> Made:
    return lambda values: pd.Series(values, dtype=dtype)


def of_units(unit: str, zone: str | None = None) -> Made:
    """Counts of a unit since 1970."""

    def made(values: list[Any]) -> pd.Series:
        counts = np.array([np.iinfo(np.int64).min if value is None else value for value in values])  # the least is NaT
        column = pd.Series(counts.view(f"datetime64[{unit}]"))
        return column.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else column

    return made


def of_arrow(type: pa.DataType) -> Made:
    return lambda values: pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, type=type)))


def ordered(values: list[Any]) -> pd.Series:
    return pd.Series(pd.Categorical(values, categories=sorted({value for value in values if value is not None}), ordered=True))


def equally_long(values: Values, most: int = 4) -> Values:
    """A list of lists, all of one length."""
    return st.integers(1, most).flatmap(lambda length: st.lists(values, min_size=length, max_size=length))


COLUMNS: dict[str, tuple[Values, Made]] = {
    "texts": (texts(), as_objects),
    "str": (texts().filter(lambda text: "\ud800" not in text), typed("str")),
    "sentences": (st.lists(st.sampled_from(("a", "bird", "of", "the", "sea", "*", "$x$")), min_size=1, max_size=6).map(" ".join), typed("str")),
    "labels": (st.lists(st.sampled_from(("red", "big", "", "*x*")), max_size=3).map("; ".join), typed("str")),
    "halved": (st.sampled_from(("a", "\ud800", "b\udfff")), as_objects),
    "category": (texts(), typed("category")),
    "ordered": (st.sampled_from(("low", "mid", "high")), ordered),
    "category of dates": (moments(), typed("category")),
    "category of numbers": (st.integers(0, 3), typed("category")),
    "category of all sorts": (st.one_of(st.integers(0, 2), st.sampled_from(("a", "b")), st.tuples(st.integers(0, 1))), typed("category")),
    "whole": (whole(), typed("Int64")),
    "bytes": (st.integers(-128, 127), typed("Int8")),
    "unsigned": (st.integers(0, 2**64 - 1), typed("UInt64")),
    "floats": (st.floats(), typed("float64")),
    "nullable floats": (st.floats(), typed("Float64")),
    "singles": (st.floats(width=32), typed("float32")),
    "halves": (st.floats(width=16), typed("float16")),
    "long doubles": (st.floats(), typed("longdouble")),
    "complex": (st.complex_numbers(), typed("complex128")),
    "truths": (st.booleans(), typed("boolean")),
    "truths among objects": (st.booleans(), as_objects),
    "seconds": (st.integers(-(2**40), 2**40), of_units("s")),
    "milliseconds": (st.integers(-(2**53), 2**53), of_units("ms")),
    "microseconds": (st.integers(-(2**62), 2**62), of_units("us")),
    "nanoseconds": (st.integers(-(2**62), 2**62), of_units("ns")),
    "zoned": (st.integers(-(2**55), 2**55), of_units("us", "Europe/Berlin")),
    "zoned nanoseconds": (st.integers(-(2**62), 2**62), of_units("ns", "America/St_Johns")),
    "moments": (moments(), as_objects),
    "moments of zones": (moments(st.sampled_from(ZONES).map(zoneinfo.ZoneInfo)), as_objects),
    "moments, some of zones": (moments(st.one_of(st.none(), st.just(dt.UTC))), as_objects),
    "dates": (dates(), as_objects),
    "dates and moments": (st.one_of(dates(), moments()), as_objects),
    "clocks": (st.times(), as_objects),
    "clocks of zones": (st.times(timezones=st.sampled_from((dt.UTC, dt.timezone(dt.timedelta(hours=5))))), as_objects),
    "spans": (spans(), typed("timedelta64[us]")),
    "spans among objects": (st.timedeltas(), as_objects),
    "periods": (st.integers(-3000, 3000).map(lambda month: pd.Period(ordinal=month, freq="M")), typed("period[M]")),
    "intervals": (st.integers(0, 9).map(lambda least: pd.Interval(least, least + 1)), lambda values: pd.Series(pd.arrays.IntervalArray(values) if any(values) else values)),
    "sparse": (st.sampled_from((0.0, 0.0, 1.5)), typed(pd.SparseDtype("float64", 0.0))),
    "decimals": (st.decimals(allow_nan=True, allow_infinity=True), as_objects),
    "prices": (st.decimals(min_value=0, max_value=100, places=2), as_objects),
    "fractions": (st.fractions(max_denominator=9), as_objects),
    "uuids": (st.uuids(), as_objects),
    "paths": (st.sampled_from(("a/b", "../c")).map(pathlib.PurePosixPath), as_objects),
    "constants": (st.sampled_from(Colour), as_objects),
    "binary": (st.binary(max_size=9), as_objects),
    "byte arrays": (st.binary(max_size=9).map(bytearray), as_objects),
    "huge": (st.integers(-(2**200), 2**200), as_objects),
    "close and huge": (st.integers(0, 3).map(lambda more: 2**70 + more), as_objects),
    "functions": (st.sampled_from((len, max)), as_objects),
    "frames": (st.just(pd.DataFrame({"a": [1]})), as_objects),
    "tags": (st.lists(texts(), max_size=3), as_objects),
    "tags with gaps": (st.lists(st.one_of(st.none(), st.sampled_from(("a", "b"))), max_size=3), as_objects),
    "sets": (st.sets(st.sampled_from(("a", "b", "c"))), as_objects),
    "tuples": (st.tuples(texts(), whole()), as_objects),
    "vectors": (st.lists(st.floats(), min_size=3, max_size=3), as_objects),
    "arrays": (st.lists(st.floats(width=32), min_size=2, max_size=2).map(lambda values: np.array(values, dtype="float32")), as_objects),
    "ragged vectors": (st.lists(st.floats(), max_size=3), as_objects),
    "vectors with gaps": (st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=2, max_size=2), as_objects),
    "lists of truths": (st.lists(st.booleans(), min_size=2, max_size=2), as_objects),
    "lists of dates": (st.lists(dates(), max_size=2), as_objects),
    "lists of lists": (st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2), as_objects),
    "lists of records": (st.lists(st.fixed_dictionaries({"a": st.integers(0, 3)}), max_size=2), as_objects),
    "lists of all sorts": (st.lists(scalars(), max_size=3), as_objects),
    "planes": (st.just(np.ones((2, 2))), as_objects),
    "series": (st.just(pd.Series([1, 2])), as_objects),
    "records": (st.fixed_dictionaries({"a": whole(), "b": texts()}), as_objects),
    "uneven records": (st.dictionaries(st.sampled_from(("a", "b", "")), scalars(), max_size=2), as_objects),
    "nested records": (st.fixed_dictionaries({"a": st.lists(st.fixed_dictionaries({"b": texts()}), max_size=2)}), as_objects),
    "all sorts": (scalars(), as_objects),
    "all sorts and lists": (st.one_of(scalars(), st.lists(texts(), max_size=2), st.just({"a": 1})), as_objects),
    "NumPy's": (st.one_of(st.integers(0, 9).map(np.int64), st.floats(width=32).map(np.float32), st.booleans().map(np.bool_)), as_objects),
    "nothing": (st.sampled_from((None, float("nan"), pd.NA, pd.NaT)), as_objects),
    "Arrow texts": (texts(), of_arrow(pa.large_string())),
    "Arrow whole": (st.integers(-(2**31), 2**31 - 1), of_arrow(pa.int32())),
    "Arrow tags": (st.lists(texts(), max_size=3), of_arrow(pa.list_(pa.string()))),
    "Arrow vectors": (st.lists(st.floats(width=32), min_size=2, max_size=2), of_arrow(pa.list_(pa.float32(), 2))),
    "Arrow records": (st.fixed_dictionaries({"a": st.integers(0, 9)}), of_arrow(pa.struct([("a", pa.int64())]))),
    "Arrow maps": (st.dictionaries(texts(), st.integers(0, 9), max_size=2).map(lambda pairs: list(pairs.items())), of_arrow(pa.map_(pa.string(), pa.int64()))),
    "Arrow dictionary": (texts(), of_arrow(pa.dictionary(pa.int8(), pa.string()))),
    "Arrow days": (dates(), of_arrow(pa.date32())),
    "Arrow clocks": (st.times(), of_arrow(pa.time64("us"))),
    "Arrow moments": (st.integers(-(2**40), 2**40), of_arrow(pa.timestamp("s"))),
    "Arrow zoned": (st.integers(-(2**55), 2**55), of_arrow(pa.timestamp("us", "Asia/Tokyo"))),
    "Arrow spans": (st.integers(-(2**30), 2**30), of_arrow(pa.duration("s"))),
    "Arrow binary": (st.binary(max_size=9), of_arrow(pa.binary())),
    "Arrow decimals": (st.decimals(min_value=-9, max_value=9, places=2), of_arrow(pa.decimal128(10, 2))),
    "Arrow long decimals": (st.decimals(min_value=-9, max_value=9, places=2), of_arrow(pa.decimal256(60, 2))),
    "Arrow halves": (st.floats(width=16).map(np.float16), of_arrow(pa.float16())),
    "Arrow truths": (st.booleans(), of_arrow(pa.bool_())),
    "Arrow nothing": (st.none(), of_arrow(pa.null())),
}  # fmt: skip
"""Each sort: what one value is, and how a list of values becomes a column."""

ALWAYS = ("nothing", "intervals")
"""Sorts that have their own way of missing."""


@st.composite
def columns(draw: st.DrawFn, rows: int, sorts: tuple[str, ...] = tuple(COLUMNS)) -> tuple[str, pd.Series]:
    """A sort and a column of it: of few values or many, with gaps or without."""
    sort = draw(st.sampled_from(sorts))
    values, made = COLUMNS[sort]
    if draw(st.booleans()):
        pool = draw(st.lists(values, min_size=1, max_size=3))
        values = st.integers(0, len(pool) - 1).map(pool.__getitem__)
    if sort not in ALWAYS and draw(st.booleans()):
        values = st.one_of(values, values, st.none())
    return sort, made(draw(st.lists(values, min_size=rows, max_size=rows)))
