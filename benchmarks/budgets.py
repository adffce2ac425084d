"""What the server does for every view of every page, and how much travels.

    python -m benchmarks.budgets              all pages
    python -m benchmarks.budgets sampling     one of them

Promised: at most 100 ms of work at the defaults and 1 s at either end of any control, each on one
thread. The work is the view's computation, drawing and packing, without the cache; the fastest of
a few runs, because the first also imports. ``kB`` is the packed picture before compression.
"""

import os
import sys
import time
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from dgmlib.ui import catalogue, fields, picture, spec

DEFAULT, WORST = 0.1, 1.0  # s


def cost(view: spec.View, p: Any, runs: int) -> tuple[float, int]:
    """Seconds of work and bytes of a view; 0 bytes where it is an explanation."""
    best, size = float("inf"), 0
    for _ in range(runs):
        begin = time.thread_time()
        try:
            made = picture.computed(view, p)
            size = sum(len(i) for i in made.items if isinstance(i, bytes))
        except ValueError:
            size = 0
        best = min(best, time.thread_time() - begin)
    return best, size


def main() -> None:
    holds = True
    print(f"{'page':24}{'view':14}{'default ms':>11}{'kB':>7}{'worst ms':>10}{'kB':>7}  where")
    for name in sys.argv[1:] or catalogue.PAGES:
        page = spec.of(name)
        controls = fields.controls(page.params)
        for chosen, view in page.views.items():
            if view.job:  # bounded by itself, and nobody waits for it unasked
                continue
            base = {"view": chosen}
            first, kb = cost(view, page.params(**base), 4)
            worst, most, where = first, kb, "the defaults"
            settings = [{c: end} for c in view.controls for end in controls[c].ends]
            settings += [dict(v) for v in page.presets.values() if v.get("view", chosen) == chosen]
            for values in settings:
                used, size = cost(view, page.params(**{**base, **values}), 2)
                most = max(most, size)
                if used > worst:
                    worst, where = used, ", ".join(f"{k}={v}" for k, v in values.items())
            fine = first <= DEFAULT and worst <= WORST
            holds &= fine
            row = f"{name:24}{chosen:14}{first * 1e3:>11.1f}{kb / 1e3:>7.0f}{worst * 1e3:>10.1f}"
            note = where[:60] if fine else f"{where[:60]}  MISSED"
            print(f"{row}{most / 1e3:>7.0f}  {note}", flush=True)
    print("holds" if holds else "DOES NOT HOLD")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
