"""The data card says what there is, where holes are and what looks personal, and takes nothing that came with the data for markup."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metadash as md
from metadash.stats import words
from metadash.verbs import cli
from metadash.workspace import Workspace
from tests.builders import tiny_classes, tiny_description, tiny_instances, write_tiny


@pytest.fixture(scope="module")
def found(tiny: md.Dataset) -> md.CardResult:
    return md.card(tiny)


def test_the_card_counts_what_is_there(tiny: md.Dataset, found: md.CardResult) -> None:
    card = found.found
    assert card.headline == f"40 things with {words.count(1200)} images, and 9 sources of metadata."
    assert card.balance == "Every thing has 30 instances." and "3 columns of 13 have missing values" in card.holes
    split = card.splits.set_index("split").loc["family-0"]
    for role in ("train", "validation", "test"):
        members = tiny.split("family-0")[role]
        assert split[f"{role} classes"] == len(members)
        assert split[f"{role} instances"] == np.isin(tiny.class_of, members).sum()
    assert card.sources.set_index("source")["known"].to_dict() == pytest.approx(
        {**dict.fromkeys([source.name for source in tiny.sources], 1.0), "holes": 0.75, "nothing": 0.0}
    )


def test_holes_are_shown_where_they_are(tiny: md.Dataset, found: md.CardResult) -> None:
    classes = found.found.missing["classes"]
    assert classes["weight"].tolist() == tiny.classes["weight"].isna().astype(float).tolist(), (
        "40 classes are 40 pieces of one row"
    )
    assert found.found.missing["instances"].shape == (50, 3) and classes["remark"].eq(1).all() and classes["family"].eq(0).all()


def test_columns_may_be_called_as_anything_that_sql_counts_by(tmp_path: Path) -> None:
    names = {"weight": "name", "size": "n", "count": "table", "is_round": "row"}
    classes = tiny_classes().rename(columns=names)
    about = tiny_description(sources=tuple(md.Source(new, "class", (new,)) for new in names.values()), questions=())
    found = md.card(write_tiny(Workspace(tmp_path), classes=classes, description=about)).found
    assert found.sizes.tolist() == [30] * 40 and found.missing["classes"]["name"].sum() == 10


def test_a_class_that_can_be_in_no_task_is_counted(tmp_path: Path) -> None:
    instances = tiny_instances()
    instances.loc[instances["class_id"] == 39, "class_id"] = [39] + [0] * 29
    data = write_tiny(Workspace(tmp_path), instances=instances)
    assert md.card(data).found.balance == (
        "A thing has 1 to 59 instances, half of them at least 30. 1 thing has fewer than two, and can be in no task."
    )
    assert "Class balance" in md.card(data).parts().pictures


class Tags(HTMLParser):
    """The tags of a page, but what stands in its scripts and styles, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


ODD = "<script>alert(1)</script><img src=x onerror=alert(2)> *b* $x$ [a](b) \"'&amp;"


def test_nothing_that_came_with_the_data_is_taken_for_markup(tmp_path: Path) -> None:
    about = tiny_description(
        title=ODD,
        licence=ODD,
        provenance=ODD,
        class_noun="<b>noun</b>",
        sources=(md.Source(ODD, "class", (ODD,), ODD),),
        extra={"notes": [ODD]},
    )
    classes = tiny_classes().rename(columns={"weight": ODD}).assign(remark=ODD)
    classes["class_name"] = [f"{ODD} {i}" for i in range(len(classes))]
    instances = tiny_instances()
    instances.loc[0, "class_id"] = 1
    data = write_tiny(Workspace(tmp_path), classes=classes, instances=instances, description=about)
    text = md.card(data).to_html(tmp_path / "card.html").read_text(encoding="utf-8")
    page = Tags(text)
    plain = Tags(
        md.card(write_tiny(Workspace(tmp_path / "p"), instances=instances))
        .to_html(tmp_path / "p.html")
        .read_text(encoding="utf-8")
    )
    kinds = {tag for tag, _ in page.tags}
    assert kinds <= {tag for tag, _ in plain.tags} and not [1 for _, attributes in page.tags if "onerror" in attributes]
    assert page.text.count(ODD) > 30, "it is all there, as text"
    assert "<script>alert" not in text and "<img src=x" not in text
    assert "\\u003cscript\\u003ealert" not in text and "\\u003cb\\u003e" not in text, (
        "plotly reads < as markup too: there it stands as an entity"
    )


@pytest.mark.parametrize("modality", ["text", "vector"])
def test_inputs_of_every_kind_are_shown(modality: str, tmp_path: Path) -> None:
    n = len(tiny_instances())
    inputs = [f"utterance <{i}>" for i in range(n)] if modality == "text" else np.arange(3.0 * n, dtype=np.float32).reshape(n, 3)
    data = write_tiny(Workspace(tmp_path), inputs=inputs, description=tiny_description(modality=modality))
    page = Tags(md.card(data).to_html(tmp_path / "card.html").read_text(encoding="utf-8"))
    shown = [attributes for tag, attributes in page.tags if tag in ("img", "span")]
    assert len(shown) == 24 and ("utterance <0>" in page.text) == (modality == "text")


def test_data_without_sources_or_holes_have_a_card_too(tmp_path: Path) -> None:
    about = tiny_description(sources=(), questions=(), sibling_column=None, disjoint_column=None)
    classes, instances = tiny_classes()[["class_id", "class_name"]], tiny_instances()[["instance_id", "class_id"]]
    splits = pd.DataFrame({"split": "family-0", "class_id": range(40), "role": ["train", "validation", "test", "test"] * 10})
    data = write_tiny(Workspace(tmp_path), classes=classes, instances=instances, splits=splits, description=about)
    found = md.card(data)
    assert (
        "no source of metadata" in found.found.headline
        and found.found.holes == "No value is missing."
        and not found.found.missing
    )
    assert found.to_html(tmp_path / "card.html").is_file() and "no source" in str(found) and found._repr_html_()


def test_the_verb_says_what_python_says(
    tiny: md.Dataset, found: md.CardResult, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    where = ["--workspace", str(tiny.workspace.root)]
    assert cli.main(["datasets", "card", "tiny", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(found.values()))
    assert cli.main(["datasets", "card", "tiny", "--out", str(tmp_path / "card.html"), *where]) == 0
    assert found.found.headline in capsys.readouterr().out and (tmp_path / "card.html").is_file()
    assert cli.main(["datasets", "card", "tiny", "--out", str(tmp_path / "nowhere" / "card.html"), *where]) == cli.BAD_INPUT
    assert "make it first" in capsys.readouterr().err
