"""Episodes as they are drawn: the same from the same seed, fair, without repeats, and as their strategy says."""

import dataclasses
import re
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import choose, draw, draw_from, fewer_examples
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from metadash.workspace import Workspace
from tests.builders import PER_CLASS, one_sentence, tiny_classes, tiny_images, tiny_instances, write_tiny

STRATEGIES = {"uniform": None, "siblings": "family", "disjoint": "site"}


def spec(strategy: str = "uniform", **changes: object) -> EpisodeSpec:
    values: dict = {"pool": Pool("family-0", "test"), "n_way": 5, "n_shot": 3, "n_query": 4, "n_episodes": 300}
    return EpisodeSpec(**{**values, "strategy": strategy, "column": STRATEGIES[strategy], **changes})


@pytest.fixture(params=STRATEGIES)
def manifest(request: pytest.FixtureRequest, tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, spec(request.param))


# --- what every episode holds ------------------------------------------------------------------------------------------------


def test_the_arrays_have_the_shapes_that_were_asked_for(manifest: EpisodeManifest) -> None:
    assert manifest.classes.shape == (300, 5)
    assert manifest.support.shape == (300, 5, 3)
    assert manifest.query.shape == (300, 5, 4)
    assert (len(manifest), manifest.n_way, manifest.n_shot, manifest.n_query) == (300, 5, 3, 4)


def test_no_class_and_no_instance_comes_twice_in_an_episode(manifest: EpisodeManifest) -> None:
    rows = np.concatenate([manifest.support, manifest.query], axis=2).reshape(300, -1)
    for array in (manifest.classes, rows):
        ordered = np.sort(array, axis=1)
        assert (ordered[:, 1:] != ordered[:, :-1]).all()


def test_every_row_belongs_to_the_class_it_stands_for(manifest: EpisodeManifest, tiny: Dataset) -> None:
    assert (tiny.class_of[manifest.support] == manifest.classes[..., None]).all()
    assert (tiny.class_of[manifest.query] == manifest.classes[..., None]).all()


def test_only_classes_of_the_pool_are_drawn_and_all_of_them_are(manifest: EpisodeManifest, tiny: Dataset) -> None:
    assert np.array_equal(np.unique(manifest.classes), tiny.split("family-0")["test"])


def test_every_instance_can_be_drawn_on_either_side(tiny: Dataset) -> None:
    drawn = draw(tiny, spec(n_episodes=2000))
    possible = np.flatnonzero(np.isin(tiny.class_of, tiny.split("family-0")["test"]))
    assert np.array_equal(np.unique(drawn.support), possible)
    assert np.array_equal(np.unique(drawn.query), possible)


def test_siblings_share_the_column_and_the_group_says_which_value(tiny: Dataset) -> None:
    drawn = draw(tiny, spec("siblings"))
    family = tiny.classes["family"].to_numpy()[drawn.classes]
    assert (family == family[:, :1]).all()
    assert family[:, 0].tolist() == [drawn.group_names[g] for g in drawn.group]


def test_without_siblings_there_is_no_group(tiny: Dataset) -> None:
    drawn = draw(tiny, spec())
    assert (drawn.group == -1).all() and drawn.group_names == ()
    assert tiny.classes["family"].to_numpy()[drawn.classes[0]].tolist() != []


def test_groups_are_drawn_evenly_whatever_their_size(tmp_path) -> None:
    """Families of 5, 9 and 6 classes among the test classes: each gives a third of the tasks."""
    classes = tiny_classes()
    classes["family"] = np.repeat(["a", "b", "c", "d", "e"], [10, 10, 5, 9, 6])
    splits = pd.DataFrame(
        {"split": "family-0", "class_id": np.arange(40), "role": np.repeat(["train", "validation", "test"], [10, 10, 20])}
    )
    dataset = write_tiny(Workspace(tmp_path), classes=classes, splits=splits)
    drawn = draw(dataset, spec("siblings", n_episodes=3000))
    counts = np.bincount(drawn.group, minlength=3)
    assert chi_square(counts, np.full(3, 1000)) < chi2.ppf(0.999, 2)


