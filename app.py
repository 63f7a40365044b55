"""`streamlit run app.py` starts MetaDash.

The script that every visit runs lies in the package, not here: with a folder named ``pages`` beside the script itself, Streamlit
would answer a deep link on a fresh server with that page alone, without navigation and data set.
"""

from pathlib import Path

import streamlit as st

from metadash.dashboard.lifespan import lifespan

app = st.App(Path(__file__).parent / "metadash" / "dashboard" / "shell.py", lifespan=lifespan)
