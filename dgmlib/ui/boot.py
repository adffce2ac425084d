"""What the server does once, before its first reader waits for it.

Python's cyclic collector would otherwise walk through every module again and again (a full
collection costs about 0.1 s with the scientific packages loaded); after ``gc.freeze`` they
are out of its sight. ``.streamlit/config.toml`` turns off Streamlit's own collection after
every run, and uvloop (a pinned dependency) sets TCP_NODELAY.

Readers share the cores: one picture each on one thread, instead of every picture on all of them
(small matrix products on two threads cost twice the time and four times the work, measured).
"""

import gc
import logging
import threading
from functools import partial

from threadpoolctl import threadpool_limits

LOG = logging.getLogger(__name__)
_LOCK = threading.Lock()
_done = False


def boot() -> None:
    """Hides what the first page has loaded from the collector. Later calls do nothing."""
    global _done
    if _done:
        return
    with _LOCK:
        if _done:
            return
        threadpool_limits(1, "blas")
        gc.collect()
        gc.freeze()
        _done = True


def prewarm() -> None:
    """Computes the default picture of every page, then :func:`boot`."""
    from dgmlib.ui import catalogue, front, picture, spec

    for name in catalogue.PAGES:
        page = spec.of(name)
        first = [partial(picture.rendered, page, chosen, page.params()) for chosen in page.views]
        for make in [*first, partial(front.thumbnail, name)]:
            try:
                make()
            except Exception:  # one broken view must not keep the others from their readers
                LOG.exception("a first picture of %s fails", name)
    boot()
