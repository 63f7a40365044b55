"""Do the tests bite? Slips are made in the code one at a time (by the operators of cosmic-ray), and the tests that run the changed line must notice.

    python -m benchmarks.mutation map                         once: which test runs which line, and how long each takes (half an hour)
    python -m benchmarks.mutation run --slips 300 --seed 0    some slips drawn at random; --changed REF: only in files changed since then

Needs ``pip install cosmic-ray pytest-cov``, beside what ``make test`` needs. Works in copies of the checkout, never in the checkout itself. A slip is
drawn by its place in the source first and then among what can go wrong there, so that an operator with twelve others counts once. One
that keeps the module from being imported is left out: anything would notice. The tests of a line run fastest first, until one fails.
"""

import argparse
import ast
import contextlib
import hashlib
import importlib
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
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
UNSEEN = {"__init__", "__pycache__", "conftest", "builders", "ablations", "metrics", "omniglot_maker"} | {
    *("browser", "benchmarks", "test_architecture", "test_package", "test_notebook")
}
"""Of the folder of tests: no tests; or browsers, which see what pages' own tests see, much more slowly; house rules, which judge no
behaviour; and what runs in processes that coverage does not follow."""
MOST_SECONDS = 20.0
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
    """Every slip that can be made in a file; looked for once for each of its versions, which takes a second."""
    source = (ROOT / file).read_text(encoding="utf-8")
    kept = MAP / "slips" / f"{hashlib.sha256(f'{file} {source}'.encode()).hexdigest()}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(list(places_of(source))))
    return [
        Slip(file, line, name, number)
        for line, column, name, number in json.loads(kept.read_text())
        if not name.endswith(NO_CHANGE) and not beside_the_point(file, (line, column))
    ]


def places_of(source: str) -> Iterator[tuple[int, int, str, int]]:
    """Line, column, operator, and the how manieth of the operator's places it is."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        if not get_operator(name).arguments():
            operator = get_operator(name)()
            places = [place for node in nodes for place in operator.mutation_positions(node)]
            yield from ((*start, name, number) for number, (start, _) in enumerate(places))


def beside_the_point(file: str, start: tuple[int, int]) -> bool:
    """What no test could notice, or none should (:data:`REASONS`)."""
    return any(begin <= start < end for begin, end in spared(file))


REASONS = """
    annotations                 types say nothing that a program does, and mypy reads them
    strict, frozen              keywords that guard against slips of their own
    what is remembered          caches and how much they hold: another value costs time and changes no result
    what is done at once        sizes of blocks, of which results are independent (other tests say so of some)
    how often one looks         a poll a second late, a process given up a second later
    a pixel, a shade            sizes of drawings
    is for ==                   of the same short strings and numbers Python keeps one: not even a change
"""
SPARED_KEYWORDS = {"strict", "frozen", "max_entries", "maxsize", "ttl", "show_spinner", "standoff", "startstandoff", "arrowwidth"}
SPARED_DECORATORS = {"cache", "lru_cache", "st.cache_data", "st.cache_resource"}
SPARED_CONSTANTS = {
    *("BLOCK", "AT_ONCE", "EMBED_BATCH", "PIXELS_AT_ONCE", "SCORE_BATCH", "ADAPT_BATCH", "ROWS_AT_ONCE", "BATCH", "MOST_AT_ONCE"),
    *("POLL", "LOOK_EVERY", "LOOK_IDLY", "TURN_EVERY", "SAMPLE_EVERY", "BEAT", "LOOK", "GRACE", "STARTING", "TIMEOUT", "KEPT"),
    *("HEIGHT", "LABEL_GAP", "PICTURE_SIDE", "SHADE"),
}
NO_CHANGE = ("Eq_Is", "NotEq_IsNot", "Is_Eq", "IsNot_NotEq")


@cache
def spared(file: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where it begins and ends, in a file."""
    places: list[ast.expr] = []
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        places += [place for name in ("annotation", "returns") if (place := getattr(node, name, None)) is not None]
        if isinstance(node, ast.keyword) and node.arg in SPARED_KEYWORDS:
            places.append(node.value)
        for one in getattr(node, "decorator_list", ()):
            if ast.unparse(one).split("(")[0] in SPARED_DECORATORS:
                places.append(one)
        if isinstance(node, ast.Assign) and all(ast.unparse(target) in SPARED_CONSTANTS for target in node.targets):
            places.append(node.value)
    return [((one.lineno, max(one.col_offset - 1, 0)), (one.end_lineno or 0, one.end_col_offset or 0)) for one in places]


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


def make_map(groups: Sequence[str]) -> None:
    """Tests once under coverage, a folder at a time: a database of lines by test for each, and the durations."""
    MAP.mkdir(exist_ok=True)
    for group in groups or [
        one.name for one in sorted(Path(ROOT, "tests").iterdir()) if one.name.removesuffix(".py") not in UNSEEN
    ]:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", f"tests/{group}"]
        command += ["--cov=metadash", "--cov-context=test", "--cov-report=", "--durations=0", "-vv"]
        place = MAP / f"{group.replace('/', '.')}.lines"
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COVERAGE_FILE": str(place)})
        place.with_suffix(".log").write_text(done.stdout + done.stderr)
        print(group, done.stdout.splitlines()[-1], flush=True)


