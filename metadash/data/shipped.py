"""Backbones that come with a data set, so that its first answer does not begin with a minute of training.

They are what training them here gives, but for the rounding of another machine; ``backbones.json`` beside them says of which data
(its fingerprint), by which command and versions, and what the first steps of training were, so that whoever doubts can train
again and compare.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from metadash.errors import BadInput

FOLDERS = {"glyphs": Path(__file__).with_name("glyphs") / "backbones"}
"""Data set to the folder with its backbones."""
DIGITS = 20


@dataclass(frozen=True)
class Shipped:
    """One backbone: ``spec`` as it was trained, ``made`` what its training found, ``sha256`` of the file with its weights."""

    file: Path
    sha256: str
    spec: Mapping[str, Any]
    made: Mapping[str, Any]

    @property
    def start(self) -> str:
        """What names its weights by their content."""
        return self.sha256[:DIGITS]


@cache
def shipped_with(dataset: str) -> tuple[str, tuple[Shipped, ...]]:
    """The fingerprint of the data that a data set's backbones were trained on, and the backbones; none for most data sets."""
    about = FOLDERS.get(dataset, Path()) / "backbones.json"
    if dataset not in FOLDERS or not about.is_file():
        return "", ()
    content = json.loads(about.read_text(encoding="utf-8"))
    found = tuple(Shipped(about.with_name(one["file"]), one["sha256"], one["spec"], one["made"]) for one in content["backbones"])
    return content["fingerprint"], found


def start_of(dataset: str, fingerprint: str, spec: Mapping[str, Any]) -> str:
    """The ``start`` of the shipped backbone that training by ``spec`` on the data with this fingerprint would give; empty where none is."""
    known, backbones = shipped_with(dataset)
    return next((one.start for one in backbones if known == fingerprint and one.spec == spec), "")


def shipped_backbone(dataset: str, start: str) -> Shipped:
    """Raises BadInput where none of that content is shipped, or its file is not what was shipped."""
    found = next((one for one in shipped_with(dataset)[1] if one.start == start), None)
    if found is None:
        raise BadInput(f"No backbone '{start}' comes with '{dataset}'; train the backbone here instead.")
    content = found.file.read_bytes() if found.file.is_file() else b""
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise BadInput(
            f"{found.file.name}, which comes with '{dataset}', is damaged; install MetaDash anew, or train the backbone here."
        )
    return found
