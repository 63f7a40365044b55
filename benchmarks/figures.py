"""Measures the figures that MetaDash promises: ``python -m benchmarks.figures [--out FILE] [--only NAME ...]``.

Each figure runs in a process of its own with a time limit, so that none inherits another's imports, threads or memory, and a figure
that hangs or fails costs only itself. Workspaces lie in a temporary folder that is gone at the end; servers listen on loopback.

Exit codes: 0 every target was reached, 1 one was not or a figure failed, 2 bad usage.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import commandline, computing, document, findings, web
from benchmarks.record import ROOT, Outcome, Stopwatch, circumstances
from metadash.runs.version import code_version

RESULTS = ROOT / "benchmarks" / "results" / "figures.json"


@dataclass(frozen=True)
class Figure:
    """``measure(folder, small)`` within ``timeout`` seconds; ``folder`` is shared, and workspaces in it are reused."""

    measure: Callable[[Path, bool], Outcome]
    timeout: float


def all_figures(splits: int) -> dict[str, Figure]:
    """In the order they run: the first answer comes first, since others use its workspace."""
    return {
        "install": Figure(computing.install, 120),
        "first-answer": Figure(commandline.first_answer, 600),
        "first-answer-web": Figure(web.first_answer_web, 600),
        "later-answers": Figure(commandline.later_answers, 900),
        "later-answers-web": Figure(web.later_answers_web, 900),
        "start": Figure(web.start, 900),
        "memory": Figure(web.memory_without_jobs, 900),
        "reruns": Figure(web.reruns, 1200),
        "episodes": Figure(computing.drawing, 300),
        "scoring": Figure(computing.scoring, 600),
        "heads": Figure(computing.heads, 900),
        "findings": Figure(partial(findings.findings, splits=splits), 900 * splits),
        "stopping": Figure(findings.stopping, 1800),
    }


def main() -> int:
    options = parser().parse_args()
    if options.write_docs:
        document.write(json.loads(options.write_docs.read_text(encoding="utf-8")))
        return 0
    figures = all_figures(options.splits)
    if options.child:
        outcome = figures[options.child].measure(options.folder, options.small)
        options.out.write_text(json.dumps(outcome.as_json(), ensure_ascii=False), encoding="utf-8")
        return 0
    unknown = [name for name in options.only or [] if name not in figures]
    if unknown:
        print(f"There is no figure '{unknown[0]}'; there are {', '.join(figures)}.", file=sys.stderr)
        return 2
    out = options.out or (None if options.only or options.small else RESULTS)
    version = code_version()
    result: dict[str, Any] = {**circumstances(), "small": options.small, "splits": options.splits, "figures": {}}
    with tempfile.TemporaryDirectory(prefix="metadash-figures-", ignore_cleanup_errors=True) as folder:
        for name, figure in figures.items():
            if not options.only or name in options.only:
                found = in_own_process(name, figure, Path(folder), options)
                result["figures"][name] = found
                print(document.as_text(name, found), flush=True)
                if out:
                    out.parent.mkdir(parents=True, exist_ok=True)
                    out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if code_version.__wrapped__() != version:
        print("The code changed while it was measured; measure again.", file=sys.stderr)
        return 1
    rows = [row for found in result["figures"].values() for row in found.get("rows", [])]
    failed = [name for name, found in result["figures"].items() if "error" in found]
    missed = [row["what"] for row in rows if row["reached"] is False]
    print(f"{sum(row['reached'] is True for row in rows)} targets reached, {len(missed)} missed, {len(failed)} figures failed.")
    return 1 if missed or failed else 0


def in_own_process(name: str, figure: Figure, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The figure's outcome, or the reason there is none; whatever it had started is ended with it."""
    part = folder / f"{name}.json"
    command = [sys.executable, "-m", "benchmarks.figures", "--child", name, "--folder", str(folder), "--out", str(part)]
    command += ["--splits", str(options.splits), *(["--small"] if options.small else [])]
    with Stopwatch() as watch:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            error = process.communicate(timeout=figure.timeout)[1]
        except subprocess.TimeoutExpired:
            error = f"It took longer than {figure.timeout:g} s."
            end(process)
    if process.returncode or not part.exists():
        lines = error.strip().splitlines() or [f"It ended with {process.returncode}."]
        return {"error": lines[-1][:400], "log": "\n".join(lines[-25:]).replace(str(folder), "…").replace(str(ROOT), ".")}
    return {**json.loads(part.read_text(encoding="utf-8")), "seconds": round(watch.seconds, 1)}


def end(process: subprocess.Popen) -> None:
    """The process and everything below it: servers, workers, browsers."""
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        try:
            member.terminate()
        except psutil.NoSuchProcess:
            continue
    for member in psutil.wait_procs(family, timeout=10)[1]:
        member.kill()
    process.wait(10)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.figures", description="Measure the figures MetaDash promises.")
    found.add_argument(
        "--out", type=Path, default=RESULTS, help="the JSON file to write (default benchmarks/results/figures.json)"
    )
    found.add_argument("--only", nargs="+", metavar="NAME", help=f"only these: {', '.join(all_figures(1))}")
    found.add_argument(
        "--splits", type=int, default=1, choices=range(1, 6), help="splits for the table of findings, 1 to 5 (default 1)"
    )
    found.add_argument("--small", action="store_true", help="try the script out with small settings; the numbers mean nothing")
    found.add_argument(
        "--write-docs", type=Path, metavar="JSON", help="measure nothing; write the tables of docs/figures.md from JSON"
    )
    found.add_argument("--child", help=argparse.SUPPRESS)
    found.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return found


if __name__ == "__main__":
    sys.exit(main())
