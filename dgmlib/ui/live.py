"""The part of a page that changes: a control redraws this and nothing else."""

from typing import Any

import streamlit as st

from dgmlib.ui import address, behind, controls, picture, running, state
from dgmlib.ui.spec import Prediction, Spec


@st.fragment
def draw(spec: Spec) -> None:
    """Tabs, picture, controls, presets, prediction and links; redrawn by every change."""
    hidden, embedded = state.hidden(), st.context.is_embedded
    if refused := state.refused(spec):
        st.warning(f"Parts of the link cannot be shown and keep their defaults. {refused}")
    if len(spec.views) > 1 and "tabs" not in hidden:
        _tabs(spec)
    p = state.params(spec)
    chosen = spec.view_of(p)
    view = spec.views[chosen]
    shown = [c for c in view.controls if c not in hidden] if "controls" not in hidden else []
    left, right = st.columns([3.4, 1], gap="medium") if shown else (st.container(), None)
    with left:
        drawn = running.draw(spec, chosen, p) if view.job else picture.draw(spec, chosen, p)
        if view.says:
            st.caption(view.says)
        if spec.presets and not embedded and "presets" not in hidden:
            _presets(spec, p)
    if right is not None:
        with right:
            for control in shown:
                controls.draw(spec, control)
            st.button("Reset", key=f"{spec.name}.reset", on_click=_reset, args=(spec, chosen))
    if spec.prediction and not embedded and "prediction" not in hidden:
        _prediction(spec, spec.prediction)
    if embedded:
        behind.full_page(spec, p)
    elif "code" not in hidden and (drawn is not None or view.job):
        behind.draw(spec, chosen, p, drawn and drawn.result)
    address.show(spec, p)


def _tabs(spec: Spec) -> None:
    key = state.key(spec, "view")
    st.session_state[key] = spec.view_of(state.params(spec))
    st.segmented_control(
        "View",
        list(spec.views),
        format_func=lambda v: spec.views[v].title,
        key=key,
        required=True,
        wrap=False,  # on a phone the tabs scroll sideways and the picture stays in sight
        label_visibility="collapsed",
        on_change=lambda: state.change(spec, view=_named(spec, st.session_state[key])),
    )


def _named(spec: Spec, chosen: str) -> str:
    """The first view is the default: it needs no word in the address."""
    return "" if chosen == next(iter(spec.views)) else chosen


def _presets(spec: Spec, p: Any) -> None:
    key = f"{spec.name}.preset"
    made = {name: spec.params(**values) for name, values in spec.presets.items()}
    st.session_state[key] = next((name for name, q in made.items() if vars(q) == vars(p)), None)

    def chosen() -> None:
        if st.session_state[key] is not None:
            state.replace(spec, dict(spec.presets[st.session_state[key]]))

    st.pills("Presets", list(made), key=key, on_change=chosen)


def _reset(spec: Spec, chosen: str) -> None:
    state.replace(spec, {"view": _named(spec, chosen)})


def _prediction(spec: Spec, prediction: Prediction) -> None:
    with st.container(border=True):
        guess = st.radio(
            f"**Before you press play.** {prediction.question}",
            prediction.options,
            index=None,
            key=f"{spec.name}.prediction",
        )
        if guess is None:
            return
        right = guess == prediction.options[prediction.answer]
        say = st.success if right else st.info
        first = "Yes." if right else f"Here it is “{prediction.options[prediction.answer]}”."
        say(
            f"{first} {prediction.because}",
            icon=":material/check:" if right else ":material/close:",
        )
