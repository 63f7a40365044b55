"""Do the tests bite? Slips are made in the code one at a time (by the operators of cosmic-ray), and the tests that run the changed line must notice.

    python -m benchmarks.mutation map                         once: which test runs which line, and how long each takes (half an hour)
    python -m benchmarks.mutation map --tests stats answers   again where tests have changed much; new tests are found without it
    python -m benchmarks.mutation run --slips 300 --seed 0    some slips drawn at random; --changed REF: only in files changed since then

Needs ``pip install cosmic-ray pytest-cov``, beside what ``make test`` needs. Works in copies of the checkout, never in the checkout itself. A slip is
drawn by its place in the source first and then among what can go wrong there, so that an operator with twelve others counts once. One
that keeps the module from being imported is left out: anything would notice. The tests of a line run fastest first, as many as fit into
``MOST_SECONDS``, until one fails that passes without the slip. What is tried so far is on disk after each.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.mutating.lines import make_map
from benchmarks.mutating.slips import ROOT, drawn, files_of
from benchmarks.mutating.trying import Verdict, try_all

PARTS = ("stats", "answers", "ablation", "training", "runs", "data", "dashboard")
RESULT = ROOT / "benchmarks" / "results" / "mutation.json"


def report(verdicts: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    """Counts by part of the package."""
    table: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        table.setdefault(verdict.slip.file.split("/")[1], Counter())[verdict.outcome] += 1
    return {part: dict(counts) for part, counts in sorted(table.items())}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("step", choices=("map", "run"))
    parser.add_argument("--tests", nargs="+", default=(), help="of a map: only these of the folder tests (default: all)")
    parser.add_argument("--parts", nargs="+", default=PARTS, help="folders of the package (default: %(default)s)")
    parser.add_argument("--slips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--changed", default="", metavar="REF", help="only files that differ from this commit")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(words)
    if chosen.step == "map":
        return make_map(chosen.tests)
    slips = drawn(files_of(chosen.parts, chosen.changed), chosen.slips, chosen.seed)
    verdicts: list[Verdict] = []
    for verdict in try_all(slips, chosen.at_once):
        verdicts.append(verdict)
        if verdict.outcome in ("survived", "no test"):
            print(f"{verdict.outcome}: {verdict.slip.file}:{verdict.slip.line}  {verdict.was}  →  {verdict.became}", flush=True)
        content = {
            "date": time.strftime("%Y-%m-%d"),
            "slips": len(slips),
            "tried": len(verdicts),
            "seed": chosen.seed,
            "parts": report(verdicts),
            "verdicts": [asdict(one) for one in verdicts],
        }
        chosen.out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    counted = [one for one in verdicts if one.outcome != "not imported"]
    noticed = sum(one.outcome == "noticed" for one in counted)
    print(f"{noticed} of {len(counted)} slips noticed ({100 * noticed / max(len(counted), 1):.0f} %)")


if __name__ == "__main__":
    main()
