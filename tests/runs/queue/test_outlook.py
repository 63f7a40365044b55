"""The one model of progress, on simulated logs of reports: it never runs backwards, and what it says is left contains the truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from metadash.runs.queue.outlook import (
    BUSY,
    Mark,
    Outlook,
    Piece,
    makespan,
    outlook,
    slowness,
    steady,
    steady_times,
)
from metadash.stats import words

Slower = Callable[[float], float]
"""How many times slower than on a quiet machine everything goes, by the clock."""


@dataclass
class Run:
    """One run as it truly goes: ``cost`` processor seconds, of which the bar's step tells ``bend`` too much or too little on the way."""

    expected: float
    cost: float
    needs: tuple[int, ...] = ()
    like: str = "head"
    cpu: float = 0.0
    state: str = "waiting"
    marks: tuple[Mark, ...] = ()
    dies_at: float = 2.0

    @property
    def fraction(self) -> float:
        done = min(self.cpu / self.cost, 1.0)
        return 0.8 * done / 0.75 if done < 0.75 else 0.8 + 0.2 * (done - 0.75) / 0.25

    def piece(self, known: bool) -> Piece:
        took = self.cost if self.state == "over" else None
        return Piece(self.expected, self.like, self.state, self.fraction, known, False, self.marks, took, self.needs)


@dataclass
class Moment:
    at: float
    seen: Outlook
    text: str
    shown: tuple[float, float]
    times: int


def lived(runs: list[Run], slower: Slower, workers: int = 2, known: bool = True, start: float = 6.0) -> list[Moment]:
    """Second by second until all is over, as a page would read it."""
    moments: list[Moment] = []
    now, step, shown, since, times = 0.0, 0.25, None, 0.0, 0
    while any(run.state in ("waiting", "running") for run in runs) and now < 3000:
        for run in runs:
            free = sum(other.state == "running" for other in runs) < workers
            if run.state == "waiting" and now >= start and free and all(runs[need].state == "over" for need in run.needs):
                run.state = "running"
        for run in runs:
            if run.state == "running":
                run.cpu += step / slower(now)
                if not run.marks or now - run.marks[-1].at >= 1:
                    first = next((mark for mark in run.marks if mark.fraction > 0), None)
                    recent = tuple(mark for mark in run.marks if mark.at > now - 62 or mark is first)
                    run.marks = (*recent, Mark(now, run.fraction, run.cpu))
                if run.fraction >= run.dies_at:
                    run.state = "stopped"
                elif run.cpu >= run.cost:
                    run.state = "over"
        now += step
        if now % 1 == 0 or not any(run.state in ("waiting", "running") for run in runs):
            seen = outlook([run.piece(known) for run in runs], now, workers, start, now >= start)
            said, times = steady(shown, (seen.low, seen.high), now - since), steady_times(times, seen.slower)
            if said is not shown:
                shown, since = words.span(*said), now
            moments.append(Moment(now, seen, words.silent(seen.silent) if seen.silent else words.left(*shown), shown, times))
    return moments


def folds(seed: int = 0, off: float = 0.15) -> list[Run]:
    """Five backbones and three heads on each, none of which takes quite what was expected."""
    draw = np.random.default_rng(seed)
    runs = [Run(20.0, 20.0 * np.exp(draw.normal(0, off)), like="backbone") for _ in range(5)]
    return runs + [Run(6.0, 6.0 * np.exp(draw.normal(0, off)), (fold,)) for fold in range(5) for _ in range(3)]


def truthful(moments: list[Moment]) -> float:
    """The share of moments after the first fifth in which the range that was read held what was truly left."""
    end = moments[-1].at
    late = [moment for moment in moments if moment.at > end / 5]
    return float(np.mean([low <= end - moment.at <= high for moment in late for low, high in [moment.shown]]))


