"""The scene player inside Streamlit.

The bytes travel once per change of the scene; the module travels once per browser: a small stub
imports it from Streamlit's static route. Scrubbing and playing never call the server. What the
reader drags, paints or draws comes back as plain numbers.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.components.v2 import component

from dgmlib.figures.html import PLAYER, player_source
from dgmlib.figures.pack import envelope

STUB = """
const address = new URL("%(base)sapp/static/player.js?v=%(version)s", document.baseURI).href;
const loading = import(address);
export default function (component) {
  const mounted = loading.then((player) => player.default(component));
  return () => mounted.then((close) => close && close());
}
"""


def player(
    packed: bytes,
    *,
    key: str,
    height: int | None = None,
    on_change: Callable[[], None] | None = None,
    url_key: str | None = None,
    live: dict[str, Any] | None = None,
    theme: Literal["auto", "light", "dark"] = "auto",
    autoplay: bool | None = None,
    compact: bool = False,
) -> dict[str, Any]:
    """Shows a packed scene and returns the reader's last edit, ``{}`` before the first.

    Args:
        packed: ``Scene.pack()``.
        key: keeps the player (its frame, its play state) across reruns.
        height: of the picture in CSS pixels; default from the scene's aspect.
        on_change: called before the script runs when an edit arrives.
        url_key: name of the frame in the page's address ("frame"), for the page's main scene.
        live: where to ask for the next picture while a handle is held, and with which words
            (``server.question``); without it every position is an edit.
        theme: "auto" follows Streamlit's.
        autoplay: overrides the scene's.
        compact: the picture and one play button, for a card.

    The edit is ``{"seq": n, "layer": name, "panel": i, ...}`` with the numbers that the layer
    documents (``xy``, ``width``, ``pixels``).
    """
    ack = int(_last_edit(st.session_state.get(key)).get("seq", 0))
    options = {"height": height, "url_key": url_key, "theme": theme, "ack": ack, "key": key}
    if live:
        options["live"] = live
    if compact:
        options["compact"] = True
    if autoplay is not None:
        options["autoplay"] = autoplay
    result = _component()(
        key=key,
        data=envelope(options, packed),
        default={"edit": {}},
        on_edit_change=on_change or _nothing,
    )
    return _last_edit(result)


def _nothing() -> None:
    """The state needs a callback to exist, even where nobody listens."""


def _last_edit(state: Any) -> dict[str, Any]:
    """The edit in a component's state, whatever the browser sent."""
    edit = state.get("edit") if hasattr(state, "get") else None
    return dict(edit) if isinstance(edit, dict) and isinstance(edit.get("seq"), int) else {}


def served() -> bool:
    """Does Streamlit's static route lead to the module that is installed?"""
    script = _main_script()
    if script is None or not st.get_option("server.enableStaticServing"):
        return False
    return (script.parent / "static" / "player.js").is_file()


def _main_script() -> Path | None:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx(suppress_warning=True)
    return Path(context.main_script_path).resolve() if context else None


def _component() -> Callable[..., Any]:
    """The component, registered once for each way of finding the module."""
    return _register(served(), PLAYER.stat().st_mtime_ns)


@cache
def _register(static: bool, _changed: int) -> Callable[..., Any]:
    """Many scripts share one registration; a changed module (while developing) gets a new one."""
    player_source.cache_clear()
    version = hashlib.sha256(player_source().encode()).hexdigest()[:12]
    base = st.get_option("server.baseUrlPath").strip("/")
    stub = STUB % {"version": version, "base": f"/{base}/" if base else ""}
    js = stub if static else player_source()
    return component("dgm_player", html="<div></div>", js=js)
