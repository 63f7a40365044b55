"""The embedded cluster: a Dask scheduler and its worker processes, in a process of their own that ends with whoever started it.

It does not live in the web server: the scheduler's work would compete with the pages, and worker processes started from there would
run Streamlit's script anew, which is what Python's *spawn* takes for the main program while a page is running.
"""

import os
import subprocess
import sys
from pathlib import Path

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def start_cluster(workers: int) -> tuple[subprocess.Popen, str]:
    """Start it and return the process and the scheduler's address. Raises RuntimeError when it ends before it has one."""
    path = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "metadash.training.cluster", str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
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


def main() -> None:
    import logging

    import dask
    from distributed import LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set({"distributed.worker.memory.terminate": 0.98, "distributed.comm.timeouts.connect": "30s"})
    cluster = LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    )
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()  # ends when the starter closes the pipe, or dies
    cluster.close(timeout=5)


if __name__ == "__main__":
    main()
