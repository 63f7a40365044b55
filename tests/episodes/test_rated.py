"""Tasks of users: known ratings and ratings to be foreseen, each user tested in one fold, in whatever order they were given."""

import numpy as np
import pytest

from metadash.data.dataset import ROLES, Dataset
from metadash.data.ratings.rated import ratings_of
from metadash.episodes.kinds import tasks_of
from metadash.episodes.rated import RatedSpec, user_roles
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import one_sentence
from tests.ratings import EACH, USERS, write_made_up


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_made_up(Workspace(tmp_path_factory.mktemp("things")))


SPEC = RatedSpec(n_shot=6, n_query=8, draws=3)


def test_a_task_holds_one_users_ratings_and_no_rating_twice(things: Dataset) -> None:
    manifest, user = tasks_of(things, SPEC), things.instances["user"].to_numpy()
    assert len(manifest) == 3 * len(manifest.group_names) and manifest.n_way == 1
    for e in range(len(manifest)):
        rows = np.concatenate([manifest.support[e, 0], manifest.query[e, 0]])
        assert set(user[rows]) == {manifest.group_names[manifest.group[e]]} and len(set(rows)) == 14
    assert len({tuple(sorted(rows)) for rows in manifest.query[:3, 0].tolist()}) == 3, "each draw parts them anew"


def test_every_user_is_a_test_user_once_and_shares_a_fold_with_no_training(things: Dataset) -> None:
    rated = ratings_of(things)
    roles = [user_roles(things, rated, fold, 5) for fold in range(1, 6)]
    assert (sum((one == "test").astype(int) for one in roles) == 1).all()
    assert all(set(one) == set(ROLES) for one in roles) and len(roles[0]) == USERS


def test_the_same_spec_gives_the_same_rows_and_another_seed_others(things: Dataset) -> None:
    assert tasks_of(things, SPEC).hash == tasks_of(things, SPEC).hash
    assert tasks_of(things, RatedSpec(n_shot=6, n_query=8, draws=3, seed=1)).hash != tasks_of(things, SPEC).hash


def test_in_order_of_time_the_earliest_are_known_and_the_next_are_asked_about(things: Dataset) -> None:
    manifest = tasks_of(things, RatedSpec(n_shot=6, n_query=4, draws=1, order="time"))
    times, user = things.instances["rated_at"].to_numpy(), things.instances["user"].to_numpy()
    for e in range(len(manifest)):
        mine = np.sort(times[user == manifest.group_names[manifest.group[e]]])
        assert np.sort(times[manifest.support[e, 0]]).tolist() == mine[:6].tolist()
        assert np.sort(times[manifest.query[e, 0]]).tolist() == mine[6:10].tolist()


def test_what_no_user_can_serve_is_refused_in_one_sentence(things: Dataset) -> None:
    with pytest.raises(BadInput, match="lower the shots") as refused:
        tasks_of(things, RatedSpec(n_shot=EACH - 1, n_query=4))
    one_sentence(refused.value)
    with pytest.raises(BadInput, match="in one way only"):
        RatedSpec(order="time", draws=2)
    with pytest.raises(BadInput, match="from 1 to 5"):
        RatedSpec(fold=6)


def test_queries_stay_the_same_for_fewer_known_ratings(things: Dataset) -> None:
    manifest = tasks_of(things, RatedSpec(n_shot=15, n_query=10, draws=1))
    assert (manifest.queries == EACH - 15).all(), "as many as are left"
    assert np.array_equal(manifest.at_shot(3).query, manifest.query)
