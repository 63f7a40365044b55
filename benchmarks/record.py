"""What a measurement is made of, and on what it was taken: rows with a target, free tables, versions and the kind of machine."""

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "streamlit",
    "duckdb",
    "torch",
    "scikit-learn",
    "scipy",
    "pandas",
    "numpy",
    "pyarrow",
    "plotly",
    "distributed",
    "playwright",
)


@dataclass(frozen=True)
class Row:
    """One measured quantity: ``measured`` (the median unless said otherwise in ``statistic``) against a target *at most*."""

    what: str
    unit: str
    measured: float
    n: int = 1
    low: float | None = None
    high: float | None = None
    target: float | None = None
    statistic: str = "once"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        return None if self.target is None else self.measured <= self.target


@dataclass(frozen=True)
class Table:
    """Figures that belong together and have no target: a caption, column names, rows of text."""

    caption: str
    columns: tuple[str, ...]
    rows: list[list[str]]


@dataclass
class Outcome:
    """What one figure found."""

    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        rows = [{**rounded(asdict(row)), "reached": row.reached} for row in self.rows]
        return {"rows": rows, "tables": [asdict(table) for table in self.tables], "details": self.details}


def median(what: str, unit: str, values: Sequence[float], target: float | None = None, note: str = "") -> Row:
    """A row from repetitions; one repetition is shown as what it is."""
    middle, statistic = float(np.median(values)), "median" if len(values) > 1 else "once"
    return Row(what, unit, middle, len(values), float(min(values)), float(max(values)), target, statistic, note)


def percentile(what: str, unit: str, values: Sequence[float], share: int, target: float | None = None, note: str = "") -> Row:
    found = float(np.percentile(values, share))
    return Row(what, unit, found, len(values), float(min(values)), float(max(values)), target, f"p{share}", note)


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Four significant digits: more would be noise, and would make every rewrite of the results a difference."""
    return {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in values.items()}


class Stopwatch:
    """``with Stopwatch() as watch: ...`` then ``watch.seconds``, and ``watch.processor``: this process's own, whatever else runs."""

    seconds = processor = 0.0

    def __enter__(self) -> "Stopwatch":
        self.started, self.process_started = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.started
        self.processor = time.process_time() - self.process_started


def circumstances() -> dict[str, Any]:
    """When, which commit, what kind of machine, how busy it was, which versions; no names of machines, users or folders."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "cpu": cpu_model(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}},
    }


def commit() -> str:
    """The commit measured; ``+`` where the working tree had changes on top of it."""
    answers = []
    for command in (
        ["rev-parse", "--short", "HEAD"],
        ["status", "--porcelain", "--", "metadash", "pages", "app.py", ".streamlit"],
    ):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, timeout=30)
        answers.append(done.stdout.strip() if done.returncode == 0 else "")
    return (answers[0] or "unknown") + ("+" if answers[1] else "")


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
