"""The front page: the map of the course. ``streamlit run app.py`` starts the site."""

import streamlit as st

from dgmlib import ui

if __name__ == "__main__":  # a reader opens the front page
    ui.front_page()
else:  # the server imports this file
    app = st.App(__file__, lifespan=ui.lifespan, routes=ui.routes())
