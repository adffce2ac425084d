"""Metropolis and HMC against BlackJAX and NumPyro, diagnostics against ArviZ: one core, one run.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.samplers

100 chains start from exact draws of the target and every sampler has the same step, the same
number of leapfrog steps and float64. Each is run once to compile, which is reported apart, and
then in turns; the effective sample size is the smallest bulk ESS of x, y, x^2 and y^2 over all
chains, by one function for everybody. The speed of each is its median over the turns; ESS per draw
must agree, or somebody samples something else.
"""

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"], os.environ["JAX_ENABLE_X64"] = "cpu", "1"
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402
from arviz_stats.base.array import array_stats  # noqa: E402

from dgmlib.samplers import chain, compiled, diagnostics, hmc, metropolis  # noqa: E402
from dgmlib.targets import closed  # noqa: E402
from dgmlib.targets import compiled as scalar  # noqa: E402

CHAINS, DRAWS, TURNS = 100, 5000, 5
RHO = 0.9
COV = ((1.0, RHO), (RHO, 1.0))
TARGETS = {  # name: exact target, compiled target, scale of Metropolis, step and leaps of HMC
    "correlated Gaussian": (closed.gaussian(cov=COV), scalar.gaussian(cov=COV), 1.2, 0.35, 5),
    "banana": (closed.banana(), scalar.banana(), 1.5, 0.35, 8),
}
Draw = Callable[[int], np.ndarray]  # seed -> (T, C, d)


def jax_density(name: str) -> Callable[[Any], Any]:
    precision = np.linalg.inv(COV)
    if name == "banana":
        return lambda x: -0.5 * ((x[0] / 2) ** 2 + (x[1] - 0.25 * (x[0] ** 2 - 4)) ** 2)
    return lambda x: -0.5 * x @ precision @ x


def samplers(name: str, method: str, start: np.ndarray) -> dict[str, Draw]:
    """Who takes part: a name and a run of DRAWS draws."""
    target, fast, scale, step, leaps = TARGETS[name]
    if method == "Metropolis":
        return {
            "dgmlib, compiled": lambda seed: compiled.metropolis(
                start, fast, scale=scale, n_steps=DRAWS, rng=np.random.default_rng(seed)
            ).x[1:],
            "dgmlib, stream of steps": lambda seed: stream(
                lambda s, rng: metropolis.step(s, target.log_prob, scale=scale, rng=rng),
                metropolis.init(start, target.log_prob),
                seed,
            ),
            "BlackJAX": blackjax_run(name, method, start, scale, 0),
        }
    return {
        "dgmlib, compiled": lambda seed: compiled.hmc(
            start, fast, step_size=step, n_leapfrog=leaps, n_steps=DRAWS,
            rng=np.random.default_rng(seed),
        ).x[1:],
        "dgmlib, stream of steps": lambda seed: stream(
            lambda s, rng: hmc.step(s, target, step_size=step, n_leapfrog=leaps, rng=rng),
            hmc.init(start, target),
            seed,
        ),
        "BlackJAX": blackjax_run(name, method, start, step, leaps),
        "NumPyro": numpyro_run(name, start, step, leaps),
    }  # fmt: skip


