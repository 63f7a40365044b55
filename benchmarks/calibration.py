"""Measures whether MetaDash's intervals, verdicts and tiers can be trusted: ``python -m benchmarks.calibration [--only PART ...]``.

Every part is written to the results as soon as it is there, with the commit and the machine it was taken on; parts measured apart
are kept side by side. Exit codes: 0 every target was reached, 1 one was not, 2 bad usage.
"""

import argparse
import fcntl
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.calibrating import (
    breaking,
    controls,
    coverage,
    grades,
    looking,
    page,
    population,
    power,
    searching,
    tiers,
    timing,
    trained_grades,
)
from benchmarks.calibrating.findings import Found
from benchmarks.record import ROOT, Stopwatch, circumstances

RESULTS = ROOT / "benchmarks" / "results" / "calibration.json"

PARTS: dict[str, Callable[[bool, Path, int], Found]] = {
    "coverage": lambda quick, folder, workers: coverage.coverage(quick, workers),
    "population": population.population,
    "power": lambda quick, folder, workers: power.power(quick, workers),
    "grades": lambda quick, folder, workers: grades.grades(quick, workers),
    "trained-grades": trained_grades.trained_grades,
    "searching": lambda quick, folder, workers: searching.searching(quick, workers),
    "looking": lambda quick, folder, workers: looking.looking(quick, workers),
    "shuffled": partial(controls.false_helps, "shuffled"),
    "noise": partial(controls.false_helps, "noise"),
    "planted": controls.planted,
    "break-even": breaking.break_even_part,
    "tiers": tiers.tiers,
    "timing": timing.timing,
}


def main() -> int:
    options = parser().parse_args()
    if options.write_docs:
        page.write(json.loads(options.out.read_text(encoding="utf-8")))
        return 0
    out = options.out if not options.quick or options.out != RESULTS else None
    missed = 0
    with tempfile.TemporaryDirectory(prefix="metadash-calibration-", ignore_cleanup_errors=True) as temporary:
        for name in options.only or PARTS:
            taken, before = circumstances(), processor_seconds()
            with Stopwatch() as watch:
                found = PARTS[name](options.quick, options.workspace or Path(temporary), options.workers)
            measured = {
                **taken,
                "quick": options.quick,
                "seconds": round(watch.seconds, 1),
                "processor": round(processor_seconds() - before, 1),
                "workers": options.workers,
                **found.as_json(),
            }
            missed += sum(check.reached is False for check in found.checks)
            print(page.as_text(name, measured), flush=True)
            if out:
                keep(out, name, measured)
    print(f"{missed} targets missed.")
    return 1 if missed else 0


def processor_seconds() -> float:
    """Of this process and of those it has waited for."""
    return sum(os.times()[:4])


def keep(out: Path, name: str, measured: dict[str, Any]) -> None:
    """Put one part among the results; parts that run side by side take turns."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        parts = {**(json.loads(text)["parts"] if text else {}), name: measured}
        file.truncate(0)
        file.write(json.dumps({"parts": {n: parts[n] for n in PARTS if n in parts}}, ensure_ascii=False, indent=1) + "\n")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration", description="Measure whether intervals, verdicts and tiers can be trusted."
    )
    found.add_argument(
        "--out", type=Path, default=RESULTS, help="the JSON file to add to (default benchmarks/results/calibration.json)"
    )
    found.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"only these: {', '.join(PARTS)}")
    found.add_argument("--quick", action="store_true", help="try the script out with small settings; the numbers mean nothing")
    found.add_argument("--workers", type=int, default=2, help="processes that compute (default 2)")
    found.add_argument("--workspace", type=Path, help="keep what is trained in this folder (default: a temporary one)")
    found.add_argument("--write-docs", action="store_true", help="measure nothing; write the tables of docs/calibration.md")
    return found


if __name__ == "__main__":
    sys.exit(main())
