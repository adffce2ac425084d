"""Keeps the address bar true to what is shown, without a history entry a change."""

from functools import lru_cache
from typing import Any

from streamlit.components.v2 import component

from dgmlib.ui import fields, links
from dgmlib.ui.spec import Spec

JS = """
export default function ({ data }) {
  const url = new URL(window.location.href)
  if (!url.pathname.replace(/\\/$/, "").endsWith("/" + data.page)) return
  for (const name of data.known) url.searchParams.delete(name)
  for (const [name, text] of Object.entries(data.values)) url.searchParams.set(name, text)
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
}
"""


def show(spec: Spec, params: Any) -> None:
    """States what differs from the defaults; a drawing too large for a link stays out."""
    values = links.changed(params)
    values = {k: v for k, v in values.items() if len(v) <= links.LONGEST}
    known = list(fields.controls(spec.params))
    _component()(
        key=f"{spec.name}.address", data={"page": spec.name, "known": known, "values": values}
    )


@lru_cache(maxsize=1)
def _component() -> Any:
    return component("dgm_address", js=JS)
