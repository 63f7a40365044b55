"""One implementation in a process of its own: ``python -m benchmarks.peering.child MODULE``, one JSON line in, one out.

``{"do": "window", "workload": W, "seconds": S}`` runs whole steps of W until S seconds of this thread's processor time are over, and
tells steps, processor seconds and wall seconds; ``check`` the loss of the first step with the given weights and the norm of its
gradient; ``memory`` the peak of resident memory over what the process held before the workload; ``flop`` the counted operations of
a step; ``peak`` the operations a second of large matrix products. An error comes back as one line and ends nothing.
"""

import importlib
import json
import os
import resource
import sys
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

LONGEST_ERROR = 300
WARM_STEPS = 2
MATRIX = 2048


def serve(module: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print goes to the log
    try:
        child = Child(importlib.import_module(module))
        ready: dict[str, Any] = {"ready": child.versions()}
    except Exception as error:  # whatever a library raises when it is imported
        ready = {"error": one_line(error)}
    print(json.dumps(ready), file=answers)
    if "error" in ready:
        return
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(child, "do_" + order.pop("do"))(**order)
        except Exception as error:  # reported in the table
            answer = {"error": one_line(error), "kind": type(error).__name__}
        print(json.dumps(answer), file=answers)


def one_line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:LONGEST_ERROR]


class Child:
    """Workloads are built when first asked for, and stay warm."""

    def __init__(self, module: ModuleType):
        import torch

        torch.set_num_threads(1)
        self.module, self.jobs = module, {}

    def versions(self) -> dict[str, Any]:
        import torch

        return {"torch": torch.__version__, "threads": torch.get_num_threads(), "gpu": torch.cuda.is_available()}

    def workload(self, name: str, tasks: int | None = None) -> Any:
        from benchmarks.peering.tasks import WORKLOADS

        found = getattr(self.module, "WORKLOADS", WORKLOADS)[name]
        return found if tasks is None else replace(found, tasks=tasks)

    def step(self, workload: str) -> Any:
        if workload not in self.jobs:
            self.jobs[workload] = self.module.build(self.workload(workload))
            for _ in range(WARM_STEPS if not workload.startswith("prototypes-episodes") else 1):
                self.jobs[workload].step()
        return self.jobs[workload].step

    def do_warm(self, workload: str) -> dict[str, Any]:
        self.step(workload)
        return {}

    def do_window(self, workload: str, seconds: float) -> dict[str, Any]:
        step = self.step(workload)
        gpu = self.workload(workload).device == "cuda"
        steps, wall, processor = 0, time.perf_counter(), time.thread_time()
        while True:
            step()
            if gpu:
                wait_for_gpu()
            steps += 1
            spent, passed = time.thread_time() - processor, time.perf_counter() - wall
            if (passed if gpu else spent) >= seconds:
                return {"steps": steps, "processor": spent, "wall": passed}

    def do_shared(self, workload: str, seconds: float, start: float) -> dict[str, Any]:
        """A window by the wall clock that begins at ``start`` (``time.time``), for processes that run beside each other."""
        step = self.step(workload)
        time.sleep(max(0.0, start - time.time()))
        steps, wall, processor = 0, time.perf_counter(), time.thread_time()
        while time.perf_counter() - wall < seconds:
            step()
            steps += 1
        return {"steps": steps, "processor": time.thread_time() - processor, "wall": time.perf_counter() - wall}

    def do_check(self, workload: str, twin: dict[str, Any] | None = None) -> dict[str, Any]:
        job = self.module.build(self.workload(workload), **(twin or {}))
        loss = float(job.step())
        return {"loss": loss, "gradient": float(job.weight().grad.norm()) if job.weight else None}

    def do_memory(self, workload: str) -> dict[str, Any]:
        job, before = self.module.build(self.workload(workload)), resident()
        for _ in range(WARM_STEPS + 1):
            job.step()
        return {"mib": (peak() - before) / 2**20}

    def do_flop(self, workload: str) -> dict[str, Any]:
        from torch.utils.flop_counter import FlopCounterMode

        step = self.step(workload)
        with FlopCounterMode(display=False) as counter:
            step()
        return {"flop": counter.get_total_flops()}

    def do_peak(self, seconds: float) -> dict[str, Any]:
        import torch

        left, right = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
        left @ right
        times, processor = 0, time.thread_time()
        while time.thread_time() - processor < seconds:
            left @ right
            times += 1
        return {"flop_per_second": times * 2 * MATRIX**3 / (time.thread_time() - processor)}


def wait_for_gpu() -> None:
    import torch

    torch.cuda.synchronize()


def resident() -> int:
    """Bytes of resident memory now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def peak() -> int:
    """Bytes of resident memory at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    serve(sys.argv[1])
