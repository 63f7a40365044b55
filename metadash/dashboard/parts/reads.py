"""What pages read again on every rerun, kept between reruns.

Each is keyed by the data set's fingerprint and one canonical text (Streamlit does not tell where one text argument ends and the next
begins). What is underscored only computes the answer.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from metadash.canonical import canonical_json, digest
from metadash.data import facets, profile
from metadash.data.columns.summary import ColumnSummary
from metadash.data.dataset import Dataset
from metadash.data.facets import FacetValue, Filter
from metadash.data.literals import identifier
from metadash.data.profile import Shape
from metadash.data.sql.query import QueryResult, run_query, select_ids
from metadash.data.sql.words import Busy, QueryError
from metadash.episodes.pool import PoolTable, pool_table
from metadash.episodes.spec import EpisodeSpec
from metadash.errors import BadInput
from metadash.runs.kinds import check
from metadash.specs.any_spec import Spec
from metadash.specs.check import has_prose

ROWS_OF_A_QUERY = 1000
ONE_FILE = threading.Lock()
"""Files are made one after the other: each takes several times its size while it is."""
BYTES_OF_A_QUERY = 2 * 2**20
"""Of its answer on the page; the file has the rest."""


def summaries(data: Dataset, table: str) -> list[ColumnSummary]:
    return _summaries(data.fingerprint, canonical_json([table]), data)


@st.cache_data(max_entries=64, show_spinner=False)
def _summaries(fingerprint: str, key: str, _data: Dataset) -> list[ColumnSummary]:
    return profile.profile(_data, *json.loads(key))


def shape(data: Dataset, table: str) -> Shape:
    """How many rows and which columns, without a look at any value."""
    return _shape(data.fingerprint, canonical_json([table]), data)


@st.cache_data(max_entries=64, show_spinner=False)
def _shape(fingerprint: str, key: str, _data: Dataset) -> Shape:
    return profile.shape_of(_data, *json.loads(key))


@st.cache_data(max_entries=16, show_spinner=False)
def _coverage(fingerprint: str, _data: Dataset) -> dict[str, float]:
    return profile.coverage(_data)


def coverage(data: Dataset) -> dict[str, float]:
    return _coverage(data.fingerprint, data)


@dataclass(frozen=True)
class Matches:
    """What the filters leave of a table: how many rows, the first of them, and a few instances (instance_id, class_name)."""

    n: int
    rows: pd.DataFrame
    instances: list[tuple[int, str]]


def matches(data: Dataset, table: str, filters: list[Filter], most_rows: int, most_instances: int) -> Matches:
    key = canonical_json([table, [[type(found).__name__, found] for found in filters], most_rows, most_instances])
    return _matches(data.fingerprint, key, data, table, filters, most_rows, most_instances)


@st.cache_data(max_entries=64, show_spinner=False)
def _matches(
    fingerprint: str, key: str, _data: Dataset, _table: str, _filters: list[Filter], _most_rows: int, _most_instances: int
) -> Matches:
    with _data.connect() as connection:
        return Matches(
            facets.count(connection, _table, _filters),
            facets.rows(connection, _table, _filters, _most_rows),
            facets.some_instances(connection, _table, _filters, _most_instances),
        )


def facet_values(data: Dataset, table: str, column: str, filters: list[Filter], kind: str) -> list[FacetValue]:
    key = canonical_json([table, column, kind, [[type(found).__name__, found] for found in filters]])
    return _facet_values(data.fingerprint, key, data, table, column, filters, kind)


@st.cache_data(max_entries=512, show_spinner=False)
def _facet_values(
    fingerprint: str, key: str, _data: Dataset, _table: str, _column: str, _filters: list[Filter], _kind: str
) -> list[FacetValue]:
    with _data.connect() as connection:
        return facets.facet_values(connection, _table, _column, _filters, _kind)


@dataclass(frozen=True)
class Refusal:
    """Why a person's SQL did not run, and the character it stumbled on. Kept like an answer, or a page with slow SQL on it would wait again;
    but not where the server was only busy."""

    message: str
    position: int | None


def pool_ids(data: Dataset, condition: str) -> np.ndarray | Refusal:
    """The classes that meet a person's condition."""
    try:
        return _pool_ids(data.fingerprint, canonical_json([condition]), data)
    except Busy as problem:
        return Refusal(str(problem), None)


