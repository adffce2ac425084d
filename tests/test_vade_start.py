"""How VaDE is started: digits moved about, and the mixture that is least undecided."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from dgmlib.checkpoints import vade_start, vae_losses
from dgmlib.data.images import Images
from dgmlib.vae import mlp, vade


def blob(side: int = 28, at: tuple[float, float] = (13.5, 13.5)) -> torch.Tensor:
    """(1, side * side): a Gaussian spot of two pixels' width."""
    y, x = np.mgrid[:side, :side]
    return torch.tensor(np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 8.0)).float().view(1, -1)


def centres(images: torch.Tensor) -> np.ndarray:
    """(n, 2): the centre of mass of each image, in pixels."""
    ink = images.view(len(images), 28, 28).double().numpy()
    y, x = np.mgrid[:28, :28]
    total = ink.sum((1, 2))
    return np.stack([(ink * x).sum((1, 2)) / total, (ink * y).sum((1, 2)) / total], 1)


def test_jitter_moves_as_far_as_it_says() -> None:
    """2.5 pixels, even in both directions; turning and scaling leave the middle where it is.

    Mutants: the move in units of the whole width (5 pixels); only one direction; images of one
    batch all moved alike.
    """
    moved = vae_losses.jitter(blob().expand(4_000, -1), torch.Generator().manual_seed(0))
    away = centres(moved) - 13.5
    # the scale (up to a tenth) and the turn act after the move: 2.5 / 0.9 (cos 11 + sin 20)
    assert 2.4 < np.abs(away).max() < 3.9
    assert np.abs(away.mean(0)) == pytest.approx([0, 0], abs=0.1)  # 4.5 standard errors
    assert away.std(0) == pytest.approx([2.5 / 3**0.5] * 2, rel=0.12)
    assert (moved >= 0).all()
    assert (moved <= 1).all()


def test_jitter_turns_and_scales_a_little() -> None:
    """A line through the middle keeps within 11 + 9 degrees. Mutants: radians for degrees."""
    y, x = np.mgrid[:28, :28]
    line = torch.tensor((abs(x - 13.5) < 1).astype(np.float32) * (abs(y - 13.5) < 10)).view(1, -1)
    moved = vae_losses.jitter(line.expand(500, -1), torch.Generator().manual_seed(1))
    ink = moved.view(-1, 28, 28).double().numpy()
    angles = []
    for image in ink:
        points = np.argwhere(image > 0.3).astype(float)
        _, _, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
        angles.append(np.degrees(np.arctan2(axes[0, 1], abs(axes[0, 0])) * np.sign(axes[0, 0])))
    assert 8 < np.abs(angles).max() < 24
    assert np.abs(np.mean(angles)) < 1.5


def test_jitter_turns_and_does_not_fold() -> None:
    """A line across turns with the line down, as far as shear (0.15) allows; lengths stay within
    the tenth of the scale and what shear adds.

    Mutants: the sign of one sine (a reflection, in place of a turn); more shear; more scale.
    """
    y, x = np.mgrid[:28, :28].astype(np.float32)
    down = np.exp(-((x - 13.5) ** 2) / 2 - (y - 13.5) ** 2 / 32)
    images = [torch.from_numpy(i.astype(np.float32)).reshape(1, -1) for i in (down, down.T)]
    turns, lengths = [], []
    for image in images:
        draws = torch.Generator().manual_seed(2)  # the same for both
        moved = vae_losses.jitter(image.expand(300, -1), draws).view(-1, 28, 28).double().numpy()
        total, middle = moved.sum((1, 2)), centres(torch.from_numpy(moved).view(300, -1))
        off = np.stack(np.broadcast_arrays(x[None] - middle[:, :1, None], y - middle[:, 1:, None]))
        cov = np.einsum("inab,jnab,nab->nij", off, off, moved) / total[:, None, None]
        size, axes = np.linalg.eigh(cov)
        long = axes[:, :, 1]  # (n, 2) direction of the line
        turns.append(np.arctan(long[:, 0] / long[:, 1]) if image is images[0]
                     else np.arctan(-long[:, 1] / long[:, 0]))  # fmt: skip
        lengths.append(np.sqrt(size[:, 1]))
    one, two = turns
    assert np.corrcoef(one, two)[0, 1] > 0.5  # 0.2 of turn beside 0.15 of shear: 0.8 at most
    assert 0.1 < np.abs(one - two).max() < 0.2
    assert 0.17 < np.abs(two).max() < 0.24  # 0.2 where no shear is
    assert 0.08 < np.abs(lengths[1] / np.sqrt(16.0) - 1).max() < 0.2


def test_the_least_undecided_mixture_is_chosen() -> None:
    """ICL = log-likelihood - entropy, by its definition.

    Mutants: the likelihood alone; the entropy added; the entropy of the weights.
    """
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-2, 1, (300, 1)), rng.normal(2, 1, (300, 1))])
    fit = GaussianMixture(2, random_state=0).fit(x)
    mean, var = np.asarray(fit.means_)[:, 0], np.asarray(fit.covariances_)[:, 0, 0]
    density = np.asarray(fit.weights_) * np.exp(-0.5 * (x - mean) ** 2 / var)
    density /= np.sqrt(2 * np.pi * var)
    share = density / density.sum(1, keepdims=True)
    expected = np.log(density.sum(1)).mean() + (share * np.log(share)).sum(1).mean()
    assert vade_start.completed(fit, x) == pytest.approx(expected, rel=1e-9)
    assert vade_start.completed(fit, x) < fit.score(x) - 0.03


