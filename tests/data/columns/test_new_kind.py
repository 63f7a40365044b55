"""A new kind of column is one file and one line: the example of docs/development.md, as it stands there, is all that colours need."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.registry import KINDS, kind_of
from metadash.data.dataset import Dataset, Source
from metadash.data.facets import facet_values, is_facet, rows
from metadash.data.filter_bar import parse
from metadash.data.profile import in_words, profile, profile_table
from metadash.errors import BadInput
from metadash.metadata.audit.anonymity import anonymity
from metadash.metadata.audit.audit import audit
from metadash.metadata.blur import ladder_of, rung_sql
from metadash.metadata.changes import Change, Edit, change_table, edit_table
from metadash.metadata.encoder import encode
from metadash.training.attack import values_of
from metadash.workspace import Workspace
from tests.builders import CLASS_SOURCES, INSTANCE_SOURCES, N_CLASSES, one_sentence, tiny_classes, tiny_description, write_tiny

DOCS = Path(__file__).resolve().parents[3] / "docs" / "development.md"
SOURCE = Source("paint", "class", ("paint",))
TRAIN = np.arange(20)


def colours() -> pd.Series:
    """Few enough to be chosen from, the last one missing, none in anybody else's words."""
    names = ["#ff0000", "#fe0101", "#00ff00", "#0000FF"]
    return pd.Series([names[i % 4] for i in range(N_CLASSES - 1)] + [None], name="paint")


@pytest.fixture(autouse=True)
def colour() -> Iterator[None]:
    text = DOCS.read_text(encoding="utf-8").split("## A new kind of column, from one file")[1]
    file = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert file
    module: dict = {"__name__": "colour"}
    exec(compile(file[1], "colour.py", "exec"), module)
    KINDS.insert(0, module["Colour"]())
    yield
    KINDS.pop(0)


@pytest.fixture
def painted(tmp_path: Path) -> Dataset:
    description = tiny_description(sources=(*CLASS_SOURCES, *INSTANCE_SOURCES, SOURCE))
    return write_tiny(Workspace(tmp_path), description=description, classes=tiny_classes().assign(paint=colours()))


def test_it_is_told_in_python_and_in_sql_and_takes_nothing_that_is_another_kind_s(painted: Dataset) -> None:
    found = {summary.name: summary.kind for summary in profile(painted, "classes")}
    assert found == {name: kind_of(painted.classes[name]).name for name in painted.classes}
    assert [name for name, kind in found.items() if kind == "colour"] == ["paint"]
    assert kind_of(pd.Series(["#ff0000", "red"])).name == "categorical"


def test_it_is_encoded_and_a_colour_that_training_never_saw_lies_beside_its_neighbours() -> None:
    table = pd.DataFrame({"paint": colours()})
    table.loc[30, "paint"] = "#fc0202"
    (source,) = encode(table, (SOURCE,), TRAIN)
    assert source.features == ("paint: red", "paint: green", "paint: blue")
    assert source.vectors[30] == pytest.approx([0.988, 0.008, 0.008], abs=0.001) and not source.present[-1]


def test_it_is_summarised_offered_and_searched() -> None:
    with duckdb.connect() as connection:
        connection.register("frame", pd.DataFrame({"paint": colours()}))
        connection.execute("CREATE TABLE made AS FROM frame")
        (summary,) = profile_table(connection, "made")
        assert is_facet(summary) and in_words(summary).startswith("#00ff00 (10), ")
        assert [row.total for row in facet_values(connection, "made", "paint", [], "colour")] == [10, 10, 10, 9, 1]
        assert len(rows(connection, "made", parse('paint:"#ff0000"', {"paint": "colour"}), 100)) == 10
        with pytest.raises(BadInput) as problem:
            parse("paint:reddish", {"paint": "colour"})
        assert one_sentence(problem.value) == "'paint' holds colours such as #ff8800; 'reddish' is not one."


def test_it_has_a_ladder_in_both_spellings(painted: Dataset) -> None:
    assert ladder_of(colours()) == ("as it is", "short colour", "withheld")
    assert rung_sql("short colour", "paint", "classes").startswith("regexp_replace(paint")
    groups = [anonymity(painted, ["paint"], rungs={"paint": rung}).groups for rung in ladder_of(colours())]
    assert groups == [5, 4, 1], "two reds are one"


def test_what_if_can_blur_it_and_takes_no_colour_that_is_none(painted: Dataset) -> None:
    members = np.arange(30, 40)
    told = change_table(painted.classes, {"paint": ("paint",)}, [Change("paint", "blur", to="short colour")], members, 0)
    assert set(told["paint"][30:39]) == {"#ff0000", "#00ff00", "#0000FF"}
    assert encode(told, (SOURCE,), TRAIN)[0].vectors[33].tolist() == [1, 0, 0], "and is read as a colour still"
    assert edit_table(painted.classes, [Edit(30, "paint", "#ABCDEF")], members)["paint"][30] == "#abcdef"
    with pytest.raises(BadInput, match="holds colours such as #ff8800; 'blue' is not one"):
        edit_table(painted.classes, [Edit(30, "paint", "blue")], members)


def test_the_audit_and_a_probe_read_it(painted: Dataset) -> None:
    assert not [finding for finding in audit(painted).findings if finding.column == "paint" and finding.severity == "block"]
    assert set(values_of(painted, "paint", np.arange(4))) == {"#ff0000", "#00ff00", "#0000FF"}
