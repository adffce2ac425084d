"""What a trained VAE pays: bounds in two halves, collapse, one digit, exact integrals."""

from typing import Any

import numpy as np
import pytest
import scipy.stats
from scipy.integrate import quad
from scipy.special import expit, logsumexp

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.figures import rate_plane
from dgmlib.vae import (
    bounds,
    collapse,
    far_codes,
    many_codes,
    rate_distortion,
    shelf,
    terms,
    tightening,
    two_latents,
    vae,
)

stats: Any = scipy.stats  # its types do not know what a frozen distribution can do


def tiny(latent: int, *, pixels: int = 30, seed: int = 0, scale: float = 0.5) -> dict:
    """A VAE with random weights in float32."""
    rng = np.random.default_rng(seed)
    params = vae.init(pixels, (8,), latent, pixel_mean=np.full(pixels, 0.4), rng=rng)
    return {k: (v + scale * rng.normal(size=v.shape)).astype(np.float32) for k, v in params.items()}


def bits(pixels: int = 30, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, pixels).astype(np.uint8)


# ---------------------------------------------------------------- the plane


def test_the_two_halves_are_the_bound() -> None:
    """- (R + D) of the shown digits is their ELBO from other draws, within error, for every beta.

    Mutants: the rate without its closed form's half; the sign of D; D averaged over the digits of
    another checkpoint; noise shared by all images."""
    r = rate_distortion.plane(1.0, "n:14", rng=np.random.default_rng(0))
    x = r.images.reshape(len(r.images), -1).astype(np.float32)
    rng = np.random.default_rng(1)
    for i, name in enumerate(r.names):
        weights = store.load(name).weights
        log_w = vae.weigh(weights, x, rng.standard_normal((100, len(x), 50), np.float32)).log_w
        elbo = log_w.mean(0, dtype=float)
        error = np.hypot(log_w.std(0, dtype=float) / 10, r.shown_error[i])
        off = (-(r.shown_rate[i] + r.shown_distortion[i]) - elbo) / error
        assert np.abs(off).max() < 5, name  # Student's t with 15 degrees, 48 numbers
        assert r.beta[i] == store.load(name).card["settings"]["beta"]


def test_what_is_missing_is_replaced_and_said(monkeypatch: Any, tmp_path: Any) -> None:
    """With one checkpoint of the sweep the page still opens; without any it says what to do, and
    why each is not there: a file that was cut is not one that was never made.

    Mutants: an exception of the loader; another checkpoint shown in silence; one reason for all."""
    real = store.FOLDER
    for end in (".json", ".safetensors"):
        for name in ("beta-1", "vae-dynamic"):
            (tmp_path / f"{name}{end}").write_bytes((real / f"{name}{end}").read_bytes())
    (tmp_path / "beta-2.json").write_bytes((real / "beta-2.json").read_bytes())
    (tmp_path / "beta-2.safetensors").write_bytes(b"cut")
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    r = rate_distortion.plane(16.0, "n:14", rng=np.random.default_rng(0))
    assert r.names == ["beta-1"]
    assert len(r.missing) == 7
    assert r.missing["beta-4"].startswith("there is no beta-4.json in the folder")
    assert "beta-2.safetensors" in r.missing["beta-2"]
    assert "there is no" not in r.missing["beta-2"].partition(";")[0]
    words = rate_plane.caption(r, 0)
    assert all(f"{name} ({why})" in words for name, why in r.missing.items())
    assert "bundled:" not in words
    assert r.wanted == 16
    assert r.beta[r.chosen] == 1
    t = tightening.tighten("n:14", 200, rng=np.random.default_rng(0))
    assert t.checked is None
    assert list(t.missing) == ["iwae5-dynamic", "iwae50-dynamic", "vae-2d"]
    with pytest.raises(ValueError, match=r"no vae-2d\.json .* dgmlib\.checkpoints train vae-2d"):
        shelf.look(["vae-2d"])


