"""Do the tests bite? Slips are made in the code one at a time (by the operators of cosmic-ray), and the tests that run the changed line must notice.

    python -m benchmarks.mutation map                         once: which test runs which line, and how long each takes (half an hour)
    python -m benchmarks.mutation run --slips 300 --seed 0    some slips drawn at random; --changed REF: only in files changed since then

Needs ``pip install cosmic-ray pytest-cov``, beside what ``make test`` needs. Works in copies of the checkout, never in the checkout itself. A slip is
drawn by its place in the source first and then among what can go wrong there, so that an operator with twelve others counts once. One
that keeps the module from being imported is left out: anything would notice. The tests of a line run fastest first, until one fails.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("stats", "answers", "ablation", "training", "runs", "data", "dashboard")
MAP = ROOT / ".mutation"
RESULT = ROOT / "benchmarks" / "results" / "mutation.json"
LEFT_OUT = ("--ignore=tests/browser", "--ignore=tests/benchmarks", "--ignore=tests/test_architecture.py")
"""Browsers see what pages' own tests see, much more slowly; the house rules judge no behaviour."""
MOST_SECONDS = 90.0
"""Of tests for one slip, by their durations when nothing is wrong."""
PATIENCE = 10
"""How many times longer tests may take before they count as hanging, which is noticing."""


@dataclass(frozen=True)
class Slip:
    """One change of one place: ``line`` counts from 1, ``occurrence`` among the places of this operator in the file."""

    file: str
    line: int
    operator: str
    occurrence: int


@dataclass(frozen=True)
class Verdict:
    """What became of a slip: *noticed* (by which test), *survived*, *not imported* or *no test*."""

    slip: Slip
    outcome: str
    by: str
    was: str
    became: str


@cache
def slips_of(file: str) -> list[Slip]:
    """Every slip that can be made in a file."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    tree, found = get_ast_from_path(ROOT / file), []
    for name in operator_names():
        if get_operator(name).arguments():
            continue
        operator = get_operator(name)()
        places = [place for node in ast_nodes(tree) for place in operator.mutation_positions(node)]
        found += [(start, Slip(file, start[0], name, number)) for number, (start, _) in enumerate(places)]
    return [slip for start, slip in found if not beside_the_point(file, start)]


def beside_the_point(file: str, start: tuple[int, int]) -> bool:
    """Types say nothing that a program does, and mypy reads them; ``strict`` and ``frozen`` only guard against slips of their own."""
    return any(begin <= start < end for begin, end in spared(file))


@cache
def spared(file: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations and the values of those two keywords begin and end."""
    places: list[ast.expr] = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        places += [place for name in ("annotation", "returns") if (place := getattr(node, name, None)) is not None]
        if isinstance(node, ast.keyword) and node.arg in ("strict", "frozen"):
            places.append(node.value)
    return [((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)) for one in places]


def drawn(files: Sequence[str], n: int, seed: int) -> list[Slip]:
    """Some slips: places first, each as likely as any other, then one of the slips that can be made there."""
    chance = random.Random(seed)
    places: dict[tuple[str, int, str], list[Slip]] = {}
    for file in files:
        for slip in slips_of(file):
            family = slip.operator.split("/")[-1].split("_")[0]
            places.setdefault((slip.file, slip.line, family), []).append(slip)
    chosen = chance.sample(sorted(places), min(n, len(places)))
    return [chance.choice(places[place]) for place in chosen]


def mutated(slip: Slip) -> str:
    """The source with the slip in it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (ROOT / slip.file).read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(slip.operator)(), slip.occurrence)
    assert changed is not None, slip
    return changed


# --- which test runs which line ----------------------------------------------------------------------------------------------


def make_map() -> None:
    """All tests once, under coverage: the database of lines by test, and the durations."""
    MAP.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *LEFT_OUT]
    command += ["--cov=metadash", "--cov-context=test", "--cov-report=", "--durations=0", "-vv"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COVERAGE_FILE": str(MAP / "lines")}
    )
    (MAP / "log.txt").write_text(done.stdout + done.stderr)
    print(done.stdout.splitlines()[-1])


class Map:
    """Which tests run a line, and how long each takes."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for seconds, name in re.findall(r"^(\d+\.\d+)s (?:call|setup|teardown) +(.+)$", (MAP / "log.txt").read_text(), re.M):
            self.seconds[name] += float(seconds)  # type: ignore[assignment]
        self.database = MAP / "lines"

    def tests(self, file: str, line: int) -> list[str]:
        """Those that run the line; where only importing does, those that run anything of the file."""
        from coverage.numbits import register_sqlite_functions

        with sqlite3.connect(self.database) as database:
            register_sqlite_functions(database)
            query = (
                "SELECT DISTINCT context.context FROM line_bits JOIN context ON context.id = line_bits.context_id "
                "JOIN file ON file.id = line_bits.file_id WHERE file.path LIKE ? AND context.context != ''"
            )
            rows = database.execute(f"{query} AND num_in_numbits(?, numbits)", (f"%/{file}", line)).fetchall()
            rows = rows or database.execute(query, (f"%/{file}",)).fetchall()
        names = {name.split("|")[0] for (name,) in rows}
        return sorted(names, key=lambda name: (self.seconds[name], name))

    def some(self, file: str, line: int) -> tuple[list[str], float]:
        """The fastest of them, and how long they take together; the test file of the same name where none is known to run the line."""
        chosen, total = [], 0.0
        for name in self.tests(file, line):
            if chosen and total + self.seconds[name] > MOST_SECONDS:
                break
            chosen.append(name)
            total += self.seconds[name]
        mirror = Path("tests", *Path(file).parts[1:-1], f"test_{Path(file).name}")
        return (chosen, total) if chosen else ([str(mirror)] if (ROOT / mirror).is_file() else [], MOST_SECONDS)


