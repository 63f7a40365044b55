"""Rungs of the ladder towards "withheld": a column made less exact, in pandas for learners and in SQL for counting rows that hide."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

RARE = 5
"""A value that fewer rows than this share is rare."""


@dataclass(frozen=True)
class Rung:
    """A way to make a column less exact: its ``name`` in specs and links, its ``meaning`` for people, ``apply`` to a column, and ``sql``
    (of a column and its table, both as SQL text). Generalising looks at the whole column, as a person does who publishes a table. What it
    gives must be readable by the kind, for *What if* tells it to a learner that was fitted on exact values."""

    name: str
    meaning: str
    apply: Callable[[pd.Series], pd.Series]
    sql: Callable[[str, str], str]


def withheld(column: pd.Series) -> pd.Series:
    return pd.Series([None] * len(column), column.index, dtype=object, name=column.name)


AS_IT_IS = Rung("as it is", "nothing is changed", lambda column: column, lambda column, _: column)
WITHHELD = Rung("withheld", "nothing is told", withheld, lambda column, _: "NULL")


# --- rare values -----------------------------------------------------------------------------------------------------------


def rare_to_other(column: pd.Series) -> pd.Series:
    text = column.astype("string")
    return text.where(text.isna() | (text.map(text.value_counts()) >= RARE), "other")


def rare_to_other_sql(value: str) -> str:
    text = f"CAST({value} AS VARCHAR)"
    return f"CASE WHEN {text} IS NULL OR count(*) OVER (PARTITION BY {text}) >= {RARE} THEN {text} ELSE 'other' END"


RARE_TO_OTHER = Rung(
    "rare to other",
    f"values of fewer than {RARE} rows together as “other”",
    rare_to_other,
    lambda column, _: rare_to_other_sql(column),
)


def of_part(part: str, apply: Callable[[pd.Series], pd.Series], sql: Callable[[str], str]) -> tuple[Rung, Rung]:
    """A part of each value ("first word"), and then its rare ones together."""
    return (
        Rung(part, f"the {part}", apply, lambda column, _: sql(column)),
        Rung(
            f"{part}, rare to other",
            f"the {part}; those of fewer than {RARE} rows together as “other”",
            lambda column: rare_to_other(apply(column)),
            lambda column, _: rare_to_other_sql(sql(column)),
        ),
    )


# --- ranges ----------------------------------------------------------------------------------------------------------------


def binned(values: np.ndarray, n: int) -> np.ndarray:
    """Each number as the least of its bin; the ``n`` bins hold about equally many rows."""
    known = np.isfinite(values)
    if not known.any():
        return values
    edges = np.quantile(values[known], np.arange(n) / n, method="inverted_cdf")
    least = edges[np.searchsorted(edges, np.where(known, values, edges[0]), side="right") - 1]
    return np.where(known, least, np.nan)


def binned_sql(number: str, table: str, n: int) -> str:
    steps = ", ".join(repr(step / n) for step in range(n))
    edges = f"(SELECT quantile_disc(x, [{steps}]) FROM (SELECT {number} AS x FROM {table}) WHERE isfinite(x))"
    return f"CASE WHEN isfinite({number}) THEN list_max(list_filter({edges}, lambda edge: edge <= {number})) END"


def of_bins(
    n: int, name: str, numbers: Callable[[pd.Series], np.ndarray], back: Callable[[np.ndarray, pd.Series], pd.Series], number: str
) -> Rung:
    """``n`` ranges of equally many rows; ``numbers`` and ``back`` lead to numbers and back, ``number`` is the SQL of one ("{}")."""
    return Rung(
        name,
        f"{n} ranges of about equally many rows",
        lambda column: back(binned(numbers(column), n), column),
        lambda column, table: binned_sql(number.format(column), table, n),
    )