@st.cache_data(max_entries=64, max_size="32MB", ttl=600, show_spinner=False)
def _pool_ids(fingerprint: str, key: str, _data: Dataset) -> np.ndarray | Refusal:
    try:
        return select_ids(_data.database, "classes", json.loads(key)[0])
    except Busy:
        raise
    except QueryError as problem:
        return Refusal(str(problem), problem.position)


def answer_of(data: Dataset, sql: str, again: bool = False) -> QueryResult | Refusal:
    """The answer to a person's query; ``again`` forgets the one that is kept."""
    key = canonical_json([sql])
    if again:
        _answer_of.clear(data.fingerprint, key, data)
    try:
        return _answer_of(data.fingerprint, key, data)
    except Busy as problem:
        return Refusal(str(problem), None)


@st.cache_data(max_entries=32, max_size="16MB", ttl=600, show_spinner="Running the query …")
def _answer_of(fingerprint: str, key: str, _data: Dataset) -> QueryResult | Refusal:
    try:
        return run_query(_data.database, json.loads(key)[0], rows=ROWS_OF_A_QUERY, most_bytes=BYTES_OF_A_QUERY)
    except Busy:
        raise
    except QueryError as problem:
        return Refusal(str(problem), problem.position)


def file_of(data: Dataset, sql: str, asked_by: str) -> bytes:
    """The rows of an answer as CSV, as many as ``MOST_BYTES`` hold; asked anew for ``asked_by``, and kept nowhere. Raises QueryError."""
    with ONE_FILE:
        return run_query(data.database, sql, rows=None, seconds=20.0, asked_by=asked_by).frame.to_csv(index=False).encode()


def checked(spec: Spec, data: Dataset) -> None:
    """Raises BadInput where the data cannot serve a run; looked over once for each choice."""
    if problem := _problem(digest(data.fingerprint, spec), spec, data):
        raise BadInput(problem)


@st.cache_data(max_entries=128, show_spinner=False)
def _problem(key: str, _spec: Spec, _data: Dataset) -> str:
    try:
        check(_spec, _data)
    except BadInput as problem:
        return str(problem)
    return ""


def any_prose(data: Dataset, split: str, sources: Sequence[str]) -> bool:
    """Whether the sources hold texts or names, by the training classes of a split."""
    return _any_prose(data.fingerprint, canonical_json([split, list(sources)]), data)


@st.cache_data(max_entries=128, show_spinner=False)
def _any_prose(fingerprint: str, key: str, _data: Dataset) -> bool:
    return has_prose(_data, *json.loads(key))


def pool(data: Dataset, spec: EpisodeSpec) -> PoolTable:
    """The pool of a spec, shared by all sessions: nobody writes into it. Raises BadInput."""
    return _pool(data.fingerprint, canonical_json([spec.pool, spec.strategy, spec.column]), spec, data)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pool(fingerprint: str, key: str, _spec: EpisodeSpec, _data: Dataset) -> PoolTable:
    return pool_table(_data, _spec)


def rows_by_id(data: Dataset, table: str, ids: list[int], columns: list[str]) -> pd.DataFrame:
    """These columns of some classes or instances, indexed by id."""
    return _rows_by_id(data.fingerprint, canonical_json([table, ids, columns]), data)


@st.cache_data(max_entries=128, show_spinner=False)
def _rows_by_id(fingerprint: str, key: str, _data: Dataset) -> pd.DataFrame:
    table, ids, columns = json.loads(key)
    identity = {"classes": "class_id", "instances": "instance_id"}[table]
    names = ", ".join(map(identifier, [identity, *columns]))
    return _data.frame(f"SELECT {names} FROM {table} WHERE {identity} IN (SELECT unnest(?))", [ids]).set_index(identity)
