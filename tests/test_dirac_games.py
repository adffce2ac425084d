"""Games of the Dirac-GAN, every step size and every remedy: closed forms, updates by hand."""

from typing import Any

import numpy as np
import pytest

from dgmlib.gan import dirac, dirac_games, dirac_many


def played(*, loss="saturating", help="none", strength=1.0, lr=0.2, order="simultaneous",
           start="1 0.5") -> Any:  # fmt: skip
    game = dirac_games.game(loss, help, strength)
    return dirac_games.play(game, dirac_games.parse(start), lr=lr, order=order)


def sizes(*, loss="saturating", help="none", strength=1.0) -> Any:
    game = dirac_games.game(loss, help, strength)
    return dirac_many.sizes(game, dirac_games.parse("1 0.5"))


def remedies(*, loss="saturating", lr=0.2, start="1 0.5") -> Any:
    start = dirac_games.parse(start)
    return dirac_many.remedies(loss, start, lr=lr, order="simultaneous")


def far(w):
    return np.hypot(w.theta, w.psi)


def s(t):
    return 1 / (1 + np.exp(-t))


def by_hand(theta, psi, n, h, *, loss="saturating", order="simultaneous", clip=np.inf, **help):
    """The update written out, without the library: (n + 1, 2)."""
    r, g, k = (help.get(name, 0.0) for name in ("r1", "penalty", "consensus"))

    def pulls(theta, psi):
        t = theta * psi
        a, b = {"saturating": (s(t), s(t)), "non-saturating": (1 - s(t), s(t)),
                "wasserstein": (1.0, 1.0)}[loss]  # fmt: skip
        d_psi = -b * theta - r * psi - 2 * g * (abs(psi) - 1) * np.sign(psi)
        return np.array([a * psi, d_psi])

    def v(theta, psi):
        there = pulls(theta, psi)
        if k:
            e = 1e-6
            J = np.stack(
                [(pulls(theta + e, psi) - pulls(theta - e, psi)) / (2 * e),
                 (pulls(theta, psi + e) - pulls(theta, psi - e)) / (2 * e)], 1,
            )  # fmt: skip
            there = there - k * J.T @ there
        return there

    path = [(theta, psi)]
    for _ in range(n):
        new = min(max(psi + h * v(theta, psi)[1], -clip), clip)
        theta += h * v(theta, psi if order == "simultaneous" else new)[0]
        psi = new
        path.append((theta, psi))
    return np.array(path)


# --- one game


@pytest.mark.parametrize("order", dirac_games.ORDERS)
@pytest.mark.parametrize("help", ["none", "R1", "consensus"])
def test_exact_is_played(order, help):
    """Wasserstein: closed form and steps are one path. Mutants: theory of the other order, of the
    flow, or with another step size; a game called exact that is not."""
    r = played(loss="wasserstein", order=order, help=help, lr=0.3, strength=0.4)
    assert r.exact
    assert r.theory is not None
    scale = np.maximum(far(r.steps), 1e-12)
    for a, b in zip(r.steps, r.theory, strict=True):
        assert np.max(np.abs(a - b) / scale) < 1e-9
    for wrong in (dict(loss="saturating"), dict(help="clipping"), dict(help="gradient penalty")):
        asked: dict[str, Any] = dict(loss="wasserstein", order=order) | wrong
        assert not played(**asked).exact


def test_spiral_in_closed_form():
    """theta + i psi = (1 - i h)^n w_0. Mutants: the sense of turning; D against G's new place."""
    r = played(loss="wasserstein", lr=0.1, start="1 0.5")
    n = np.arange(len(r.steps.theta))
    w = (1 + 0.5j) * (1 - 0.1j) ** n
    np.testing.assert_allclose(r.steps.theta + 1j * r.steps.psi, w, rtol=1e-10)


def test_flows_in_closed_form():
    """Circles without help, an exponential with consensus; times are n h. Mutants: times n; a
    flow that loses its radius; one drawn for clipping."""
    for loss in ("saturating", "wasserstein"):
        r = played(loss=loss, lr=0.2, start="1 0.5")
        assert r.flow is not None
        np.testing.assert_allclose(far(r.flow), np.sqrt(1.25), rtol=1e-5)
    t = 0.2 * np.arange(201)
    np.testing.assert_allclose(
        r.flow.theta + 1j * r.flow.psi, (1 + 0.5j) * np.exp(-1j * t), atol=2e-4
    )
    r = played(loss="wasserstein", lr=0.1, help="consensus", strength=0.3)
    t = 0.1 * np.arange(201)
    np.testing.assert_allclose(far(r.flow), np.sqrt(1.25) * np.exp(-0.3 * t), rtol=1e-4)
    assert played(help="clipping").flow is None
    late = played(lr=4.0).flow
    assert np.isnan(late.theta[13:]).all()  # t > 50
    assert np.isfinite(late.theta[:13]).all()


