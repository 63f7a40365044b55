"""``python -m benchmarks.tasks [KIND ...]``: each kind of task, one file of this folder with ``rows(data) -> [Row]``; prints a table of Markdown."""

import argparse
import importlib
from pathlib import Path

KINDS = {"entities": "benchmarks.tasks.entities", "users": "benchmarks.tasks.users"}
"""A new kind of task is one line here."""
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.tasks", description=__doc__)
    asked.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND", help=f"of {', '.join(KINDS)} (default: all)")
    asked.add_argument(
        "--data", type=Path, default=SHARED, help="the folder with real files (default: ../shared/data beside the checkout)"
    )
    options = asked.parse_args()
    for kind in options.kinds:
        if kind not in KINDS:
            asked.error(f"there is no kind '{kind}'; there are {', '.join(KINDS)}")
        print(f"\n## {kind}\n\n| what | wanted | found |\n|---|---|---|")
        for row in importlib.import_module(KINDS[kind]).rows(options.data):
            print(f"| {row.what} | {row.wanted} | {row.found} |", flush=True)


if __name__ == "__main__":
    main()
