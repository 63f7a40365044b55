"""Methods that foresee ratings: what they must find, what they may not, and that nothing of test users is known before."""

import dataclasses

import numpy as np
import pytest

from metadash.answers.given.ratings import RatingsAnswer, answer_of
from metadash.data.dataset import Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.episodes.rated import user_roles
from metadash.errors import BadInput
from metadash.runs.store import Run, RunStore
from metadash.runs.train import train
from metadash.specs.given.ratings import RatingsSpec
from metadash.stats.verdict import Verdict
from metadash.training.ratings.known import Known, Ratings
from metadash.training.ratings.methods import Users, both_offsets, neighbours, ridge_over
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.ratings import made_up, write_made_up

SMALL = {"shots": (2, 10), "n_query": 8, "folds": 3}


def asked(data: Dataset, *sources: str, **choices: object) -> tuple[RatingsSpec, Run]:
    spec = RatingsSpec(data.name, sources, **{**SMALL, **choices})  # type: ignore[arg-type]
    return spec, train(spec, data.workspace)


def told(data: Dataset, *sources: str) -> RatingsAnswer:
    spec, run = asked(data, *sources)
    return answer_of(spec, data, run, RunStore(data.workspace))


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_made_up(Workspace(tmp_path_factory.mktemp("things")))


def known_of(seed: int = 0) -> tuple[Known, Users]:
    generator = np.random.default_rng(seed)
    ratings = Ratings(
        np.repeat(np.arange(20), 10), generator.integers(0, 15, 200), generator.integers(1, 6, 200).astype(float), 15
    )
    users = Users(
        generator.integers(0, 15, (7, 4)), generator.integers(1, 6, (7, 4)).astype(float), generator.integers(0, 15, (7, 3))
    )
    return Known(ratings, 5.0), users


def test_metadata_that_tell_what_users_like_help_and_shuffled_rows_do_not(things: Dataset) -> None:
    found = told(things, "kind")
    for name in ("mae", "ndcg_at_5", "auc"):
        gain = found.gain[name][-1]
        assert gain.decision.verdict is Verdict.HELPS and gain.episodes.estimate > 0, name
        assert found.over[name]["shuffled"][-1].decision.verdict is not Verdict.HELPS, name
    assert found.gain["mae"][-1].episodes.estimate > 0.15, "a taste of a star either way shows"


def test_metadata_that_say_nothing_gain_nothing(things: Dataset) -> None:
    gain = told(things, "weight").gain["mae"][-1].new_classes
    assert gain.low is not None and gain.low < 0.01


def test_a_users_own_offset_makes_no_ranking_of_its_own(things: Dataset) -> None:
    found = told(things, "kind")
    for name in ("ndcg_at_5", "auc", "precision_at_5", "hit_at_5"):
        assert all(one.episodes.estimate == 0 for one in found.over[name]["item-mean"]), name
        assert [mean.estimate for mean, _ in found.means[name]["own-mean"]] == [
            mean.estimate for mean, _ in found.means[name]["everything"]
        ]
    assert found.means["auc"]["everything"][0][0].estimate == 50


def test_strength_zero_is_the_method_below_to_the_last_bit() -> None:
    known, users = known_of()
    plain = both_offsets(known, users, 2.0)
    assert np.array_equal(ridge_over(known.factors)(known, users, (0.0, 2.0)), plain)
    assert np.array_equal(neighbours(known, users, (0.0, 1.0, 2.0)), plain)


def test_ridge_is_the_posterior_mean_of_weights_and_offset_solved_at_once() -> None:
    known, users = known_of()
    features = np.random.default_rng(1).normal(size=(15, 3))
    weight, shrink = 0.7, 2.0
    found = ridge_over(features)(known, users, (weight, shrink))
    for e in range(len(users)):
        rows = np.hstack([features[users.support[e]], np.ones((4, 1))])
        penalty = np.diag([1 / weight] * 3 + [shrink])
        left = users.stars[e] - known.mean - known.offset[users.support[e]]
        solved = np.linalg.solve(rows.T @ rows + penalty, rows.T @ left)
        by_hand = known.mean + known.offset[users.query[e]] + np.hstack([features[users.query[e]], np.ones((3, 1))]) @ solved
        assert np.allclose(found[e], by_hand)


