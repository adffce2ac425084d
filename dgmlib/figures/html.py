"""A scene as a page that needs nothing else: no network, no server, no build."""

import base64
import html
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgmlib.figures.scene import Scene

PLAYER = Path(__file__).parent / "player" / "player.js"


@cache
def player_source() -> str:
    """The one ES module that draws scenes."""
    return PLAYER.read_text(encoding="utf-8")


@cache
def template() -> str:
    """The page of the module's own HTML export, so that both ways write the same file."""
    found = re.search(r"const PAGE = String\.raw`(.*?)\n`;\n", player_source(), flags=re.S)
    if found is None:
        raise RuntimeError(f"{PLAYER.name} has no PAGE template")
    return found[1].replace("</` + String.raw`script>", "</script>") + "\n"


def page(scene: "Scene", *, theme: str = "auto") -> str:
    """The stand-alone page of a scene: open the file from disk, mail it, put it in slides."""
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme is {theme!r}; use 'auto', 'light' or 'dark'")
    parts = {
        "title": html.escape(scene.title or scene.alt),
        "theme": theme,
        "data": base64.b64encode(scene.pack()).decode(),
        # the page undoes this escape; without it the module's own template would end the script
        "module": player_source().replace("</script", "<\\/script"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda m: parts[m[1]], template())


def notebook(scene: "Scene") -> str:
    """The page inside a frame of a sensible height, for JupyterLab, VS Code and Colab."""
    height = round(min(900, max(320, 960 / scene.aspect)) + 130)
    return (
        f'<iframe srcdoc="{html.escape(page(scene))}" title="{html.escape(scene.alt)}" '
        f'style="width: 100%; height: {height}px; border: 0" loading="lazy"></iframe>'
    )
