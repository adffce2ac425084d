"""The EM page: what is drawn is what was computed, and every preset shows what its name says."""

import itertools
import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from dgmlib.data import sets, toys
from dgmlib.data.points import encode
from dgmlib.figures import mixture_views, mixture_words
from dgmlib.figures.scene import Bars, Brush, Ellipses, Handles, HeatMap, Lines, Path, Points, Scene
from dgmlib.mixtures import by_hand, em, gmm, kmeans, runs, slices, trace
from dgmlib.mixtures.agreement import agreement
from dgmlib.mixtures.basin_map import basin_map, optima
from dgmlib.mixtures.collapse import CollapseError
from dgmlib.mixtures.gmm import Params
from dgmlib.mixtures.starts import from_means
from dgmlib.mixtures.sweep_k import sweep_k
from dgmlib.mixtures.touch import touch
from dgmlib.ui import fields, spec

PAGE = spec.of("gaussian_mixture")


def at(view: str, **values: Any) -> Any:
    """The result of a view at its defaults but for ``values``."""
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def preset(name: str) -> Any:
    values = dict(PAGE.presets[name])
    return at(values.pop("view", "steps"), **values)


def drawn(view: str, shown: Any) -> Any:
    items = PAGE.views[view].show(shown)
    return items[0] if isinstance(items, list) else items


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


# ---------------------------------------------------------------- the picture is the numbers


@pytest.mark.parametrize("values", [{}, dict(map=True), dict(temperature=0.5), dict(k=1)])
def test_the_picture_is_the_trace(values):
    """Mutants: colours of the half-step before; ellipses drawn one frame late; the bound and
    the likelihood exchanged; the log prior left out of the staircase."""
    shown = at("steps", **values)
    t, scene = shown.found.trace, drawn("steps", shown)
    assert np.array_equal(layer(scene, Points).weights, t.responsibilities)
    assert np.array_equal(layer(scene, Points).xy, shown.data.x)
    assert np.array_equal(layer(scene, Ellipses).mean, t.mean)
    assert np.array_equal(layer(scene, Ellipses).cov, t.cov)
    assert np.array_equal(layer(scene, Ellipses).weight, t.weight)
    assert np.array_equal(layer(scene, Handles).xy, t.mean[0])
    assert np.array_equal(layer(scene, Path).xy.transpose(1, 0, 2), t.mean)
    top, low = layer(scene, Lines, 1).y
    assert np.array_equal(top, t.free_energy + t.log_prior)
    assert np.array_equal(low[1:], (t.bound + t.log_prior)[1:])
    assert np.isnan(low[0])
    assert len(scene.captions) == len(scene.frame_values) == len(t.kind)


def test_colours_are_bayes_rule():
    """Mutant: the E-step forgets the weights. Here the posterior comes from SciPy."""
    shown = at("steps")
    t = shown.found.trace
    last_e = np.flatnonzero(t.kind == "E")[-1]
    joint = np.stack([
        w * multivariate_normal(m, c).pdf(shown.data.x)
        for w, m, c in zip(t.weight[last_e], t.mean[last_e], t.cov[last_e], strict=True)
    ], axis=1)  # fmt: skip
    expected = joint / joint.sum(1, keepdims=True)
    np.testing.assert_allclose(t.responsibilities[last_e], expected, atol=1e-12)  # rounding
    np.testing.assert_allclose(t.log_likelihood[last_e], np.log(joint.sum(1)).sum(), atol=1e-9)


def test_the_staircase_closes_and_opens():
    """Mutants: the gap not closed by the E-step; the M-step's gap with the wrong sign."""
    t = at("steps").found.trace
    e, m = t.kind == "E", t.kind == "M"
    assert np.allclose(t.gap[e], 0, atol=1e-10)  # rounding of a sum of 150 terms
    assert np.all(t.gap[m] > 0)
    np.testing.assert_allclose(t.bound + t.gap, t.log_likelihood, atol=1e-10)
    assert np.all(np.diff(t.log_likelihood) >= -1e-10)
    assert np.all(np.diff(t.bound[1:]) >= -1e-10)


