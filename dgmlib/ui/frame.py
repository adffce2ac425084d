"""The frame every page shares: one call draws the whole page.

From top to bottom: navigation, question, views, picture, controls, presets, prediction,
then what stands behind them (checks, code, data, links) and the theory. Everything down to
the links is one fragment, so a control redraws the picture and nothing else. Embedded
(``?embed=true``) a page keeps views, picture and controls.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dgmlib.ui import boot, live, prose, reach, state
from dgmlib.ui.catalogue import sections
from dgmlib.ui.spec import Prediction, Spec, View, collecting

STYLE = """
<style>
.stMainBlockContainer { padding-top: 1.6rem; padding-bottom: 3rem; max-width: 84rem }
.stAppHeader { background: transparent; pointer-events: none }
.stAppHeader > * { pointer-events: auto }
.stMainBlockContainer h1 { padding: 0; font-size: clamp(1.45rem, 1.1rem + 1.3vw, 2.1rem) }
.stMainBlockContainer h2 { font-size: 1.3rem }
.stMainBlockContainer table { font-size: .875rem }
.stMarkdown table { display: block; width: fit-content; max-width: 100%; overflow-x: auto }
.stApp [data-testid=stCaptionContainer] { opacity: .82 }
.stSidebar a[disabled], .stSidebar a[disabled] * { color: inherit; opacity: 1 }
.stMainBlockContainer .stMarkdown th, .stMainBlockContainer .stMarkdown td { padding: .25rem .6rem }
.stSidebar .stPageLink p { white-space: normal; line-height: 1.3; padding: .15rem 0 }
.stApp .stButtonGroup [data-selected]:hover { /* Streamlit's 20% is too dark for its words */
  background: color-mix(in srgb, var(--st-primary-color) 10%, transparent) }
.st-key-theory { max-width: 50rem; content-visibility: auto; contain-intrinsic-size: auto 3000px }
.st-key-theory h2 { padding: 1.6rem 0 .4rem; margin-bottom: .8rem }
.st-key-theory h2, .stMarkdown details { border: 0 solid var(--st-border-color) }
.st-key-theory h2 { border-bottom-width: 1px }
.st-key-theory h2:first-child { padding-top: .4rem }
.stMarkdown details { margin: 0 0 1rem; padding: .55rem .9rem }
.stMarkdown details { border-width: 1px; border-radius: var(--st-base-radius) }
.stMarkdown summary { cursor: pointer; font-weight: 600 }
.stMarkdown details[open] > summary { margin-bottom: .6rem }
.dgm-question { font-size: 1.05rem; opacity: .85; margin: 0; text-wrap: balance }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 2.8rem .9rem 2rem }
  .stMainBlockContainer table { font-size: .75rem }
  .stMainBlockContainer .stMarkdown :is(th, td) { padding: .2rem .25rem }
}
</style>
"""


def page(
    name: str,
    params: type,
    *,
    views: Mapping[str, View],
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    prediction: Prediction | None = None,
) -> None:
    """Draws ``pages/<name>.py``: the first and only call a page makes to Streamlit.

    Args:
        name: of the page's two files.
        params: a frozen dataclass, each field made by ``ui.slider``, ``ui.choice``, ...
        views: the pictures, in the order of their tabs; the key stands in the URL.
        presets: a name and what it sets; everything else goes back to its default.
        prediction: a question the reader answers before moving the picture.
    """
    spec = Spec(name, params, views, presets or {}, prediction)
    found = collecting.get()
    if found is not None:
        found.append(spec)
        return
    words = prose.read(name)
    begin(f"{words.title} · DGM Lab")
    state.open_page(spec)
    hidden = state.hidden()
    embedded = st.context.is_embedded
    if not embedded and "nav" not in hidden:
        navigation()
    if not embedded and "title" not in hidden:
        st.title(words.title, anchor=False)
        st.html(f'<p class="dgm-question">{words.question}</p>')
    live.draw(spec)
    if not embedded and "theory" not in hidden:
        _theory(words)
    reach.wide_boxes(name)


def begin(title: str) -> None:
    """The window's title and width, the site's few styles."""
    st.set_page_config(page_title=title, page_icon="🎲", layout="wide", initial_sidebar_state=236)
    boot.boot()
    st.html(STYLE)


def navigation() -> None:
    """The course in the sidebar: small enough for thirty pages, and no control below it."""
    with st.sidebar:
        st.page_link("app.py", label="DGM Lab", icon=":material/casino:")
        for section, pages in sections().items():
            st.caption(section)
            for name in pages:
                title = prose.read(name).title
                st.page_link(f"pages/{name}.py", label=title)


def _theory(words: prose.Prose) -> None:
    with st.container(key="theory"):
        st.markdown(prose.theory(words), unsafe_allow_html=True)
