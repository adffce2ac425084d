"""What a reader has chosen on each page: read from the URL once, then kept for the visit.

The address bar is written by one small component (``address``), never through
``st.query_params``: Streamlit would push a history entry for each change, and its own
binding drops the parameters of controls that the open view does not show.
"""

from typing import Any

import streamlit as st

from dgmlib.ui import fields
from dgmlib.ui.plain import plain
from dgmlib.ui.spec import Spec


def open_page(spec: Spec) -> None:
    """Takes the URL's parameters when the reader arrives. What cannot be read is named."""
    arrived = st.session_state.get("page") != spec.name
    st.session_state["page"] = spec.name
    values = st.session_state.setdefault(f"{spec.name}:values", {})
    if not arrived:
        return
    refused = []
    for name, control in fields.controls(spec.params).items():
        text = st.query_params.get(name)
        if text is None:
            continue
        try:
            value = control.parse(text)
            if control.kind == "view" and value not in spec.views:
                raise ValueError(f"{text!r} is not one of {', '.join(spec.views)}")
            values[name] = value
        except ValueError as error:
            refused.append(f"**{control.label}**: {plain(error)}")
    st.session_state[f"{spec.name}:refused"] = "; ".join(refused)


def refused(spec: Spec) -> str:
    """What the URL asked for and could not get, in words; empty when all is well."""
    return st.session_state.get(f"{spec.name}:refused", "")


def params(spec: Spec) -> Any:
    return spec.params(**st.session_state[f"{spec.name}:values"])


def change(spec: Spec, **values: Any) -> None:
    """Sets parameters, and the widgets that show them."""
    st.session_state[f"{spec.name}:values"].update(values)
    st.session_state[f"{spec.name}:refused"] = ""
    for name, value in values.items():
        st.session_state[key(spec, name)] = value


def replace(spec: Spec, values: dict[str, Any]) -> None:
    """Everything back to the defaults but for ``values``."""
    default = spec.params()
    names = fields.controls(spec.params)
    change(spec, **{n: values.get(n, getattr(default, n)) for n in names})


def key(spec: Spec, name: str) -> str:
    """A widget's key: pages may use the same name for different things."""
    return f"{spec.name}.{name}"


def hidden() -> set[str]:
    """The parts and controls that the link leaves out: ``?hide=theory,seed``."""
    asked = ",".join(st.query_params.get_all("hide"))
    return {part.strip() for part in asked.split(",") if part.strip()}
