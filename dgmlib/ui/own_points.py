"""Points of the reader's own, from a CSV file.

The file is read in the browser by a component of ours and arrives as bounded text over the
page's own connection. Streamlit's uploader posts to the server instead, and that post is
refused inside a frame on another site as long as XSRF protection is on.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from dgmlib.data import points
from dgmlib.ui import state
from dgmlib.ui.plain import plain
from dgmlib.ui.spec import Spec

HTML = """
<label class="drop"><span>Open a CSV file</span>
<small>or drop it here: rows of numbers, at most 1 MB</small>
<input type="file" accept=".csv,.tsv,.txt,text/csv,text/plain"></label>
<p role="alert" hidden></p>
"""

CSS = """
.drop { display: block; position: relative; padding: .6rem .8rem; border: 1px dashed
  var(--st-border-color-widget, var(--st-border-color)); border-radius: var(--st-base-radius);
  font: 400 .875rem/1.4 var(--st-font); color: var(--st-text-color); cursor: pointer }
.drop:hover, .drop.over { border-color: var(--st-primary-color) }
.drop:focus-within { outline: 2px solid var(--st-primary-color); outline-offset: 2px }
.drop span { font-weight: 600 }
.drop small { display: block; opacity: .8 }
.drop input { position: absolute; inset: 0; opacity: 0; cursor: pointer; width: 100% }
p { margin: .4rem 0 0; font: 400 .875rem/1.4 var(--st-font); color: var(--st-red-text-color, #b00) }
"""

JS = """
const LARGEST = 1_000_000
export default function ({ parentElement, setTriggerValue }) {
  const input = parentElement.querySelector("input")
  const drop = parentElement.querySelector(".drop")
  const problem = parentElement.querySelector("p")
  const refuse = (words) => { problem.textContent = words; problem.hidden = !words }
  const take = async (file) => {
    if (!file) return
    refuse("")
    if (file.size > LARGEST) {
      refuse(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; at most 1 MB is read.`)
      return
    }
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer())
      setTriggerValue("file", { name: file.name.slice(0, 200), text })
    } catch {
      refuse(`${file.name} is not UTF-8 text; save it as "CSV UTF-8".`)
    }
    input.value = ""
  }
  input.onchange = () => take(input.files[0])
  drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over") }
  drop.ondragleave = () => drop.classList.remove("over")
  drop.ondrop = (event) => {
    event.preventDefault()
    drop.classList.remove("over")
    take(event.dataTransfer.files[0])
  }
}
"""


def draw(spec: Spec, name: str, label: str) -> None:
    """The file button, the choice of two columns, and what was read or refused."""
    key = state.key(spec, name)
    st.caption(label)
    _component()(key=f"{key}.file", on_file_change=lambda: _read(spec, name))
    problem = st.session_state.get(f"{key}:problem")
    if problem:
        st.error(plain(problem))
    table = st.session_state.get(f"{key}:table")
    if table is not None:
        columns, values = table
        if len(columns) > 2:
            x, y = st.columns(2)
            with x:
                st.selectbox("Across", columns, key=f"{key}.x", on_change=_use, args=(spec, name))
            with y:
                st.selectbox("Up", columns, key=f"{key}.y", on_change=_use, args=(spec, name))
        if len(values) > points.AT_MOST:
            st.caption(
                f"{points.AT_MOST:,} of the {len(values):,} rows, drawn at random, are used: "
                "that many fit in the link."
            )
    if getattr(state.params(spec), name):
        st.button("Remove my points", key=f"{key}.remove", on_click=_remove, args=(spec, name))


def _read(spec: Spec, name: str) -> None:
    """A file arrived: check it; a bad one is explained and changes nothing else."""
    key = state.key(spec, name)
    file = getattr(st.session_state[f"{key}.file"], "file", None)
    if not isinstance(file, dict) or not isinstance(file.get("text"), str):
        return
    try:
        columns, values = points.from_csv(file["text"])
    except ValueError as error:
        st.session_state[f"{key}:problem"] = f"{file.get('name', 'The file')}: {error}"
        return
    st.session_state.pop(f"{key}:problem", None)
    st.session_state[f"{key}:table"] = columns, values
    st.session_state[f"{key}.x"], st.session_state[f"{key}.y"] = columns[:2]
    _use(spec, name)


def _use(spec: Spec, name: str) -> None:
    """Puts the two chosen columns into the parameter, and so into the link."""
    key = state.key(spec, name)
    columns, values = st.session_state[f"{key}:table"]
    chosen = [columns.index(st.session_state[f"{key}.{axis}"]) for axis in "xy"]
    if chosen[0] == chosen[1]:
        st.session_state[f"{key}:problem"] = "Choose two different columns."
        return
    st.session_state.pop(f"{key}:problem", None)
    xy = values[:, chosen]  # (n, 2)
    if len(xy) > points.AT_MOST:
        kept = np.random.default_rng(0).choice(len(xy), points.AT_MOST, replace=False)
        xy = xy[np.sort(kept)]
    state.change(spec, **{name: points.encode(xy)})


def _remove(spec: Spec, name: str) -> None:
    st.session_state.pop(f"{state.key(spec, name)}:table", None)
    state.change(spec, **{name: ""})


@lru_cache(maxsize=1)
def _component() -> Any:
    return component("dgm_csv", html=HTML, css=CSS, js=JS)
