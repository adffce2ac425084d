"""Samplers: their laws on exact denoisers, their order, and diffusers step by step."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.stats import kstest, norm

from dgmlib.diffusion import exact, samplers, schedule
from dgmlib.mixtures import gmm

RNG = np.random.default_rng
GAUSS = gmm.Params(np.ones(1), np.array([[0.5, -1.0]]), np.array([[[0.5, 0.2], [0.2, 1.0]]]))


def line(mean: float = 1.0, std: float = 0.6) -> gmm.Params:
    return gmm.Params(np.ones(1), np.array([[mean]]), np.array([[[std**2]]]))


def through(p: gmm.Params, levels: np.ndarray, rule: samplers.Rule, eta: float) -> tuple:
    """Mean and variance at the end for data on the line, where every step is linear in x.

    x0-hat is linear, so a step is x -> g x + h + sigma z; g and h are found from two points.
    """
    eps, m, v = exact.of_mixture(p), 0.0, 1.0
    for s in reversed(range(len(levels) - 1)):
        at = float(levels[s + 1]), float(levels[s])
        ends, sigma = [], 0.0
        for x in (0.0, 1.0):
            y, info = samplers.step(eps, np.full((1, 1), x), *at, rule=rule, eta=eta, rng=NO_NOISE)
            ends.append(y[0, 0])
            sigma = info.sigma
        g, h = ends[1] - ends[0], ends[0]
        m, v = g * m + h, g * g * v + sigma**2
    return m, v


class _None:
    """Noise that is 0: what is left is the mean of a step."""

    def standard_normal(self, shape: tuple) -> np.ndarray:
        return np.zeros(shape)


NO_NOISE: Any = _None()


@pytest.mark.parametrize(
    ("rule", "eta"), [("ddpm", 0), ("ddpm+", 0), ("ddim", 0), ("ddim", 1), ("heun", 0)]
)
def test_many_steps_reach_the_data(rule: samplers.Rule, eta: float) -> None:
    """The exact law of the samples (linear in x, so Gaussian) tends to the data's as T grows.

    Mutants: sqrt(abar) for sqrt(alpha) in the mean (the notes' slip); an index off by one; sigma^2
    for sigma; DDIM's variance without the factor (1 - abar_s) / (1 - abar_t); the ODE's half step.
    """
    p = line()
    errors = []
    for T in (100, 400):
        m, v = through(p, schedule.cosine(T).alpha_bar, rule, eta)
        errors.append(max(abs(m - 1.0), abs(v**0.5 - 0.6)))
    assert errors[1] < 0.006
    assert errors[1] < 0.45 * errors[0]


def test_ddim_with_eta_1_is_ddpm() -> None:
    """The same numbers from the same noise. Mutants: eta not squared; e kept at full length."""
    eps, levels = exact.of_mixture(GAUSS), schedule.linear(40, last=0.3).alpha_bar
    x = RNG(0).standard_normal((50, 2))
    one = samplers.sample(eps, levels, x, rule="ddpm", rng=RNG(1))
    two = samplers.sample(eps, levels, x, rule="ddim", eta=1.0, rng=RNG(1))
    np.testing.assert_allclose(one.x, two.x, atol=1e-9)
    np.testing.assert_allclose(one.sigma, two.sigma, rtol=1e-9, atol=1e-12)


def test_ddim_without_noise_is_eulers_flow() -> None:
    """Song et al. (2021), equation 14. Mutant: Euler in alpha_bar in place of k."""
    eps, levels = exact.of_mixture(GAUSS), schedule.cosine(30).alpha_bar
    x = RNG(0).standard_normal((50, 2))
    one = samplers.sample(eps, levels, x, rule="ddim")
    two = samplers.sample(eps, levels, x, rule="euler")
    np.testing.assert_allclose(one.x, two.x, atol=1e-9)


@pytest.mark.parametrize(("rule", "order"), [("euler", 1), ("heun", 2)])
def test_the_order_of_convergence(rule: samplers.Rule, order: int) -> None:
    """Against the flow's closed form for Gaussian data: y moves along sqrt(s^2 + k^2).

    Between levels away from 0 noise, so that every step is of the rule. Mutants: Heun's second
    slope at the old level, or not averaged; Euler's step with the new slope.
    """
    std, top, bottom = 0.6, 0.02, 0.9
    k = np.array([(1 / a - 1) ** 0.5 for a in (top, bottom)])
    x = np.array([[1.3]])
    y = (x / top**0.5 - 1.0) * ((std**2 + k[1] ** 2) / (std**2 + k[0] ** 2)) ** 0.5 + 1.0
    truth = bottom**0.5 * y
    eps, errors = exact.of_mixture(line(1.0, std)), []
    for steps in (40, 80, 160):
        levels = 1 / (1 + np.linspace(k[1], k[0], steps + 1) ** 2)
        z = x
        for s in reversed(range(steps)):
            z, _ = samplers.step(eps, z, levels[s + 1], levels[s], rule=rule)
        errors.append(abs(float((z - truth)[0, 0])))
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(rates, order, atol=0.12)


def test_samples_follow_the_data() -> None:
    """DDPM on two bumps: Kolmogorov-Smirnov against the exact distribution. 4,000 samples.

    Mutants: Sigma_t z for sigma_t z (the notes' slip); noise at t = 1 for ddpm+.
    """
    p = gmm.Params(np.array([0.3, 0.7]), np.array([[-2.0], [1.0]]), np.array([[[0.09]], [[0.25]]]))
    levels = schedule.cosine(300).alpha_bar
    for rule in ("ddpm", "ddpm+"):
        rng = RNG(5)
        x = samplers.sample(exact.of_mixture(p), levels, rng.standard_normal((4000, 1)),
                            rule=rule, rng=rng).x[-1][:, 0]  # fmt: skip
        law = kstest(x, lambda y: 0.3 * norm.cdf(y, -2, 0.3) + 0.7 * norm.cdf(y, 1, 0.5))
        assert law.pvalue > 1e-3, rule


def test_the_last_step_adds_no_noise() -> None:
    """Two streams of noise end alike after one step. Mutant: ddpm+ draws at t = 1 as well."""
    eps = exact.of_mixture(GAUSS)
    for rule in ("ddpm", "ddpm+", "ddim"):
        ends = [
            samplers.step(eps, np.ones((3, 2)), 0.8, 1.0, rule=rule, eta=1.0, rng=RNG(s))
            for s in (0, 1)
        ]
        np.testing.assert_array_equal(ends[0][0], ends[1][0])
        assert ends[0][1].sigma == 0


def test_the_variances_are_the_published_ones() -> None:
    """Mutants: the posterior's variance with t and s exchanged; ddpm+ with 1 - abar_t."""
    eps = exact.of_mixture(GAUSS)
    a, b = 0.4, 0.5
    small = (1 - a / b) * (1 - b) / (1 - a)
    cases: list[tuple[samplers.Rule, float, float]] = [
        ("ddpm", 0, small), ("ddpm+", 0, 1 - a / b), ("ddim", 0.5, small / 4)
    ]  # fmt: skip
    for rule, eta, var in cases:
        _, info = samplers.step(eps, np.ones((1, 2)), a, b, rule=rule, eta=eta, rng=RNG(0))
        assert info.sigma == pytest.approx(var**0.5)


def test_a_run_can_be_taken_up_in_the_middle() -> None:
    """From a kept x and the levels below it. Mutants: levels one too many or too few."""
    eps, levels = exact.of_mixture(GAUSS), schedule.cosine(20).alpha_bar
    whole = samplers.sample(eps, levels, RNG(0).standard_normal((4, 2)), rule="ddim")
    rest = samplers.sample(eps, levels[:13], whole.x[8], rule="ddim")
    np.testing.assert_array_equal(rest.x, whole.x[8:])
    np.testing.assert_array_equal(whole.alpha_bar, levels[::-1])
    assert whole.x0.shape == (20, 4, 2)
    assert whole.calls == 20


def test_clipping_is_told() -> None:
    """A cut that hides an error shows in ``clipped``. Mutants: the share of the wrong side; e not
    made anew from the cut x0; x0 kept uncut, or shown uncut.
    """
    eps, levels = exact.of_mixture(line(3.0, 0.2)), schedule.cosine(40).alpha_bar
    path = samplers.sample(eps, levels, RNG(0).standard_normal((20, 1)), rule="ddim", clip=1.0)
    assert path.x[-1] == pytest.approx(1.0)
    assert (path.clipped == 1).all()
    assert path.x0 == pytest.approx(1.0)  # the guess that the step was made with
    free = samplers.sample(eps, levels, RNG(0).standard_normal((20, 1)), rule="ddim", clip=9.0)
    assert (free.clipped == 0).all()
    assert (np.abs(free.x[-1] - 3) < 1.2).all()


def test_guidance_goes_away_from_no_class() -> None:
    """Of N(m, I) against N(0, I) the guided flow ends at N((1 + w) m, I).

    Mutants: w for 1 + w; the two exchanged; the difference added twice.
    """
    named, nobody = (exact.of_mixture(line(m, 1.0)) for m in (0.5, 0.0))
    x, levels = RNG(0).standard_normal((5, 1)), schedule.cosine(400).alpha_bar
    plain = samplers.sample(nobody, levels, x, rule="heun").x[-1]
    for w in (0.0, 1.0, 3.0):
        path = samplers.sample(samplers.guided(named, nobody, w), levels, x, rule="heun")
        np.testing.assert_allclose(path.x[-1] - plain, (1 + w) * 0.5, atol=5e-3)


@pytest.mark.parametrize("name", ["linear", "squaredcos_cap_v2"])
@pytest.mark.parametrize("kind", ["ddpm", "ddpm+", "ddim", "ddim half"])
def test_diffusers_takes_the_same_steps(name: str, kind: str) -> None:
    """Von Platen et al., diffusers: the same x from the same e and the same noise, at every step.

    Their time t is ours less 1. The larger variance is compared up to the last step but one: on a
    thinned schedule theirs adds noise in the last step, ours does not. Mutants: thinning that
    counts from 0; the variance of the long schedule for a thinned step; eta^2 for eta; x0 cut off.
    """
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    T, steps, eta = 1000, 50, {"ddim": 0.0, "ddim half": 0.5}.get(kind, 0.0)
    plan = {"linear": schedule.linear, "squaredcos_cap_v2": schedule.cosine}[name](T)
    rule: Any = kind.removesuffix(" half")
    common: dict[str, Any] = dict(num_train_timesteps=T, beta_schedule=name, clip_sample=False,
                  timestep_spacing="trailing", beta_start=1e-4, beta_end=0.02)  # fmt: skip
    theirs: Any = (
        DDIMScheduler(**common, set_alpha_to_one=True)
        if rule == "ddim"
        else DDPMScheduler(
            **common, variance_type="fixed_large" if rule == "ddpm+" else "fixed_small"
        )
    )
    theirs.set_timesteps(steps)
    times = schedule.thin(T, steps)
    eps = exact.of_mixture(GAUSS)
    x, z = RNG(0).standard_normal((3, 2)), RNG(1)
    walk = list(zip(times[:0:-1], times[-2::-1], strict=True))
    for t, s in walk[:-1] if rule == "ddpm+" else walk:
        e, noise = eps(x, float(plan.alpha_bar[t])), z.standard_normal((3, 2))
        said, at = torch.from_numpy(e), torch.from_numpy(x)
        if rule == "ddim":
            more = dict(eta=eta, variance_noise=torch.from_numpy(noise))
            other = theirs.step(said, t - 1, at, **more).prev_sample
        else:
            other = _with_noise(theirs, said, t - 1, at, noise)
        given: Any = _Given(noise)
        x, _ = samplers.step(
            lambda _x, _a, e=e: e, x, float(plan.alpha_bar[t]), float(plan.alpha_bar[s]),
            rule=rule, eta=eta, rng=given,
        )  # fmt: skip
        # their tables are float32, and the cosine's end magnifies that by 1 / sqrt(alpha_bar)
        scale = max(1.0, np.abs(x).max())
        np.testing.assert_allclose(x, other.numpy(), atol=2e-3 * scale, rtol=0)
        x = other.numpy()


class _Given:
    """A stream that gives known noise."""

    def __init__(self, noise: np.ndarray) -> None:
        self.noise = noise

    def standard_normal(self, shape: tuple) -> np.ndarray:
        assert shape == self.noise.shape
        return self.noise


def _with_noise(theirs, said, t: int, at, noise: np.ndarray) -> torch.Tensor:
    """A DDPM step of theirs with given noise in place of their generator's."""
    from diffusers.schedulers import scheduling_ddpm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduling_ddpm, "randn_tensor", lambda *a, **k: torch.from_numpy(noise))
        return theirs.step(said, t, at).prev_sample


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (dict(rule="langevin"), "no sampler"),
        (dict(rule="ddim", eta=1.5), "eta"),
        (dict(rule="ddpm"), "give it rng"),
        (dict(levels=[0.9, 0.5]), "begin with 1"),
        (dict(levels=[1.0, 0.5, 0.6]), "fall"),
        (dict(levels=[1.0]), "noise levels"),
    ],
)
def test_bad_input_is_named(more: dict, words: str) -> None:
    levels = more.pop("levels", [1.0, 0.7, 0.4])
    with pytest.raises(ValueError, match=words):
        samplers.sample(exact.of_mixture(GAUSS), levels, np.ones((1, 2)), **more)


def test_numbers_that_are_none_end_a_run() -> None:
    with pytest.raises(FloatingPointError, match=r"noise level 0\.7"):
        samplers.sample(lambda x, a: x * np.inf, [1.0, 0.7], np.ones((1, 2)), rule="euler")
    with pytest.raises(ValueError, match="finite"):
        samplers.guided(exact.of_mixture(GAUSS), exact.of_mixture(GAUSS), np.nan)


def test_the_flow_keeps_the_ranks_of_a_gaussian() -> None:
    """The flow of Gaussian data is linear: the covariance it maps N(0, I) to is A A^T. Against the
    data's covariance with its square root. Mutant: noise in the flow.
    """
    eps, levels = exact.of_mixture(GAUSS), schedule.cosine(500).alpha_bar
    ends = samplers.sample(eps, levels, np.array([[0.0, 0], [1, 0], [0, 1]]), rule="heun").x[-1]
    a = (ends[1:] - ends[0]).T
    np.testing.assert_allclose(a, np.real(sqrtm(GAUSS.cov[0])), atol=2e-3)
