"""Sentences: mostly several words, and mostly different from row to row."""

import duckdb
import pandas as pd

from metadash.data.columns.facts import Facts, one_row
from metadash.data.columns.kind import ColumnKind, Prepared
from metadash.data.columns.rungs import of_part
from metadash.data.columns.summary import ColumnSummary, example_words, examples, number

MAX_WORDS = 512
"""The most frequent training words kept per text column: more than the few hundred training classes can teach a weight each."""

MOSTLY = 0.5


class Text(ColumnKind):
    """One feature a frequent training word."""

    name, plural = "text", "texts"
    reads_as = "words"
    vocabulary = searched = True
    pattern = r"\S\s+\S"
    rungs = of_part(
        "first word",
        lambda column: column.astype("string").str.extract(r"(\S+)", expand=False),
        lambda column: rf"nullif(regexp_extract(CAST({column} AS VARCHAR), '\S+'), '')",
    )
    guessed_as = "first word"

    def claims(self, facts: Facts) -> bool:
        return facts.share(self.pattern) > MOSTLY and facts.distinct > MOSTLY * facts.present

    def words(self, column: pd.Series) -> pd.Series:
        return column.astype("string").fillna("").str.casefold().str.split().map(lambda words: set(words))

    def is_prose(self, column: pd.Series) -> bool:
        return True

    def prepared(self, column: pd.Series) -> Prepared:
        from metadash.data.columns.scaling import Words

        text = column.astype("string").fillna("").to_numpy(dtype=object)
        return Prepared(text, Words(binary=True, token_pattern=r"\S+", max_features=MAX_WORDS), [])

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        different = f"SELECT count(DISTINCT word) FROM (SELECT unnest(string_split_regex(lower({column}), '\\W+')) AS word FROM {table}) WHERE word <> ''"
        (words,) = one_row(connection, different)
        return {"words": words, "examples": examples(connection, table, column)}

    def in_words(self, summary: ColumnSummary) -> str:
        return (f"{number(summary.words)} different words, " if summary.words else "") + example_words(summary)

    def listed(self, summary: ColumnSummary) -> bool:
        return False