def test_disjoint_episodes_share_no_value_between_support_and_query_over_the_whole_episode(tiny: Dataset) -> None:
    site = pd.factorize(tiny.instances["site"])[0]
    drawn = draw(tiny, spec("disjoint"))
    for support, query in zip(site[drawn.support], site[drawn.query], strict=True):
        assert not np.intersect1d(support, query).size


def test_uniform_episodes_do_share_values(tiny: Dataset) -> None:
    """Else the test above would show nothing."""
    site = pd.factorize(tiny.instances["site"])[0]
    drawn = draw(tiny, spec())
    assert all(np.intersect1d(s, q).size for s, q in zip(site[drawn.support], site[drawn.query], strict=True))


def test_disjoint_draws_every_class_as_often_as_uniform_does(tiny: Dataset) -> None:
    """Episodes whose halves leave a class short are drawn again with the same classes, so no class is put off."""
    counts = np.unique(draw(tiny, spec("disjoint", n_episodes=3000)).classes, return_counts=True)[1]
    assert chi_square(counts, np.full(15, 1000)) < chi2.ppf(0.999, 14)


def test_zero_shots_are_drawn_for_learners_that_need_none(tiny: Dataset) -> None:
    drawn = draw(tiny, spec(n_shot=0))
    assert drawn.support.shape == (300, 5, 0)


# --- the same again ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_spec_gives_the_same_hash_and_another_seed_another(strategy: str, tiny: Dataset) -> None:
    assert draw(tiny, spec(strategy)).hash == draw(tiny, spec(strategy)).hash
    assert draw(tiny, spec(strategy, seed=1)).hash != draw(tiny, spec(strategy)).hash


@pytest.mark.parametrize(
    ("strategy", "pinned"),
    [("uniform", "e98cd201bd353148db31"), ("siblings", "42a3530cbf495f22a118"), ("disjoint", "44796d08a77e67d1d33a")],
)
def test_the_draw_is_the_one_it_has_always_been(strategy: str, pinned: str, tiny: Dataset) -> None:
    """A change here unpairs every stored run from every new one; it may only happen on purpose."""
    assert dataclasses.replace(draw(tiny, spec(strategy)), fingerprint="tiny").hash == pinned


def test_the_global_random_state_is_neither_read_nor_touched(tiny: Dataset) -> None:
    np.random.seed(0)
    first, before = draw(tiny, spec()), np.random.get_state()[1].copy()
    np.random.seed(1)
    assert draw(tiny, spec()).hash == first.hash
    np.random.seed(0)
    assert np.array_equal(np.random.get_state()[1], before)


def test_a_generator_under_way_gives_other_episodes_each_time(tiny: Dataset) -> None:
    table, generator = pool_table(tiny, spec()), np.random.default_rng(0)
    assert draw_from(table, spec(), generator).hash != draw_from(table, spec(), generator).hash


# --- fairness of the draw ----------------------------------------------------------------------------------------------------


def chi_square(observed: np.ndarray, expected: np.ndarray) -> float:
    return float(((observed - expected) ** 2 / expected).sum())


def test_choose_draws_every_ordered_selection_equally_often() -> None:
    chosen = choose(np.random.default_rng(0), np.full(60_000, 5), 3)
    counts = np.unique(chosen @ np.array([25, 5, 1]), return_counts=True)[1]
    assert len(counts) == 60  # 5·4·3 ordered selections, and no others
    assert chi_square(counts, np.full(60, 1000)) < chi2.ppf(0.999, 59)


def test_choose_respects_each_size() -> None:
    sizes = np.random.default_rng(0).integers(4, 50, 5000)
    chosen = choose(np.random.default_rng(1), sizes, 4)
    assert (chosen >= 0).all() and (chosen < sizes[:, None]).all()
    ordered = np.sort(chosen, axis=1)
    assert (ordered[:, 1:] != ordered[:, :-1]).all()


def test_choose_of_all_is_a_permutation() -> None:
    chosen = choose(np.random.default_rng(0), np.full(100, 7), 7)
    assert (np.sort(chosen, axis=1) == np.arange(7)).all()
    assert len(np.unique(chosen, axis=0)) > 90


