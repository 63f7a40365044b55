"""The numbers of the one model of progress, each worked out by hand: its parts, and what stands at their edges."""

import math
from dataclasses import replace

import pytest

from metadash.runs.queue.outlook import (
    Mark,
    Outlook,
    Piece,
    fraction,
    left_of,
    makespan,
    outlook,
    own_seconds,
    ratio,
    silence,
    slowness,
    steady,
    steady_times,
    wonder_after,
)


def going(*marks: tuple[float, float, float], work: float = 10.0, **facts: object) -> Piece:
    """A running piece that left ``marks`` (at, fraction, processor seconds)."""
    told = tuple(Mark(*mark) for mark in marks)
    return replace(Piece(work, state="running", fraction=told[-1].fraction, marks=told), **facts)  # type: ignore[arg-type]


def test_a_pace_is_measured_from_the_first_mark_that_told_of_something_done() -> None:
    assert own_seconds(going((0, 0, 0), (5, 0.1, 4), (9, 0.5, 12))) == pytest.approx(8 / 0.4)
    assert own_seconds(going((5, 0.1, 4), (9, 0.5, 4))) == pytest.approx(1e-3 / 0.4), "no processor time at all"
    for too_little in (((0, 0, 0), (5, 0.1, 4)), ((5, 0.1, 4), (9, 0.1009, 12))):
        assert own_seconds(going(*too_little)) is None


def test_what_pieces_took_tells_of_those_alike_and_half_as_much_of_others() -> None:
    over = [Piece(10.0, "a", "over", cpu=seconds) for seconds in (20.0, 30.0, 90.0)]
    assert ratio(over, Piece(5.0, "a")) == 3.0
    assert ratio(over, Piece(5.0, "b")) == pytest.approx(math.sqrt(3.0))
    assert ratio(over, Piece(5.0, "b", known=True)) == 1.0 and ratio([], Piece(5.0)) == 1.0
    assert ratio([Piece(0.0, "a", "over", cpu=5.0)], Piece(5.0, "a")) == 1.0, "a piece without a size tells nothing"


def test_a_piece_under_way_tells_its_pace_once_a_fifth_is_done_and_never_where_it_may_end_early() -> None:
    half = going((1, 0.1, 2), (9, 0.5, 10), like="a")
    assert ratio([half], Piece(5.0, "a")) == pytest.approx(20 / 10)
    assert ratio([replace(half, fraction=0.2)], Piece(5.0, "a")) == 1.0
    assert ratio([replace(half, early=True)], Piece(5.0, "a")) == 1.0


@pytest.mark.parametrize(
    ("piece", "learned", "middle", "spread"),
    [
        (Piece(10.0, known=True), 1.0, 10.0, 0.2),
        (Piece(10.0), 1.0, 10.0, 0.5),
        (Piece(10.0), 2.0, 20.0, 0.2),
        (Piece(10.0, state="running", fraction=0.25, known=True), 1.0, 7.5, 0.2),
        (Piece(10.0, state="running", fraction=7.0, known=True), 1.0, 0.1, 0.2),
        (Piece(10.0, state="running", fraction=-7.0, known=True), 1.0, 10.0, 0.2),
    ],
)
def test_what_is_left_of_a_piece_is_as_wide_as_its_size_is_sure(
    piece: Piece, learned: float, middle: float, spread: float
) -> None:
    expected = (middle * math.exp(-spread), middle * math.exp(spread))
    assert left_of(piece, learned) == pytest.approx(expected)
    assert left_of(replace(piece, early=True), learned) == pytest.approx((expected[0] / 2, expected[1]))
    for ended in ("over", "stopped"):
        assert left_of(replace(piece, state=ended), learned) == (0, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("known", "trust"), [(True, 0.5 / 0.7), (False, 0.5 / 0.55)])
def test_the_pace_of_a_piece_itself_counts_the_more_the_further_it_is(known: bool, trust: float) -> None:
    piece = going((1, 0.1, 2), (9, 0.5, 10), known=known)
    left = 10 ** (1 - trust) * 20**trust / 2
    spread = (0.2 if known else 0.5) * (1 - trust) + 0.1
    assert left_of(piece, 1.0) == pytest.approx((left * math.exp(-spread), left * math.exp(spread)))
    assert left_of(replace(piece, state="waiting", fraction=0.0), 1.0)[1] == pytest.approx(
        10 * math.exp(0.2 if known else 0.5)
    ), "marks of an earlier attempt"


def test_slowness_counts_the_marks_within_the_window_of_all_pieces_together() -> None:
    pieces = [going((0, 0, 0), (10, 0.1, 1), (14, 0.2, 3)), going((8, 0, 5), (14, 0, 6))]
    assert slowness(pieces, 14.0, 4.0) == pytest.approx(4 / 2), "the mark at 10 lies just within; of the other piece one is left"
    assert slowness(pieces, 14.0, 20.0) == pytest.approx((14 + 6) / (3 + 1))
    assert slowness(pieces, 14.0, 3.9) is None
    assert slowness(pieces, 14.0 + 120, 20.0) == pytest.approx(5) and slowness(pieces, 14.0 + 121, 20.0) is None
    assert slowness([going((0, 0, 0), (14, 0, 0.1))], 14.0, 20.0) == 30, "no more than so many times"
    assert slowness([], 0.0, 20.0) is None


def test_silence_counts_from_the_mark_at_which_the_last_of_it_was_told() -> None:
    piece = going((1, 0.1, 0), (5, 0.2, 0), (9, 0.2, 0))
    assert silence(piece, 12.0) == 7 and silence(piece, 2.0) == 0
    assert silence(replace(piece, state="waiting"), 12.0) == 0 and silence(Piece(1.0, state="running"), 12.0) == 0


