"""The canvas and its relays as Streamlit components. What comes from data goes in as JSON and is written as text, never as HTML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from metadash.dashboard.prototypes.canvas.thumbs import sheet
from metadash.data.dataset import Dataset

PARTS = ("panes", "paint", "pictures", "hands", "words", "map")
"""The script's parts, each a file and an idea; the last one exports the component."""
HERE = Path(__file__).parent


def read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


the_map = st.components.v2.component(
    "metadash_map", html=read("view.html"), css=read("view.css"), js="\n".join(read(f"{part}.js") for part in PARTS)
)
relay = st.components.v2.component("metadash_relay", html="<i hidden></i>", js=read("relay.js"))


def heard(key: str) -> list[int]:
    """The rows that the map last said to the relay under ``key``; whatever else a browser may send is none."""
    rows = getattr(st.session_state.get(key), "rows", None)
    return [row for row in rows if type(row) is int] if isinstance(rows, Sequence) else []


def answer(key: str, channel: str, content: Mapping[str, Any] | None = None, kept: bool = False) -> None:
    """Listen to what the map says on ``channel``, and answer it with ``content``. ``kept``: as a state, not once."""
    relay(
        key=key,
        data={"channel": channel, "kept": kept, "answer": content},
        on_rows_change=lambda: None,
    )


@st.fragment
def pictures_of(points: pd.DataFrame, data: Dataset) -> None:
    """Hand the map the pictures (or words) that it asks for, those of the task before it asks: a sheet at a time."""
    own = points.loc[points["row"] >= 0, ["row", "kind"]]
    on_map = set(own["row"].tolist())
    asked = [row for row in heard("pr_thumbs") if row in on_map]
    answer("pr_thumbs", "thumbs", sheet(data, asked or own.loc[own["kind"] != "instance", "row"].tolist()))
