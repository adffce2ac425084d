r"""Where Langevin chains are after k steps, and where they settle: exactly, on the line.

    m_{k+1}(y) = int m_k(x) K(x, y) dx,    a settled m has m K = m
    ULA   K(x, y) = N(y; x + e s(x), 2 e)
    MALA  K(x, y) = N(y; x + e s(x), 2 e) a(x, y) + (what is refused) at x

The integral is a sum over an even grid. K is smooth in x over sqrt(2 e) / |1 + e s'(x)|: cells a
few times finer than the noise sqrt(2 e) of a step give many digits; fewest on the ridge between
two narrow modes, where s' is large. ``fine`` shows what it costs. MALA on the grid is a Markov
chain in detailed balance with p on the grid; the corners of its a(x, y) leave an error of the
order of a cell squared.

References:
    Exponential convergence of Langevin distributions and their discrete approximations
    (Roberts & Tweedie, 1996) https://doi.org/10.2307/3318418
    The numerical evaluation by quadrature of integral equations (Nystrom, 1930)
    https://doi.org/10.1007/BF02547521
"""

from collections.abc import Callable, Iterator

import numpy as np

from dgmlib.samplers.chain import check_positive
from dgmlib.scores.exact import Score

FINE = 4.0
CELLS = 4000  # at most
STARTS = 800  # cells of the starts
LOST = 1e-6  # mass that may leave the grid


def grid(low: float, high: float, step_size: float, fine: float = FINE) -> np.ndarray:
    """Points from ``low`` to ``high``, at least ``fine`` of them in the noise of a step."""
    check_positive("step_size", step_size)
    n = int(np.ceil(fine * (high - low) / (2 * step_size) ** 0.5)) + 1
    if not low < high or n > CELLS:
        raise ValueError(f"{n} cells from {low} to {high} (of {CELLS}): take a larger step_size")
    return np.linspace(low, high, max(n, 200))


def ula_kernel(
    score: Score, x: np.ndarray, step_size: float, to: np.ndarray | None = None
) -> np.ndarray:
    """The chance of going from x_i (g,) to the cell of to_j (h,), the same grid if none is given.

    (g, h); rows lose what leaves the grid.
    """
    to = x if to is None else to
    _cell(x, step_size)
    return np.exp(_log_kernel(score, x, to, step_size))


def mala_kernel(
    score: Score, log_prob: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step_size: float
) -> np.ndarray:
    """The same with refusals, any drift: (g, g), rows sum to 1."""
    log_q, log_p = _log_kernel(score, x, x, step_size), log_prob(x[:, None])
    log_ratio = log_p - log_p[:, None] + log_q.T - log_q
    kernel = np.exp(log_q + np.minimum(0.0, log_ratio))
    np.fill_diagonal(kernel, 0.0)
    np.fill_diagonal(kernel, 1 - kernel.sum(1))
    return kernel


def push(mass: np.ndarray, kernel: np.ndarray, steps: int) -> np.ndarray:
    """The mass of every cell after 0, 1, ..., steps: (steps + 1, g)."""
    path = [np.asarray(mass, dtype=float)]
    for _ in range(steps):
        path.append(path[-1] @ kernel)
    if (lost := float(path[0].sum() - path[-1].sum())) > LOST:
        raise ValueError(f"{lost:.1e} of the mass left the grid: make it wider")
    return np.stack(path)


def annealed(
    score_at: Callable[[float], Score], sigmas: np.ndarray, sizes: np.ndarray, *, steps: int,
    reach: float, extent: float, swell: float = 1.0, fine: float = FINE,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Grid and mass (g,) after all of :func:`levels`."""
    *_, (x, path) = levels(score_at, sigmas, sizes, steps=steps, reach=reach, extent=extent,
                           swell=swell, fine=fine)  # fmt: skip
    return x, path[-1]


def levels(
    score_at: Callable[[float], Score], sigmas: np.ndarray, sizes: np.ndarray, *, steps: int,
    reach: float, extent: float, swell: float = 1.0, fine: float = FINE,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """For each level its grid (g,) and the masses after 1, ..., ``steps`` of its steps (steps, g).

    Chains start anywhere in [-reach, reach]. ``score_at(sigma)`` is the smoothed score, ``sizes``
    (L,) are the steps of the levels; without noise the data lie in [-extent, extent], and large
    steps make a level wider than its noise by ``swell``. Every level has a grid as wide as the
    level before needs and as fine as the level after. One level of sigma 0 is Langevin dynamics as
    it is.
    """
    finer = np.minimum(sizes, np.append(sizes[1:], sizes[-1:]))
    wide = extent + 8 * swell * np.append(sigmas[0], sigmas)
    wide[0] = max(wide[0], reach + 8 * (2 * sizes[0]) ** 0.5)
    x = (np.arange(STARTS) + 0.5) * (2 * reach / STARTS) - reach
    mass = np.full(STARTS, 1 / STARTS)
    for i, (sigma, size) in enumerate(zip(sigmas, sizes, strict=True)):
        s, to = score_at(float(sigma)), grid(-wide[i], wide[i], float(finer[i]), fine)
        path = push(mass @ ula_kernel(s, x, size, to), ula_kernel(s, to, size), steps - 1)
        x, mass = to, path[-1]
        if 1 - mass.sum() > LOST:
            raise ValueError(f"{1 - mass.sum():.1e} of the mass left the grid: lower the steps")
        yield x, path


def settled(kernel: np.ndarray) -> np.ndarray:
    """The mass m = m K (g,), sum 1, of a chain that does not leave.

    Between modes that chains cross with a chance below 1e-12 a step, the shares are rounding.
    """
    g = len(kernel)
    rows = kernel / kernel.sum(1, keepdims=True)
    system = np.eye(g) - rows.T
    system[-1] = 1.0
    mass = np.linalg.solve(system, np.eye(g)[-1])
    if (leaving := float(mass @ (1 - kernel.sum(1)))) > LOST:
        raise ValueError(f"{leaving:.1e} of the mass leaves at every step: widen the grid, or the "
                         "step is so large that the chain does not settle")  # fmt: skip
    return np.maximum(mass, 0.0)


def cells(log_prob: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """The mass of a density in the cells of an even grid (g,), sum 1."""
    log_p = log_prob(x[:, None])
    mass = np.exp(log_p - log_p.max())
    return mass / mass.sum()


def _log_kernel(score: Score, x: np.ndarray, to: np.ndarray, step_size: float) -> np.ndarray:
    """log of the chance of proposing the cell of to_j from x_i: (g, h)."""
    away = to - (x + step_size * score(x[:, None])[:, 0])[:, None]
    cell = _cell(to, step_size)
    return np.log(cell) - 0.5 * np.log(4 * np.pi * step_size) - away**2 / (4 * step_size)


def _cell(x: np.ndarray, step_size: float) -> float:
    check_positive("step_size", step_size)
    cell = float(x[1] - x[0])
    if cell > (2 * step_size) ** 0.5 * (1 + 1e-9):
        raise ValueError(
            f"cells of {cell:g} are wider than the noise of a step of {step_size:g}: use grid()"
        )
    return cell
