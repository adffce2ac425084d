"""Many readers at once, each clicking some control, thinking, clicking again.

    python -m benchmarks.readers URL --pages kl_asymmetry gaussian_mixture

Prints one line of JSON. The think time is exponential, so clicks come in bursts as they do in
a lecture room. Opening the page is not counted; every click is, from the first.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from typing import Any

from websockets.exceptions import WebSocketException

from benchmarks.wsclient import PageError, reading


class Crowd:
    """What all the visits share. They begin to click together, once everybody is in."""

    def __init__(self, readers: int, seconds: float, think: float) -> None:
        self.seconds, self.think = seconds, think
        self.inside = asyncio.Barrier(readers)
        self.clicks: list[tuple[float, int, str]] = []  # milliseconds, bytes, page
        self.errors: list[str] = []

    async def visit(self, url: str, page: str, rng: random.Random) -> None:
        try:
            async with reading(url, page) as reader:
                await self.inside.wait()
                until = time.monotonic() + self.seconds
                await asyncio.sleep(rng.random() * self.think)
                while time.monotonic() < until:
                    widget, value = reader.choose(rng)
                    took = 1e3 * await reader.set(widget, value)
                    self.clicks.append((took, reader.received, page))
                    await asyncio.sleep(rng.expovariate(1 / self.think))
        except asyncio.BrokenBarrierError:
            return  # another's error, which is noted
        except (PageError, OSError, WebSocketException) as error:
            self.errors.append(f"{page}: {type(error).__name__}: {error}")
            await self.inside.abort()


async def crowd(
    url: str, pages: Sequence[str], *, readers: int, seconds: float, think: float, seed: int
) -> dict[str, Any]:
    of = Crowd(readers, seconds, think)
    visits = []
    for i in range(readers):
        await asyncio.sleep(5 / readers)  # they arrive over five seconds
        visit = of.visit(url, pages[i % len(pages)], random.Random(seed + i))
        visits.append(asyncio.create_task(visit))
    await asyncio.gather(*visits)
    found, wrong = of.clicks, of.errors
    times = sorted(ms for ms, _, _ in found)
    by_page = {p: sorted(ms for ms, _, q in found if q == p) for p in dict.fromkeys(pages)}
    return {
        "readers": readers,
        "seconds": seconds,
        "think_s": think,
        "clicks": len(times),
        "errors": wrong,
        **spread(times),
        "kilobytes": round(sum(size for _, size, _ in found) / max(1, len(found)) / 1000, 1),
        "pages": {p: {"clicks": len(t), **spread(t)} for p, t in by_page.items()},
    }


def spread(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum of sorted milliseconds."""
    if not times:
        return {"median": float("nan"), "p95": float("nan"), "max": float("nan")}
    at = {"median": 0.5, "p95": 0.95, "max": 1.0}
    return {k: round(times[min(len(times) - 1, int(q * len(times)))], 1) for k, q in at.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--pages", nargs="+", default=[""])
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    options = dict(readers=a.readers, seconds=a.seconds, think=a.think, seed=a.seed)
    print(json.dumps(asyncio.run(crowd(a.url, a.pages, **options))))


if __name__ == "__main__":
    main()