def stream(step: Callable[..., Any], state: Any, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return chain.run(lambda s: step(s, rng), state, DRAWS).x[1:]


def blackjax_run(name: str, method: str, start: np.ndarray, step: float, leaps: int) -> Draw:
    blackjax, jax = import_module("blackjax"), import_module("jax")
    density = jax_density(name)
    if method == "Metropolis":
        kernel = blackjax.additive_step_random_walk.normal_random_walk(
            density, step * jax.numpy.eye(2)
        )
    else:
        kernel = blackjax.hmc(density, step, jax.numpy.ones(2), leaps)

    @jax.jit
    def go(key: Any, state: Any) -> Any:
        def one(state: Any, key: Any) -> Any:
            state, _ = jax.vmap(kernel.step)(jax.random.split(key, CHAINS), state)
            return state, state.position

        return jax.lax.scan(one, state, jax.random.split(key, DRAWS))[1]

    state = jax.vmap(kernel.init)(jax.numpy.asarray(start))
    return lambda seed: np.asarray(go(jax.random.key(seed), state))


def numpyro_run(name: str, start: np.ndarray, step: float, leaps: int) -> Draw:
    jax, infer = import_module("jax"), import_module("numpyro.infer")
    density = jax_density(name)
    kernel = infer.HMC(
        potential_fn=lambda x: -density(x),
        step_size=step,
        trajectory_length=step * leaps,
        adapt_step_size=False,
        adapt_mass_matrix=False,
    )
    run = infer.MCMC(
        kernel, num_warmup=0, num_samples=DRAWS, num_chains=CHAINS, chain_method="vectorized",
        progress_bar=False,
    )  # fmt: skip

    def draw(seed: int) -> np.ndarray:
        run.run(jax.random.key(seed), init_params=jax.numpy.asarray(start))
        return np.asarray(run.get_samples(group_by_chain=True)).swapaxes(0, 1)

    return draw


def effective(x: np.ndarray) -> float:
    return float(diagnostics.ess_bulk(np.concatenate([x, x**2], -1)).min())


def race(name: str, method: str) -> dict[str, float]:
    """Prints one table; returns ESS per second of everybody."""
    target = TARGETS[name][0]
    assert target.sample is not None
    start = target.sample(CHAINS, np.random.default_rng(0))
    runs = samplers(name, method, start)
    spent: dict[str, list[float]] = {who: [] for who in runs}
    worth: dict[str, list[float]] = {who: [] for who in runs}
    compiling = {who: clock(lambda draw=draw: draw(0)) for who, draw in runs.items()}
    for turn in range(1, TURNS + 1):
        for who, draw in runs.items():
            begin = time.perf_counter()
            x = draw(turn)
            spent[who].append(time.perf_counter() - begin)
            worth[who].append(effective(x) / x[..., 0].size)
    print(f"\n{method} on the {name}: {CHAINS} chains, {DRAWS:,} draws each")
    print(f"{'':26}{'us a step':>10}{'ESS a draw':>12}{'ESS a second':>14}{'first run':>11}")
    rate = {}
    for who in runs:
        each, ess = median(spent[who]), median(worth[who])
        rate[who] = ess * CHAINS * DRAWS / each
        first = compiling[who]
        print(f"{who:26}{each / DRAWS * 1e6:>10.1f}{ess:>12.4f}{rate[who]:>14,.0f}{first:>9.2f} s")
    low, high = (f(median(w) for w in worth.values()) for f in (min, max))
    assert high < 1.15 * low, "ESS per draw differs: not the same sampler"
    return rate


def clock(f: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    f()
    return time.perf_counter() - begin


def judge(shape: tuple[int, int, int]) -> float:
    """Everything that judges a chain, by both; the ratio of the times, ours to ArviZ's."""
    T, C, d = shape
    x = np.cumsum(np.random.default_rng(0).standard_normal(shape), 0) * 0.02
    x += np.random.default_rng(1).standard_normal(shape)
    ours = {
        "rhat": diagnostics.rhat,
        "ess_bulk": diagnostics.ess_bulk,
        "ess_tail": diagnostics.ess_tail,
        "mcse": diagnostics.mcse,
    }
    axes: Any = {"chain_axis": 1, "draw_axis": 0}
    theirs: dict[str, Callable[[np.ndarray], Any]] = {
        "rhat": lambda x: array_stats.rhat(x, **axes),
        "ess_bulk": lambda x: array_stats.ess(x, method="bulk", **axes),
        "ess_tail": lambda x: array_stats.ess(x, method="tail", prob=(0.05, 0.95), **axes),
        "mcse": lambda x: array_stats.mcse(x, method="mean", **axes),
    }
    print(f"\ndiagnostics of {C} chains x {T:,} draws x {d} quantities, ms")
    total = [0.0, 0.0]
    for name in ours:
        np.testing.assert_allclose(ours[name](x), theirs[name](x), rtol=1e-8)
        times = [[clock(lambda f=f: f(x)) for f in (ours[name], theirs[name])] for _ in range(7)]
        a, b = (median(t) * 1e3 for t in zip(*times, strict=True))
        total = [total[0] + a, total[1] + b]
        print(f"  {name:10} dgmlib {a:9.2f}   ArviZ {b:9.2f}   {b / a:5.2f} times as fast")
    return total[0] / total[1]


def main() -> None:
    holds = True
    for name in TARGETS:
        for method in ("Metropolis", "HMC"):
            rate = race(name, method)
            best = max(r for who, r in rate.items() if not who.startswith("dgmlib"))
            holds &= rate["dgmlib, compiled"] >= best
            print(f"{rate['dgmlib, compiled'] / best:.2f} times the ESS a second of the best other")
    for shape in ((1000, 4, 10), (5000, 100, 2)):
        holds &= judge(shape) <= 1
    print("\nholds" if holds else "\nDOES NOT HOLD")
    sys.exit(not holds)


if __name__ == "__main__":
    main()
