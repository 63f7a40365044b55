"""The parts of the comparison with other libraries that could be wrong without anybody noticing."""

import pytest

from benchmarks.peering import page
from benchmarks.peering.environment import complaint
from benchmarks.peering.ratios import OURS, Ratio, agree, best_peer, fair_share, rates, ratio_to_best, summary
from benchmarks.peering.session import Failed, Implementation, interleaved
from benchmarks.peering.tasks import WORKLOADS, batch_of

TRIVIAL = "tests.benchmarks.trivial_peer"


def windows(*processor: float) -> list[dict[str, float]]:
    return [{"steps": 10, "processor": seconds, "wall": 2 * seconds} for seconds in processor]


def test_a_rate_is_tasks_a_second_and_the_summary_takes_the_middle_window() -> None:
    assert rates(windows(1.0, 2.0), tasks=4) == [40.0, 20.0]
    found = summary(windows(1.0, 0.1, 2.0), tasks=4)
    assert (found["rate"], found["low"], found["high"], found["rate_by_wall"], found["n"]) == (40.0, 20.0, 400.0, 20.0, 3)


def test_the_best_peer_is_the_fastest_library_not_us_and_not_the_plain_loop() -> None:
    found = {OURS: {"rate": 90.0}, "plain loop": {"rate": 50.0}, "a": {"rate": 20.0}, "b": {"rate": 30.0}}
    assert best_peer(found) == "b"
    assert best_peer({OURS: {"rate": 9.0}, "plain loop": {"rate": 5.0}}) is None


def test_a_ratio_is_ours_over_the_best_and_is_met_from_above() -> None:
    found = {
        OURS: {"rate": 36.0, "rate_by_wall": 30.0},
        "a": {"rate": 20.0, "rate_by_wall": 10.0},
        "b": {"rate": 12.0, "rate_by_wall": 11.0},
    }
    ratio = ratio_to_best("training", found, target=1.8)
    assert ratio is not None
    assert (ratio.value, ratio.against, ratio.by_wall, ratio.met) == (1.8, "a", 3.0, True)
    assert not ratio_to_best("training", found, target=1.81).met
    assert ratio_to_best("training", {OURS: found[OURS]}, target=1.0) is None


def test_memory_is_met_from_below() -> None:
    assert Ratio("memory", 0.9, 1.0, at_most=True).met and not Ratio("memory", 1.1, 1.0, at_most=True).met


@pytest.mark.parametrize(("cores", "busy", "share"), [(2, 1, 1.0), (2, 2, 2 / 3), (1, 1, 0.5), (8, 2, 1.0)])
def test_a_fair_share_of_the_cores(cores: int, busy: int, share: float) -> None:
    assert fair_share(cores, busy) == pytest.approx(share)


def test_agreement_is_relative_and_a_missing_gradient_is_none() -> None:
    reference = {"loss": 2.0, "gradient": 100.0}
    assert agree({"loss": 2.001, "gradient": 100.1}, reference)
    assert not agree({"loss": 2.1, "gradient": 100.0}, reference)
    assert not agree({"loss": 2.0, "gradient": None}, reference)
    assert not agree({"loss": float("nan"), "gradient": 100.0}, reference)
    assert agree({"loss": 2.0, "gradient": None}, {"loss": 2.0, "gradient": None})


def test_a_child_counts_steps_and_both_clocks_and_survives_what_it_cannot_do() -> None:
    with Implementation("trivial", TRIVIAL) as one:
        assert one.ready["threads"] == 1
        found = one.ask("window", workload="count", seconds=0.05)
        assert found["steps"] > 5 and found["processor"] >= 0.05 and found["wall"] >= found["processor"] * 0.9
        assert one.ask("check", workload="count") == {"loss": 6.0, "gradient": pytest.approx(2 * 3**0.5)}
        assert one.ask("check", workload="twin", twin={"factor": 2.0})["loss"] == 12.0
        with pytest.raises(Failed, match=r"^It has no such method\.$"):
            one.ask("window", workload="not offered", seconds=0.05)
        taken, errors = interleaved([one], "count", windows=2, seconds=0.01)
        assert len(taken["trivial"]) == 2 and not errors
        taken, errors = interleaved([one], "not offered", windows=2, seconds=0.01)
        assert not taken and errors == {"trivial": "It has no such method."}
        with pytest.raises(Failed, match=r"^(It ended with 3\.|Libraries print what they like\.)$"):
            one.ask("window", workload="die", seconds=0.05)


def test_a_library_that_does_not_import_says_why() -> None:
    with pytest.raises(Failed, match=r"^No module named .tests\.benchmarks\.nothing.$"):
        Implementation("nothing", "tests.benchmarks.nothing")


def test_everybody_is_given_the_same_data_of_the_workload_s_shape() -> None:
    workload = WORKLOADS["maml-2"]
    first, again = batch_of(workload), batch_of(workload)
    assert first.support.shape == (4, 5, 1, 28, 28) and first.query.shape == (4, 75, 28, 28)
    assert (first.query == again.query).all()
    assert first.target[0, :16].tolist() == [0] * 15 + [1] and first.support_target[0].tolist() == [0, 1, 2, 3, 4]


def test_the_reason_that_pip_gives_is_one_line_without_this_machine_s_places() -> None:
    text = complaint("Collecting a\nERROR: Cannot build /tmp/x/a.c from https://host/simple/a\nmore")
    assert text == "ERROR: Cannot build … from …"


def test_the_targets_of_the_page_say_what_was_missed() -> None:
    ratios = [Ratio("training", 1.75, 1.8, "easyfsl", 1.7), Ratio("memory", 0.5, 1.0, "easyfsl", at_most=True)]
    missed, met = page.target_rows([ratio.as_json() for ratio in ratios])
    assert missed == ["training", "1.75", "1.70", "≥ 1.8", "**not met**", "easyfsl", ""]
    assert met[3:5] == ["≤ 1", "met"]
    assert "NOT MET" in page.as_text({"ratios": [ratio.as_json() for ratio in ratios]}).splitlines()[0]
