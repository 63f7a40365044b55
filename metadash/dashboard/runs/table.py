"""The table of *Runs*."""

from collections.abc import Sequence

import pandas as pd

from metadash.runs.shelf.rows import Row

SHOWN = 500
"""Rows at most: more are searched, and not sent to the browser."""


def table(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
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
