"""A column that names the parent of each class is a taxonomy: siblings, depth and ancestors are known of classes nobody has seen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metadash.data.columns.registry import kind_of
from metadash.data.importing.lineage import lineage_of, texts
from metadash.data.importing.plan import Column
from metadash.data.importing.preview import preview
from metadash.errors import BadInput
from metadash.metadata.audit.audit import audit
from metadash.metadata.encoder import encode_source
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.data.importing.makers import imported

KINDS = {
    "bird": ("wren", "tit", "owl", "duck"),
    "fish": ("carp", "pike", "eel"),
    "tree": ("oak", "fir", "yew"),
    "herb": ("mint", "sage"),
}
ABOVE = {"bird": "animal", "fish": "animal", "tree": "plant", "herb": "plant"}


def written(folder: Path, by: str = "name") -> Path:
    """A table of sentences, and one of nodes: a row a class, a kind, a kingdom; parents by their names or by their numbers."""
    rows = [{"name": name, "parent": kind} for kind, names in KINDS.items() for name in names]
    rows += [{"name": kind, "parent": kingdom} for kind, kingdom in ABOVE.items()]
    rows += [{"name": kingdom, "parent": None} for kingdom in ("animal", "plant")]
    nodes = pd.DataFrame(rows)
    if by == "number":
        nodes.insert(0, "node", range(100, 100 + len(nodes)))
        numbers = dict(zip(nodes["name"], nodes["node"], strict=True))
        nodes["parent_id"] = nodes.pop("parent").map(numbers)
    songs = [
        {"text": f"I saw {name} number {i} today", "name": name} for names in KINDS.values() for name in names for i in range(6)
    ]
    pd.DataFrame(songs).to_csv(folder / "seen.csv", index=False)
    nodes.to_csv(folder / "nodes.csv", index=False)
    return folder


@pytest.mark.parametrize("by", ["name", "number"])
def test_parents_by_name_or_by_number_become_paths_that_siblings_share(tmp_path: Path, workspace: Workspace, by: str) -> None:
    column = "parent" if by == "name" else "parent_id"
    seen = preview(written(tmp_path, by))
    row = seen.columns.set_index(["table", "name"]).loc["classes", column]
    assert (row["role"], row["kind"], row["source"], seen.plan.siblings) == ("parent", "path", "taxonomy", column)
    data = imported(workspace, tmp_path)
    told = data.classes.set_index("class_name")
    assert told[f"{column} path"].to_dict() == {n: f"/{ABOVE[k]}/{k}" for k, names in KINDS.items() for n in names}
    assert told.loc["wren", column] == "bird" and data.description.sibling_column == column
    (source,) = data.sources
    assert (source.name, source.columns) == ("taxonomy", (f"{column} path",)) and kind_of(told[source.columns[0]]).name == "path"
    assert not [note for note in data.description.extra.get("notes", ()) if "left out" in note], "nodes above a class are needed"
    assert not audit(data).blocked and "sibling" not in data.description.questions[0].title, "siblings share their path"


def test_a_class_below_a_node_that_training_has_not_seen_is_told_by_those_above(tmp_path: Path, workspace: Workspace) -> None:
    data = imported(workspace, written(tmp_path))
    names = data.classes["class_name"].tolist()
    birds = np.array([names.index(name) for name in ("wren", "tit", "oak")])
    found = encode_source(data.classes, data.sources[0], birds)
    told = dict(zip((f.rpartition(": ")[2] for f in found.features), found.vectors[names.index("carp")], strict=True))
    assert told["animal"] == 1 and not told["animal/bird"] and not told["plant"] and told["depth"] == 1


def test_a_parent_may_stand_in_the_table_of_instances_and_be_no_row_of_it(tmp_path: Path, workspace: Workspace) -> None:
    rows = [{"text": f"{n} {i} here", "name": n, "group": k} for k, names in KINDS.items() for n in names for i in range(6)]
    pd.DataFrame(rows).to_csv(tmp_path / "seen.csv", index=False)
    assert preview(tmp_path / "seen.csv").plan.column("group").role == "metadata", (
        "a group is a category unless somebody says otherwise"
    )
    data = imported(workspace, tmp_path / "seen.csv", role=["group=parent"])
    assert set(data.classes["group path"]) == {f"/{kind}" for kind in KINDS} and "group" in data.classes
    assert data.description.sibling_column == "group" and data.sources[0].columns == ("group path",)


def test_what_names_no_parent_is_refused() -> None:
    with pytest.raises(BadInput, match="names the parent of no class") as refused:
        lineage_of(pd.DataFrame({"n": ["a", "b"], "p": ["a", None]}), "n", Column("p", "classes", "parent"))
    one_sentence(refused.value)
    with pytest.raises(BadInput, match="lists or records"):
        lineage_of(pd.DataFrame({"n": ["a", "b"], "p": [["a"], ["b"]]}), "n", Column("p", "classes", "parent"))


def test_numbers_with_gaps_are_whole_again_as_texts() -> None:
    assert texts(pd.Series([7.0, None, 8.0])).tolist() == ["7", None, "8"]
