"""The results so far, in one JSON file that is whole at any moment: a run can be ended and taken up again."""

import json
from pathlib import Path
from typing import Any

from benchmarks.record import circumstances
from benchmarks.reproduction.cells import Cell

FORMAT = 1


class Ledger:
    """``cells``: what was found, by the cell's name. A record counts for a cell of exactly its configuration."""

    def __init__(self, path: Path):
        self.path = path
        self.about: dict[str, Any] = {}
        self.cells: dict[str, dict[str, Any]] = {}
        if path.exists():
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.get("format") != FORMAT:
                raise ValueError(f"{path.name} is of another format than this script's; name another file with --out.")
            self.about, self.cells = content["about"], content["cells"]

    def holds(self, cell: Cell) -> bool:
        return self.cells.get(cell.name, {}).get("digest") == cell.digest

    def add(self, cell: Cell, found: dict[str, Any], about: dict[str, Any]) -> None:
        """Written beside and renamed, so that whoever reads meanwhile, or ends this process, has a whole file."""
        self.about = about
        self.cells[cell.name] = {"digest": cell.digest, "configuration": cell.configuration, **found, **taken()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        content = {"format": FORMAT, "about": self.about, "cells": self.cells}
        part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)


def taken() -> dict[str, Any]:
    """When and on what: cells of one file may come from different days and machines."""
    now = circumstances()
    return {key: now[key] for key in ("date", "commit", "machine")} | {"torch": now["versions"]["torch"]}