def test_non_saturating_flow_comes_nearer():
    """'It does come nearer, but there is no rate.' Mutant: the saturating gradient."""
    r = far(played(loss="non-saturating", lr=0.2).flow)
    assert np.all(np.diff(r) <= 1e-9)
    drop = r[50::50] / r[:-50:50]
    assert np.all(np.diff(drop) > 0)  # ever more slowly
    assert 0.3 < r[-1] < 0.5


@pytest.mark.parametrize("order", dirac_games.ORDERS)
@pytest.mark.parametrize("loss", dirac_games.LOSSES)
@pytest.mark.parametrize(
    ("help", "named"),
    [("none", {}), ("R1", dict(r1=0.7)), ("gradient penalty", dict(penalty=0.7)),
     ("clipping", dict(clip=0.7)), ("consensus", dict(consensus=0.7))],
)  # fmt: skip
def test_each_choice_is_its_game(loss, help, named, order):
    """Against the update by hand. Mutants: one remedy called by another's name; the strength left
    out; the penalty with half its weight; clipping after G's move."""
    r = played(loss=loss, help=help, order=order, strength=0.7, lr=0.25)
    path = by_hand(1.0, 0.5, 12, 0.25, loss=loss, order=order, **named)
    np.testing.assert_allclose(np.stack(r.steps, 1)[:13], path, rtol=1e-6, atol=1e-9)


def test_eigenvalues_predict():
    """Tiny starts: growth per step is |lambda|. Mutants: J for I + hJ; its square; h twice."""
    for help in ("none", "R1", "instance noise", "consensus"):
        for order in dirac_games.ORDERS:
            game = dirac_games.game("saturating", help, 0.8)
            start = dirac.init(1e-4, 0.0)
            r = dirac_games.play(game, start, lr=0.3, order=order)
            growth = (far(r.steps)[-1] / far(r.steps)[20]) ** (1 / 180)
            assert r.eigen is not None
            assert np.abs(r.eigen).max() == pytest.approx(growth, abs=2e-3)
    plain = played(lr=0.2)
    np.testing.assert_allclose(sorted(plain.eigen.imag), [-0.1, 0.1])
    np.testing.assert_allclose(plain.eigen.real, [1, 1])


def test_largest_steps_of_the_text():
    """h < 4r, h < 4 / (r + sqrt(r^2 - 1)), and h < r for Wasserstein. Mutant: any factor 2."""
    for r in (0.3, 0.9):
        assert sizes(help="R1", strength=r).limit == pytest.approx(4 * r)
        small = sizes(help="R1", strength=r, loss="wasserstein").limit
        assert small == pytest.approx(r)
    beyond = sizes(help="R1", strength=2.0).limit
    assert beyond == pytest.approx(4 / (2 + np.sqrt(3)))
    assert sizes().limit == 0
    for lr, grows in ((0.95, False), (1.05, True)):  # exercise 2
        p = played(loss="wasserstein", help="R1", strength=1.0, lr=lr)
        assert (far(p.steps)[-1] > far(p.steps)[0]) == grows
    assert np.abs(played(loss="wasserstein", help="R1", lr=1.05).eigen).max() == pytest.approx(
        1.026, abs=5e-4
    )


def test_noise_is_r1_or_nothing():
    """sigma^2 / 2 near the equilibrium; nothing for a line. Mutant: sigma for its square."""
    noisy = played(help="instance noise", strength=1.2).eigen
    damped = dirac_games.game("saturating", "R1", 0.72)
    same = dirac_games.play(damped, dirac_games.parse("1 0.5"), lr=0.2).eigen
    assert same is not None
    assert sorted(noisy.imag) == pytest.approx(sorted(same.imag))
    assert noisy.real == pytest.approx(same.real)
    a, b = (
        played(loss="wasserstein", help="instance noise", lr=0.1),
        played(loss="wasserstein", lr=0.1),
    )
    np.testing.assert_allclose(a.steps.theta, b.steps.theta, rtol=1e-9)


def test_in_turns_keeps_its_ellipse():
    """Exercise 3. Mutants: the sign of h theta psi; simultaneous steps."""
    r = played(loss="wasserstein", order="alternating")
    theta, psi = r.steps
    kept = theta**2 + psi**2 - 0.2 * theta * psi
    np.testing.assert_allclose(kept, kept[0], rtol=1e-12)
    assert np.abs(r.eigen) == pytest.approx([1, 1])
    wrong = theta**2 + psi**2 + 0.2 * theta * psi
    assert np.ptp(wrong) > 0.1