def test_offsets_are_the_shrunk_means_that_each_other_leave() -> None:
    known, _ = known_of()
    items, users = known.fitted
    ratings = known.ratings
    left = ratings.stars - known.mean - users[ratings.user]
    by_hand = np.array([left[ratings.item == i].sum() / ((ratings.item == i).sum() + 5.0) for i in range(15)])
    assert np.allclose(items, by_hand, atol=2e-3)


def test_what_test_users_rated_changes_nothing_but_their_own_tasks(things: Dataset, tmp_path) -> None:
    """Factors, offsets and metadata are fitted on meta-train users: turning every rating of one fold's test users moves no foreseen value,
    so that an error of theirs is what it is on the turned ratings."""
    tests = user_roles(things, ratings_of(things), 1, 3)
    turned = made_up()
    theirs = turned.ratings["user"].isin(tests.index[tests == "test"])
    turned.ratings.loc[theirs, "value"] = 5.5 - turned.ratings.loc[theirs, "value"]
    other = write_made_up(Workspace(tmp_path), tables=turned)
    mine, changed = (asked(data, "kind")[1] for data in (things, other))
    strengths = [run.frame("strengths").query("fold == 1").reset_index(drop=True) for run in (mine, changed)]
    assert strengths[0].equals(strengths[1]), "what is chosen in their fold knows nothing of them"
    values = [
        run.frame("scores").query("metric == 'mae' and method == 'item-mean'")["value"].to_numpy() for run in (mine, changed)
    ]
    assert not np.allclose(*values), "their own errors do change"


def test_sources_are_one_question_in_whichever_order_and_single_ratings_describe_nobody(things: Dataset) -> None:
    assert RatingsSpec("things", ("b", "a")) == RatingsSpec("things", ("a", "b"))
    with pytest.raises(BadInput, match="no source 'kinds'"):
        asked(things, "kinds")
    with pytest.raises(BadInput, match="describes users, and no method"):
        asked(things, "age")
    with pytest.raises(BadInput, match="smallest first"):
        RatingsSpec("things", shots=(15, 3))


def test_without_metadata_there_are_the_baselines(things: Dataset) -> None:
    spec, run = asked(things)
    assert (
        set(run.frame("scores")["method"])
        == set(spec.methods)
        == {"everything", "own-mean", "item-mean", "offsets", "neighbours", "factors"}
    )


def test_a_scale_of_ten_gives_the_numbers_of_five_stars(things: Dataset, tmp_path) -> None:
    """1 to 5 in steps, and the same from −10 to 10: the same task, the same errors in stars."""
    tables = made_up(seed=3)
    ratings = tables.ratings.assign(value=np.clip(np.round(tables.ratings["value"]), 1, 5))
    wide = ratings.assign(value=5 * (ratings["value"] - 3))
    means = []
    for name, one in (("stars", ratings), ("wide", wide)):
        data = write_made_up(Workspace(tmp_path / name), name, dataclasses.replace(tables, ratings=one))
        means.append(asked(data, "kind", seed=1)[1].summary["means"]["mae"])
    for method, by_shot in means[0].items():
        assert all(np.isclose(by_shot[shot], means[1][method][shot], atol=1e-5) for shot in by_shot), method


def test_users_with_too_few_ratings_are_left_out_and_counted(tmp_path) -> None:
    tables = made_up(seed=4)
    few = tables.ratings[~((tables.ratings["user"] == "u00") & (tables.ratings.groupby("user").cumcount() > 5))]
    data = write_made_up(Workspace(tmp_path), tables=dataclasses.replace(tables, ratings=few))
    assert asked(data)[1].summary["left_out"] == 1
    with pytest.raises(BadInput, match="lower the shots") as refused:
        asked(data, shots=(50,))
    one_sentence(refused.value)
