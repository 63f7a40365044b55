"""Tables that people have and that broke something once go through all that is done with a column: told, shown, encoded, blurred, audited."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metadash.data.columns.registry import kind_of, rung_named
from metadash.data.dataset import Dataset, Source, write_dataset
from metadash.data.facets import facet_values
from metadash.data.literals import identifier
from metadash.data.profile import in_words, profile
from metadash.data.splits import table_of
from metadash.errors import BadInput
from metadash.metadata.audit.anonymity import anonymity
from metadash.metadata.audit.audit import audit
from metadash.metadata.blur import blur_column, ladder_of, noise_of, read_blur, rung_sql, strengths
from metadash.metadata.changes import Change, Edit, blurred_to, change_table, edit_table
from metadash.metadata.encoder import encode
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_description

TABLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "cases" / "tables.py"
KINDS = {
    "timezone": "timestamp",
    "tags": "tags",
    "ragged tags": "tags",
    "struct": "record",
    "duration": "duration",
    "huge whole numbers": "categorical",
}
"""What the column of each case is; a category where nothing is said."""


OWN_INPUTS = "sum of own inputs"


def cases() -> dict[str, Any]:
    if not TABLES.is_file():
        return {}
    spec = importlib.util.spec_from_file_location("tables", TABLES)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: case for name, case in module.CASES.items() if "input" not in name or name == OWN_INPUTS}


CASES = cases()


def written(name: str, folder: Path) -> Dataset:
    classes, instances, inputs, _ = CASES[name]
    columns = tuple(column for column in classes.columns if column not in ("class_id", "class_name"))
    if name == OWN_INPUTS:
        means = inputs.reshape(len(classes), -1, inputs.shape[1]).mean(axis=1)
        classes = classes.assign(**{f"m{place}": means[:, place] for place in range(means.shape[1])})
    classes = classes.rename(columns={"age": "age_"})  # a table of DuckDB cannot hold both; importing has to say so
    columns = tuple(column for column in classes.columns if column not in ("class_id", "class_name"))
    roles = np.array(["train"] * (len(classes) // 2) + ["validation"] * 2 + ["test"] * (len(classes) - len(classes) // 2 - 2))
    roles = np.random.default_rng(2).permutation(roles)
    description = tiny_description(
        sources=(Source("s", "class", columns),),
        questions=(),
        modality="vector",
        sibling_column=None,
        disjoint_column=None,
        default_split="halves",
    )
    return write_dataset(Workspace(folder), description, classes, instances, inputs, table_of({"halves": roles}))


@pytest.mark.skipif(not CASES, reason="the tables ../shared/cases are not on this machine")
@pytest.mark.parametrize("name", CASES or ["none"])
def test_a_table_of_any_sort_goes_through(name: str, tmp_path: Path) -> None:
    data = written(name, tmp_path)
    for summary in profile(data, "classes"):
        assert in_words(summary)
        assert kind_of(data.classes[summary.name]).name == summary.kind, summary.name
    for column in data.sources[0].columns:
        values, kind = data.classes[column], kind_of(data.classes[column])
        if column == "v":
            assert kind.name == KINDS.get(name, "categorical")
        with data.connect() as connection:
            if kind.listed(next(s for s in profile(data, "classes") if s.name == column)):
                offered = facet_values(connection, "classes", column, [], kind.name)
                assert offered and kind.any_of_sql(identifier(column), ["'x'"])
            for rung in ladder_of(values):
                assert len(rung_named(rung).apply(values)) == len(values)
                connection.execute(f"SELECT {rung_sql(rung, column, 'classes')} FROM classes").fetchall()
        for noise in noise_of(values):
            for strength in strengths(values, noise):
                blur_column(values, read_blur(("s", column, noise, strength)), np.random.default_rng(0))
        assert anonymity(data, [column]).rows == len(values)
    assert audit(data).blocked == (name == OWN_INPUTS)


@pytest.mark.skipif(not CASES, reason="the tables ../shared/cases are not on this machine")
@pytest.mark.parametrize("name", CASES or ["none"])
def test_a_table_of_any_sort_is_learned_from_or_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    data = written(name, tmp_path)
    train = data.split("halves")["train"]
    if name == "struct":
        with pytest.raises(BadInput, match="'v' holds values with fields of their own") as problem:
            encode(data.classes, data.sources, train)
        assert one_sentence(problem.value)
        return
    (source,) = encode(data.classes, data.sources, train)
    assert np.isfinite(source.vectors).all() and source.vectors[train].std() > 0
    members, columns = data.split("halves")["test"], data.sources[0].columns
    for rung in {rung for column in columns for rung in ladder_of(data.classes[column])} & set(blurred_to()):
        told = change_table(data.classes, {"s": columns}, [Change("s", "blur", to=rung)], members, 0)
        (blurred,) = encode(told, data.sources, train)
        assert blurred.features == source.features and np.isfinite(blurred.vectors).all(), rung
        assert np.array_equal(blurred.vectors[train], source.vectors[train]), rung
        assert blurred.vectors[members].any() or rung == "first 3 characters" or "other" in rung, rung


@pytest.mark.skipif(not CASES, reason="the tables ../shared/cases are not on this machine")
def test_times_of_a_zone_grow_old_and_lists_can_be_edited(tmp_path: Path) -> None:
    times, tags = written("timezone", tmp_path / "times"), written("ragged tags", tmp_path / "tags")
    members = times.split("halves")["test"]
    stale = change_table(times.classes, {"s": ("v",)}, [Change("s", "stale", years=10)], members, 0)
    aged = encode(stale, times.sources, times.split("halves")["train"])[0].vectors
    assert (aged[members, 0] < encode(times.classes, times.sources, times.split("halves")["train"])[0].vectors[members, 0]).all()
    edited = edit_table(tags.classes, [Edit(int(members[0]), "v", "b; c")], members)
    assert list(edited["v"][members[0]]) == ["b", "c"]
    (source,) = encode(edited, tags.sources, tags.split("halves")["train"])
    assert source.features == ("v: a", "v: b", "v: c") and source.vectors[members[0]].tolist() == [0, 1, 1]
    later = edit_table(times.classes, [Edit(int(members[0]), "v", "2031-01-01")], members)
    assert encode(later, times.sources, times.split("halves")["train"])[0].vectors[members[0], 0] == 5
