"""The picture of a view: computed once for all readers, drawn, and listened to."""

import os
import threading
import time
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from dgmlib.figures.scene import Scene
from dgmlib.figures.table import Table
from dgmlib.ui import behind, code, fields, links, server, state, workers
from dgmlib.ui.cache import Cache
from dgmlib.ui.plain import plain
from dgmlib.ui.player import player
from dgmlib.ui.spec import Spec, View

SLOW = 0.02  # s of work that other readers should not have to wait for
_slow: set[tuple[str, str]] = set()  # (page, view) that were seen to take longer
_gate = threading.BoundedSemaphore(os.cpu_count() or 1)


class Rendered(NamedTuple):
    """A view computed, drawn and packed for the browser; shared by all readers."""

    result: Any
    items: list[Any]  # packed scenes, figures, tables
    recorded: bool = False  # from a file, not computed here

    def size(self) -> int:
        """Bytes that the cache answers for."""
        numbers = sum(a.nbytes for a in behind.flat(self.result).values())
        return numbers + sum(len(i) for i in self.items if isinstance(i, bytes))


def computed(view: View, p: Any) -> Rendered:
    """Does all the work, here and now."""
    return drawn(view, view.result(p))


def drawn(view: View, result: Any) -> Rendered:
    """A result as the browser gets it."""
    shown = view.show(result)
    items = shown if isinstance(shown, list) else [shown]
    return Rendered(result, [i.pack() if isinstance(i, Scene) else i for i in items])


@lru_cache(maxsize=1)
def cache() -> Cache:
    return Cache()


def rendered(spec: Spec, chosen: str, p: Any) -> Rendered:
    """From the cache when anyone saw the same before: same code, same parameters it reads.

    Raises:
        ValueError: of the computation; or it is a job that nobody has run.
    """
    if spec.views[chosen].job:
        found = at_once(spec, chosen, p)
        if found is None:
            raise ValueError("this takes seconds: run it on the page")
        return found
    return cache().get(key(spec, chosen, p), lambda: _made(spec, chosen, p), size=Rendered.size)


def key(spec: Spec, chosen: str, p: Any) -> Hashable:
    view = spec.views[chosen]
    used = tuple(getattr(p, name) for name in code.uses(view.compute))
    return spec.name, chosen, view.compute.__code__, used


def keep(at: Hashable, made: Rendered) -> None:
    cache().put(at, made, size=made.size())


def at_once(spec: Spec, chosen: str, p: Any) -> Rendered | None:
    """The picture of a job if it is kept or recorded; nothing is run for it."""
    view, at = spec.views[chosen], key(spec, chosen, p)
    kept = cache().peek(at)
    if kept is not None or (result := view.recorded(p)) is None:
        return kept
    return cache().get(at, lambda: drawn(view, result)._replace(recorded=True), size=Rendered.size)


def _made(spec: Spec, chosen: str, p: Any) -> Rendered:
    """A view that was slow once goes to the workers, or waits until one of the cores is free."""
    if (spec.name, chosen) in _slow:
        if workers.running():
            return Rendered(*workers.make(spec.name, chosen, links.query(p)))
        with _gate:
            return computed(spec.views[chosen], p)
    begin = time.thread_time()
    made = computed(spec.views[chosen], p)
    if time.thread_time() - begin > SLOW:
        _slow.add((spec.name, chosen))
    return made


def draw(spec: Spec, chosen: str, p: Any) -> Rendered | None:
    try:
        made = rendered(spec, chosen, p)
    except ValueError as error:  # of the reader's numbers, in words that say what to do
        st.error(plain(error))
        return None
    show(spec, chosen, p, made)
    return made


def show(spec: Spec, chosen: str, p: Any, made: Rendered) -> None:
    view = spec.views[chosen]
    for i, item in enumerate(made.items):
        key = f"{spec.name}.{chosen}.{i}"
        if isinstance(item, bytes):
            player(
                item,
                key=key,
                url_key="frame" if i == 0 else None,
                live=server.question(spec, chosen, i, p),
                on_change=lambda key=key: _edited(spec, view, key),
            )
        elif isinstance(item, go.Figure):
            st.plotly_chart(item, key=key, config={"displaylogo": False})
        elif isinstance(item, Table):
            with st.expander("In numbers", expanded=not _awaits_a_guess(spec, chosen)):
                st.markdown(behind.table(item), unsafe_allow_html=True)
        else:
            raise TypeError(f"{view.title}: show returned {type(item).__name__}")


def _awaits_a_guess(spec: Spec, chosen: str) -> bool:
    """The outcome stays folded until the reader has predicted it, or opens it all the same."""
    if spec.prediction is None or chosen != next(iter(spec.views)):
        return False
    if st.context.is_embedded or "prediction" in state.hidden():
        return False
    return st.session_state.get(f"{spec.name}.prediction") is None


def changes(spec: Spec, view: View, done: dict[str, Any], p: Any) -> dict[str, Any]:
    """The parameters that an edit of the picture of ``p`` sets: a drag, a stroke or a click.

    Raises:
        LookupError, TypeError, ArithmeticError, ValueError: the browser sent it, so it may be
            anything.
    """
    edit = view.edits[done["layer"]]
    text = edit.encode({**done, "p": p})
    return {edit.field: fields.controls(spec.params)[edit.field].parse(text), **edit.also}


def _edited(spec: Spec, view: View, key: str) -> None:
    done = st.session_state[key].get("edit")
    if not done or done.get("layer") not in view.edits:
        return
    try:
        new = changes(spec, view, done, state.params(spec))
    except (LookupError, TypeError, ArithmeticError, ValueError) as error:
        st.toast(f"That change was not understood: {plain(error)}")
        return
    state.change(spec, **new)
