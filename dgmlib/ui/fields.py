"""Declares a parameter once: its default, its range, its words.

A page lists its parameters in a frozen dataclass, each field made by one of the functions
below. The controls, the URL, the code view and the tests all read the same declaration::

    @dataclass(frozen=True)
    class Params:
        beta: float = slider(1.0, 0.1, 8.0, step=0.1, label="Temperature")
        seed: int = seed()
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

Parse = Callable[[str], Any]
# What the frame itself keeps under the name of a page, and in the address.
TAKEN = frozenset(
    ["address", "share", "program", "reset", "preset", "prediction", "frame", "embed", "hide"]
)


class Control(NamedTuple):
    """How one parameter is shown and read. ``parse`` raises ``ValueError`` with the remedy."""

    kind: str  # "slider", "choice", "toggle", "seed", "text", "points", "digit" or "view"
    label: str
    parse: Parse  # text of the URL -> value
    ends: tuple[Any, ...]  # the extreme values, for the tests
    options: dict[str, Any]  # passed on to the widget
    help: str | None = None


def slider(
    default: float,
    low: float,
    high: float,
    *,
    label: str,
    step: float | None = None,
    help: str = "",
) -> Any:
    """A number between two ends; an integer when ``default`` is one."""
    number = type(default)
    step = step if step is not None else (1 if number is int else (high - low) / 100)

    def parse(text: str) -> float:
        value = _number(text, number)
        if not low <= value <= high:
            raise ValueError(f"{text} is not between {low} and {high}")
        return value

    options = {"min_value": number(low), "max_value": number(high), "step": number(step)}
    return _field(default, "slider", label, parse, (number(low), number(high)), options, help)


def choice(default: str, options: Sequence[str], *, label: str, help: str = "") -> Any:
    """One of a few words. The URL carries the word itself."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(f"{text!r} is not one of {', '.join(options)}")
        return text

    return _field(default, "choice", label, parse, tuple(options), {"options": list(options)}, help)


def toggle(default: bool, *, label: str, help: str = "") -> Any:
    def parse(text: str) -> bool:
        if text not in ("0", "1"):
            raise ValueError(f"{text!r} is neither 0 nor 1")
        return text == "1"

    return _field(default, "toggle", label, parse, (False, True), {}, help)


def seed(default: int = 0, *, label: str = "Seed") -> Any:
    """The seed of every random number on the page."""

    def parse(text: str) -> int:
        value = _number(text, int)
        if not 0 <= value <= 9999:
            raise ValueError(f"a seed is a whole number between 0 and 9999, not {text}")
        return value

    options = {"min_value": 0, "max_value": 9999, "step": 1}
    return _field(default, "seed", label, parse, (0, 9999), options, "Same seed, same picture.")


def handles(
    default: str, *, label: str, parse: Parse, help: str = "", ends: Sequence[str] = ()
) -> Any:
    """Numbers that can be dragged on the picture or typed here. ``parse(text)`` checks them."""

    def check(text: str) -> str:
        parse(text)
        return text

    return _field(default, "text", label, check, tuple(ends) or (default,), {}, help)


def points(default: str = "", *, label: str = "Own points", help: str = "") -> Any:
    """Points of the reader, painted or read from a CSV file, as the text of ``data.points``."""

    def check(text: str) -> str:
        from dgmlib.data.points import decode

        if text:
            decode(text)
        return text

    return _field(default, "points", label, check, (default,), {}, help)


def digit(default: str = "", *, label: str = "Bundled digit number", help: str = "") -> Any:
    """One digit of 28 x 28 pixels: bundled, drawn, or from a file, as ``data.own_digit``'s text."""

    def parse(text: str) -> str:
        from dgmlib.data.own_digit import check

        check(text)
        return text

    return _field(default, "digit", label, parse, (default, "n:0", "n:4999"), {}, help)


def view() -> Any:
    """Which of the page's views is open; ``ui.page`` fills in the names."""
    return _field("", "view", "View", str, (), {}, "")


@lru_cache(maxsize=64)
def controls(params: type) -> dict[str, Control]:
    """The controls of a parameter class, by name. ValueError for a name that the frame uses."""
    found = {f.name: f.metadata["control"] for f in dataclasses.fields(params)}
    if taken := TAKEN & found.keys():
        raise ValueError(f"the frame uses {', '.join(sorted(taken))}: name the parameter otherwise")
    return found


def to_text(value: Any) -> str:
    """A value as it stands in the URL; ``parse`` reads it back exactly."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _number(text: str, number: type) -> Any:
    try:
        value = number(text[:40])  # longer than any number that a control takes
    except ValueError:
        raise ValueError(f"{text!r} is not a {'whole ' if number is int else ''}number") from None
    if len(text) > 40 or not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number of ordinary size")
    return value


def _field(
    default: Any, kind: str, label: str, parse: Parse, ends: tuple, options: dict, help: str
) -> Any:
    control = Control(kind, label, parse, ends, options, help or None)
    return dataclasses.field(default=default, metadata={"control": control})