# ---------------------------------------------------------------- collapse


def test_a_spectrum_is_its_definition() -> None:
    """The KL of each coordinate by quadrature over z, the variance by hand, sorted by KL.

    Mutants: the sum over the batch; log_var as a log deviation; variance of z in place of the mean;
    variances in their old order."""
    params = tiny(4, scale=0.3)
    x = np.random.default_rng(2).integers(0, 2, (5, 30)).astype(np.float32)
    s = collapse.spectrum(params, x)
    q = vae.encode(params, x)
    for rank, j in enumerate(s.order):
        each = []
        for m, v in zip(q.mean[:, j], q.log_var[:, j], strict=True):
            p = stats.norm(m, np.exp(v / 2))
            each.append(quad(lambda z, p=p: p.pdf(z) * (p.logpdf(z) - stats.norm.logpdf(z)),
                             m - 12 * p.std(), m + 12 * p.std())[0])  # fmt: skip
        assert s.kl[rank] == pytest.approx(np.mean(each), rel=1e-4)  # float32
        assert s.variance[rank] == pytest.approx(np.var(q.mean[:, j].astype(float)), rel=1e-4)
    assert (np.diff(s.kl) <= 0).all()
    assert sorted(s.order) == [0, 1, 2, 3]


def test_a_dead_coordinate_is_dead() -> None:
    """A coordinate that encoder and decoder ignore: KL 0, variance 0, and no pixel moves.

    Mutants: the coordinate's place in z taken for its rank; all coordinates turned."""
    params = tiny(3)
    last = 1
    for row in (last, 3 + last):  # mean and log variance
        params["encoder.1.weight"][row] = 0
        params["encoder.1.bias"][row] = 0
    params["decoder.0.weight"][:, last] = 0
    x = np.random.default_rng(2).integers(0, 2, (5, 30)).astype(np.float32)
    s = collapse.spectrum(params, x)
    assert s.order[-1] == last
    assert s.kl[-1] == 0
    assert s.variance[-1] == 0
    z = vae.encode(params, x[:1]).mean[0]
    change = collapse.changes(params, z)
    assert change[last] == 0
    assert (np.delete(change, last) > 0.01).all()
    rows = collapse.turn(params, z, last)
    np.testing.assert_allclose(rows, np.broadcast_to(rows[0], rows.shape), atol=1e-6)
    for j in range(3):
        turned = collapse.turn(params, z, j)
        assert np.abs(turned[-1] - turned[0]).max() == pytest.approx(change[j], abs=1e-6)
        by_hand = z.copy()
        by_hand[j] = collapse.TURNED[2]
        np.testing.assert_allclose(turned[2], expit(vae.decode(params, by_hand)), atol=1e-6)


def test_trained_networks_collapse_as_beta_grows() -> None:
    """Rate and active coordinates fall with beta; many hang about the threshold after 20 epochs,
    and none after 120. All are words of the page. Mutants: checkpoints in the order of their names;
    the words of the longer training for the shorter."""
    r = collapse.watch("n:14", 50)
    assert (np.diff(r.beta) > 0).all()
    assert (np.diff(r.kl.sum(1)) < 0).all()
    assert (np.diff(r.active) <= 0).all()
    one, nats = r.variance[r.beta == 1][0], r.kl[r.beta == 1][0]
    near = (one > collapse.ACTIVE / 5) & (one < 5 * collapse.ACTIVE)
    assert (one[:20] > 10 * one[20]).all()  # twenty stand apart
    assert near.sum() == 25
    assert f"{nats[near].sum():.2f} of {nats.sum():.1f}" == "0.13 of 24.5"
    x = own_digit.bundled().bits[: collapse.IMAGES].astype(np.float32)
    long = collapse.spectrum(store.load("vae-dynamic").weights, x).variance
    assert (long > 5 * collapse.ACTIVE).sum() == 22
    assert (long < collapse.ACTIVE / 5).sum() == 28
    np.testing.assert_allclose(r.active, r.card_active, atol=2)  # "by a coordinate or two"
    turned = r.change[:, 39]  # an exercise turns rank 40
    assert turned[r.beta == 1] < 0.1
    assert r.variance[r.beta == 1, 39] < collapse.ACTIVE
    assert turned[r.beta == 0.1] > 0.2


