"""Noise and back on the line: densities, distances, flows and bounds, each by another way."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, wasserstein_distance

from dgmlib.diffusion import line, line_bound, line_health, samplers, schedule
from dgmlib.divergences import adaptive, mixture1d
from dgmlib.divergences.mixture1d import Mixture1D, gaussian
from dgmlib.ui import spec

PAGE = spec.of("diffusion_line")
RNG = np.random.default_rng


def scene(view: str, **values) -> Any:
    p = PAGE.params(view=view, **values)
    shown = PAGE.views[view].show(PAGE.views[view].compute(p))
    return shown[0] if isinstance(shown, list) else shown


def test_the_density_is_that_of_noised_data() -> None:
    """q(x_t) as an integral over x_0. Mutants: std for its square; the mean not shrunk; sqrt(abar)
    at both places; the frames of a walk back in the order of a walk forth.
    """
    p = line.DATA["two bumps"]
    for way in ("forth", "back, DDIM"):
        w = line.walk("two bumps", way, "cosine", 20, seed=0)
        for f in (4, 15):
            a, x = w.alpha_bar[f], line.X[130]
            by_hand = quad(
                lambda y, a=a, x=x: (
                    norm.pdf(x, a**0.5 * y, (1 - a) ** 0.5)
                    * np.exp(mixture1d.log_prob(p, y))
                ), -4, 4, points=[-1.3, 0.8, x / a**0.5], limit=200,
            )[0]  # fmt: skip
            assert w.density[f, 130] == pytest.approx(by_hand, rel=1e-6)
            assert a == schedule.cosine(20).alpha_bar[w.t[f]]
    assert w.t[0] == 20
    assert w.t[-1] == 0


def test_distances_are_those_of_scipy() -> None:
    """W_1 of 600 points from 40,000 quantiles. Mutants: |F_n - F| not times the cell; unsorted
    particles; one row's F for all.
    """
    q = Mixture1D(*(np.stack([a, b]) for a, b in zip(
        mixture1d.mixture([0.5, 0.5], [-1, 1], [0.3, 0.4]),
        mixture1d.mixture([0.2, 0.8], [0, 2], [0.5, 0.1]), strict=True)))  # fmt: skip
    x = RNG(0).standard_normal((2, 600))
    found = line.distances(x, q)
    for k in range(2):
        each = mixture1d.quantile(Mixture1D(*(a[k] for a in q)), (np.arange(40_000) + 0.5) / 40_000)
        assert found[k] == pytest.approx(wasserstein_distance(x[k], each), abs=2e-3)


@pytest.mark.parametrize("way", ["back, DDPM", "back, DDIM", "back, Heun"])
def test_particles_come_back_to_the_data(way: str) -> None:
    """With 300 steps no farther from the data than five times what chance gives, from noise that
    is far. Mutants: frames back turned round; the forward particles shown; e with its sign.
    """
    w = line.walk("three", way, "linear", 300, seed=1)
    assert w.w1[-1] < 0.12 < line.distances(
        RNG(0).standard_normal((1, line.N)), line.diffused(line.DATA["three"], np.ones(1))
    )[0]  # fmt: skip
    assert abs(w.x[0].std() - 1) < 0.15
    assert (w.chance < 0.2).all()


def test_plans_by_name() -> None:
    """Mutants: betas of T = 1000 scaled as well; "linear" not scaled."""
    np.testing.assert_array_equal(
        line.plan("linear of T = 1000", 200).beta, schedule.linear(200).beta
    )
    short, long = (line.plan("linear", T).alpha_bar[-1] for T in (200, 1000))
    assert long == schedule.linear(1000).alpha_bar[-1]
    assert abs(np.log(short / long)) < 1
    for name in line.PLANS:
        assert line.plan(name, 5).alpha_bar[-1] > 0
    with pytest.raises(ValueError, match="no schedule"):
        line.plan("quadratic", 10)
    with pytest.raises(ValueError, match="choose of"):
        line.walk("two bumps", "sideways", "cosine", 10, seed=0)


@pytest.mark.parametrize("name", list(line.DATA))
def test_the_sum_is_the_integral(name: str) -> None:
    """KL over the grid against adaptive quadrature, and between its bounds. Mutants: KL the other
    way round; the sum not times the cell; the grid too narrow.
    """
    s = line_health.sweep(name, "linear of T = 1000")
    for f in (0, 6, 12):
        q = line.diffused(line.DATA[name], float(s.last[f]))
        truth = adaptive.kl(q, gaussian(0.0, 1.0)).value
        assert s.kl[f] == pytest.approx(truth, rel=1e-6, abs=1e-12)
    assert (s.least <= s.kl + 1e-12).all()
    assert (s.kl <= s.most + 1e-12).all()


def test_the_flow_carries_quantiles() -> None:
    """From q(x_T)'s own quantiles the flow arrives at those of the data; and for one Gaussian the
    damage of the wrong start is a closed form.

    Mutants: a flow that begins at N(0, 1) whatever its start; Euler; levels in falling order.
    """
    p, a = line.DATA["two bumps"], 0.13
    start = mixture1d.quantile(line.diffused(p, a), line_health.U)
    end = line_health.flow(p, start, a)
    wanted = mixture1d.quantile(p, line_health.U)
    assert np.sqrt(((end - wanted) ** 2).mean()) < 0.01
    # Gaussian data: y - m scales by s / sqrt(s^2 + k^2), so N(0, 1) becomes another Gaussian
    m, s = 0.5, 0.4
    found = line_health.sweep("one bump", "linear of T = 1000")
    for f in (0, 5, 10):
        last = found.last[f]
        k = (1 / last - 1) ** 0.5
        shrink = s / (s * s + k * k) ** 0.5
        mean, std = m + shrink * (0 - m), shrink / last**0.5
        exact = ((mean - m) ** 2 + (std - s) ** 2) ** 0.5
        assert found.w2[f] == pytest.approx(exact, rel=0.02, abs=2e-3)


def test_health_is_red_where_x0_is_left() -> None:
    """Mutants: the verdict by the KL; the wrong end of the sweep."""
    s = line_health.sweep("two bumps", "linear of T = 1000")
    at = {int(T): f for f, T in enumerate(s.steps)}
    assert not s.well[at[200]]
    assert s.kl[at[200]] < 1e-3 < 0.05 < s.w2[at[200]]
    assert s.well[at[500]]
    assert s.well[at[1000]]
    assert line_health.sweep("two bumps", "cosine").well.all()


@pytest.mark.parametrize(("variance", "off"), [("beta", 0.0), ("posterior", 0.0), ("beta", 0.3)])
def test_closed_forms_are_what_draws_give(variance, off: float) -> None:
    """Every term within 4.5 standard errors of 20,000 draws of data and noise; the total, too.

    Mutants: the data's variance forgotten; a term at the index of its neighbour; E(x - g x)^2
    without the noise; the prior for a fixed x_0.
    """
    plan = line.plan("linear", 12)
    exact = line_bound.closed_form(plan, variance, off=off)
    seen = line_bound.measure(plan, variance, off=off, draws=20_000, seed=3)
    assert (np.abs(seen.mean[0] - exact.terms) < 4.5 * seen.error[0] + 1e-9).all()
    assert (np.abs(seen.total + exact.terms.sum()) < 4.5 * seen.along).all()


@pytest.mark.parametrize(("variance", "off"), [("beta", 0.0), ("posterior", 0.2)])
def test_the_model_is_what_the_chain_makes(variance, off: float) -> None:
    """Mean and variance of 40,000 walks back; the bound lies below, the data above.

    Mutants: no noise at t = 1 in p(x_0); the spread not squared; e's error left out of p.
    """
    from dgmlib.diffusion import elbo, process

    plan, rng, n = line.plan("linear", 9), RNG(4), 40_000
    var, eps = elbo.variances(plan, variance), line_bound.eps(off)
    x = rng.standard_normal((n, 1))
    for t in range(9, 0, -1):
        a = float(plan.alpha_bar[t])
        guess = process.parts("eps", eps(x, a), x, a).x0
        mean = process.posterior(x, guess, a, float(plan.alpha_bar[t - 1])).mean
        x = mean + var[t] ** 0.5 * rng.standard_normal((n, 1))
    exact = line_bound.closed_form(plan, variance, off=off)
    m, s = line_bound.MEAN, line_bound.STD
    by_hand = quad(
        lambda y: norm.pdf(y, m, s) * norm.logpdf(y, x.mean(), x.std()), m - 8 * s, m + 8 * s
    )[0]
    assert exact.model == pytest.approx(by_hand, abs=0.02)
    assert -exact.terms.sum() <= exact.model + 1e-12
    assert exact.model <= exact.data + 1e-12
    assert exact.data == pytest.approx(-norm(m, s).entropy())


def test_the_bound_closes_with_beta_and_not_with_less() -> None:
    """As the page says. Mutant: the two variances exchanged."""
    gaps = {}
    for variance in ("beta", "posterior"):
        b = line_bound.bound("cosine", variance, off=0.0, draws=100, seed=0)
        gaps[variance] = [e.data + e.terms.sum() for e in b.exact]
    assert gaps["beta"][-1] < 0.02
    assert gaps["posterior"][-1] > 0.3
    assert np.all(np.diff(gaps["beta"]) < 0)


def test_errors_apart_and_along() -> None:
    """The second sum varies more term by term and less along a path: words and panel say so."""
    b = line_bound.bound("linear", "beta", off=0.0, draws=1000, seed=0)
    m = b.measured[-1]
    assert m.apart[1] > 3 * m.apart[0]
    assert m.along[1] < 0.6 * m.along[0]
    assert m.apart[1] > 5 * m.along[1]


def test_captions_say_the_numbers() -> None:
    """Mutants: the numbers of another frame; KL for the price; a percentage without its root."""
    shown = scene("health", plan="linear of T = 1000")
    f = shown.start
    assert shown.frame_values[f] == 200
    assert "36.4 %" in shown.captions[f]
    assert "0.0764 nats" in shown.captions[f]
    assert "not healthy" in shown.captions[f]
    assert "not" not in shown.captions[-1]
    walk = scene("walk", steps=20)
    assert walk.captions[-1].startswith("t = 0 of 20: x_t = 1.000 x₀ + 0.000 ε")
    bound = scene("bound")
    exact = line_bound.closed_form(line.plan("cosine", 30), "beta", off=0.0)
    assert f"the bound is −{abs(exact.terms.sum()):.4f} nats" in bound.captions[bound.start]


@pytest.mark.parametrize("view", ["walk", "health", "bound"])
def test_pictures_are_their_results(view: str) -> None:
    """The layers hold the numbers of the result. Mutants: a heat map turned over; time's order;
    exact and estimated exchanged.
    """
    p = PAGE.params(view=view)
    r = PAGE.views[view].compute(p)
    shown: Any = PAGE.views[view].show(r)
    if view == "walk":
        heat, paths, _ = shown.panels[0].layers
        assert heat.value.shape == (len(line.X), len(r.t))
        np.testing.assert_allclose(heat.value[:, 0], r.density[-1] / r.density[-1].max())
        np.testing.assert_allclose(paths.xy[0, :, 1], r.x[:, 0])
    elif view == "health":
        lines = shown[0].panels[3].layers[1]
        np.testing.assert_array_equal(lines.y[:, 0], r.made)
    else:
        panel = shown[0].panels[0]
        seen, exact = panel.layers[1].xy, panel.layers[2].xy
        np.testing.assert_array_equal(exact[-1, :, 1], r.exact[-1].terms)
        np.testing.assert_array_equal(seen[-1, :, 1], r.measured[-1].mean[0])


def test_the_prose_quotes_what_is_computed() -> None:
    """Mutant: what the page computes changes, and its words stay."""
    said = " ".join((spec.PAGES / "diffusion_line.md").read_text(encoding="utf-8").split())
    for quote in quotes():
        assert quote in said, quote


def quotes() -> list[str]:
    """The numbers of "Where it breaks" and of the exercises, with seed 0."""
    trap = line_health.sweep("two bumps", "linear of T = 1000")
    at_200 = list(trap.steps).index(200)
    assert trap.kl[at_200] < 0.001
    far, last = first_step("sigmoid", "heun"), schedule.cosine(80).beta[-1]
    ten = [
        [line.walk("two bumps", f"back, {w}", "cosine", 10, seed=s) for s in range(8)]
        for w in ("DDIM", "DDPM")
    ]
    ddim, ddpm = (np.mean([w.w1[-1] for w in walks]) for walks in ten)
    chance = np.mean([w.chance[-1] for w in ten[0]])
    late = [line.walk("two bumps", f"back, {w}", "cosine", 300, seed=0) for w in ("DDIM", "DDPM")]
    assert max(w.w1[-1] for w in late) < 1.5 * chance
    narrow = [
        line.walk("narrow and wide", f"back, {w}", "linear", 10, seed=0) for w in ("DDPM", "Heun")
    ]
    return [
        f"leave $\\sqrt{{\\bar\\alpha_T}} = {schedule.linear(200).alpha_bar[-1] ** 0.5:.2f}$ of",
        f"From {trap.steps[trap.well][0]} on (for the two bumps). At 200 $W_2$ is "
        f"{trap.w2[at_200]:.2f}, although",
        f"where $k$ is {end('sigmoid'):,.0f}",
        f"misses by {far:.0f} units of $x$ on average. Euler's step, with the slope of the start "
        f"alone, misses by {first_step('sigmoid', 'euler'):.2f}. The cosine schedule ends at "
        f"$k = {end('cosine'):.0f}$, and Heun's first step misses by "
        f"{first_step('cosine', 'heun'):.2f}.",
        f"$W_1$ is {narrow[0].w1[-1]:.3f}, and Heun's flow has {narrow[1].w1[-1]:.3f}",
        f"over eight seeds with ten steps (cosine, two bumps) it is at {ddim:.3f} and DDPM at "
        f"{ddpm:.3f}, where chance alone gives {chance:.3f}",
        f"Cosine's last step has $\\beta = {last:.3f}$",
        f"about {last / ((1 - last) * (1 - schedule.cosine(80).alpha_bar[-1])) ** 0.5:.0f}.",
    ]


def end(plan: str) -> float:
    """k at the end of 20 steps."""
    return (1 / line.plan(plan, 20).alpha_bar[-1] - 1) ** 0.5


def first_step(plan: str, rule: Any) -> float:
    """How far quantiles of 600 points are from those of q(x_t) after the first of 20 steps back."""
    p, levels = line.DATA["two bumps"], line.plan(plan, 20).alpha_bar
    x = samplers.sample(line.eps(p), levels, RNG(0).standard_normal((600, 1)), rule=rule).x[1]
    u = np.linspace(0.005, 0.995, 199)
    return np.abs(np.quantile(x, u) - mixture1d.quantile(line.diffused(p, levels[-2]), u)).mean()


def test_the_best_guess_misses_most_where_noise_is_little() -> None:
    """E|e* - e|^2 = 1 - (1 - abar) E|score|^2. Mutant: the words of the page, turned round."""
    p, found = line.DATA["two bumps"], []
    for angle in (1.0, 45.0, 80.0):
        a = float(np.cos(np.radians(angle)) ** 2)
        q = line.diffused(p, a)
        square = (
            np.exp(mixture1d.log_prob(q, line.FINE)) * mixture1d.score(q, line.FINE) ** 2
        ).sum()
        found.append(1 - (1 - a) * square * (line.FINE[1] - line.FINE[0]))
    assert found[0] > 0.98
    assert 0.3 < found[1] < 0.6
    assert found[2] < 0.05
