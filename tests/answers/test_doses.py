"""Dose and response: the break-even point is where the simulated truth has it, and its interval holds it as often as it says."""

import numpy as np
import pytest

from metadash.answers.doses import break_even, crossing, dose_curves
from metadash.answers.what_if import headline, moved_queries, what_if
from metadash.errors import BadInput
from metadash.metadata.changes import Change
from metadash.runs.store import RunStore
from metadash.runs.train import train
from metadash.specs.what_if import DoseSpec, WhatIfSpec
from metadash.workspace import Workspace
from tests.builders import one_sentence, tiny_run

FRACTIONS = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
RUN = tiny_run(("place", "size"), source_dropout=0.3)


def gains(start: float, end: float, episodes: int, generator: np.random.Generator, noise: float = 2.0) -> np.ndarray:
    """[F, E] falling in a line from ``start`` to ``end`` points, with noise that an episode shares over the fractions."""
    line = start + (end - start) * FRACTIONS
    return line[:, None] + generator.normal(0, noise, episodes) + generator.normal(0, noise, (len(FRACTIONS), episodes))


@pytest.mark.parametrize(("start", "end", "truth"), [(4.0, -4.0, 0.5), (3.0, -1.0, 0.75), (1.0, -9.0, 0.1)])
def test_break_even_is_found_and_its_interval_covers_it(start: float, end: float, truth: float) -> None:
    generator = np.random.default_rng(1)
    found = [break_even(FRACTIONS, gains(start, end, 500, generator), generator) for _ in range(100)]
    assert abs(np.mean([one.value for one in found]) - truth) < 0.02
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.85
    assert max(abs(one.value - truth) for one in found) < 0.1


def test_the_interval_of_break_even_counts_which_classes_were_hit() -> None:
    """Each draw of the classes shifts its whole curve; the interval over eight draws holds the truth about as often as it says."""
    generator = np.random.default_rng(2)
    held = []
    for _ in range(80):
        shift = generator.normal(0, 1.0, (1, 8, 1)) * (FRACTIONS > 0)[:, None, None]
        noise = gains(4, -4, 500, generator, noise=2.5) - (4 - 8 * FRACTIONS)[:, None]
        gain = (4 - 8 * FRACTIONS)[:, None, None] + shift + noise[:, None]
        found, blind = break_even(FRACTIONS, gain, generator), break_even(FRACTIONS, gain.mean(axis=1), generator)
        held.append((found.low <= 0.5 <= found.high, blind.low <= 0.5 <= blind.high))
    counted, uncounted = np.mean(held, axis=0)
    assert counted > 0.86 > uncounted + 0.05


def test_a_curve_that_never_or_always_is_below_zero_says_so() -> None:
    generator = np.random.default_rng(0)
    assert break_even(FRACTIONS, gains(6, 2, 500, generator), generator).censored == "above"
    assert break_even(FRACTIONS, gains(-2, -6, 500, generator), generator).censored == "below"


def test_the_crossing_is_linear_between_the_measured_fractions() -> None:
    assert crossing(np.array([0, 0.5, 1.0]), np.array([[1.0, -1.0, -5.0], [2.0, 1.0, -1.0], [1.0, 1.0, 0.5]])).tolist() == [
        0.25,
        0.75,
        1.0,
    ]


def test_fractions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="rise from 0"):
        break_even(FRACTIONS[1:], np.zeros((5, 10)), np.random.default_rng(0))


def test_curves_of_stored_runs_start_with_the_gain_and_end_at_nothing_where_all_is_missing(tiny_workspace: Workspace) -> None:
    store = RunStore(tiny_workspace)
    runs = [
        train(
            DoseSpec(tiny_run(("place", "size"), source_dropout=0.3, seed=seed), ("place",), fractions=(0.5, 1.0)), tiny_workspace
        )
        for seed in (0, 1)
    ]
    curves = dose_curves(runs, store, 1)
    assert set(curves) == {"missing", "swap", "nearest", "noise"}
    assert curves["missing"].gain[-1].estimate == 0 and curves["swap"].fractions == (0.0, 0.5, 1.0)
    assert curves["swap"].gain[0].estimate == curves["missing"].gain[0].estimate > 3
    assert curves["swap"].gain[0].estimate > curves["swap"].gain[1].estimate > curves["swap"].floor.estimate
    assert curves["missing"].break_even.value == pytest.approx(1.0)
    other = train(DoseSpec(RUN, ("size",), fractions=(0.5, 1.0)), tiny_workspace)
    with pytest.raises(BadInput) as problem:
        dose_curves([runs[0], other], store, 1)
    one_sentence(problem.value)


def test_a_what_if_is_paired_with_the_run_it_asks_and_said_in_a_sentence(tiny_workspace: Workspace) -> None:
    store = RunStore(tiny_workspace)
    spec = WhatIfSpec(RUN, (Change("place", "swap"),))
    run = train(spec, tiny_workspace)
    found = what_if(run, train(RUN, tiny_workspace), store)
    moved = found.at(1)
    assert moved.episodes.high is not None and moved.episodes.high < 0
    assert moved.episodes.estimate == pytest.approx(found.after[0][0].estimate - found.before[0][0].estimate)
    text = one_sentence(headline(found, spec, "thing", "family"))
    assert "on these families" in text and f"{found.changed_classes} of {found.test_classes}" in text
    queries = moved_queries(run)
    assert queries["right_after"] == queries["right_before"] + queries["became_right"] - queries["became_wrong"]
    nothing = what_if(train(WhatIfSpec(RUN), tiny_workspace), train(RUN, tiny_workspace), store)
    assert "nothing is changed" in headline(nothing, WhatIfSpec(RUN), "thing", "family") and nothing.at(1).episodes.estimate == 0
