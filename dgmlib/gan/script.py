"""What a reader did to a game, as a short text that a link can carry.

"200 both, 50 critic, lr=0.0003, 20 generator, 100 both"

A number and whose turn: ``both`` is a round (n_critic moves of D, then one of G), ``critic`` and
``generator`` are moves of one alone. ``name=value`` changes a setting from there on.
"""

import math
from typing import Literal, NamedTuple, cast, get_args

from dgmlib.gan.methods import Settings

Who = Literal["both", "critic", "generator"]
LARGEST = 20_000  # moves of both players together
LIMITS: dict[str, tuple[float, float]] = {
    "lr": (0.0, 1.0),
    "critic_lr": (0.0, 1.0),
    "n_critic": (1, 100),
    "batch": (1, 4096),
    "penalty": (0.0, 1e4),
    "clip": (1e-4, 100.0),
    "gain": (1e-3, 1e3),
    "beta1": (0.0, 0.999),
    "beta2": (0.0, 0.99999),
}


class Act(NamedTuple):
    """``count`` turns under these settings."""

    who: Who
    count: int
    settings: Settings


def parse(text: str, settings: Settings) -> tuple[Act, ...]:
    """The acts in order, each with the settings that hold for it.

    Example:
        >>> [(a.who, a.count, a.settings.lr) for a in parse("9 both, lr=0.1, 2 critic", Settings())]
        [('both', 9, 0.001), ('critic', 2, 0.1)]
    """
    acts: list[Act] = []
    for part in text.split(","):
        word = part.strip()
        if "=" in word:
            settings = _changed(settings, word)
            continue
        count, _, who = word.partition(" ")
        who = who.strip()
        if not (count.isascii() and count.isdigit()) or who not in get_args(Who):
            raise ValueError(
                f"{word!r} is neither a number of turns, like '200 both', '50 critic' or "
                "'20 generator', nor a setting, like 'lr=0.001'"
            )
        acts.append(Act(cast(Who, who), int(count[:9]), settings))
    if sum(a.count for a in acts) == 0:
        raise ValueError("nobody moves: give a number of turns, like '200 both'")
    if moves(acts) > LARGEST:
        raise ValueError(f"{moves(acts)} moves are too many: at most {LARGEST} in a run")
    return tuple(acts)


def moves(acts: list[Act] | tuple[Act, ...]) -> int:
    """Of both players together."""
    return sum(a.count * (a.settings.n_critic + 1 if a.who == "both" else 1) for a in acts)


def _changed(settings: Settings, word: str) -> Settings:
    name, _, number = (w.strip() for w in word.partition("="))
    if name not in LIMITS:
        raise ValueError(f"there is no setting {name!r}; there are {', '.join(LIMITS)}")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    low, high = LIMITS[name]
    whole = isinstance(getattr(settings, name), int)
    if not low <= value <= high or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} is {kind} from {low:g} to {high:g}, got {number!r}")
    return settings._replace(**{name: int(value) if whole else value})
