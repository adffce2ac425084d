"""Transport against SciPy's and POT's: same machine, same run, same numbers.

    python -m benchmarks.transport            all
    python -m benchmarks.transport --small    the small sizes only

One thread, float64, in turns; milliseconds of processor time, so that a busy machine matters less.
The ratio is the median over turns of theirs over ours, and the promise is at least 1. Values must
agree: to 1e-10, relative, where the method is exact. Sinkhorn's plans are compared: both must have
marginals within the tolerance (Euclidean norm, POT's), and then the costs agree to ten times it,
relative. Ours stops by the sum of absolute errors, which is never smaller than the norm.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from dgmlib.divergences import sinkhorn, sliced, transport


class Case(NamedTuple):
    name: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    apart: Callable[[Any, Any], float]  # inf where they do not answer the same question
    most: float
    repeats: int


def relative(a: float, b: float) -> float:
    return abs(a - b) / abs(b)


def line(n: int, m: int, weighted: bool, *, rng: np.random.Generator) -> Case:
    x, y = rng.normal(size=n), 0.3 + rng.normal(size=m)
    a, b = (rng.random(n), rng.random(m)) if weighted else (None, None)
    return Case(
        f"W1 on the line, {n:,} and {m:,}{', weighted' if weighted else ''}; SciPy",
        lambda: transport.line(x, y, x_weight=a, y_weight=b),
        lambda: stats.wasserstein_distance(x, y, a, b),
        relative, 1e-10, 2_000_000 // (n + 20_000),
    )  # fmt: skip


def slices(n: int, m: int, order: int, weighted: bool, *, rng: np.random.Generator) -> Case:
    ot = transport._pot()
    x, y = rng.normal(size=(n, 5)), 0.3 + rng.normal(size=(m, 5))
    u = sliced.directions(100, 5, rng=rng)
    a, b = (rng.dirichlet(np.ones(k)) if weighted else None for k in (n, m))
    return Case(
        f"sliced W{order}, {n:,} and {m:,}, 100 directions{', weighted' if weighted else ''}; POT",
        lambda: sliced.sliced(x, y, projections=u, order=order, x_weight=a, y_weight=b).value,
        lambda: float(ot.sliced_wasserstein_distance(x, y, a, b, projections=u.T, p=order)),
        relative, 1e-10, 9,
    )  # fmt: skip


def entropic(n: int, m: int, share: float, tol: float, method: str, repeats: int) -> Case:
    """``share``: epsilon over the largest cost."""
    ot = transport._pot()
    rng = np.random.default_rng(0)
    cost = transport.ground_cost(rng.normal(size=(n, 2)), 0.5 + rng.normal(size=(m, 2)), 2)
    epsilon = share * float(cost.max())
    a, b = np.full(n, 1 / n), np.full(m, 1 / m)

    def ours() -> np.ndarray:
        p = sinkhorn.problem(cost, epsilon)
        return sinkhorn.plan(p, sinkhorn.solve(p, tol=tol))

    def theirs() -> np.ndarray:
        return ot.sinkhorn(a, b, cost, epsilon, method, numItermax=10**6, stopThr=tol)

    def apart(mine: np.ndarray, other: np.ndarray) -> float:
        miss = max(
            float(np.linalg.norm(plan.sum(axis) - w))
            for plan in (mine, other)
            for axis, w in ((0, b), (1, a))
        )
        gap = relative(float((mine * cost).sum()), float((other * cost).sum()))
        return gap if miss <= tol else np.inf

    name = f"Sinkhorn, {n:,} and {m:,}, epsilon {share:g} of the cost, {tol:g}; POT's {method}"
    return Case(name, ours, theirs, apart, 10 * np.sqrt(max(n, m)) * tol, repeats)


def cases(small: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n, m in [(200, 200), (1000, 700)] + [(100_000, 100_000), (100_000, 70_000)] * (not small):
        yield line(n, m, False, rng=rng)
        yield line(n, m, True, rng=rng)
    for n, m in [(200, 200), (1000, 800)] + [(5000, 5000)] * (not small):
        for order in (1, 2):
            yield slices(n, m, order, False, rng=rng)
            if n < 5000:
                yield slices(n, m, order, True, rng=rng)
    yield entropic(200, 200, 0.05, 1e-9, "sinkhorn", 25)
    yield entropic(200, 200, 0.01, 1e-9, "sinkhorn", 25)
    yield entropic(200, 150, 0.01, 1e-9, "sinkhorn_log", 3)
    if not small:
        yield entropic(200, 200, 0.005, 1e-6, "sinkhorn", 9)
        yield entropic(1000, 1000, 0.05, 1e-9, "sinkhorn", 9)
        yield entropic(1000, 800, 0.01, 1e-9, "sinkhorn", 9)


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    before = time.process_time()
    result = run()
    return time.process_time() - before, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the small sizes only")
    small = parser.parse_args().small
    warnings.simplefilter("error")  # also POT's when it does not converge
    print(f"{'what; against whose':78}{'dgmlib':>10}{'theirs':>10}{'ratio':>8}{'apart':>10}")
    failed = False
    with threadpool_limits(1):
        for case in cases(small):
            times: list[tuple[float, float]] = []
            case.ours()  # the first call of either pays for what is loaded late
            case.theirs()
            for _ in range(case.repeats):
                o, mine = seconds(case.ours)
                t, other = seconds(case.theirs)
                times.append((o, t))
            mine_ms, other_ms = (median(column) * 1e3 for column in zip(*times, strict=True))
            ratio = median(t / max(o, 1e-9) for o, t in times)
            apart = case.apart(mine, other)
            ok = ratio >= 1 and apart <= case.most
            row = f"{case.name:78}{mine_ms:10.3f}{other_ms:10.3f}{ratio:8.2f}{apart:10.1e}"
            print(f"{row}  {'ok' if ok else 'TOO SLOW OR DIFFERENT'}", flush=True)
            failed |= not ok
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
