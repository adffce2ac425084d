"""The library behind the page on score matching: exact scores, nodes, dials, recordings.

Each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest

from dgmlib.checkpoints import store
from dgmlib.data.points import encode
from dgmlib.diffusion import sets
from dgmlib.figures.score_field_contour import contour, contours
from dgmlib.jobs import finish
from dgmlib.mixtures import gmm
from dgmlib.scores import (
    dials,
    exact,
    field,
    field_choice,
    field_learned,
    field_recorded,
    fisher,
    matching,
    mesh,
    network,
    train,
    variance,
)
from dgmlib.scores.learned import Settings

RNG = np.random.default_rng
OWN = encode(np.array([[-1.0, 0.5], [1.0, 0.5], [0.0, -1.0]]))


def kept_of(asked: field_recorded.Asked, points: str = "", seed: int = 0) -> Any:
    return field_recorded.here(points=points, seed=seed, **asked._asdict())


BIAS = np.array([0.5, -1.0])


def stiff() -> dict[str, np.ndarray]:
    """A network that says BIAS / sigma everywhere."""
    shape = network.sizes(2, 4, 1, told=True)
    params = {k: 0 * v for k, v in network.init(shape, rng=RNG(0)).items()}
    return params | {f"{network.PREFIX}.1.bias": BIAS.astype(np.float32)}


# ---------------------------------------------------------------- the exact score


@pytest.mark.parametrize("name", field_choice.DATA)
@pytest.mark.parametrize("sigma", [0.05, 0.4, 3.2])
def test_the_exact_score_is_a_slope(name: str, sigma: float) -> None:
    """Of the density, by differences; and that is the mixture's with noise, by its general formula.

    Mutants: sigma for sigma^2; centres that shrink; weights left out; the norm of one dimension.
    """
    s = sets.named(name)
    x, h = RNG(1).uniform(-3, 3, (200, 2)), 1e-5
    q = exact.smoothed(sets.mixture(s), sigma)
    np.testing.assert_allclose(field_choice.log_density(s, x, sigma), gmm.log_prob(q, x), atol=1e-9)
    said = field_choice.score(s, x, sigma)
    for i, e in enumerate(h * np.eye(2)):
        up, down = (field_choice.log_density(s, x + k * e, sigma) for k in (1, -1))
        # curvature is up to 1 / 0.0074^2 where two centres are equally far
        np.testing.assert_allclose(said[:, i], (up - down) / (2 * h), rtol=1e-4, atol=1e-3)
    top = field_choice.density(s, s.centre, sigma)
    assert top.max() == pytest.approx(1.0)


def test_own_points_stay_where_they_are_painted() -> None:
    """Mutants: they are moved while one paints; a file far away is not; the limit is forgotten."""
    own = field_choice.chosen("two moons", OWN)
    np.testing.assert_allclose(own.centre, [[-1, 0.5], [1, 0.5], [0, -1]], atol=1e-4)
    assert (own.std, own.weight.sum()) == (field_choice.OWN, pytest.approx(1.0))
    far = field_choice.chosen("two moons", encode(np.array([[100.0, 0], [300.0, 50]])))
    assert np.abs(far.centre).max() < 3
    many = encode(RNG(0).standard_normal((401, 2)))
    with pytest.raises(ValueError, match="401 points of your own; at most 400"):
        field_choice.chosen("two moons", many)
    with pytest.raises(ValueError, match="no network learned 'ring'"):
        field_choice.trained("ring")


# ---------------------------------------------------------------- the field


def test_the_map_is_the_distance() -> None:
    """A network that says the same everywhere is off by what that differs from the score.

    Mutants: squares; a sum; columns for rows; another level's noise; means over all cells.
    """
    f = field.compare(sets.named("two unequal"), stiff(), seed=0)
    assert f.learned is not None
    for i in (0, 7):
        at = np.array([[f.axis[20], f.axis[5]]])
        right = field_choice.score(f.data, at, float(f.sigma[i]))
        away = right - BIAS / f.sigma[i]
        assert f.learned.off[i, 5, 20] == pytest.approx(np.linalg.norm(away))
        near = field_choice.density(f.data, at, float(f.sigma[i]))
        assert f.density[i, 5, 20] == pytest.approx(near.item())
        right = field_choice.score(f.data, f.x[i], float(f.sigma[i]))
        np.testing.assert_allclose(f.size[i], 0.5 * (right**2).sum(1).mean())
        each = 0.5 * ((right - BIAS / f.sigma[i]) ** 2).sum(1)
        assert f.learned.fisher[i] == pytest.approx(each.mean())
        assert f.learned.error[i] == pytest.approx(each.std(ddof=1) / len(each) ** 0.5)
    noise = (f.x[4] - f.x[0]) / (f.sigma[4] - f.sigma[0])
    np.testing.assert_allclose(f.x[9], f.x[0] + (f.sigma[9] - f.sigma[0]) * noise)
    assert noise.std() == pytest.approx(1.0, abs=0.1)
    here, there = field.means(f, f.learned)[:, 3]
    inside = f.density[3] >= field_choice.EMPTY
    assert here == pytest.approx(f.learned.off[3][inside].mean())
    assert there == pytest.approx(f.learned.off[3][~inside].mean())
    assert np.isnan(field.means(f, f.learned)[1, -1])


@pytest.mark.parametrize("name", field_choice.DATA)
def test_the_card_says_the_same(name: str) -> None:
    """Fisher divergences of the card, from other points. Mutants: weights of another set; a card of
    the weights before they were rounded; errors without data that are no larger."""
    card = store.load(field_choice.checkpoint(name)).card
    said = {s["name"]: s for s in card["scores"]}
    f = field.field(name, "", seed=1)
    assert f.learned is not None
    for i in (0, 4, 8):
        entry = said[f"Fisher divergence, sigma = {f.sigma[i]:g}"]
        error = np.hypot(entry["error"], f.learned.error[i])
        assert abs(entry["value"] - f.learned.fisher[i]) < 4.5 * error
        assert entry["value"] < 0.05 * f.size[i]
        without = said[f"without data, sigma = {f.sigma[i]:g}"]
        assert without["value"] > 10 * entry["value"]
    assert said["excess"]["value"] < 0.02 * said["unknowable"]["value"]


def test_no_network_learned_own_points() -> None:
    """Mutant: the checkpoint of the chosen set is held against the reader's points."""
    f = field.field("two moons", OWN, seed=0)
    assert f.learned is None
    assert f.data.name == "own"
    assert f.density[0].max() <= 1


