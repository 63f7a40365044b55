"""One slip at a time in a copy of the checkout: the tests of its line, each trial in a process of its own that has the libraries loaded."""

import contextlib
import importlib
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutating.lines import Map, module_of
from benchmarks.mutating.slips import ROOT, Slip, mutated

PATIENCE = 20
"""How many times longer tests may take before they count as hanging, which is noticing."""
LOADED = ["pytest", "torch", "sklearn.linear_model", "scipy.stats", "pandas", "duckdb", "pyarrow.parquet"]
LOADED += ["distributed", "streamlit.testing.v1"]
"""What nearly all tests import of others: loaded once, and every trial is a copy of the process that has."""
NOT_IMPORTED, NO_SUCH_TEST = 77, -4
OPTIONS = ("-x", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=--import-mode=importlib")


@dataclass(frozen=True)
class Verdict:
    """What became of a slip: *noticed* (by which test), *survived*, *not imported* or *no test*."""

    slip: Slip
    outcome: str
    by: str
    was: str
    became: str


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
    server.set_forkserver_preload(LOADED)
    said = copy.with_suffix(".said")
    process = server.Process(target=trial, args=(str(copy), module, list(tests), str(said)))
    process.start()
    process.join(seconds)
    code = -1 if process.exitcode is None else process.exitcode
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    text = said.read_text(errors="replace") if said.exists() else ""
    if code == 4 and re.search(r"^ERROR: (not found|file or directory)", text, re.M):
        return NO_SUCH_TEST, ""
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", text, re.M)
    return code, next(iter(failed), "(hangs)" if code == -1 else "(ends)" if code else "")


MOMENTS = itertools.count(int(time.time()))


def write(place: Path, source: str) -> None:
    """Every version at a second of its own, by which Python tells compiled files."""
    place.write_text(source, encoding="utf-8")
    moment = next(MOMENTS)
    os.utime(place, (moment, moment))


def try_slip(slip: Slip, copy: Path, known: Map) -> Verdict:
    """Make the slip in a copy, run the tests of its line, and take it back. A test counts that passes without the slip, here and now."""
    place, module = copy / slip.file, module_of(slip.file)
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
        if code == NO_SUCH_TEST and any("[" in name for name in tests):  # its parameters are others by now
            tests = list(dict.fromkeys(name.partition("[")[0] for name in tests))
            continue
        if code in (NOT_IMPORTED, NO_SUCH_TEST, 0) or not tests:
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
