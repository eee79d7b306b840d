"""The kernels that the playground of the built book runs in a browser give pyfc's numbers."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from book.playground import given

import pyfc

EPS = np.finfo(np.float64).eps


def same(actual, expected, scale=0.0, ulps=2):
    """Assert that numbers agree up to ULPs of their own, or of a scale where they are the difference of larger ones."""
    actual, expected = np.array(actual), np.array(expected)
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    keep = ~np.isnan(expected) & (actual != expected)
    actual, expected = actual[keep], expected[keep]
    scale = np.broadcast_to(scale, keep.shape)[keep]
    assert np.isfinite(actual).all()
    assert np.isfinite(expected).all()
    assert (np.abs(actual - expected) <= ulps * np.maximum(np.spacing(np.abs(expected)), EPS * np.abs(scale))).all()


def test_activations_are_those_of_the_package(kernels):
    edges = [0.0, -0.0, 1e-310, -1e-310, 1e30, -1e30, np.inf, -np.inf, np.nan, 700, -700, 800, -800]
    z = np.concatenate([np.linspace(-25, 25, 501), np.linspace(-1e-3, 1e-3, 333), edges])
    dy = np.random.default_rng(0).normal(size=z.size)
    found = kernels.evaluate(
        """([z, dy]) => Object.values(p.components.activations).map(({ name, defaults }) => {
            const k = p.kernels, n = z.length;
            k.forget();
            const hyper = k.numbers(defaults);
            const [a, b, c, d] = [z, [], dy, []].map((v) => { const x = k.floats(n); x.set(v); return x; });
            k.activationForward(name, n, 1, a, b, hyper);
            k.activationBackward(name, n, 1, a, b, c, d, hyper);
            return [name, Array.from(b), Array.from(d)];
        })""",
        [z.tolist(), dy.tolist()],
    )
    expected = {name for name in pyfc.available("activations") if offered(name)}
    assert {name for name, *_ in found} == expected
    for name, y, dz in found:
        activation = pyfc.get("activations", name)()
        same(y, activation.forward(z))
        # A slope near its zero is the difference of numbers of the size of dy.
        same(dz, activation.backward(dy, z=z, y=activation.forward(z)), scale=dy, ulps=4)


def offered(name):
    """Return whether the playground must have an activation: every one of pyfc's of one number that learns nothing."""
    cls = pyfc.get("activations", name)
    return cls.__module__.startswith("pyfc.kernels.") and cls.elementwise and not cls.learned


def test_losses_are_those_of_the_package(kernels):
    rng = np.random.default_rng(1)
    losses = given(kernels, ".losses")
    assert {"binary_cross_entropy", "squared_error", "softmax_cross_entropy", "huber", "hinge"} <= set(losses)
    for name, known in losses.items():
        labels = rng.integers(0, 2, 300)
        y = np.concatenate([rng.normal(0, 3, (280, known["outputs"])), rng.normal(0, 1000, (20, known["outputs"]))])
        values, gradient = kernels.evaluate(
            """([loss, y, labels]) => {
                const k = p.kernels, n = labels.length, m = loss.outputs;
                k.forget();
                const hyper = k.numbers(loss.defaults);
                const [a, t, l, scale, dy] = [n * m, n * m, n, n, n * m].map((size) => k.floats(size));
                const whole = k.labels(n);
                a.set(y.flat());
                scale.fill(1 / n);
                labels.forEach((label, i) => { whole[i] = BigInt(label); t.set(loss.targets[label], i * m); });
                const target = loss.labels ? [null, whole] : [t, null];
                k.lossForward(loss.name, n, m, a, ...target, l, hyper);
                k.lossBackward(loss.name, n, m, a, ...target, scale, dy, hyper);
                return [Array.from(l), Array.from(dy)];
            }""",
            [known, y.tolist(), labels.tolist()],
        )
        loss = pyfc.get("losses", name)()
        targets = loss.targets(labels, len(y), known["outputs"], np.float64)
        expected = np.empty(len(y))
        loss.compute_forward(y, targets, expected)
        same(values, expected, scale=np.abs(y).max(axis=1), ulps=4)
        same(np.reshape(gradient, y.shape), loss.gradient(y, labels), scale=1 / len(y), ulps=4)


def test_optimizers_are_those_of_the_package(kernels):
    rng = np.random.default_rng(2)
    w, gradients = rng.normal(size=101), rng.normal(size=(5, 101))
    optimizers = given(kernels, ".optimizers")
    assert set(optimizers) == {name for name in pyfc.available("optimizers") if pyfc.get("optimizers", name).kernel}
    for name, known in optimizers.items():
        settings = {"momentum": 0.9} if name == "sgd" else {}
        optimizer = pyfc.get("optimizers", name)(lr=0.03, **settings)
        found = kernels.evaluate(
            """([name, states, hyper, start, gradients]) => {
                const k = p.kernels, n = start.length;
                k.forget();
                const w = k.numbers(start), dw = k.floats(n), numbers = k.numbers(hyper);
                const list = k.addresses(states.map(() => k.floats(n)));
                gradients.forEach((g, i) => { dw.set(g); k.update(name, w, dw, list, 0.03, i + 1, numbers); });
                return Array.from(w);
            }""",
            [name, known["states"], optimizer.hyper.tolist(), w.tolist(), gradients.tolist()],
        )
        expected, state = w.copy(), optimizer.new_state(w.size, w.dtype)
        for step, gradient in enumerate(gradients, 1):
            optimizer.update(expected, gradient, state, 0.03, step)
        same(found, expected, scale=1, ulps=8)


def test_numbers_of_a_module_are_set_or_refused(tmp_path, monkeypatch):
    """What Python would set when it imports the module, the browser has to set by itself."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "docs" / "extensions"))
    wrapper = importlib.import_module("playground_wasm").wrapper
    made, name = tmp_path / "kl.c", "__pyx_v_4pyfc_7kernels_6losses_13kl_divergence_EPS"
    kernels = [f"__pyx_fuse_1__pyx_f_{name[8:-4]}_{function}(int n);" for function in ("forward", "backward")]
    for value, accepted in (("1e-7", True), ("pow(2.0, -23.0)", True), ("__pyx_t_7", False)):
        made.write_text("\n".join([f"static double {name};", *kernels, f"  {name} = {value};"]))
        if accepted:
            assert f"{{ {name} = {value}; }}" in wrapper(pyfc.get("losses", "kl_divergence"), made)
        else:
            with pytest.raises(ValueError, match="EPS is computed by Python: expected an expression of numbers"):
                wrapper(pyfc.get("losses", "kl_divergence"), made)
