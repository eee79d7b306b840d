"""Initialisers: variance and bounds of what they draw, orthogonality, fans, rounding, and wrong arguments."""

import numpy as np
import pytest

import pyfc
from pyfc.component.initializer import fans

NAMES = [record.name for record in pyfc.registry.records("initializers") if record.builtin]
SHAPE = (300, 200)


def draw(name, shape=SHAPE, dtype=np.float64, seed=0, **hyper):
    return pyfc.get("initializers", name)(**hyper)(shape, np.random.default_rng(seed), dtype)


NORMAL = [
    ("normal", {"std": 0.3}, 0.3**2),
    ("glorot_normal", {}, 2 / 500),
    ("glorot_normal", {"gain": 3}, 9 * 2 / 500),
    ("he_normal", {}, 2 / 300),
    ("lecun_normal", {}, 1 / 300),
    ("variance_scaling", {}, 1 / 300),
    ("variance_scaling", {"scale": 2, "mode": "fan_out"}, 2 / 200),
    ("variance_scaling", {"scale": 5, "mode": "fan_avg"}, 5 / 250),
]
UNIFORM = [
    ("uniform", {"low": -0.2, "high": 0.2}, 0.2**2 / 3),
    ("glorot_uniform", {}, 2 / 500),
    ("glorot_uniform", {"gain": 0.5}, 0.25 * 2 / 500),
    ("he_uniform", {}, 2 / 300),
    ("variance_scaling", {"distribution": "uniform"}, 1 / 300),
    ("variance_scaling", {"distribution": "uniform", "mode": "fan_out", "scale": 2}, 2 / 200),
]


def check_moments(w, mean, variance, kurtosis):
    """Hold mean and variance against five standard errors; that of the variance follows from the fourth moment."""
    n = w.size
    assert abs(w.mean() - mean) < 5 * np.sqrt(variance / n)
    assert abs(w.var() - variance) < 5 * variance * np.sqrt((kurtosis - 1) / n)


@pytest.mark.parametrize(("name", "hyper", "variance"), NORMAL)
def test_normal_ones(name, hyper, variance):
    w = draw(name, **hyper)
    check_moments(w, 0, variance, 3)
    share = np.mean(np.abs(w) < np.sqrt(variance))
    assert abs(share - 0.6827) < 5 * np.sqrt(0.6827 * 0.3173 / w.size)


@pytest.mark.parametrize(("name", "hyper", "variance"), UNIFORM)
def test_uniform_ones(name, hyper, variance):
    w = draw(name, **hyper)
    check_moments(w, 0, variance, 1.8)
    bound = np.sqrt(3 * variance)
    assert np.abs(w).max() <= bound * (1 + 1e-15)
    # That all n numbers stay below (1 - 20 / n) of the bound has a chance of exp(-20).
    assert np.abs(w).max() > bound * (1 - 20 / w.size)


def test_normal_and_uniform_may_be_off_centre():
    check_moments(draw("normal", mean=2, std=0.5), 2, 0.25, 3)
    w = draw("uniform", low=1, high=3)
    check_moments(w, 2, 1 / 3, 1.8)
    assert w.min() >= 1


def test_constants():
    assert not draw("zeros").any()
    assert (draw("constant", value=-2.5) == -2.5).all()
    assert (draw("normal", mean=1, std=0) == 1).all()
    assert (draw("uniform", low=1, high=1) == 1).all()


def test_article_forms_are_reached():
    def standard():
        return np.random.default_rng(0).standard_normal(SHAPE)

    np.testing.assert_allclose(
        draw("variance_scaling", scale=2, mode="fan_out"), standard() / np.sqrt(200 / 2), rtol=1e-15
    )
    np.testing.assert_allclose(draw("normal", std=0.01), standard() * 0.01, rtol=1e-15)
    np.testing.assert_allclose(
        draw("uniform", low=0, high=0.01), np.random.default_rng(0).random(SHAPE) * 0.01, rtol=1e-15
    )


@pytest.mark.parametrize(
    ("member", "hyper"),
    [
        ("lecun_normal", {}),
        ("he_normal", {"scale": 2}),
        ("he_uniform", {"scale": 2, "distribution": "uniform"}),
        ("glorot_normal", {"mode": "fan_avg"}),
        ("glorot_uniform", {"mode": "fan_avg", "distribution": "uniform"}),
    ],
)
def test_the_family_is_one(member, hyper):
    np.testing.assert_allclose(draw(member), draw("variance_scaling", **hyper), rtol=1e-14)


@pytest.mark.parametrize("shape", [(50, 50), (80, 30), (30, 80), (1, 7), (7, 1), (7,)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal(shape, gain):
    w = np.atleast_2d(draw("orthogonal", shape, gain=gain))
    gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(gram, gain**2 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_ones_are_spread_evenly():
    # The trace of a random orthogonal matrix has mean 0 and variance 1; without the signs it is about -sqrt(n).
    rng, make = np.random.default_rng(0), pyfc.get("initializers", "orthogonal")()
    traces = [np.trace(make((8, 8), rng)) for _ in range(400)]
    assert abs(np.mean(traces)) < 5 / np.sqrt(400)
    assert abs(np.var(traces) - 1) < 5 * np.sqrt(2 / 400)


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_one_network(name):
    for shape in ((5, 3), (3, 5), (4,), (1, 1)):
        w = draw(name, shape)
        assert w.shape == shape
        assert w.dtype == np.float64
        np.testing.assert_array_equal(draw(name, shape, np.float32), w.astype(np.float32))
        np.testing.assert_array_equal(draw(name, shape), w)
        if name not in ("zeros", "constant") and w.size > 1:
            assert (draw(name, shape, seed=1) != w).any()


@pytest.mark.parametrize("name", NAMES)
def test_configurations_round_trip(name):
    cls = pyfc.get("initializers", name)
    assert cls(**cls().config()) == cls()


def test_fans():
    assert fans((4, 9)) == (4, 9)
    assert fans((9,)) == (9, 9)
    assert fans((0, 9)) == (1, 9)
    for shape in ((), (2, 3, 4)):
        with pytest.raises(ValueError, match=r"expected \(n_in, n_out\) for weights or \(n_out,\) for biases"):
            fans(shape)


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("constant", {"value": np.nan}, "expected a finite number"),
        ("uniform", {"low": 1, "high": 0}, r"Uniform\(low=1, high=0\): expected low <= high"),
        ("normal", {"std": -1}, "expected a finite number >= 0"),
        ("glorot_uniform", {"gain": 0}, "expected a finite number > 0"),
        ("orthogonal", {"gain": "big"}, "expected a number"),
        ("he_normal", {"gain": 2}, "HeNormal got gain: its hyper-parameters are: none"),
        ("variance_scaling", {"scale": 0}, "expected a finite number > 0"),
        ("variance_scaling", {"mode": "fan"}, "expected one of 'fan_in', 'fan_out', 'fan_avg'"),
        ("variance_scaling", {"distribution": "cauchy"}, "expected one of 'normal', 'uniform'"),
    ],
)
def test_wrong_hyperparameters(name, hyper, message):
    with pytest.raises((ValueError, TypeError), match=message):
        pyfc.get("initializers", name)(**hyper)