def test_captions_say_the_numbers():
    """Mutants: the rise over the wrong half-step; a hyphen for a minus; E and M exchanged."""
    t = at("steps").found.trace
    said = mixture_words.em_captions(at("steps").found)
    number = mixture_words.number
    assert said[1].startswith("E-step 1")
    assert said[2].startswith("M-step 1")
    for words in (
        number(t.bound[2] - t.bound[1]),
        number(t.log_likelihood[2] - t.log_likelihood[1]),
        number(t.log_likelihood[2]),
        number(t.gap[2]),
    ):
        assert words in said[2]
    assert number(t.bound[3] - t.bound[2]) in said[3]
    assert "-" not in "".join(said).replace("-step", "").replace("log-likelihood", "")


def test_prediction_is_true():
    """The answer on the page: the likelihood rises at least as much as the bound."""
    t = at("steps").found.trace
    m = np.flatnonzero(t.kind == "M")
    bound, likelihood = t.bound[m] - t.bound[m - 1], t.log_likelihood[m] - t.log_likelihood[m - 1]
    assert np.all(likelihood >= bound - 1e-10)
    assert np.mean(likelihood > bound + 1e-6) > 0.9  # "nearly always more"
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer].startswith("At least as much")


# ---------------------------------------------------------------- the presets


def test_singularity_collapses_and_says_so():
    """Mutants: the collapse raised instead of shown; its last steps cut off; a wrong name."""
    shown = preset("Singularity")
    run = shown.found
    k = run.component
    assert run.collapse
    assert np.array_equal(shown.data.x[-1], [5.0, 3.0])
    assert run.trace.mean[-1, k] == pytest.approx([5.0, 3.0], abs=1e-3)  # it sits on the point
    sd = np.sqrt(np.linalg.eigvalsh(run.trace.cov[:, k]))[:, 0]
    moves = run.trace.kind != "E"
    assert np.all(np.diff(sd[moves]) < 0)  # thinner with every M-step
    assert run.trace.kind[-1] == "E"  # everything up to the M-step that cannot be done
    with pytest.raises(CollapseError):
        em.m_step(shown.data.x, run.trace.responsibilities[-1])
    scene, table = drawn("steps", shown), PAGE.views["steps"].show(shown)[1]
    assert f"component {k + 1} collapses" in scene.captions[-1]
    assert table.rows[-1][0].endswith("refused")
    density = multivariate_normal(run.trace.mean[-1, k], run.trace.cov[-1, k], allow_singular=True)
    assert table.rows[-2][3] == pytest.approx(density.pdf(run.trace.mean[-1, k]), rel=1e-6)


def words(shown: Any, view: str = "steps") -> str:
    """All that the tables of a view say."""
    tables = [item for item in PAGE.views[view].show(shown) if not isinstance(item, Scene)]
    return " ".join(str(cell) for t in tables for row in [*t.rows, [t.caption]] for cell in row)


def test_a_true_collapse_is_called_unbounded_in_words():
    """Mutants: an infinity in the table as if it had been computed; the words of the empty one."""
    said = words(preset("Singularity"))
    assert "unbounded as σ → 0" in said
    assert "inf" not in said
    assert "lost all" not in said


@pytest.mark.parametrize(("k", "left"), [(3, "a mixture of 2"), (2, "one Gaussian")])
def test_a_component_without_points_is_no_singularity(k, left):
    """Mutant: "unbounded" (or an infinite density) for a mean that is too far from all points."""
    far = "1e4 1e4, 0 0, 1 1" if k == 3 else "1e4 1e4, 0 0"
    shown = at("steps", data="blobs", k=k, start="dragged", means=far)
    assert shown.found.count < 1e-10
    said = words(shown) + drawn("steps", shown).captions[-1]
    assert f"lost all its points. Its weight goes to 0, and what remains is {left}." in said
    assert "inf" not in said
    assert "unbounded" not in said
    x = shown.data.x  # it is so: with weight 0 the likelihood is that of the others, and finite
    t = shown.found.trace
    others = Params(t.weight[-1][1:] / t.weight[-1][1:].sum(), t.mean[-1][1:], t.cov[-1][1:])
    weight = np.concatenate([[0.0], others.weight])
    both = gmm.log_prob(Params(weight, t.mean[-1], t.cov[-1]), x)
    np.testing.assert_allclose(both, gmm.log_prob(others, x), rtol=1e-12)


