"""What a computing process notes of itself while it goes, for the outlook to read."""

import time

from metadash.runs.queue.outlook import LONG, Mark

MARK_EVERY = 1.0
"""Seconds between two marks."""


class Trail:
    """What the outlook reads of a running part: a mark a second of the last minute, and the first that told of something done."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def note(self, fraction: float, force: bool = False) -> None:
        if self.marks and not force and time.time() - self.marks[-1].at < MARK_EVERY:
            return
        self.marks.append(Mark(round(time.time(), 2), round(fraction, 5), round(time.process_time(), 3)))
        first = next((mark for mark in self.marks if mark.fraction > 0), self.marks[0])
        recent = [mark for mark in self.marks if mark is first or mark.at > self.marks[-1].at - LONG - 2 * MARK_EVERY]
        self.marks = recent

    def forget(self) -> None:
        """While it waits for another, the processor time of its process tells nothing of the machine."""
        self.marks = []
