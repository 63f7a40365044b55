"""What is measured, in this order: agreement, rates, evaluation, operations, memory, company. Each gives a part of the results."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peering.environment import PEERS, outcome, python, without_places
from benchmarks.peering.ratios import OURS, Ratio, agree, fair_share, ratio_to_best, summary
from benchmarks.peering.session import Failed, Implementation, interleaved
from benchmarks.peering.tasks import WORKLOADS

PLAIN = "plain loop"
TWINS: dict[str, dict[str, bool]] = {
    "easyfsl": {"joint": False, "squared": False},
    "learn2learn": {"joint": False},
    "parallel-metalearn": {"joint": False},
    "torchcross": {"joint": False},
}
"""The plain loop that computes what a library computes: support and query in two passes, plain instead of squared distances."""

TARGETS = {
    "prototypes-train-5w1s": ("Prototypical training, 5-way 1-shot", 1.8),
    "prototypes-train-20w5s": ("Prototypical training, 20-way 5-shot", 2.2),
    "prototypes-forward-5w1s": ("Prototypical forward evaluation, 5-way 1-shot", 3.0),
    "prototypes-forward-20w5s": ("Prototypical forward evaluation, 20-way 5-shot", 3.0),
    "maml-1": ("MAML, first order, meta-batch 4, 5 inner steps", 1.6),
    "maml-2": ("MAML, second order, meta-batch 4, 5 inner steps", 1.3),
}
GPU_TARGETS = {
    "maml-1-gpu": ("MAML on a GPU, first order, meta-batch 32", 5.0),
    "maml-2-gpu": ("MAML on a GPU, second order, meta-batch 32", 5.0),
}
EPISODES, EPISODES_TARGET = 10_000, 50.0
MEMORY = ("prototypes-train-20w5s", "maml-2")
PAIR_TARGET = 1.8
COMPANY_TOLERANCE = 0.9
"""Of the fair share: caches and memory are shared too, and no scheduler gives back what they cost."""

NEEDS_QUIET = "prototypes-train-5w1s"


@dataclass(frozen=True)
class Effort:
    """How long to measure: windows of each implementation and workload, and the seconds of one."""

    windows: int = 7
    window: float = 0.6
    company_seconds: float = 2.0


QUICK = Effort(3, 0.3, 0.8)


def start_of(name: str) -> tuple[str, Path | str]:
    """Module and interpreter of an implementation."""
    if name == OURS:
        return "benchmarks.peering.ours", sys.executable
    if name == PLAIN:
        return "benchmarks.peering.plain", sys.executable
    return f"benchmarks.peering.{next(peer.module for peer in PEERS if peer.name == name)}", python()


def candidates() -> tuple[list[str], list[dict[str, Any]]]:
    """Who is to be measured, and the table of what installed."""
    prepared, rows = outcome(), []
    names = [OURS, PLAIN]
    for peer in PEERS:
        found = prepared.get(peer.name, {"error": "not prepared: python -m benchmarks.peers --prepare", "note": peer.note})
        rows.append({"name": peer.name, "version": found.get("version"), "error": found["error"], "note": found["note"]})
        if not found["error"]:
            names.append(peer.name)
    return names, rows


def begin(stack: ExitStack, names: list[str], table: list[dict[str, Any]]) -> list[Implementation]:
    """Start every implementation; one that does not import is entered in the table and left out."""
    running = []
    for name in names:
        try:
            running.append(stack.enter_context(Implementation(name, *start_of(name))))
        except Failed as error:
            if name in (OURS, PLAIN):
                raise
            next(row for row in table if row["name"] == name)["error"] = f"does not import: {without_places(str(error))}"
    return running


def agreement(running: list[Implementation]) -> list[dict[str, Any]]:
    """Each implementation's first loss and gradient beside those of the plain loop that does the same, with the same weights and data."""
    plain = next(one for one in running if one.name == PLAIN)
    rows = []
    for workload in TARGETS:
        for one in running:
            if one is plain:
                continue
            twin = TWINS.get(one.name, {}) if workload.startswith("prototypes") else {}
            try:
                found = one.ask("check", workload=workload)
            except Failed:
                continue
            expected = plain.ask("check", workload=workload, twin=twin)
            rows.append({"name": one.name, "workload": workload, **found, "plain": expected, "agrees": agree(found, expected)})
    return rows


def speeds(running: list[Implementation], effort: Effort, names: dict[str, tuple[str, float]]) -> tuple[dict, list[Ratio]]:
    found: dict[str, Any] = {}
    ratios: list[Ratio] = []
    for workload, (what, target) in names.items():
        taken, errors = interleaved(running, workload, effort.windows, effort.window)
        tasks = WORKLOADS[workload].tasks
        found[workload] = {"rates": {name: summary(rows, tasks) for name, rows in taken.items()}, "errors": errors}
        clock = "rate_by_wall" if workload in GPU_TARGETS else "rate"
        if ratio := ratio_to_best(what, found[workload]["rates"], target, clock):
            ratios.append(ratio)
    return found, ratios


