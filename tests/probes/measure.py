"""What each cell of the tables on the page Conventions has to say, found out by trying a probe.

A measurement is a function of a probe's class that returns the words of the cell. One that takes the cell as well tries
what the cell says, a formula or a setting of pyfc, and returns it if it holds.
"""

from collections.abc import Callable

import numpy as np

import pyfc

REFUSALS = (TypeError, ValueError, RuntimeError)  # the last is PyTorch's
N, K = 5, 3  # samples and outputs: neither is a factor of the other, nor is 2 of them
DIFFERENCES = np.array([[1.0, -1, 2], [3, 0, 0]])  # y - t of the page's two samples


def word(number, words):
    """Return the word for a measured number, or the number itself, which no cell agrees with."""
    return next((name for name, value in words.items() if np.isclose(number, value, rtol=1e-5)), f"{number:g}")


def ratio(left, right):
    """Return the one number that right has to be multiplied by to give left."""
    assert left.shape == right.shape
    factor = np.vdot(left, right) / np.vdot(right, right)
    np.testing.assert_allclose(left, factor * right, rtol=1e-5, atol=1e-9)
    return factor


# The layer


def samples_are(kind):
    accepted = []
    for name, before, after in (
        ("rows", (7, kind.n_in), (7, 2)),
        ("columns", (kind.n_in, 7), (2, 7)),
        ("one at a time", (kind.n_in,), (2,)),
    ):
        try:
            Z = kind(kind.n_in, 2).affine(np.random.default_rng(1).random(before))
        except REFUSALS:
            continue
        if Z.shape == after:
            accepted.append(name)
    assert accepted in (["rows"], ["rows", "one at a time"], ["columns"], ["one at a time"])
    return accepted[0]


def shape_of(held, sizes):
    """Return what the system keeps: the shape of an array in the names of the sizes, or what else it is."""
    if isinstance(held, dict):
        assert all(np.ndim(value) == 0 for value in held.values())
        return "scalars"
    names = [sizes[n] for n in np.shape(held)]
    if isinstance(held, list):
        return f"{names[0]} lists of {names[1]}" if len(names) == 2 else f"list of {names[0]}"
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def w_is(kind):
    return shape_of(kind(kind.n_in, 4).held[0], {kind.n_in: "n_in", 4: "n_out"})


def b_is(kind):
    return shape_of(kind(kind.n_in, 4).held[1], {kind.n_in: "n_in", 4: "n_out", 1: "1"})


def names_of(probe):
    """Return the names that a formula on the page may use for what the system holds."""
    W, b = probe.held
    return {"np": np} | (W | b if isinstance(W, dict) else {"W": W, "b": b})


def layer_computes(kind, cell):
    probe = kind(kind.n_in, 2)
    shape = {"rows": (7, kind.n_in), "columns": (kind.n_in, 7), "one at a time": (kind.n_in,)}[samples_are(kind)]
    X = np.random.default_rng(1).random(shape)
    Z, names = probe.affine(X), names_of(probe)
    if X.ndim > 1:
        names["X"] = X
    elif isinstance(probe.held[0], dict):
        (names["x1"], names["x2"]), Z = X, Z[0]
    else:
        names["x"] = X
    value = eval(cell, {}, names)  # noqa: S307 (the page's own formula)
    return cell if value.shape == Z.shape and np.allclose(value, Z) else "another formula"


def for_pyfc(kind, cell):
    """Put the weights into pyfc as the cell says, and compare outputs."""
    probe, n_out = kind(kind.n_in, 2), 2
    X = np.random.default_rng(1).random((7, kind.n_in))
    layout = samples_are(kind)
    Z = (
        np.array([probe.affine(x) for x in X])
        if layout == "one at a time"
        else rows(layout, probe.affine(rows(layout, X)))
    )
    net = pyfc.Network([pyfc.Dense(kind.n_in, n_out)], loss="squared_error", dtype="float64")
    W, b = map(np.array, eval(cell, {}, names_of(probe)))  # noqa: S307 (likewise)
    if W.shape != (kind.n_in, n_out) or b.shape != (n_out,):
        return f"W {W.shape}, b {b.shape}"
    net.parameters["dense_0.W"][:], net.parameters["dense_0.b"][:] = W, b
    return cell if np.allclose(net.forward(X), Z) else "other weights"


