"""A digit of the reader's own from an image file, or one of the bundled digits by its number.

As with CSV files the browser reads the file and sends it over the page's own connection: an
upload by post is refused inside a frame on another site. A large photograph is first shrunk by the
browser; what arrives is checked and prepared by ``data.digit_photo``, which tells what it did.
"""

import base64
import binascii
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from dgmlib.data import own_digit
from dgmlib.ui import own_points, state
from dgmlib.ui.plain import plain
from dgmlib.ui.spec import Spec

HTML = """
<label class="drop"><span>Open an image</span>
<small>or drop it here: one digit, at most 20 MB</small>
<input type="file" accept="image/png,image/jpeg,image/gif,image/bmp,image/webp"></label>
<p role="alert" hidden></p>
"""

JS = """
const LARGEST = 20_000_000, SENT = 1_000_000, SIDE = 1024
const shrunk = async (file) => {
  const image = await createImageBitmap(file)
  const by = Math.min(1, SIDE / Math.max(image.width, image.height))
  const canvas = document.createElement("canvas")
  canvas.width = Math.max(1, Math.round(image.width * by))
  canvas.height = Math.max(1, Math.round(image.height * by))
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((give) => canvas.toBlob(give, "image/png"))
}
const text = (blob) => new Promise((give, fail) => {
  const reader = new FileReader()
  reader.onload = () => give(reader.result.slice(reader.result.indexOf(",") + 1))
  reader.onerror = fail
  reader.readAsDataURL(blob)
})
export default function ({ parentElement, setTriggerValue }) {
  const input = parentElement.querySelector("input")
  const drop = parentElement.querySelector(".drop")
  const problem = parentElement.querySelector("p")
  const refuse = (words) => { problem.textContent = words; problem.hidden = !words }
  const take = async (file) => {
    if (!file) return
    refuse("")
    if (file.size > LARGEST) {
      refuse(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; at most 20 MB is read.`)
      return
    }
    try {
      const small = file.size > SENT
      const raw = await text(small ? await shrunk(file) : file)
      setTriggerValue("file", { name: file.name.slice(0, 200), raw, small })
    } catch {
      refuse(`${file.name} is not an image that this browser can read.`)
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
    """The number of a bundled digit, the file button, and what was done or refused."""
    key = state.key(spec, name)
    text = getattr(state.params(spec), name)
    own = bool(text) and not text.startswith("n:")
    st.session_state[f"{key}.number"] = None if own else own_digit.number(text or own_digit.TEXT)
    st.number_input(
        label,
        min_value=0,
        max_value=own_digit.COUNT - 1,
        step=1,
        key=f"{key}.number",
        placeholder="your own",
        help="One of the 5,000 bundled digits of MNIST's training set, by its number.",
        on_change=_take,
        args=(spec, name),
    )
    _component()(key=f"{key}.file", on_file_change=lambda: _read(spec, name))
    problem = st.session_state.get(f"{key}:problem")
    if problem:
        st.error(plain(problem))
    told, made = st.session_state.get(f"{key}:told", ("", None))
    if told and made == text:
        st.caption(plain(told))


def _take(spec: Spec, name: str) -> None:
    key = state.key(spec, name)
    chosen = st.session_state[f"{key}.number"]
    st.session_state.pop(f"{key}:problem", None)
    if chosen is not None:
        state.change(spec, **{name: f"n:{chosen}"})


def _read(spec: Spec, name: str) -> None:
    """A file arrived: check it; a bad one is explained and changes nothing else."""
    key = state.key(spec, name)
    file = getattr(st.session_state[f"{key}.file"], "file", None)
    if not isinstance(file, dict) or not isinstance(file.get("raw"), str):
        return
    called = str(file.get("name", "The file"))
    try:
        text, words = own_digit.of_file(base64.b64decode(file["raw"], validate=True))
    except (ValueError, binascii.Error) as error:
        st.session_state[f"{key}:problem"] = f"{called}: {error}"
        return
    st.session_state.pop(f"{key}:problem", None)
    shrunk = "shrunk by your browser to " if file.get("small") else ""
    st.session_state[f"{key}:told"] = f"{called}: {shrunk}{words}.", text
    state.change(spec, **{name: text})


@lru_cache(maxsize=1)
def _component() -> Any:
    return component("dgm_image", html=HTML, css=own_points.CSS, js=JS)
