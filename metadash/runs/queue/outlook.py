"""How far a piece of work is, and how long it still takes: the one model behind every bar, every line and every estimate.

Work is counted in *reference seconds*: processor seconds that a part takes on this machine when it has a core to itself. How far it is
comes from what was reported alone, never from a clock, so it cannot run backwards and a reload shows the same. How long it still takes
is the work that is left, at the pace in processor seconds that its like showed, times the seconds of the wall that a processor second
takes just now (more than one on a busy machine), over the workers that share it.
"""

import heapq
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

USUAL_START = 6.0
"""Seconds in which worker processes start and load torch, where nobody has measured it: paid once a server."""

SHORT, LONG = 15.0, 60.0
"""Seconds of the past in which the machine's slowness is measured: just now, and on the whole. The range holds both."""

ENOUGH = 4.0
"""Seconds of processes under way before their processor time tells anything of the machine."""

FRESH = 120.0
"""Seconds after which a measurement of the machine says nothing of now."""

SLOWEST = 30.0
BUSY = 1.8
"""Times slower than usual from which a person is told; less is noise."""
STILL_BUSY = 1.5
"""Below which that is taken back."""

PATIENCE = 10.0
"""Seconds without news that nobody wonders at."""

SPREAD = {True: 0.2, False: 0.5}
"""Of the logarithm of a part's seconds: where its like has been computed here, and where it is reckoned from its size."""

TRUST = {True: 0.2, False: 0.05}
"""The share of a part that must be done for its own pace to count as much as what was expected of it."""

STOPS_EARLY = 0.5
"""Of what is left by the steps, where training may end by its patience."""

State = Literal["waiting", "running", "over", "stopped"]


@dataclass(frozen=True)
class Mark:
    """A running part at one moment: ``at`` by the clock, its ``fraction``, the processor seconds ``cpu`` of its process."""

    at: float
    fraction: float
    cpu: float


@dataclass(frozen=True)
class Piece:
    """One run of the work. ``work`` is its size in reference seconds and never changes while it is under way.

    ``like``: pieces of one kind tell of each other's pace. ``known``: the size was learned of its like, not reckoned. ``early``: it may
    end before its last step. ``marks``: what its process reported, oldest first. ``cpu``: processor seconds it took, once over.
    ``needs``: places of pieces that must be over first. ``ours``: False for another's that has its turn before. ``stopped`` is what
    ended without a result: nothing more will come of it, and what it reported stays.
    """

    work: float
    like: Hashable = ""
    state: State = "waiting"
    fraction: float = 0.0
    known: bool = False
    early: bool = False
    marks: tuple[Mark, ...] = ()
    cpu: float | None = None
    needs: tuple[int, ...] = ()
    ours: bool = True

    @property
    def done(self) -> float:
        """The share of it that is done."""
        return 1.0 if self.state == "over" else min(max(self.fraction, 0.0), 0.99)


@dataclass(frozen=True)
class Outlook:
    """``fraction`` 0..1 of all work; ``low`` to ``high`` seconds left; ``slower`` than usual so many times (1 where nothing tells);
    ``silent`` seconds without news, 0 as long as that is usual."""

    fraction: float
    low: float
    high: float
    slower: float = 1.0
    silent: float = 0.0

    @property
    def middle(self) -> float:
        return math.sqrt(max(self.low, 0.5) * max(self.high, 0.5)) if self.high else 0.0

    @property
    def busy(self) -> bool:
        return self.slower >= BUSY


def outlook(
    pieces: Sequence[Piece], now: float, workers: int, start: float = 0.0, started: bool = True, starting_for: float = 0.0
) -> Outlook:
    """``start``: seconds that the workers' start takes, where that belongs to this work; ``started``: whether it is behind, else
    ``starting_for`` so many seconds."""
    ahead = 0.0 if started or all(piece.state == "over" for piece in pieces if piece.ours) else start
    just_now, on_the_whole = slowness(pieces, now, SHORT), slowness(pieces, now, LONG)
    paces = [pace for pace in (just_now, on_the_whole) if pace is not None] or [1.0]
    learned = {kind: ratio(pieces, piece) for kind, piece in {(piece.like, piece.known): piece for piece in pieces}.items()}
    spans = [left_of(piece, learned[piece.like, piece.known]) for piece in pieces]
    quiet = [silence(piece, now) for piece in pieces]
    low = [max(span[0] * min(paces) - since, 0.0) for span, since in zip(spans, quiet, strict=True)]
    high = [span[1] * max(paces) for span in spans]
    running = [i for i, piece in enumerate(pieces) if piece.state == "running"]
    usual = not running or any(quiet[i] <= wonder_after(pieces[i], high[i]) for i in running)
    slow_start = bool(ahead) and starting_for > max(PATIENCE, 2 * start)
    return Outlook(
        fraction(pieces, start, started),
        ahead * 0.7 + makespan(pieces, low, workers),
        ahead * 1.5 + makespan(pieces, high, workers),
        max(1.0, just_now or 1.0),
        (starting_for if slow_start else 0.0) if usual else min(quiet[i] for i in running),
    )


