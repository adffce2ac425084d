"""What stands behind a picture: its checks, its program, its numbers and links to it."""

import dataclasses
import html
import io
import math
from typing import Any

import numpy as np
import streamlit as st

from dgmlib.figures.table import Table
from dgmlib.ui import code, links, prose
from dgmlib.ui.spec import Spec


def draw(spec: Spec, chosen: str, p: Any, result: Any) -> None:
    """Folded parts are made when they are opened: most readers never do, every change would pay.

    Without a result (a job that was not run) the program is there all the same.
    """
    view = spec.views[chosen]
    title = f"{prose.read(spec.name).title}: {view.title}"
    base = st.context.url or f"/{spec.name}"
    p = dataclasses.replace(p, view=chosen) if hasattr(p, "view") else p
    with st.container(horizontal=True):
        key = f"{spec.name}.share"
        with st.popover("Share", icon=":material/link:", key=key, on_change="rerun") as share:
            if share.open:
                _share(base, p, title)
        if result is not None:
            st.download_button(
                "Data", lambda: npz(result), f"{spec.name}-{chosen}.npz", on_click="ignore",
                icon=":material/download:", help="Every number of this picture, for numpy.load",
            )  # fmt: skip
        st.download_button(
            "Notebook",
            lambda: code.notebook(
                view.compute, p, view.show, title=title, link=links.link(base, p), job=view.job
            ),
            f"{spec.name}-{chosen}.ipynb",
            mime="application/x-ipynb+json",
            icon=":material/science:",
            on_click="ignore",
        )
    if view.checks:
        with st.expander(
            "Checked: what guards the numbers of this picture",
            icon=":material/verified:",
        ):
            st.markdown("\n".join(f"- ✓ {c.claim} — `{c.test}`" for c in view.checks))
    label, key = "The program that computes this picture", f"{spec.name}.program"
    with st.expander(label, icon=":material/code:", key=key, on_change="rerun") as program:
        if program.open:
            st.code(code.snippet(view.compute, p, job=view.job), language="python")


def full_page(spec: Spec, p: Any) -> None:
    """The one line an embedded page adds: the way to the whole of it."""
    link = links.link(st.context.url or f"/{spec.name}", p)
    st.caption(f"[{prose.read(spec.name).title}: open the full page]({link})")


def _share(base: str, p: Any, title: str) -> None:
    link = links.link(base, p)
    if len(link) > links.LONGEST:
        st.warning("Your points make this link longer than some systems accept.")
    st.caption(
        "A link to this picture. It states every parameter;"
        " the player's menu copies it with the frame."
    )
    st.code(link, language=None, wrap_lines=True)
    for system, text in links.embeds(base, p, title=title).items():
        st.caption(f"{system}")
        st.code(text, language=None, wrap_lines=True)
    st.caption("Add `hide=controls`, `hide=tabs` or the name of one control to leave it out.")


def npz(result: Any) -> bytes:
    """A result (nested NamedTuples of arrays, numbers and words) as a NumPy archive."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **flat(result))
    return buffer.getvalue()


def flat(value: Any, name: str = "") -> dict[str, np.ndarray]:
    """Nested tuples as ``outer.inner`` names of arrays that need no pickle; no entry for None."""
    if value is None:
        return {}
    if hasattr(value, "_asdict"):
        parts = value._asdict()
    elif isinstance(value, dict):
        parts = value
    elif isinstance(value, list | tuple) and not _regular(value):
        parts = dict(enumerate(value))
    else:
        return {name: np.asarray(value)}
    return {
        k: v for n, part in parts.items() for k, v in flat(part, f"{name}.{n}".lstrip(".")).items()
    }


def _regular(values: list | tuple) -> bool:
    """Do these make one array: no tuples of results, nothing missing, all of one shape?"""
    if any(v is None or isinstance(v, list | tuple) for v in values):
        return False
    return len({np.shape(v) for v in values}) <= 1


LINES = 4  # that a cell should not need more of; where that is too wide, the table scrolls


def table(t: Table) -> str:
    """HTML for Markdown, which shows every cell as it is written. Floats have four digits.

    A column is as wide as its longest cell needs, so that a phone does not press it into a
    tower of single words.
    """
    cells = [[_cell(c) for c in row] for row in (t.columns, *t.rows)]
    wide = [math.ceil(max(map(len, column)) / LINES) for column in zip(*cells, strict=True)]
    head = [
        f'<th style="min-width: {w}ch">{html.escape(c)}</th>'
        for c, w in zip(cells[0], wide, strict=True)
    ]
    body = [[f"<td>{html.escape(c)}</td>" for c in row] for row in cells[1:]]
    lines = "\n".join(f"<tr>{''.join(row)}</tr>" for row in body)
    made = f"<table><thead><tr>{''.join(head)}</tr></thead><tbody>\n{lines}\n</tbody></table>"
    return f"{made}\n\n{t.caption}" if t.caption else made


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")
