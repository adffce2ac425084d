"""Pictures that take long are computed in processes of their own.

Readers are threads of one process, and Python runs one of them at a time: while one reader's
basin map is computed, every other reader's slider waits. Such work goes to as many processes as
there are cores. They are started with the server; elsewhere (tests, scripts) there are none.
"""

import gc
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from threadpoolctl import threadpool_limits

MOST = 8  # processes; each holds NumPy and SciPy, about 150 MB

_pool: ProcessPoolExecutor | None = None
_lock = threading.Lock()


def start() -> None:
    """Starts the processes. Call it once, when the server starts."""
    global _pool
    with _lock:
        _pool = _new()
    for _ in range(_count()):
        _pool.submit(_ready)


def stop() -> None:
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.shutdown(wait=False, cancel_futures=True)


def running() -> bool:
    return _pool is not None


def make(page: str, chosen: str, texts: dict[str, str]) -> tuple[Any, list[Any]]:
    """The result and the packed items of a view, for parameters as they stand in a link.

    Raises:
        ValueError: what the computation says of the parameters.
    """
    global _pool
    for _ in range(2):
        pool = _pool
        if pool is None:
            break
        try:
            done, value = pool.submit(_make, page, chosen, texts).result()
        except (BrokenProcessPool, RuntimeError):  # a process was killed, or the pool shut down
            with _lock:
                if _pool is pool:
                    _pool = _new()
            continue
        if not done:
            raise ValueError(value)
        return value
    return _here(page, chosen, texts)


def _count() -> int:
    return min(MOST, os.cpu_count() or 1)


def _new() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
    return ProcessPoolExecutor(_count(), mp_context=context, initializer=_begin)


def _begin() -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # who only moves a slider goes first
    threadpool_limits(1, "blas")
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """A process ends with the server, also when that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _ready() -> None:
    """Everything a first picture would otherwise wait for."""
    from dgmlib.ui import catalogue, spec

    for name in catalogue.PAGES:
        spec.of(name)
    gc.collect()
    gc.freeze()


def _make(page: str, chosen: str, texts: dict[str, str]) -> tuple[bool, Any]:
    """(True, result and items), or (False, the words of a ValueError): errors travel as words."""
    try:
        return True, _here(page, chosen, texts)
    except ValueError as error:
        return False, str(error)


def _here(page: str, chosen: str, texts: dict[str, str]) -> tuple[Any, list[Any]]:
    from dgmlib.ui import fields, picture, spec

    found = spec.of(page)
    known = fields.controls(found.params)
    p = found.params(**{name: known[name].parse(text) for name, text in texts.items()})
    made = picture.computed(found.views[chosen], p)
    return made.result, made.items
