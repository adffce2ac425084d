"""EM on Gaussian mixtures, per iteration, against scikit-learn: same machine, same run.

    python -m benchmarks.em            both sizes
    python -m benchmarks.em --small    the small one only

Both run the same number of iterations in float64 from the same start, in turns; the time of an
iteration is the slope between a short and a long run, which leaves out each one's preparation
(checks in scikit-learn, standardisation here). Afterwards the log-likelihoods of the two results,
each computed by its own library, must agree to 1e-6, relative.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from dgmlib.mixtures import fast, starts, trace
from dgmlib.mixtures.gmm import Params

SIZES = {  # name: n, d, K, short, long, repeats, most time against scikit-learn's
    "10,000 x 2, 5 full": (10_000, 2, 5, 2, 32, 7, 1.0),
    "100,000 x 64, 50 full": (100_000, 64, 50, 1, 3, 3, 1 / 1.5),
}


def points(n: int, d: int, K: int, *, rng: np.random.Generator) -> np.ndarray:
    """K overlapping Gaussian clusters with random covariances: (n, d)."""
    root = rng.normal(size=(K, d, d)) / np.sqrt(d)
    centre = rng.normal(size=(K, d))
    k = rng.integers(K, size=n)
    x = np.empty((n, d))
    for j in range(K):
        x[k == j] = centre[j] + rng.normal(size=((k == j).sum(), d)) @ root[j]
    return x


def ours(x: np.ndarray, start: Params, n_iterations: int) -> Callable[[], float]:
    *_, last = islice(fast.stream(x, start), n_iterations)
    return lambda: float(fast.expect(last.next, fast.prepare(x))[1])


def theirs(x: np.ndarray, start: Params, n_iterations: int) -> Callable[[], float]:
    model = GaussianMixture(
        len(start.weight),
        tol=0,
        reg_covar=0,
        max_iter=n_iterations,
        weights_init=start.weight,
        means_init=start.mean,
        precisions_init=np.linalg.inv(start.cov),
        init_params="random",
        random_state=0,
    ).fit(x)
    return lambda: float(model.score_samples(x).sum())


def seconds(run: Callable, *args) -> tuple[float, Any]:
    before = time.perf_counter()
    result = run(*args)
    return time.perf_counter() - before, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the small size only")
    small = parser.parse_args().small
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is told to stop early
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, float64; ms per iteration")
    print(
        f"{'n x d, K':24}{'dgmlib':>10}{'sklearn':>10}{'ratio':>8}{'of median':>11}{'log-lik':>10}"
    )
    failed = False
    for name, (n, d, K, short, long, repeats, most) in list(SIZES.items())[: 1 if small else None]:
        rng = np.random.default_rng(0)
        x = points(n, d, K, rng=rng)
        start = starts.start(x, K, kind="random", rng=rng)
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        results = {}
        for _ in range(repeats):
            for key, run in (("ours", ours), ("theirs", theirs)):
                brief, _ = seconds(run, x, start, short)
                full, results[key] = seconds(run, x, start, long)
                times[key].append((full - brief) / (long - short))
        a, b = median(times["ours"]), median(times["theirs"])
        ratio = median(t / o for o, t in zip(times["ours"], times["theirs"], strict=True))
        mine, other = results["ours"](), results["theirs"]()
        apart = abs(mine - other) / abs(other)
        verdict = "ok" if apart < 1e-6 and b >= a / most else "TOO SLOW OR DIFFERENT"
        row = f"{name:24}{a * 1e3:10.2f}{b * 1e3:10.2f}{b / a:8.2f}{ratio:11.2f}{apart:10.1e}"
        print(f"{row}  {verdict}")
        failed |= verdict != "ok"
    rng = np.random.default_rng(0)
    x = points(300, 2, 3, rng=rng)
    start = starts.start(x, 3, rng=rng)
    runs = [seconds(lambda: trace.fit(x, start, n_steps=60, tol=-1))[0] for _ in range(50)]
    print(f"a trace of 60 half-steps, 300 x 2, 3 full: {median(runs) * 1e3:.1f} ms")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
