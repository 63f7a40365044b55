"""What pages keep between reruns: a chart drawn once for what it is drawn of, a workspace looked over once a second."""

import gc
import shutil
from functools import partial
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from metadash.dashboard import server
from metadash.dashboard.links.one_look import Look
from metadash.dashboard.parts.shared import name_of, share
from metadash.dashboard.parts.theme import mark_of
from metadash.settings import WORKSPACE

DRAWN: list[str] = []


def drawn(name: str, heights: list[float]) -> go.Figure:
    DRAWN.append(name)
    return go.Figure(go.Bar(y=heights))


def page() -> None:
    from functools import partial

    import streamlit as st

    from metadash.dashboard.parts.theme import chart
    from tests.dashboard.test_kept import drawn

    height = st.number_input("height", value=1.0)
    with st.container():
        chart(partial(drawn, "bars", [height, 2.0]), key="bars", alt="Two bars")


def test_a_chart_is_drawn_once_for_what_it_is_drawn_of_and_again_for_anything_else() -> None:
    DRAWN.clear()
    app = AppTest.from_function(page).run()
    first = app.get("plotly_chart")[0].proto
    again = app.run().get("plotly_chart")[0].proto
    assert DRAWN == ["bars"] and again.spec == first.spec and again.alt == "Two bars" and again.id == first.id
    other = app.number_input[0].set_value(3.0).run().get("plotly_chart")[0].proto
    assert DRAWN == ["bars", "bars"] and other.spec != first.spec


class Large:
    """What is shared: it must not be looked through."""

    def __reduce__(self) -> str:
        raise AssertionError("it was written down")


def test_what_is_shared_is_told_apart_by_its_name_and_forgotten_with_it() -> None:
    found, other = share(Large(), "one"), share(Large(), "other")
    assert mark_of(partial(drawn, found, [])) != mark_of(partial(drawn, other, []))
    assert mark_of(partial(drawn, found, [])) == mark_of(partial(drawn, share(Large(), "one"), []))
    was = id(found)
    del found
    gc.collect()
    assert name_of(other) == "other" and not any(name == "one" and was == place for place, name in shared().items())


def shared() -> dict[int, str]:
    from metadash.dashboard.parts.shared import NAMES

    return NAMES


def test_a_workspace_that_vanished_is_made_again_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE.name, str(tmp_path / "here"))
    first = server.workspace()
    assert server.workspace() is first
    shutil.rmtree(first.runs)
    assert server.workspace().runs.is_dir()
    monkeypatch.setenv(WORKSPACE.name, str(tmp_path / "there"))
    assert server.workspace().root == tmp_path / "there"


def test_widgets_find_in_a_session_what_they_found_when_all_of_it_was_written_down() -> None:
    state = SessionState()
    state["chosen"], state["empty"] = 3, None
    look = Look(state)
    assert dict(look) == {"chosen": 3, "empty": None} and "other" not in look
    assert "empty" in look and look["empty"] is None and len(look) == 2