def jumps(moments: list[Moment]) -> Iterator[float]:
    """Between texts that follow one another: how many times more or less they say is left. Under a quarter of a minute nobody counts."""
    for before, after in pairwise(moments):
        one, other = (max(float(np.sqrt(max(low, 1) * high)), 15.0) for low, high in (before.shown, after.shown))
        yield max(one / other, other / one)


def quiet(now: float) -> float:
    return 1.0


def steadily_slow(now: float) -> float:
    return 3.0


def burst(now: float) -> float:
    return 3.0 if 40 <= now < 70 else 1.0


CASES = {"quiet": quiet, "slow": steadily_slow, "burst": burst}


@pytest.mark.parametrize("slower", CASES.values(), ids=CASES)
@pytest.mark.parametrize("known", [True, False])
def test_a_bar_never_runs_backwards_and_ends_full(slower: Slower, known: bool) -> None:
    reached = [moment.seen.fraction for moment in lived(folds(), slower, known=known)]
    assert reached == sorted(reached) and reached[0] == 0 and reached[-1] == 1


def test_time_that_passes_is_no_progress() -> None:
    runs = [Run(20.0, 20.0, state="running", cpu=5.0, marks=(Mark(0, 0.01, 0), Mark(5, 0.25, 5.0)))]
    early, late = (outlook([run.piece(True) for run in runs], now, 2) for now in (5.0, 500.0))
    assert early.fraction == late.fraction


@pytest.mark.parametrize("slower", [quiet, steadily_slow])
@pytest.mark.parametrize("seed", range(3))
def test_the_range_holds_the_truth(slower: Slower, seed: int) -> None:
    assert truthful(lived(folds(seed), slower)) >= 0.8


def test_where_sizes_were_only_reckoned_it_learns_them_on_the_way() -> None:
    """Everything takes twice as long as reckoned."""
    runs = [replace(run, cost=run.cost * 2) for run in folds()]
    assert truthful(lived(runs, quiet, known=False)) >= 0.8


@pytest.mark.parametrize("slower", [quiet, steadily_slow])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_read_does_not_jump(slower: Slower, seed: int) -> None:
    assert max(jumps(lived(folds(seed), slower)[8:])) <= 2, "the first seconds tell what the machine is like"


def test_what_is_read_stands_still_for_a_while() -> None:
    moments = lived(folds(), quiet)
    assert sum(one.text != other.text for one, other in pairwise(moments)) <= len(moments) / 5


def test_a_busy_machine_is_named_and_taken_back() -> None:
    told = {moment.at: moment.times for moment in lived(folds(), burst)}
    assert {told[at] for at in range(58, 68)} == {3} and not told[38] and not told[100]
    assert {moment.times for moment in lived(folds(), steadily_slow)[20:]} == {3}
    assert not any(moment.times for moment in lived(folds(), lambda now: 1.0 + 0.4 * (now % 20 < 10))), (
        "noise is not worth a word"
    )


def test_a_worker_that_dies_takes_its_part_with_it_and_nothing_runs_backwards() -> None:
    runs = folds()
    runs[1].dies_at = 0.5
    for run in runs[5:]:
        if run.needs == (1,):
            run.state = "stopped"
    moments = lived(runs, quiet)
    reached = [moment.seen.fraction for moment in moments]
    assert reached == sorted(reached) and 0.7 < reached[-1] < 1
    assert moments[-2].seen.high < 30, "nothing more is expected of it"


def test_parts_that_were_stored_count_whole_from_the_start() -> None:
    runs = folds()
    for run in runs[:5]:
        run.state = "over"
    moments = lived(runs, quiet, start=0.0)
    share = sum(run.expected for run in runs[:5]) / sum(run.expected for run in runs)
    assert share <= moments[0].seen.fraction < share + 0.05
    assert 15 * 6 / 2 * 0.7 < moments[0].seen.middle < 15 * 6 / 2 * 1.4


def test_a_finished_part_counts_whole_whatever_was_expected_of_it() -> None:
    pieces = [Piece(10.0, state="over", cpu=100.0), Piece(10.0)]
    assert outlook(pieces, 0, 2).fraction == 0.5


