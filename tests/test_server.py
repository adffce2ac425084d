"""What the server answers while a handle is dragged: the page's own picture, or words.

Each test names the mutant it kills.
"""

import asyncio
import dataclasses
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dgmlib.data import sets
from dgmlib.divergences import fit_text
from dgmlib.figures.pack import unpack
from dgmlib.ui import catalogue, picture, server, spec
from tools.server import ROOT, serving

KL, EM, SAMPLING = "kl_asymmetry", "gaussian_mixture", "sampling"
EV, ES = "evidence_lower_bound", "estimating_the_evidence"
MODES = {"layer": "modes", "xy": [[-3.5, 0.3], [2.2, 0.4]], "width": [0.7, 0.9], "final": False}
STARTS = {"layer": "starts", "xy": [[4.8, 1.8], [5.8, 1.8], [3.0, 1.1]]}
TALL = (0, 0.1, 0.25, 1, 0.5, 0, 0.75, 0.2, 0)
HEIGHTS = {"layer": "heights", "xy": [[i - 4, h] for i, h in enumerate(TALL)]}
PAINTED = {"target": "painted", "heights": "0 0.1 0.25 1 0.5 0 0.75 0.2 0"}


def question(
    page: str = KL,
    view: str = "fit",
    item: object = 0,
    params: object = None,
    edit: object = None,
    **more: object,
) -> bytes:
    params = {} if params is None else params
    edit = MODES if edit is None else edit
    asked = {"page": page, "view": view, "item": item, "params": params, "edit": edit}
    return json.dumps(asked | more).encode()


# --- the right bytes


