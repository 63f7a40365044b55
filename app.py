"""`streamlit run app.py` starts MetaDash.

The script that every visit runs lies in the package, not here: with a folder named ``pages`` beside the script itself, Streamlit
would answer a deep link on a fresh server with that page alone, without navigation and data set.
"""

import streamlit as st
from starlette.middleware import Middleware

from metadash.dashboard.lifespan import lifespan
from metadash.dashboard.places import SHELL
from metadash.dashboard.visiting import Visiting

app = st.App(SHELL, lifespan=lifespan, middleware=[Middleware(Visiting)])
