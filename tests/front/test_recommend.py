"""``recommend``: the same answer from Python and the command line, in sentences that say what simple means can do and what is chance."""

import json

import numpy as np
import pytest

import metadash as md
from metadash.answers.given.ratings import RATING_METRICS
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.verbs.cli import main
from metadash.workspace import Workspace
from tests.builders import one_sentence, write_tiny
from tests.ratings import write_made_up

SMALL = {"shots": (2, 10), "n_query": 8, "folds": 3, "progress": False}


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_made_up(Workspace(tmp_path_factory.mktemp("things")))


@pytest.fixture(scope="module")
def found(things: Dataset) -> md.RatingsResult:
    return md.recommend(things, "kind", **SMALL)  # type: ignore[arg-type]


def test_the_headline_is_about_the_most_known_ratings_and_says_whom_it_holds_for(found: md.RatingsResult) -> None:
    said = found.sentence
    assert said.startswith("With 10 ratings of a new user, knowing kind helps to foresee the others: +0.")
    assert "on these users" in said and "on new users (40 users tested)" in said
    assert "With 2 ratings it " in said and "Rows dealt to other things: " in said and "Best of all 9 methods" in said
    gain = found.found.gain["mae"][1].episodes
    assert gain.words in said


def test_a_measure_of_ranking_comes_with_what_any_order_gets(things: Dataset, found: md.RatingsResult) -> None:
    ranked = md.recommend(things, "kind", metric="precision_at_5", **SMALL)  # type: ignore[arg-type]
    assert ranked.digest == found.digest, "the same run"
    assert "put the others in order" in ranked.sentence and "it cannot change the order" in ranked.sentence
    chance = ranked.found.means["precision_at_5"]["everything"][0][0].estimate
    assert f"Any order gets {chance:.1f} %" in ranked.sentence
    hit = md.recommend(things, "kind", metric="hit_at_5", **SMALL)  # type: ignore[arg-type]
    assert (
        "can hardly tell methods apart. Of fewer than 250 users its intervals hold less often" in hit.sentence
        and "can hardly" not in ranked.sentence
    )


def test_the_baselines_alone_make_no_claim_about_metadata(things: Dataset) -> None:
    bare = md.recommend(things, (), **SMALL)  # type: ignore[arg-type]
    assert bare.sentence.startswith("Best of all 6 methods with 10 ratings: ") and "metadata" not in bare.sentence


def test_tables_hold_every_method_and_the_section_stands_alone(found: md.RatingsResult, tmp_path) -> None:
    parts = found.parts()
    methods, gains = parts.numbers.values()
    assert len(methods) == 9 and len(gains) == 2 * len(RATING_METRICS)
    frame = found.frame()
    assert {*frame["metric"]} == {*RATING_METRICS} and len(frame) == len(RATING_METRICS) * 2 * (9 + 8)
    page = found.to_html(tmp_path / "answer.html").read_text(encoding="utf-8")
    assert "knowing kind helps" in page and "user and item offsets" in page


def test_the_verb_prints_the_numbers_that_python_has(
    things: Dataset, found: md.RatingsResult, capsys: pytest.CaptureFixture
) -> None:
    line = ["recommend", "--dataset", "things", "--sources", "kind", "--shots", "2,10", "--n-query", "8", "--folds", "3"]
    assert main([*line, "--workspace", str(things.workspace.root), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["digest"] == found.digest and printed["n_users"] == 40
    gain = printed["differences"]["mae"]["metadata_minus_plain"][1]["episodes"]["estimate"]
    assert np.isclose(gain, found.found.gain["mae"][1].episodes.estimate)
    assert printed["verdict"] == "helps"


def test_what_cannot_be_asked_is_refused_in_one_sentence(things: Dataset, tmp_path) -> None:
    tiny = write_tiny(Workspace(tmp_path))
    for data, asked, said in (
        (tiny, {}, "holds no ratings of users"),
        (things, {"metric": "mea"}, "did you mean 'mae'"),
        (things, {"sources": "kinds"}, "no source 'kinds'"),
        (things, {"order": "time", "draws": 2}, "one way only"),
    ):
        with pytest.raises(BadInput, match=said) as refused:
            md.recommend(data, progress=False, **asked)  # type: ignore[arg-type]
        one_sentence(refused.value)
    with pytest.raises(BadInput, match="its users, and no thing is a class"):
        md.answer(things, sources="kind", progress=False)
