"""The table of *Runs*, and whose a run is."""

from collections.abc import Sequence

import pandas as pd

from metadash.dashboard import server
from metadash.dashboard.parts.jobs import asked_by
from metadash.runs.queue.jobs import askers_of
from metadash.runs.shelf.rows import Row
from metadash.visitors import visitor

SHOWN = 500
"""Rows at most: more are searched, and not sent to the browser."""


def mine(rows: Sequence[Row]) -> list[Row]:
    """Those that this visitor asked for."""
    workspace, own = server.workspace(), visitor().key
    return [row for row in rows if own in askers_of(workspace, row.digest)]


def table(rows: Sequence[Row], named: bool) -> pd.DataFrame:
    """``named``: with who asked for each, where people sign in."""
    found = pd.DataFrame(
        {
            "★": ["★" if row.note.star else "" for row in rows],
            "run": [row.name for row in rows],
            "tags": [", ".join(row.note.tags) for row in rows],
            "kind": [row.run.entry.kind for row in rows],
            "when": pd.to_datetime([row.when for row in rows]),
            "status": [row.status for row in rows],
            "seconds": [float(row.run.about["seconds"]) if row.run.entry.record else None for row in rows],
            "disk, MB": [row.run.entry.size / 1e6 for row in rows],
            "data set": [row.run.entry.dataset for row in rows],
            "digest": [row.digest for row in rows],
        }
    )
    if named:
        found.insert(6, "asked by", [asked_by(row.digest) for row in rows])
    return found
