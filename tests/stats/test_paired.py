"""One learner against another: paired episode by episode, seed by seed, and only where there is something to pair."""

import dataclasses

import numpy as np
import pytest

from metadash.data.dataset import Dataset
from metadash.episodes.manifest import EpisodeManifest
from metadash.episodes.sampler import draw
from metadash.errors import BadInput
from metadash.stats.paired import difference, matched_seeds, worth
from metadash.stats.scored import Scores
from metadash.stats.verdict import Verdict, decide
from tests.builders import one_sentence, tiny_evaluation

SHOTS, E = (1, 2, 5), 600


@pytest.fixture(scope="module")
def manifest(tiny: Dataset) -> EpisodeManifest:
    return draw(tiny, tiny_evaluation(n_episodes=E).episodes("family-0", "test"))


def made(manifest: EpisodeManifest, curve: tuple[float, ...], seeds: tuple[int, ...] = (0, 1, 2), noise: float = 0.0) -> Scores:
    """Scores around ``curve`` (percent, one a shot). Every task has its own difficulty, the same for all learners, which pairing
    takes out; ``noise`` is what it does not."""
    difficulty = np.random.default_rng(99).normal(0, 0.1, E)
    own = np.random.default_rng([*seeds, int(10 * curve[0])]).normal(0, noise / 100, (len(curve), len(seeds), E))
    accuracy = (np.array(curve)[:, None, None] / 100 + difficulty + own).clip(0, 1)
    return Scores(SHOTS, accuracy, manifest, tuple(f"run {s}" for s in seeds), seeds)


def test_a_known_difference_is_found_at_every_shot(manifest: EpisodeManifest) -> None:
    first, second = made(manifest, (54.0, 60.5, 62.0)), made(manifest, (50.0, 60.0, 63.0))
    for shot, points in zip(SHOTS, (4.0, 0.5, -1.0), strict=True):
        found = difference(first, second, shot)
        assert found.shot == shot
        assert found.episodes.estimate == pytest.approx(points, abs=1e-9)
        assert found.new_classes.estimate == pytest.approx(points, abs=1e-9)
        assert found.seeds is not None and found.seeds.estimate == pytest.approx(points, abs=1e-9)
        swapped = difference(second, first, shot)
        assert swapped.episodes.estimate == pytest.approx(-points, abs=1e-9)


def test_pairing_takes_out_how_hard_each_task_is(manifest: EpisodeManifest) -> None:
    first, second = made(manifest, (54.0, 60.0, 62.0), noise=2), made(manifest, (50.0, 60.0, 62.0), noise=2)
    found = difference(first, second, 1)
    width = found.episodes.high - found.episodes.low
    alone = first.means(1)[0].high - first.means(1)[0].low
    assert width < alone / 3
    assert found.episodes.low < 4 < found.episodes.high


@pytest.mark.parametrize(
    ("points", "noise", "verdict"),
    [(4.0, 0.5, Verdict.HELPS), (-4.0, 0.5, Verdict.HURTS), (0.1, 0.5, Verdict.EQUIVALENT), (0.2, 30.0, Verdict.UNDETERMINED)],
)
def test_the_verdict_is_read_off_the_interval_for_new_classes(
    points: float, noise: float, verdict: Verdict, manifest: EpisodeManifest
) -> None:
    """Of three groups, and none of it surer than *probably*."""
    found = difference(made(manifest, (50 + points, 60, 62), noise=noise), made(manifest, (50.0, 60, 62), noise=noise), 1)
    assert found.decision == decide(found.new_classes)
    assert found.decision.verdict is verdict and not found.decision.certain
    assert found.decision.unit == found.new_classes.unit == "group"


def test_what_is_no_practical_difference_can_be_chosen(manifest: EpisodeManifest) -> None:
    first, second = made(manifest, (51.0, 60, 62)), made(manifest, (50.0, 60, 62))
    assert difference(first, second, 1, rope=0.5).decision.verdict is Verdict.HELPS
    assert difference(first, second, 1, rope=2.0).decision.verdict is Verdict.EQUIVALENT


def test_an_effect_that_differs_between_groups_is_less_certain_for_new_ones(manifest: EpisodeManifest) -> None:
    first, second = made(manifest, (54.0, 60, 62)), made(manifest, (50.0, 60, 62))
    uneven = dataclasses.replace(first, values=first.values + 0.03 * (manifest.group - 1))
    found = difference(uneven, second, 1)
    inside = found.episodes.high - found.episodes.low
    assert found.new_classes.high - found.new_classes.low > 5 * inside
    assert not found.decision.certain and decide(found.episodes).shows(Verdict.HELPS) and found.decision.unit == "group"


