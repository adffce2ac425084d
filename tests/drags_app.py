"""The answers to drags alone, served: nothing is computed before the first reader."""

import streamlit as st

from dgmlib import ui

app = st.App(__file__, routes=ui.routes())
