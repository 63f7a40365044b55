"""What is read of a job's files is believed only where it has the shape that was written: one odd record must not break a page for all."""

import json
import math
from typing import Any

STATES = ("queued", "running", "done", "failed", "cancelled", "interrupted")
NUMBERS = ("started", "updated", "process_started", "fraction")
TEXTS = ("message", "phase", "ticket")


def number(value: Any, otherwise: float = 0.0) -> float:
    """``value`` where it is a finite number that a double can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    try:
        return float(value) if math.isfinite(value) else otherwise
    except OverflowError:
        return otherwise


def progress_of(found: Any) -> dict[str, Any]:
    """What ``progress.json`` says, each part only as it should be; nothing where its state is none."""
    if not isinstance(found, dict) or found.get("state", "queued") not in STATES:
        return {}
    sound = {name: value for name, value in found.items() if name not in (*NUMBERS, *TEXTS, "metrics", "marks", "attempt")}
    sound |= {name: number(found[name]) for name in NUMBERS if name in found}
    sound |= {name: found[name] for name in TEXTS if isinstance(found.get(name), str)}
    if "fraction" in sound:
        sound["fraction"] = min(max(sound["fraction"], 0.0), 1.0)
    if isinstance(found.get("metrics"), dict):
        sound["metrics"] = {name: value for name, value in found["metrics"].items() if is_plain(value)}
    if isinstance(found.get("marks"), list):
        sound["marks"] = [[number(part) for part in mark] for mark in found["marks"] if isinstance(mark, list) and len(mark) == 3]
    if isinstance(found.get("attempt"), int):
        sound["attempt"] = found["attempt"]
    return sound


def row_of(line: str) -> dict[str, Any] | None:
    """A row of live curves."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return {name: value for name, value in row.items() if is_plain(value)} if isinstance(row, dict) else None


def is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
