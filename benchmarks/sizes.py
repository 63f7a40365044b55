"""What size costs: ``nice python -m benchmarks.sizes`` prints wanted and measured for 10⁵, 10⁶ and 10⁷ rows (docs/sizes.md).

Each figure is taken in a process of its own, so that its peak is its own: seconds by the clock and of the processor, and the most memory
(RSS) while it ran, what the process held before (tables that the caller has, imports) included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sizing import measuring
from benchmarks.sizing.measuring import Measured

ROWS = (10**5, 10**6, 10**7)


@dataclass(frozen=True)
class Wanted:
    """A figure: how it is said, and by number of rows the most seconds and megabytes that it may take (None: only told)."""

    what: str
    seconds: dict[int, float]
    megabytes: dict[int, float]
    most: int = 10**7


FIGURES: dict[str, Wanted] = {
    "write": Wanted("`write_dataset` of tables in memory", {10**7: 30}, {10**7: 1000}),
    "stream": Wanted("`write_dataset` of a table in a Parquet file", {10**7: 30}, {10**7: 1000}),
    "import": Wanted("import of a CSV of 13 columns", {10**6: 20}, {}, most=10**6),
    "open": Wanted("*Metadata*, first open", {10**6: 3, 10**7: 10}, {}),
    "facet": Wanted("*Metadata*, one value of a facet chosen", {10**6: 0.2}, {}),
    "search": Wanted("*Metadata*, two filters typed", {10**6: 0.2}, {}),
    "disjoint": Wanted("1,000 tasks drawn, strategy `disjoint`", {10**7: 2}, {}),
    "uniform": Wanted("1,000 tasks drawn, strategy `uniform`", {}, {}),
    "tfidf": Wanted("TF-IDF of 22,500 utterances, fitted and encoded", {22_500: 15}, {}, most=0),
}


def child(name: str, rows: int, folder: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks.sizes", "--child", name, "--rows", str(rows), "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def lines_of(figures: list[str], sizes: list[int], folder: Path, say: Callable[[str], None]) -> None:
    say("| what | rows | wanted | seconds by the clock | of the processor | wanted, MB | most memory, MB | held before, MB |")
    say("|---|--:|--:|--:|--:|--:|--:|--:|")
    for rows in sizes:
        made = folder / f"rows-{rows}"
        wanted_here = [name for name in figures if FIGURES[name].most >= rows]
        if wanted_here and not made.is_dir():
            child("tables", rows, made)
        if wanted_here and "stream" not in figures and not (made / "workspace").is_dir():
            child("stream", rows, made)
        for name in wanted_here:
            say(line(name, rows, child(name, rows, made)))
    for name in figures:
        if not FIGURES[name].most:
            rows = next(iter(FIGURES[name].seconds))
            say(line(name, rows, child(name, rows, folder)))


def line(name: str, rows: int, found: Measured) -> str:
    wanted = FIGURES[name]
    seconds, megabytes = wanted.seconds.get(rows), wanted.megabytes.get(rows)
    cells = [
        wanted.what,
        f"{rows:,}",
        f"≤ {seconds:g} s" if seconds else "",
        f"{found.wall:.2f}",
        f"{found.processor:.2f}",
        f"≤ {megabytes:,.0f}" if megabytes else "",
        f"{found.peak:,.0f}",
        f"{found.held:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=lambda text: int(float(text)), nargs="+", default=list(ROWS))
    parser.add_argument("--only", nargs="+", choices=list(FIGURES), default=list(FIGURES), metavar="FIGURE")
    parser.add_argument("--folder", type=Path, help="where the tables are kept between calls; else a folder that is removed")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(measuring.measure(asked.child, asked.rows[0], asked.folder)), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        lines_of(asked.only, asked.rows, asked.folder or Path(folder), lambda text: print(text, flush=True))


if __name__ == "__main__":
    main()
