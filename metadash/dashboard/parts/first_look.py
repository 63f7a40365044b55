"""What the audit finds at a first look in the metadata that somebody is about to train on, said before the button is pressed."""

from collections.abc import Sequence

import streamlit as st

from metadash.dashboard.parts.escape import plain
from metadash.data.dataset import Dataset
from metadash.metadata.audit.audit import first_look
from metadash.metadata.audit.findings import Finding


def warn_first(data: Dataset, split: str, sources: Sequence[str]) -> None:
    """A sentence for each finding; nothing where there is none, or nothing is read."""
    for finding in _looked(f"{data.fingerprint} {split} {' | '.join(sources)}", split, tuple(sources), data) if sources else []:
        st.warning(plain(f"{finding.sentence} {finding.advice}"), icon=":material/search:")


@st.cache_data(max_entries=64, show_spinner=False)
def _looked(key: str, split: str, sources: tuple[str, ...], _data: Dataset) -> list[Finding]:
    return first_look(_data, split, sources)
