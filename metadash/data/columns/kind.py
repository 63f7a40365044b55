"""What a kind of metadata column is: one class says how it is told, encoded, summarised, searched, blurred, typed in and audited."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.rungs import WITHHELD, Rung
from metadash.data.columns.summary import ColumnSummary, example_words, examples, most_frequent, top_words
from metadash.data.literals import Value

ADDED, REPLACED = "added noise", "random replacement"
"""The two ways in which chance can blur a column: numbers are moved, other values now and then replaced."""

MOST_LISTED = 1000


class Prepared(NamedTuple):
    """A column as scikit-learn wants it: ``values`` [R] or [R, d], the ``transformer`` that fits its kind (not yet fitted), and the
    features' ``names`` where the transformer does not know better."""

    values: np.ndarray
    transformer: Any
    names: list[str]


class ColumnKind(ABC):
    """A kind of column. What is not said by a kind is that of a column of plain values, as categories are.

    ``column`` is a pandas Series with what is missing in it, or, in the methods whose names end in ``sql`` and in ``summarise``, SQL
    text of a column (an identifier). Nothing here may import scikit-learn but ``prepared``, when it is called. A kind that says how it
    ``reads_as``, or that it ``ages``, must have what that takes, else Python refuses to define it (TypeError).
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        takes = [cls.reads_as] if cls.reads_as in ("words", "numbers", "vectors") else []
        for method in [*takes, *(["older"] if cls.ages else [])]:
            if getattr(cls, method) is getattr(ColumnKind, method):
                raise TypeError(f"{cls.__name__} needs the method '{method}' for what it says of itself.")

    name: ClassVar[str]
    plural: ClassVar[str] = "values"
    """What a column of the kind holds, in an error: ``'size' holds numbers; 'big' is not one.``"""

    # --- told ---------------------------------------------------------------------------------------------------------------

    pattern: ClassVar[str] = ""
    """A regular expression that ``claims`` may ask the share of (Python's and RE2's are searched alike, over ASCII classes)."""

    @abstractmethod
    def claims(self, facts: Facts) -> bool:
        """Whether a column of these facts, with at least one value, is of this kind, unless one before it in the registry claims it."""

    # --- read ---------------------------------------------------------------------------------------------------------------

    reads_as: ClassVar[Literal["values", "words", "numbers", "vectors", "nothing"]] = "values"
    """How rows compare: equal or not, by words in common, by distance, by angle. Audit, maps and probes ask this, never the name."""

    vocabulary: ClassVar[bool] = False
    """Whether values or words come from an open list, so that a new row may have one that training has not seen."""
    groups: ClassVar[bool] = True
    """Whether equal values put rows together: tasks of siblings, groups to hide in, what a probe guesses."""
    embeds: ClassVar[bool] = False
    """Whether such values usually come from a model that was trained elsewhere, perhaps on the test classes."""
    counts: ClassVar[bool] = False
    """Whether a whole number may count the rows, as an id does."""

    def words(self, column: pd.Series) -> pd.Series:
        """For each row the set of its words or labels, an empty one where it is missing (``reads_as`` words)."""
        raise TypeError(f"A column of the kind {self.name} does not read as words.")

    def numbers(self, column: pd.Series) -> np.ndarray:
        """[R] floats, NaN where missing or infinite (``reads_as`` numbers)."""
        raise TypeError(f"A column of the kind {self.name} does not read as numbers.")

    def from_numbers(self, numbers: np.ndarray, column: pd.Series) -> pd.Series:
        """What ``numbers`` [R] mean, in the place of ``column``."""
        return pd.Series(numbers, column.index, name=column.name)

    def vectors(self, column: pd.Series) -> np.ndarray:
        """[R, d] floats, NaN where missing (``reads_as`` vectors)."""
        raise TypeError(f"A column of the kind {self.name} does not read as vectors.")

    # --- encoded ------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def prepared(self, column: pd.Series) -> Prepared:
        """For the encoder, which fits the transformer on training rows. What stands where a value is missing does not matter. Raises BadInput."""

    def is_prose(self, column: pd.Series) -> bool:
        """Whether the values of a column are texts or names, of which an encoder of texts could make something for rows it has not seen."""
        return False

    # --- summarised ---------------------------------------------------------------------------------------------------------

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        """What a ColumnSummary says besides counts, by its fields' names."""
        return {"top": most_frequent(connection, table, f"CAST({column} AS VARCHAR)")}

    def in_words(self, summary: ColumnSummary) -> str:
        """What a column holds in one short line, for the cell of a table."""
        if summary.identifies and self.vocabulary:
            return "a different value in every row"
        more = summary.distinct - len(summary.top)
        return top_words(summary) + (f" and {more:,} more".replace(",", "\u202f") if more > 0 else "")

    # --- found by facets and the search bar ---------------------------------------------------------------------------------

    searched: ClassVar[bool] = False
    """Whether a word in the search bar is looked for in it."""
    several: ClassVar[bool] = False
    """Whether a row may have several of the values listed."""
    ranged: ClassVar[bool] = False
    """Whether a slider may narrow it, from ``ordered_sql`` at least to at most ``bound_sql``."""
    dated: ClassVar[bool] = False
    """Whether the ends of a range are dates."""
    range_only: ClassVar[str] = ""
    """For a kind that is asked for by a range and never by values, an example of one."""

    def listed(self, summary: ColumnSummary) -> bool:
        """Whether its values, known to be shared between rows, are few enough to be chosen from a list."""
        return summary.distinct <= MOST_LISTED

    def listed_sql(self, column: str) -> str:
        """The value, or values, that a row has in the list."""
        return column

    def any_of_sql(self, column: str, values: list[str]) -> str:
        """The condition that a row has one of ``values`` (SQL texts, at least one)."""
        return f"{column} = {values[0]}" if len(values) == 1 else f"{column} IN ({', '.join(values)})"

    def ordered_sql(self, column: str) -> str:
        return column

    def bound_sql(self, bound: str) -> str:
        return bound

    def bound(self, text: str) -> Value:
        """What stands in a filter for a text that was typed. Raises ValueError where it is none."""
        return self.read(text)

    # --- typed in -----------------------------------------------------------------------------------------------------------

    typed: ClassVar[bool] = True
    """Whether a person can write a value by hand."""

    def read(self, text: str, column: pd.Series | None = None) -> Any:
        """What a person wrote, as a value (of ``column``, where its own form matters). Raises ValueError where it is none."""
        return text

    # --- made less exact ----------------------------------------------------------------------------------------------------

    rungs: ClassVar[tuple[Rung, ...]] = ()
    """Every rung that the kind has besides "as it is" and "withheld". A name means the same wherever it stands."""
    noise: ClassVar[str] = ""
    """ADDED (to ``numbers``), REPLACED or none."""
    unit: ClassVar[str] = ""
    """What noise is stated in, where it is not the column's own unit, and how many of ``numbers`` make one."""
    per_unit: ClassVar[float] = 1.0
    guessed_as: ClassVar[str] = ""
    """The rung on which a probe guesses a column that has nearly as many values as rows."""
    ages: ClassVar[bool] = False
    """Whether it can be out of date."""

    def ladder(self, column: pd.Series) -> tuple[Rung, ...]:
        """The rungs of this column, from the most exact down."""
        return (*self.rungs, WITHHELD)

    def older(self, column: pd.Series, days: float) -> pd.Series:
        """As it was so many days ago (where it ``ages``)."""
        raise TypeError(f"A column of the kind {self.name} does not grow old.")


class ShownByExamples(ColumnKind):
    """A kind whose values are told by examples, since hardly two rows share one."""

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return {"examples": examples(connection, table, f"CAST({column} AS VARCHAR)")}

    def in_words(self, summary: ColumnSummary) -> str:
        return example_words(summary)

    def listed(self, summary: ColumnSummary) -> bool:
        return False
