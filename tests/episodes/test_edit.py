"""Editing an episode by hand keeps its rules: what is locked stays, siblings stay siblings, disjoint stays disjoint, nothing comes twice."""

from dataclasses import replace

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.edit import redraw, swap_class, swap_instance
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.pool import pool_table
from metadash.episodes.sampler import draw
from metadash.episodes.saved import as_table, reopen, save, saved_episodes
from metadash.episodes.spec import EpisodeSpec, Pool
from metadash.errors import BadInput
from tests.builders import one_sentence

POOL = Pool("family-0", "train")
SPECS = {
    "uniform": EpisodeSpec(POOL, n_way=4, n_shot=2, n_query=3),
    "siblings": EpisodeSpec(POOL, n_way=4, n_shot=2, n_query=3, strategy="siblings", column="family"),
    "disjoint": EpisodeSpec(POOL, n_way=4, n_shot=2, n_query=3, strategy="disjoint", column="site"),
}


def keeps_the_rules(manifest: EpisodeManifest, spec: EpisodeSpec, data: Dataset) -> bool:
    classes, support, query = manifest.classes[0], manifest.support[0], manifest.query[0]
    assert support.shape == (spec.n_way, spec.n_shot) and query.shape == (spec.n_way, spec.n_query)
    assert len(set(classes.tolist())) == spec.n_way
    rows = np.concatenate([support, query], axis=1)
    assert len(set(rows.ravel().tolist())) == rows.size
    assert (data.class_of[rows] == classes[:, None]).all()
    assert set(classes.tolist()) <= set(data.split("family-0")["train"].tolist())
    if spec.strategy == "siblings":
        family = set(data.classes["family"].to_numpy()[classes])
        assert family == {manifest.group_names[manifest.group[0]]}
    if spec.strategy == "disjoint":
        site = data.instances["site"].to_numpy()
        assert not set(site[support.ravel()]) & set(site[query.ravel()])
    return True


@pytest.fixture(params=SPECS)
def spec(request) -> EpisodeSpec:
    return SPECS[request.param]


def test_locked_classes_keep_their_places_and_their_instances(tiny: Dataset, spec: EpisodeSpec) -> None:
    first = draw(tiny, spec)
    table, locked = pool_table(tiny, spec), {int(first.classes[0, 1]), int(first.classes[0, 3])}
    others = set()
    for seed in range(20):
        again = redraw(first, table, spec, np.random.default_rng(seed), locked)
        assert keeps_the_rules(again, spec, tiny)
        for part in ("classes", "support", "query"):
            assert np.array_equal(getattr(again, part)[0, [1, 3]], getattr(first, part)[0, [1, 3]])
        others.add(again.hash)
    assert len(others) > 10


def test_with_nothing_locked_redrawing_is_drawing(tiny: Dataset, spec: EpisodeSpec) -> None:
    again = redraw(draw(tiny, spec), pool_table(tiny, spec), spec, np.random.default_rng(5), ())
    assert again.hash == draw(tiny, replace(spec, seed=5)).hash


def test_with_everything_locked_redrawing_changes_nothing(tiny: Dataset, spec: EpisodeSpec) -> None:
    first = draw(tiny, spec)
    assert redraw(first, pool_table(tiny, spec), spec, np.random.default_rng(1), first.classes[0].tolist()).hash == first.hash


def test_a_swapped_class_is_new_and_the_others_stay(tiny: Dataset, spec: EpisodeSpec) -> None:
    first, table = draw(tiny, spec), pool_table(tiny, spec)
    for seed in range(10):
        again = swap_class(first, table, spec, 2, np.random.default_rng(seed))
        assert keeps_the_rules(again, spec, tiny)
        assert again.classes[0, 2] not in first.classes[0]
        assert np.array_equal(np.delete(again.support[0], 2, axis=0), np.delete(first.support[0], 2, axis=0))


@pytest.mark.parametrize("part", ["support", "query"])
def test_a_swapped_instance_is_new_and_of_the_same_class(tiny: Dataset, spec: EpisodeSpec, part) -> None:
    first, table = draw(tiny, spec), pool_table(tiny, spec)
    for seed in range(10):
        again = swap_instance(first, table, spec, 0, part, 1, np.random.default_rng(seed))
        assert keeps_the_rules(again, spec, tiny) and np.array_equal(again.classes, first.classes)
        before, after = (np.concatenate([m.support[0].ravel(), m.query[0].ravel()]) for m in (first, again))
        assert (before != after).sum() == 1 and after[before != after][0] not in before


def test_the_same_generator_gives_the_same_edit(tiny: Dataset, spec: EpisodeSpec) -> None:
    first, table = draw(tiny, spec), pool_table(tiny, spec)
    one, two = (swap_class(first, table, spec, 0, np.random.default_rng(3)) for _ in range(2))
    assert one.hash == two.hash != first.hash


