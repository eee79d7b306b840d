"""JAX: an epoch, or many where an epoch is a tiny step, is one jitted call, a ``lax.scan`` over the batches."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cases import CHECK_STEPS, read
from libraries.base import Base, Job, Rows, named

jax.config.update("jax_enable_x64", True)  # the arrays have the dtype of the case, whichever it is
ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "identity": lambda z: z}


def forward(case, weights, x):
    """Return the outputs of the last layer."""
    for (W, b), activation in zip(weights, case.activations, strict=True):
        x = ACTIVATIONS[activation](x @ W + b)
    return x


def loss_of(case, weights, x, t):
    """Return the mean loss of a batch."""
    y = forward(case, weights, x)
    if case.loss == "squared_error":
        return case.factor * jnp.sum((y - t) ** 2) / len(y)
    return -jnp.take_along_axis(jax.nn.log_softmax(y), t[:, None], axis=1).mean()


class Training(Job):
    """Scans over the batches of an epoch; the old weights' memory is given to the new ones."""

    def __init__(self, case, folder):
        arrays = read(case, folder)
        self.case, self.start, self.unit = case, arrays.weights, case.steps * case.scan
        t = arrays.t.astype(np.int32) if case.loss == "cross_entropy" else arrays.t
        self.X = jnp.asarray(arrays.X.reshape(case.steps, case.batch, -1))
        self.t = jnp.asarray(t.reshape(case.steps, case.batch, *t.shape[1:]))
        slope = jax.value_and_grad(lambda weights, x, t: loss_of(case, weights, x, t))

        def step(weights, x, t):
            loss, gradient = slope(weights, x, t)
            return jax.tree.map(lambda w, dw: w - case.lr * dw, weights, gradient), loss

        def epoch(weights, X, t):
            if len(X) == 1 and case.scan > 1:
                return lax.scan(lambda weights, _: step(weights, X[0], t[0]), weights, length=case.scan)
            return lax.scan(lambda weights, batch: step(weights, *batch), weights, (X, t))

        self.step, self.epoch = jax.jit(step), jax.jit(epoch, donate_argnums=0)
        self.reset()

    def reset(self):
        self.weights = [(jnp.array(W), jnp.array(b)) for W, b in self.start]

    def run(self, steps):
        weights = self.weights
        for _ in range(steps // self.unit):
            weights, _ = self.epoch(weights, self.X, self.t)
        self.weights = jax.block_until_ready(weights)

    def result(self):
        self.reset()
        few, losses = min(CHECK_STEPS, len(self.X)), []
        if self.case.scan == 1 and len(self.X) >= CHECK_STEPS:
            self.weights, losses = self.epoch(self.weights, self.X[:few], self.t[:few])
        else:
            for i in range(CHECK_STEPS):
                self.weights, loss = self.step(self.weights, self.X[i % few], self.t[i % few])
                losses.append(loss)
        return {
            "loss": float(np.mean(np.asarray(losses))),
            **named([(np.array(W), np.array(b)) for W, b in self.weights]),
        }


class Library(Base):
    """JAX."""

    packages = ("jax", "jaxlib")

    def train(self, case, folder):
        return Training(case, folder)

    def predict(self, case, folder):
        job = Training(case, folder)
        weights, things = job.weights, list(job.X)
        labels = jax.jit(lambda weights, x: jnp.argmax(forward(case, weights, x), axis=1))

        def predict(x):
            return labels(weights, x).block_until_ready()

        return Rows(predict, things, lambda: {"labels": np.concatenate([predict(x) for x in things])})
