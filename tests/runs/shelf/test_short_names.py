"""Short names: all that there is is counted, nearly all is told by what is missing, and a list stays where it is short."""

import json
from pathlib import Path

import pytest

from metadash.runs.shelf.short_names import class_sources, in_short, learner_in_short

KNOWN = ("name", "accents", "category", "script", "age", "aliases")


@pytest.mark.parametrize(
    ("sources", "short"),
    [
        ((), "no metadata"),
        (("name",), "name"),
        (("name", "age"), "name, age"),
        (KNOWN, "all 6 metadata"),
        (KNOWN[::-1], "all 6 metadata"),
        (KNOWN[1:], "all but name"),
        (KNOWN[2:], "all but name and accents"),
        (KNOWN[:3], "name, accents, category"),
        ((*KNOWN, "of instances"), "name, accents and 5 more"),
    ],
)
def test_sources_are_told_in_as_few_words_as_say_them(sources: tuple[str, ...], short: str) -> None:
    assert in_short(sources, KNOWN) == short


def test_of_a_data_set_that_is_gone_nothing_is_said_to_be_all() -> None:
    assert in_short(KNOWN, ()) == "name, accents and 4 more"


def test_a_learner_is_called_as_its_authors_write_it_where_that_is_the_same_word() -> None:
    assert [learner_in_short(name) for name in ("maml", "r2d2", "meta-sgd", "prototypical", "gone")] == [
        "MAML",
        "R2D2",
        "Meta-SGD",
        "prototypical",
        "gone",
    ]


def test_the_sources_of_a_data_set_are_read_where_it_lies_and_none_where_it_is_gone(tmp_path: Path) -> None:
    about = tmp_path / "datasets" / "pets" / "dataset.json"
    about.parent.mkdir(parents=True)
    about.write_text(json.dumps({"sources": [{"name": "breed", "level": "class"}, {"name": "date", "level": "instance"}]}))
    assert class_sources(tmp_path / "runs", "pets") == ("breed",)
    assert class_sources(tmp_path / "runs", "gone") == ()
