"""Points in time, with or without a time zone: those with one are told and compared in UTC."""

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from metadash.data.columns.facts import AS_NUMBER, Facts, one_row
from metadash.data.columns.kind import ADDED, ColumnKind, Prepared
from metadash.data.columns.rungs import Rung
from metadash.data.columns.summary import ColumnSummary, histogram, range_words
from metadash.data.literals import Value

FURTHEST = 9_200_000_000_000_000_000
"""Microseconds from 1970 to the last time that fits, in the year 293,500."""


def utc(column: pd.Series) -> pd.Series:
    """The times without their zone, to the microsecond: nanoseconds reach too few centuries to subtract dates."""
    time = pd.to_datetime(column).dt.as_unit("us")
    return time.dt.tz_convert("UTC").dt.tz_localize(None) if time.dt.tz is not None else time


def in_zone_of(column: pd.Series, time: pd.Series) -> pd.Series:
    """Times in UTC as ``column`` holds its own, so that the two can stand in one column."""
    zone = pd.to_datetime(column).dt.tz
    return time.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else time


def utc_sql(column: str) -> str:
    return f"make_timestamp(epoch_us({column}))"


def calendar(column: pd.Series, unit: str) -> pd.Series:
    """Each time at the beginning of its day, month or year."""
    time = utc(column)
    day = time.dt.normalize()
    past = {"day": time.dt.day * 0, "month": time.dt.day - 1, "year": time.dt.day_of_year - 1}[unit]
    return in_zone_of(column, day - pd.to_timedelta(past, unit="D"))


def of_calendar(unit: str, meaning: str) -> Rung:
    return Rung(
        unit, meaning, lambda column: calendar(column, unit), lambda column, _: f"date_trunc('{unit}', {utc_sql(column)})"
    )


def time_features(column: pd.Series) -> np.ndarray:
    """Age in years and the phase of the year: [R, 3]; NaN where the time is missing."""
    years = (utc(column) - np.datetime64("2000-01-01", "us")).dt.total_seconds().to_numpy() / (365.25 * 86400)
    return np.stack([years, np.sin(2 * np.pi * years), np.cos(2 * np.pi * years)], axis=1)


class Timestamp(ColumnKind):
    """Age in years and the phase of the year."""

    name, plural = "timestamp", "dates such as 2015-12-31"
    reads_as, ranged, dated, ages = "numbers", True, True, True
    range_only = "2012-01-01..2015-12-31"
    rungs = (
        of_calendar("day", "the day, without the time"),
        of_calendar("month", "the month"),
        of_calendar("year", "the year"),
    )
    noise, guessed_as = ADDED, "year"
    unit, per_unit = "days", 86400.0

    def claims(self, facts: Facts) -> bool:
        return facts.storage == "time"

    def numbers(self, column: pd.Series) -> np.ndarray:
        """Seconds since 1970."""
        since = (utc(column) - np.datetime64(0, "us")).dt.total_seconds()
        return since.to_numpy(dtype=float, na_value=np.nan)

    def from_numbers(self, numbers: np.ndarray, column: pd.Series) -> pd.Series:
        """Held to the microsecond; noise cannot lead beyond what that reaches."""
        microseconds = np.clip(np.where(np.isfinite(numbers), numbers, 0) * 1e6, -FURTHEST, FURTHEST)
        times = pd.Series(microseconds.round().astype("datetime64[us]"), column.index, name=column.name)
        return in_zone_of(column, times.where(np.isfinite(numbers)))

    def prepared(self, column: pd.Series) -> Prepared:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import RobustScaler

        from metadash.data.columns.scaling import Clip

        names = ["years", "sine of the season", "cosine of the season"]
        return Prepared(time_features(column), make_pipeline(RobustScaler(), Clip()), names)

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        finite = (
            f"FROM (SELECT {AS_NUMBER['time'].format(column)} AS x FROM {table} WHERE isfinite({column})) WHERE x IS NOT NULL"
        )
        low, median, high = one_row(connection, f"SELECT min(x), quantile_disc(x, 0.5), max(x) {finite}")
        if low is None:
            return {}
        day = "CAST(CAST(to_timestamp(?) AT TIME ZONE 'UTC' AS DATE) AS VARCHAR)"
        dates = one_row(connection, f"SELECT {', '.join([day] * 3)}", low, median, high)
        return dict(zip(("low", "median", "high"), dates, strict=True)) | {"histogram": histogram(connection, finite, low, high)}

    def in_words(self, summary: ColumnSummary) -> str:
        return range_words(summary)

    def listed(self, summary: ColumnSummary) -> bool:
        return False

    def ordered_sql(self, column: str) -> str:
        return f"CAST({utc_sql(column)} AS DATE)"

    def bound_sql(self, bound: str) -> str:
        return f"CAST({bound} AS DATE)"

    def bound(self, text: str) -> Value:
        return date.fromisoformat(text).isoformat()

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        time = pd.Timestamp(text)
        zone = None if column is None else getattr(column.dtype, "tz", None)
        if time.tzinfo is not None:
            return time.tz_convert(zone or "UTC") if zone else time.tz_convert("UTC").tz_localize(None)
        return time.tz_localize(zone) if zone else time

    def older(self, column: pd.Series, days: float) -> pd.Series:
        return pd.to_datetime(column) - pd.Timedelta(days=days)