def test_the_map_tells_a_lost_component_from_a_collapse():
    """Mutant: both counted as collapse. One mean begins far away in every run of the map."""
    x = toys.blobs(60, rng=np.random.default_rng(0))
    m = basin_map(x, from_means(x, np.array([[0.0, 0.0], [1e4, 1e4]])), resolution=4)
    assert m.empty.all()
    shown = sets.Shown(sets.load("blobs", n=60, rng=np.random.default_rng(0)), m)
    assert "lost its points that of one Gaussian" in words(shown, "basin")
    assert "unbounded" not in words(shown, "basin")
    lonely = preset("Singularity").data.x
    start = from_means(lonely, np.array([[0.0, 0.0], [5.0, 3.0]]))
    sure = basin_map(lonely, start, resolution=4)
    assert sure.collapsed.any()
    assert not sure.empty.any()


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e6])
@pytest.mark.parametrize("slope", [2.0, 0.3])
def test_points_on_a_line_are_refused_in_one_sentence(unit, slope):
    """Mutants: the list of eigenvalues instead; a threshold in the units of the data."""
    x = np.random.default_rng(3).standard_normal((40, 1))
    line = np.concatenate([x, slope * unit * x + unit], axis=1)
    with pytest.raises(ValueError, match=r"^the points lie on a line .or plane.*add spread or"):
        from_means(line, line[:2])
    assert from_means(line, line[:2], covariance="diag").cov.shape == (2, 2, 2)
    line[:, 1] += 1e-3 * unit * np.random.default_rng(4).standard_normal(40)
    assert np.isfinite(from_means(line, line[:2]).cov).all()  # thin, but a density


@pytest.mark.parametrize("view", list(PAGE.views))
def test_own_points_on_a_line_are_refused_in_every_view(view):
    """Mutant: a view that checks its points only after it used them."""
    x = np.linspace(-3, 3, 40)[:, None]
    with pytest.raises(ValueError, match="the points lie on a line"):
        at(view, points=encode(np.concatenate([x, 2 * x], axis=1)))


def test_no_words_of_the_library_reach_the_m_step_by_hand():
    """Mutant: the CollapseError of ``em.m_step``, which names an argument, as the answer."""
    x = toys.blobs(60, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="mean 2 owns no points") as caught:
        by_hand.score(x, from_means(x, np.array([[0.0, 0.0], [1e4, 1e4]])), np.empty((0, 2)))
    assert "=" not in str(caught.value)


def test_a_sweep_in_which_all_collapses_is_drawn():
    """Mutant: nanargmax of a held-out curve that has no value."""
    shown = at("k", data="blobs")
    none = np.full(len(shown.found.fit), np.nan)
    n = len(none)
    lost = shown.found._replace(
        fit=none, aic=none, bic=none, held_out=none, error=none,
        params=(None,) * n, responsibilities=(None,) * n,
    )  # fmt: skip
    scene = mixture_views.sweep_k_scene(shown._replace(found=lost))
    assert "Every start collapsed" in scene.alt
    one = shown.found._replace(held_out=none)
    assert len(mixture_views.sweep_k_scene(shown._replace(found=one)).captions) == n


def test_what_only_em_has_says_so():
    """Mutant: a control that does nothing to k-means, without a word about it."""
    labels = {name: c.label for name, c in fields.controls(PAGE.params).items()}
    for name, end in (("covariance", "diag"), ("temperature", 0.5), ("map", True)):
        assert labels[name].endswith("(EM)")
        same = [at("steps", method="k-means", **v).found.centre for v in ({}, {name: end})]
        assert np.array_equal(*same)


def test_the_point_carries_the_index():
    """Mutant: p(x_k | z_i = k), the k-th point under the k-th component, in the numerator."""
    t, x = at("steps").found.trace.last, at("steps").data.x
    for i, r in enumerate(gmm.responsibilities(t, x)):
        joint = t.weight * [
            multivariate_normal(*g).pdf(x[i]) for g in zip(t.mean, t.cov, strict=True)
        ]
        np.testing.assert_allclose(r, joint / joint.sum(), atol=1e-12)  # rounding


