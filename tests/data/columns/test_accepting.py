"""The door: what people hold in a column is stored as a type that everything else understands, or refused in one sentence that names it."""

import datetime as dt
import decimal
import enum
import fractions
from pathlib import PurePosixPath

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from metadash.data.columns.accepting.accepting import accepted
from metadash.data.columns.accepting.from_duckdb import frame_of
from metadash.data.columns.registry import kind_of
from metadash.data.columns.storing import store
from metadash.data.dataset import Dataset
from metadash.data.profile import profile
from metadash.data.tables import numbered
from metadash.data.writing.grouping import check_groups
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_classes, tiny_instances, write_tiny


def objects(*values: object) -> pd.Series:
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return pd.Series(held, dtype=object)


def arrow(type: pa.DataType, *values: object) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, type=type)))


class Colour(enum.Enum):
    RED = 1


UNDERSTOOD = {
    "months": (pd.Series(pd.period_range("2020-01", periods=2, freq="M")), "timestamp"),
    "ranges": (pd.Series(pd.interval_range(0, 2)), "categorical"),
    "sparse": (pd.Series(pd.arrays.SparseArray([0, 0, 1.5])), "numeric"),
    "long doubles": (pd.Series([1, 2], dtype="longdouble"), "numeric"),
    "categories of ranges": (pd.Series(pd.cut(range(4), 2)), "categorical"),
    "truths of NumPy": (objects(np.bool_(True), np.bool_(False)), "boolean"),
    "numbers of NumPy": (objects(np.int64(1), np.float32(2.5)), "numeric"),
    "fractions and decimals": (objects(fractions.Fraction(1, 3), decimal.Decimal("0.1")), "numeric"),
    "decimals that are infinite": (objects(decimal.Decimal("Infinity"), decimal.Decimal("NaN"), decimal.Decimal("0.1")), "numeric"),
    "decimals far apart": (objects(decimal.Decimal("1e-30"), decimal.Decimal("2e20")), "numeric"),
    "truths and numbers": (objects(True, 3), "categorical"),
    "close and huge": (objects(2**70, 2**70 + 1), "categorical"),
    "huge and apart": (objects(2**70, 2**71), "numeric"),
    "several zones": (objects(pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2021", tz="Asia/Tokyo")), "timestamp"),
    "clocks of a zone": (objects(dt.time(1, tzinfo=dt.UTC)), "categorical"),
    "times long ago": (pd.Series(np.array(["-5000-01-01", "2000-01-01"], dtype="datetime64[s]")), "timestamp"),
    "sets": (objects({"b", "a"}, frozenset({"c"})), "tags"),
    "decimals that signal in lists": (objects(["a", decimal.Decimal("sNaN")], [decimal.Decimal("2.5")]), "tags"),
    "a tag beside lists": (objects(["a"], "b"), "tags"),
    "arrays of texts": (objects(np.array(["a", "b"]), np.array(["c"])), "tags"),
    "lists without a label": (objects([], [None]), "tags"),
    "vectors with a gap": (objects([1.0, None], [2.0, 3.0]), "vector"),
    "planes": (objects(np.ones((2, 2)), np.ones((2, 2))), "record"),
    "byte arrays": (objects(bytearray(b"a"), memoryview(b"b")), "record"),
    "constants": (objects(Colour.RED), "categorical"),
    "paths": (objects(PurePosixPath("a/b")), "categorical"),
    "lists of Arrow": (arrow(pa.list_(pa.string()), ["a"], None), "tags"),
    "vectors of Arrow": (arrow(pa.list_(pa.float32(), 2), [1, 2]), "vector"),
    "maps of Arrow": (arrow(pa.map_(pa.string(), pa.int64()), [("a", 1)]), "record"),
    "halves of Arrow": (arrow(pa.float16(), np.float16(1)), "numeric"),
    "long decimals of Arrow": (arrow(pa.decimal256(60, 2), decimal.Decimal("1.25")), "numeric"),
}  # fmt: skip
REFUSED = {
    "complex numbers": (pd.Series([1j]), "type complex"),
    "complex numbers in lists": (objects(["a"], [1j]), "type complex .row 1."),
    "functions": (objects("a", len), "type builtin_function_or_method .row 1."),
    "tables in a table": (objects(pd.DataFrame({"a": [1]})), "type pandas.DataFrame"),
    "half a character": (objects("a", "b\ud800"), r"half of a character .\\ud800. in row 1"),
    "half a character in a list": (objects(["a"], ["\ud800"]), "half of a character"),
    "times with and without a zone": (objects(pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020")), "times without one"),
    "lists and numbers": (objects(["a"], 2), "lists in some rows and numbers in others"),
    "records and texts": (objects({"a": 1}, "b"), "records in some rows and texts in others"),
    "records with a field of no name": (objects({"a": 1}, {"": 2}), "no name .row 1."),
    "months of Arrow": (arrow(pa.month_day_nano_interval(), (1, 2, 3)), "intervals of months"),
    "times beyond any calendar": (pd.Series(np.array([2**62], dtype="datetime64[s]")), "no calendar reaches"),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_a_column_of_any_type_is_stored_and_told_alike_by_pandas_and_by_sql(name: str, own_workspace: Workspace) -> None:
    column, kind = UNDERSTOOD[name]
    data = with_column(own_workspace, column)
    (summary,) = [summary for summary in profile(data, "classes") if summary.name == "v"]
    assert (kind_of(data.classes["v"]).name, summary.kind) == (kind, kind)


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_data_set_stores_is_refused_by_its_column(name: str, own_workspace: Workspace) -> None:
    column, words = REFUSED[name]
    with pytest.raises(BadInput, match=words) as problem:
        with_column(own_workspace, column)
    assert "column 'v' of the table classes" in one_sentence(problem.value)
    assert [path.name for path in own_workspace.datasets.iterdir() if "with" in path.name] == []


@pytest.mark.parametrize("held", [objects({"a": 1}), arrow(pa.struct([("a", pa.int64())]), {"a": 1}), objects(["a"])])
def test_rows_are_not_put_together_by_lists_or_records_however_they_are_held(held: pd.Series) -> None:
    with pytest.raises(BadInput, match="'v' of the table classes holds lists or records") as problem:
        check_groups("v", "classes", accepted(pd.DataFrame({"v": held}), "classes"))
    assert one_sentence(problem.value)


def with_column(workspace: Workspace, column: pd.Series) -> Dataset:
    classes = tiny_classes()
    classes["v"] = pd.concat([column] * len(classes), ignore_index=True)[: len(classes)]
    return write_tiny(workspace, "with-v", classes=classes)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (("0.1", "NaN"), [decimal.Decimal("0.1"), None]),
        (("0.1", "NaN", "-Infinity"), [0.1, None, -np.inf]),
        (("1e-30", "2e20"), [1e-30, 2e20]),
    ],
)
def test_decimals_keep_their_digits_and_what_is_no_number_is_missing(written: tuple[str, ...], stored: list) -> None:
    held = pd.DataFrame({"v": objects(*map(decimal.Decimal, written))})
    with duckdb.connect() as connection:
        connection.register("held", accepted(held, "t"))
        assert [row[0] for row in connection.execute("SELECT v FROM held").fetchall()] == stored


def test_records_of_several_types_are_stored_beside_a_column_of_arrow() -> None:
    mixed = objects({"a": "x"}, {"a": 1}, {"a": 2.5}, {})
    frame = pd.DataFrame({"r": mixed, "s": arrow(pa.int32(), 1, 2, None, 4)})
    with duckdb.connect() as connection:
        store(connection, "t", frame)
        assert [row[0] for row in connection.execute("SELECT s FROM t").fetchall()] == [1, 2, None, 4]
        assert [row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE t)").fetchall()] == ["r", "s"]


def test_sets_are_stored_in_an_order_of_their_own() -> None:
    assert accepted(pd.DataFrame({"v": objects({"b", "a", "c"})}), "t")["v"][0] == ["a", "b", "c"]


def test_what_can_be_stored_passes_as_it_is() -> None:
    for frame in (tiny_classes(), tiny_instances()):
        assert accepted(frame, "t") is frame


def test_columns_are_texts_and_have_names() -> None:
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("size", "mean"), ("size", "least")]))
    assert accepted(levels, "t").columns.tolist() == ["size mean", "size least"]
    assert accepted(pd.DataFrame([[1, 2]]), "t").columns.tolist() == ["0", "1"]
    with pytest.raises(BadInput, match="Column 1 of the table t has no name"):
        accepted(pd.DataFrame([[1, 2]], columns=["a", " "]), "t")


