"""What must stand beside a score, wherever a page shows one: whether the queries of a task were classified together."""

import streamlit as st

from metadash.dashboard.parts.escape import plain
from metadash.specs.run import RunSpec
from metadash.specs.transduction import sentence


def announced(spec: RunSpec) -> None:
    """Nothing where each query is answered by itself."""
    if told := sentence(spec):
        st.caption(f":material/groups: {plain(told)}")