# The squared error


def rows(layout, array):
    """Return an array of the system's layout with samples as rows, or the other way round."""
    return array.T if layout == "columns" and np.ndim(array) == 2 else array


def observe(kind, differences, **settings):
    """Return a training step, arrays with samples as rows, in which y - t is as given, and what gave it."""
    differences = np.asarray(differences, float)
    layout = samples_are(kind)
    probe = kind(kind.n_in, differences.shape[1], **settings)
    X = np.random.default_rng(2).random((len(differences), kind.n_in))
    y = np.array([probe.outputs(x) for x in X]) if layout == "one at a time" else probe.outputs(rows(layout, X))
    T = rows(layout, y) - differences

    def step(targets):
        seen = probe.step(np.ascontiguousarray(rows(layout, X)), np.ascontiguousarray(rows(layout, targets)))
        dW = seen.dW if w_is(kind) == "(n_in, n_out)" else seen.dW.T
        arrays = (rows(layout, array) for array in (seen.dy, seen.slope, seen.inputs))
        return type(seen)(seen.loss, *arrays, dW, seen.db.ravel())

    return step(T), T, step


def n_outputs(kind):
    """Return K, or 1 of a system that has no more."""
    try:
        observe(kind, np.ones((2, K)))
    except REFUSALS:
        return 1
    return K


def differences_for(kind):
    return np.random.default_rng(3).random((N, n_outputs(kind))) + 0.5


def factor(kind):
    return word(observe(kind, [[1.5]])[0].loss / 1.5**2, {"1": 1, "1/2": 0.5})


def over_outputs(kind):
    k = n_outputs(kind)
    if k == 1:
        return "—"
    return word(observe(kind, [[1.5] * k])[0].loss / observe(kind, [[1.5]])[0].loss, {"mean": 1, "sum": k})


def over_samples(kind):
    return word(observe(kind, [[1.5]] * N)[0].loss / observe(kind, [[1.5]])[0].loss, {"mean": 1, "sum": N})


def starts_with(kind):
    differences = differences_for(kind)
    seen, k = observe(kind, differences)[0], differences.shape[1]
    words = {"y - t": 1, "2 * (y - t)": 2, "(y - t) / n": 1 / N, "2 * (y - t) / n": 2 / N}
    if k > 1:
        words |= {"2 * (y - t) / k": 2 / k, "(y - t) / (n * k)": 1 / (N * k), "2 * (y - t) / (n * k)": 2 / (N * k)}
    return word(ratio(seen.dy, differences), words)


def divided_in(seen, entry):
    """Return where 1/n is, from what the backward pass starts with and what it makes of that in dW and db."""
    dz = seen.dy * seen.slope
    layer = ratio(seen.dW, seen.inputs.T @ dz)
    assert np.isclose(layer, ratio(seen.db, dz.sum(axis=0)), rtol=1e-5)
    places = {(True, "whole"): "the loss", (False, "divided"): "dW, db", (False, "whole"): "nowhere"}
    return places.get(("/ n" in entry or "/ (n" in entry, word(layer, {"whole": 1, "divided": 1 / N})), "elsewhere")


def squared_error_divided_in(kind):
    return divided_in(observe(kind, differences_for(kind))[0], starts_with(kind))


def by_true_gradient(kind):
    """Compare dW with finite differences of the loss; it depends on y - t, so a target can be moved in place of y.

    Central differences of a quadratic are exact; a large h keeps out the rounding of Keras's loss, which is float32.
    """
    differences = differences_for(kind)
    seen, T, step = observe(kind, differences)
    dy, h = np.empty_like(T), 1.0
    for index in np.ndindex(*T.shape):
        move = np.zeros_like(T)
        move[index] = h
        dy[index] = (step(T - move).loss - step(T + move).loss) / (2 * h)
    words = {"1": 1, "1/2": 0.5, "n": N} | ({"k": K} if T.shape[1] == K else {})
    return word(ratio(seen.dW, seen.inputs.T @ (dy * seen.slope)), words)


