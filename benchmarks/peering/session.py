"""The parent's side: one process for each implementation, orders as JSON lines, windows taken in turn so that drift hits all alike."""

import json
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT


class Failed(Exception):
    """An implementation could not do what it was asked; one line."""


class Implementation:
    """A running child. ``ask`` waits for its answer; ``send`` and ``receive`` let several work at the same time."""

    def __init__(self, name: str, module: str, python: Path | str = sys.executable, timeout: float = 300):
        self.name, self.timeout = name, timeout
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed with the child
        command = [str(python), "-m", "benchmarks.peering.child", module]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1
        )
        try:
            self.ready = self.receive()["ready"]
        except Failed:
            self.close()
            raise

    def __enter__(self) -> "Implementation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        self.send(do, **order)
        return self.receive()

    def send(self, do: str, **order: Any) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self.last_words()) from None

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            self.process.kill()
            raise Failed(f"It gave no answer within {self.timeout:g} s.")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def last_words(self) -> str:
        self.process.wait(10)
        self.log.seek(0)
        lines = self.log.read().strip().splitlines()
        return lines[-1][:300] if lines else f"It ended with {self.process.returncode}."

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(10)
        self.process.stdout.close()
        self.log.close()


def interleaved(
    running: list[Implementation], workload: str, windows: int, seconds: float
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Windows of each implementation, one of each in turn; and why there are none of those that cannot do it."""
    taken: dict[str, list[dict[str, Any]]] = {}
    errors: dict[str, str] = {}
    for one in running:
        try:
            one.ask("warm", workload=workload)
            taken[one.name] = []
        except Failed as error:
            errors[one.name] = str(error)
    for _ in range(windows):
        for one in running:
            if one.name in taken:
                taken[one.name].append(one.ask("window", workload=workload, seconds=seconds))
    return taken, errors
