"""The bound: two sums with one mean, closed forms on the line, and what their noise is."""

import numpy as np
import pytest
from scipy.stats import norm

from dgmlib.diffusion import elbo, exact, schedule
from dgmlib.divergences.gaussian_nd import gaussian, kl
from dgmlib.mixtures import gmm

RNG = np.random.default_rng
LINE = gmm.Params(np.ones(1), np.array([[0.4]]), np.array([[[0.25]]]))
TWO = gmm.Params(np.array([0.4, 0.6]), np.array([[-1.0], [1.0]]), np.array([[[0.04]], [[0.09]]]))
PLAN = schedule.linear(12, first=0.02, last=0.5)


def closed_form(x0: float, variance: elbo.Variance, wrong: float = 0.0) -> np.ndarray:
    """(T + 1,) expected terms of the first sum for Gaussian data on the line, by moments.

    e-hat is linear in x_t: e-hat = c x_t + f, with x_t ~ N(sqrt(a) x_0, 1 - a); ``wrong`` is added
    to it, so that the model need not be the best one.
    """
    a, var = PLAN.alpha_bar, elbo.variances(PLAN, variance)
    T, found = len(a) - 1, []
    for t in range(1, T + 1):
        ratio, s = a[t] / a[t - 1], (1 - a[t]) ** 0.5
        c = s / (a[t] * 0.25 + 1 - a[t])
        f = -c * a[t] ** 0.5 * 0.4 + wrong
        # x0-hat = (x - s e-hat) / sqrt(a) = p x + r
        p, r = (1 - s * c) / a[t] ** 0.5, -s * f / a[t] ** 0.5
        gain = a[t - 1] ** 0.5 * (1 - ratio) / (1 - a[t])  # of x0-hat in the mean
        off_mean = x0 - (p * a[t] ** 0.5 * x0 + r)
        square = gain**2 * (off_mean**2 + p**2 * (1 - a[t]))
        if t == 1:
            # log p(x_0 | x_1): the mean is x0-hat, so x_0 less it is ``off``
            found.append(0.5 * (square / var[1] + np.log(2 * np.pi * var[1])))
        else:
            true = (1 - ratio) * (1 - a[t - 1]) / (1 - a[t])
            found.append(0.5 * (square / var[t] + true / var[t] - 1 - np.log(true / var[t])))
    found.append(kl(gaussian([a[T] ** 0.5 * x0], [1 - a[T]]), gaussian([0.0], [1.0])))
    return np.array([float(np.asarray(v)) for v in found])


@pytest.mark.parametrize("variance", ["beta", "posterior"])
@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_terms_against_closed_forms(variance: elbo.Variance, wrong: float) -> None:
    """Every term within 4.5 standard errors of 20,000 draws, for the best model and for one that
    is off; and the second sum's total has the same mean.

    Mutants: an index of var off by one; log p(x_0 | x_1) without its constant; the prior term
    turned round; the posterior's mean at t - 1; KL for the log ratio in the second sum.
    """
    best = exact.of_mixture(LINE)

    def eps(x: np.ndarray, a: float) -> np.ndarray:
        return best(x, a) + wrong

    x0 = np.full((20_000, 1), 1.1)
    terms = elbo.draw(eps, x0, PLAN, rng=RNG(0), variance=variance)
    truth = closed_form(1.1, variance, wrong)
    error = terms.denoising.std(1, ddof=1) / len(x0) ** 0.5
    assert (np.abs(terms.denoising.mean(1) - truth) <= 4.5 * error + 1e-9).all()
    total = terms.consistency.sum(0)
    assert abs(total.mean() - truth.sum()) < 4.5 * total.std() / len(x0) ** 0.5
    times = np.array([1, 2, 7, 12])
    alone = elbo.denoising_at(eps, x0, PLAN, times, rng=RNG(1), variance=variance)
    error = alone.std(1, ddof=1) / len(x0) ** 0.5
    assert (np.abs(alone.mean(1) - truth[times - 1]) <= 4.5 * error).all()