def test_doubling_takes_556_steps():
    """Exercise 1. Mutant: sqrt(1 + h^2)."""
    game = dirac_games.game("saturating", "none", 0.0)
    start = dirac.init(1e-5, 0.0)
    path = dirac.run(start, game, 556, lr=0.1)
    assert far(path)[555] < 2e-5 < far(path)[556]


@pytest.mark.parametrize("start", [0.3, 1.0])
def test_ring_of_the_non_saturating_loss(start):
    """Exercise 4: sqrt(2 h) from inside and outside. Mutant: radius h, or sqrt(h)."""
    game = dirac_games.game("non-saturating", "none", 0.0)
    state = dirac.init(start, 0.0)
    seen = far(dirac.run(state, game, 3500, lr=0.4))[-200:]
    assert np.abs(seen / np.sqrt(0.8) - 1).max() < 0.04
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(np.sqrt(0.8), rel=5e-3)


def test_where_the_penalty_stops():
    """'Ends at theta = 2, psi = 0.' Mutant: a penalty that also works at the equilibrium."""
    r = played(loss="wasserstein", help="gradient penalty", strength=1.0, lr=0.1)
    assert r.steps.theta[-1] == pytest.approx(2, abs=1e-6)
    assert abs(r.steps.psi[-1]) < 1e-6
    assert r.eigen is None


# --- all step sizes, all remedies


def test_all_sizes_at_once():
    """Mutants: rates in another order; both orders the same; a game that left goes on moving."""
    r = sizes()
    game = dirac_games.game("saturating", "none", 0.0)
    for i in (0, 20, 33):
        for k, order in enumerate(dirac_games.ORDERS):
            alone = dirac_games.play(
                game, dirac_games.parse("1 0.5"), lr=float(dirac_many.RATES[i]), order=order
            )
            assert alone.eigen is not None
            path = np.stack(alone.steps, 1)[:101]
            np.testing.assert_allclose(r.paths[i, k, : len(path)], path, rtol=1e-9)
            np.testing.assert_allclose(
                np.sort_complex(r.eigen[i, k]), np.sort_complex(alone.eigen), rtol=1e-12
            )
    gone = sizes(loss="wasserstein").paths[-1, 0]
    left = int(np.argmax(np.hypot(*gone.T) > dirac_games.LEFT))
    assert 0 < left < 20
    assert np.ptp(gone[left:], axis=0).tolist() == [0, 0]
    assert sizes(help="gradient penalty").eigen is None


def test_each_remedy_is_its_game():
    """Mutants: a remedy at another one's place; the last path not in turns; the start moved."""
    r = remedies(lr=0.3, start="1 -0.5")
    named = [{}, dict(r1=1.0), dict(penalty=1.0), dict(clip=0.5), None, dict(consensus=1.0),
             dict(order="alternating")]  # fmt: skip
    for k, more in enumerate(named):
        if more is not None:
            path = by_hand(1.0, -0.5, 25, 0.3, **more)
            np.testing.assert_allclose(r.paths[:26, k], path, rtol=1e-6, atol=1e-9)
    noise = dirac_games.game("saturating", "instance noise", 1.0)
    alone = dirac_games.play(noise, dirac_games.parse("1 -0.5"), lr=0.3).steps
    np.testing.assert_allclose(r.paths[:, 4], np.stack(alone, 1), rtol=1e-12)
    assert r.names == [*dirac_games.HELP, "in turns"]


def test_what_damps():
    """R1, noise, consensus come nearer; nothing, clipping and turns do not. And exercise 6."""
    r = remedies()
    end = dict(zip(r.names, np.hypot(*r.paths[-1].T), strict=True))
    assert max(end[n] for n in ("R1", "instance noise", "consensus")) < 1e-3
    assert min(end[n] for n in ("none", "clipping", "gradient penalty", "in turns")) > 0.4
    growth = dict(zip(r.names, r.growth, strict=True))
    assert growth["in turns"] == pytest.approx(1)
    assert np.isnan(growth["gradient penalty"])
    huge = remedies(loss="wasserstein", lr=4.0).growth[-1]
    assert huge == pytest.approx(7 + np.sqrt(48))  # z^2 + 14 z + 1, the larger root
    linear = remedies(loss="wasserstein")
    end = dict(zip(linear.names, np.hypot(*linear.paths[-1].T), strict=True))
    assert end["R1"] < 1e-3 < 0.4 < min(end["instance noise"], end["clipping"])


# --- what is asked


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "nan 0", "9 0", "1 x"])
def test_a_start_is_two_numbers(text):
    with pytest.raises(ValueError, match=r"θ|number"):
        dirac_games.parse(text)


def test_wrong_help_is_refused():
    with pytest.raises(ValueError, match="there are none, R1"):
        dirac_games.game("saturating", "luck", 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 0"):
        dirac_games.game("saturating", "R1", -1.0)
