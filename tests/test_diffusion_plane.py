"""Denoisers in the plane: samplers side by side, few steps, errors, memory. Mutants are named."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree
from scipy.stats import multivariate_normal, norm

from dgmlib.data.points import encode
from dgmlib.diffusion import (
    plane_choice,
    plane_error,
    plane_heart,
    plane_learned,
    plane_many,
    plane_recorded,
    plane_two,
    sets,
)
from dgmlib.jobs import finish

OWN = encode(np.random.default_rng(3).standard_normal((12, 2)) * [1.0, 3.0] + [5.0, 0.0])


def compare(first: str, second: str, eta: float = 0.0, steps: int = 6, seed: int = 0) -> Any:
    return plane_two.two("ring", "", "exact", first, second, eta=eta, steps=steps, seed=seed)


def transport(x: np.ndarray, y: np.ndarray) -> float:
    """W2 of clouds of one size: the cheapest permutation, by another solver."""
    cost = ((x[:, None].astype(float) - y) ** 2).sum(-1)
    return float(cost[linear_sum_assignment(cost)].mean() ** 0.5)


# ---------------------------------------------------------------- what is chosen


@pytest.mark.parametrize(("name", "points"), [("two unequal", ""), ("ring", ""), ("ring", OWN)])
def test_the_best_denoiser_by_quadrature(name: str, points: str) -> None:
    """E[e | x] by Bayes' rule on a grid of x_0, from the set's density alone.

    Mutants: the set that was not chosen; sqrt(alpha) for sqrt(alpha_bar); weights left out; a set
    whose width is not scaled with it.
    """
    s = plane_choice.chosen(name, points)
    assert (s.name == "own") == bool(points)
    a, step = float(np.cos(np.radians(50)) ** 2), 0.06
    side = np.arange(-4.5, 4.5, step)
    x0 = plane_error.pairs(side)
    density = sum(
        w * norm.pdf(x0, c, s.std).prod(1) for c, w in zip(s.centre, s.weight, strict=True)
    )
    assert np.sum(density) * step**2 == pytest.approx(1, abs=1e-6)
    x = np.array([[0.3, -0.8], [1.2, 0.4]])
    said = plane_choice.denoiser("exact", name, points)(x, a)
    for each, found in zip(x, said, strict=True):
        e = (each - a**0.5 * x0) / (1 - a) ** 0.5
        r = density * np.exp(-0.5 * (e**2).sum(1))
        np.testing.assert_allclose(found, r @ e / r.sum(), atol=1e-6)


def test_levels_are_equal_angles() -> None:
    """Mutants: equal steps of alpha_bar; a first level that still remembers the data."""
    w = plane_choice.angle(plane_choice.levels(7))
    np.testing.assert_allclose(np.diff(w, 2), 0, atol=1e-6)
    np.testing.assert_allclose(w[[0, -1]], [0, np.degrees(plane_choice.LAST)], atol=1e-6)
    assert plane_choice.levels(7)[-1] < 1 / 390
    fine = plane_choice.levels(30, power=2.0)
    assert 1 - fine[1] == pytest.approx((plane_choice.LAST / 900) ** 2, rel=1e-3)


def test_what_cannot_be_chosen_is_explained() -> None:
    """Mutants: too few points are used; a network answers for points it never saw."""
    few = encode(np.arange(14.0).reshape(7, 2) ** 2)
    many = encode(np.random.default_rng(0).standard_normal((401, 2)))
    for text in (few, many):
        with pytest.raises(ValueError, match="between 8 and 400"):
            plane_choice.chosen("ring", text)
    with pytest.raises(ValueError, match="no network was trained on your points"):
        plane_choice.denoiser("trained", "ring", OWN)
    with pytest.raises(ValueError, match="no denoiser 'best'"):
        plane_choice.denoiser("best", "ring")
    with pytest.raises(ValueError, match="no set"):
        plane_choice.denoiser("trained", "square")
    for steps in (0, 101):
        with pytest.raises(ValueError, match="between 1 and 100 steps"):
            compare("DDIM", "Heun", steps=steps)
    with pytest.raises(ValueError, match="no sampler 'ddim'"):
        compare("ddim", "Heun")
    with pytest.raises(ValueError, match="between 1 and 6000"):
        finish(plane_learned.here("ring", "", 6001, seed=0))


# ---------------------------------------------------------------- two samplers


def test_same_noise_for_both() -> None:
    """Mutants: the second goes on with the first's stream; noise on the way is not the same; the
    seed is not used."""
    t = compare("DDPM", "DDPM")
    np.testing.assert_array_equal(t.first.x, t.second.x)
    one, other = compare("DDPM+", "Heun"), compare("DDPM", "Heun", seed=1)
    np.testing.assert_array_equal(one.first.x[0], one.second.x[0])
    np.testing.assert_array_equal(one.first.x[0], t.first.x[0])
    assert np.abs(other.first.x[0] - t.first.x[0]).max() > 1
    assert np.abs(other.points - t.points).max() > 0.1
    assert (t.first.calls, one.second.calls) == (6, 11)


def test_ddim_is_euler_or_ddpm() -> None:
    """Mutants: eta is not passed on; eta of the other sampler."""
    t = compare("DDIM", "Euler", eta=0.0)
    np.testing.assert_allclose(t.first.x, t.second.x, atol=1e-5)
    t = compare("DDIM", "DDPM", eta=1.0)
    np.testing.assert_allclose(t.first.x, t.second.x, atol=1e-5)
    t = compare("DDIM", "DDPM", eta=0.5)
    assert np.abs(t.first.x[-1] - t.second.x[-1]).max() > 0.05
    assert t.first.title == "DDIM, η = 0.5"


def test_distances_are_of_the_clouds() -> None:
    """By an assignment solver. Mutants: W1; frames exchanged; x for the guess; the cloud of
    another seed; a floor between unequal clouds."""
    t = compare("DDPM", "Heun", steps=25)
    data = t.points[: plane_two.CLOUD]
    for r in (t.first, t.second):
        for m, f in ((0, 0), (4, 10), (10, 25)):
            assert t.measured[m] == f
            for found, cloud in ((r.w2_x, r.x), (r.w2_x0, r.x0)):
                wanted = transport(cloud[f, : len(data)], data)
                assert found[m] == pytest.approx(wanted, rel=1e-5)
    rng = np.random.default_rng(1)
    pair = sets.draw(sets.ring(), 2 * len(data), rng=rng).reshape(2, -1, 2)
    assert t.floors[0] == pytest.approx(transport(*pair), rel=1e-9)
    assert len(set(t.floors)) == plane_choice.PAIRS


def test_the_guess_is_what_the_next_step_is_made_with() -> None:
    """Mutants: the guess of a step before; the guess at another angle; angles upside down."""
    t = compare("Euler", "DDPM", steps=5)
    np.testing.assert_allclose(t.angle, np.degrees(plane_choice.LAST) * np.arange(5, -1, -1) / 5,
                               atol=1e-6)  # fmt: skip
    eps = plane_choice.denoiser("exact", "ring")
    for f in range(5):
        w, x = np.radians(t.angle[f]), t.first.x[f].astype(float)
        guess = (x - np.sin(w) * eps(x, np.cos(w) ** 2)) / np.cos(w)
        np.testing.assert_allclose(t.first.x0[f], guess, atol=2e-5)
    np.testing.assert_array_equal(t.first.x0[-1], t.first.x[-1])


def test_long_runs_are_thinned() -> None:
    """Mutants: the last step is not shown; more frames than are said."""
    at, measured = plane_two.frames(100)
    assert (at[0], at[-1], len(at)) == (0, 100, plane_two.FRAMES)
    assert (measured[0], measured[-1], len(measured)) == (0, 40, plane_two.MEASURED)
    at, measured = plane_two.frames(1)
    assert (at.tolist(), measured.tolist()) == ([0, 1], [0, 1])


# ---------------------------------------------------------------- how many steps


def test_few_steps_are_far_and_many_are_near() -> None:
    """One step from 87 degrees ends at cos(w) x, near the middle of a ring of radius sqrt 2, and
    W2^2 = E (sqrt 2 - cos(w) |x|)^2 with E |x| = sqrt(pi / 2).

    Mutants: one step stays at the noise; seeds are one cloud four times; a sampler's row is
    another's.
    """
    m = finish(plane_many.many("ring", "", "exact", seed=0, steps=(1, 3, 20)))
    c = float(np.cos(plane_choice.LAST))
    wanted = np.sqrt(2 - 2 * 2**0.5 * c * np.sqrt(np.pi / 2) + 2 * c**2)
    np.testing.assert_allclose(m.w2[:, 0], wanted, atol=0.015)
    mean = m.w2.mean(-1)
    assert (np.diff(mean) < 0).all()
    assert (mean[:, 2] < m.floors.max()).all()
    assert (m.w2.std(-1)[:, 2] > 1e-4).all()
    np.testing.assert_array_equal(m.calls, [[1, 3, 20]] * 3 + [[1, 5, 39]])
    assert plane_many.cost("Heun", 1000) == 0
    alone = finish(plane_many.many("ring", "", "exact", seed=0, steps=(3,)))
    np.testing.assert_array_equal(alone.w2[:, 0], m.w2[:, 1])


def test_work_is_told_as_it_is_done() -> None:
    """Mutants: a bar that runs past its end or stands still; no sign of life in a long run."""
    told = [p.part for p in plane_many.many("two unequal", "", "exact", seed=0, steps=(2, 50))]
    assert told[0] == 0
    assert told[-1] == 1
    assert (np.diff(told) >= 0).all()
    assert np.diff(told).max() < 0.2


def test_a_reader_s_points_are_taken_in_an_order_of_chance() -> None:
    """Mutant: the first N that were painted, which are all in one corner."""
    data = plane_choice.chosen("ring", OWN)
    first, other = (plane_heart.training(data, own=True, seed=s) for s in (0, 1))
    for taken in (first, other):
        np.testing.assert_array_equal(np.sort(taken, axis=0), np.sort(data.centre, axis=0))
        assert (taken != data.centre).any()
    assert (first != other).any()


@pytest.mark.parametrize("name", plane_recorded.MANY)
def test_recorded_steps_come_again(name: str) -> None:
    """Three of its columns. Mutants: the recording of another set or denoiser; columns exchanged;
    a checkpoint that was trained anew after it."""
    data, kind = plane_recorded.MANY[name]
    kept = plane_recorded.many(data, "", kind, seed=plane_recorded.SEED)
    assert kept is not None
    assert kept.steps.tolist() == list(plane_many.STEPS)
    again = finish(plane_many.many(data, "", kind, seed=plane_recorded.SEED, steps=(1, 3)))
    at = [plane_many.STEPS.index(s) for s in (1, 3)]
    np.testing.assert_allclose(again.w2, kept.w2[:, at], rtol=1e-4)
    np.testing.assert_allclose(again.floors, kept.floors, rtol=1e-9)
    assert (again.name, again.denoiser) == (kept.name, kept.denoiser) == (data, kind)
    assert plane_recorded.many(data, OWN, kind, seed=0) is None
    assert plane_recorded.many(data, "", kind, seed=1) is None


# ---------------------------------------------------------------- trained against exact


def off_by(shift: np.ndarray) -> Any:
    """A network that is the best denoiser and a known vector."""
    best = plane_choice.denoiser("exact", "two unequal")
    return lambda x, a: best(x, a) + shift


@pytest.fixture(scope="module")
def known_error() -> plane_error.Errors:
    return plane_error.compare(sets.unequal(), off_by(np.array([0.3, -0.4])), seed=0)


def test_errors_add_up(known_error: plane_error.Errors) -> None:
    """E|net - e|^2 is the sum of the other two, within what chance leaves to the cross term.

    Mutants: half of a square (one coordinate); the root of it; the parts exchanged; the standard
    deviation for the standard error.
    """
    e = known_error
    np.testing.assert_allclose(e.off, 0.5, rtol=1e-9)
    np.testing.assert_allclose(e.mean[0], 0.25, rtol=1e-9)
    cross = e.mean[2] - e.mean[0] - e.mean[1]  # 2 (net - best) . (best - e), of mean 0
    bound = 2 * 0.5 * np.sqrt(e.mean[1] / plane_error.CLOUD)
    assert (np.abs(cross) < 4 * bound).all()
    assert np.abs(cross).max() > 0.1 * bound.max()
    n = plane_error.CLOUD
    assert (e.error[1] < 3 * np.sqrt(2 * e.mean[1] ** 2 / n)).all()
    assert (e.error[1] > 0.3 * np.sqrt(e.mean[1] ** 2 / n)).all()
    np.testing.assert_allclose(e.best - e.net, np.broadcast_to([0.3, -0.4], e.net.shape))


def test_the_unknowable_of_a_gaussian() -> None:
    """For N(0, s^2 I) the best leaves 2 cos^2(w) s^2 / (cos^2(w) s^2 + sin^2(w)).

    Mutants: a mean per coordinate; cosine and sine exchanged.
    """
    s = sets.Set("one", np.zeros((1, 2)), np.ones(1), 0.7)
    e = plane_error.compare(s, sets.eps(s), seed=1)
    a = np.cos(np.radians(e.angle)) ** 2
    wanted = 2 * a * 0.49 / (a * 0.49 + 1 - a)
    assert (np.abs(e.mean[1] - wanted) < 4.5 * e.error[1]).all()
    np.testing.assert_array_equal(e.mean[0], 0)
    np.testing.assert_array_equal(e.x0_best, e.x0_net)


def test_the_density_is_that_of_noisy_data(known_error: plane_error.Errors) -> None:
    """By SciPy. Mutants: the density of the data; no weights; rows from the top."""
    e, f = known_error, 7
    w = np.radians(e.angle[f])
    s = sets.unequal()
    var = (np.cos(w) * s.std) ** 2 + np.sin(w) ** 2
    grid = np.stack(np.meshgrid(e.axis, e.axis), -1)  # [row, column] is y, x
    q = sum(
        v * multivariate_normal.pdf(grid, np.cos(w) * c, var)
        for c, v in zip(s.centre, s.weight, strict=True)
    )
    np.testing.assert_allclose(e.density[f], q / np.max(q), rtol=1e-9, atol=1e-12)
    assert e.density[f][:, e.axis > 0].sum() > 1.5 * e.density[f][:, e.axis < 0].sum() > 0


def test_guesses_are_of_the_drawn_points(known_error: plane_error.Errors) -> None:
    """Mutants: guesses of grid points; x_0-hat with the wrong sign."""
    e, f = known_error, 5
    w = np.radians(e.angle[f])
    said = plane_choice.denoiser("exact", "two unequal")(e.x[f], float(np.cos(w) ** 2))
    np.testing.assert_allclose(e.x0_best[f], (e.x[f] - np.sin(w) * said) / np.cos(w), atol=1e-9)
    moved = e.x0_net[f] - e.x0_best[f]
    np.testing.assert_allclose(moved, np.tile(-np.tan(w) * np.array([0.3, -0.4]), (len(moved), 1)))


@pytest.mark.parametrize("name", plane_choice.DATA)
def test_trained_networks_are_near_the_best(name: str) -> None:
    """Mutants: the checkpoint of another set; the angle for the noise level upside down."""
    e = plane_error.errors(name, "", seed=0)
    assert (e.mean[0] < 0.03).all()
    assert e.mean[0].mean() < 0.01
    assert e.mean[0].mean() < 0.05 * e.mean[1].mean()


# ---------------------------------------------------------------- by heart


def test_points_are_given_back() -> None:
    """Mutants: the first sizes of another set; a denoiser with a width; training points that are
    drawn anew for every size."""
    h = plane_heart.heart("ring", OWN, seed=0)
    assert h.sizes.tolist() == [5, 8, 12]
    known = KDTree(sets.own(plane_heart.decode(OWN)).centre)
    assert known.query(h.training)[0].max() < 1e-12
    for x, n in zip(h.by_heart, h.sizes, strict=True):
        distance, which = KDTree(h.training[:n]).query(x)
        assert (distance < plane_heart.SAME).mean() > 0.97
        assert len(np.unique(which)) == n  # each of them, not one
    assert "trained" not in h.others
    assert (h.distance["smooth"][-1] < plane_heart.SAME).mean() < 0.02


def test_fresh_data_come_nearer_to_more_points() -> None:
    """Mutants: distance to the fresh data themselves; the largest size for all."""
    h = plane_heart.heart("ring", "", seed=0)
    for name in ("smooth", "fresh data", "trained"):
        again = KDTree(h.training[: h.sizes[2]]).query(h.others[name])[0]
        np.testing.assert_allclose(h.distance[name][2], again)
        assert (np.diff(h.distance[name], axis=0) <= 0).all()
        ratio = np.median(h.distance[name][-1]) / np.median(h.distance["fresh data"][-1])
        assert 0.6 < ratio < 1.6
    assert np.median(h.distance["fresh data"][-1]) > 100 * np.median(h.distance["by heart"][-1])


def test_shares_are_counted() -> None:
    """Mutants: the share that is farther; over frames instead of samples."""
    distance = np.array([[0.0, 2e-4, 0.5, 9.0], [0.02, 0.02, 0.02, 0.02]])
    found = plane_heart.share_below(distance)
    at = [int(np.searchsorted(plane_heart.GRID, d)) for d in (1e-4, 1e-3, 0.1, 1.0)]
    np.testing.assert_array_equal(found[:, at], [[0.25, 0.5, 0.5, 0.75], [0, 0, 1, 1]])


def test_too_few_points_wait_for_more() -> None:
    """Mutant: a traceback while the reader is painting the first points."""
    h = plane_heart.heart("ring", encode(np.array([[0.0, 1.0], [2.0, 3.0]])), seed=0)
    assert h.data is None
    assert len(h.raw) == 2


# ---------------------------------------------------------------- learning


def test_the_least_loss() -> None:
    """One Gaussian of deviation 1 has E|e* - e|^2 / 2 = cos^2(w), 1/2 on average over the angles.

    Mutants: both coordinates added; a mean over alpha_bar instead of the angle; an error that is
    the deviation.
    """
    s = sets.Set("one", np.zeros((1, 2)), np.ones(1), 1.0)
    value, error = plane_learned.least_loss(s)
    assert abs(value - 0.5) < 4 * error
    assert 0.5 / plane_learned.PROBES**0.5 < error < 1.5 / plane_learned.PROBES**0.5


@pytest.mark.parametrize("name", plane_recorded.HERE)
def test_recorded_learning_comes_again(name: str) -> None:
    """Its first steps are taken again, its samples measured again.

    Mutants: the recording of another seed, set or length; the moving average's samples exchanged
    with the best denoiser's.
    """
    from dgmlib.diffusion import plane_net, plane_steps, plane_train

    data, training = plane_recorded.HERE[name]
    kept = plane_recorded.here(data, "", training, seed=plane_recorded.SEED)
    assert kept is not None
    assert kept.steps[-1] == training
    run = plane_steps.Run(plane_net.init(rng=np.random.default_rng(0)), 0)
    points = sets.draw(kept.data, plane_train.POINTS, rng=np.random.default_rng([0, 1]))
    first = [run.step(points, i / training) for i in range(kept.steps[0])]
    assert np.mean(first) == pytest.approx(kept.loss[0], rel=1e-3)
    best = plane_two.run("", sets.eps(kept.data), kept.points, rule="DDIM", eta=0.0,
                         steps=plane_learned.STEPS, seed=0)  # fmt: skip
    np.testing.assert_allclose(best.x, kept.best.x, atol=1e-4)
    cloud = plane_two.CLOUD
    again = transport(kept.learned.x[-1, :cloud], kept.points[:cloud])
    assert again == pytest.approx(kept.learned.w2_x[-1], rel=1e-4)
    np.testing.assert_array_equal(kept.learned.x[0], kept.best.x[0])
    assert kept.loss[-10:].mean() > kept.least[0] - 0.02
    assert plane_recorded.here(data, "", training + 500, seed=0) is None


def test_learning_here_ends_in_samples() -> None:
    """Mutants: the samples of the first weights; no progress."""
    job = plane_learned.here("two unequal", "", 40, seed=0)
    told = 0
    while True:
        try:
            told += next(job).total == 40
        except StopIteration as end:
            found = end.value
            break
    assert told > 10
    assert found.steps[-1] == 40
    assert np.abs(found.learned.x[-1] - found.best.x[-1]).max() > 0.1
    assert found.learned.title == "learned here, 40 steps"