# page, view, parameters of the link, edit, and what the edit makes of the parameters
ASKED: list[tuple[str, str, dict[str, str], dict[str, Any], dict[str, Any]]] = [
    (KL, "fit", {}, MODES, {"modes": fit_text.modes_of_handles(MODES)}),
    (KL, "fit", {"alpha": "0.25", "start": "-4 2"}, MODES,
     {"alpha": 0.25, "start": "-4 2", "modes": fit_text.modes_of_handles(MODES)}),
    (KL, "fit", {"modes": "1 1 0.5"}, {"layer": "start", "xy": [[-1.0, 0.0]], "width": [1.5]},
     {"modes": "1 1 0.5", "start": "-1 1.5"}),
    (EM, "steps", {"k": "3", "seed": "4"}, STARTS,
     {"seed": 4, "start": "dragged", "means": sets.format_xy(STARTS["xy"])}),
    (EM, "you", {"covariance": "tied"}, {"layer": "mine", "xy": [[5, 2], [6, 2], [1.4, 0.3]]},
     {"covariance": "tied", "mine": "5 2, 6 2, 1.4 0.3"}),
    ("mcmc", "duel", {"target": "banana"}, {"layer": "start", "xy": [[1.234, -0.5]]},
     {"target": "banana", "start": "1.23 -0.50"}),
    *((SAMPLING, view, {"target": "skewed"}, HEIGHTS, PAINTED)
      for view in ("race", "rejection", "importance", "chain", "inverse")),
    *((SAMPLING, view, {"tail": "0.5"}, {"layer": "proposal", "xy": [[1.5, 0.1]], "width": [0.7]},
       {"tail": 0.5, "proposal": "1.5 0.7"})
      for view in ("race", "rejection", "importance")),
    (EV, "bound", {"decoder": "bent"}, {"layer": "q", "xy": [[-1.5, 0.0]], "width": [0.5]},
     {"decoder": "bent", "q": "-1.5 0.5"}),
    (EV, "em", {"model": "one loading"}, {"layer": "start", "xy": [[-1.25, -80.0]]},
     {"model": "one loading", "start": -1.25}),
    (EV, "bayes", {"precision": "1.0"}, {"layer": "points", "xy": [[-1.0, 0.5], [0.25, -2.0]]},
     {"precision": 1.0, "points": "-1 0.5, 0.25 -2"}),
    (ES, "gradients", {}, {"layer": "q", "xy": [[-1.0, 0.0]], "width": [0.5]}, {"q": "-1 0.25"}),
    ("gan_critic", "best", {"data": "two modes"}, {"layer": "q", "xy": [[-2.5, 0]], "width": [0.7]},
     {"data": "two modes", "q": "-2.5 0.7"}),
    ("gan_critic", "secants", {"curve": "|x|"}, {"layer": "pair", "xy": [[-1.0, 1], [0.25, 0.25]]},
     {"curve": "|x|", "pair": "-1 0.25"}),
    *(("dirac_gan", view, {"loss": "wasserstein"}, {"layer": "start", "xy": [[-1.5, 0.25]]},
       {"loss": "wasserstein", "start": "-1.5 0.25"})
      for view in ("game", "sizes", "remedies")),
    ("vae_latent_space", "digit", {"digit": "n:8"}, {"layer": "z", "xy": [[0.5, -1.25]]},
     {"digit": "n:8", "z": "0.50 -1.25"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "view", "params", "edit", "after"), ASKED)
def test_the_answer_is_the_picture_of_the_page(
    name: str, view: str, params: dict[str, str], edit: dict[str, Any], after: dict[str, Any]
) -> None:
    """Byte for byte, computed here without the cache and without the server's reading.

    Mutants: the parameters of the link are left out; the edit is; what it sets besides its own
    field is; another view is answered.
    """
    page = spec.of(name)
    view_ = page.views[view]
    shown = view_.show(view_.compute(page.params(**after)))
    scene = shown[0] if isinstance(shown, list) else shown
    assert server.answer(question(name, view, 0, params, edit)) == scene.pack()


def test_every_live_layer_is_covered() -> None:
    """A layer that asks while it is held, on a new page, needs its line above."""
    live = set()
    for name in catalogue.PAGES:
        page = spec.of(name)
        for chosen in page.views:
            for item in picture.rendered(page, chosen, page.params()).items:
                header = unpack(item)[0] if isinstance(item, bytes) else {"panels": []}
                layers = [layer for panel in header["panels"] for layer in panel["layers"]]
                live |= {(name, chosen, layer["name"]) for layer in layers if layer.get("live")}
    assert live == {(name, view, edit["layer"]) for name, view, _, edit, _ in ASKED}


def test_the_page_asks_what_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the player's options, sent back with an edit, gives the picture of the page.

    Mutants: a parameter that is not in the question; a question where nobody would answer.
    """
    page = spec.of(KL)
    p = page.params(alpha=0.7, modes="-1 1 0.5, 3 1 0.5", view="fit")
    monkeypatch.setattr(server, "_served", False)
    assert server.question(page, "fit", 0, p) is None
    server.routes()
    assert server.question(page, "plane", 0, p) is None  # nothing to drag
    asked = server.question(page, "fit", 0, p)
    assert asked is not None
    edit = {"layer": "start", "xy": [[-1.0, 0.0]], "width": [1.5], "seq": 9, "panel": 0}
    body = json.dumps(asked["ask"] | {"edit": edit}).encode()
    after = dataclasses.replace(p, start="-1 1.5")
    assert server.answer(body) == picture.rendered(page, "fit", after).items[0]


# --- the wrong questions


def handles(*numbers: object, **more: object) -> bytes:
    return question(edit={"layer": "modes", "xy": [list(numbers)], "width": [0.7], **more})


BAD: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{",
    "not text": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "deep": b"[" * 50_000,
    "deep edit": question().replace(b"[[", b"[" * 40_000, 1),
    "no page": json.dumps({"view": "fit"}).encode(),
    "unknown page": question("../app"),
    "page of another type": question(page=[KL]),  # type: ignore[arg-type]
    "unknown view": question(view="nothing"),
    "view of another page": question(view="steps"),
    "item that is a table": question(item=1),
    "item below zero": question(item=-1),
    "item beyond the last": question(item=99),
    "item as text": question(item="0"),
    "item as truth": question(item=False),
    "item infinite": question(item=float("inf")),
    "no parameters": question(params=[1]),
    "unknown parameter": question(params={"nobody": "1"}),
    "parameter of another type": question(params={"alpha": 0.5}),
    "parameter out of range": question(params={"alpha": "7"}),
    "parameter not a number": question(params={"alpha": "nan"}),
    "parameter too long": question(params={"seed": "9" * 4000}),
    "refused text": question(params={"modes": "1 2"}),
    "no edit": question(edit=[]),
    "unknown layer": question(edit=MODES | {"layer": "nobody"}),
    "layer that cannot be a name": question(edit=MODES | {"layer": {}}),
    "no numbers": question(edit={"layer": "modes"}),
    "too few widths": handles(1, 0.5, width=[]),
    "one coordinate": handles(1),
    "three coordinates": handles(1, 2, 3),
    "a word": handles("x", 0.5),
    "null among numbers": handles(None, 0.5),
    "nan": handles(float("nan"), 0.5),
    "too large for a float": question(edit=MODES | {"width": [10**4000, 1]}),
    "too many modes": question(edit={"layer": "modes", "xy": [[0, 0.5]] * 5, "width": [1] * 5}),
    "ragged": question(EM, "steps", edit={"layer": "starts", "xy": [[1, 2], [3]]}),
    "odd number": question(EM, "steps", edit={"layer": "starts", "xy": [1, 2, 3]}),
    "infinite": question(EM, "steps", edit={"layer": "starts", "xy": [[float("inf"), 2]] * 3}),
    "too large for EM": question(EM, "steps", edit={"layer": "starts", "xy": [[10**400, 2]] * 3}),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_question_is_refused_in_words(body: bytes) -> None:
    """Never another exception, which would be an error of the server.

    Mutants: ArithmeticError (a number too large) or RecursionError let through; ``items[-1]``.
    """
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        server.answer(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    part=st.sampled_from(["page", "view", "item", "params", "edit", "xy", "width"]), odd=anything
)
def test_one_odd_part_is_answered_or_refused(part: str, odd: object) -> None:
    """Whatever one part holds: a picture or a ValueError. Mutant: any type left unchecked."""
    asked = json.loads(question(view="plane" if part == "page" else "fit"))
    (asked["edit"] if part in ("xy", "width") else asked)[part] = odd
    try:
        unpack(server.answer(json.dumps(asked).encode()))
    except ValueError as error:
        assert " " in str(error)  # noqa: PT017 (both outcomes are right)


# --- the route


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=server.routes())) as opened:
        yield opened


def test_the_route_answers_with_bytes_that_nobody_keeps(client: TestClient) -> None:
    """Mutants: a cached answer of a moment ago; bytes that a browser would take for a page."""
    got = client.post("/picture", content=question())
    assert got.status_code == 200
    assert got.content == server.answer(question())
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-content-type-options"] == "nosniff"


def test_the_route_refuses_in_json(client: TestClient) -> None:
    """Mutants: status 200 or 500 for a bad question; GET answered."""
    got = client.post("/picture", content=question("nobody"))
    assert got.status_code == 400
    assert got.json() == {"error": "no page 'nobody'"}
    assert client.get("/picture").status_code == 405
    assert client.put("/picture", content=question()).status_code == 405


def test_the_largest_question_is_read_and_a_larger_one_is_not(client: TestClient) -> None:
    """Mutants: no bound; a bound one byte off; the whole body read before it is weighed."""
    fits = question().ljust(server.LARGEST)  # blanks at the end are JSON
    assert client.post("/picture", content=fits).status_code == 200
    assert client.post("/picture", content=fits + b" ").status_code == 413


async def asked_of_the_route(receive: Callable[[], Any]) -> list[dict[str, Any]]:
    """One request to the route, as the server hands it over."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/picture", "headers": [],
             "query_string": b"", "root_path": ""}  # fmt: skip
    await Starlette(routes=server.routes())(scope, receive, send)
    return sent


