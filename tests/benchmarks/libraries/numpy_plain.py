"""NumPy as one writes it by hand: matrix products, and arithmetic in place where that saves an array."""

import numpy as np

from cases import CHECK_STEPS, read
from libraries.base import Base, Rows, Steps, named


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), in place."""
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


FORWARD = {"relu": lambda z: np.maximum(z, 0, out=z), "sigmoid": sigmoid, "identity": lambda z: z}
#: Multiplies dy by the slope, which is a function of y.
BACKWARD = {
    "relu": lambda dy, y: np.multiply(dy, y > 0, out=dy),
    "sigmoid": lambda dy, y: np.multiply(dy, y * (1 - y), out=dy),
    "identity": lambda dy, y: dy,
}


class Training(Steps):
    """Plain gradient descent."""

    def __init__(self, case, folder):
        self.case, arrays = case, read(case, folder)
        super().__init__(case.steps)
        self.start = arrays.weights
        self.X = np.split(arrays.X, case.steps)
        self.t = np.split(arrays.t, case.steps)
        self.rows = np.arange(case.batch)
        self.lr = np.dtype(case.dtype).type(case.lr)
        self.reset()

    def reset(self):
        self.at, self.weights = 0, [(W.copy(), b.copy()) for W, b in self.start]

    def forward(self, x):
        outputs = [x]
        for (W, b), activation in zip(self.weights, self.case.activations, strict=True):
            z = outputs[-1] @ W
            z += b
            outputs.append(FORWARD[activation](z))
        return outputs

    def step(self, i):
        outputs, t = self.forward(self.X[i]), self.t[i]
        loss, dy = (self.entropy if self.case.loss == "cross_entropy" else self.squared)(outputs[-1], t)
        for layer in range(len(self.weights) - 1, -1, -1):
            W, b = self.weights[layer]
            dz = BACKWARD[self.case.activations[layer]](dy, outputs[layer + 1])
            dW, db = outputs[layer].T @ dz, dz.sum(axis=0)
            if layer:
                dy = dz @ W.T
            dW *= self.lr
            W -= dW
            b -= self.lr * db
        return loss

    def entropy(self, z, t):
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1)
        loss = (np.log(total) - z[self.rows, t]).mean()
        p /= total[:, None]
        p[self.rows, t] -= 1
        p /= len(z)
        return loss, p

    def squared(self, y, t):
        dy = y - t
        loss = self.case.factor * np.vdot(dy, dy) / len(y)
        dy *= 2 * self.case.factor / len(y)
        return loss, dy

    def result(self):
        self.reset()
        losses = [float(self.step(i % self.batches)) for i in range(CHECK_STEPS)]
        return {"loss": float(np.mean(losses)), **named(self.weights)}


class Library(Base):
    """NumPy."""

    packages = ("numpy",)

    def train(self, case, folder):
        return Training(case, folder)

    def predict(self, case, folder):
        job = Training(case, folder)

        def predict(x):
            return job.forward(x)[-1].argmax(axis=1)

        return Rows(predict, job.X, lambda: {"labels": np.concatenate([predict(x) for x in job.X])})
