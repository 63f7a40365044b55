"""The embedded cluster: a Dask scheduler and its worker processes, in a process of their own that ends with whoever started it.

It does not live in the web server: the scheduler's work would compete with the pages, and worker processes started from there would
run Streamlit's script anew, which is what Python's *spawn* takes for the main program while a page is running.
"""

import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

import psutil

from metadash.runs.machine import ONE_THREAD

PACKAGE_PARENT = Path(__file__).resolve().parents[3]
PRELOADED = ["distributed", "distributed.nanny", "distributed.worker", "metadash.runs.queue.preloaded"]


def start_cluster(workers: int) -> tuple[subprocess.Popen, str]:
    """Start it and return the process and the scheduler's address. Raises RuntimeError when it ends before it has one."""
    path = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "metadash.runs.queue.cluster", str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    if not address:
        raise RuntimeError(f"the cluster's process ended with {process.wait(10)}")
    return process, address


def stop_cluster(process: subprocess.Popen) -> None:
    """Close its standard input, which it waits for, and give it a moment."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def load_once() -> str:
    """Start the process that worker processes are copied from, and return how they are made.

    It loads what they all need, with no thread beside it that a copy would lack. That takes six seconds; each by itself would take as
    long, and again whenever a cancel ended one. On Linux only: elsewhere system libraries do not bear copying.
    """
    if sys.platform != "linux":
        return "spawn"
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()
    return "forkserver"


def main() -> None:
    method = load_once()  # goes on beside what follows
    import logging

    import dask
    from distributed import LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set(
        {
            "distributed.worker.multiprocessing-method": method,
            "distributed.worker.memory.terminate": 0.98,
            "distributed.comm.timeouts.connect": "30s",
            # by default each process looks at itself fifty times a second, which takes a fifth of a core while nobody asks for anything
            "distributed.worker.profile.enabled": False,
            "distributed.admin.tick.interval": "1s",
            "distributed.admin.tick.cycle": "10s",
            "distributed.admin.system-monitor.interval": "2s",
            "distributed.worker.memory.monitor-interval": "1s",
            # cancelling may end a worker process, and with it the turn of jobs that wait there; they are not to blame for it
            "distributed.scheduler.allowed-failures": 1000,
        }
    )
    cluster = LocalCluster(
        n_workers=int(sys.argv[1]),
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",  # None would still ask for port 8787, and complain where somebody else has it
        host="127.0.0.1",
        silence_logs=logging.ERROR,
    )
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()  # ends when the starter closes the pipe, or dies
    # In good order it would wait for jobs that nobody waits for any more; what they leave behind is the same either way.
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