def test_the_episode_that_is_edited_stays_as_it_was(tiny: Dataset, spec: EpisodeSpec) -> None:
    first, table = draw(tiny, spec), pool_table(tiny, spec)
    before = first.hash
    swap_instance(
        swap_class(first, table, spec, 0, np.random.default_rng(0)), table, spec, 0, "query", 0, np.random.default_rng(0)
    )
    assert first.hash == before


def test_no_other_sibling_is_said_with_the_group(tiny: Dataset) -> None:
    spec = replace(SPECS["siblings"], n_way=5)  # every family has five
    with pytest.raises(BadInput, match="with the family 'family"):
        swap_class(draw(tiny, spec), pool_table(tiny, spec), spec, 0, np.random.default_rng(0))


def test_a_pool_that_shrank_is_said(tiny: Dataset) -> None:
    spec = SPECS["siblings"]
    first = draw(tiny, spec)
    family = first.group_names[first.group[0]]
    smaller = replace(spec, pool=replace(POOL, where=f"family <> '{family}'"))
    with pytest.raises(BadInput) as caught:
        redraw(first, pool_table(tiny, smaller), smaller, np.random.default_rng(0), first.classes[0, :1].tolist())
    one_sentence(caught.value)
    with pytest.raises(BadInput) as caught:
        swap_instance(first, pool_table(tiny, smaller), smaller, 0, "query", 0, np.random.default_rng(0))
    one_sentence(caught.value)


def test_a_class_without_further_instances_names_itself(tiny: Dataset) -> None:
    spec = EpisodeSpec(POOL, n_way=2, n_shot=10, n_query=20)  # every class has thirty
    with pytest.raises(BadInput, match=r"'thing .* no other instance to swap in"):
        swap_instance(draw(tiny, spec), pool_table(tiny, spec), spec, 0, "support", 0, np.random.default_rng(0))


def test_zero_shot_episodes_can_be_edited(tiny: Dataset) -> None:
    for strategy, spec in SPECS.items():
        spec = replace(spec, n_shot=0)
        first, table = draw(tiny, spec), pool_table(tiny, spec)
        assert keeps_the_rules(swap_class(first, table, spec, 0, np.random.default_rng(0)), spec, tiny), strategy


# --- saved episodes --------------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_found_and_opened_again(tiny: Dataset, own_workspace) -> None:
    spec = replace(SPECS["siblings"], pool=replace(POOL, where="class_id >= 0"))
    manifest = swap_class(draw(tiny, SPECS["siblings"]), pool_table(tiny, spec), spec, 0, np.random.default_rng(0))
    entry = save(own_workspace, tiny, manifest, "  a *telling*\n one ", spec)
    assert saved_episodes(own_workspace, tiny) == [entry] and entry.name == "a *telling* one" and entry.spec == spec
    assert reopen(own_workspace, tiny, entry).hash == manifest.hash
    assert save(own_workspace, tiny, manifest, "", spec).name == "4-way 2-shot"
    assert len(saved_episodes(own_workspace, tiny)) == 1


def test_manifests_of_runs_and_other_data_are_not_listed(tiny: Dataset, own_workspace) -> None:
    manifest = draw(tiny, SPECS["uniform"])
    manifest.save(own_workspace.episodes / f"{manifest.hash}.npz")
    (own_workspace.episodes / "half.json").write_text('{"name": "ha')
    (own_workspace.episodes / "list.json").write_text("[1, 2]")
    (own_workspace.episodes / "odd.json").write_text(f'{{"fingerprint": "{tiny.fingerprint}", "spec": {{"pool": 3}}}}')
    (own_workspace.episodes / "odd.npz").write_bytes(b"")
    assert saved_episodes(own_workspace, tiny) == []


def test_a_damaged_episode_is_one_sentence(tiny: Dataset, own_workspace) -> None:
    spec = SPECS["uniform"]
    entry = save(own_workspace, tiny, draw(tiny, spec), "mine", spec)
    file = own_workspace.episodes / f"{entry.hash}.npz"
    draw(tiny, replace(spec, seed=9)).save(file)
    with pytest.raises(BadInput) as caught:
        reopen(own_workspace, tiny, entry)
    assert "mine" in one_sentence(caught.value)
    file.write_bytes(b"PK nonsense")
    with pytest.raises(BadInput):
        reopen(own_workspace, tiny, entry)


def test_the_table_lists_every_instance_with_its_label(tiny: Dataset) -> None:
    manifest = draw(tiny, SPECS["uniform"])
    table = as_table(manifest, tiny)
    assert list(table.columns) == ["label", "class_id", "class_name", "part", "instance_id"] and len(table) == 4 * (2 + 3)
    assert table.query("part == 'support' and label == 2")["instance_id"].tolist() == manifest.support[0, 2].tolist()
