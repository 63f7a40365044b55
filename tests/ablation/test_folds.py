"""Cross-fitting: folds that rotate the test classes, one pooled answer, and what each fold says by itself."""

from dataclasses import replace

import numpy as np
import pytest

from metadash.ablation.companions import with_other_tier
from metadash.ablation.methods import command, methods
from metadash.ablation.plan import AblationSpec
from metadash.ablation.result import ablation
from metadash.ablation.values import pooled
from metadash.ablation.words import as_text, as_values
from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.errors import BadInput
from metadash.runs.store import RunStore
from metadash.specs.subsets import HeadsSpec
from metadash.workspace import Workspace
from tests.ablations import additive, asked, made_up, points, store_arms
from tests.builders import one_sentence

FOLDS = 3


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Workspace(tmp_path))


def test_every_fold_has_its_own_split_and_its_own_backbone() -> None:
    spec = asked(folds=FOLDS)
    cells = spec.cells(4)
    assert len(cells) == FOLDS and len(spec.runs) == FOLDS * 5
    for cell, split in zip(cells, ("fold-1-of-3", "fold-2-of-3", "fold-3-of-3"), strict=True):
        assert isinstance(cell, HeadsSpec)
        assert (cell.run.split, cell.run.backbone.split, cell.run.seed) == (split, split, 4)
    assert len({need for cell in spec.runs for need in cell.needs}) == FOLDS


def test_the_pooled_answer_is_over_every_class_and_every_group_once(tiny: Dataset, store: RunStore) -> None:
    spec = asked(folds=FOLDS)
    found = made_up(spec, tiny, store, additive(4, 2, 0), noise=2)
    episodes = spec.run.evaluation.n_episodes
    assert len(found.values.manifest) == FOLDS * episodes and found.values.folds == (episodes,) * FOLDS
    assert found.n_classes == len(tiny.classes) and found.n_groups == tiny.classes["family"].nunique()
    card = found.card("place")
    assert card.delta[0].new_classes.n == found.n_groups
    assert points(card.delta) == pytest.approx(4, abs=0.2) and all(one.holds for one in found.efficiency)


def test_folds_that_differ_are_averaged_and_told_apart(tiny: Dataset, store: RunStore) -> None:
    spec = asked(folds=FOLDS)
    for seed in spec.seeds:
        for cell, worth in zip(spec.cells(seed), (1, 4, 7), strict=True):
            store_arms(store, cell, spec.arms, tiny, additive(worth, 0, 0), noise=1)
    found = ablation(spec, tiny, store)
    assert found is not None and points(found.card("place").delta) == pytest.approx(4, abs=0.2)
    assert [part.total.episodes.estimate for part in found.by_fold] == pytest.approx([1, 4, 7], abs=0.2)
    assert [part.delta[0].episodes.estimate for part in found.by_fold] == pytest.approx([1, 4, 7], abs=0.2)
    new = found.card("place").delta[0].new_classes
    assert new.high - new.low > 1.5  # what groups of different folds say differs, and the interval for new groups knows it
    text = as_text(found)
    assert all(f"fold-{fold}-of-3" in text for fold in (1, 2, 3))
    assert [row["split"] for row in as_values(found)["by_fold"]] == spec.splits


def test_a_seed_counts_when_all_its_folds_are_there(tiny: Dataset, store: RunStore) -> None:
    spec = asked(folds=FOLDS)
    first, *rest = spec.cells(0)
    store_arms(store, first, spec.arms, tiny, additive(4, 2, 0), noise=1)
    assert ablation(spec, tiny, store) is None
    for cell in rest:
        store_arms(store, cell, spec.arms, tiny, additive(4, 2, 0), noise=1)
    found = ablation(spec, tiny, store)
    assert found is not None and found.partial and found.seeds == (0,)


def test_without_folds_nothing_is_pooled(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(), tiny, store, additive(4, 2, 0))
    assert found.by_fold == () and found.values.folds == () and "fold-" not in as_text(found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tier": "screen", "folds": 5}, "Only the tier confirm is cross-fitted"),
        ({"folds": 1}, "not possible"),
        ({"folds": 99}, "not possible"),
    ],
)
def test_folds_that_make_no_sense_are_one_sentence(changes: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said) as problem:
        asked(**changes)
    one_sentence(problem.value)


def test_what_another_tier_says_of_other_classes_flags_nothing(tiny: Dataset, store: RunStore) -> None:
    made_up(asked(tier="screen", seeds=(0, 1, 2)), tiny, store, additive(-4, 2, 0))
    found = made_up(asked(folds=FOLDS), tiny, store, additive(4, 2, 0))
    assert not any(card.disagreement for card in with_other_tier(found, tiny, store).cards)


def test_the_methods_say_how_and_the_command_repeats_it(tiny: Dataset, store: RunStore) -> None:
    found = made_up(asked(folds=FOLDS), tiny, store, additive(4, 2, 0))
    told = dict(methods(found, tiny))
    assert "cross-fitted in 3 folds" in told["Data"] and "exactly one of 3 folds" in told["Cross-fitting"]
    assert "--folds 3" in command(found.spec)
    assert "--folds" not in command(replace(found.spec, folds=0))


def test_learners_that_train_arm_by_arm_are_cross_fitted_too() -> None:
    run = replace(asked().run, learner="r2d2")
    spec = AblationSpec(run, folds=2)
    size = len(spec.arms)
    assert len(spec.cells(0)) == 2 * size
    assert [cell.split for cell in spec.cells(0)] == ["fold-1-of-2"] * size + ["fold-2-of-2"] * size  # type: ignore[union-attr]


def test_manifests_are_joined_by_the_names_of_their_groups() -> None:
    def part(names: tuple[str, ...], group: list[int], first: int) -> EpisodeManifest:
        classes = first + np.arange(2 * len(group)).reshape(-1, 2)
        rows = np.zeros((len(group), 2, 1), dtype=np.int64)
        return EpisodeManifest(classes, rows, rows.copy(), np.array(group), names, "same")

    joined = EpisodeManifest.joined([part(("a", "b"), [0, 1, -1], 0), part(("c", "a"), [0, 1], 50)])
    assert joined.group_names == ("a", "b", "c") and joined.group.tolist() == [0, 1, -1, 2, 0]
    assert joined.classes[3].tolist() == [50, 51]
    with pytest.raises(BadInput, match="cannot be put together"):
        EpisodeManifest.joined(
            [joined, EpisodeManifest(joined.classes, *[joined.support] * 2, joined.group, joined.group_names, "other")]
        )


def test_folds_asked_different_things_are_not_pooled(tiny: Dataset, store: RunStore) -> None:
    one = made_up(asked(), tiny, store, additive(4, 2, 0)).values
    with pytest.raises(BadInput, match="cannot be pooled"):
        pooled([one, replace(one, seeds=(7, 8, 9, 10, 11))])