def test_an_endless_question_is_cut_off() -> None:
    """Mutant: ``await request.body()``, which would read it all."""
    parts: list[int] = []

    async def receive() -> dict[str, Any]:
        assert len(parts) < 3, "read on after the bound"
        parts.append(server.LARGEST // 2 + 1)
        return {"type": "http.request", "body": b" " * parts[-1], "more_body": True}

    sent = asyncio.run(asked_of_the_route(receive))
    assert sent[0]["status"] == 413
    assert len(parts) == 2


def test_below_a_path_of_the_server() -> None:
    """Mutant: the route forgets ``server.baseUrlPath``."""
    here = {"PYTHONPATH": str(ROOT)}
    with serving("tests/drags_app.py", base="x/y", env=here) as site:
        with urllib.request.urlopen(f"{site.url}/picture", data=question(), timeout=30) as got:
            assert got.read() == server.answer(question())
        outside = site.url.removesuffix("/x/y")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{outside}/picture", data=question(), timeout=30)
        refused.value.close()
        assert refused.value.code in (404, 405)


def test_the_question_names_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: the route knows the path of the server and the page does not."""
    monkeypatch.setattr(server.st, "get_option", {"server.baseUrlPath": "/x/y/"}.get)
    server._path.cache_clear()
    try:
        [route] = server.routes()
        asked = server.question(spec.of(KL), "fit", 0, spec.of(KL).params())
        assert asked is not None
        assert asked["url"] == route.path == "/x/y/picture"
    finally:
        server._path.cache_clear()
