"""Streamlit's widgets look a value up among all that a session holds. Each of them first wrote all of it down, at every click: a page with
forty controls spent a sixth of its time on that. Mended here: the session is only looked into. The pin to a minor version of Streamlit and
``tests/dashboard/test_kept.py`` hold what is used of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streamlit.runtime.state.session_state import SessionState

WHOLE: Any = SessionState.filtered_state  # mypy reads a property of a class as a function


class Look(Mapping[str, Any]):
    """What a session holds by the names that pages know, found one by one."""

    def __init__(self, state: SessionState):
        self.state = state

    def __getitem__(self, name: str) -> Any:
        return self.state[name]

    def __iter__(self) -> Iterator[str]:
        return iter(WHOLE.fget(self.state))

    def __len__(self) -> int:
        return len(WHOLE.fget(self.state))


def look_only() -> None:
    SessionState.filtered_state = property(Look)  # type: ignore[assignment, method-assign]
