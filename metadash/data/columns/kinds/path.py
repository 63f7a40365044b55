"""Places in a taxonomy, written from the root down: ``animal/bird/wren``, ``Animalia > Chordata > Aves``, ``animal | bird | wren``; with a
bar before the root (``/bird``) of any depth."""

import re
from collections.abc import Iterable

import duckdb
import numpy as np
import pandas as pd

from metadash.data.columns.facts import Facts
from metadash.data.columns.kind import ColumnKind, Prepared
from metadash.data.columns.rungs import Rung
from metadash.data.columns.summary import ColumnSummary, most_frequent, top_words

STEP = r"\s*[/>|]\s*"
NODE = r"(?:[A-Za-z]|[^\x00-\x7F])(?:[^/>|.]|\.\s)*"
"""Begins with a letter, and ends in nothing like a file's ``.png``: addresses, dates, units and files are no taxonomies."""
APART = r"(?:[/>]\s*|\s\|\s+)"
"""A bar joins labels of one row more often than nodes, unless spaces stand around it."""
MOSTLY = 0.95


def nodes_of(text: str) -> list[str]:
    """Each node on the way as the path to it, so that two nodes of one name under different parents stay two.

    >>> nodes_of("animal > bird > wren")
    ['animal', 'animal/bird', 'animal/bird/wren']
    """
    steps = [part.strip() for part in re.split(STEP, text) if part.strip()]
    return ["/".join(steps[: depth + 1]) for depth in range(len(steps))]


def paths_of(names: pd.Series, parents: pd.Series) -> pd.Series:
    """The path to each row's parent, from a column that names it; another row may be that: ``/animal/bird`` of ``wren``, where ``bird``
    is a row below ``animal``.

    A row itself is no part of its path, since its name says nothing of others; siblings have the same one. A row without a parent is a
    root, and its path is missing; a ring of parents ends where it begins to repeat. Names are written so that each stays one node.
    """
    above = {str(name): None if pd.isna(parent) else str(parent) for name, parent in zip(names, parents, strict=True)}

    def path(name: str) -> str | None:
        steps = [name]
        while (parent := above.get(steps[-1])) and parent not in steps:
            steps.append(parent)
        return "".join(f"/{as_node(step)}" for step in reversed(steps[1:])) or None

    return pd.Series([path(str(name)) for name in names], names.index, dtype=object)


def as_node(name: str) -> str:
    """A name as one node of a path: signs that stand between nodes, or that no node has, become others that look like them."""
    text = re.sub(r"\.(?!\s)", "․", name.strip().translate(str.maketrans("/>|", "∕›¦")))
    return text if re.match(NODE, text) else f"·{text}"


def cut(column: pd.Series, least: int, most: int) -> pd.Series:
    """The node of each path that is the last between two depths; nothing where there is none."""

    def shorter(text: str) -> str | None:
        nodes = nodes_of(text)[least:most]
        return nodes[-1] if nodes else None

    return column.map(shorter, na_action="ignore").astype(object)


def parts_sql(column: str) -> str:
    return f"list_filter(list_transform(string_split_regex({column}, '[/>|]'), lambda part: trim(part)), lambda part: part <> '')"


TO_PARENT = Rung(
    "parent",
    "the node above",
    lambda column: cut(column, 0, -1),
    lambda column, _: f"nullif(array_to_string({parts_sql(column)}[:-2], '/'), '')",
)
TO_ROOT = Rung(
    "root",
    "the uppermost node",
    lambda column: cut(column, 0, 1),
    lambda column, _: f"{parts_sql(column)}[1]",
)


class Path(ColumnKind):
    """A feature for each node that training rows lie below, the depth, and how many training rows are siblings. Of a node that training has
    not seen those above it still speak: it backs off to its nearest known ancestor."""

    name, plural = "path", "paths such as animal/bird/wren"
    reads_as = "words"
    vocabulary = searched = several = True
    pattern = rf"^(?:\s*{NODE}(?:{APART}{NODE}){{2,}}|(?:/{NODE})+)$"
    rungs = (TO_PARENT, TO_ROOT)
    guessed_as = "parent"

    def claims(self, facts: Facts) -> bool:
        return facts.share(self.pattern) >= MOSTLY

    def words(self, column: pd.Series) -> pd.Series:
        text = column.astype("string").fillna("").astype(object)
        return text.map(lambda text: set(nodes_of(text)))

    def prepared(self, column: pd.Series) -> Prepared:
        return Prepared(column.astype("string").fillna("").to_numpy(dtype=object), Nodes(), [])

    def summarise(self, connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict:
        return {"top": most_frequent(connection, table, f"{parts_sql(column)}[1]")}

    def in_words(self, summary: ColumnSummary) -> str:
        return top_words(summary)

    def listed(self, summary: ColumnSummary) -> bool:
        return True

    def listed_sql(self, column: str) -> str:
        within = f"list_transform(range(1, len({parts_sql(column)}) + 1), lambda depth: array_to_string({parts_sql(column)}[:depth], '/'))"
        return f"unnest(CASE WHEN {column} IS NULL THEN [NULL] ELSE {within} END)"

    def any_of_sql(self, column: str, values: list[str]) -> str:
        whole = f"array_to_string({parts_sql(column)}, '/')"
        return "(" + " OR ".join(f"starts_with({whole} || '/', {value} || '/')" for value in values) + ")"


class Nodes:
    """Fitted on paths [R]: features [R, nodes + 2], a one for each node on the way that training knows;
    the depth over the deepest; and the share of training rows below the same parent."""

    def fit(self, paths: np.ndarray) -> "Nodes":
        found = [nodes_of(path) for path in paths]
        self.nodes = sorted({node for nodes in found for node in nodes})
        self.place = {node: place for place, node in enumerate(self.nodes)}
        self.deepest = max((len(nodes) for nodes in found), default=1) or 1
        parents = [nodes[-2] if len(nodes) > 1 else "" for nodes in found]
        self.siblings = {parent: parents.count(parent) / len(parents) for parent in set(parents)}
        return self

    def transform(self, paths: np.ndarray) -> np.ndarray:
        found = np.zeros((len(paths), len(self.nodes) + 2), dtype=np.float32)
        for row, path in enumerate(paths):
            nodes = nodes_of(path)
            found[row, [self.place[node] for node in known(nodes, self.place)]] = 1
            found[row, -2] = len(nodes) / self.deepest
            found[row, -1] = self.siblings.get(nodes[-2] if len(nodes) > 1 else "", 0.0)
        return found

    def get_feature_names_out(self) -> list[str]:
        return [*self.nodes, "depth", "siblings"]


def known(nodes: Iterable[str], place: dict[str, int]) -> list[str]:
    return [node for node in nodes if node in place]
