"""What the server does beside the pages: it is warm before its first reader, and it answers drags.

A reader who drags a handle needs one new picture after another, and nothing else of the page.
Rerunning the page costs Streamlit and the browser three times the picture, so the player asks
for the picture alone and the page follows when the handle is let go:

    POST <base>/picture  {"page", "view", "item", "params", "edit"}  ->  Scene.pack()

``params`` are those of a link, ``edit`` is what the player reports. It is the page's own
computation from the page's own cache, so both ways show the same picture.
"""

import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dgmlib.ui import boot, catalogue, fields, gate, links, picture, spec, workers

LARGEST = 100_000  # bytes of a question
WRONG = (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
_served = False


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Starts the workers, and computes the default picture of every page."""
    workers.start()
    boot.prewarm()
    try:
        yield
    finally:
        gate.SHARED.close()
        workers.stop()


def routes() -> list[Route]:
    """What :class:`streamlit.App` serves besides the pages."""
    global _served
    _served = True
    return [Route(_path(), _answer, methods=["POST"])]


def question(page: spec.Spec, chosen: str, item: int, p: Any) -> dict[str, Any] | None:
    """What the player sends back with an edit; None where nobody would answer."""
    if not _served or not page.views[chosen].edits or page.views[chosen].job:
        return None
    asked = {"page": page.name, "view": chosen, "item": item, "params": links.changed(p)}
    return {"url": _path(), "ask": asked}


def answer(body: bytes) -> bytes:
    """The packed scene that a question asks for. ValueError says what is wrong with it."""
    try:
        asked = json.loads(body)
        page, chosen = _page(asked["page"]), str(asked["view"])
        view, item = page.views[chosen], asked["item"]
        p = _params(page, asked["params"])
        p = dataclasses.replace(p, **picture.changes(page, view, asked["edit"], p))
    except WRONG as error:
        raise ValueError(f"no picture is asked for: {type(error).__name__} {error}") from error
    items = picture.rendered(page, chosen, p).items
    scenes = {i: scene for i, scene in enumerate(items) if isinstance(scene, bytes)}
    if type(item) is not int or item not in scenes:
        raise ValueError(f"item {item!r} of {chosen!r} is not a scene")
    return scenes[item]


async def _answer(request: Request) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return JSONResponse({"error": f"more than {LARGEST} bytes"}, status_code=413)
    try:
        packed = await run_in_threadpool(answer, bytes(body))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    # "identity" keeps Streamlit's compression away: it takes longer than the picture's computation
    headers = {
        "Cache-Control": "no-store", "Content-Encoding": "identity",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return Response(packed, media_type="application/octet-stream", headers=headers)


def _page(name: str) -> spec.Spec:
    if name not in catalogue.PAGES:
        raise ValueError(f"no page {name!r}")
    return spec.of(name)


def _params(page: spec.Spec, texts: dict[str, str]) -> Any:
    known = fields.controls(page.params)
    return page.params(**{name: known[name].parse(text) for name, text in texts.items()})


@lru_cache(maxsize=1)
def _path() -> str:
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/picture" if base else "/picture"
