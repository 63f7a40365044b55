"""Play, pause and single steps, in the browser; the step itself stays the slider's, so that the link holds it."""

from pathlib import Path

import streamlit as st

from metadash.dashboard.parts.theme import palette

KEY, STEP = "ad_player", "ad_step"
MOST_TICKS = 24
"""Steps shown from the first to the last; of more, every second, third …"""
HERE = Path(__file__).parent


def read(part: str) -> str:
    return (HERE / f"player.{part}").read_text(encoding="utf-8")


_player = st.components.v2.component("metadash_player", html=read("html"), css=read("css"), js=read("js"))


def player(now: int, steps: int, identity: str) -> None:
    """The buttons at step ``now`` of ``steps``; ``identity`` is that of what is played: another one stops it."""
    _player(
        key=KEY,
        data={"step": now, "steps": steps, "stride": -(-steps // MOST_TICKS), "id": identity, "on": palette().panel},
        on_step_change=lambda: go_to(steps),
    )


def go_to(steps: int) -> None:
    """Set the slider to what the browser asks for; whatever else it may send is nothing."""
    step = getattr(st.session_state.get(KEY), "step", None)
    if type(step) is int and 0 <= step <= steps:
        st.session_state[STEP] = step
