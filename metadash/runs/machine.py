"""Prepares a computing process and says what it ran on: one thread, and a malloc that keeps what it will need again, on huge pages."""

import ctypes
import os
import platform
import sys
from importlib.metadata import version

from metadash.runs.device import device_name

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
MADV_HUGEPAGE, HUGE_PAGE = 14, 2 << 20
RESERVE = (1 << 30) - (1 << 20)
"""Bytes of the heap's future that may lie on huge pages; below the mmap threshold, so that they come from the heap. None are used yet."""

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
"""Read by the libraries when they are loaded."""


def prepare_process() -> None:
    """One computing thread and generous malloc thresholds; call before the first large allocation.

    Two OpenMP threads stall each other as soon as another process wants a core, and blocks above 32 MB would be mapped and
    unmapped at every training step (docs/peers.md; the thresholds are glibc's mallopt(3)).
    """
    os.environ.update(ONE_THREAD)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            for parameter, value in (
                (M_MMAP_THRESHOLD, 1 << 30),
                (M_TRIM_THRESHOLD, (1 << 31) - 1),
                (M_TOP_PAD, 64 << 20),
                (M_ARENA_MAX, 1),  # a job may run in any thread of its process, and has the heap to itself
            ):
                libc.mallopt(parameter, value)
            allow_huge_pages(libc)
    import torch

    torch.set_num_threads(1)


def allow_huge_pages(libc: ctypes.CDLL) -> None:
    """Let the heap's next gigabyte lie on pages of 2 MiB where the system allows them: the largest tensors have 4,000 small ones.

    Measured (docs/peers.md): training 7 to 10 % faster, in no more memory. Taking a block and giving it back makes the heap that
    long without touching it; a system that refuses loses nothing.
    """
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes, libc.madvise.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    block = libc.malloc(RESERVE)
    if block:
        first = -(-block // HUGE_PAGE) * HUGE_PAGE
        libc.madvise(first, (block + RESERVE - first) // HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE)
        libc.free(block)


def environment() -> dict[str, str]:
    """Versions and machine kind, stored with every run."""
    packages = ("torch", "numpy", "scikit-learn", "duckdb", "pandas")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "threads": "1",
        "device": device_name(),
    }
