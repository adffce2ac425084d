r"""Along the way of one mean: the log-likelihood, and the bound that touches it from below.

For every iteration the line from mu_k to where the M-step will put it, m(t) = mu_k + t v with
v = (next mu_k - mu_k) / |next mu_k - mu_k|. Only component k changes, by the factor e^delta:

    delta_n(t) = t v^T Sigma_k^{-1} (x_n - mu_k) - t^2/2 v^T Sigma_k^{-1} v
    log p(X; t) - log p(X; 0) = sum_n log(1 - r_nk + r_nk e^{delta_n(t)})
    bound(r; t) - log p(X; 0) = sum_n r_nk delta_n(t)              (Jensen: never above)

At t = 0 both meet, value and slope. The bound is a parabola with its top at |next mu_k - mu_k|,
wherever the likelihood's own top may be.

References:
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.trace import Trace


class Touch(NamedTuple):
    """I iterations; nats relative to the log-likelihood at t = 0."""

    trace: Trace
    component: int
    frame: np.ndarray  # (I,): the half-step (an E-step) of the trace that each slice belongs to
    offset: np.ndarray  # (m,): t
    log_likelihood: np.ndarray  # (I, m)
    bound: np.ndarray  # (I, m)
    now: np.ndarray  # (I, d): the mean
    next: np.ndarray  # (I, d): where the M-step puts it
    top: np.ndarray  # (I, 2): t and gain of the bound's top
    gained: np.ndarray  # (I,): log-likelihood at that t


def touch(x: np.ndarray, trace: Trace, *, component: int, m: int = 61, most: int = 30) -> Touch:
    """The slices of the first ``most`` iterations of an untempered trace, at ``m`` points each."""
    if np.any(trace.temperature != 1):
        raise ValueError(
            f"the bound touches the log-likelihood at temperature 1, not {trace.temperature[0]:g}"
        )
    frame = np.flatnonzero((trace.kind[:-1] == "E") & (trace.kind[1:] == "M"))[:most]  # (I,)
    if not len(frame):
        raise ValueError("a component collapsed at once; choose another start or fewer components")
    now, after = trace.mean[frame, component], trace.mean[frame + 1, component]  # (I, d)
    length = np.linalg.norm(after - now, axis=1)  # (I,)
    v = (after - now) / np.where(length > 0, length, 1.0)[:, None]
    v[length == 0, 0] = 1.0  # at rest any line will do
    u = np.linalg.solve(trace.cov[frame, component], v[..., None])[..., 0]  # Sigma^{-1} v
    slope = np.einsum("id,ind->in", u, x - now[:, None, :])  # (I, n)
    curve = np.einsum("id,id->i", u, v)[:, None]  # (I, 1)
    r = trace.responsibilities[frame, :, component]  # (I, n)
    reach = max(2.2 * length.max(), 0.3 * float(x.std(0).mean()))
    offset = np.linspace(-0.6 * reach, reach, m)

    def along(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # (I or 1, k) -> 2 x (I, k)
        delta = t[..., None] * slope[:, None] - 0.5 * t[..., None] ** 2 * curve[:, None]
        bound = np.einsum("ikn,in->ik", delta, r)
        if delta.max() < 700:  # exp stays finite, and is a third of the work of logaddexp
            both = np.exp(delta)
            both *= r[:, None]
            both += (1 - r)[:, None]
            whole = r == 1  # there exp(delta) may be 0, and its logarithm is delta
            with np.errstate(divide="ignore"):
                np.log(both, out=both)
            return both.sum(-1, where=~whole[:, None]) + delta.sum(-1, where=whole[:, None]), bound
        with np.errstate(divide="ignore"):  # log 0 = -inf is what a point that belongs wholly has
            both = np.logaddexp(np.log1p(-r)[:, None], np.log(r)[:, None] + delta)  # (I, k, n)
        return both.sum(-1), bound

    log_p, bound = along(offset[None])
    gained, top = along(length[:, None])
    return Touch(
        trace, component, frame, offset, log_p, bound, now, after,
        np.concatenate([length[:, None], top], axis=1), gained[:, 0],
    )  # fmt: skip
