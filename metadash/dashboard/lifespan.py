"""What happens once when the server starts and once when it stops."""

import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from metadash import settings
from metadash.errors import BadInput

log = logging.getLogger(__name__)

SERVING = threading.Event()
"""Set between the start and the stop of a server: pages that are run without one (by tests) have nobody to close what they start."""


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Import what every page needs while the first browser is still loading; close the worker processes at the end."""
    keep_search_path(app.script_path)
    threading.Thread(target=warm_up, daemon=True, name="warm up").start()
    stopped = threading.Event()
    threading.Thread(target=expire_daily, args=(stopped,), daemon=True, name="expiry").start()
    SERVING.set()
    yield
    SERVING.clear()
    stopped.set()
    from metadash.dashboard.server import close_board

    close_board()


def keep_search_path(script: Path) -> None:
    """Have the folder of the script that every visit runs on ``sys.path`` for good, behind all others.

    Streamlit would put it in front for each run of the script and take it away at the end, unless it is there already. Python walks
    that list by position: whatever another thread imports in that moment, a folder is skipped and its packages are not found.
    """
    folder = os.path.abspath(script.parent)  # as Streamlit spells it
    if folder not in sys.path:
        sys.path.append(folder)


def expire_daily(stopped: threading.Event) -> None:
    """Let runs expire where the setting says when; off by default."""
    from metadash.dashboard.server import workspace
    from metadash.runs.shelf.expiry import DAY, days_kept, expire

    while True:
        try:
            days = days_kept()
            if days is None or settings.read_only():
                return
            if gone := expire(workspace(), days):
                log.info("%d stored runs expired after %g days", gone, days)
        except (BadInput, OSError) as problem:  # a disk that is away for a while is there tomorrow
            log.warning("nothing expired: %s", problem)
        if stopped.wait(DAY):
            return


def warm_up() -> None:
    import plotly.graph_objects  # noqa: F401

    from metadash.dashboard.server import store, workspace
    from metadash.data.sql import children
    from metadash.runs.estimate import known_runs
    from metadash.workspace import sweep

    with suppress(BadInput, OSError):  # a page will say it
        sweep(workspace())
        known_runs(store())
    with suppress(OSError, EOFError, TimeoutError):  # whoever asks first will read why
        children.ready()
