"""pyfc, by its public functions: ``fit`` for all epochs at once, ``predict``, and components called by hand."""

import numpy as np

import pyfc
from cases import CHECK_STEPS, read
from libraries.base import Base, Calls, Job, Rows, named

LOSSES = {"cross_entropy": "softmax_cross_entropy"}


def network(case, arrays):
    """Return the case's network with the given weights."""
    layers = [pyfc.Scale(1 / 255)] if arrays.X.dtype == np.uint8 else []
    for n_in, n_out, activation in zip(case.sizes, case.sizes[1:], case.activations, strict=False):
        layers += [pyfc.Dense(n_in, n_out)] + ([] if activation == "identity" else [activation])
    loss = LOSSES.get(case.loss) or pyfc.SquaredError(factor=case.factor)
    return pyfc.Network(layers, loss=loss, dtype=case.dtype)


class Training(Job):
    """Epochs of one call of ``fit``."""

    def __init__(self, case, folder, threads):
        self.case, self.arrays = case, read(case, folder, raw=True)
        self.net = network(case, self.arrays)
        self.unit = case.steps
        self.settings = {"shuffle": False, "metrics": [], "progress": False, "n_threads": threads}
        self.settings |= {"batch_size": case.batch, "optimizer": pyfc.SGD(lr=case.lr)}

    def reset(self):
        for i, (W, b) in enumerate(self.arrays.weights):
            self.net.parameters[f"dense_{i}.W"][:], self.net.parameters[f"dense_{i}.b"][:] = W, b

    def run(self, steps):
        self.net.fit(self.arrays.X, self.arrays.t, epochs=steps // self.unit, **self.settings)

    def result(self):
        self.reset()
        rows = min(CHECK_STEPS, self.unit) * self.case.batch
        history = self.net.fit(
            self.arrays.X[:rows], self.arrays.t[:rows], epochs=max(1, CHECK_STEPS // self.unit), **self.settings
        )
        layers = range(len(self.arrays.weights))
        weights = [(self.net.parameters[f"dense_{i}.W"], self.net.parameters[f"dense_{i}.b"]) for i in layers]
        return {
            "loss": float(np.mean(history["loss"])),
            **{name: value.copy() for name, value in named(weights).items()},
        }


class Library(Base):
    """pyfc."""

    packages = ("pyfc",)

    def train(self, case, folder):
        return Training(case, folder, self.threads)

    def predict(self, case, folder):
        job = Training(case, folder, self.threads)
        job.reset()
        things = [job.arrays.X[i : i + case.batch] for i in range(0, len(job.arrays.X), case.batch)]
        return Rows(job.net.predict, things, lambda: {"labels": np.concatenate([job.net.predict(x) for x in things])})

    def activation(self, name, direction, z, dy):
        function = pyfc.get("activations", name)()
        y, dz = function.forward(z), np.empty_like(z)
        if direction == "forward":
            return Calls(lambda: function.forward(z, out=y), lambda: {"y": function.forward(z, out=y)})
        return Calls(
            lambda: function.backward(dy, z=z, y=y, out=dz), lambda: {"dz": function.backward(dy, z=z, y=y, out=dz)}
        )

    def adam(self, w, dw):
        w, adam = w.copy(), pyfc.Adam()
        state = adam.new_state(w.size, w.dtype)
        return Calls(lambda: adam.update(w, dw, state, 0.001, 10))