def test_classes_and_their_places_in_the_task_are_uniform(tiny: Dataset) -> None:
    drawn = draw(tiny, spec(n_episodes=3000))
    for place in range(5):
        counts = np.unique(drawn.classes[:, place], return_counts=True)[1]
        assert chi_square(counts, np.full(15, 200)) < chi2.ppf(0.9999, 14)


class Counting:
    """A Generator that counts what is asked of it."""

    def __init__(self, seed: int) -> None:
        self.generator, self.calls = np.random.default_rng(seed), 0

    def __getattr__(self, name: str) -> Any:
        self.calls += 1
        return getattr(self.generator, name)


@pytest.mark.parametrize("strategy", ["uniform", "siblings"])
def test_the_generator_is_asked_as_often_for_one_episode_as_for_ten_thousand(strategy: str, tiny: Dataset) -> None:
    """Nothing is drawn episode by episode."""
    calls = []
    for n_episodes in (1, 10_000):
        generator = Counting(0)
        asked = spec(strategy, n_episodes=n_episodes)
        draw_from(pool_table(tiny, asked), asked, generator)
        calls.append(generator.calls)
    assert calls[0] == calls[1]


@pytest.mark.parametrize("strategy", ["siblings", "disjoint"])
def test_ten_thousand_five_way_episodes_are_drawn_at_once(strategy: str, glyphs_workspace: Workspace) -> None:
    dataset = Dataset.open(glyphs_workspace, "glyphs")
    column = {"siblings": "base_letter", "disjoint": "family"}[strategy]
    pool = Pool(dataset.description.default_split)
    many = EpisodeSpec(pool, n_shot=10, strategy=strategy, column=column, n_episodes=10_000)
    table = pool_table(dataset, many)
    started = time.monotonic()
    drawn = draw_from(table, many, np.random.default_rng(0))
    assert time.monotonic() - started < 30  # only a hang takes longer
    assert len(drawn) == 10_000 and len(np.unique(drawn.classes)) > 50


