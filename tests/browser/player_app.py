"""A small app around the player, for the tests: every interaction, and data that change."""

import time

import numpy as np
import streamlit as st

from dgmlib.figures.scene import Axis, Brush, Handles, Pad, Panel, Pick, Points, Scene
from dgmlib.ui.player import player

UNIT = Axis(range=(0.0, 1.0))


def scene(shift: float, frames: int, xy: np.ndarray) -> Scene:
    """One marker that moves to the right with the frames, and the handles over it."""
    t = np.linspace(0.1, 0.9, frames)
    marker = np.stack([t, np.full(frames, shift)], axis=-1)[:, None]
    return Scene(
        alt="A marker moves from left to right.",
        frame_values=np.arange(frames),
        captions=[f"The marker stands at {v:.2f}." for v in t],
        aspect=2.5,
        columns=2,
        panels=[
            Panel(
                area=(0, 0, 1, 1),
                x=UNIT,
                y=UNIT,
                layers=[
                    Points(xy=marker, color=1, size=12, opacity=1.0, name="marker"),
                    Handles(xy=xy, labels=("left", "right"), editable=True, at_most=3),
                ],
            ),
            Panel(area=(1, 0, 1, 1), x=UNIT, y=UNIT, layers=[Pick()]),
        ],
    )


@st.fragment
def playground() -> None:
    shift = st.slider("shift", 0.0, 1.0, 0.3, 0.1, key="shift", bind="query-params")
    frames = st.radio("frames", [41, 21], key="frames", horizontal=True)
    slow = st.toggle("slow", key="slow")
    edit = st.session_state.get("main", {}).get("edit") or {}
    moved = edit.get("layer") == "handles"
    xy = np.array(edit["xy"] if moved else [[0.2, 0.7], [0.8, 0.7]])
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    if slow:
        time.sleep(0.3)
    got = player(scene(shift, frames, xy).pack(), key="main", url_key="frame")
    st.code(f"edit {got}\nruns {st.session_state.runs}")


playground()
st.slider("other", 0, 10, 0, key="other", bind="query-params")
blank = Scene(
    alt="A pad and a brush",
    columns=2,
    aspect=2.5,
    panels=[
        Panel(area=(0, 0, 1, 1), layers=[Pad()]),
        Panel(area=(1, 0, 1, 1), x=UNIT, y=UNIT, layers=[Brush(xy=np.zeros((0, 2)))]),
    ],
)
drawn = player(blank.pack(), key="pad")
st.code(f"drawn {drawn}")