# --- trying ------------------------------------------------------------------------------------------------------------------


def try_slip(slip: Slip, copy: Path, known: Map) -> Verdict:
    """Make the slip in a copy, run the tests of its line, and take it back."""
    place = copy / slip.file
    before, after = place.read_text(encoding="utf-8"), mutated(slip)
    was, became = differing(before, after)
    tests, seconds = known.some(slip.file, slip.line)
    try:
        place.write_text(after, encoding="utf-8")
        module = slip.file.removesuffix(".py").replace("/", ".")
        if run([sys.executable, "-c", f"import {module}"], copy, 120)[0]:
            return Verdict(slip, "not imported", "", was, became)
        if not tests:
            return Verdict(slip, "no test", "", was, became)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-o",
            "addopts=--import-mode=importlib",
        ]
        failed, output = run([*command, "--tb=no", "-q", "-rf", *tests], copy, 60 + PATIENCE * seconds)
        by = next(iter(re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.M)), "(hangs)" if failed else "")
        return Verdict(slip, "noticed" if failed else "survived", by, was, became)
    finally:
        place.write_text(before, encoding="utf-8")


def run(command: list[str], folder: Path, seconds: float) -> tuple[bool, str]:
    """Whether it failed (or hung), and what it said."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return True, ""
    return done.returncode != 0, done.stdout + done.stderr


def differing(before: str, after: str) -> tuple[str, str]:
    """The first line that differs, then and now."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(((one.strip(), other.strip()) for one, other in pairs if one != other), ("", ""))


def try_all(slips: Sequence[Slip], at_once: int) -> Iterator[Verdict]:
    """Each slip in whichever copy is free."""
    known = Map()
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for number in range(at_once):
            copy = Path(folder, str(number))
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".mutation", "__pycache__", ".mypy_cache"))
            copies.append(copy)
        free = list(copies)

        def one(slip: Slip) -> Verdict:
            copy = free.pop()
            try:
                return try_slip(slip, copy, known)
            finally:
                free.append(copy)

        with ThreadPoolExecutor(at_once) as pool:
            yield from pool.map(one, slips)


def files_of(parts: Sequence[str], changed: str) -> list[str]:
    """The sources of some parts of the package; with ``changed``, those that differ from a commit."""
    files = [f.relative_to(ROOT).as_posix() for part in parts for f in sorted((ROOT / "metadash" / part).rglob("*.py"))]
    files = [file for file in files if "/glyphs/builder/" not in file and (ROOT / file).stat().st_size]
    if changed:
        listed = subprocess.run(["git", "diff", "--name-only", changed], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [file for file in files if file in set(listed.stdout.split())]
    return files


def report(verdicts: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    """Counts by part of the package."""
    table: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        table.setdefault(verdict.slip.file.split("/")[1], Counter())[verdict.outcome] += 1
    return {part: dict(counts) for part, counts in sorted(table.items())}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("step", choices=("map", "run"))
    parser.add_argument("--parts", nargs="+", default=PARTS, help="folders of the package (default: %(default)s)")
    parser.add_argument("--slips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--changed", default="", metavar="REF", help="only files that differ from this commit")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(words)
    if chosen.step == "map":
        return make_map()
    slips = drawn(files_of(chosen.parts, chosen.changed), chosen.slips, chosen.seed)
    verdicts: list[Verdict] = []
    for verdict in try_all(slips, chosen.at_once):
        verdicts.append(verdict)
        if verdict.outcome in ("survived", "no test"):
            print(f"{verdict.outcome}: {verdict.slip.file}:{verdict.slip.line}  {verdict.was}  →  {verdict.became}", flush=True)
        content = {
            "slips": len(slips),
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
