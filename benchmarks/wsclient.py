"""A reader without a browser: Streamlit's protobuf messages over a raw websocket.

It opens a page, keeps the value of every widget as the browser does, sets one, and waits
until the server has said that the run is over, that is until the last byte of the new
picture has arrived.
"""

import random
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection

KINDS = ("slider", "selectbox", "checkbox", "button_group", "number_input", "text_input", "radio")


class PageError(RuntimeError):
    """The server answered with an exception, or a run that did not finish."""


class Reader:
    """One reader's session. ``widgets`` maps a widget's id to its last description."""

    def __init__(self, socket: ClientConnection, page: str, query: str) -> None:
        self.socket, self.page, self.query = socket, page, query
        self.widgets: dict[str, tuple[str, Any, str]] = {}  # id -> kind, protobuf, fragment
        self.states: dict[str, WidgetState] = {}
        self.received = 0  # bytes of the last answer
        self.elements: list[str] = []  # kinds of elements in the last answer

    async def rerun(self, fragment: str = "") -> float:
        """Asks for a run and returns the seconds until all of its answer is here."""
        message = BackMsg()
        client = message.rerun_script
        client.query_string, client.page_name, client.fragment_id = self.query, self.page, fragment
        client.widget_states.widgets.extend(self.states.values())
        client.context_info.url = f"http://localhost/{self.page}"
        payload = message.SerializeToString()
        start = time.perf_counter()
        await self.socket.send(payload)
        await self._answer()
        return time.perf_counter() - start

    async def set(self, widget: str, value: Any) -> float:
        kind, _, fragment = self.widgets[widget]
        self.states[widget] = state(widget, kind, value)
        return await self.rerun(fragment)

    def find(self, key: str) -> str:
        """The id of the widget that the page calls ``key``."""
        return next(w for w in self.widgets if w.endswith(f"-{key}"))

    def choose(self, rng: random.Random, among: Sequence[str] = ()) -> tuple[str, Any]:
        """Some control and another value of it, as a reader who plays about would choose."""
        options = [
            (widget, value)
            for widget, (kind, proto, _) in self.widgets.items()
            if not among or any(widget.endswith(f"-{key}") for key in among)
            for value in [other_value(kind, proto, self.states.get(widget), rng)]
            if value is not None
        ]
        if not options:
            raise PageError(f"no control to click among {sorted(self.widgets)}")
        return rng.choice(options)

    async def _answer(self) -> None:
        self.received, self.elements = 0, []
        while True:
            raw = await self.socket.recv()
            assert isinstance(raw, bytes)
            self.received += len(raw)
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._delta(message)
            elif kind == "script_finished":
                status = message.script_finished
                if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise PageError("the page does not compile")
                if status != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def _delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type") or ""
        self.elements.append(kind)
        if kind == "exception":
            raise PageError(f"{element.exception.type}: {element.exception.message}")
        if kind in KINDS:
            proto = getattr(element, kind)
            self.widgets[proto.id] = kind, proto, message.delta.fragment_id
            if getattr(proto, "set_value", False):
                self.states.pop(proto.id, None)


def state(widget: str, kind: str, value: Any) -> WidgetState:
    match kind:
        case "slider":
            result = WidgetState(id=widget)
            result.double_array_value.data.append(value)
        case "button_group":
            result = WidgetState(id=widget)
            result.string_array_value.data.append(value)
        case "checkbox":
            result = WidgetState(id=widget, bool_value=value)
        case "number_input":
            result = WidgetState(id=widget, double_value=value)
        case _:
            result = WidgetState(id=widget, string_value=value)
    return result


def other_value(kind: str, proto: Any, now: WidgetState | None, rng: random.Random) -> Any:
    """A value the reader could choose next; None for what is typed rather than clicked."""
    if proto.disabled:
        return None
    match kind:
        case "slider":
            steps = int((proto.max - proto.min) / proto.step + 1e-9)
            return proto.min + proto.step * rng.randint(0, steps)
        case "checkbox":
            return not (now.bool_value if now else proto.default)
        case "selectbox" | "radio":
            return rng.choice(list(proto.options))
        case "button_group":
            return rng.choice([option.content for option in proto.options])
        case "number_input":
            return float(rng.randint(int(proto.min), int(min(proto.max, proto.min + 50))))
        case _:
            return None


@asynccontextmanager
async def reading(url: str, page: str = "", query: str = ""):
    """Opens ``page`` of the site at ``url`` and yields the Reader once it is drawn."""
    address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
    async with websockets.connect(
        address,
        subprotocols=[websockets.Subprotocol("streamlit")],
        max_size=None,
        compression=None,
        open_timeout=60,
    ) as socket:
        reader = Reader(socket, page, query)
        await reader.rerun()
        yield reader