def fraction(pieces: Sequence[Piece], start: float = 0.0, started: bool = True) -> float:
    """The share of the work that was reported as done; below 1 until all is over."""
    ours = [piece for piece in pieces if piece.ours]
    total = start + sum(piece.work for piece in ours)
    if all(piece.state == "over" for piece in ours):
        return 1.0
    done = start * started + sum(piece.work * piece.done for piece in ours)
    return min(done / total, 0.99) if total else 0.0


def own_seconds(piece: Piece) -> float | None:
    """Processor seconds of all of it, by its own pace since it first told that something was done."""
    told = [mark for mark in piece.marks if mark.fraction > 0]
    if len(told) < 2 or told[-1].fraction - told[0].fraction < 1e-3:
        return None
    return max(told[-1].cpu - told[0].cpu, 1e-3) / (told[-1].fraction - told[0].fraction)


def ratio(pieces: Sequence[Piece], of: Piece) -> float:
    """What pieces of this work took, over what had been expected of them: those alike, else all (with half the say, and only where nothing
    better is known)."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for piece in pieces:
        took = piece.cpu if piece.state == "over" else own_seconds(piece) if piece.fraction > 0.2 and not piece.early else None
        if took and piece.work:
            found[piece.like == of.like].append(took / piece.work)
    if found[True]:
        return median(found[True])
    return math.sqrt(median(found[False])) if found[False] and not of.known else 1.0


def left_of(piece: Piece, learned: float) -> tuple[float, float]:
    """The least and the most processor seconds that it still takes."""
    if piece.state in ("over", "stopped"):
        return 0.0, 0.0
    expected = max(piece.work * learned, 1e-3)
    spread = SPREAD[piece.known or learned != 1.0]
    own = own_seconds(piece) if piece.state == "running" else None
    if own is not None:
        trust = piece.done / (piece.done + TRUST[piece.known])
        expected = expected ** (1 - trust) * own**trust
        spread = spread * (1 - trust) + 0.1
    left = expected * (1 - piece.done)
    return left * math.exp(-spread) * (STOPS_EARLY if piece.early else 1.0), left * math.exp(spread)


def slowness(pieces: Sequence[Piece], now: float, window: float) -> float | None:
    """Seconds of the wall to a processor second in the last ``window`` of those measured; None where too little is."""
    latest = max((piece.marks[-1].at for piece in pieces if piece.marks), default=-math.inf)
    if now - latest > FRESH:
        return None
    wall = cpu = 0.0
    for piece in pieces:
        recent = [mark for mark in piece.marks if mark.at >= latest - window]
        if len(recent) > 1:
            wall += recent[-1].at - recent[0].at
            cpu += recent[-1].cpu - recent[0].cpu
    if wall < ENOUGH:
        return None
    return min(wall / max(cpu, 1e-3), SLOWEST)


def silence(piece: Piece, now: float) -> float:
    """Seconds since a running piece told that more of it is done."""
    if piece.state != "running" or not piece.marks:
        return 0.0
    last = piece.marks[-1].fraction
    return max(now - next(mark.at for mark in piece.marks if mark.fraction == last), 0.0)


def wonder_after(piece: Piece, most: float) -> float:
    """Seconds without news of it that are as usual: four times its usual distance between news, or all it may take where it tells none."""
    news = [mark.at for i, mark in enumerate(piece.marks) if not i or mark.fraction != piece.marks[i - 1].fraction]
    gaps = [later - earlier for earlier, later in pairwise(news)]
    return max(PATIENCE, 4 * median(gaps)) if len(gaps) > 2 else max(PATIENCE, most)


def makespan(pieces: Sequence[Piece], seconds: Sequence[float], workers: int) -> float:
    """Until all are over: what is under way first, then each in its turn as soon as a worker is free and what it needs is over."""
    waits = [len(set(piece.needs)) for piece in pieces]
    followers: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        for need in set(piece.needs):
            followers.setdefault(need, []).append(i)
    turn = [(piece.state not in ("over", "stopped", "running"), i) for i, piece in enumerate(pieces)]
    ready = [turn[i] for i in range(len(pieces)) if not waits[i]]
    heapq.heapify(ready)
    at_work: list[tuple[float, int]] = []
    now = 0.0
    while ready or at_work:
        while ready and len(at_work) < max(workers, 1):
            i = heapq.heappop(ready)[1]
            heapq.heappush(at_work, (now + seconds[i], i))
        now, i = heapq.heappop(at_work)
        for follower in followers.get(i, ()):
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, turn[follower])
    return now


def steady_times(shown: int, slower: float) -> int:
    """How many times slower a person reads; 0 where it is not worth a word. It stands as long as it is about right."""
    if slower < (STILL_BUSY if shown else BUSY):
        return 0
    return shown if shown and abs(slower - shown) < 0.25 * shown + 0.5 else round(slower)


def steady(shown: tuple[float, float] | None, now: tuple[float, float], stood: float = 0.0) -> tuple[float, float]:
    """The range that a person reads: the one that stands, unless what is expected now has left it, or is known much better, or it has
    ``stood`` for half of the seconds that it allowed: it is then said anew."""
    if shown is None:
        return now
    low, high = shown
    middle = math.sqrt(max(now[0], 0.5) * max(now[1], 0.5))
    width = (high + 1) / (low + 1)
    return shown if stood <= high / 2 and low <= middle <= high and width <= 2 * (now[1] + 1) / (now[0] + 1) else now
