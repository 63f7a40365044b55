"""Prepares a computing process and says what it ran on: one thread, and a malloc that keeps what it will need again."""

import ctypes
import os
import platform
import sys
from importlib.metadata import version

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def prepare_process() -> None:
    """One computing thread and generous malloc thresholds; call before the first large allocation.

    Two OpenMP threads stall each other as soon as another process wants a core, and blocks above 32 MB would be mapped and
    unmapped at every training step (measured: shared/reference/learners.md, 4.4 and 4.5; the thresholds are glibc's mallopt(3)).
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            for parameter, value in ((M_MMAP_THRESHOLD, 1 << 30), (M_TRIM_THRESHOLD, (1 << 31) - 1), (M_TOP_PAD, 64 << 20)):
                libc.mallopt(parameter, value)
    import torch

    torch.set_num_threads(1)


def environment() -> dict[str, str]:
    """Versions and machine kind, stored with every run."""
    packages = ("torch", "numpy", "scikit-learn", "duckdb", "pandas")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "threads": "1",
        "device": "cpu",
    }
