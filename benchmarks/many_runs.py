"""What ten thousand stored runs cost: ``nice python -m benchmarks.many_runs`` prints, page by page, wanted and measured (docs/sizes.md).

The runs are made up from a few that are really computed: an answer is trained small, then its records are written again and again with
other options, over hard links to the same files. Each page is opened in a process of its own, first on a workspace without runs (imports and
the data set are paid there), then on this one: the first visit, a rerun, and the rerun after another run has come.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metadash.canonical import digest
from metadash.checksums import sealed
from metadash.runs.record import Run
from metadash.runs.shelf.index import FILE
from metadash.runs.store import RunStore
from metadash.workspace import Workspace

WANTED = 2.0
"""Seconds in which a page is to be there."""

ROOT = Path(__file__).resolve().parents[1]
SMALL: dict[str, Any] = {"n_episodes": 200, "seeds": 2, "progress": False}


def compute(folder: Path) -> Workspace:
    """A workspace with one answer on glyphs, cross-fitted: 36 runs."""
    import metadash

    workspace = Workspace(folder)
    metadash.answer(metadash.open("glyphs", workspace), **SMALL)
    return workspace


def made_up(real: Workspace, folder: Path, n: int) -> Workspace:
    """So many runs, the real ones among them, in a workspace with the same data sets and episodes."""
    workspace = Workspace(folder)
    for name in ("datasets", "episodes"):
        shutil.copytree(real.root / name, folder / name, dirs_exist_ok=True)
    store, there = RunStore(real), RunStore(workspace)
    based_on = store.runs()
    for run in based_on:
        write(run, run.about, there)
    for about, run in itertools.islice(changed(based_on), n - len(based_on)):
        write(run, about, there)
    return workspace


def changed(based_on: list[Run]) -> Iterator[tuple[dict[str, Any], Run]]:
    """Records of answers as large with other numbers of steps, every other one of learners trained by themselves, the last one the newest."""
    for turn in itertools.count(1):
        for place, run in enumerate(based_on):
            spec = json.loads(json.dumps(run.about["spec"]))
            for one in learners_in(spec):
                one["steps"] = one["steps"] + turn
                if turn % 2 and run.kind == "learner":
                    one["split"] = one["backbone"]["split"] = "letters-0"
                    one["learning_rate"] = 0.001 * (1 + place)
            if run.kind == "backbone":
                spec["episodes"] += turn
            yield {**run.about, "spec": spec, "created": run.about["created"] + turn * 60}, run


def learners_in(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The specs of learners that a spec is or holds."""
    if "steps" in spec and "learner" in spec:
        yield spec
    for value in spec.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from learners_in(part)


def write(run: Run, about: dict[str, Any], store: RunStore) -> None:
    about = {key: value for key, value in about.items() if key != "checksum"}
    folder = store.folder / digest(about["kind"], about["spec"], about["dataset_fingerprint"], about["code"])
    folder.mkdir(exist_ok=True)
    for name in about["files"]:
        if not (folder / name).exists():
            os.link(run.folder / name, folder / name)
    (folder / "run.json").write_text(json.dumps(sealed(about), ensure_ascii=False, indent=1), encoding="utf-8")


def measure(page: str, few: Path, many: Path) -> list[tuple[float, float]]:
    """Seconds by the clock and of the processor of the first visit, of a rerun, and of the rerun after another run has come."""
    from streamlit.testing.v1 import AppTest

    from metadash.dashboard.lifespan import keep_search_path
    from metadash.settings import WORKSPACE

    shell = ROOT / "metadash" / "dashboard" / "shell.py"
    keep_search_path(shell)
    took: list[tuple[float, float]] = []

    def timed(app: AppTest) -> None:
        begun, used = time.perf_counter(), time.process_time()
        app.run()
        took.append((time.perf_counter() - begun, time.process_time() - used))
        if app.exception:
            raise SystemExit(f"{page}: {[problem.message for problem in app.exception]}")

    os.environ[WORKSPACE.name] = str(few)
    app = AppTest.from_file(shell, default_timeout=600).run()
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    os.environ[WORKSPACE.name] = str(many)
    timed(app)
    timed(app)
    store = RunStore(Workspace(many))
    newest = store.runs("learner")[0]
    about = json.loads(json.dumps(newest.about))
    about["spec"]["steps"] += 100_000 + time.time_ns() % 100_000
    write(newest, {**about, "created": time.time()}, store)
    timed(app)
    return took


def child(*arguments: str) -> list[list[float]]:
    command = [sys.executable, "-m", "benchmarks.many_runs", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def said(seconds: list[float]) -> str:
    return f"{seconds[0]:.2f} ({seconds[1]:.2f})"


def index(many: Path) -> list[tuple[float, float]]:
    """Seconds to list the runs in a new process, where there is an index and where there is none."""
    store, begun, used = RunStore(Workspace(many)), time.perf_counter(), time.process_time()
    store.runs()
    return [(time.perf_counter() - begun, time.process_time() - used)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=10_000, help="stored runs")
    parser.add_argument("--folder", type=Path, help="where they are made, and kept (default: a folder that goes away)")
    parser.add_argument("--pages", nargs="+", default=sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        few, many = folder / "few", folder / f"runs-{options.n}"
        if options.child:
            found = index(many) if options.child == "index" else measure(options.child, few, many)
            return print(json.dumps(found))
        real = folder / "real"
        if not real.is_dir():
            compute(real)
        if not few.is_dir():
            shutil.copytree(real / "datasets", Workspace(few).datasets, dirs_exist_ok=True)
        if not many.is_dir():
            made_up(Workspace(real), many, options.n)
        of_child = ("--n", str(options.n), "--folder", str(folder), "--child")
        (many / FILE).unlink(missing_ok=True)
        first, then = (said(child(*of_child, "index")[0]) for _ in range(2))
        print(
            f"Seconds by the clock (of the processor). {options.n:,} runs listed by a new process without an index: {first}; with it: {then}.\n"
        )
        print("| page | wanted | first visit | again | after another run has come |\n|---|--:|--:|--:|--:|", flush=True)
        for page in options.pages:
            cells = " | ".join(said(seconds) for seconds in child(*of_child, page))
            print(f"| {page} | ≤ {WANTED:g} s | {cells} |", flush=True)


if __name__ == "__main__":
    main()
