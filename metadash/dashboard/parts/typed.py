"""What visitors type in: a condition in SQL, and a value in the place of another."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def typed_condition(label: str, key: str, example: str, help: str) -> str:
    """On classes, as it would follow WHERE; it goes into the link."""
    placeholder = f"what would follow WHERE, for example {example}"
    return st.text_input(label, key=key, bind="query-params", placeholder=placeholder, help=help)


def new_value(where: DeltaGenerator, label: str, key: str) -> str:
    """Empty for a missing one."""
    return where.text_input(label, key=key, bind="query-params", placeholder="missing", help="Leave it empty to make it missing.")