def test_nobody_wonders_within_four_times_the_usual_distance_between_news() -> None:
    news = going((0, 0.1, 0), (4, 0.2, 0), (6, 0.2, 0), (8, 0.3, 0), (18, 0.4, 0))
    assert wonder_after(news, 99.0) == 4 * 4, "gaps of 4, 4 and 10 seconds"
    assert wonder_after(going((0, 0.1, 0), (1, 0.2, 0), (2, 0.3, 0), (3, 0.4, 0)), 99.0) == 10
    two_gaps = going((0, 0.1, 0), (4, 0.2, 0), (8, 0.3, 0))
    assert wonder_after(two_gaps, 25.0) == 25 and wonder_after(two_gaps, 3.0) == 10


def test_the_fraction_is_of_our_own_work_and_full_only_at_the_end() -> None:
    half = Piece(10.0, state="running", fraction=0.5)
    assert fraction([half, Piece(30.0)]) == pytest.approx(5 / 40)
    assert fraction([half, Piece(30.0, ours=False, state="over")]) == pytest.approx(0.5)
    assert fraction([half], start=10.0, started=True) == pytest.approx(15 / 20)
    assert fraction([half], start=10.0, started=False) == pytest.approx(5 / 20)
    nearly = Piece(1e-6, state="running", fraction=1.0)
    assert fraction([Piece(1e3, state="over"), nearly]) == 0.99 and fraction([Piece(0.0)]) == 0.0
    assert fraction([Piece(1.0, state="over"), Piece(1.0, ours=False)]) == 1.0


def test_the_start_of_the_workers_takes_from_seven_tenths_to_half_as_much_again() -> None:
    piece = Piece(10.0, known=True)
    behind = outlook([piece], 0.0, 1, 6.0, True)
    ahead = outlook([piece], 0.0, 1, 6.0, False)
    assert (ahead.low - behind.low, ahead.high - behind.high) == pytest.approx((0.7 * 6, 1.5 * 6))
    assert (behind.low, behind.high, behind.slower) == pytest.approx((10 * math.exp(-0.2), 10 * math.exp(0.2), 1.0))
    others = outlook([Piece(10.0, state="over"), Piece(10.0, ours=False)], 0.0, 1, 6.0, False)
    assert others.high == pytest.approx(10 * math.exp(0.5)), "nothing of ours waits for the workers"


def test_a_start_is_named_after_twice_its_time_and_never_within_ten_seconds() -> None:
    waited = {
        (start, s): outlook([Piece(9.0)], 0.0, 1, start, False, s).silent for start in (2.0, 8.0) for s in (10.0, 10.5, 16.5)
    }
    assert waited == {(2.0, 10.0): 0, (2.0, 10.5): 10.5, (2.0, 16.5): 16.5, (8.0, 10.0): 0, (8.0, 10.5): 0, (8.0, 16.5): 16.5}


def test_the_range_holds_what_the_machine_is_like_now_and_on_the_whole() -> None:
    """Half a minute at one processor second a second, then ten seconds at a third; the last news is two seconds old."""
    calm = [(float(at), at / 100, float(at)) for at in range(31)]
    busy = [(30.0 + at, 0.3 + at / 300, 30 + at / 3) for at in range(1, 16)]
    piece = going(*calm, *busy, work=100.0, known=True)
    seen, (low, high) = outlook([piece], 47.0, 1), left_of(piece, ratio([piece], piece))
    on_the_whole = 45 / 35
    assert seen.slower == pytest.approx(3)
    assert (seen.low, seen.high) == pytest.approx((low * on_the_whole - 2, high * 3))
    assert seen.busy and not Outlook(0.5, 1, 2, slower=1.79).busy and Outlook(0.5, 1, 2, slower=1.8).busy


def test_the_middle_is_geometric_and_nothing_where_nothing_is_left() -> None:
    assert Outlook(0.5, 10, 40).middle == 20 and Outlook(0.5, 0, 32).middle == 4 and Outlook(1, 0, 0).middle == 0


def test_what_waits_for_several_starts_when_the_last_of_them_is_over() -> None:
    pieces = [Piece(1.0), Piece(1.0), Piece(1.0, needs=(0, 1, 1)), Piece(1.0, state="running")]
    assert makespan(pieces, [5, 7, 2, 1], 9) == 9
    assert makespan(pieces, [5, 7, 2, 1], 1) == makespan(pieces, [5, 7, 2, 1], 0) == 15


def test_a_range_that_is_read_stands_to_its_edges() -> None:
    standing = (60.0, 120.0)
    assert steady(None, (1.0, 2.0)) == (1.0, 2.0)
    assert steady(standing, (65.0, 100.0), 60.0) == standing and steady(standing, (65.0, 100.0), 60.5) == (65.0, 100.0)
    for middle, stands in ((59.0, False), (60.0, True), (120.0, True), (121.0, False)):
        assert (steady(standing, (middle, middle)) == standing) == stands
    soon = (0.0, 0.4)  # less than half a second is half a second
    assert steady((0.4, 1.5), soon) == (0.4, 1.5) and steady((0.6, 1.5), soon) == soon
    wide = (0.0, 99.0)  # a hundred times
    assert steady(wide, (1.0, 99.0)) == wide and steady(wide, (1.0, 98.0)) == (1.0, 98.0)


def test_how_busy_the_machine_is_said_to_be_stands_while_it_is_about_right() -> None:
    assert [steady_times(0, slower) for slower in (1.79, 1.8, 2.6)] == [0, 2, 3]
    assert [steady_times(2, slower) for slower in (1.49, 1.5, 2.9, 3.1)] == [0, 2, 2, 3]
    assert [steady_times(8, slower) for slower in (5.4, 5.6, 10.4, 10.6)] == [5, 8, 8, 11]
