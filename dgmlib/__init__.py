"""Deep generative models, small enough to read.

Layers, each importing only from those above it:

    dgmlib.*          arithmetic (NumPy, SciPy, PyTorch); never Plotly or Streamlit
    dgmlib.figures    results -> plotly figures and scenes; never Streamlit
    dgmlib.ui         the frame of a page and the player; the only part that imports Streamlit
"""

__version__ = "0.1.0"