def test_the_prior_cures_the_singularity():
    """Mutant: the prior ignored. Same data, same start."""
    run = preset("Its cure: a prior").found
    assert not run.collapse
    assert run.trace.converged
    climbed = run.trace.log_likelihood + run.trace.log_prior
    assert np.all(np.diff(climbed[2:]) >= -1e-9)
    assert np.linalg.eigvalsh(run.trace.cov[-1]).min() > 1e-3


def test_label_switching_reaches_one_optimum_under_several_names():
    """Mutant: ends compared by their parameters instead of their likelihood."""
    m = preset("Label switching").found
    found = optima(m.ends)
    assert found[0].share > 0.8
    places = m.place[m.place >= 0]
    assert set(np.unique(places)) == {0, 1, 2}  # mean 1 became each of the three
    best, x = m.ends.best, preset("Label switching").data.x
    values = [
        gmm.log_prob(Params(*(a[list(order)] for a in best)), x).sum()
        for order in itertools.permutations(range(3))
    ]
    assert len(values) == math.factorial(3)
    assert np.ptp(values) < 1e-9  # K! equal optima, up to rounding


def test_k_means_fails_on_stretched_clusters_and_em_does_not():
    """The two presets start from the same means."""
    hard, soft = preset("k-means on stretched clusters"), preset("EM on stretched clusters")
    assert np.array_equal(hard.found.centre[0], soft.found.trace.mean[0])
    assert hard.agreement < 0.6
    assert soft.agreement > 0.95
    truth = Params(*toys.TRUTH["stretched"])
    assert soft.found.trace.log_likelihood[-1] > gmm.log_prob(truth, soft.data.x).sum()


def test_local_optimum_is_worse_than_the_best():
    """Mutant: a preset that only looks stuck because it was stopped early."""
    shown = preset("Local optimum")
    start = shown.found.trace.last
    end = trace.fit(shown.data.x, start, n_steps=2000, tol=1e-10)
    better = at("steps", data="pairs", k=4).found.trace
    assert better.converged
    assert end.converged
    assert end.log_likelihood[-1] < better.log_likelihood[-1] - 30


# ---------------------------------------------------------------- the views


@pytest.mark.parametrize("covariance", gmm.COVARIANCES)
@pytest.mark.parametrize("component", [1, 3])
def test_touch_is_the_slice(covariance, component):
    """Mutants: the precision replaced by the covariance; t^2 without its half; r of another
    half-step; the top at the likelihood's own maximum."""
    shown = at("slice", covariance=covariance, component=component)
    s, x, k = shown.found, shown.data.x, component - 1
    for i in (0, 1, len(s.frame) - 1):
        f = s.frame[i]
        params = Params(s.trace.weight[f], s.trace.mean[f], s.trace.cov[f])
        v = (s.next[i] - s.now[i]) / s.top[i, 0]
        offset = np.concatenate([[0.0, s.top[i, 0]], s.offset])
        cut = slices.slice_along(params, x, component=k, direction=v, offset=offset)
        close = partial(np.testing.assert_allclose, atol=1e-9)  # differences of sums near 1e2
        height, low = cut.log_likelihood - cut.log_likelihood[0], cut.bound - cut.bound[0]
        close(cut.bound[0], cut.log_likelihood[0])
        close(height[2:], s.log_likelihood[i])
        close(low[2:], s.bound[i])
        close(height[1], s.gained[i])
        close(low[1], s.top[i, 1])
    assert np.all(s.bound <= s.log_likelihood + 1e-9)
    assert np.all(s.bound.max(1) <= s.top[:, 1] + 1e-9)
    step = s.frame + 1
    np.testing.assert_array_equal(s.next, s.trace.mean[step, k])
    y = layer(mixture_views.slice_scene(shown), Lines, 1).y
    assert np.array_equal(y[:, 0], s.log_likelihood)
    assert np.array_equal(y[:, 1], s.bound)


