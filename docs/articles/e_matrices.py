r"""
E. A layer in matrices
======================

The fifth article puts the neurons of a layer into one matrix, and a layer becomes a class: ``forward`` keeps what
``backward`` needs, ``backward`` also updates the layer's own weights, and a small class ``SquareLoss`` begins the way
back. Samples are columns, W is (n_in, n_out), so that :math:`Z = W^T X + b`. A 2-4-1 network learns XOR in 10000 steps.

The same class is written here on pyfc's layers, called by hand, and then the network that does it all. Both end at the
same weights. A transcription of the article's mathematics in pyfc's tests does too, to ten digits.
"""

from pathlib import Path

import numpy as np

import pyfc
from pyfc import plots

folder = Path("pyfc-articles")
folder.mkdir(exist_ok=True)

# %%
# XOR
# ---
# One or the other, but not both: the four corners of a square, which no straight line can tell apart. In the article's
# orientation, a sample is a column.

X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
T = np.array([[0.0, 1.0, 1.0, 0.0]])
print("X (2, 4), a column for each sample:", *X, sep="\n    ")
print("T (1, 4):", *T, sep="\n    ")

# %%
# The layer
# ---------
# The article's class with its interface. Inside, a sample is a row as everywhere in pyfc, so arrays are transposed on
# the way in and out: :math:`Z = XW + b` of `dense.pyx <../../src/dense.pyx>`_ is the article's :math:`Z = W^T X + b`
# read along rows. W needs no transposing, for the article has it as (n_in, n_out) already.
#
# A layer of pyfc gives back from ``forward`` what its ``backward`` will need; it is kept here as the article keeps it.


class Layer:
    """A dense layer with a sigmoid, which updates itself; samples are columns."""

    def __init__(self, n_in, n_out, rng):
        self.dense, self.sigmoid = pyfc.Dense(n_in, n_out, init=pyfc.Normal(std=1.0)), pyfc.Activation("sigmoid")
        self.dense.build(n_in, "float64", rng)

    def forward(self, X):
        """Return Y for X, and keep what backward needs."""
        Z, self.kept_by_dense = self.dense.forward(X.T)
        Y, self.kept_by_sigmoid = self.sigmoid.forward(Z)
        return Y.T

    def backward(self, dY, rate):
        """Return dX for dY, and go one step down."""
        dZ, _ = self.sigmoid.backward(dY.T, self.kept_by_sigmoid)
        dX, gradients = self.dense.backward(dZ, self.kept_by_dense)
        for name, gradient in gradients.items():
            self.dense.parameters[name] -= rate * gradient
        return dX.T


# %%
# The loss
# --------
# :math:`\sum (y - t)^2 / n / 2` over the n samples, which the article calls ``SquareLoss``. The gradient that it
# returns is :math:`y - t`, and nothing later divides it: so the article reports a mean, and descends the sum. pyfc's
# gradient is that of the number that is reported, :math:`(y - t) / n`. The factor 1/2 is an option of
# `squared_error.pyx <../../src/losses/squared_error.pyx>`_; the factor n is one of the rate. The article's 0.1 on the
# sum over four samples is 0.4 on their mean.

square_loss = pyfc.SquaredError(factor=0.5)
rate = 0.1 * X.shape[1]

# %%
# 10000 steps
# -----------
# All four columns in each step.

rng = np.random.default_rng(0)
layers = [Layer(2, 4, rng), Layer(4, 1, rng)]
start = [{name: value.copy() for name, value in layer.dense.parameters.items()} for layer in layers]
losses = []
for step in range(1, 10001):
    Y = X
    for layer in layers:
        Y = layer.forward(Y)
    losses.append(square_loss.value(Y.T, T.T))
    dY = square_loss.gradient(Y.T, T.T).T
    for layer in reversed(layers):
        dY = layer.backward(dY, rate)
    if step == 1 or step % 2000 == 0:
        print(f"step {step:5}: loss {losses[-1]:.6f}")

print("outputs:", *(f"{y:.4f}" for y in layers[1].forward(layers[0].forward(X))[0]))

# %%
# The same with a Network
# -----------------------
# The loop, the keeping and the order of the layers is what ``Network`` is for. From the same first weights it comes to
# the same last ones.

net = pyfc.Network([pyfc.Dense(2, 4), "sigmoid", pyfc.Dense(4, 1), "sigmoid"], loss=square_loss, dtype="float64")
for index, values in enumerate(start):
    for name, value in values.items():
        net.parameters[f"dense_{index}.{name}"][:] = value

# %%
# The article ends with the advice to check the gradient numerically. It is good advice: the article's own bias gradient
# is wrong, and XOR is learned all the same (see *Spot the bug*). Before training:

report = net.check_gradients(X.T, T.T)
print(report)

# %%
# Then the 10000 steps:

history = net.fit(X.T, T.T, epochs=10000, batch_size=4, shuffle=False, optimizer=pyfc.SGD(lr=rate), progress=False)
difference = max(
    float(np.abs(net.parameters[f"dense_{index}.{name}"] - value).max())
    for index, layer in enumerate(layers)
    for name, value in layer.dense.parameters.items()
)
print(f"loss {history['loss'][-1]:.6f}; largest difference from the weights above: {difference:.1e}")

picture = plots.plot_history(history, title="XOR", unit="step")
picture.savefig(folder / "e_loss.png")
title = "What 2-4-1 makes of the plane"
plots.plot_decision_surface(net, X.T, T.T, title=title).savefig(folder / "e_xor.png")
