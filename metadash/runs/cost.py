"""What a run costs: seconds by the wall, seconds of the processor, and the memory that it needed while it ran."""

import ctypes
import gc
import mmap
import re
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

PROC = Path("/proc/self")
RESET_PEAK = "5"
"""What ``/proc/self/clear_refs`` takes to set the high-water mark back to what is resident now (proc_pid_clear_refs(5))."""

SAMPLE_EVERY = 0.02
"""Seconds between two looks at the memory, where the system keeps no high-water mark that can be set back."""

MIB = 2**20

MANY_OBJECTS = 30_000
"""More are left by libraries only; the collector takes a millisecond for about a thousand."""

MADV_DONTNEED, MOST_AT_ONCE = 4, 2**30 - 2**20
"""The second is bytes, below the threshold (see ``machine``) from which a block would not come from the heap."""


class Meter:
    """Measures what happens inside ``with Meter() as meter:``; afterwards ``meter.cost()`` holds it.

    *Memory* is the growth of this process's resident set from where it stood when the block began to its peak within it, in MiB:
    the arrays, weights, gradients and activations of the run, and the pages of the data set that it reads. What was resident before
    does not count: the interpreter, the libraries, and what an earlier run left (freed memory is first handed back to the system,
    else a second run in the same process would seem to need none). A library that loads on first use counts for the run that
    uses it first. On Linux the kernel keeps the peak, exactly; elsewhere a thread looks every 20 ms, and a shorter peak is missed.

    *Processor seconds* are those of all threads of this process, user and system; beside the wall's they tell waiting from work.
    """

    def __enter__(self) -> "Meter":
        hand_back_freed_memory()
        self.exact = reset_peak()
        self.before = self.peak = resident()
        self.over = threading.Event()
        self.sampler = threading.Thread(target=self.sample, daemon=True, name="memory sampler")
        if not self.exact:
            self.sampler.start()
        self.cpu, self.started = time.process_time(), time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.seconds, self.cpu = time.monotonic() - self.started, time.process_time() - self.cpu
        self.over.set()
        if self.exact:
            self.peak = high_water_mark() or resident()
        else:
            self.sampler.join()
            self.peak = max(self.peak, resident())

    def sample(self) -> None:
        while not self.over.wait(SAMPLE_EVERY):
            self.peak = max(self.peak, resident())

    def cost(self) -> dict[str, Any]:
        """As a run stores it: ``cpu_seconds``, ``peak_mib``, and how the peak was found."""
        return {
            "cpu_seconds": round(self.cpu, 2),
            "peak_mib": round(max(self.peak - self.before, 0) / MIB, 1),
            "peak_by": "high-water mark" if self.exact else "samples",
        }


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return psutil.Process().memory_info().rss


def high_water_mark() -> int | None:
    """Bytes: the most that was resident since the mark was last set back; None where the system keeps none."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", (PROC / "status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def reset_peak() -> bool:
    """Set the high-water mark back; False where the system has none, or forbids it, or took no notice."""
    try:
        (PROC / "clear_refs").write_text(RESET_PEAK)
    except OSError:
        return False
    mark = high_water_mark()
    return mark is not None and mark <= resident() + MIB


def hand_back_freed_memory() -> None:
    """Collect garbage and, with glibc, return what is free to the system; the thresholds of ``machine`` would keep it."""
    gc.collect()
    set_aside_what_is_loaded()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):
            libc.malloc_trim(0)
        if hasattr(libc, "mallinfo2"):
            drop_end_of_heap(libc)


class Mallinfo(ctypes.Structure):
    """What glibc's mallinfo2(3) returns; ``keepcost`` are the bytes at the end of the heap that nobody uses."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]
    )


def drop_end_of_heap(libc: ctypes.CDLL) -> None:
    """Give back the pages of the heap's free end, which stays as long as it is.

    malloc_trim only shortens the heap, and cannot where another mapping lies behind it; what stayed resident would hide what the next
    run needs. The end is taken as one block, its pages dropped, and freed again.
    """
    libc.mallinfo2.restype = Mallinfo
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes, libc.madvise.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    page = mmap.PAGESIZE
    size = min(libc.mallinfo2().keepcost - page, MOST_AT_ONCE)
    block = libc.malloc(size) if size > page else None
    if block:
        first = -(-block // page) * page
        libc.madvise(first, (block + size - first) // page * page, MADV_DONTNEED)
        libc.free(block)


def set_aside_what_is_loaded() -> None:
    """So much survives a collection before the first run, and once more when that has made libraries load the rest of themselves. The
    collector need not walk through it every time (0.16 s of the 0.5 that a what-if takes)."""
    if len(gc.get_objects(generation=2)) > MANY_OBJECTS:
        gc.freeze()
