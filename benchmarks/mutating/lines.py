"""Which test runs which line, and how long each takes: found out once, a folder of tests at a time, and read beside what was written since."""

import ast
import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from benchmarks.mutating.slips import KEPT, ROOT

UNSEEN = {"__init__", "__pycache__", "conftest", "builders", "ablations", "metrics", "omniglot_maker"} | {
    *("browser", "benchmarks", "test_architecture", "test_package", "test_notebook")
}
"""Of the folder of tests: no tests; or browsers, which see what pages' own tests see, much more slowly; house rules, which judge no
behaviour; and what runs in processes that coverage does not follow."""
MOST_SECONDS = 90.0
"""Of tests for one slip, by their durations when nothing is wrong."""


def make_map(groups: Sequence[str]) -> None:
    """Tests once under coverage, a folder at a time: a database of lines by test for each, and the durations."""
    KEPT.mkdir(exist_ok=True)
    for group in groups or [
        one.name for one in sorted(Path(ROOT, "tests").iterdir()) if one.name.removesuffix(".py") not in UNSEEN
    ]:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", f"tests/{group}"]
        command += ["--cov=metadash", "--cov-context=test", "--cov-report=", "--durations=0", "-vvv"]
        place = KEPT / f"{group.replace('/', '.')}.lines"
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COVERAGE_FILE": str(place)})
        place.with_suffix(".log").write_text(done.stdout + done.stderr)
        place.with_suffix(".commit").write_text(said_by_git("rev-parse", "HEAD").strip())
        print(group, done.stdout.splitlines()[-1], flush=True)


class Map:
    """Which tests run a line, and how long each takes."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for log in sorted(KEPT.glob("*.log")):
            for seconds, name in re.findall(r"^(\d+\.\d+)s (?:call|setup|teardown) +(.+)$", log.read_text(), re.M):
                self.seconds[name] += float(seconds)  # type: ignore[assignment]
        self.sound: set[str] = set()
        self.unsound: set[str] = set()
        self.databases, self.told = sorted(KEPT.glob("*.lines")), set[str]()
        for place in self.databases:
            with contextlib.closing(sqlite3.connect(place)) as database:
                self.told |= {re.split(r"[\[|]", name)[0] for (name,) in database.execute("SELECT context FROM context")}

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
                then = (f"%/{file}", line_of_then(place.with_suffix(".commit"), file, line))
                running.update(database.execute(f"{query} AND num_in_numbits(?, numbits)", then).fetchall())
                anything.update(database.execute(query, (f"%/{file}",)).fetchall())
        names = {name.split("|")[0] for (name,) in running or anything} - self.unsound
        there = [name for name in names if re.split(r"::|\[", name)[1] in found_in(name.partition("::")[0])]
        return sorted(there, key=lambda name: (self.seconds[name], name))

    def some(self, file: str, line: int) -> tuple[list[str], float]:
        """The fastest of them, and how long they take together; where none is known to run the line (another process does), the files
        of tests that import its module."""
        chosen, total = [], 0.0
        for name in self.tests(file, line):
            if chosen and total + self.seconds[name] > MOST_SECONDS:
                break
            chosen.append(name)
            total += self.seconds[name]
        fresh = self.unmapped(file)
        total += MOST_SECONDS * bool(fresh)
        return (chosen + fresh, total) if chosen + fresh else (importing(file)[:2], MOST_SECONDS)

    def unmapped(self, file: str) -> list[str]:
        """Tests that the map does not know, new ones above all, and that use what they import from the module."""
        found = [name for test in importing(file) for name in using(test, module_of(file)) if name not in self.told]
        page = f"tests/pages/test_{Path(file).parent.name}_page.py"
        return found + [name for name in (f"{page}::{test}" for test in found_in(page)) if name not in {*self.told, *found}]


def said_by_git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout


@cache
def line_of_then(commit: Path, file: str, line: int) -> int:
    """The number that a line had when the map was made; its own where it was not there, or nobody knows."""
    then = said_by_git("show", f"{commit.read_text()}:{file}").splitlines() if commit.exists() else []
    blocks = SequenceMatcher(
        None, (ROOT / file).read_text(encoding="utf-8").splitlines(), then, autojunk=False
    ).get_matching_blocks()
    return next((b + line - a for a, b, size in blocks if a < line <= a + size), line)


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def found_in(test: str) -> list[str]:
    """The names of the tests of a file; none where it is gone."""
    return [name for name in functions_of(test) if name.startswith("test_")] if (ROOT / test).is_file() else []


@cache
def functions_of(test: str) -> dict[str, str]:
    """The source of each function of a file."""
    source = (ROOT / test).read_text(encoding="utf-8")
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.unparse(node) for node in nodes}


@cache
def using(test: str, module: str) -> list[str]:
    """The tests of a file that name what it imports from a module, or a helper or fixture that does."""
    tree, functions = ast.parse((ROOT / test).read_text(encoding="utf-8")), functions_of(test)
    imports = [(node.module, alias) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = {alias.asname or alias.name for source, alias in imports if module in (source, f"{source}.{alias.name}")}
    for _ in range(3):
        names |= {name for name, source in functions.items() if names & set(re.findall(r"\w+", source)) and name not in names}
    return [f"{test}::{name}" for name in found_in(test) if name in names]


def importing(file: str) -> list[str]:
    """Test files that name the module, those of the folder of the same name first."""
    module, folder = module_of(file), ROOT / "tests" / Path(*Path(file).parts[1:-1])
    package, _, name = module.rpartition(".")
    named = re.compile(rf"{re.escape(module)}\b|from {re.escape(package)} import [^\n]*\b{name}\b")
    found = [test for test in sorted(Path(ROOT, "tests").rglob("test_*.py")) if named.search(test.read_text(encoding="utf-8"))]
    found = [test for test in found if test.relative_to(ROOT / "tests").parts[0] not in UNSEEN]
    return [test.relative_to(ROOT).as_posix() for test in sorted(found, key=lambda test: test.parent != folder)]
