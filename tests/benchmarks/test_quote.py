"""What the README quotes is what the code of today answers, and no answer that another machine may word otherwise."""

import json
import platform

import pytest

from benchmarks import quote
from metadash.data.library import open_dataset
from metadash.runs.version import code_version
from metadash.workspace import Workspace

RECORD = json.loads(quote.RECORD.read_text(encoding="utf-8"))
AGAIN = "run `python -m benchmarks.quote`"


def test_the_readme_quotes_the_recorded_answer() -> None:
    assert quote.quoted(RECORD) in quote.README.read_text(encoding="utf-8"), AGAIN


def test_the_recorded_answer_is_to_the_question_that_is_asked_today(tmp_path) -> None:
    assert quote.asked(open_dataset(Workspace(tmp_path), "glyphs")) == RECORD["asked"], AGAIN


def test_the_recorded_answer_was_computed_by_the_code_of_today() -> None:
    if not RECORD["circumstances"]["versions"]["python"].startswith(".".join(platform.python_version_tuple()[:2])):
        pytest.skip("syntax trees differ between versions of Python, so code cannot be compared with that of the record")
    assert code_version() == RECORD["code"], AGAIN


def test_the_quoted_answer_is_far_from_every_edge() -> None:
    assert RECORD["decision"]["verdict"] == "helps" and RECORD["decision"]["grade"] == "certain"
    assert RECORD["decision"]["chance"] >= quote.FAR and RECORD["folds"] == 5


def test_an_answer_is_broken_into_lines_that_lose_no_word() -> None:
    text = quote.quoted({**RECORD, "sentences": ["a " * 200 + "b."]})
    assert text.count(" a") == 199 and max(map(len, text.splitlines())) <= quote.WIDTH + 2