class Map:
    """Which tests run a line, and how long each takes."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for log in sorted(MAP.glob("*.log")):
            for seconds, name in re.findall(r"^(\d+\.\d+)s (?:call|setup|teardown) +(.+)$", log.read_text(), re.M):
                self.seconds[name] += float(seconds)  # type: ignore[assignment]
        self.sound: set[str] = set()
        self.unsound: set[str] = set()
        self.databases = sorted(MAP.glob("*.lines"))

    def tests(self, file: str, line: int) -> list[str]:
        """Those that run the line; where only importing does, those that run anything of the file."""
        from coverage.numbits import register_sqlite_functions

        query = (
            "SELECT DISTINCT context.context FROM line_bits JOIN context ON context.id = line_bits.context_id "
            "JOIN file ON file.id = line_bits.file_id WHERE file.path LIKE ? AND context.context != ''"
        )
        running, anything = set[tuple[str]](), set[tuple[str]]()
        for place in self.databases:
            with contextlib.closing(sqlite3.connect(place)) as database:
                register_sqlite_functions(database)
                running.update(database.execute(f"{query} AND num_in_numbits(?, numbits)", (f"%/{file}", line)).fetchall())
                anything.update(database.execute(query, (f"%/{file}",)).fetchall())
        names = {name.split("|")[0] for (name,) in running or anything} - self.unsound
        return sorted(names, key=lambda name: (self.seconds[name], name))

    def some(self, file: str, line: int) -> tuple[list[str], float]:
        """The fastest of them, and how long they take together; where none is known to run the line (another process does), the files
        of tests that import its module."""
        chosen, total = [], 0.0
        for name in self.tests(file, line):
            if chosen and total + self.seconds[name] > MOST_SECONDS:
                break
            chosen.append(name)
            total += self.seconds[name]
        return (chosen, total) if chosen else (importing(file), MOST_SECONDS)


def importing(file: str, most: int = 2) -> list[str]:
    """Test files that name the module, those of the folder of the same name first."""
    module, folder = file.removesuffix(".py").replace("/", "."), ROOT / "tests" / Path(*Path(file).parts[1:-1])
    package, _, name = module.rpartition(".")
    named = re.compile(rf"{re.escape(module)}\b|from {re.escape(package)} import [^\n]*\b{name}\b")
    found = [test for test in sorted(Path(ROOT, "tests").rglob("test_*.py")) if named.search(test.read_text(encoding="utf-8"))]
    found = [test for test in found if test.relative_to(ROOT / "tests").parts[0] not in UNSEEN]
    return [test.relative_to(ROOT).as_posix() for test in sorted(found, key=lambda test: test.parent != folder)][:most]


# --- trying ------------------------------------------------------------------------------------------------------------------

LOADED = (
    "pytest",
    "torch",
    "sklearn.linear_model",
    "scipy.stats",
    "pandas",
    "duckdb",
    "pyarrow.parquet",
    "distributed",
    "streamlit.testing.v1",
)
"""What nearly all tests import of others: loaded once, and every trial is a copy of the process that has."""
NOT_IMPORTED = 77
OPTIONS = ("-x", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=--import-mode=importlib")


def trial(copy: str, module: str, tests: Sequence[str], said: str) -> None:
    """The whole life of a process: the module imported, then its tests run, in a copy of the checkout."""
    os.setsid()
    with open(said, "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(copy)
    sys.path[:] = [copy, *(place for place in sys.path if Path(place or ".").resolve() != ROOT)]
    for name in [name for name in sys.modules if name.split(".")[0] in ("benchmarks", "metadash", "tests")]:
        del sys.modules[name]
    import pytest

    try:
        importlib.import_module(module)
    except Exception:
        os._exit(NOT_IMPORTED)
    code = int(pytest.main([*OPTIONS, *tests]))
    sys.stdout.flush()
    os._exit(code)


def run(copy: Path, module: str, tests: Sequence[str], seconds: float) -> tuple[int, str]:
    """The exit code of a trial (−1 where it hangs) and the test that failed; nothing that it started is left."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(LOADED))
    said = copy.with_suffix(".said")
    process = server.Process(target=trial, args=(str(copy), module, list(tests), str(said)))
    process.start()
    process.join(seconds)
    code = -1 if process.exitcode is None else process.exitcode
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said.read_text(errors="replace") if said.exists() else "", re.M)
    return code, next(iter(failed), "(hangs)" if code == -1 else "(ends)" if code else "")


MOMENTS = itertools.count(int(time.time()))


def write(place: Path, source: str) -> None:
    """Every version at a second of its own, by which Python tells compiled files."""
    place.write_text(source, encoding="utf-8")
    moment = next(MOMENTS)
    os.utime(place, (moment, moment))


def try_slip(slip: Slip, copy: Path, known: Map) -> Verdict:
    """Make the slip in a copy, run the tests of its line, and take it back. A test counts that passes without the slip, here and now."""
    place, module = copy / slip.file, slip.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    before, after = place.read_text(encoding="utf-8"), mutated(slip)
    was, became = differing(before, after)
    tests, seconds = known.some(slip.file, slip.line)
    patience = 60 + PATIENCE * seconds
    while True:
        try:
            write(place, after)
            code, by = run(copy, module, tests or ["--version"], patience)
        finally:
            write(place, before)
        if code == NOT_IMPORTED or not tests or not code:
            return Verdict(slip, "not imported" if code == NOT_IMPORTED else "survived" if tests else "no test", "", was, became)
        if by.startswith("(") or by in known.sound or not run(copy, module, [by], patience)[0]:
            known.sound.add(by)
            return Verdict(slip, "noticed", by, was, became)
        known.unsound.update(left := {name for name in tests if name.startswith(by)} | {by})
        if not left.intersection(tests):
            return Verdict(slip, "survived", "", was, became)
        tests = [name for name in tests if name not in left]


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
            copy = Path(folder, f"copy{number}")
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
