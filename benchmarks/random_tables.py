"""Sends tables of chance down the road of a data set: ``python -m benchmarks.random_tables --n 5000``.

Prints how many were accepted and refused in a sentence, and every crash with the table that made it. Exit codes: 0 none crashed, 1 one
did, 2 bad usage.
"""

import argparse
import sys
import tempfile
import traceback
import warnings
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.randomness.road import travelled
from benchmarks.randomness.tables import as_code, tables
from metadash.workspace import Workspace


def main() -> int:
    options = parser().parse_args()
    counts: Counter[str] = Counter()
    crashes: dict[str, str] = {}
    drawn = tables(n_classes=16, each=8) if options.train else tables()

    @seed(options.seed)
    @settings(
        max_examples=options.n, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(drawn)
    def one(table: dict) -> None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                counts["accepted" if travelled(table, Workspace(folder), options.train) else "refused"] += 1
            except Exception as error:
                counts["crashed"] += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{type(error).__name__} in {where.filename.rpartition('/')[2]}:{where.lineno}"
                notes = "; ".join(getattr(error, "__notes__", ()))
                if kind not in crashes:
                    crashes[kind] = (
                        f"{str(error)[:400]}\n{notes}\n{as_code(table)[:4000]}\n{''.join(traceback.format_tb(error.__traceback__)[-6:])}"
                    )
                    print(f"--- {kind}: {crashes[kind]}", flush=True)
        if sum(counts.values()) % 250 == 0:
            print(dict(counts), flush=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one()
    total = sum(counts.values())
    print(
        f"{total} tables: {counts['accepted']} accepted, {counts['refused']} refused in a sentence, {counts['crashed']} crashed"
    )
    for kind in crashes:
        print(f"crash: {kind}")
    return 1 if crashes else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--n", type=int, default=5000, help="how many tables (default 5000)")
    found.add_argument("--seed", type=int, default=0)
    found.add_argument("--train", action="store_true", help="train a small learner on each too, and ask what if")
    return found


if __name__ == "__main__":
    sys.exit(main())