# ---------------------------------------------------------------- one digit


@pytest.mark.parametrize("pixels", [1, 97, 98, 99, 784])
def test_quick_likelihoods(pixels: int) -> None:
    """The product form agrees with ``terms`` in float64, for logits that overflow exp as well.

    Mutants: a block of 196 (2^196 overflows float32); the last block left out; the sign of max."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 2, pixels)
    for scale in (0.01, 3.0, 300.0):
        logits = (scale * rng.normal(size=(7, pixels))).astype(np.float32)
        exact = terms.bernoulli_log_prob(x.astype(float), logits.astype(float))
        got = many_codes.given_logits(logits, x)
        # float32 sums of 784 numbers of this size
        np.testing.assert_allclose(got, exact, rtol=2e-6, atol=2e-6 * pixels * (1 + scale))


def test_the_weights_are_those_of_the_model() -> None:
    """Draw for draw, with the noise of the same seed. Mutants: p(z) or q left out; z for noise."""
    params, x = tiny(3), bits()
    got = tightening.log_weights(params, x, 40, rng=np.random.default_rng(5))
    noise = np.random.default_rng(5).standard_normal((40, 3), np.float32)
    exact = vae.weigh(params, x[None].astype(np.float32), noise[:, None]).log_w[:, 0]
    np.testing.assert_allclose(got, exact, atol=1e-4)


def test_the_bound_and_its_error() -> None:
    """Lognormal weights, whose L_K is known by simulation of another kind: the groups' mean is
    unbiased and its claimed error covers, with many groups and with one.

    Mutants: groups cut across instead of along; the error of one group; log of the mean of the
    groups' bounds; draws used twice."""
    rng = np.random.default_rng(6)
    n, s = 400, 0.7
    for k in (1, 4, 40, 400):
        # E log mean of k lognormals, from 200,000 other draws
        reference = s * rng.standard_normal((200_000 // k, k))
        each = logsumexp(reference, axis=1) - np.log(k)
        many, spread = float(np.mean(each)), float(np.std(each) / np.sqrt(len(each)))
        found = np.array([tightening.mean_bound(s * rng.standard_normal(n), k) for _ in range(400)])
        off = found[:, 0].mean() - many
        assert abs(off) < 4.5 * np.hypot(found[:, 0].std() / 20, spread), k
        # the mean claimed variance is the true one: 400 runs know it to 7 per cent (one sd)
        assert (found[:, 1] ** 2).mean() == pytest.approx(found[:, 0].var(), rel=0.3), k


def test_a_curve_is_its_draws() -> None:
    """Every frame of a curve from its log weights. Mutants: another number of draws in ESS or in
    the histogram; densities that do not sum to one."""
    params, x = tiny(3), bits()
    k = tightening.sizes(1_000)
    c = tightening.curve("tiny", params, x, k, rng=np.random.default_rng(7))
    log_w = tightening.log_weights(params, x, 1_000, rng=np.random.default_rng(7))
    assert list(k[:6]) == [1, 2, 3, 5, 7, 10]
    assert k[-1] == 1_000
    assert c.bound[0] == pytest.approx(log_w.mean())
    assert c.bound[-1] == pytest.approx(float(bounds.iw_bound(log_w))) == pytest.approx(c.log_p)
    for f in (2, 9, -1):
        w = np.exp(log_w[: k[f]] - log_w.max())
        assert c.ess[f] == pytest.approx(w.sum() ** 2 / (w**2).sum())
        assert c.largest[f] == pytest.approx(w.max() / w.sum())
        assert c.density[f].sum() == pytest.approx(1)


# ---------------------------------------------------------------- exact


def test_two_latents_by_brute_force() -> None:
    """A fine grid over the plane in float64, for tiny models and for digits of the trained one.

    Mutants: stopping when two steps agree that are both too coarse (digit 50 is one); the square
    of the step left out; cells not halved around their middle; the prior left out."""
    line = np.arange(-6, 6, 0.04)
    z = np.stack([m.ravel() for m in np.meshgrid(line, line, indexing="ij")], axis=1)
    for seed in range(2):
        params, x = tiny(2, seed=seed), bits(seed=seed)
        wide = {k: v.astype(float) for k, v in params.items()}
        joint = terms.bernoulli_log_prob(x, vae.decode(wide, z)) + stats.norm.logpdf(z).sum(1)
        exact = float(np.log(np.exp(joint - joint.max()).sum()) + joint.max() + 2 * np.log(0.04))
        assert two_latents.integrate(params, x).log_p == pytest.approx(exact, abs=2e-3)
    params = store.load(tightening.CHECKED).weights
    wide = {k: v.astype(float) for k, v in params.items()}
    for i in (50, 14):
        x = own_digit.bundled().bits[i]
        q = vae.encode(wide, x.astype(float))
        # its posterior has one mode, at q: the rest of the plane adds nothing that can be seen
        axes = [np.arange(m - 0.5, m + 0.5, 0.01) for m in q.mean]
        z = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
        joint = terms.bernoulli_log_prob(x, vae.decode(wide, z)) + stats.norm.logpdf(z).sum(1)
        exact = float(np.log(np.exp(joint - joint.max()).sum()) + joint.max() + 2 * np.log(0.01))
        found = two_latents.log_p(tightening.CHECKED, x)
        assert found.log_p == pytest.approx(exact, abs=3e-3)


def test_no_truth_beyond_the_grid() -> None:
    """A page of ink under the trained model: a grid that reaches twice as far adds hundreds of
    nats, and no exact value is given. Digits have theirs.

    Mutants: the grid's value called exact whatever lies outside; the share's areas left out."""
    params = store.load(tightening.CHECKED).weights
    line = np.arange(-12, 12.01, 0.1)
    z = np.stack([m.ravel() for m in np.meshgrid(line, line)], axis=1)
    for bits, whole in ((np.ones(784), False), (own_digit.bundled().bits[50], True)):
        x = bits.astype(np.uint8)
        grid = two_latents.log_p(tightening.CHECKED, x).log_p
        joint = many_codes.log_likelihood(params, z.astype(np.float32), x)
        joint = joint + stats.norm.logpdf(z).sum(1)
        out = np.abs(z).max(1) > two_latents.REACH
        beyond = float(np.logaddexp.reduce(joint[out])) + 2 * np.log(0.1)
        assert (beyond > grid + 100) != whole
        assert (beyond < grid - 7) == whole
        r = tightening.tighten(own_digit.of_bits(x), 200, rng=np.random.default_rng(0))
        assert (r.exact is not None) == whole
    blank = np.zeros(784, np.uint8)  # a few per cent: the share is roughly that of a fine grid
    grid = two_latents.log_p(tightening.CHECKED, blank).log_p
    joint = many_codes.log_likelihood(params, z.astype(np.float32), blank)
    beyond = float(np.logaddexp.reduce((joint + stats.norm.logpdf(z).sum(1))[out])) + 2 * np.log(
        0.1
    )
    exact = 1 / (1 + np.exp(grid - beyond))
    assert exact > 2 * far_codes.SEEN
    found = far_codes.share(tightening.CHECKED, blank, grid)
    assert exact / 6 < found < 6 * exact  # twelve squares for an integral
    area = far_codes.squares()[1].sum()
    assert area == pytest.approx((2 * far_codes.FAR) ** 2 - (2 * two_latents.REACH) ** 2)
