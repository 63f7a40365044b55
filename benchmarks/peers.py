"""Compares MetaDash's speed and memory with other few-shot libraries: ``python -m benchmarks.peers [--prepare] [--quick]``.

Everybody in a process of their own with one thread, on the same random data; windows of each in turn, so that whatever else the
machine does hits all alike; rates per second of the thread's processor time. See docs/peers.md.

Exit codes: 0 every target was met, 1 one was not or two implementations disagree, 2 bad usage.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.peering import environment, page
from benchmarks.peering.measures import QUICK, Effort, everything
from benchmarks.record import ROOT, Stopwatch, circumstances

RESULTS = ROOT / "benchmarks" / "results" / "peers.json"


def main() -> int:
    options = parser().parse_args()
    if options.write_docs:
        page.write(json.loads(options.write_docs.read_text(encoding="utf-8")))
        return 0
    if options.prepare:
        for name, found in environment.prepare().items():
            print(f"{name} {found['version'] or ''}: {found['error'] or 'installed'}")
        return 0
    effort = QUICK if options.quick else Effort()
    about = circumstances()
    with Stopwatch() as watch:
        measured = everything(effort, lambda part: print(f"… {part}", file=sys.stderr, flush=True))
    result = {**about, "quick": options.quick, **asdict(effort), "seconds": round(watch.seconds), **measured}
    out = options.out or (None if options.quick else RESULTS)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(page.as_text(result))
    disagree = [row for row in result["agreement"] if not row["agrees"]]
    for row in disagree:
        print(f"{row['name']} disagrees with the plain loop in {row['workload']}.", file=sys.stderr)
    return 1 if disagree or not all(row["met"] for row in result["ratios"]) else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Compare MetaDash with other libraries.")
    found.add_argument(
        "--prepare", action="store_true", help="make the other libraries' environment, in .venv-peers; measure nothing"
    )
    found.add_argument("--quick", action="store_true", help="short windows, to try the script out; nothing is kept without --out")
    found.add_argument("--out", type=Path, help="the JSON file to write (default benchmarks/results/peers.json)")
    found.add_argument(
        "--write-docs", type=Path, metavar="JSON", help="measure nothing; write the tables of docs/peers.md from JSON"
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