# ---------------------------------------------------------------- nodes


def test_nodes_agree_with_quadrature() -> None:
    """Against panels of Gauss and Legendre, and a closed form. Mutants: h for h^2; the coarse
    lattice with the weight 2; nodes near the first component alone; a side of the widest one.
    """
    p = gmm.Params(np.array([0.3, 0.7]), np.array([[-1.0, 0.2], [1.5, -0.4]]),
                   np.array([[[0.3, 0.1], [0.1, 0.2]], [[0.5, -0.2], [-0.2, 0.3]]]))  # fmt: skip
    nodes = mesh.mesh(p)
    assert nodes.weight.sum() == pytest.approx(1.0, abs=1e-8)
    net = network.at(network.init(network.sizes(2, 16, 2, told=False), rng=RNG(0)))
    off = matching.explicit(net(nodes.x), mesh.scores(p, nodes))
    found, wanted = mesh.expect(nodes, off), fisher.fisher(p, net)
    assert abs(found.value - wanted.value) < max(found.error, 1e-7)
    assert found.error < 1e-3 * found.value
    one, wide = p._replace(weight=np.ones(1), mean=p.mean[:1], cov=p.cov[:1]), 2 * p.cov[0]
    nodes = mesh.mesh(one)
    said = -(nodes.x - 0.5) @ np.linalg.inv(wide)
    closed = fisher.gaussians(p.mean[0], p.cov[0], np.full(2, 0.5), wide)
    off = matching.explicit(said, mesh.scores(one, nodes))
    assert mesh.expect(nodes, off).value == pytest.approx(closed, rel=1e-7)


def test_nodes_are_bounded() -> None:
    """Mutants: millions of nodes for one narrow component; a line taken for a plane."""
    p = exact.round_mixture([0.5, 0.5], [[0, 0], [3, 0]], [1e-3, 1.0])
    with pytest.raises(ValueError, match="too wide beside the narrowest"):
        mesh.mesh(p)
    far = np.stack([20.0 * np.arange(300), np.zeros(300)], 1)
    with pytest.raises(ValueError, match=r"24\d,\d{3} nodes are more than 200,000"):
        mesh.mesh(exact.round_mixture(np.full(300, 1 / 300), far, np.ones(300)))
    with pytest.raises(ValueError, match="for the plane, not for 1"):
        mesh.mesh(exact.round_mixture([1.0], [0.0], [1.0]))


# ---------------------------------------------------------------- what a loss says


@pytest.mark.parametrize("method", field_learned.METHODS)
def test_the_loss_is_the_fisher_divergence_and_a_constant(method: Any) -> None:
    """For a linear score of a Gaussian, whose objectives are closed forms.

    Mutants: the constant of the density without noise; its sign; d for d / 2.
    """
    cov, a = dials.problem(2)
    p = gmm.Params(np.ones(1), np.zeros((1, 2)), cov[None])
    noisy = cov + 0.25 * np.eye(2) if method == "denoising" else cov
    least = field_learned.least(p, Settings(method, sigmas=(0.5,)))
    loss = dials.exact(method, cov, a, sigma=0.5).mean
    apart = fisher.gaussians(np.zeros(2), noisy, np.zeros(2), np.linalg.inv(a))
    assert loss - least == pytest.approx(apart, abs=1e-7)  # a mass of 1e-9 is left out


