"""Metadata made less exact on purpose: rungs of a ladder towards "withheld", and local differential privacy at a stated epsilon.

Each rung is one transform in two spellings that a test holds together: of a DataFrame's column, for learners, and of a column in
SQL, for counting who could be recognised in a table of any size. Generalising looks at the whole column (what is rare, where the
quantiles lie), as a person does who publishes a table.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.literals import identifier
from metadash.errors import BadInput
from metadash.fields import Checked
from metadash.metadata.columns import SEPARATOR, Kind, kind_of

RARE = 5
"""A value that fewer rows than this share is rare."""
EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""From strong protection to hardly any."""
ZIP = r"\d{5}"


@dataclass(frozen=True)
class Rung:
    """A way to make a column less exact: ``meaning`` for people, ``apply`` to a column, ``sql`` (column and table as SQL text)."""

    meaning: str
    apply: Callable[[pd.Series], pd.Series]
    sql: Callable[[str, str], str]


def calendar(column: pd.Series, unit: str) -> pd.Series:
    """Each time at the beginning of its day, month or year."""
    time = pd.to_datetime(column)
    day = time.dt.normalize()
    past = {"day": time.dt.day * 0, "month": time.dt.day - 1, "year": time.dt.day_of_year - 1}[unit]
    return day - pd.to_timedelta(past, unit="D")


def binned(column: pd.Series, n: int) -> pd.Series:
    """Each number as the least of its bin; the ``n`` bins hold about equally many rows."""
    values = column.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values)
    if not known.any():
        return column
    edges = np.quantile(values[known], np.arange(n) / n, method="inverted_cdf")
    least = edges[np.searchsorted(edges, np.where(known, values, edges[0]), side="right") - 1]
    return pd.Series(np.where(known, least, np.nan), column.index, name=column.name)


def binned_sql(column: str, table: str, n: int) -> str:
    steps = ", ".join(repr(step / n) for step in range(n))
    number = f"CAST({column} AS DOUBLE)"
    edges = f"(SELECT quantile_disc(x, [{steps}]) FROM (SELECT {number} AS x FROM {table}) WHERE isfinite(x))"
    return f"CASE WHEN isfinite({number}) THEN list_max(list_filter({edges}, lambda edge: edge <= {number})) END"


def first_word(column: pd.Series) -> pd.Series:
    return column.astype("string").str.extract(r"(\S+)", expand=False)


def first_word_sql(column: str, table: str) -> str:
    return rf"nullif(regexp_extract(CAST({column} AS VARCHAR), '\S+'), '')"


def first_label(column: pd.Series) -> pd.Series:
    return column.astype("string").str.split(SEPARATOR, regex=False).str[0]


def first_label_sql(column: str, table: str) -> str:
    return f"split_part({column}, '{SEPARATOR}', 1)"


def rare_to_other(column: pd.Series) -> pd.Series:
    text = column.astype("string")
    return text.where(text.isna() | (text.map(text.value_counts()) >= RARE), "other")


def rare_to_other_sql(value: str) -> str:
    text = f"CAST({value} AS VARCHAR)"
    return f"CASE WHEN {text} IS NULL OR count(*) OVER (PARTITION BY {text}) >= {RARE} THEN {text} ELSE 'other' END"


def withheld(column: pd.Series) -> pd.Series:
    return pd.Series([None] * len(column), column.index, dtype=object, name=column.name)


def of_calendar(unit: str, meaning: str) -> Rung:
    return Rung(
        meaning,
        lambda column: calendar(column, unit),
        lambda column, _: f"date_trunc('{unit}', CAST({column} AS TIMESTAMP))",
    )


def of_bins(n: int) -> Rung:
    return Rung(
        f"{n} ranges of about equally many rows",
        lambda column: binned(column, n),
        lambda column, table: binned_sql(column, table, n),
    )