def test_by_hand_is_the_bound():
    """Mutants: the likelihood instead of the bound; the gain of one mean counted twice."""
    shown = at("you", mine="5 1.5, 5 1.9, 1.4 0.3")
    h, x = shown.found, shown.data.x
    r = em.e_step(h.start, x)
    with_mine = float(em.bound(h.start._replace(mean=h.mean), r, x))
    assert h.bound[1] == pytest.approx(with_mine, abs=1e-9)
    assert h.bound[0] == pytest.approx(float(gmm.log_prob(h.start, x).sum()), abs=1e-9)
    assert h.gain.sum() == pytest.approx(h.bound[1] - h.bound[0], abs=1e-9)
    assert h.most.sum() == pytest.approx(h.bound[2] - h.bound[0], abs=1e-9)
    np.testing.assert_allclose(h.best, (r.T @ x) / r.sum(0)[:, None], atol=1e-12)
    for _ in range(3):
        assert by_hand.score(x, h.start, h.best).share == pytest.approx(1.0, abs=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(50):
        near = h.best + 0.1 * rng.standard_normal(h.best.shape)
        assert by_hand.score(x, h.start, near).share < 1.0
    assert by_hand.score(x, h.start, h.start.mean).share == 0.0
    assert np.array_equal(layer(drawn("you", shown), Bars, 1, 1).height, h.gain)
    assert np.array_equal(layer(drawn("you", shown), Handles).xy, h.mean)


@pytest.mark.parametrize("values", [dict(k=2), dict(data="lonely", k=2), dict(k=2, map=True)])
def test_every_cell_is_a_run_of_its_own(values):
    """Mutants: rows and columns exchanged; the moved mean not the first; collapse not marked."""
    shown = at("basin", **values)
    m, x = shown.found, shown.data.x
    heat = layer(drawn("basin", shown), HeatMap).value
    prior = None
    if values.get("map"):
        from dgmlib.mixtures.prior import default_prior

        prior = default_prior(x, 2)
    rng = np.random.default_rng(1)
    for _ in range(12):
        i, j = rng.integers(len(m.ys)), rng.integers(len(m.xs))
        start = from_means(x, np.concatenate([[[m.xs[j], m.ys[i]]], m.others]))
        run = runs.climb(x, start, prior=prior, n_steps=120, tol=1e-6)
        assert bool(run.collapse) == m.collapsed[i, j]
        if not run.collapse:
            # a run may stop one iteration apart: what an iteration gains then is below 1e-6 n
            assert m.log_likelihood[i, j] == pytest.approx(
                run.trace.log_likelihood[-1], abs=2e-5 * len(x)
            )
            assert heat[i, j] == m.log_likelihood[i, j]


def test_picking_a_start_gives_that_run():
    """The map's click and the half-steps agree on where the other means begin."""
    edit = PAGE.views["basin"].edits["pick"]
    text = edit.encode({"xy": [2.0, 1.0]})
    values = {edit.field: text, **edit.also}
    m, run = at("basin", k=2, **values).found, at("steps", k=2, **values).found
    assert np.array_equal(run.trace.mean[0, 0], [2.0, 1.0])
    assert np.array_equal(run.trace.mean[0, 1:], m.others)
    assert np.array_equal(m.run.trace.mean[0], run.trace.mean[0])
    assert np.array_equal(m.others, at("steps", k=2).found.trace.mean[0, 1:])  # as by ++


@pytest.mark.parametrize("covariance", gmm.COVARIANCES)
def test_sweep_follows_its_definitions(covariance):
    """Mutants: BIC with the number of all points; parameters counted as for full covariances;
    the held-out points used in the fit; the error without its square root."""
    shown = at("k", covariance=covariance)
    s = shown.found
    n, d = s.train.shape
    both = np.concatenate([s.train, s.test])
    assert sorted(map(tuple, both)) == sorted(map(tuple, shown.data.x))
    alone = s.params[0]
    assert alone is not None
    np.testing.assert_allclose(alone.mean[0], s.train.mean(0), rtol=1e-9)  # of these points only
    free = {"full": 3, "diag": 2, "spherical": 1}
    for i, params in enumerate(s.params):
        if params is None:
            assert np.isnan(s.bic[i])
            continue
        K = i + 1
        m = K - 1 + K * d + (3 if covariance == "tied" else K * free[covariance])
        log_p = gmm.log_prob(params, s.train).sum()
        unseen = gmm.log_prob(params, s.test)
        assert s.aic[i] == pytest.approx((log_p - m) / n, abs=1e-12)
        assert s.bic[i] == pytest.approx((log_p - 0.5 * m * np.log(n)) / n, abs=1e-12)
        assert s.held_out[i] == pytest.approx(unseen.mean(), abs=1e-12)
        assert s.error[i] == pytest.approx(unseen.std(ddof=1) / np.sqrt(len(unseen)), abs=1e-12)
    scene = drawn("k", shown)
    assert np.array_equal(layer(scene, Lines, 1).y[1], s.bic, equal_nan=True)
    weight = layer(scene, Ellipses).weight
    assert [int(np.count_nonzero(w)) for w in weight] == [
        0 if p is None else i + 1 for i, p in enumerate(s.params)
    ]


def test_sweep_finds_three_stretched_clusters():
    s = at("k", data="stretched").found
    assert int(np.nanargmax(s.bic)) + 1 == 3


def test_k_means_is_drawn_as_it_ran():
    shown = at("steps", method="k-means")
    t = shown.found
    assert isinstance(t, kmeans.Trace)
    scene = drawn("steps", shown)
    weights = layer(scene, Points).weights
    assert np.array_equal(weights[1:].argmax(-1), t.label[1:])
    assert np.array_equal(layer(scene, Lines, 1).y[0], t.inertia)
    assert f"{t.inertia[2]:.3f}" in scene.captions[2]


# ---------------------------------------------------------------- the slips


def test_gradient_has_the_inverse_covariance():
    """The corrected condition; the slip (Sigma for its inverse) misses the finite differences."""
    shown = at("steps", data="stretched")
    x, f = shown.data.x, 2
    t = shown.found.trace
    params = Params(t.weight[f], t.mean[f], t.cov[f])
    r = gmm.responsibilities(params, x)
    pull = r.T @ x - r.sum(0)[:, None] * params.mean  # (K, d)
    right = np.linalg.solve(params.cov, pull[..., None])[..., 0]
    slip = (params.cov @ pull[..., None])[..., 0]
    h, numeric = 1e-5, np.zeros_like(right)
    for k, j in np.ndindex(*numeric.shape):
        step = np.zeros_like(params.mean)
        step[k, j] = h
        up, down = (
            gmm.log_prob(params._replace(mean=params.mean + s), x).sum() for s in (step, -step)
        )
        numeric[k, j] = (up - down) / (2 * h)
    assert np.allclose(
        right, numeric, rtol=1e-4, atol=1e-3
    )  # central differences: O(h^2), rounding / h
    assert not np.allclose(slip, numeric, rtol=0.1)
    np.testing.assert_allclose(gmm.gradient_mean(params, x), right, rtol=1e-9)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_collapse_term_in_d_dimensions(d):
    """The slip 1 / (sqrt(2 pi) sigma) is the case d = 1 of (2 pi sigma^2)^(-d/2)."""
    sigma = 1e-3
    point = np.zeros((1, d))
    density = Params(np.ones(1), point, sigma**2 * np.eye(d)[None])
    log_p = gmm.log_prob(density, point)[0]
    assert log_p == pytest.approx(-0.5 * d * np.log(2 * np.pi * sigma**2), abs=1e-9)
    slip = -np.log(np.sqrt(2 * np.pi) * sigma)
    assert (abs(log_p - slip) < 1e-9) == (d == 1)
    halved = gmm.log_prob(density._replace(cov=density.cov / 4), point)[0]
    assert halved - log_p == pytest.approx(d * np.log(2), abs=1e-9)  # the exercise


def test_multinomial_sums_to_one():
    """A product of factorials below, and the powers: the probabilities of all counts add to 1."""
    n, pi = 5, np.array([0.5, 0.3, 0.2])
    counts = [c for c in itertools.product(range(n + 1), repeat=3) if sum(c) == n]
    total = sum(
        math.factorial(n) / math.prod(map(math.factorial, c)) * np.prod(pi ** np.array(c))
        for c in counts
    )
    assert total == pytest.approx(1.0, abs=1e-12)


# ---------------------------------------------------------------- every setting


OWN = encode(np.random.default_rng(5).standard_normal((40, 2)))
SHORT = encode(np.random.default_rng(5).standard_normal((3, 2)))
ENDS = [
    (view, name, end)
    for view in PAGE.views
    for name in PAGE.views[view].controls
    for end in fields.controls(PAGE.params)[name].ends
] + [("steps", "points", OWN), ("steps", "points", SHORT), ("steps", "means", "1 1, 2 2")]


@pytest.mark.parametrize(("view", "name", "end"), ENDS)
def test_every_end_of_every_control_gives_a_picture_or_says_why(view, name, end):
    """Mutant: K above the number of means that are given; no points at all."""
    if end == sets.OWN and view != "steps":  # only the half-steps have a plane to paint on
        with pytest.raises(ValueError, match="paint at least 4 in the first view"):
            at(view, **{name: end})
        return
    items = PAGE.views[view].show(at(view, **{name: end}))
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, Scene):
            assert len(item.pack()) < 2**20


