"""What visitors are asked on several pages: one of a few, a condition in SQL, a value in the place of another."""

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

T = TypeVar("T")


def one_of(where: Any, label: str, few: Sequence[T], default: T, key: str, **look: Any) -> T:
    """One of a ``few``, all in sight and always one of them chosen; it goes into the link. ``where``: a column, or ``st``."""
    return where.segmented_control(label, few, default=default, required=True, key=key, bind="query-params", **look)


def typed_condition(label: str, key: str, example: str, help: str) -> str:
    """On classes, as it would follow WHERE; it goes into the link."""
    placeholder = f"what would follow WHERE, for example {example}"
    return st.text_input(label, key=key, bind="query-params", placeholder=placeholder, help=help)


def new_value(where: DeltaGenerator, label: str, key: str) -> str:
    """Empty for a missing one."""
    return where.text_input(label, key=key, bind="query-params", placeholder="missing", help="Leave it empty to make it missing.")
