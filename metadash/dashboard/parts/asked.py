"""What visitors are asked on several pages: one of a few, a condition in SQL, a value in the place of another, how queries are dealt."""

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from metadash.dashboard.parts.frame import term

T = TypeVar("T")

BALANCES = {
    "even": None,
    "a little uneven (Dirichlet 5)": 5.0,
    "uneven (Dirichlet 2)": 2.0,
    "very uneven (Dirichlet 0.5)": 0.5,
}
"""How queries may be dealt to classes: by what is read on the page, ``query_dirichlet``; 2 is that of α-TIM's authors."""


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


def query_balance(key: str, width: int = 210) -> float | None:
    """``query_dirichlet`` of the tasks; None for as many queries of each class. It goes into the link."""
    chosen = st.selectbox(
        "Queries among classes", list(BALANCES), key=key, bind="query-params", help=term("balance"), width=width
    )
    return BALANCES[chosen]


def balance_of(concentration: float | None) -> str:
    """What stands in the control for a concentration; of one that it does not have, the nearest."""
    uneven = {name: value for name, value in BALANCES.items() if value is not None}
    return "even" if concentration is None else min(uneven, key=lambda name: abs(uneven[name] - concentration))
