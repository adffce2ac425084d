"""What was loaded stays for the next reader, and who asks for the same at once waits for one load.

Readers are threads of one process. What did not work is kept, too, but only for a minute: else
every move of a slider would wait for a Hub that is away.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

KEEP = 256 * 1024 * 1024  # bytes; what was not asked for the longest goes first
ENTRIES = 64
AGAIN = 60.0  # seconds until something that went wrong is tried again


class Found(NamedTuple, Generic[T]):
    value: T
    size: int  # bytes
    whole: bool  # False: it is worth trying again


class _Kept(NamedTuple, Generic[T]):
    until: float  # of time.monotonic
    found: Found[T]


class Memory(Generic[T]):
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._busy: dict[Hashable, tuple[threading.Lock, int]] = {}  # and how many want it

    def of(self, key: Hashable, make: Callable[[], Found[T]]) -> T:
        """What is kept for ``key``, or what ``make`` finds; it runs once for all who wait."""
        with self._guard:
            lock, waiting = self._busy.get(key, (threading.Lock(), 0))
            self._busy[key] = lock, waiting + 1
        try:
            with lock:
                with self._guard:
                    kept = self._kept.get(key)
                    if kept is not None and time.monotonic() < kept.until:
                        self._kept.move_to_end(key)
                        return kept.found.value
                found = make()
                self._keep(key, found)
                return found.value
        finally:
            with self._guard:
                lock, waiting = self._busy.pop(key)
                if waiting > 1:
                    self._busy[key] = lock, waiting - 1

    def clear(self) -> None:
        with self._guard:
            self._kept.clear()

    def _keep(self, key: Hashable, found: Found[T]) -> None:
        until = float("inf") if found.whole else time.monotonic() + AGAIN
        with self._guard:
            self._kept[key] = _Kept(until, found)
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and (
                len(self._kept) > ENTRIES or sum(k.found.size for k in self._kept.values()) > KEEP
            ):
                self._kept.popitem(last=False)