def evaluation(running: list[Implementation], effort: Effort) -> tuple[dict[str, Any], list[Ratio]]:
    """10,000 test episodes: ours whole, the others' from windows of fewer, embedding every episode anew as they do."""
    workload, rounds = "prototypes-episodes-5w1s", min(3, effort.windows)
    ours = next(one for one in running if one.name == OURS)
    whole = [ours.ask("window", workload=workload, seconds=0.0) for _ in range(rounds)]
    taken, errors = interleaved([one for one in running if one is not ours], workload, effort.windows, effort.window)
    rates = {OURS: summary(whole, EPISODES)} | {name: summary(rows, 1) for name, rows in taken.items()}
    ratio = ratio_to_best("10,000 evaluation episodes, 5-way 1-shot", rates, EPISODES_TARGET, note="we embed each image once")
    seconds = {name: EPISODES / row["rate"] for name, row in rates.items()}
    return {"rates": rates, "seconds": seconds, "errors": errors}, [ratio] if ratio else []


def operations(running: list[Implementation], found: dict[str, Any], effort: Effort) -> dict[str, Any]:
    """Counted operations of a step of ours, and the share of the measured peak of matrix products that its median rate reaches."""
    ours = next(one for one in running if one.name == OURS)
    peaks = [ours.ask("peak", seconds=effort.window)["flop_per_second"] for _ in range(effort.windows)]
    rows = {}
    for workload in TARGETS:
        rate, tasks = found[workload]["rates"][OURS]["rate"], WORKLOADS[workload].tasks
        flop = ours.ask("flop", workload=workload)["flop"] / tasks
        rows[workload] = {"flop": flop, "share": flop * rate / median(peaks)}
    return {"peak": median(peaks), "workloads": rows}


def memory(names: list[str]) -> tuple[dict[str, Any], list[Ratio]]:
    """Peak over the start of a fresh process that does nothing else, after three steps."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    ratios = []
    for workload in MEMORY:
        found[workload] = {}
        for name in names:
            try:
                with Implementation(name, *start_of(name)) as one:
                    found[workload][name] = {"mib": one.ask("memory", workload=workload)["mib"]}
            except Failed:
                continue
        peers = {name: row["mib"] for name, row in found[workload].items() if name not in (OURS, PLAIN)}
        if peers:
            best = min(peers, key=peers.__getitem__)
            value = found[workload][OURS]["mib"] / peers[best]
            ratios.append(Ratio(f"peak memory, {TARGETS[workload][0]}", value, 1.0, best, at_most=True))
    return found, ratios


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that do nothing, as hard as they can."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(0.2)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def company(effort: Effort) -> tuple[dict[str, Any], list[Ratio]]:
    """Two trainings at once against one, and one beside busy processes, by the wall clock: only a quiet machine can tell."""
    cores = len(os.sched_getaffinity(0))
    with Implementation(OURS, *start_of(OURS)) as one, Implementation(OURS, *start_of(OURS)) as other:
        for either in (one, other):
            either.ask("warm", workload=NEEDS_QUIET)
        rates: dict[str, list[float]] = {"alone": [], "two at once": [], "beside 1": [], "beside 2": []}
        for _ in range(max(3, effort.windows // 2)):
            rates["alone"].append(together([one], effort.company_seconds))
            rates["two at once"].append(together([one, other], effort.company_seconds))
            for count in (1, 2):
                with busy(count):
                    rates[f"beside {count}"].append(together([one], effort.company_seconds))
    alone = median(rates["alone"])
    ratios = []
    if cores >= 2:
        ratios.append(Ratio("two runs at once against one, on two cores", median(rates["two at once"]) / alone, PAIR_TARGET))
    for count in (1, 2):
        share = fair_share(cores, count)
        note = f"fair share {share:.2f} of what it does alone, of which {1 - COMPANY_TOLERANCE:.0%} may be lost to shared caches"
        what = f"training beside {count} busy process{'es' * (count > 1)}"
        ratios.append(Ratio(what, median(rates[f"beside {count}"]) / alone, COMPANY_TOLERANCE * share, "itself alone", note=note))
    return {"cores": cores, "rates_by_wall": rates}, ratios


def together(some: list[Implementation], seconds: float) -> float:
    """Steps a second of all of them, begun at the same moment."""
    start = time.time() + 0.05
    for one in some:
        one.send("shared", workload=NEEDS_QUIET, seconds=seconds, start=start)
    return sum(answer["steps"] / answer["wall"] for answer in [one.receive() for one in some])


def everything(effort: Effort, told: Callable[[str], None]) -> dict[str, Any]:
    """All of it, as the JSON of benchmarks/results/peers.json without its circumstances."""
    names, table = candidates()
    ratios: list[Ratio] = []
    with ExitStack() as stack:
        running = begin(stack, names, table)
        told("the same results from the same weights")
        agreed = agreement(running)
        told("rates, window by window in turn")
        rates, more = speeds(running, effort, TARGETS)
        ratios += more
        told("10,000 evaluation episodes")
        episodes, more = evaluation(running, effort)
        ratios += more
        told("operations and peak")
        counted = operations(running, rates, effort)
        gpu: dict[str, Any] = {"skipped": "torch sees no GPU here, so the rows of vectorised meta-batches were not measured."}
        able = [one for one in running if one.ready["gpu"] and one.name in (OURS, PLAIN, "learn2learn")]
        if any(one.name == OURS for one in able):
            gpu, more = speeds(able, effort, GPU_TARGETS)
            ratios += more
    told("memory, each in a fresh process")
    peaks, more = memory([one.name for one in running])
    ratios += more
    told("two at once, and beside busy processes")
    beside, more = company(effort)
    ratios += more
    return {
        "peers": table,
        "agreement": agreed,
        "rates": rates,
        "evaluation": episodes,
        "operations": counted,
        "gpu": gpu,
        "memory": peaks,
        "company": beside,
        "ratios": [ratio.as_json() for ratio in ratios],
    }