def test_the_start_of_the_workers_is_a_phase_of_its_own() -> None:
    pieces = [Piece(24.0, known=True)]
    before, after = (outlook(pieces, 0, 2, 6.0, started) for started in (False, True))
    assert before.fraction == 0 and after.fraction == 6 / 30 and before.middle > after.middle + 4
    assert outlook([Piece(24.0, state="over")], 0, 2, 6.0, False).high == 0


def test_a_start_that_takes_too_long_is_named() -> None:
    pieces = [Piece(24.0, known=True)]
    assert [outlook(pieces, 0, 2, 6.0, False, waited).silent for waited in (3.0, 11.0, 28.0)] == [0, 0, 28]
    assert outlook(pieces, 0, 2, 6.0, True, 28.0).silent == 0


def test_where_nothing_is_heard_no_number_stands_frozen() -> None:
    marks = tuple(Mark(float(at), at / 100, float(at)) for at in range(1, 20))
    piece = Piece(100.0, state="running", fraction=0.19, known=True, marks=marks)
    assert outlook([piece], 22.0, 1).silent == 0
    heard_nothing = outlook([piece], 19 + 43.0, 1).silent
    assert heard_nothing == 43 and words.silent(heard_nothing) == "waiting for the machine, nothing new for 45 s"
    other = replace(piece, marks=tuple(replace(mark, at=mark.at + 43) for mark in marks))
    assert outlook([piece, other], 19 + 43.0, 2).silent == 0, "the other one goes on"


def test_a_part_that_never_tells_how_far_it_is_may_take_what_it_takes() -> None:
    marks = tuple(Mark(float(at), 0.1, float(at)) for at in range(30))
    piece = Piece(40.0, state="running", fraction=0.1, known=True, marks=marks)
    assert outlook([piece], 30.0, 1).silent == 0 < outlook([piece], 90.0, 1).silent


def test_another_s_work_in_the_queue_takes_its_turn_and_is_not_ours() -> None:
    ours = Piece(10.0, known=True)
    alone, behind = outlook([ours], 0, 1), outlook([Piece(30.0, known=True, ours=False), ours], 0, 1)
    assert behind.fraction == alone.fraction == 0 and behind.middle > 3 * alone.middle


def test_parts_wait_for_what_they_need_and_share_the_workers() -> None:
    pieces = [Piece(10.0), *(Piece(4.0, needs=(0,)) for _ in range(4))]
    seconds = [piece.work for piece in pieces]
    assert [makespan(pieces, seconds, workers) for workers in (1, 2, 9)] == [26, 18, 14]
    late = [Piece(5.0), Piece(3.0, state="running")]
    assert makespan(late, [5.0, 3.0], 1) == 8 and makespan([], [], 1) == 0


def test_slowness_is_measured_by_the_processor_and_not_remembered_for_ever() -> None:
    marks = tuple(Mark(float(at), 0.0, at / 4) for at in range(20))
    pieces = [Piece(1.0, state="over", marks=marks)]
    assert slowness(pieces, 20.0, 15.0) == pytest.approx(4) and slowness(pieces, 500.0, 15.0) is None
    assert slowness([Piece(1.0, marks=marks[:2])], 2.0, 15.0) is None, "a second tells nothing"


def test_a_range_stands_until_it_was_left_or_is_known_much_better() -> None:
    assert steady((60, 120), (55, 100)) == (60, 120)
    assert steady((60, 120), (30, 50)) == (30, 50)
    assert steady((60, 120), (65, 100), 61) == (65, 100), "half of what it allowed is over"
    assert steady((10, 600), (70, 80)) == (70, 80)
    assert steady_times(0, BUSY - 0.1) == 0 and steady_times(0, 3.2) == steady_times(3, 3.9) == steady_times(3, 2.2) == 3
    assert steady_times(3, 6.0) == 6 and steady_times(2, 1.6) == 2 and steady_times(2, 1.4) == 0