@pytest.mark.parametrize("name", field_recorded.HERE)
def test_recorded_learning_comes_again(name: str) -> None:
    """Its first steps are taken again, its last network measured again.

    Mutants: the recording of another set, objective, noise or seed; a field of another network.
    """
    asked = field_recorded.HERE[name]
    kept = kept_of(asked)
    assert kept is not None
    f, settings = kept.found, field_recorded.settings_of(asked)
    assert f.steps[-1] == asked.steps
    x = sets.draw(sets.named(asked.name), field_learned.POINTS[asked.training], rng=RNG([0, 1]))
    np.testing.assert_array_equal(f.data, x)
    state, losses = train.init(x, f.truth, settings, seed=0), []
    for k in range(int(f.steps[1])):
        rate = 0.5 * settings.lr * (1 + np.cos(np.pi * k / asked.steps))
        state, info = train.step(state, settings, lr=rate)
        losses.append(info.loss)
    assert np.mean(losses) == pytest.approx(f.loss[1], rel=2e-3)
    net = network.at(f.params)
    asked_for = exact.smoothed(f.truth, float(f.sigma[0]))
    nodes = mesh.mesh(asked_for)
    right = mesh.scores(asked_for, nodes)
    again = mesh.expect(nodes, matching.explicit(net(nodes.x), right)).value
    assert again == pytest.approx(f.fisher[-1, 0], rel=1e-4)
    grid = np.stack(np.meshgrid(f.axis, f.axis), -1)
    np.testing.assert_allclose(f.exact[0, 3], exact.score(asked_for, grid[3]))
    np.testing.assert_allclose(f.density[0, 3], np.exp(gmm.log_prob(asked_for, grid[3])))
    np.testing.assert_allclose(f.field[-1, 0, 3, 7], net(grid[3, 7][None])[0], rtol=2e-3, atol=1e-3)
    assert f.axis[0] - field_choice.REACH / field_learned.GRID == pytest.approx(-field_choice.REACH)
    assert kept_of(asked, points=OWN) is None
    assert kept_of(asked, seed=1) is None
    assert kept_of(asked._replace(steps=asked.steps + 100)) is None


def test_a_dial_that_nothing_reads_keeps_the_recording() -> None:
    """Mutants: the noise of another objective hides it; the probes of hutchinson do not count."""
    asked = field_recorded.HERE
    assert kept_of(asked["implicit-few"]._replace(sigma=0.9, probes=7)) is not None
    assert kept_of(asked["one-probe"]._replace(probes=2)) is None
    assert kept_of(asked["denoising"]._replace(sigma=0.32)) is None


@pytest.mark.parametrize(("training", "steps", "words"), [
    ("51", 100, "not '51'"), ("50", 0, "between 1 and 4000"), ("50", 4001, "got 4001"),
])  # fmt: skip
def test_what_cannot_be_learned(training: str, steps: int, words: str) -> None:
    job = field_learned.here("two moons", "", "implicit", sigma=0.3, probes=1, training=training,
                             steps=steps, seed=0)  # fmt: skip
    with pytest.raises(ValueError, match=words):
        next(job)


def test_learning_here_is_held_against_the_truth() -> None:
    """A reader's points, a few steps. Mutants: the chosen set is learned; nodes in another order
    than their scores; half of the steps; the cells leave a border; the dial of the probes is dead.
    """
    job = field_learned.here("two moons", OWN, "sliced", sigma=0.3, probes=3, training="1k",
                             steps=40, seed=2)  # fmt: skip
    h = finish(job)
    f, own = h.found, field_choice.chosen("", OWN)
    assert (h.name, f.settings.probes, f.settings.method) == ("own", 3, "sliced")
    assert (f.steps[0], f.steps[-1], len(f.steps)) == (0, 40, field_learned.FRAMES)
    np.testing.assert_allclose(f.truth.mean, own.centre)
    np.testing.assert_array_equal(f.data, sets.draw(own, 1000, rng=RNG([2, 1])))
    wanted = fisher.fisher(f.truth, network.at(f.params), rtol=1e-6)
    assert f.fisher[-1, 0] == pytest.approx(wanted.value, rel=1e-5)
    assert h.least == pytest.approx(-fisher.constant(f.truth, rtol=1e-7).value, rel=1e-6)
    half = 0.5 * (f.axis[1] - f.axis[0])
    assert (f.axis[0] - half, f.axis[-1] + half) == pytest.approx((-4, 4))


