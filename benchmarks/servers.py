"""A server of our own to measure: how long it took to answer, how much memory it and its workers hold, what it has loaded."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.browser import harness

MIB = 2**20
HEAVY = ("torch", "sklearn")
"""What the web server's process must never load: the jobs do."""


@dataclass(frozen=True)
class Server:
    address: str
    process: psutil.Process
    seconds_to_health: float


@dataclass(frozen=True)
class Memory:
    """MiB. ``rss`` counts shared pages in full, ``pss`` a fair share of them (None where the system does not tell)."""

    rss: float
    pss: float | None


@contextmanager
def serving(workspace: Path, **environment: str) -> Iterator[Server]:
    """The app over ``workspace`` on a free loopback port, ended with its workers; healthy to within a tenth of a second."""
    here, before = psutil.Process(), {child.pid for child in psutil.Process().children()}
    started = time.perf_counter()
    log = workspace.with_name(f"{workspace.name}.log")
    with harness.server(workspace, log, **environment) as address:
        seconds = time.perf_counter() - started
        port = address.rpartition(":")[2]
        process = next(child for child in here.children() if child.pid not in before and port in child.cmdline())
        helpers: list[psutil.Process] = []
        try:
            yield Server(address, process, seconds)
        finally:
            helpers = process.children(recursive=True)
    _, alive = psutil.wait_procs(helpers, timeout=5)
    for helper in alive:
        helper.kill()


def memory(process: psutil.Process) -> Memory:
    full = process.memory_full_info()
    return Memory(full.rss / MIB, full.pss / MIB if hasattr(full, "pss") else None)


def workers(server: Server) -> dict[str, Memory]:
    """Memory of every process the server started, by what it is and its number."""
    found: dict[str, Memory] = {}
    for child in server.process.children(recursive=True):
        try:
            found[f"{role(child)} {len(found) + 1}"] = memory(child)
        except psutil.Error:
            continue
    return found


def role(process: psutil.Process) -> str:
    return "resource tracker" if "resource_tracker" in " ".join(process.cmdline()) else "worker"


def heavy_mapped(process: psutil.Process) -> list[str]:
    """Which of the heavy packages have a library in the process's memory map. Empty is right."""
    mapped = {part for region in process.memory_maps() for part in Path(region.path).parts}
    return [name for name in HEAVY if name in mapped]
