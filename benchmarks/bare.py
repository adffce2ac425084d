"""The yardstick: the Streamlit page anybody would write, with Streamlit's defaults.

It imports torch and shows one Plotly line of 1,000 points driven by one slider. It is run
from an empty temporary folder, so that no configuration of this repository reaches it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.server import Server, serving

SOURCE = """\
import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch

f = st.slider("Frequency", 1.0, 100.0, 5.0, step=1.0, key="f")
x = np.linspace(0.0, 1.0, 1000)
st.plotly_chart(go.Figure(go.Scatter(x=x, y=np.sin(f * x))), key="line")
"""


@contextmanager
def bare_page(source: str = SOURCE, **options) -> Iterator[Server]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "bare.py").write_text(source)
        with serving("bare.py", folder=Path(folder), **options) as server:
            yield server
