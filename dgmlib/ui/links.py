"""Links that state every parameter, and the snippets that put a page into another."""

import dataclasses
from html import escape
from typing import Any
from urllib.parse import urlencode

from dgmlib.ui import fields

LONGEST = 7000  # characters; longer links break in browsers, proxies and mail


def query(params: Any) -> dict[str, str]:
    """Every parameter as text, so that a later change of defaults cannot change the picture."""
    return {f.name: fields.to_text(getattr(params, f.name)) for f in dataclasses.fields(params)}


def changed(params: Any) -> dict[str, str]:
    """Only what differs from the defaults: the address bar stays short."""
    every = query(params)
    default = query(type(params)())
    return {name: text for name, text in every.items() if text != default[name]}


def link(base: str, params: Any, **extra: str) -> str:
    return f"{base.split('?')[0]}?{urlencode(query(params) | extra)}"


def embeds(base: str, params: Any, *, title: str, height: int = 640) -> dict[str, str]:
    """How a page is shown inside another: name of the system -> text to paste."""
    url = link(base, params, embed="true")
    frame = (
        f'<iframe src="{escape(url)}" title="{escape(title)}" width="100%" height="{height}" '
        'style="border:0" loading="lazy" allow="fullscreen; clipboard-write"></iframe>'
    )
    return {
        "HTML": frame,
        "Quarto": f"```{{=html}}\n{frame}\n```",
        "Markdown": f"[{title}]({link(base, params)})",
    }
