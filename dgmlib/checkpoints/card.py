"""The card of a checkpoint: what the weights are, how they came about, and how good they are.

A JSON file beside the weights. It vouches for them by their sha256, and every score stands with its
protocol and, where there is one, the published figure. A card that says less is not read.

Reference:
    Model cards for model reporting (Mitchell et al., 2019) https://arxiv.org/abs/1810.03993
"""

import json
import os
import re
import uuid
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from dgmlib.checkpoints.model_card import readme as readme

Card = dict[str, Any]

NAME = r"[a-z0-9]+([.-][a-z0-9]+)*"  # so a name can never leave its folder
LARGEST = 256 * 1024  # bytes of a card: it is read whole


class Rule(NamedTuple):
    """What a field must be, in words, and whether a value is that."""

    words: str
    holds: Callable[[Any], bool]


def _number(x: Any) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and abs(x) < 1e300


def _whole(x: Any) -> bool:
    return _number(x) and isinstance(x, int)


def _full(pattern: str) -> Callable[[Any], bool]:
    return lambda x: isinstance(x, str) and bool(re.fullmatch(pattern, x))


TEXT = Rule("words", lambda x: isinstance(x, str) and bool(x.strip()))
NUMBER = Rule("a finite number", _number)
AMOUNT = Rule("a number from 0 on", lambda x: _number(x) and x >= 0)
COUNT = Rule("a whole number from 0 on", lambda x: _whole(x) and x >= 0)
SOME = Rule("a whole number from 1 on", lambda x: _whole(x) and x >= 1)
OBJECT = Rule("an object", lambda x: isinstance(x, dict))
LIST = Rule("a list", lambda x: isinstance(x, list))
CARD = {
    "format": Rule("1; another format needs another dgmlib", lambda x: _whole(x) and x == 1),
    "name": Rule("small letters, digits, single dots or dashes", _full(NAME)),
    "about": TEXT, "family": TEXT,
    "sha256": Rule("64 small hexadecimal digits", _full("[0-9a-f]{64}")),
    "bytes": SOME, "parameters": SOME,
    "dtype": Rule('"float16" or "float32"', _full("float16|float32")),
    "settings": OBJECT, "data": OBJECT, "training": OBJECT, "scores": LIST, "licence": TEXT,
}  # fmt: skip
DATA = {"name": TEXT, "source": TEXT, "train": COUNT, "test": COUNT}
TRAINING = {
    "seed": COUNT, "device": TEXT, "minutes": AMOUNT, "steps": COUNT, "torch": TEXT, "phases": LIST,
}  # fmt: skip
SCORE = {"name": TEXT, "value": NUMBER, "unit": TEXT, "protocol": TEXT}


def check_name(name: str) -> str:
    """``name``, if it can be one of a checkpoint: "vae-2d", "beta-0.1"."""
    if not isinstance(name, str) or len(name) > 80 or not re.fullmatch(NAME, name):
        raise ValueError(
            f"{name!r} is not the name of a checkpoint: use small letters, digits, and single"
            ' dots or dashes between them, as in "beta-0.1"'
        )
    return name


def sha256(path: Path) -> str:
    """The checksum of a file, 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Card:
    """The card in a file. ValueError names the file and the field that is missing or wrong."""
    path = Path(path)
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    return parse(text, path.name)


def parse(text: bytes, file: str) -> Card:
    """The card in ``text``, which is the content of the file called ``file``."""
    if len(text) > LARGEST:
        raise ValueError(f"{file} is larger than {LARGEST:,} bytes: that is no card")
    try:
        card = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # a UnicodeDecodeError is a ValueError
        raise ValueError(f"{file} is not a card in JSON: {error}") from None
    return check(card, file)


def write(path: Path, card: Card) -> None:
    """Checks the card and writes it; a kill leaves the old file or the new one, never a part."""
    path = Path(path)
    check(card, path.name)
    try:
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}; a card holds plain Python values") from None
    parse(text, path.name)  # what is written can be read
    new = path.with_name(f"{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.new")
    try:
        new.write_bytes(text)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def check(card: object, file: str) -> Card:
    """``card`` if it says all that it must; otherwise ValueError with the file and the field."""
    if not isinstance(card, dict):
        raise ValueError(f"{file} must be a JSON object, not {type(card).__name__}")
    _need(card, CARD, file)
    if f"{card['name']}.json" != file:
        raise ValueError(f"{file}: the name in it is {card['name']!r}; it belongs to another file")
    _need(card["data"], DATA, file, "data.")
    _need(card["training"], TRAINING, file, "training.")
    for i, score in enumerate(card["scores"]):
        rules = dict(SCORE)
        if isinstance(score, dict) and score.get("error") is not None:
            rules["error"] = AMOUNT
        if isinstance(score, dict) and score.get("published") is not None:
            rules |= {"published": NUMBER, "reference": TEXT}
        _need({"": score}, {"": OBJECT}, file, f"scores[{i}]")
        _need(score, rules, file, f"scores[{i}].")
    return card


def _need(fields: Card, rules: dict[str, Rule], file: str, where: str = "") -> None:
    for key, rule in rules.items():
        if key not in fields:
            raise ValueError(f"{file}: the field {where}{key} is missing")
        if not rule.holds(fields[key]):
            found = repr(fields[key])[:80]
            raise ValueError(f"{file}: {where}{key} must be {rule.words}, not {found}")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")