def test_an_index_that_has_a_name_is_a_column() -> None:
    classes = pd.DataFrame({"colour": ["red", "blue"]}, index=pd.Index(["a", "b"], name="class_name"))
    rows, instances = numbered(classes, pd.DataFrame({"w": [1, 2, 3]}, index=pd.Index(["b", "a", "b"], name="class_name")))
    assert rows["class_name"].tolist() == ["a", "b"] and instances["class_id"].tolist() == [1, 0, 1]


def test_names_of_classes_are_texts() -> None:
    classes = pd.DataFrame({"class_name": [10, 20]})
    rows, instances = numbered(classes, pd.DataFrame({"class_name": [20, 10]}))
    assert rows["class_name"].tolist() == ["10", "20"] and instances["class_id"].tolist() == [1, 0]
    with pytest.raises(BadInput, match="a class needs a text for its name"):
        numbered(pd.DataFrame({"class_name": objects(["a"], ["b"]), "class_id": [0, 1]}), pd.DataFrame({"class_id": [0, 1]}))


@pytest.mark.parametrize("name", ["../x", ".x", "a/b", "", "a b", "x" * 300, "a\x00"])
def test_a_data_set_cannot_be_named_out_of_its_folder(name: str, own_workspace: Workspace) -> None:
    before = sorted(path.name for path in own_workspace.root.rglob("*"))
    with pytest.raises(BadInput, match="data set") as problem:
        write_tiny(own_workspace, name)
    assert one_sentence(problem.value)
    assert sorted(path.name for path in own_workspace.root.rglob("*")) == before


def test_every_type_of_duckdb_is_read_or_refused_by_its_column() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT CAST(2 AS UHUGEINT) AS a, CAST('170141183460469231731687303715884' AS BIGNUM) AS b, "
            "CAST('01:02:03+05' AS TIMETZ) AS c, CAST(5 AS BIT) AS d, DATE 'infinity' AS e, TIMESTAMP '-infinity' AS f, "
            "CAST('POINT(1 2)' AS GEOMETRY) AS g, DATE '0044-03-15 (BC)' AS h, [1, NULL]::INTEGER[] AS i"
        )
        found = accepted(frame_of(connection, "t"), "t")
        assert found["a"].tolist() == [2] and int(found["b"][0]) == int(float(170141183460469231731687303715884))
        assert found["c"].tolist() == ["01:02:03+05"] and found["d"][0].endswith("101") and found["g"].tolist() == ["POINT (1 2)"]
        assert found[["e", "f"]].isna().all(axis=None) and found["h"].notna().all() and found["i"].tolist() == [[1, None]]
        connection.execute("CREATE TABLE far AS SELECT DATE '5881580-07-10' AS v")
        with pytest.raises(BadInput, match="column 'v' of the table far is of DuckDB's type DATE") as problem:
            frame_of(connection, "far")
        assert one_sentence(problem.value)