RUNGS: dict[str, Rung] = {
    "as it is": Rung("nothing is changed", lambda column: column, lambda column, _: column),
    "day": of_calendar("day", "the day, without the time"),
    "month": of_calendar("month", "the month"),
    "year": of_calendar("year", "the year"),
    "20 bins": of_bins(20),
    "5 bins": of_bins(5),
    "2 bins": of_bins(2),
    "first 3 characters": Rung(
        "the first three characters",
        lambda column: column.astype("string").str[:3],
        lambda column, _: f"left(CAST({column} AS VARCHAR), 3)",
    ),
    "first word": Rung("the first word", first_word, first_word_sql),
    "first word, rare to other": Rung(
        f"the first word; those of fewer than {RARE} rows together as “other”",
        lambda column: rare_to_other(first_word(column)),
        lambda column, table: rare_to_other_sql(first_word_sql(column, table)),
    ),
    "first label": Rung("the first label", first_label, first_label_sql),
    "first label, rare to other": Rung(
        f"the first label; those of fewer than {RARE} rows together as “other”",
        lambda column: rare_to_other(first_label(column)),
        lambda column, table: rare_to_other_sql(first_label_sql(column, table)),
    ),
    "rare to other": Rung(
        f"values of fewer than {RARE} rows together as “other”", rare_to_other, lambda column, _: rare_to_other_sql(column)
    ),
    "withheld": Rung("nothing is told", withheld, lambda column, _: "NULL"),
}

LADDERS: dict[Kind, tuple[str, ...]] = {
    "timestamp": ("day", "month", "year", "withheld"),
    "numeric": ("20 bins", "5 bins", "2 bins", "withheld"),
    "text": ("first word", "first word, rare to other", "withheld"),
    "multilabel": ("first label", "first label, rare to other", "withheld"),
    "categorical": ("rare to other", "withheld"),
    "boolean": ("withheld",),
    "vector": ("withheld",),
    "empty": (),
}
ZIP_LADDER = ("first 3 characters", "withheld")

RESPONSE, LAPLACE = "randomised response", "Laplace noise"
MECHANISMS: dict[str, tuple[Kind, ...]] = {
    RESPONSE: ("categorical", "boolean", "multilabel"),
    LAPLACE: ("numeric", "timestamp"),
}
"""Local differential privacy, and the kinds of columns that each mechanism is for."""


def ladder_of(column: pd.Series) -> tuple[str, ...]:
    """The rungs of a column by its kind, from the most exact down; postal codes of five digits have their own."""
    kind = kind_of(column)
    if kind == "categorical" and column.dropna().astype(str).str.fullmatch(ZIP).mean() > 0.95:
        return ("as it is", *ZIP_LADDER)
    return ("as it is", *LADDERS[kind])


def mechanisms_of(column: pd.Series) -> tuple[str, ...]:
    kind = kind_of(column)
    return tuple(name for name, kinds in MECHANISMS.items() if kind in kinds)


@dataclass(frozen=True)
class Blur(Checked):
    """One column of one source made less exact: ``how`` is a rung, or a mechanism with its ``epsilon``. Raises BadInput."""

    source: str
    column: str
    how: str
    epsilon: float = 0.0

    def settle(self) -> None:
        if self.how not in RUNGS and self.how not in MECHANISMS:
            known = ", ".join([*RUNGS, *MECHANISMS])
            raise BadInput(f"'{self.column}' cannot be blurred by '{self.how}'; choose one of {known}.")
        if self.how in MECHANISMS and not 0 < self.epsilon <= 100:
            raise BadInput(
                f"The {self.how} on '{self.column}' needs an epsilon above 0 (and at most 100); it is {self.epsilon:g}."
            )
        if self.how in RUNGS and self.epsilon:
            raise BadInput(f"'{self.how}' on '{self.column}' takes no epsilon; only {' and '.join(MECHANISMS)} do.")

    @property
    def plain(self) -> tuple[Any, ...]:
        """As a spec holds it: (source, column, rung), or (source, column, mechanism, epsilon)."""
        return (self.source, self.column, self.how, *([self.epsilon] if self.epsilon else []))

    @property
    def words(self) -> str:
        return f"{self.column}: {self.how}" + (f", ε = {self.epsilon:g}" if self.epsilon else "")


