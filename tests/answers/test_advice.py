"""Advice that can be followed: more episodes where those would decide, cross-fitting where untested groups would, else what is missing."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from metadash.answers.advice import advice, more_episodes, units_in
from metadash.data.dataset import Dataset
from metadash.stats.intervals import Interval, episode_interval, group_jackknife
from metadash.stats.paired import Difference
from metadash.stats.verdict import decide
from tests.builders import tiny_evaluation


def made(estimate: float, se: float, inside: float = 0.05, n: int = 11) -> Difference:
    reach = float(stats.t.ppf(0.975, n - 1)) * se
    new = Interval(estimate, estimate - reach, estimate + reach, n, "t", "group", se=se, df=n - 1.0)
    episodes = Interval(estimate, estimate - 2 * inside, estimate + 2 * inside, 2000, "t", "episode", se=inside, df=1999.0)
    return Difference(1, episodes, new, None, decide(new))


@pytest.mark.parametrize(
    ("one", "in_data", "sentence"),
    [
        (made(3.0, 0.4), 28, ""),
        (made(1.5, 0.6), 28, "Cross-fitting, which tests all 28 letters and not 11, would decide if the rest are like these."),
        (made(1.2, 0.6), 28, "It takes about 23 more letters, and the data has 28 in all."),
        (made(1.0, 0.6, n=28), 28, "It takes about 130 more letters, and all 28 that the data has were tested."),
        (made(1.2, 0.6), None, ""),
        (made(0.52, 0.6), 28, ""),
        (made(1.5, 0.5, inside=0.3), 28, "About 2\u202f400 more test episodes would decide."),
    ],
    ids=["decided", "cross-fitting", "too few", "all tested", "unknown", "on the edge", "episodes"],
)
def test_what_is_advised_exists(one: Difference, in_data: int | None, sentence: str) -> None:
    assert advice(one, "letter", in_data) == sentence


def test_that_many_more_episodes_from_the_same_groups_do_decide() -> None:
    rng = np.random.default_rng(0)
    effects = 1.3 + 0.5 * np.linspace(-1, 1, 12)

    def drawn(episodes: int) -> tuple[Interval, Interval]:
        group = np.arange(episodes) % 12
        noise = rng.normal(0, 12, episodes)
        values = effects[group] + noise
        values += 1.3 - values.mean()
        return episode_interval(values), group_jackknife(values, group)

    helped = 0
    for _ in range(20):
        inside, new = drawn(1200)
        more = more_episodes(inside, new, 0.5)
        if not decide(new).certain and more is not None:
            helped += decide(drawn(1200 + 2 * more)[1]).certain
    assert helped >= 5


def test_units_are_the_groups_that_tasks_can_be_drawn_within(tiny: Dataset) -> None:
    siblings: dict[str, Any] = {"strategy": "siblings", "column": "family"}
    assert units_in(tiny, tiny_evaluation(**siblings)) == 8
    assert units_in(tiny, tiny_evaluation(**siblings, n_way=6)) == 0
    assert units_in(tiny, tiny_evaluation(strategy="uniform", column=None)) == 40
