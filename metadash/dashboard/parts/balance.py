"""The control for how a task's queries are dealt to its classes, the same on every page that has one."""

import streamlit as st

from metadash.dashboard.parts.frame import term

BALANCES = {
    "even": None,
    "a little uneven (Dirichlet 5)": 5.0,
    "uneven (Dirichlet 2)": 2.0,
    "very uneven (Dirichlet 0.5)": 0.5,
}
"""By what is read on the page, the concentration ``query_dirichlet``; 2 is that of α-TIM's authors."""


def query_balance(key: str, width: int = 210) -> float | None:
    chosen = st.selectbox(
        "Queries among classes", list(BALANCES), key=key, bind="query-params", help=term("balance"), width=width
    )
    return BALANCES[chosen]


def balance_of(concentration: float | None) -> str:
    """What stands in the control for a concentration; of one that it does not have, the nearest."""
    uneven = {name: value for name, value in BALANCES.items() if value is not None}
    return "even" if concentration is None else min(uneven, key=lambda name: abs(uneven[name] - concentration))
