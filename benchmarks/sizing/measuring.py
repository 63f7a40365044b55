"""One figure, measured in this process: what it takes by the clock, of the processor (children too) and of memory at most."""

import gc
import os
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.sizing import made
from metadash.data.dataset import Dataset, write_dataset
from metadash.data.writing.rows import ParquetRows, Rows
from metadash.front.importing import from_files
from metadash.workspace import Workspace

EPISODES = 1000


@dataclass(frozen=True)
class Measured:
    """Seconds ``wall`` and ``processor``; MB at the ``peak`` and ``held`` before."""

    wall: float
    processor: float
    peak: float
    held: float


def memory(name: str) -> float:
    """``VmHWM`` (the most) or ``VmRSS`` (now) of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024 / 1e6


def processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(work: Callable[[], Any]) -> Measured:
    gc.collect()
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    held, started, begun = memory("VmRSS"), time.perf_counter(), processor()
    work()
    return Measured(time.perf_counter() - started, processor() - begun, memory("VmHWM"), held)


def measure(name: str, rows: int, folder: Path) -> dict[str, float]:
    return asdict(WAYS[name](rows, folder))


def workspace_in(folder: Path) -> Workspace:
    return Workspace(folder / "workspace")


def tables(rows: int, folder: Path) -> Measured:
    return timed(lambda: made.save(rows, folder))


def write(rows: int, folder: Path) -> Measured:
    held = pd.read_parquet(folder / "instances.parquet", columns=made.NARROW)
    found = timed(lambda: written(folder / "held", held))
    shutil.rmtree(folder / "held")
    return found


def stream(rows: int, folder: Path) -> Measured:
    return timed(lambda: written(folder, ParquetRows(folder / "instances.parquet")))


def written(folder: Path, instances: Rows) -> None:
    sources = tuple(source for source in made.SOURCES if source.level == "class" or set(source.columns) <= set(instances.columns))
    inputs = np.load(folder.parent / "inputs.npy" if folder.name == "held" else folder / "inputs.npy", mmap_mode="r")
    about = replace(made.description(), sources=sources)
    write_dataset(workspace_in(folder), about, made.classes(), instances, inputs, made.splits())


def imported(rows: int, folder: Path) -> Measured:
    file = folder / "things.csv"
    if not file.is_file():
        made.save_csv(rows, file)
    workspace, inputs = folder / "imported", [f"f{place}" for place in range(made.WIDTH)]
    found = timed(
        lambda: from_files(file, name="things", class_column="thing", input_column=inputs, workspace=workspace, progress=False)
    )
    shutil.rmtree(workspace)
    return found


def drawn(strategy: str) -> Callable[[int, Path], Measured]:
    def draw_some(rows: int, folder: Path) -> Measured:
        from metadash.episodes.sampler import draw
        from metadash.episodes.spec import EpisodeSpec, Pool

        column = {"disjoint": "site"}.get(strategy)
        spec = EpisodeSpec(Pool("family-0", "test"), 5, 5, 15, n_episodes=EPISODES, strategy=strategy, column=column)
        return timed(lambda: draw(Dataset.open(workspace_in(folder), made.NAME), spec))

    return draw_some


def tfidf(rows: int, folder: Path) -> Measured:
    from metadash.data.inputs.texts import TextColumn, write_texts
    from metadash.networks.encoders.tfidf import fit

    file = folder / f"utterances-{rows}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_texts(file, made.utterances(rows))
    column = TextColumn(file)
    train = np.random.default_rng(0).random(rows) < 0.45

    def work() -> None:
        encode = fit(column, train, 128, lambda _: None)
        for texts in column.pieces():
            encode(texts)

    return timed(work)


def page_of(folder: Path, table: str = "instances") -> Any:
    from streamlit.testing.v1 import AppTest

    os.environ["METADASH_WORKSPACE"] = str(folder / "workspace")
    page = AppTest.from_file(str(Path(__file__).parents[2] / "pages" / "metadata.py"), default_timeout=600)
    page.session_state["dataset"] = made.NAME
    page.query_params["md_table"] = table
    return page


def ran(page: Any) -> float:
    """Runs it, and gives the seconds that its script ran: Streamlit's test harness looks whether it has ended ten times a second."""
    from streamlit.testing.v1.local_script_runner import LocalScriptRunner

    seconds: list[float] = []
    whole = LocalScriptRunner._run_script_thread

    def clocked(runner: LocalScriptRunner) -> None:
        started = time.perf_counter()
        whole(runner)
        seconds.append(time.perf_counter() - started)

    LocalScriptRunner._run_script_thread = clocked  # type: ignore[method-assign]
    try:
        page.run()
    finally:
        LocalScriptRunner._run_script_thread = whole  # type: ignore[method-assign]
    assert not page.exception and not page.error, [*page.exception, *page.error]
    return seconds[-1]


def warmed(folder: Path) -> None:
    """Imports and Streamlit's own first run are no matter of size."""
    from tests.builders import write_tiny

    small = folder / "small"
    if not (small / "workspace").is_dir():
        write_tiny(Workspace(small / "workspace"), made.NAME)
    ran(page_of(small))


def opened(rows: int, folder: Path) -> Measured:
    warmed(folder)
    page = page_of(folder, "classes")
    return timed(lambda: ran(page))


def narrowed(line: str) -> Callable[[int, Path], Measured]:
    def narrow(rows: int, folder: Path) -> Measured:
        from metadash.data.sql import children

        children.ready()  # as a server does when it starts
        page = page_of(folder)
        ran(page)
        page.text_input(key="md_instances").set_value(line)
        seconds: list[float] = []
        found = timed(lambda: seconds.append(ran(page)))
        return replace(found, wall=seconds[0])

    return narrow


WAYS: dict[str, Callable[[int, Path], Measured]] = {
    "tables": tables,
    "write": write,
    "stream": stream,
    "import": imported,
    "open": opened,
    "facet": narrowed('site:"site 3"'),
    "search": narrowed('site:"site 3" reading:2..9'),
    "disjoint": drawn("disjoint"),
    "uniform": drawn("uniform"),
    "tfidf": tfidf,
}
"""How each figure is taken: rows, a folder for its files."""
