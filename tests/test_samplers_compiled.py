"""Compiled runs: the same chains as the streams of steps. Each test names the mutants it kills."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from dgmlib.samplers import chain, compiled, hmc, metropolis
from dgmlib.targets import closed
from dgmlib.targets import compiled as scalar

ROOT = Path(__file__).parent.parent
SHIFT, COV = (1.0, -1.0, 0.5), ((2.0, 1.2, 0.1), (1.2, 1.0, 0.0), (0.1, 0.0, 0.7))
PAIRS = {
    "gaussian": (closed.gaussian(SHIFT, COV), scalar.gaussian(SHIFT, COV)),
    "banana": (closed.banana(1.5, 0.4), scalar.banana(1.5, 0.4)),
    "funnel": (closed.funnel(1.2, 3), scalar.funnel(1.2, 3)),
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def starts(name: str) -> np.ndarray:
    sample = PAIRS[name][0].sample
    assert sample is not None
    return sample(7, rng(1))


@pytest.mark.parametrize("name", list(PAIRS))
def test_the_same_density_and_slope(name: str) -> None:
    """Mutants: a constant left out, a wrong sign, 2 b for b, d for d - 1."""
    target, fast = PAIRS[name]
    for x in 1.3 * starts(name):
        assert fast.log_prob(x) == pytest.approx(float(target.log_prob(x)), abs=1e-12)
        out = np.empty_like(x)
        fast.grad(x, out)
        np.testing.assert_allclose(out, target.need_grad()(x), atol=1e-12)


@pytest.mark.parametrize("name", list(PAIRS))
def test_metropolis_is_the_stream_of_steps(name: str) -> None:
    """Mutants: refused proposals dropped, the new density kept after a refusal, random numbers in
    another order, one scale for all coordinates. Same arithmetic: equal but for rounding."""
    target, fast = PAIRS[name]
    x, scale = starts(name), np.linspace(0.6, 1.8, target.dim)
    g = rng(3)
    step = partial(metropolis.step, log_prob=target.log_prob, scale=scale, rng=g)
    slow = chain.run(lambda s: step(s), metropolis.init(x, target.log_prob), 60)
    run = compiled.metropolis(x, fast, scale=scale, n_steps=60, rng=rng(3))
    np.testing.assert_allclose(run.x, slow.x, atol=1e-12)
    np.testing.assert_allclose(run.accept_prob, slow.info.accept_prob, atol=1e-12)
    assert 0.05 < slow.info.accepted.mean() < 0.95  # both kinds of step were met


@pytest.mark.parametrize("name", list(PAIRS))
def test_hmc_is_the_stream_of_steps(name: str) -> None:
    """Mutants: a half step left out, the old gradient after an acceptance, the new one after a
    refusal, the energy of the wrong velocity."""
    target, fast = PAIRS[name]
    x, g = starts(name), rng(4)
    step = partial(hmc.step, target=target, step_size=0.9, n_leapfrog=3, rng=g)
    slow = chain.run(lambda s: step(s), hmc.init(x, target), 40)
    run = compiled.hmc(x, fast, step_size=0.9, n_leapfrog=3, n_steps=40, rng=rng(4))
    # a path of 40 steps enlarges rounding; a wrong step would be off by 0.1 and more
    np.testing.assert_allclose(run.x, slow.x, atol=1e-9)
    np.testing.assert_allclose(run.accept_prob, slow.info.accept_prob, atol=1e-9)
    np.testing.assert_allclose(run.energy_error, slow.info.energy_error, rtol=1e-6, atol=1e-9)
    assert 0.05 < slow.info.accepted.mean() < 0.99


@pytest.mark.parametrize("outside", [-np.inf, np.nan])
def test_a_readers_own_density(outside: float) -> None:
    """A box: what is impossible, or not a number, is refused. Mutant: NaN accepted."""

    @njit
    def log_prob(x):
        return 0.0 if abs(x[0]) < 1 and abs(x[1]) < 1 else outside

    @njit
    def grad(x, out):
        out[:] = 0.0

    box = scalar.Compiled(log_prob, grad)
    run = compiled.metropolis(np.zeros((50, 2)), box, scale=0.8, n_steps=400, rng=rng(5))
    assert np.abs(run.x).max() < 1
    # uniform on the box: each chain's variance of x is 1/3; 50 chains of 400 correlated draws
    assert run.x[50:].var() == pytest.approx(1 / 3, abs=0.02)
    path = compiled.hmc(
        np.zeros((50, 2)), box, step_size=0.3, n_leapfrog=3, n_steps=400, rng=rng(6)
    )
    assert np.abs(path.x).max() < 1


def test_bad_input_says_what_to_do() -> None:
    fast = scalar.banana()
    with pytest.raises(ValueError, match="n_steps must be at least 1"):
        compiled.metropolis(np.zeros((2, 2)), fast, scale=1.0, n_steps=0, rng=rng())
    with pytest.raises(ValueError, match="one chain is x"):
        compiled.metropolis(np.zeros(2), fast, scale=1.0, n_steps=1, rng=rng())
    with pytest.raises(ValueError, match="scale must be positive"):
        compiled.metropolis(np.zeros((2, 2)), fast, scale=0.0, n_steps=1, rng=rng())
    x = np.array([[0.0, 0.0], [np.nan, 0.0]])
    with pytest.raises(ValueError, match="chain 1 starts at"):
        compiled.hmc(x, fast, step_size=0.1, n_leapfrog=2, n_steps=1, rng=rng())
    with pytest.raises(ValueError, match="n_leapfrog"):
        compiled.hmc(np.zeros((2, 2)), fast, step_size=0.1, n_leapfrog=0, n_steps=1, rng=rng())


def test_numba_is_an_extra() -> None:
    """Without it the rest works and the message says what to install."""
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "import dgmlib.samplers.hmc, dgmlib.targets.closed\n"
        "try:\n    import dgmlib.samplers.compiled\n"
        "except ImportError as e:\n    assert 'pip install dgmlib[fast]' in str(e)\n"
        "else:\n    raise SystemExit('imported without Numba')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
