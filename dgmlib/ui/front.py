"""The front page: a map of the course, with a live picture from every page."""

import dataclasses

import streamlit as st

from dgmlib.figures.scene import Scene
from dgmlib.ui import frame, picture, prose, spec
from dgmlib.ui.catalogue import sections
from dgmlib.ui.player import player

ACROSS = 3


def front_page() -> None:
    frame.begin("DGM Lab: deep generative models")
    st.session_state["page"] = ""
    if not st.context.is_embedded:
        frame.navigation()
    st.title("Deep generative models, to play with", anchor=False)
    st.html(
        '<p class="dgm-question">Every picture here is computed when you look at it, stands beside '
        "the exact answer where there is one, and is yours to drag, scrub, link to and run.</p>"
    )
    for section, pages in sections().items():
        st.header(section, divider="gray")
        for i in range(0, len(pages), ACROSS):
            for column, name in zip(st.columns(ACROSS), pages[i : i + ACROSS], strict=False):
                with column.container(border=True):
                    card(name)


def card(name: str) -> None:
    """A page at its defaults: its first panel moving, its title, its question."""
    words = prose.read(name)
    player(thumbnail(name), key=f"front.{name}", compact=True)
    st.page_link(f"pages/{name}.py", label=f"**{words.title}**")
    st.caption(words.question)


def thumbnail(name: str) -> bytes:
    """The first panel of the page's first view, packed once."""
    page = spec.of(name)
    return picture.cache().get(("thumbnail", name), lambda: _thumbnail(page))


def _thumbnail(page: spec.Spec) -> bytes:
    chosen, view = next(iter(page.views.items()))
    shown = view.show(picture.rendered(page, chosen, page.params()).result)
    scene = shown[0] if isinstance(shown, list) else shown
    if not isinstance(scene, Scene):
        raise TypeError(f"{page.name}: the first view must begin with a scene")
    panel = dataclasses.replace(
        scene.panels[0],
        title="",
        area=None,
        legend=False,
        layers=[x for x in scene.panels[0].layers if not _acts(x)],
    )
    still = dataclasses.replace(
        scene, panels=[panel], columns=1, aspect=1.6, autoplay=True, loop=True
    )
    return still.pack()


def _acts(layer: object) -> bool:
    return type(layer).__name__ in ("Handles", "Brush", "Pick", "Pad")
