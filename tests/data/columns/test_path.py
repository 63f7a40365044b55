"""Taxonomies as metadata: which columns are paths, what a learner is told of them, and that SQL and pandas agree."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.kinds.path import TO_PARENT, TO_ROOT, Path, nodes_of, paths_of
from metadash.data.columns.registry import kind_in, kind_of
from metadash.data.dataset import Source
from metadash.metadata.encoder import encode

PATHS = [
    "animal/bird/wren",
    "animal/bird/tit",
    "animal/mammal/fox",
    "plant/tree/oak",
    "animal/bird/robin",
    "plant/grass/rye",
    None,
]
TRAIN = np.arange(4)
BIRDS = "'animal/bird'"


@pytest.mark.parametrize(
    ("values", "is_path"),
    [
        (["animal/bird/wren", "animal/bird/tit"], True),
        (["Animalia > Chordata > Aves", "Plantae > Rosids > Fagales"], True),
        (["Ökologie | Vögel | Zaunkönig", "Ökologie | Bäume | Eiche"], True),
        (["/bird", "/animal/bird"], True),
        (["/m/01g317", "/m/0dzct"], False),
        (["http://a.example/b/c", "http://a.example/b/d"], False),
        (["images/bird/wren.png", "images/bird/tit.png"], False),
        (["2020/01/02", "2021/02/03"], False),
        (["and/or", "he/she"], False),
        (["Action|Comedy|Drama", "Action|Thriller|War"], False),
        (["one; two/three/four", "five"], False),
    ],
)
def test_a_column_is_a_taxonomy_only_where_nearly_every_row_is_a_path_of_names(values: list[str], is_path: bool) -> None:
    column = pd.Series(values * 3)
    with duckdb.connect() as connection:
        connection.register("told", column.to_frame("x"))
        in_sql = kind_in(connection, "told", '"x"', "VARCHAR")[0].name
    assert (kind_of(column).name == "path") == (in_sql == "path") == is_path


def encoded(paths: list[str | None] = PATHS):
    (found,) = encode(pd.DataFrame({"x": paths}), (Source("s", "class", ("x",)),), TRAIN)
    return found, [feature.removeprefix("x: ") for feature in found.features]


def test_a_node_that_training_has_not_seen_is_told_by_those_above_it() -> None:
    found, names = encoded()

    def told(row: int) -> set[str]:
        return {
            name for name, value in zip(names, found.vectors[row], strict=True) if value and name not in ("depth", "siblings")
        }

    assert told(0) == {"animal", "animal/bird", "animal/bird/wren"}
    assert told(4) == {"animal", "animal/bird"} and told(5) == {"plant"} and not found.present[6]
    siblings, depth = (found.vectors[:, names.index(name)] for name in ("siblings", "depth"))
    assert siblings[4] == siblings[0] == 0.5 and siblings[5] == 0 and set(depth[:6]) == {1}
    deeper, _ = encoded(["animal/bird/wren", "animal/bird/tit/blue", *PATHS[2:]])
    assert deeper.vectors[0, -2] == 0.75


def test_paths_of_test_rows_change_nothing_for_training_rows() -> None:
    one, other = encoded()[0], encoded([*PATHS[:4], "fungus/cap/fly", "animal/bird/wren/small", "plant/a/b"])[0]
    assert one.features == other.features and np.array_equal(one.vectors[TRAIN], other.vectors[TRAIN])


def test_nodes_of_one_name_under_two_parents_are_two() -> None:
    assert nodes_of("a > x") == ["a", "a/x"] and nodes_of(" b|x ") == ["b", "b/x"] and nodes_of("") == []


def test_a_column_of_parents_becomes_paths_and_a_ring_ends() -> None:
    names, parents = pd.Series(["wren", "bird", "animal", "egg", "hen"]), pd.Series(["bird", "animal", None, "hen", "egg"])
    assert paths_of(names, parents).tolist() == ["/animal/bird", "/animal", None, "/hen", "/egg"]
    assert nodes_of("/animal/bird") == ["animal", "animal/bird"]


def test_a_name_is_one_node_of_a_path_whatever_is_in_it() -> None:
    names = pd.Series(["and/or", "St. Bernard", "U.S.A.", "3-D > 2|D", "v1.2"])
    paths = paths_of(pd.Series([f"below {name}" for name in names]), names)
    assert kind_of(paths).name == "path" and [len(nodes_of(path)) for path in paths] == [1] * len(names)


def test_rungs_and_filters_in_sql_are_those_in_pandas() -> None:
    column, kind = pd.Series(["animal/bird/wren", "animal > bird > tit", "plant/tree/oak", None]), Path()
    with duckdb.connect() as connection:
        connection.register("told", column.to_frame("x"))
        for rung in (TO_PARENT, TO_ROOT):
            in_sql = [row[0] for row in connection.execute(f"SELECT {rung.sql('x', 'told')} FROM told").fetchall()]
            assert in_sql == [None if pd.isna(one) else one for one in rung.apply(column)]
        listed = {row[0] for row in connection.execute(f"SELECT {kind.listed_sql('x')} FROM told").fetchall()}
        assert listed == {node for text in column.dropna() for node in nodes_of(text)} | {None}
        found = connection.execute(f"SELECT x FROM told WHERE {kind.any_of_sql('x', [BIRDS])}").fetchall()
    assert [row[0] for row in found] == ["animal/bird/wren", "animal > bird > tit"]
