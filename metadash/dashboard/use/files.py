"""stub"""

import streamlit as st

from metadash.data.dataset import Dataset


def read_examples(data: Dataset) -> None:
    st.file_uploader("Examples", accept_multiple_files=True, key="us_files")


def read_inputs(data: Dataset) -> None:
    st.file_uploader("Inputs", accept_multiple_files=True, key="us_ask_files")