# The same samples in each convention


def where_it_fits(measure: Callable) -> Callable:
    return lambda kind: f"{measure(kind):g}" if n_outputs(kind) == K else "—"


@where_it_fits
def worked_loss(kind):
    return observe(kind, DIFFERENCES)[0].loss


@where_it_fits
def worked_start(kind):
    return observe(kind, DIFFERENCES)[0].dy[1, 0].round(9)


@where_it_fits
def worked_db(kind):
    """Return what the entry alone adds to its output's db, without the slope of an activation."""
    seen = observe(kind, np.where(DIFFERENCES == 3, 3, 0))[0]
    return (seen.db[0] / np.broadcast_to(seen.slope, DIFFERENCES.shape)[1, 0]).round(9)


def same_in_pyfc(kind, cell):
    """Compare dW with what the cell's loss and rate, which may use n and r, make of the same outputs in pyfc."""
    differences = differences_for(kind)
    seen, T, _ = observe(kind, differences)
    loss, rate = eval(cell, {"SquaredError": pyfc.SquaredError, "n": N, "r": 1})  # noqa: S307 (likewise)
    steps = ratio(seen.dW, rate * seen.inputs.T @ (loss.gradient(T + differences, T) * seen.slope))
    return cell if np.isclose(steps, 1, rtol=1e-5) else f"{steps:g} times the steps"


# Cross-entropy

LABELS = np.array([0, 1, 2, 2, 1])


def classify(kind, targets, repeat=1):
    """Return a step's loss and the step, the right loss, logits and outputs, for N samples or so many times N."""
    layout, probe = samples_are(kind), kind(kind.n_in, K, loss="cross_entropy")
    X = np.tile(np.random.default_rng(2).standard_normal((N, kind.n_in)), (repeat, 1))
    labels = np.tile(LABELS, repeat)
    given = np.ascontiguousarray(rows(layout, {"labels": labels, "one-hot": np.eye(K)[labels]}[targets]))
    X = np.ascontiguousarray(rows(layout, X))
    z = rows(layout, probe.affine(X))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    right = -np.log(p[np.arange(len(labels)), labels]).mean()
    seen = probe.step(X, given)
    dW = seen.dW if w_is(kind) == "(n_in, n_out)" else seen.dW.T
    seen = type(seen)(seen.loss, rows(layout, seen.dy), 1, rows(layout, seen.inputs), dW, seen.db.ravel())
    return seen, right, z, p, rows(layout, probe.outputs(X))


def accepted_targets(kind):
    accepted = []
    for targets in ("labels", "one-hot"):
        try:
            seen, right, *_ = classify(kind, targets)
        except REFUSALS:
            continue
        if np.isclose(seen.loss, right, rtol=1e-5):
            accepted.append(targets)
    return accepted


def targets_are(kind):
    return " or ".join(accepted_targets(kind))


def loss_takes(kind):
    """Return whether the outputs for which the loss is right are the logits, or their softmax."""
    *_, z, p, outputs = classify(kind, accepted_targets(kind)[0])
    return {(True, False): "logits", (False, True): "probabilities"}[np.allclose(outputs, z), np.allclose(outputs, p)]


def entropy_over_samples(kind):
    once, twice = (classify(kind, accepted_targets(kind)[0], repeat)[0].loss for repeat in (1, 2))
    return word(twice / once, {"mean": 1, "sum": 2})


def entropy_starts_with(kind):
    seen, _, _, p, _ = classify(kind, accepted_targets(kind)[0])
    return word(ratio(seen.dy, p - np.eye(K)[LABELS]), {"p - t": 1, "(p - t) / n": 1 / N})


def entropy_divided_in(kind):
    return divided_in(classify(kind, accepted_targets(kind)[0])[0], entropy_starts_with(kind))
