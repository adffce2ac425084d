"""The best critic, its value and its pushes; InfoGAN's bound: by definition and quadrature."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from dgmlib.divergences import adaptive, gaussian_nd, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, log_prob, mixture
from dgmlib.gan import infogan, optimal
from dgmlib.gan.losses import KINDS, Kind, critic_loss, generator_loss

P = mixture([0.6, 0.4], [-1.0, 2.0], [0.5, 0.7])
Q = gaussian(0.5, 1.2)


def shifted(q: Mixture1D, by: float) -> Mixture1D:
    return q._replace(mean=q.mean + by)


def quad(f) -> float:
    return integrate.quad(f, -12, 14, points=[-1, 0.5, 2], limit=300, epsabs=1e-12)[0]


# ---------------------------------------------------------------- the best critic


def test_no_critic_is_worth_more_than_the_best_one():
    """V at f* is -log 4 + 2 JS, and any change of f* costs: f* is a stationary point and a maximum.

    Mutants: log q - log p; V without the expectation under q; JS without the halves; -log 2.
    """
    best = optimal.best_value(P, Q)
    js = 0.5 * quad(
        lambda x: sum(
            math.exp(log_prob(m, x))
            * (log_prob(m, x) - np.logaddexp(log_prob(P, x), log_prob(Q, x)))
            for m in (P, Q)
        )
    ) + math.log(2)
    assert best.value == pytest.approx(2 * js - math.log(4), abs=1e-10)
    at = optimal.value(P, Q, lambda x: optimal.logit(P, Q, x))
    assert at.value == pytest.approx(best.value, abs=1e-9)
    for change in (np.sin, np.ones_like, lambda x: x):
        up, down = (
            optimal.value(P, Q, lambda x, e=e, g=change: optimal.logit(P, Q, x) + e * g(x)).value
            for e in (1e-2, -1e-2)
        )
        assert max(up, down) < best.value
        assert abs(up - down) < 1e-2 * (2 * best.value - up - down)  # even: no slope at the top


def test_value_of_any_critic_is_its_definition():
    """Mutants: a softplus of the wrong sign; base 2."""

    def d(x):
        return 1 / (1 + np.exp(-np.sin(x)))

    expected = quad(
        lambda x: (
            math.exp(log_prob(P, x)) * math.log(d(x))
            + math.exp(log_prob(Q, x)) * math.log(1 - d(x))
        )
    )
    assert optimal.value(P, Q, np.sin).value == pytest.approx(expected, abs=1e-9)


def test_ends_of_the_scale():
    """Equal densities: D* = 1/2 and -log 4. Far apart: 0, that is JS = log 2, not half of it."""
    assert optimal.best_value(P, P).value == pytest.approx(-math.log(4), abs=1e-12)
    np.testing.assert_array_equal(optimal.critic(P, P, [-3.0, 0.0, 9.0]), 0.5)
    assert abs(optimal.best_value(gaussian(-9, 0.3), gaussian(9, 0.3)).value) < 1e-12
    x = np.linspace(-3, 4, 9)
    p, q = np.exp(log_prob(P, x)), np.exp(log_prob(Q, x))
    np.testing.assert_allclose(optimal.critic(P, Q, x), p / (p + q), rtol=1e-12)


# ---------------------------------------------------------------- pushes


@pytest.mark.parametrize("kind", ["saturating", "non-saturating", "least-squares"])
def test_pushes_are_slopes_of_the_losses(kind: Kind):
    """Minus the numerical slope of ``generator_loss`` at the frozen best critic.

    Mutants: the sign; D for 1 - D; the score of q alone; least squares with a factor 2, or of f.
    """
    x, h = np.linspace(-2.5, 3.5, 25), 1e-5

    def loss(at: float) -> float:
        answer = optimal.critic if kind == "least-squares" else optimal.logit
        return float(generator_loss(kind, answer(P, Q, at)))

    expected = [-(loss(a + h) - loss(a - h)) / (2 * h) for a in x]
    np.testing.assert_allclose(optimal.push(kind, P, Q, x), expected, rtol=1e-5, atol=1e-8)


def test_pulls_are_slopes_of_the_divergences_they_minimise():
    """Shift q: saturating descends 2 JS, non-saturating KL(q||p) - 2 JS, Wasserstein W1.

    Mutants: the sign of any; a mean over p; sign(F_p - F_q); KL(p||q).
    """
    h = 1e-4

    def slope(f) -> float:
        return (f(P, shifted(Q, h)).value - f(P, shifted(Q, -h)).value) / (2 * h)

    js2, w1 = 2 * slope(adaptive.js), slope(wasserstein.w1)
    reverse = slope(lambda p, q: adaptive.kl(q, p))
    expectations: dict[Kind, float] = {
        "saturating": -js2,
        "non-saturating": -(reverse - js2),
        "wasserstein": -w1,
    }
    for kind, expected in expectations.items():
        assert optimal.pull(kind, P, Q).value == pytest.approx(expected, rel=1e-5, abs=0), kind


def test_saturation_is_what_it_is_called():
    """Far apart, the saturating pull is gone, the others are not; all point at the data.

    Two equal Gaussians at distance d: the Wasserstein pull is 1 exactly, the non-saturating one
    d / s^2, the slope of KL, up to a JS that no longer changes."""
    p, q = gaussian(4.0, 0.5), gaussian(-4.0, 0.5)
    assert 0 <= optimal.pull("saturating", p, q).value < 1e-10
    assert 0 <= optimal.strength("saturating", p, q).value < 1e-10
    assert optimal.pull("non-saturating", p, q).value == pytest.approx(8 / 0.25, rel=1e-9)
    assert optimal.strength("non-saturating", p, q).value == pytest.approx((8 / 0.25) ** 2)
    assert optimal.pull("wasserstein", p, q).value == pytest.approx(1.0, abs=1e-9)
    for kind in KINDS:
        assert optimal.pull(kind, p, q).value > 0
    with pytest.raises(ValueError, match="there is no loss 'hinge'"):
        optimal.push("hinge", p, q, 0.0)  # type: ignore[arg-type]


def test_the_plane_is_two_lines_when_one_axis_is_idle():
    """A product with one axis alike for p and q has the value of the other axis; error honest.

    Mutants: the two densities exchanged in the best critic; weights of one axis; the error of
    another rule."""
    p, q = gaussian_nd.gaussian([-0.7, 0], [0.25, 1]), gaussian_nd.gaussian([1, 0], [0.81, 1])
    line = optimal.best_value(gaussian(-0.7, 0.5), gaussian(1, 0.9)).value
    log_p, log_q = (lambda x, g=g: gaussian_nd.log_prob(g, x) for g in (p, q))
    got = optimal.value_in_plane(log_p, log_q)
    assert abs(got.value - line) <= got.error + 1e-8  # 1e-8: what lies outside the square
    assert got.error < 1e-5
    worse = optimal.value_in_plane(log_p, log_q, lambda x: 3 * np.sin(x[:, 0]))
    p1, q1 = gaussian(-0.7, 0.5), gaussian(1, 0.9)
    on_line = optimal.value(p1, q1, lambda x: 3 * np.sin(x)).value
    assert worse.value == pytest.approx(on_line, abs=worse.error + 1e-7)
    assert worse.value < got.value


# ---------------------------------------------------------------- InfoGAN's bound


def test_the_bound_on_a_table_by_enumeration():
    """Codes and samples from p(c, x): at the posterior the bound is I(c; x), elsewhere below, and
    never above H(c). Every cell of the table is one row, repeated as often as it is likely.

    Mutants: H(c) left out; log K for the entropy of an unequal code; softmax over the samples.
    """
    counts = np.array([[12, 3, 1], [2, 9, 5], [0, 4, 24]])  # c along rows, x along columns
    c, x = (np.repeat(a.ravel(), counts.ravel()) for a in np.indices(counts.shape))
    joint = counts / counts.sum()
    p_c, p_x = joint.sum(1), joint.sum(0)
    mutual = sum(
        joint[i, j] * math.log(joint[i, j] / (p_c[i] * p_x[j])) for i, j in np.argwhere(joint > 0)
    )
    with np.errstate(divide="ignore"):
        posterior = np.log(joint / p_x).T  # (x, c)
    best = infogan.categorical(c, posterior[x], p_c)
    assert best.value == pytest.approx(mutual, rel=1e-12)
    assert best.entropy == pytest.approx(stats.entropy(p_c), rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = infogan.categorical(c, rng.normal(size=(3, 3))[x], p_c)
        assert other.value < mutual <= other.entropy
    sure = infogan.categorical(c, 50.0 * np.eye(3)[c], p_c)  # x that gives c away
    assert sure.value == pytest.approx(sure.entropy, rel=1e-12)
    assert infogan.categorical(c, np.zeros((len(c), 3))).value == pytest.approx(0, abs=1e-12)


def test_the_bound_of_a_gaussian_channel():
    """c ~ N(0, 1), x = c + s e: at the posterior the mean is I = log(1 + 1/s^2) / 2, with the error
    stated; a fixed deviation is best at ``best_std``; another reader stays below.

    Mutants: std for variance; the constant left out; log std not subtracted; H(c) of a variance.
    """
    s, n, rng = 0.5, 40_000, np.random.default_rng(3)
    c = rng.standard_normal((n, 1))
    x = c + s * rng.standard_normal((n, 1))
    mean, std = x / (1 + s * s), s / math.sqrt(1 + s * s)
    h = infogan.entropy_normal(1.0)
    assert h == pytest.approx(stats.norm().entropy(), rel=1e-12)
    mutual = 0.5 * math.log(1 + 1 / s**2)
    best = infogan.gaussian(c, mean, std, h)
    assert abs(best.value - mutual) < 4 * best.error < 0.02
    per_row = stats.norm.logpdf(c, mean, std)[:, 0]
    assert best.value == pytest.approx(per_row.mean() + h, rel=1e-12)
    assert best.error == pytest.approx(per_row.std(ddof=1) / math.sqrt(n), rel=1e-9)
    learned = infogan.gaussian(c, mean, np.full_like(mean, std), h)
    assert learned.value == pytest.approx(float(best.value), rel=1e-12)
    found = infogan.best_std(c, mean)
    top = infogan.gaussian(c, mean, found, h).value
    for factor in (0.9, 1.1):
        assert infogan.gaussian(c, mean, factor * found, h).value < top
    assert infogan.gaussian(c, x, std, h).value < best.value - 0.01


def test_entropies_of_codes():
    """Mutants: independent codes counted once; the width for its log; variance for std."""
    assert infogan.entropy_uniform(-1, 1, 2) == pytest.approx(2 * math.log(2))
    scipys = stats.norm(scale=3).entropy()
    assert infogan.entropy_normal(3.0, 2) == pytest.approx(2 * scipys)
    assert infogan.entropy_categorical(np.full(10, 0.1)) == pytest.approx(2.302585, abs=1e-6)
    with pytest.raises(ValueError, match="low < high"):
        infogan.entropy_uniform(1, -1)
    with pytest.raises(ValueError, match="std > 0"):
        infogan.entropy_normal(0)


def test_torch_and_numpy_agree_and_the_bound_can_be_climbed():
    """Mutant: a detached bound: the generator is not told to make its code legible."""
    rng = np.random.default_rng(1)
    code, logits = rng.integers(4, size=7), rng.normal(size=(7, 4))
    c, mean, std = rng.normal(size=(7, 2)), rng.normal(size=(7, 2)), np.exp(rng.normal(size=(7, 2)))
    t = [torch.tensor(a, requires_grad=True) for a in (logits, mean, std)]
    a = infogan.categorical(torch.tensor(code), t[0])
    b = infogan.gaussian(torch.tensor(c), t[1], t[2], 0.0)
    assert float(a.value.detach()) == pytest.approx(infogan.categorical(code, logits).value)
    assert float(b.value.detach()) == pytest.approx(infogan.gaussian(c, mean, std, 0.0).value)
    (a.value + b.value).backward()
    soft = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert t[0].grad is not None
    assert t[1].grad is not None
    np.testing.assert_allclose(t[0].grad.numpy(), (np.eye(4)[code] - soft) / 7, rtol=1e-10)
    np.testing.assert_allclose(t[1].grad.numpy(), (c - mean) / std**2 / 7, rtol=1e-10)
    with pytest.raises(ValueError, match="one code for each row"):
        infogan.categorical(code[:3], logits)
    with pytest.raises(ValueError, match="one shape"):
        infogan.gaussian(c[:, :1], mean, 1.0, 0.0)


def test_least_squares_by_hand() -> None:
    """Of answers 3 to data and 2 to samples. Mutants: a half left out; the targets exchanged."""
    real, fake = np.array([3.0]), np.array([2.0])
    assert critic_loss("least-squares", real, fake) == 2.0**2 / 2 + 2.0**2 / 2
    assert critic_loss("least-squares", real, 0 * fake) == 2.0**2 / 2
    assert generator_loss("least-squares", fake) == 0.5
