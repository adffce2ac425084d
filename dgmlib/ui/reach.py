"""Lets the keyboard scroll what is wider than a phone: equations and tables.

A box that scrolls sideways must be able to take the focus, or a reader without a mouse never
sees its end. Streamlit's boxes cannot, so those that do overflow are given a place in the
order of Tab.
"""

from functools import lru_cache
from typing import Any

from streamlit.components.v2 import component

JS = """
export default function () {
  const main = document.querySelector("[data-testid=stMainBlockContainer]")
  if (!main) return
  const look = () => main.querySelectorAll(".katex-display, .stMarkdown table").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
    else box.removeAttribute("tabindex")
  })
  const observer = new ResizeObserver(look)  // also when something is added below
  observer.observe(main)
  document.fonts.addEventListener("loadingdone", look)  // equations grow when their letters arrive
  return () => {
    observer.disconnect()
    document.fonts.removeEventListener("loadingdone", look)
  }
}
"""


def wide_boxes(key: str) -> None:
    _component()(key=f"{key}.reach")


@lru_cache(maxsize=1)
def _component() -> Any:
    return component("dgm_reach", js=JS)
