"""``load(name)``: the weights of a checkpoint, checked against their card, wherever they are.

    bundled     checkpoints/<name>.safetensors, if it is what its card says
    hub cache   the pinned commit of DGM_CHECKPOINT_REPO, downloaded before
    hub         the same, downloaded now

The bundled card is what vouches for a file; where there is none, the card in the pinned commit is.
So what is loaded is what was pinned, or it is refused and the reader is told.
"""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from dgmlib.checkpoints import card, hub
from dgmlib.checkpoints.card import Card
from dgmlib.checkpoints.hub import CheckpointError as CheckpointError
from dgmlib.checkpoints.memory import Found, Memory
from dgmlib.checkpoints.weights import Weights, read

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints"
LARGEST = 30_000_000  # bytes: all bundled ones together stay below
Source = Literal["auto", "bundled", "hub"]


class Absent(CheckpointError):
    """It is simply not there: nothing is wrong."""


class Loaded(NamedTuple):
    name: str
    weights: Weights  # name -> array, float32 (integers as they are), read-only
    card: Card
    origin: Literal["bundled", "hub cache", "hub"]
    told: str  # "" or a sentence that a reader must see


_memory: Memory[Loaded | CheckpointError] = Memory()


def names(folder: Path | None = None) -> list[str]:
    """The checkpoints whose cards are bundled."""
    return sorted(path.stem for path in (folder or FOLDER).glob("*.json"))


def load(name: str, *, source: Source = "auto", seconds: float = 60.0) -> Loaded:
    """The checkpoint ``name``; the same arrays for everybody who asks in this process.

    Args:
        source: "auto" takes the bundled file, and the Hub's where there is none or it is damaged;
            "hub" takes the Hub's, and the bundled one where that fails; "bundled" asks no network.
        seconds: the longest to wait for the Hub.

    Raises:
        CheckpointError: a ValueError that says what is wrong and what to do.
    """
    card.check_name(name)
    if source not in ("auto", "bundled", "hub"):
        raise ValueError(f'source must be "auto", "bundled" or "hub", not {source!r}')
    key = (name, source, _stamp(name), hub.setting())
    found = _memory.of(key, lambda: _find(name, source, seconds))
    if isinstance(found, CheckpointError):
        raise CheckpointError(str(found))
    return found._replace(weights=dict(found.weights), card=copy.deepcopy(found.card))


def forget() -> None:
    """Empties the memory: the next call of ``load`` looks again."""
    _memory.clear()


def bundled(name: str, folder: Path | None = None) -> Loaded:
    """The bundled file, checked. CheckpointError says what is wrong with it."""
    folder = folder or FOLDER
    path = folder / f"{card.check_name(name)}.safetensors"
    try:
        facts = card.read(path.with_suffix(".json"))
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError(f"{path.name} is larger than {LARGEST:,} bytes")
        return Loaded(name, read(data, facts, path.name), facts, "bundled", "")
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise Absent(f"there is no {missing} in the folder {folder.name}") from None
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CheckpointError(str(error)) from None


def from_hub(name: str, *, seconds: float = 60.0) -> Loaded:
    """The file in the pinned commit, checked; from the Hub's cache without asking the Hub."""
    wanted = _wanted(card.check_name(name))
    pin = _pin()
    for force in (False, True):
        got = hub.fetch(pin, wanted, seconds=seconds, force=force)
        try:
            return _checked(name, got)
        except ValueError as error:
            # a damaged cache is loaded anew, once; what the Hub itself sends is refused
            if force or not any(file is not None and file.cached for file in got.files.values()):
                raise CheckpointError(f"the Hub's file is refused: {error}") from None
    raise AssertionError("unreachable")


def cached(names: Iterable[str]) -> dict[str, Loaded | CheckpointError]:
    """Those of ``names`` that are in the Hub's cache, checked; no network is asked."""
    wanted = {name: _wanted(card.check_name(name)) for name in names}
    got = hub.fetch(_pin(), [file for files in wanted.values() for file in files], offline=True)
    found: dict[str, Loaded | CheckpointError] = {}
    for name, files in wanted.items():
        if any(got.files[file] is None for file in files):
            continue
        try:
            found[name] = _checked(name, got)
        except ValueError as error:
            found[name] = CheckpointError(f"the cached file is damaged: {error}")
    return found


def _pin() -> hub.Pin:
    pin = hub.pin()
    if pin is None:
        raise CheckpointError(
            f"{hub.VARIABLE} is not set; set it to owner/name@commit to load from the Hub"
        )
    return pin


def _vouching(name: str) -> Card | None:
    """The bundled card; None if it is absent or damaged, for the pinned commit has one."""
    try:
        return card.read(FOLDER / f"{name}.json")
    except (OSError, ValueError):
        return None


def _wanted(name: str) -> list[str]:
    weights = f"{name}.safetensors"
    return [weights] if _vouching(name) else [f"{name}.json", weights]


def _checked(name: str, got: hub.Fetched) -> Loaded:
    ends = {end: got.files.get(f"{name}{end}") for end in (".json", ".safetensors")}
    there = {end: file for end, file in ends.items() if file is not None}
    facts = _vouching(name) or card.parse(there[".json"].data, f"{name}.json")
    weights = read(there[".safetensors"].data, facts, f"{name}.safetensors")
    origin = "hub cache" if all(file.cached for file in there.values()) else "hub"
    return Loaded(name, weights, facts, origin, got.told)


def _find(name: str, source: Source, seconds: float) -> Found[Loaded | CheckpointError]:
    tries = {"auto": ("bundled", "hub"), "hub": ("hub", "bundled"), "bundled": ("bundled",)}
    wrong: list[CheckpointError] = []
    for place in tries[source]:
        try:
            found = bundled(name) if place == "bundled" else from_hub(name, seconds=seconds)
        except CheckpointError as error:
            wrong.append(error)
            continue
        found = found._replace(told=_told(wrong, found, source))
        size = sum(array.nbytes for array in found.weights.values())
        return Found(found, size, whole=not found.told)
    known = ", ".join(names()) or "none"
    error = CheckpointError(
        f"{name} cannot be loaded: {'; '.join(map(str, wrong))} (bundled: {known})"
    )
    return Found(error, 0, whole=False)


def _told(wrong: list[CheckpointError], found: Loaded, source: Source) -> str:
    """What went wrong before, and what is used instead. Nothing where a file is just absent."""
    said = [found.told] if found.told else []
    if wrong and not (source == "auto" and isinstance(wrong[0], Absent)):
        place = "bundled file" if found.origin == "bundled" else "file of the Hub"
        said = [str(wrong[0]), f"the {place} is used instead", *said]
    return "; ".join(said)


def _stamp(name: str) -> tuple:
    """Changes when the bundled files do."""
    stamp: list[object] = [str(FOLDER)]
    for end in (".json", ".safetensors"):
        try:
            about = (FOLDER / f"{name}{end}").stat()
            stamp += [about.st_mtime_ns, about.st_size]
        except OSError:
            stamp.append(None)
    return tuple(stamp)