# --- what cannot be drawn ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_way": 16}, "n_way is 16, and the pool has 15 classes. Lower n_way to 15 or less, or choose another role or split."),
        (
            {"strategy": "siblings", "column": "family", "n_way": 6},
            "No family has 6 classes in this pool; the largest has 5. Lower n_way to 5 or less, or choose",
        ),
        (
            {"strategy": "siblings", "column": "remark"},
            "No remark has 5 classes in this pool; the largest has 0. Choose the strategy uniform, or another column.",
        ),
        ({"strategy": "siblings", "column": "nowhere"}, "The table classes has no column 'nowhere'; it has class_id"),
        ({"strategy": "disjoint", "column": "family"}, "The table instances has no column 'family'; it has instance_id"),
        ({"n_shot": PER_CLASS - 3, "n_query": 4}, r"has 30 instances; this episode needs 27 \+ 4"),
        (
            {"strategy": "disjoint", "column": "site", "n_shot": 14, "n_query": 14},
            "support and 14 query examples that share no site",
        ),
        ({"strategy": "disjoint", "column": "blank"}, "share no blank"),
        ({"pool": Pool("nowhere")}, "no split 'nowhere'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_drawn_is_one_sentence(changes: dict, words: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        draw(tiny, spec(**{"column": None, **changes}))
    one_sentence(caught.value)


def test_the_class_that_is_short_is_named(tmp_path) -> None:
    keep = ~((tiny_instances()["class_id"] == 39) & (tiny_instances()["instance_id"] % PER_CLASS >= 6))
    instances = tiny_instances()[keep].assign(instance_id=np.arange(keep.sum()))
    splits = pd.DataFrame(
        {"split": "family-0", "class_id": np.arange(40), "role": np.repeat(["train", "validation", "test"], [20, 5, 15])}
    )
    dataset = write_tiny(Workspace(tmp_path), instances=instances, inputs=tiny_images()[keep.to_numpy()], splits=splits)
    with pytest.raises(
        BadInput,
        match=r"Class 'thing 39' has 6 instances; this episode needs 3 \+ 4\. Lower the queries to 3 or less, or the shots to 2 or less, or leave "
        r"it out by the condition class_id <> 39\.",
    ):
        draw(dataset, spec())
    draw(dataset, spec(n_query=3))
    draw(dataset, spec(n_shot=2))
    draw(dataset, spec(pool=Pool("family-0", "test", "class_id <> 39")))


@pytest.mark.parametrize(
    ("shots", "queries"), [(1, 40), (20, 15), (40, 15), (40, 35), (29, 2), (30, 30), (10, 25)], ids=lambda value: str(value)
)
def test_what_is_advised_where_classes_are_short_works(shots: int, queries: int, tiny: Dataset) -> None:
    asked = spec(n_shot=shots, n_query=queries, strategy="uniform", column=None)
    with pytest.raises(BadInput) as caught:
        draw(tiny, asked)
    said = one_sentence(caught.value)
    offered = re.search(r"Lower the shots to (\d+) and the queries to (\d+)", said)
    if offered:
        draw(tiny, replace(asked, n_shot=int(offered[1]), n_query=int(offered[2])))
        return
    found = [(what, int(most)) for what, most in re.findall(r"the (shots|queries) to (\d+) or less", said)]
    assert found
    for what, most in found:
        draw(tiny, replace(asked, **{{"shots": "n_shot", "queries": "n_query"}[what]: most}))


def test_what_is_advised_where_several_classes_are_short_works(tmp_path) -> None:
    keep = ~(tiny_instances()["class_id"].isin([36, 39]) & (tiny_instances()["instance_id"] % PER_CLASS >= 6))
    instances = tiny_instances()[keep].assign(instance_id=np.arange(keep.sum()))
    splits = pd.DataFrame(
        {"split": "family-0", "class_id": np.arange(40), "role": np.repeat(["train", "validation", "test"], [20, 5, 15])}
    )
    data = write_tiny(Workspace(tmp_path), instances=instances, inputs=tiny_images()[keep.to_numpy()], splits=splits)
    with pytest.raises(BadInput, match="1 more is short too") as caught:
        draw(data, spec(strategy="uniform", column=None))
    (condition,) = re.findall(r"by the condition (.+)\.", str(caught.value))
    drawn = draw(data, spec(strategy="uniform", column=None, pool=Pool("family-0", "test", condition)))
    assert not np.isin(drawn.classes, [36, 39]).any()


def test_a_class_of_one_is_no_task() -> None:
    assert fewer_examples(1, spec()).startswith("No task can be drawn from a class of one")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_way": 1}, "n_way is 1; it must be from 2"),
        ({"n_way": 2.0}, "n_way is 2.0; it must be a whole number"),
        ({"n_way": True}, "n_way is True"),
        ({"n_shot": -1}, "n_shot is -1"),
        ({"n_query": 0}, "n_query is 0"),
        ({"n_episodes": 0}, "n_episodes is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"strategy": "random"}, "strategy is 'random'; it must be one of uniform, siblings, disjoint"),
        ({"strategy": "siblings"}, "needs a column"),
        ({"strategy": "disjoint"}, "needs a column"),
        ({"pool": {"split": "family-0", "role": "exam"}}, "role is 'exam'; it must be one of train, validation, test"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_spec_that_makes_no_sense_is_refused_before_anything_is_drawn(changes: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        EpisodeSpec(**{"pool": Pool("family-0"), **changes})
    one_sentence(caught.value)


@pytest.mark.parametrize(("shots", "queries"), [(1, 28), (14, 14), (20, 5), (2, 25), (29, 29)])
def test_what_is_advised_where_values_of_a_column_cannot_be_dealt_works(shots: int, queries: int, tiny: Dataset) -> None:
    asked = spec(strategy="disjoint", column="site", n_shot=shots, n_query=queries, n_episodes=20)
    with pytest.raises(BadInput) as caught:
        draw(tiny, asked)
    lower = {what: int(most) for what, most in re.findall(r"the (shots|queries) to (\d+) or less", one_sentence(caught.value))}
    assert lower
    drawn = draw(tiny, replace(asked, n_shot=lower.get("shots", shots), n_query=lower.get("queries", queries)))
    assert len(drawn) == 20


def test_a_condition_that_leaves_no_task_is_not_advised(tiny: Dataset) -> None:
    with pytest.raises(BadInput) as caught:
        draw(tiny, spec(n_shot=1000, n_query=1, strategy="uniform", column=None))
    assert one_sentence(caught.value).endswith("Lower the shots to 29 or less.")