# --- seeds -------------------------------------------------------------------------------------------------------------------


def test_seeds_are_matched_by_number_not_by_place(manifest: EpisodeManifest) -> None:
    first, second = (
        made(manifest, (50.0, 60, 62), seeds=(0, 1, 2), noise=3),
        made(manifest, (50.0, 60, 62), seeds=(1, 2, 3), noise=3),
    )
    one, other = matched_seeds(first.at(1), second.at(1), first, second)
    assert np.array_equal(one, first.at(1)[[1, 2]]) and np.array_equal(other, second.at(1)[[0, 1]])
    found = difference(first, second, 1)
    assert found.seeds is not None and found.seeds.n == 2
    assert found.episodes.estimate == pytest.approx(100 * (first.at(1)[1:] - second.at(1)[:2]).mean())


def test_a_learner_with_one_run_stands_beside_every_seed_of_the_other(manifest: EpisodeManifest) -> None:
    many, one = made(manifest, (54.0, 60, 62), noise=1), made(manifest, (50.0, 60, 62), seeds=(7,))
    for found, sign in ((difference(many, one, 1), 1), (difference(one, many, 1), -1)):
        assert found.seeds is not None and found.seeds.n == 3
        assert found.episodes.estimate == pytest.approx(sign * 100 * (many.at(1).mean() - one.at(1).mean()))


def test_one_run_each_has_no_interval_over_seeds(manifest: EpisodeManifest) -> None:
    assert difference(made(manifest, (54.0, 60, 62), seeds=(0,)), made(manifest, (50.0, 60, 62), seeds=(5,)), 1).seeds is None


def test_runs_without_a_seed_in_common_are_refused(manifest: EpisodeManifest) -> None:
    with pytest.raises(BadInput, match="share no training seed") as caught:
        difference(made(manifest, (54.0, 60, 62), seeds=(0, 1)), made(manifest, (50.0, 60, 62), seeds=(2, 3)), 1)
    one_sentence(caught.value)


# --- only the same episodes --------------------------------------------------------------------------------------------------


def test_scores_on_other_episodes_are_never_paired(manifest: EpisodeManifest, tiny: Dataset) -> None:
    other = draw(tiny, tiny_evaluation(n_episodes=E, seed=1).episodes("family-0", "test"))
    first, second = made(manifest, (54.0, 60, 62)), made(other, (50.0, 60, 62))
    for compare in (lambda: difference(first, second, 1), lambda: worth(first, second, 1)):
        with pytest.raises(BadInput, match="different test episodes") as caught:
            compare()
        one_sentence(caught.value)


def test_scores_at_other_shots_are_never_paired(manifest: EpisodeManifest) -> None:
    first = made(manifest, (54.0, 60, 62))
    with pytest.raises(BadInput, match="different test episodes"):
        difference(first, dataclasses.replace(first, shots=(1, 2, 10)), 1)


# --- worth -------------------------------------------------------------------------------------------------------------------


def test_worth_is_the_horizontal_distance_between_the_curves(manifest: EpisodeManifest) -> None:
    first, second = made(manifest, (60.0, 62.0, 65.0), noise=1), made(manifest, (50.0, 60.0, 65.0), noise=1)
    found = worth(first, second, 1)
    assert found.value == pytest.approx(1.0, abs=0.1) and found.at == 1 and not found.censored
    assert found.low is not None and found.high is not None and found.low < found.value < found.high
    assert worth(first, second, 1) == found, "its bootstrap has a seed"


def test_worth_is_nothing_between_equals_and_negative_for_a_hindrance(manifest: EpisodeManifest) -> None:
    first = made(manifest, (50.0, 60.0, 65.0))
    assert worth(first, first, 1).value == 0
    assert worth(made(manifest, (50.0, 55.0, 65.0)), first, 2).value < 0


def test_worth_beyond_the_last_shot_is_said_to_be_more(manifest: EpisodeManifest) -> None:
    found = worth(made(manifest, (80.0, 81.0, 82.0)), made(manifest, (50.0, 60.0, 65.0)), 1)
    assert found.censored == "above" and found.value == pytest.approx(4) and found.high is None