def test_the_time_is_told() -> None:
    """Mutants: probes, a reader's points or steps that cost nothing."""
    said = field_learned.seconds("denoising", 1000, 8, "")
    assert said == field_learned.seconds("denoising", 1000, 1, "") == 3.5
    assert field_learned.seconds("sliced", 1000, 8, "") > field_learned.seconds(
        "implicit", 1000, 8, "") > said  # fmt: skip
    assert field_learned.seconds("denoising", 1000, 1, OWN) > said
    assert field_learned.seconds("denoising", 2000, 1, "") == 5.0


# ---------------------------------------------------------------- dials


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("objective", variance.OBJECTIVES)
@pytest.mark.parametrize("kind", matching.PROBES)
def test_dials_agree_with_quadrature(d: int, objective: Any, kind: Any) -> None:
    """Mutants: the fourth moment without Isserlis' 2 tr T^2; Rademacher's diagonal kept; noise of
    denoising that does not move s; variance of m probes over m^2."""
    cov, a = dials.problem(d)
    p = gmm.Params(np.ones(1), np.zeros((1, d)), cov[None])
    dial = dials.exact(objective, cov, a, kind=kind, sigma=0.3)
    wanted = variance.dial(objective, p, lambda x: dials.linear(a, x), n=4, rng=RNG(0), m=3,
                           kind=kind, sigma=0.3)  # fmt: skip
    assert dial.mean == pytest.approx(wanted.mean.value, rel=1e-6)
    assert float(dials.std(dial, 3)) ** 2 == pytest.approx(wanted.variance, rel=1e-6)


@pytest.mark.parametrize("d", [1, 3, 32])
def test_measured_is_near_exact(d: int) -> None:
    """Mutants: the model's covariance for the data's; a dial of another number of probes; errors of
    a sum; the levels in another order."""
    s = dials.dials(d, seed=0)
    pairs = [(s.explicit, s.measured_explicit, 1), (s.implicit, s.measured_implicit, 1),
             *((x, y, 1) for x, y in zip(s.denoising, s.measured_denoising, strict=True)),
             *((x, y, int(m)) for x, row in zip(s.sliced, s.measured_sliced, strict=True)
               for m, y in zip(dials.PROBES, row, strict=True))]  # fmt: skip
    assert len(pairs) == 2 + len(s.sigma) + 3 * len(dials.PROBES)
    for dial, seen, m in pairs:
        # heavy tails: the error of a standard deviation is itself uncertain
        assert abs(seen.mean.value - dial.mean) < 4.5 * seen.mean.error
        assert abs(seen.std.value - dials.std(dial, m)) < 5.5 * seen.std.error
    assert s.explicit.mean - s.implicit.mean == pytest.approx(s.constant, rel=1e-12)
    cov = dials.problem(d)[0]
    for i in (0, 5):
        inverse = np.trace(np.linalg.inv(cov + s.sigma[i] ** 2 * np.eye(d)))
        assert s.shift[i] == pytest.approx(0.5 * d / s.sigma[i] ** 2 - 0.5 * inverse, rel=1e-9)


def test_dimensions_are_bounded() -> None:
    with pytest.raises(ValueError, match="between 1 and 32 dimensions, got 33"):
        dials.problem(33)


# ---------------------------------------------------------------- level lines


def test_a_level_line_is_where_the_level_is() -> None:
    """Of a cone it is a circle of its length. Mutants: rows for columns; corners of the wrong side;
    a cell with two lines loses one; frames of different lengths."""
    axis = np.linspace(-2, 2, 41)
    x, y = np.meshgrid(axis, axis)
    for sign in (1, -1):
        line = contour(axis, sign * np.hypot(x - 0.5, 2 * y), sign * 1.0)
        ends = line.reshape(-1, 3, 2)
        assert np.isnan(ends[:, 2]).all()
        at = np.hypot(ends[:, :2, 0] - 0.5, 2 * ends[:, :2, 1])
        np.testing.assert_allclose(at, 1.0, atol=0.02)
        length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
        assert length == pytest.approx(4.8442, rel=0.01)  # of the ellipse with axes 1 and 1/2
    saddle = contour(np.arange(2.0), np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5)
    ends = {frozenset(map(tuple, two.tolist())) for two in saddle.reshape(-1, 3, 2)[:, :2]}
    assert ends == {frozenset([(0.5, 0), (0, 0.5)]), frozenset([(0.5, 1), (1, 0.5)])}
    flat = np.stack([np.zeros_like(x), np.hypot(x, y)])
    lines = contours(axis, flat, 1.0)
    assert np.isnan(lines[0]).all()
    assert np.isfinite(lines[1]).any()
