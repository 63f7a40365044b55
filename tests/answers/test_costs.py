"""What an arm costs: means over seeds, the most memory, and no number where a run recorded none."""

from types import SimpleNamespace
from typing import Any

import pytest

from metadash.answers.costs import NOT_RECORDED, Cost, cheapest, cheapest_words, cost_of, memory_words, paid, seconds_words


def arm(*runs: tuple[float, dict[str, Any], int | None]) -> Any:
    """Of runs given as seconds, cost and trained parameters."""
    return SimpleNamespace(
        runs=[SimpleNamespace(about={"seconds": s}, cost=c, summary={"trained_parameters": p}) for s, c, p in runs]
    )


MEASURED = {"cpu_seconds": 1.0, "peak_mib": 50.0, "scoring_seconds": 0.5}


def test_seconds_are_means_over_the_seeds_and_memory_the_most_of_them() -> None:
    found = cost_of(arm((2.0, MEASURED, 7), (4.0, {"cpu_seconds": 3.0, "peak_mib": 80.0, "scoring_seconds": 1.5}, 7)))
    assert found == Cost(3.0, (2.0, 4.0), 1.0, 2.0, 80.0, 7)


def test_the_tuning_that_a_learner_was_chosen_by_is_part_of_its_price() -> None:
    tuned = {**MEASURED, "tuning_seconds": 8.0, "tuning_cpu_seconds": 6.0}
    found = cost_of(arm((2.0, tuned, 7), (4.0, tuned, 7)))
    assert (found.seconds, found.seconds_range, found.tuning_seconds, found.cpu_seconds) == (11.0, (10.0, 12.0), 8.0, 7.0)
    assert found.in_words()["of them tuning"] == "8.0 s"
    assert cost_of(arm((2.0, {**MEASURED, "tuning_seconds": 8.0}, 7))).cpu_seconds is None, "a price without a part of it is none"


def test_what_one_seed_did_not_record_is_not_recorded() -> None:
    found = cost_of(arm((2.0, MEASURED, 7), (4.0, {}, None)))
    assert (found.scoring_seconds, found.cpu_seconds, found.peak_mib, found.trained_parameters) == (None,) * 4
    texts = found.in_words()
    assert texts["seconds"] == "3.0 s" and {text for name, text in texts.items() if name != "seconds"} == {NOT_RECORDED}


def test_nothing_to_train_is_no_missing_number() -> None:
    assert cost_of(arm((2.0, MEASURED | {"peak_mib": 0.0}, 0))).in_words() == {
        "seconds": "2.0 s",
        "of them scoring": "0.50 s",
        "processor": "1.0 s",
        "memory": "0.0 MiB",
        "parameters trained": "0",
    }


@pytest.mark.parametrize(("seconds", "text"), [(0.126, "0.13 s"), (1.26, "1.3 s"), (72.7, "73 s"), (None, NOT_RECORDED)])
def test_seconds_keep_one_unit(seconds: float | None, text: str) -> None:
    assert seconds_words(seconds) == text


def test_memory_is_said_in_mebibytes() -> None:
    assert [memory_words(mib) for mib in (4.56, 45.6, None)] == ["4.6 MiB", "46 MiB", NOT_RECORDED]


def priced(seconds: float, cpu: float | None) -> Cost:
    return Cost(seconds, (seconds, seconds), None, cpu, 10.0, 0)


def test_the_wall_counts_where_one_has_no_processor_time() -> None:
    assert paid({"a": priced(9, 3), "b": priced(5, 4)}) == ({"a": 3, "b": 4}, "processor seconds")
    assert paid({"a": priced(9, 3), "b": priced(5, None)}) == ({"a": 9, "b": 5}, "seconds")


def test_the_cheapest_is_sought_among_those_that_no_other_is_shown_to_beat() -> None:
    from metadash.stats.verdict import Verdict

    costs = {"cheap": priced(1, 1), "middle": priced(5, 5), "dear": priced(9, 9)}
    tests: Any = {
        ("cheap", "middle"): SimpleNamespace(verdict=Verdict.HURTS),
        ("cheap", "dear"): SimpleNamespace(verdict=Verdict.UNDETERMINED),
        ("middle", "dear"): SimpleNamespace(verdict=Verdict.UNDETERMINED),
    }
    assert cheapest(costs, tests) == "middle"
    tests["cheap", "middle"] = SimpleNamespace(verdict=Verdict.UNDETERMINED)
    assert cheapest(costs, tests) == "cheap"
    sentence = cheapest_words({name: name for name in costs}, costs, tests)
    assert sentence == (
        "The cheapest learner that no other here is shown to beat (Holm over 3 pairs): “cheap”, 1.0 processor seconds and 10 MiB a run."
    )
