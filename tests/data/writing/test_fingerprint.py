"""The fingerprint is the one that it always was, whoever holds the rows and however they are read: stored runs lean on it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.data.writing import fingerprint, rows
from metadash.data.writing.fingerprint import fingerprint_of, row_hashes
from metadash.data.writing.rows import ParquetRows
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, tiny_classes, tiny_instances, tiny_splits

N = 50
NUMBERS = np.random.default_rng(0).integers(-5, 5, N)


def some(values: list) -> list:
    return [values[i % len(values)] for i in NUMBERS]


COLUMNS = {
    "whole": NUMBERS,
    "short": NUMBERS.astype(np.int8),
    "float": np.where(NUMBERS > 2, np.nan, NUMBERS / 3),
    "single": (NUMBERS / 3).astype(np.float32),
    "zeros": np.where(NUMBERS > 0, 0.0, -0.0),
    "truth": NUMBERS > 0,
    "truth with holes": pd.Series(some([True, None, False]), dtype="object"),
    "nullable": pd.array(some([1, None, 3]), dtype="Int64"),
    "text": pd.array(some(["a", "b", None, "", "é\U0001f600"]), dtype="str"),
    "every text": pd.array([f"text {i}" for i in range(N)], dtype="str"),
    "no text": pd.array([None] * N, dtype="str"),
    "text of objects": pd.Series(some(["a", None, "b"]), dtype="object"),
    "nothing": pd.Series([None] * N, dtype="object"),
    "mixed, the number late": pd.Series(["x"] * (N - 1) + [7], dtype="object"),
    "numbers as objects": pd.Series([1, 2] * (N // 2), dtype="object"),
    "lists": pd.Series([["a", "b"]] * 3 + [None] * (N - 3), dtype="object"),
    "vectors": pd.Series([np.arange(3.0) + i for i in range(N)], dtype="object"),
    "records": pd.Series([{"a": i} for i in range(N)], dtype="object"),
    "time": pd.Timestamp("2001-01-01") + pd.to_timedelta(NUMBERS, unit="h"),
    "time with a zone": (pd.Timestamp("2001-01-01", tz="Asia/Tokyo") + pd.to_timedelta(NUMBERS, unit="h")),
    "duration": pd.to_timedelta(NUMBERS, unit="h"),
    "category": pd.Categorical(some(["x", "y", None])),
}


def reference(frame: pd.DataFrame) -> np.ndarray:
    """How the first versions hashed a table: whole."""

    def as_text(value: object) -> object:
        return repr(np.asarray(value).tolist()) if isinstance(value, (list, tuple, np.ndarray)) else value

    flat = frame.apply(lambda column: column.map(as_text) if column.dtype == object else column)
    return pd.util.hash_pandas_object(flat, index=False, categorize=False).to_numpy()


@pytest.fixture(params=[7, 2**17], ids=["in pieces", "at once"])
def piecewise(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", request.param)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_column_of_any_type_is_hashed_as_pandas_hashes_it_whole(name: str, piecewise: None) -> None:
    frame = pd.DataFrame({"first": np.arange(N), name: COLUMNS[name], "last": pd.array(["z"] * N, dtype="str")})
    assert np.array_equal(np.concatenate(list(row_hashes(frame))), reference(frame))


def test_all_columns_together_and_rows_in_another_order_too(piecewise: None) -> None:
    frame = pd.DataFrame(COLUMNS).sample(frac=1, random_state=0)
    assert np.array_equal(np.concatenate(list(row_hashes(frame))), reference(frame))


def test_the_fingerprint_of_a_data_set_is_what_the_first_versions_gave_it(piecewise: None) -> None:
    tables = tiny_classes(), tiny_instances(), tiny_splits(tiny_classes())
    inputs = np.arange(12, dtype=np.float32).reshape(3, 4)
    content = hashlib.sha256()
    for frame in tables:
        content.update("|".join(frame.columns).encode() + reference(frame).tobytes())
    content.update(f"{inputs.dtype}{inputs.shape}".encode() + inputs.tobytes())
    content.update(json.dumps([asdict(source) for source in CLASS_SOURCES], sort_keys=True).encode())
    classes, instances, splits = tables
    assert fingerprint_of(classes, instances, inputs, splits, CLASS_SOURCES) == content.hexdigest()[:20]


def test_the_glyphs_keep_their_fingerprint(glyphs_workspace: Workspace) -> None:
    assert open_dataset(glyphs_workspace, "glyphs").fingerprint == "3f184d6d23ef2ba00dfd"


def test_rows_in_a_file_are_hashed_as_the_same_rows_in_memory(tiny: Dataset, tmp_path: Path, piecewise: None) -> None:
    frame = tiny_instances().drop(columns="blank")
    frame["count"] = pd.array(some([1, None, 3]) * (len(frame) // N), dtype="Int64")
    frame["sure"] = pd.array(some([True, None, False]) * (len(frame) // N), dtype="boolean")
    frame["tags"] = some([["a", "b"], ["c"]]) * (len(frame) // N)
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    told = ParquetRows(tmp_path / "rows.parquet")
    assert len(told) == len(frame) and "site" in told and told["site"].equals(frame["site"])
    assert np.array_equal(np.concatenate(list(row_hashes(told))), np.concatenate(list(row_hashes(frame))))


def test_a_piece_is_all_that_is_read_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 100)
    tiny_instances().to_parquet(tmp_path / "rows.parquet", index=False)
    longest = []
    hashed = fingerprint.hashed
    monkeypatch.setattr(fingerprint, "hashed", lambda column: longest.append(len(column)) or hashed(column))
    list(row_hashes(ParquetRows(tmp_path / "rows.parquet")))
    assert max(longest) == 100
