"""The processes that answer queries: started, asked, killed at the deadline; those that answered well are kept for the next query."""

import atexit
import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT = 2  # children kept waiting, about 80 MB each
STARTING = 60.0  # seconds a child may take to start
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "SYSTEMROOT")  # no secrets


class Child:
    """One worker process and the pipes to it. Used by one thread at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}  # small: they count as address space
        environment["TZ"] = "UTC"  # the day of a time with a zone is the same on every machine
        # -P: the worker's own folder is no place to import from
        command = [sys.executable, "-P", str(Path(__file__).with_name("query_worker.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self.expired = False
        self._limited(STARTING, self._receive)

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer. Raises TimeoutError at the deadline, EOFError when the process ends without one; it is dead then."""

        def exchange() -> tuple[dict[str, Any], bytes]:
            assert self.process.stdin
            content = json.dumps(question).encode()
            self.process.stdin.write(struct.pack(">I", len(content)) + content)
            self.process.stdin.flush()
            return self._receive()

        return self._limited(question["seconds"], exchange)

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # a question half sent
                    pipe.close()
        self.process.wait()

    def _limited(self, seconds: float, exchange: Callable[[], tuple[dict[str, Any], bytes]]) -> tuple[dict[str, Any], bytes]:
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return exchange()
        except (OSError, EOFError) as error:
            timer.cancel()
            timer.join()
            self.end()
            raise TimeoutError if self.expired else EOFError from error
        finally:
            timer.cancel()
            timer.join()

    def _expire(self) -> None:
        self.expired = True
        self.process.kill()

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        head = json.loads(self._read(struct.unpack(">I", self._read(4))[0]))
        return head, self._read(head["size"])

    def _read(self, size: int) -> bytes:
        assert self.process.stdout
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise EOFError
        return data


_waiting: list[Child] = []  # append and pop are atomic


def take() -> Child:
    """One that waits, or a new one. Whoever takes it gives it back or ends it."""
    while child := _pop():
        if child.process.poll() is None:
            return child
        child.end()
    return Child()


def ready() -> None:
    """Have one waiting before anybody asks: to start one takes a fifth of a second. Raises OSError or EOFError where none can be started."""
    if not _waiting:
        give_back(Child())


def give_back(child: Child) -> None:
    _waiting.append(child)
    while len(_waiting) > KEPT and (surplus := _pop()):
        surplus.end()


def _pop() -> Child | None:
    try:
        return _waiting.pop()
    except IndexError:
        return None


@atexit.register
def end_children() -> None:
    while child := _pop():
        child.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiting.clear)  # their pipes belong to the parent
