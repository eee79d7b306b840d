"""Optimizers: each against its algorithm written out in NumPy, over many steps; L-BFGS on known minima; settings."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

import pyfc
from pyfc.schedules import Cosine, StepDecay, WarmUp

DTYPES = [np.float32, np.float64]
NAMES = [record.name for record in pyfc.registry.records("optimizers") if record.builtin]
STEPWISE = [name for name in NAMES if not pyfc.get("optimizers", name).full_batch]


def sgd(w, gradient, lr, steps, momentum=0.0, nesterov=False):
    """Sutskever et al. (2013), equations 3 and 4: Nesterov's gradient is taken at x + momentum * velocity."""
    x, velocity = w.copy(), np.zeros_like(w)
    for _ in range(steps):
        at = x + momentum * velocity if nesterov else x
        velocity = momentum * velocity - lr * gradient(at)
        x = x + velocity
    return x + momentum * velocity if nesterov else x


def adagrad(w, gradient, lr, steps, eps=1e-10):
    squares = []
    for _ in range(steps):
        g = gradient(w)
        squares.append(g * g)
        w = w - lr * g / (np.sqrt(np.sum(squares, axis=0)) + eps)
    return w


def rmsprop(w, gradient, lr, steps, rho=0.9, eps=1e-8):
    mean = np.zeros_like(w)
    for _ in range(steps):
        g = gradient(w)
        mean += (1 - rho) * (g * g - mean)
        w = w - lr * g / (np.sqrt(mean) + eps)
    return w


def adam(w, gradient, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    """Kingma and Ba (2015), algorithm 1, its means as the weighted sums that they are; decay as in AdamW."""
    history = []
    for t in range(1, steps + 1):
        history.append(gradient(w))
        fade1, fade2 = (beta ** np.arange(t - 1, -1, -1.0)[:, None] for beta in (beta1, beta2))
        mean = (fade1 * history).sum(axis=0) / fade1.sum()
        square = (fade2 * np.square(history)).sum(axis=0) / fade2.sum()
        w = w - lr * weight_decay * w - lr * mean / (np.sqrt(square) + eps)
    return w


def adamw(w, gradient, lr, steps, weight_decay=0.01, **hyper):
    return adam(w, gradient, lr, steps, weight_decay=weight_decay, **hyper)


REFERENCES = [
    (sgd, {}),
    (sgd, {"momentum": 0.9}),
    (sgd, {"momentum": 0.9, "nesterov": True}),
    (sgd, {"nesterov": True}),
    (adagrad, {}),
    (adagrad, {"eps": 0.1}),
    (rmsprop, {}),
    (rmsprop, {"rho": 0.5, "eps": 0.1}),
    (adam, {}),
    (adam, {"beta1": 0.0, "beta2": 0.5, "eps": 0.1}),
    (adam, {"beta1": 0.5, "beta2": 0.0, "eps": 0.5}),
    (adamw, {}),
    (adamw, {"weight_decay": 2.0, "beta1": 0.8}),
]


def slope(w):
    """Return the gradient of a smooth function with valleys of very different width."""
    curvature = np.geomspace(0.1, 3, w.size)
    return curvature * w + 0.3 * np.sin(3 * w)


def run(optimizer, w, gradient, steps):
    w, state = w.copy(), optimizer.new_state(w.size, w.dtype)
    for step in range(1, steps + 1):
        optimizer.update(w, gradient(w).astype(w.dtype), state, optimizer.rate(0), step)
    return w


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", STEPWISE)
def test_no_parameters_are_no_trouble(name, dtype):
    empty = np.empty(0, dtype)
    assert run(pyfc.get("optimizers", name)(), empty, lambda w: w.copy(), 2).shape == (0,)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("reference", "hyper"), REFERENCES)
def test_fifty_steps(reference, hyper, dtype):
    start = np.random.default_rng(0).normal(size=37)
    optimizer = pyfc.get("optimizers", reference.__name__)(lr=0.02, **hyper)
    moved = run(optimizer, start.astype(dtype), slope, 50)
    assert moved.dtype == dtype
    wanted = reference(start, slope, 0.02, 50, **hyper)
    assert np.abs(wanted - start).max() > 0.1
    np.testing.assert_allclose(moved, wanted, rtol=0, atol=2000 * np.finfo(dtype).eps)


def test_every_optimizer_has_a_reference():
    assert {reference.__name__ for reference, _ in REFERENCES} == set(STEPWISE)


@pytest.mark.parametrize("name", STEPWISE)
def test_two_runs_share_nothing(name):
    optimizer, start = pyfc.get("optimizers", name)(), np.linspace(-1, 1, 5)
    np.testing.assert_array_equal(run(optimizer, start, slope, 5), run(optimizer, start, slope, 5))


@pytest.mark.parametrize("name", STEPWISE)
def test_wrong_arrays_move_nothing(name):
    optimizer, w = pyfc.get("optimizers", name)(lr=0.1), np.ones(4)
    state = optimizer.new_state(4, w.dtype)
    for dw, arrays, error in [
        (np.ones(3), state, "dw has 3 numbers: expected 4"),
        (np.ones(8)[::2], state, "dw is not C-contiguous"),
        (np.ones(4, np.float32), state, "dw has dtype float32: expected"),
        (np.ones(4), [], "state has 0 arrays: expected"),
        (np.ones(4), [np.zeros(3) for _ in state], "state has 3 numbers: expected 4"),
    ]:
        with pytest.raises((ValueError, TypeError), match=error):
            optimizer.update(w, dw, arrays, 0.1, 1)
    frozen = w.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="w is read-only"):
        optimizer.update(frozen, np.ones(4), state, 0.1, 1)
    assert (w == 1).all()
    assert not np.any(state)


