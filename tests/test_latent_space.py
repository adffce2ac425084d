"""What a trained VAE has made of its latent space: every law on small models, then the picture.

Each test names the mutants it kills.
"""

import hashlib
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save
from scipy import stats

from dgmlib.checkpoints import card, store
from dgmlib.data import own_digit
from dgmlib.figures import (
    latent_classes,
    latent_clusters,
    latent_digit,
    latent_map,
    latent_paths,
    latent_words,
)
from dgmlib.figures.scene import Bars, Ellipses, HeatMap, Images, Panel, Points, Rules, Scene
from dgmlib.vae import (
    aggregate,
    clusters_seen,
    encoded,
    holes,
    mlp,
    one_digit,
    paths,
    plane,
    terms,
    told_class,
    vade,
    vae,
    whole_plane,
    z_text,
)
from dgmlib.vae.arrays import sigmoid
from dgmlib.vae.vae import Gaussian

CLUSTERS = 4


def codes(n: int, d: int, seed: int = 0) -> Gaussian:
    rng = np.random.default_rng(seed)
    return Gaussian(rng.standard_normal((n, d)), rng.uniform(-3, 0, (n, d)))


def put(folder: Path, name: str, weights: dict[str, np.ndarray], **settings: Any) -> None:
    """A checkpoint whose weights are random: enough for every law, and no training."""
    data = save(weights)
    (folder / f"{name}.safetensors").write_bytes(data)
    card.write(folder / f"{name}.json", {
        "format": 1, "name": name, "about": "random", "family": "vae",
        "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
        "parameters": sum(v.size for v in weights.values()), "dtype": "float32",
        "settings": {"model": "vae", "classes": 0} | settings,
        "data": {"name": "none", "source": "none", "train": 0, "test": 0},
        "training": {"seed": 0, "device": "cpu", "minutes": 0, "steps": 0, "torch": "none",
                     "phases": []},
        "scores": [{"name": "clustering accuracy", "value": 12.5, "error": 0.3, "unit": "%",
                    "protocol": "none"}],
        "licence": "MIT",
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random networks under the names that the page asks for."""
    to, rng = tmp_path_factory.mktemp("checkpoints"), np.random.default_rng(3)
    grey = np.full(784, 0.2)

    def louder(params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {k: v * 2 if k.endswith("weight") else v for k, v in params.items()}

    put(to, "vae-2d", louder(vae.init(784, [12], 2, pixel_mean=grey, rng=rng)))
    put(to, "vae-dynamic", louder(vae.init(784, [12], 6, pixel_mean=grey, rng=rng)))
    told = vae.init(784, [12, 12], 5, pixel_mean=grey, rng=rng, classes=10)
    put(to, "cvae", louder(told), classes=10)
    clusters = mlp.init("encoder", [784, 12, 6], rng=rng)
    clusters |= mlp.init("decoder", [3, 12, 784], rng=rng)
    clusters["encoder.1.bias"][3:] -= 6  # q is narrow
    clusters |= {
        "prior.logits": rng.standard_normal(CLUSTERS).astype(np.float32),
        "prior.mean": rng.standard_normal((CLUSTERS, 3)).astype(np.float32),
        "prior.log_var": rng.uniform(-2, 0, (CLUSTERS, 3)).astype(np.float32),
    }
    put(to, "vade", clusters, model="vade")
    return to


@pytest.fixture
def shelf(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", folder)
    return folder


def normal(mean: Any, log_var: Any) -> Any:
    """SciPy's, from a log variance."""
    return stats.norm(np.asarray(mean, float), np.exp(np.asarray(log_var, float) / 2))


def said(shown: list[Any]) -> Any:
    """The first of what a figure gives: the scene."""
    return shown[0]


def layers(scene: Scene, kind: type, panel: int) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


# ---------------------------------------------------------------- the aggregate posterior


def test_aggregate_density_is_the_mixture() -> None:
    """Against SciPy. Mutants: log_var as log_std; a sum for the mean; d log(2 pi) left out."""
    q, z = codes(7, 3), np.random.default_rng(1).standard_normal((5, 3))
    each = [normal(m, v).logpdf(z).sum(1) for m, v in zip(*q, strict=True)]
    assert aggregate.log_components(q, z) == pytest.approx(np.array(each).T, rel=1e-10)
    wanted = np.log(np.mean(np.exp(each), axis=0))
    assert aggregate.log_density(q, z) == pytest.approx(wanted, rel=1e-10)


def test_rate_is_information_plus_distance() -> None:
    """Quadrature against draws, and their sum against the closed form, within 4 standard errors.

    Mutants: the parts exchanged; a KL of the wrong sign; errors of the variance, not of the mean.
    """
    q = Gaussian(*(a * s for a, s in zip(codes(60, 2), (1.4, 1.0), strict=True)))
    exact = plane.surgery(q)
    drawn = aggregate.surgery(
        Gaussian(np.tile(q.mean, (60, 1)), np.tile(q.log_var, (60, 1))),
        draws=3600, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert exact.rate == pytest.approx(terms.kl_to_standard(*q).sum(1).mean(), rel=1e-12)
    assert exact.mass == pytest.approx(1, abs=1e-6)
    assert exact.mutual + exact.marginal == pytest.approx(exact.rate, rel=1e-12)
    # every image 60 times: the same q(z), and the same information about the 60 images
    for part, truth in ((drawn.mutual, exact.mutual), (drawn.marginal, exact.marginal)):
        assert abs(part.value - truth) < 4 * part.error
        assert 0.005 < part.error < 0.05
    assert drawn.ceiling == pytest.approx(np.log(3600))


def test_information_runs_from_nothing_to_log_n() -> None:
    """Equal posteriors tell nothing, far ones tell all. Mutants: log N added; the rate returned."""
    same = Gaussian(np.full((9, 2), [0.7, -0.4]), np.full((9, 2), -1.0))
    assert plane.surgery(same).mutual == pytest.approx(0, abs=1e-6)
    far = Gaussian(np.stack([np.arange(8.0) - 4, np.zeros(8)], 1), np.full((8, 2), -5.0))
    assert plane.surgery(far).mutual == pytest.approx(np.log(8), abs=1e-6)
    rng = np.random.default_rng(0)
    assert aggregate.surgery(far, draws=8, rng=rng).mutual.value == pytest.approx(np.log(8), 1e-6)


def test_a_finer_grid_says_the_same(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the narrowest posteriors of the trained map. Mutant: a step that misses them."""
    rng = np.random.default_rng(2)
    q = Gaussian(rng.standard_normal((400, 2)), 2 * np.log(rng.uniform(0.014, 0.08, (400, 2))))
    coarse = plane.surgery(q)
    monkeypatch.setattr(plane, "FINE", plane.FINE / 4)
    fine = plane.surgery(q)
    assert coarse.marginal == pytest.approx(fine.marginal, abs=2e-3)
    assert coarse.mass == pytest.approx(1, abs=2e-3)


def test_the_grid_has_its_axes_right() -> None:
    """Mutants: rows and columns exchanged; the prior of another variance."""
    q = codes(5, 2)
    d = plane.density(q, reach=2.0, nodes=9)
    z = np.stack(np.meshgrid(d.line, d.line), -1)  # z[i, j] = (line[j], line[i])
    assert d.log_q == pytest.approx(aggregate.log_density(q, z.reshape(-1, 2)).reshape(9, 9))
    assert d.log_p == pytest.approx(terms.standard_log_prob(z))


# ---------------------------------------------------------------- holes


def carved(at: tuple[float, float], radius: float, depth: float) -> plane.Density:
    """The prior, with ``depth`` nats taken away in a disc."""
    line = np.linspace(-3.2, 3.2, 129)
    log_p = plane.prior(line, line)
    away = np.hypot(line - at[0], line[:, None] - at[1])
    return plane.Density(line, log_p - depth * (away < radius), log_p)


def test_a_carved_hole_is_found_and_weighed() -> None:
    """Mutants: the axes exchanged; q / p for p / q; the factor's logarithm left out; the mass of q
    in it instead of the prior's."""
    found = holes.find(carved((1.0, -0.5), 0.4, 3.0), factor=10.0)
    assert len(found.at) == 1
    assert np.linalg.norm(found.at[0] - [1.0, -0.5]) < 0.08
    rng = np.random.default_rng(0).standard_normal((400_000, 2))
    share = float((np.linalg.norm(rng - [1.0, -0.5], axis=1) < 0.4).mean())
    assert found.mass[0] == pytest.approx(share, rel=0.05)  # the edge of the disc on the grid
    assert found.total == pytest.approx(found.mass.sum())
    assert not len(holes.find(carved((1.0, -0.5), 0.4, 2.2), factor=10.0).at)  # e^2.2 is 9.03
    with pytest.raises(ValueError, match="above 1"):
        holes.find(carved((0, 0), 1, 1), factor=1.0)


def test_nothing_beyond_the_disc_is_a_hole() -> None:
    """The disc holds 95% of the prior. Mutant: no disc; the radius of one coordinate's 95%."""
    assert stats.chi2(2).cdf(holes.RADIUS**2) == pytest.approx(holes.INSIDE)
    assert holes.find(carved((2.6, 1.2), 0.35, 9.0), factor=2.0).total == 0
    everywhere = holes.find(carved((0, 0), 9.0, 9.0), factor=2.0)
    assert everywhere.total == pytest.approx(0.95, abs=0.003)
    assert len(everywhere.at) == 1


def test_a_stricter_factor_finds_less(shelf: Path) -> None:
    d = encoded.density("vae-2d")
    total = [holes.find(d, factor=f).total for f in (2, 5, 20, 100)]
    assert total == sorted(total, reverse=True)


# ---------------------------------------------------------------- one digit


@pytest.mark.parametrize("n", [50, 3])
def test_bound_plus_gap_is_the_evidence(shelf: Path, n: int) -> None:
    """The gap, computed as a difference, against KL(q || p(.|x)) by draws of q; the distortion
    against draws. Mutants: the noise's weights unnormalised; the rate counted twice; KL(p || q)."""
    params = store.load("vae-2d").weights
    bits = own_digit.bundled().bits[n]
    p = one_digit.posterior(params, bits)
    noise = np.random.default_rng(0).standard_normal((4_000, 1, 2)).astype(np.float32)
    w = vae.weigh(params, bits[None].astype(np.float32), noise)
    seen = w.log_likelihood[:, 0].astype(float)
    assert abs(-p.distortion - seen.mean()) < 4 * seen.std() / np.sqrt(len(seen))
    kl = (w.log_q + p.log_p - w.log_likelihood - w.log_prior)[:, 0].astype(float)
    assert abs(p.gap - kl.mean()) < 4 * kl.std() / np.sqrt(len(kl))
    assert p.gap > 0
    assert p.elbo + p.gap == pytest.approx(p.log_p)


def test_close_up_is_the_exact_posterior(shelf: Path) -> None:
    """Means over its cells of exp(log p(x|z) + log p(z) - log p(x)); q and all of the mass are in
    it. Mutants: rows and columns exchanged; a square off by half a step; no log p(x)."""
    digit = own_digit.parse("n:3")
    r = one_digit.look("vae-2d", digit)
    params, p = store.load("vae-2d").weights, r.posterior
    x0, x1, y0, y1 = p.extent
    G = one_digit.GRID
    top = np.unravel_index(p.density.argmax(), p.density.shape)
    inner = (np.arange(9) + 0.5) / 9
    for i, j in (top, (top[0] - 2, top[1] + 1), (5, 20), (G - 1, 3)):
        line = x0 + (x1 - x0) * (j + inner) / G, y0 + (y1 - y0) * (i + inner) / G
        z = np.stack(np.meshgrid(*line), -1).astype(np.float32)
        log_p = terms.bernoulli_log_prob(digit.bits, vae.decode(params, z).astype(float))
        wanted = np.exp(log_p + terms.standard_log_prob(z) - p.log_p).mean()
        # squares of the quadrature stand for a smooth density
        assert abs(p.density[i, j] - wanted) < 0.01 * p.density.max()
    assert p.density.mean() * (x1 - x0) * (y1 - y0) == pytest.approx(1, abs=0.01)
    sd = np.exp(0.5 * p.q.log_var)
    assert (p.q.mean - 3.9 * sd >= [x0, y0]).all()
    assert (p.q.mean + 3.9 * sd <= [x1, y1]).all()


def test_a_dragged_z_is_the_one_that_is_decoded(shelf: Path) -> None:
    """Mutants: z ignored; the probabilities are logits; q's density at its mean."""
    digit, params = own_digit.parse(""), store.load("vae-2d").weights
    r = one_digit.look("vae-2d", digit, np.array([0.5, -1.25]))
    z = np.array([0.5, -1.25], np.float32)
    assert r.decoded == pytest.approx(sigmoid(vae.decode(params, z)), rel=1e-6)
    q = r.posterior.q
    assert r.log_q == pytest.approx(normal(q.mean, q.log_var).logpdf(z).sum(), 1e-5)
    assert r.log_prior == pytest.approx(stats.norm.logpdf([0.5, -1.25]).sum())
    at_mean = one_digit.look("vae-2d", digit)
    assert at_mean.z == pytest.approx(q.mean)


def test_the_digit_is_drawn_as_it_is(shelf: Path) -> None:
    """Mutants: the pad upside down; q's ellipse with log_var; the close-up's heat exchanged."""
    r = one_digit.look("vae-2d", own_digit.parse("n:3"), np.array([0.5, -1.25]))
    scene = latent_digit.digit_scene(r)[0]
    assert isinstance(scene, Scene)
    pad: Any = scene.panels[0].layers[0]
    assert (pad.pixels == 255 * r.digit.bits.reshape(28, 28).astype(int)).all()
    for panel in (1, 2):
        q = next(e for e in layers(scene, Ellipses, panel) if e.name.startswith("q("))
        assert q.mean[0] == pytest.approx(r.posterior.q.mean)
        assert q.cov[0] == pytest.approx(np.diag(np.exp(r.posterior.q.log_var)))
    heat = layers(scene, HeatMap, 2)[0]
    assert heat.extent == r.posterior.extent
    top = np.unravel_index(heat.value.argmax(), heat.value.shape)
    assert top == np.unravel_index(r.posterior.density.argmax(), r.posterior.density.shape)
    assert (layers(scene, Images, 3)[0].value.reshape(784) == r.digit.bits).all()
    shown = layers(scene, Images, 4)[0].value.reshape(2, 784)
    assert shown[0] == pytest.approx(r.decoded)
    assert (shown[1] == (r.decoded >= 0.5)).all()
    assert "(0.50, −1.25)" in scene.captions[0]


# ---------------------------------------------------------------- the map


def test_every_tile_decodes_its_own_place(shelf: Path) -> None:
    """Mutants: x and y exchanged; the sheet upside down; each picture upside down."""
    rng = np.random.default_rng(0)
    r = whole_plane.look("vae-2d", None, factor=2.0, beside="vae-dynamic", rng=rng)
    scene = latent_map.map_scene(r)[0]
    assert isinstance(scene, Scene)
    sheet = layers(scene, HeatMap, 0)[0]
    T, line = whole_plane.TILES, whole_plane.tile_places()
    step = 2 * plane.REACH / T
    assert line[0] - step / 2 == pytest.approx(-plane.REACH)
    params = store.load("vae-2d").weights
    for i, j in ((0, 0), (2, 11), (T - 1, 4)):  # i upwards, j to the right
        z = np.array([line[j], line[i]], np.float32)
        picture = sigmoid(vae.decode(params, z)).reshape(28, 28)
        tile = sheet.value[28 * i : 28 * i + 28, 28 * j : 28 * j + 28]
        assert tile[::-1] == pytest.approx(picture, abs=1e-5)  # row 0 of a heat map is at its foot
    ratio = layers(scene, HeatMap, 1)[0].value
    wanted = np.clip(r.density.log_q - r.density.log_p, -latent_map.MOST, latent_map.MOST)
    assert ratio == pytest.approx(wanted)


def test_a_picked_place_says_what_is_there(shelf: Path) -> None:
    """Its densities and its neighbours by brute force. Mutants: the farthest digits; the density of
    another place; a click that is ignored; "a hole" where there is none."""
    rng = np.random.default_rng(0)
    z = np.array([0.3, -0.2])
    r = whole_plane.look("vae-2d", z, factor=2.0, beside="vae-dynamic", rng=rng)
    q = encoded.bundled("vae-2d")
    away = np.sqrt(((np.asarray(q.mean, float) - z) ** 2).sum(1))
    assert r.picked.distance == pytest.approx(np.sort(away)[:2])
    assert (r.picked.labels == own_digit.bundled().labels[r.picked.nearest]).all()
    each = normal(q.mean, q.log_var).logpdf(z).sum(1)
    assert r.picked.log_q == pytest.approx(np.log(np.exp(each).mean()), rel=1e-5)
    words = said(latent_map.map_scene(r)).captions[0]
    hole = r.picked.log_p - r.picked.log_q > np.log(2)
    assert ("(0.30, −0.20) is a hole" in words) == hole
    assert ("is no hole" in words) != hole
    far = whole_plane.look("vae-2d", np.array([3.9, 3.9]), factor=2.0, beside="none-such", rng=rng)
    scene = said(latent_map.map_scene(far))
    assert "is no hole" in scene.captions[0]  # it is outside the disc
    assert "outside the picture, which ends at 3.2" in scene.captions[0]
    assert not [p for i in (0, 1) for p in layers(scene, Points, i) if p.symbol == "star"]
    assert "outside the picture" not in words
    assert far.many is None
    assert "none-such" in far.told


# ---------------------------------------------------------------- paths


def test_both_ways_begin_and_end_at_the_codes() -> None:
    """Mutants: t and 1 - t exchanged; the angle's cosine for the angle; the ends normalised."""
    rng = np.random.default_rng(0)
    a, b, t = rng.standard_normal(9), rng.standard_normal(9), np.linspace(0, 1, 11)
    for way in (paths.straight, paths.spherical):
        z = way(a, b, t)
        assert z[0] == pytest.approx(a)
        assert z[-1] == pytest.approx(b)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    z = paths.spherical(a, b, t)
    assert np.linalg.norm(z, axis=1) == pytest.approx(np.full(11, np.linalg.norm(a)))
    turned = [paths.angle(z[0], v) for v in z[1:]]  # the same speed all the way
    assert turned == pytest.approx(t[1:] * paths.angle(a, b))
    cosine = a @ b / (a @ a)
    middle = np.linalg.norm(paths.straight(a, b, np.array([0.5])))
    assert middle == pytest.approx(np.linalg.norm(a) * np.sqrt((1 + cosine) / 2))


def test_ways_that_do_not_exist_are_refused() -> None:
    a, t = np.array([1.0, 2.0, 0.5]), np.linspace(0, 1, 5)
    assert paths.spherical(a, a, t) == pytest.approx(np.tile(a, (5, 1)))
    with pytest.raises(ValueError, match="opposite"):
        paths.spherical(a, -2 * a, t)
    with pytest.raises(ValueError, match="origin"):
        paths.spherical(a, 0 * a, t)


def test_doubt_is_the_entropy_of_the_bits() -> None:
    """Against SciPy. Mutants: base 2; the mean over pixels; a sign."""
    logits = np.array([[-3.0, 0.0, 1.5], [40.0, -40.0, 800.0]])
    p = sigmoid(logits)
    wanted = stats.entropy(np.stack([p, 1 - p])).sum(-1)
    assert paths.entropy(logits) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("ends", paths.ENDS)
def test_the_paths_are_drawn_as_they_are(shelf: Path, ends: str) -> None:
    """Mutants: the two ways exchanged; the mean where draws are asked for; the shell of another d;
    captions of the next frame."""
    one, two = own_digit.parse("n:3"), own_digit.parse("n:4")
    r = paths.between("vae-dynamic", one, two, ends=ends, rng=np.random.default_rng(0))
    params = store.load("vae-dynamic").weights
    q = vae.encode(params, np.stack([one.bits, two.bits]).astype(np.float32))
    if ends == "means of q":
        assert r.norm[:, 0] == pytest.approx(np.linalg.norm(q.mean[0]), rel=1e-5)
        assert r.images[0, -1] == pytest.approx(sigmoid(vae.decode(params, q.mean[1])), abs=1e-4)
    else:
        assert abs(r.norm[0, 0] - np.linalg.norm(q.mean[0])) > 0.01
    assert r.images[0, [0, -1]] == pytest.approx(r.images[1, [0, -1]], abs=1e-4)
    middle = len(r.t) // 2
    assert r.norm[0, middle] < r.norm[1, middle]
    draws = np.linalg.norm(np.random.default_rng(1).standard_normal((40_000, r.d)), axis=1)
    assert ((draws > r.shell[0]) & (draws < r.shell[1])).mean() == pytest.approx(0.95, abs=0.005)
    scene = latent_paths.paths_scene(r)[0]
    assert isinstance(scene, Scene)
    moving = layers(scene, Images, 0)[0].value.reshape(len(r.t), 4, 784)
    assert (moving[5, 0] == one.bits).all()
    assert moving[5, 1:3] == pytest.approx(r.images[:, 5])
    assert (moving[5, 3] == two.bits).all()
    assert f"straight |z| = {r.norm[0, 5]:.2f}" in scene.captions[5]
    assert f"|z| = {r.norm[1, 5]:.2f}, doubt {r.doubt[1, 5]:.1f}" in scene.captions[5]


# ---------------------------------------------------------------- classes


def test_one_style_in_ten_classes(shelf: Path) -> None:
    """Only one coordinate moves, and only the class differs along a row.

    Mutants: rows and columns exchanged; a new z for each class; the encoder told another class;
    the coordinate used least.
    """
    digit, params = own_digit.parse("n:3"), store.load("cvae").weights
    r = told_class.tell("cvae", digit, told=7, direction=1, rng=np.random.default_rng(0))
    x = digit.bits[None].astype(np.float32)
    q = vae.encode(params, x, encoded.one_hot(np.array([7])))
    assert r.own == pytest.approx(float(q.mean[0, r.direction]))
    assert (r.spread > r.spread[r.direction]).sum() == 1  # the second most used
    for f, c in ((0, 0), (11, 4), (20, 9)):
        z = q.mean[0].copy()
        z[r.direction] = r.values[f]
        wanted = sigmoid(vae.decode(params, z, encoded.one_hot(c)))
        assert r.grid[f, 0, c] == pytest.approx(wanted, abs=1e-5)
    scene = latent_classes.classes_scene(r)[0]
    assert isinstance(scene, Scene)
    shown = layers(scene, Images, 1)[0]
    assert shown.columns == 10
    assert shown.value[11, 14].reshape(-1) == pytest.approx(r.grid[11, 1, 4])


def test_bayes_rule_names_the_class(shelf: Path) -> None:
    """The bound of each class against 64 draws weighed one class at a time, and their shares.

    Mutants: the classes' noise differs; the ELBO in place of the bound; p(c) counted twice.
    """
    params, bits = store.load("cvae").weights, own_digit.bundled().bits[3]
    bound, error = told_class.bounds(params, bits, rng=np.random.default_rng(5))
    noise = np.random.default_rng(5).standard_normal((told_class.DRAWS, 5)).astype(np.float32)
    for c in range(10):
        x, told = bits[None].astype(np.float32), encoded.one_hot(np.array([c]))
        w = vae.weigh(params, x, noise[:, None], told).log_w[:, 0].astype(float)
        assert bound[c] == pytest.approx(np.log(np.exp(w - w.max()).mean()) + w.max(), rel=1e-5)
        assert bound[c] >= w.mean()
    assert (error > 0).all()
    r = told_class.tell("cvae", own_digit.parse("n:3"), told=0, direction=0,
                        rng=np.random.default_rng(5))  # fmt: skip
    assert r.chance.sum() == pytest.approx(1)
    assert np.log(r.chance[4] / r.chance[2]) == pytest.approx(r.bound[4] - r.bound[2], abs=1e-6)


# ---------------------------------------------------------------- clusters


def test_the_best_naming_is_the_best_of_all() -> None:
    """Against all 120 namings. Mutants: each cluster takes its largest class; the worst naming."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        table = rng.integers(0, 30, (5, 5))
        name, accuracy = clusters_seen.named(table)
        best = max(sum(table[k, p[k]] for k in range(5)) for p in permutations(range(5)))
        assert accuracy == pytest.approx(best / table.sum())
        assert sorted(name) == list(range(5))
        assert sum(table[k, name[k]] for k in range(5)) == best
    name, accuracy = clusters_seen.named(np.array([[9, 0, 0], [8, 0, 0]]))
    assert accuracy == pytest.approx(9 / 17)


def test_digits_fall_into_their_likeliest_cluster(shelf: Path) -> None:
    """Mutants: q(c|x) of the mean alone; the weights left out; rows and columns of the table."""
    params, all_ = store.load("vade").weights, own_digit.bundled()
    census = clusters_seen.census("vade")
    assert census.table.shape == (CLUSTERS, 10)
    assert census.table.sum(0).tolist() == [500] * 10
    q = vade.encode(params, all_.bits.astype(np.float32))
    best = vade.best_clusters(params, q).argmax(1)  # where q is narrow, the same cluster
    assert (best == census.fallen).mean() > 0.95
    for k in range(CLUSTERS):
        assert census.table[k, 6] == ((census.fallen == k) & (all_.labels == 6)).sum()
    hits = sum(census.table[k, c] for k, c in enumerate(census.name) if c >= 0)
    assert census.accuracy == pytest.approx(hits / 5000)
    assert census.error == pytest.approx(np.sqrt(census.accuracy * (1 - census.accuracy) / 5000))
    share = clusters_seen.soft(params, Gaussian(q.mean[:3], q.log_var[:3]), np.zeros((1, 3, 3)))
    z = q.mean[:3].astype(float)
    pi = np.exp(params["prior.logits"]) / np.exp(params["prior.logits"]).sum()
    dense = np.stack(
        [pi[k] * np.exp(normal(params["prior.mean"][k], params["prior.log_var"][k])
                        .logpdf(z).sum(1)) for k in range(CLUSTERS)], 1,
    )  # fmt: skip
    assert share == pytest.approx(dense / dense.sum(1, keepdims=True), rel=1e-4)


def test_the_clusters_are_drawn_as_they_are(shelf: Path) -> None:
    """Mutants: the table transposed; another cluster's draws; shares of the wrong digit."""
    r = clusters_seen.look("vade", own_digit.parse("n:3"), rng=np.random.default_rng(0))
    shown: list[Any] = list(latent_clusters.clusters_scene(r))
    scene, table = shown
    assert isinstance(scene, Scene)
    assert r.weight.sum() == pytest.approx(1)
    assert r.chance.sum() == pytest.approx(1, abs=1e-5)
    params = store.load("vade").weights
    noise = np.random.default_rng(0).standard_normal((clusters_seen.SAMPLES, CLUSTERS, 3))
    z = params["prior.mean"][2] + np.exp(params["prior.log_var"][2] / 2) * noise[7, 2]
    drawn = sigmoid(vade.decode(params, z.astype(np.float32)))
    assert layers(scene, Images, 1)[0].value[2, 7].reshape(-1) == pytest.approx(drawn, abs=1e-5)
    mine = layers(scene, Points, 2)[1].xy  # (F, n, 2)
    low, high = scene.panels[2].x.range or (0, 0)
    seen = (mine[..., 0] > low) & (mine[..., 0] < high)
    fallen = r.census.fallen[: latent_clusters.SHOWN]
    assert (seen <= (fallen == np.arange(CLUSTERS)[:, None])).all()
    assert (layers(scene, Bars, 4)[0].height == r.census.table).all()
    assert (layers(scene, HeatMap, 5)[0].value == r.census.table).all()
    rules = layers(scene, Rules, 5)[0].at  # around the row of the frame's cluster
    ticks = {name: at for at, name in scene.panels[5].y.ticks or ()}
    assert rules[2].tolist() == [ticks["3"] - 0.5, ticks["3"] + 0.5]
    assert "Cluster 3," in scene.captions[2]
    assert f"{r.chance[2]:.1%}" in scene.captions[2]
    assert "12.50 ± 0.30%" in table.caption


def test_labels_do_not_cover_each_other() -> None:
    """Mutants: pushed together; along one axis only; the units of the axes exchanged; a label that
    had room moved."""
    rng = np.random.default_rng(0)
    near = np.array([3.0, 0.5])
    crowd = np.concatenate([near * rng.uniform(-1, 1, (8, 2)), [[0, 0], [0, 0], [90, 90]]])
    at = latent_words.apart(crowd, near)
    away = np.linalg.norm((at[:, None] - at) / near, axis=-1)[np.triu_indices(len(at), 1)]
    assert away.min() > 0.99
    assert at[-1].tolist() == [90, 90]
    assert at.mean(0) == pytest.approx(crowd.mean(0))
    assert np.linalg.norm((at - crowd) / near, axis=1).max() < 3  # not scattered
    two = latent_words.apart(np.array([[0.0, 0.0], [0.0, 0.8]]), 1.0)
    assert two == pytest.approx(np.array([[0, -0.1], [0, 0.9]]), abs=2e-3)


# ---------------------------------------------------------------- words in a link


def test_places_in_links() -> None:
    """Mutants: x and y exchanged; a click beyond the map kept; NaN let through."""
    assert z_text.parse("") is None
    assert z_text.of_edit({"xy": [[1.234, -0.5]]}) == "1.23 -0.50"
    assert z_text.of_edit({"xy": [9, -9]}) == "4.00 -4.00"
    again = z_text.parse(z_text.of_edit({"xy": [-0.001, 2]}))
    assert again is not None
    assert again.tolist() == [0.0, 2.0]
    for wrong in ("1", "1 2 3", "nan 1", "5 0", "a b", "1e9 0", "9" * 400):
        with pytest.raises(ValueError, match="not a place"):
            z_text.parse(wrong)
    with pytest.raises(ValueError, match="two numbers"):
        z_text.of_edit({"xy": [float("nan"), 1]})


@pytest.mark.parametrize("names", [["a", "b", "c", "d"], 4 * [""]])
def test_images_ask_a_phone_for_the_height_they_fill(names: list[str]) -> None:
    """The aspect of a row is that of its ranges, names and margins included; one image alone need
    not be as large as the phone. Mutants: heights without names or heads; widths without a margin;
    the inverse."""

    def spans(panel: Panel) -> float:
        (x0, x1), (y0, y1) = panel.x.range or (0, 0), panel.y.range or (0, 0)
        return (x1 - x0) / (y1 - y0)

    area = (0, 0, 1, 1)
    four = latent_words.strip(np.zeros((4, 784)), names, "", area)
    assert four.aspect == pytest.approx(spans(four))
    assert latent_words.strip(np.zeros((1, 784)), names[:1], "", area).aspect == 1.7
    for heads in (None, list("abcde")):
        sheet = latent_words.rows(np.zeros((4, 5, 784)), names, "", area, heads, 1.5)
        assert sheet.aspect == pytest.approx(spans(sheet))
