"""Short words for what a learner is and knows: all that there is by its number, nearly all by what is missing, many by how many more."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from metadash.errors import BadInput
from metadash.learners.registry import entry_of

LISTED = 3
"""Sources that a short name lists; of more it counts."""


def in_short(sources: Sequence[str], known: Sequence[str]) -> str:
    """``all 6 metadata``, ``all but name``, ``name, accents and 2 more``; a list as it is where it is short. ``known`` are all of the data set's sources
    that describe classes, empty where it is gone."""
    if len(sources) <= 2:
        return ", ".join(sources) or "no metadata"
    missing = [name for name in known if name not in sources]
    if known and set(sources) == set(known):
        return f"all {len(sources)} metadata"
    if set(sources) < set(known) and len(missing) <= 2 and len(sources) > len(missing):
        return f"all but {' and '.join(missing)}"
    return ", ".join(sources) if len(sources) <= LISTED else f"{', '.join(sources[:2])} and {len(sources) - 2} more"


def learner_in_short(name: str) -> str:
    """As its authors write it where that is the same word (``MAML``, ``Meta-SGD``), else its name here."""
    try:
        title = entry_of(name).title.split(" (")[0]
    except BadInput:
        return name
    return title if title.lower() == name else name


def class_sources(runs: Path, dataset: str) -> tuple[str, ...]:
    """The sources of a data set that describe classes, by the folder of ``runs`` in its workspace; none where it is gone, which runs outlive."""
    file = runs.parent / "datasets" / dataset / "dataset.json"
    try:
        return _class_sources(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


@lru_cache(maxsize=64)
def _class_sources(file: Path, stamp: int) -> tuple[str, ...]:
    sources = json.loads(file.read_text(encoding="utf-8"))["sources"]
    return tuple(str(source["name"]) for source in sources if source["level"] == "class")
