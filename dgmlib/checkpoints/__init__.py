"""Trained weights: where they come from, how they are checked, and how they are made again.

card        what the weights are: read, write, check, sha256, readme
store       load(name) -> Loaded: the bundled file, or the pinned one of the Hub
hub         pull and publish, with the Hub's own client
commands_hub  list, pull and publish on the command line

``python -m dgmlib.checkpoints`` trains, evaluates, lists, pulls and publishes. Importing this
package costs nothing: neither torch nor the Hub's client is imported before it is needed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dgmlib.checkpoints.store import CheckpointError, Loaded, load

__all__ = ["CheckpointError", "Loaded", "load"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dgmlib.checkpoints import store

    return getattr(store, name)
