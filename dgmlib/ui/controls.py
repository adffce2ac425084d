"""Draws the controls of a view, and reads points from the reader's own file."""

from typing import Any

import streamlit as st

from dgmlib.ui import fields, own_image, own_points, state
from dgmlib.ui.plain import plain
from dgmlib.ui.spec import Spec


def draw(spec: Spec, name: str) -> None:
    """Shows one parameter's widget; a change goes into the page's state."""
    control = fields.controls(spec.params)[name]
    if control.kind == "points":
        own_points.draw(spec, name, control.label)
        return
    if control.kind == "digit":
        own_image.draw(spec, name, control.label)
        return
    key = state.key(spec, name)
    value = getattr(state.params(spec), name)
    if key not in st.session_state:
        st.session_state[key] = value
    common: dict[str, Any] = dict(
        key=key, help=control.help, on_change=_changed, args=(spec, name), **control.options
    )
    match control.kind:
        case "slider":
            st.slider(control.label, **common)
        case "choice":
            _choice(control, common)
        case "toggle":
            st.toggle(control.label, **common)
        case "seed":
            st.number_input(control.label, **common)
        case "text":
            st.text_input(control.label, **common)
            problem = st.session_state.get(f"{key}:problem")
            if problem:
                st.error(plain(problem))
        case _:
            raise ValueError(f"{name}: no widget for a control of kind {control.kind!r}")


def _choice(control: fields.Control, common: dict[str, Any]) -> None:
    options = control.options["options"]
    if sum(len(option) + 5 for option in options) <= 27:  # characters that fit beside the picture
        st.segmented_control(control.label, required=True, width="stretch", **common)
    else:
        st.selectbox(control.label, **common)


def _changed(spec: Spec, name: str) -> None:
    key = state.key(spec, name)
    value = st.session_state[key]
    control = fields.controls(spec.params)[name]
    if control.kind == "text":
        try:
            control.parse(value)
        except ValueError as error:  # keep the reader's text and the last good picture
            st.session_state[f"{key}:problem"] = str(error)
            return
        st.session_state.pop(f"{key}:problem", None)
    if value is not None:
        state.change(spec, **{name: value})
