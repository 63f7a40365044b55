"""What happens once when the server starts and once when it stops."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Import what every page needs while the first browser is still loading; close the worker processes at the end."""
    threading.Thread(target=warm_up, daemon=True, name="warm up").start()
    yield
    from metadash.dashboard.house import close_board

    close_board()


def warm_up() -> None:
    import plotly.graph_objects  # noqa: F401

    from metadash.dashboard import house  # noqa: F401
