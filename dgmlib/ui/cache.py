"""One bounded cache of everything computed for a picture, shared by all readers.

A key is computed once even when several readers ask at the same moment.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

ENTRIES = 192
BYTES = 256_000_000


def _free(_: Any) -> int:
    return 0


class Cache:
    """Bounded in entries and in bytes; the least recently used goes first. Errors are not kept."""

    def __init__(self, entries: int = ENTRIES, most: int = BYTES) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._most = most
        self._running: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self._entries = entries

    def get(
        self, key: Hashable, compute: Callable[[], Any], *, size: Callable[[Any], int] = _free
    ) -> Any:
        """The kept value, or a new one of ``size(value)`` bytes."""
        found, value = self._look(key)
        if found:
            return value
        with self._lock:
            running = self._running.setdefault(key, threading.Lock())
        with running:
            found, value = self._look(key)
            if found:
                return value
            try:
                value = compute()
                self.put(key, value, size=size(value))
            finally:
                with self._lock:
                    self._running.pop(key, None)
        return value

    def put(self, key: Hashable, value: Any, *, size: int = 0) -> None:
        """Keeps a value that was computed elsewhere, in place of an older one."""
        with self._lock:
            self._kept[key], self._sizes[key] = value, size
            self._kept.move_to_end(key)
            while len(self._kept) > self._entries or self._too_large():
                del self._sizes[self._kept.popitem(last=False)[0]]

    def peek(self, key: Hashable) -> Any:
        """The kept value, or None."""
        return self._look(key)[1]

    def _too_large(self) -> bool:
        return len(self._kept) > 1 and sum(self._sizes.values()) > self._most

    def _look(self, key: Hashable) -> tuple[bool, Any]:
        with self._lock:
            if key not in self._kept:
                return False, None
            self._kept.move_to_end(key)
            return True, self._kept[key]
