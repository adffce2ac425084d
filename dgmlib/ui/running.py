"""A picture that takes seconds: offered with a button, run with a bar, shown when it is there.

Nothing runs by itself, also not for a link: a link is opened by a whole class at once, by crawlers
and by frames below the fold, and most of them look for a moment. What is kept or recorded is
shown at once; so everybody after the first who asked finds the picture.
"""

import uuid
from typing import Any

import streamlit as st

from dgmlib.ui import code, fields, gate, links, picture
from dgmlib.ui import spec as pages
from dgmlib.ui.job_process import Task
from dgmlib.ui.picture import Rendered
from dgmlib.ui.plain import plain
from dgmlib.ui.spec import Spec

EVERY = 0.3  # s between two looks at a run
RUN, SAID = "job:run", "job:said"  # in the session: the reader's one run, and why the last ended


def draw(spec: Spec, chosen: str, p: Any) -> Rendered | None:
    """The picture of these parameters, or the last one seen and the way to this one."""
    slot = st.empty()  # replaced as a whole, so that no old bar stays in it
    key = picture.key(spec, chosen, p)
    run = _mine(key)
    try:
        made = picture.at_once(spec, chosen, p)
    except ValueError as error:  # of what was recorded
        st.error(plain(error))
        return None
    if run is not None:
        with slot.container(border=True):
            _follow(run, _reader())
    elif made is None or made.recorded:
        with slot.container(border=made is None):
            _offer(spec, chosen, p, made)
    if made is not None:
        st.session_state[_last(spec, chosen)] = p
        picture.show(spec, chosen, p, made)
    else:
        _before(spec, chosen, p)
    return made


def _offer(spec: Spec, chosen: str, p: Any, made: Rendered | None) -> None:
    """A button that says what it costs, and why the last attempt gave nothing."""
    about = f"(about {max(round(spec.views[chosen].seconds(p)), 1)} s)"
    key, words = st.session_state.get(SAID, (None, ""))
    if words and key == picture.key(spec, chosen, p):
        st.error(plain(words))
    with st.container(horizontal=True, vertical_alignment="center"):
        common: dict[str, Any] = dict(
            key=f"{spec.name}.{chosen}.run", on_click=_begin, args=(spec, chosen, p)
        )
        if made is None:
            st.button(f"Run {about}", type="primary", icon=":material/play_arrow:", **common)
            st.markdown("This picture is computed when you ask for it.")
        else:
            st.caption("Recorded: this program ran before, its numbers come from a file.")
            st.button(f"Run it here {about}", type="tertiary", **common)


def _begin(spec: Spec, chosen: str, p: Any) -> None:
    key = picture.key(spec, chosen, p)
    st.session_state.pop(SAID, None)
    st.session_state[RUN] = gate.SHARED.ask(
        key,
        Task(0, pages.PAGES, spec.name, chosen, links.query(p)),
        reader=_reader(),
        bound=spec.views[chosen].bound,
        keep=lambda made: picture.keep(key, Rendered(*made)),
    )


@st.fragment(run_every=EVERY)
def _follow(run: gate.Run, reader: str) -> None:
    """The bar and Cancel; the only part of the page that is redrawn while it runs."""
    seen = gate.SHARED.look(run, reader)
    if seen.state == "over" or st.session_state.get(RUN) is not run:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        part = seen.progress.part if seen.progress else 0.0
        st.progress(part, text=said(seen, gate.SHARED.places))
        st.button("Cancel", key="job.cancel", on_click=_cancel, args=(run, reader))


def said(seen: gate.Look, places: int) -> str:
    """How a run stands, in words."""
    if seen.state == "waiting":
        at_a_time = "one computation runs" if places == 1 else f"{places} computations run"
        return f"Place {seen.place} in line: {at_a_time} at a time, first come, first served."
    if seen.state == "stopping":
        return "Stopping …"
    if seen.progress is None or not seen.progress.total:
        return "Starting …"
    return plain(seen.progress.words) or f"{seen.progress.part:.0%}"


def _cancel(run: gate.Run, reader: str) -> None:
    gate.SHARED.leave(run, reader)
    st.session_state.pop(RUN, None)


def _mine(key: Any) -> gate.Run | None:
    """The reader's run of this picture while it goes on; its last words when it has ended."""
    run = st.session_state.get(RUN)
    if run is None or run.key != key:
        return None
    seen = gate.SHARED.look(run, _reader())
    if seen.state != "over":
        return run
    st.session_state.pop(RUN)
    st.session_state[SAID] = key, seen.words
    return None


def _before(spec: Spec, chosen: str, p: Any) -> None:
    """The last picture that the reader saw here, and which it is."""
    old = st.session_state.get(_last(spec, chosen))
    made = picture.at_once(spec, chosen, old) if old is not None else None
    if made is None:
        return
    known = fields.controls(spec.params)
    was = [
        f"{known[name].label} {plain(fields.to_text(getattr(old, name)))}"
        for name in code.uses(spec.views[chosen].compute)
        if getattr(old, name) != getattr(p, name)
    ]
    st.caption(f"Below, still the picture of: {', '.join(was)}.")
    picture.show(spec, chosen, old, made)


def _last(spec: Spec, chosen: str) -> str:
    return f"{spec.name}:{chosen}:last"


def _reader() -> str:
    """One visit: a window of a browser."""
    return st.session_state.setdefault("reader", uuid.uuid4().hex)