def test_the_start_finds_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes of four separate groups, one of them long: each becomes one component.

    Mutants: the prior in standard deviations; weights of the quarter that was fitted, unscaled.
    """
    rng = np.random.default_rng(1)
    centre = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])
    label = rng.choice(4, 2_400, p=[0.4, 0.2, 0.2, 0.2])
    code = centre[label] + rng.normal(size=(2_400, 2)) * np.where(label[:, None] == 0, [3, 0.5], 1)
    monkeypatch.setattr(vade_start, "STARTS", 10)
    monkeypatch.setattr(vade, "encode", lambda params, x: vade.Gaussian(x[:, :2] * 255, None))
    x = code.astype(np.float32)  # as if the encoder gave them
    images = Images("x", "x", x, None, x[:0], x[:0], None, 256, 1)
    weights = vade_start.fit_mixture({}, images, 4, rng)
    order = [int(np.linalg.norm(weights["prior.mean"] - c, axis=1).argmin()) for c in centre]
    assert sorted(order) == [0, 1, 2, 3]
    pi = np.exp(weights["prior.logits"])[order]
    assert pi == pytest.approx(np.bincount(label) / 2_400, abs=0.02)
    assert weights["prior.mean"][order] == pytest.approx(centre, abs=0.4)
    sd = np.exp(weights["prior.log_var"][order] / 2)
    assert sd[0] == pytest.approx([3, 0.5], rel=0.15)
    assert sd[1:] == pytest.approx(np.ones((3, 2)), rel=0.15)


def test_the_best_of_the_starts_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six groups for four components: starts end in different places. Every point counts by its
    shares in the best of them, judged on other points than it was fitted to.

    Mutants: the worst start; the first; one seed for all; points counted whole; the fitted quarter.
    """
    rng = np.random.default_rng(4)
    code = rng.normal(size=(800, 2)) + rng.choice(6, 800)[:, None] * np.array([[1.8, 1.0]])
    tried: list[tuple[GaussianMixture, float]] = []
    real = vade_start.completed

    def watched(fit: GaussianMixture, x: np.ndarray) -> float:
        assert len(x) == 100  # an eighth
        tried.append((fit, real(fit, x)))
        return tried[-1][1]

    monkeypatch.setattr(vade_start, "STARTS", 6)
    monkeypatch.setattr(vade_start, "completed", watched)
    monkeypatch.setattr(vade, "encode", lambda params, x: vade.Gaussian(x[:, :2] * 255, None))
    images = Images("x", "x", code.astype(np.float32), None, code[:0], code[:0], None, 256, 1)
    weights = vade_start.fit_mixture({}, images, 4, rng)
    values = [value for _, value in tried]
    assert np.ptp(values) > 0.01
    assert 0 < int(np.argmax(values)) < 5  # neither the first nor the last
    share = tried[int(np.argmax(values))][0].predict_proba(code)
    count = share.sum(0)
    assert weights["prior.mean"] == pytest.approx(share.T @ code / count[:, None], abs=1e-4)
    assert np.exp(weights["prior.logits"]) == pytest.approx(count / 800, abs=1e-5)


def test_the_encoder_may_be_shown_something_else() -> None:
    """Seen = x changes nothing; anything else is still below log p(x). Mutant: x decoded from."""
    rng = np.random.default_rng(2)
    params = mlp.init("encoder", [6, 5, 4], rng=rng) | mlp.init("decoder", [2, 5, 6], rng=rng)
    params = {k: v.astype(float) for k, v in params.items()}
    params |= {"prior.logits": np.zeros(3), "prior.mean": rng.normal(size=(3, 2)),
               "prior.log_var": rng.normal(size=(3, 2))}  # fmt: skip
    x = (rng.random((4, 6)) < 0.5).astype(float)
    noise = rng.normal(size=(50, 4, 2))
    plain = vade.bound(params, x, noise)
    assert plain.elbo == pytest.approx(vade.bound(params, x, noise, seen=x).elbo, rel=1e-12)
    other = vade.bound(params, x, noise, seen=1 - x)
    grid = np.stack(np.meshgrid(*[np.linspace(-9, 9, 241)] * 2), -1).reshape(-1, 2)
    cell = (18 / 240) ** 2
    joint = vade.log_prior(params, grid)[:, None] + np.stack(
        [vade.terms.bernoulli_log_prob(row, vade.decode(params, grid)) for row in x], 1
    )
    log_p = np.log((np.exp(joint) * cell).sum(0))
    q = vade.encode(params, 1 - x)
    error = 5 * np.abs(q.mean).max() / 50**0.5  # of 50 draws: generous
    assert (other.elbo < log_p + error).all()
    assert not np.allclose(other.elbo, plain.elbo)