# L-BFGS


def rosenbrock(w):
    return rosen(w), rosen_der(w)


def test_lbfgs_finds_the_end_of_the_valley():
    found = pyfc.LBFGS().minimize(rosenbrock, np.array([-1.2, 1.0]), 100, lambda w: None)
    np.testing.assert_allclose(found, [1, 1], atol=1e-5)


def test_lbfgs_solves_a_quadratic():
    draw = np.random.default_rng(0)
    root = draw.normal(size=(8, 8))
    curvature, target = root @ root.T + np.eye(8), draw.normal(size=8)
    start = np.zeros(8, np.float32)

    def bowl(w):
        return 0.5 * (w - target) @ curvature @ (w - target), curvature @ (w - target)

    found = pyfc.LBFGS(tolerance=0).minimize(bowl, start, 200, lambda w: None)
    np.testing.assert_allclose(found, target, atol=1e-5)
    assert not start.any()


def test_lbfgs_makes_no_more_iterations_than_asked():
    for iterations in (0, 1, 3):
        seen = []
        found = pyfc.LBFGS().minimize(
            rosenbrock, np.array([-1.2, 1.0]), iterations, lambda w, to=seen: to.append(w.copy())
        )
        assert len(seen) == iterations
        np.testing.assert_array_equal(found, seen[-1] if seen else [-1.2, 1.0])


def test_lbfgs_ends_when_the_callback_says_so():
    seen = []

    def stop_after_four(w):
        seen.append(w.copy())
        if len(seen) == 4:
            raise StopIteration

    found = pyfc.LBFGS().minimize(rosenbrock, np.array([-1.2, 1.0]), 100, stop_after_four)
    assert len(seen) == 4
    np.testing.assert_array_equal(found, seen[-1])


def test_lbfgs_passes_other_errors_on():
    def fail(w):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pyfc.LBFGS().minimize(rosenbrock, np.array([-1.2, 1.0]), 100, fail)
    with pytest.raises(KeyboardInterrupt):
        pyfc.LBFGS().minimize(fail, np.array([-1.2, 1.0]), 100, lambda w: None)


def test_lbfgs_tolerances_end_it_early():
    def iterations(**hyper):
        seen = []
        pyfc.LBFGS(**hyper).minimize(rosenbrock, np.array([-1.2, 1.0]), 1000, seen.append)
        return len(seen)

    assert iterations(tolerance=0.5) < iterations()
    assert iterations(gradient_tolerance=10) < iterations()


def test_lbfgs_has_no_rate_and_no_batches():
    assert pyfc.LBFGS(lr=1.0) == pyfc.LBFGS()
    with pytest.raises(ValueError, match=r"LBFGS\(lr=0.1\): .* line search; leave lr out"):
        pyfc.LBFGS(lr=0.1)
    with pytest.raises(ValueError, match="expected a whole number >= 1"):
        pyfc.LBFGS(history=2.5)
    with pytest.raises(NotImplementedError, match="SGD works in batches"):
        pyfc.SGD().minimize(rosenbrock, np.zeros(2), 1, lambda w: None)


# Configurations


@pytest.mark.parametrize("name", NAMES)
def test_configurations_round_trip(name):
    cls = pyfc.get("optimizers", name)
    plain = cls()
    assert plain.lr == cls.default_lr
    assert cls.from_config(plain.config()) == plain
    if not cls.full_batch:
        scheduled = cls(lr=WarmUp(2, then=Cosine(0.1, epochs=5)))
        again = cls.from_config(scheduled.config())
        assert again == scheduled
        assert hash(again) == hash(scheduled)
        assert again != plain
        assert again.rate(1) == pytest.approx(0.05)


def test_the_rate_follows_the_schedule():
    optimizer = pyfc.SGD(lr=StepDecay(0.1, factor=0.1, every=2))
    assert [optimizer.rate(epoch) for epoch in (0, 1.9, 2)] == pytest.approx([0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("SGD", {"lr": -0.1}, r"SGD\(lr=-0.1\): expected a finite number >= 0"),
        ("SGD", {"lr": "fast"}, r"SGD\(lr='fast'\): expected a number"),
        ("SGD", {"lr": np.True_}, "expected a number"),
        ("SGD", {"lr": 10**400}, "expected a finite number >= 0"),
        ("SGD", {"momentum": 1}, "expected a finite number >= 0 and < 1"),
        ("SGD", {"nesterov": "yes"}, "expected True or False"),
        ("SGD", {"beta1": 0.9}, "SGD got beta1: its hyper-parameters are: lr, momentum, nesterov"),
        ("Adagrad", {"eps": 1e-46}, "expected a finite number > 1e-30"),
        ("RMSprop", {"rho": 1}, "expected a finite number >= 0 and < 1"),
        ("Adam", {"beta1": 1}, "expected a finite number >= 0 and < 1"),
        ("Adam", {"beta2": -0.1}, "expected a finite number >= 0 and < 1"),
        ("AdamW", {"weight_decay": -1}, "expected a finite number >= 0"),
        ("LBFGS", {"history": 0}, "expected a finite number >= 1"),
        ("LBFGS", {"tolerance": np.inf}, "expected a finite number >= 0"),
    ],
)
def test_wrong_hyperparameters(name, hyper, message):
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(pyfc, name)(**hyper)