def read_blur(entry: Sequence[Any]) -> Blur:
    """Raises BadInput for what is no (source, column, how) or (source, column, how, epsilon)."""
    texts, rest = tuple(entry[:3]), tuple(entry[3:])
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in rest)
    if len(texts) < 3 or len(rest) > 1 or not numbers or not all(isinstance(text, str) for text in texts):
        raise BadInput(f"A blur is {tuple(entry)!r}; it must name a source, a column and how, and an epsilon for noise.")
    return Blur(*texts, *map(float, rest))


def budget(blurs: Iterable[Blur]) -> float:
    """The epsilon that noise on several columns of one row adds up to (sequential composition: Dwork & Roth 2014, theorem 3.16)."""
    return sum(blur.epsilon for blur in blurs)


def check_fits(blur: Blur, column: pd.Series) -> None:
    """Raises BadInput where a column's kind has no such rung or mechanism."""
    known = (*ladder_of(column), *mechanisms_of(column))
    if blur.how not in known:
        raise BadInput(f"'{blur.column}' is {kind_of(column)} and cannot be blurred by '{blur.how}'; choose {', '.join(known)}.")


def blur_table(table: pd.DataFrame, source: str, blurs: Iterable[Blur], seed: int) -> pd.DataFrame:
    """The table as one source shows it, with that source's blurred columns replaced.

    Noise is drawn for each column by itself from ``seed``, so that blurring one more column leaves the noise of the others alone.
    """
    changes = {
        blur.column: blur_column(table[blur.column], blur, np.random.default_rng([seed, 4, zlib.crc32(blur.column.encode())]))
        for blur in blurs
        if blur.source == source
    }
    return table.assign(**changes) if changes else table


def blur_column(column: pd.Series, blur: Blur, generator: np.random.Generator) -> pd.Series:
    if blur.how == RESPONSE:
        return randomised_response(column, blur.epsilon, generator)
    if blur.how == LAPLACE:
        return laplace_noise(column, blur.epsilon, generator)
    return RUNGS[blur.how].apply(column)


def keep_probability(epsilon: float, n_levels: int) -> float:
    """e^ε / (e^ε + m − 1): how often randomised response tells the truth about one of m values (Kairouz et al. 2016)."""
    return 1 / (1 + (n_levels - 1) * math.exp(-epsilon))


def randomised_response(column: pd.Series, epsilon: float, generator: np.random.Generator) -> pd.Series:
    """Each value kept with :func:`keep_probability`, else another of the column's values, all alike (Warner 1965).

    Which values there are counts as known to everybody, and so does which rows have none.
    """
    code, levels = pd.factorize(column, sort=True)
    if len(levels) < 2:
        return column
    lies = generator.random(len(code)) >= keep_probability(epsilon, len(levels))
    told = np.where(lies, (code + generator.integers(1, len(levels), len(code))) % len(levels), code)
    return pd.Series(levels.take(told), column.index, name=column.name).where(column.notna())


def laplace_noise(column: pd.Series, epsilon: float, generator: np.random.Generator) -> pd.Series:
    """Each number or time with Laplace noise of scale range/ε added, put back into the range, which counts as known (Dwork et al. 2006)."""
    timed = not pd.api.types.is_numeric_dtype(column)
    time = pd.to_datetime(column) if timed else column
    start = time.min()
    values = (time - start).dt.total_seconds().to_numpy() if timed else column.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    noisy = (values + generator.laplace(0.0, 1.0, len(values)) * laplace_scale(high - low, epsilon)).clip(low, high)
    noisy = np.where(known, noisy, np.nan)
    told = start + pd.to_timedelta(noisy, unit="s") if timed else noisy
    return pd.Series(told, column.index, name=column.name)


def laplace_scale(sensitivity: float, epsilon: float) -> float:
    """The scale b of noise with density exp(−|x|/b)/2b; its standard deviation is b·√2."""
    return sensitivity / epsilon


def rung_sql(rung: str, column: str, table: str) -> str:
    """The SQL expression of ``column`` on a rung, over the rows of ``table`` (names as they are, not yet quoted)."""
    return RUNGS[rung].sql(identifier(column), identifier(table))