@pytest.mark.parametrize("method", ["EM", "k-means"])
@pytest.mark.parametrize("data", sets.NAMES[:-1])
@pytest.mark.parametrize("k", [1, 8])
def test_every_set_runs_at_both_ends_of_k(data, k, method):
    shown = at("steps", data=data, k=k, method=method)
    assert isinstance(drawn("steps", shown).pack(), bytes)


def test_own_points_come_first_and_can_be_painted_on():
    """Mutants: the named set wins over the reader's points; no brush over them."""
    shown = at("steps", points=OWN)
    assert shown.data.name == sets.OWN
    assert len(shown.data.x) == 40
    scene = drawn("steps", shown)
    assert np.array_equal(layer(scene, Brush).xy, shown.data.x)
    empty = at("steps", data=sets.OWN)
    assert empty.found is None
    assert len(layer(drawn("steps", empty), Brush).xy) == 0
    edit = PAGE.views["steps"].edits["brush"]
    again = edit.encode({"xy": shown.data.x.tolist()})
    assert again == OWN  # painting one more point moves none of the others


def test_dragging_a_start_keeps_the_others():
    edit = PAGE.views["steps"].edits["starts"]
    before = at("steps").found.trace.mean[0]
    moved = before.copy()
    moved[1] = [3.0, 1.0]
    values = {edit.field: edit.encode({"xy": moved.tolist()}), **edit.also}
    np.testing.assert_allclose(at("steps", **values).found.trace.mean[0], moved, rtol=1e-3)


