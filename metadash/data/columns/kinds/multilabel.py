"""Several labels a row, joined in one text."""

import duckdb
import pandas as pd

from metadash.data.columns.facts import Facts, quoted
from metadash.data.columns.kind import REPLACED, ColumnKind, Prepared
from metadash.data.columns.rungs import of_part
from metadash.data.columns.summary import ColumnSummary, most_frequent, top_words

SEPARATOR = "; "
"""Between the labels of a multi-label column."""


def labels_of(text: str) -> list[str]:
    return [label for label in text.split(SEPARATOR) if label]


class MultiLabel(ColumnKind):
    """One feature a training label; likeness is the share of labels in common."""

    name = "multilabel"
    reads_as = "words"
    vocabulary = searched = several = True
    pattern = SEPARATOR
    rungs = of_part(
        "first label",
        lambda column: column.astype("string").str.split(SEPARATOR, regex=False).str[0],
        lambda column: f"split_part({column}, '{SEPARATOR}', 1)",
    )
    noise, guessed_as = REPLACED, "first label"

    def claims(self, facts: Facts) -> bool:
        return facts.share(self.pattern) > 0

    def split_sql(self, column: str) -> str:
        """A row's labels as a list."""
        return f"string_split({column}, {quoted(SEPARATOR)})"

    def words(self, column: pd.Series) -> pd.Series:
        text = column.astype("string").fillna("").astype(object)  # of strings, Arrow makes lists out of sets
        return text.map(lambda text: set(labels_of(text)))

    def prepared(self, column: pd.Series) -> Prepared:
        from metadash.data.columns.scaling import Words

        text = column.astype("string").fillna("").to_numpy(dtype=object)
        return Prepared(text, Words(binary=True, tokenizer=labels_of, token_pattern=None, lowercase=False), [])

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return {"top": most_frequent(connection, table, f"unnest({self.split_sql(column)})")}

    def in_words(self, summary: ColumnSummary) -> str:
        if not summary.top:
            return "no label in any row"
        return "a different value in every row" if summary.identifies else top_words(summary)

    def listed_sql(self, column: str) -> str:
        return f"unnest(CASE WHEN {column} IS NULL THEN [NULL] ELSE list_distinct({self.split_sql(column)}) END)"

    def any_of_sql(self, column: str, values: list[str]) -> str:
        return f"list_has_any({self.split_sql(column)}, [{', '.join(values)}])"