def test_the_kl_form_of_the_second_sum_is_another_number() -> None:
    """Given both neighbours x_t does not follow q(x_t | x_{t-1}): with KLs the sum is far below.

    The mean of the KLs in closed form, by moments of three neighbours, against the log ratios'.
    """
    eps, x0 = exact.of_mixture(LINE), np.full((40_000, 1), 1.1)
    rng, a, beta = RNG(2), PLAN.alpha_bar, PLAN.beta
    var = elbo.variances(PLAN, "beta")
    terms = elbo.draw(eps, x0, PLAN, rng=rng)
    t = 6
    before = a[t - 1] ** 0.5 * x0 + (1 - a[t - 1]) ** 0.5 * rng.standard_normal(x0.shape)
    now = (1 - beta[t]) ** 0.5 * before + beta[t] ** 0.5 * rng.standard_normal(x0.shape)
    after = (1 - beta[t + 1]) ** 0.5 * now + beta[t + 1] ** 0.5 * rng.standard_normal(x0.shape)
    level = float(a[t + 1])
    guess = (after - (1 - level) ** 0.5 * eps(after, level)) / level**0.5
    ratio = level / a[t]
    mean = (ratio**0.5 * (1 - a[t]) * after + a[t] ** 0.5 * (1 - ratio) * guess) / (1 - level)
    naive = elbo.gaussian_kl((1 - beta[t]) ** 0.5 * before - mean, beta[t], var[t + 1], 1)
    right = terms.consistency[t]
    error = (naive.var() / len(x0) + right.var() / len(x0)) ** 0.5
    assert naive.mean() - right.mean() > 20 * error


def test_the_bound_is_below_and_tight_in_the_limit() -> None:
    """log p(x_0) in closed form: never above it, and within 0.02 nats with 400 steps.

    Mutants: the sign of any term; the prior term left out on a schedule that ends early.
    """
    x0 = gmm.sample(TWO, 400, rng=RNG(3))[0]
    truth = np.log(0.4 * norm.pdf(x0[:, 0], -1, 0.2) + 0.6 * norm.pdf(x0[:, 0], 1, 0.3)).mean()
    gaps = []
    for T in (10, 400):
        plan, found = schedule.cosine(T), []
        for seed in range(4):
            terms = elbo.draw(exact.of_mixture(TWO), x0, plan, rng=RNG(seed))
            found.append(-terms.consistency.sum(0).mean())
        gaps.append(truth - np.mean(found))
        assert gaps[-1] > -3 * np.std(found) / 2
    assert gaps[1] < 0.05 * gaps[0]
    assert gaps[1] < 0.05


def test_what_the_two_sums_noise_is() -> None:
    """Term by term the second sum is noisier, as the notes say; along one path it need not be.

    For the best model a path's log ratio is nearly log p(x_0) whatever the noise, so its errors
    cancel, while the KLs of the first sum do not know each other. Mutants: KLs in the second sum
    (its terms would be as quiet as the first's); fresh noise for every term of it.
    """
    plan = schedule.linear(50, first=0.001, last=0.25)
    x0 = np.full((4000, 1), 0.7)
    terms = elbo.draw(exact.of_mixture(LINE), x0, plan, rng=RNG(4))
    apart = [part.var(1)[1:-1].sum() for part in terms]
    assert apart[1] > 10 * apart[0]
    along = [part.sum(0).var() for part in terms]
    assert along[1] < 0.5 * along[0]


def test_variances() -> None:
    """Mutants: the posterior's 0 at t = 1 kept; beta shifted by one."""
    beta, small = (elbo.variances(PLAN, kind) for kind in ("beta", "posterior"))
    np.testing.assert_array_equal(beta[1:], PLAN.beta[1:])
    assert small[1] == PLAN.beta[1]
    assert (small[2:] < PLAN.beta[2:]).all()
    with pytest.raises(ValueError, match="'beta' or 'posterior'"):
        elbo.variances(PLAN, "learned")  # pyright: ignore[reportArgumentType]


def test_pieces_count_every_dimension() -> None:
    """Mutants: the variance of one dimension alone, in the KL or in the log density."""
    shift = RNG(0).standard_normal((2, 3))
    q, p = (gaussian(m, [v] * 3) for m, v in ((shift[1], 0.3), (np.zeros(3), 0.7)))
    assert elbo.gaussian_kl(shift, 0.3, 0.7, 3)[1] == pytest.approx(kl(q, p), rel=1e-12)
    want = norm.logpdf(shift, scale=0.7**0.5).sum(1)
    np.testing.assert_allclose(elbo.log_normal(shift, 0.7), want, rtol=1e-12)