@pytest.mark.parametrize(
    "text", ["1", "1 2 3", "a b", "1 2,", "1 nan", "1e99 0", "1 2," * 9 + "1 2"]
)
def test_a_wrong_list_of_means_is_explained(text):
    with pytest.raises(ValueError, match="points"):
        sets.parse_xy(text)
    assert np.array_equal(sets.parse_xy(sets.format_xy([[1, -2.5]])), [[1, -2.5]])


def test_agreement_ignores_names():
    """Mutant: labels compared as they stand."""
    x = toys.blobs(200, rng=np.random.default_rng(0))
    label = gmm.responsibilities(Params(*toys.TRUTH["blobs"]), x).argmax(1)
    for order in itertools.permutations(range(3)):
        assert agreement(np.array(order)[label], x, toys.TRUTH["blobs"]) == 1.0
    assert agreement(np.zeros(200, dtype=int), x, toys.TRUTH["blobs"]) < 0.6
    assert math.isnan(agreement(label, x, None))


def test_too_few_points_for_a_sweep_are_refused():
    with pytest.raises(ValueError, match="at least 32"):
        sweep_k(np.random.default_rng(0).standard_normal((20, 2)), rng=np.random.default_rng(0))


def test_touch_needs_temperature_one_and_a_whole_iteration():
    shown = at("steps", temperature=0.5)
    with pytest.raises(ValueError, match="temperature 1"):
        touch(shown.data.x, shown.found.trace, component=0)
    with pytest.raises(ValueError, match="another start"):
        touch(shown.data.x, trace.fit(shown.data.x, shown.found.trace.last, n_steps=1), component=0)


def test_a_map_of_one_component_has_one_end():
    x = toys.blobs(100, rng=np.random.default_rng(0))
    m = basin_map(x, from_means(x, x[:1]), resolution=4)
    assert len(optima(m.ends)) == 1
    assert optima(m.ends)[0].share == 1.0
