"""
Dead ReLUs and saturated sigmoids
=================================

A ReLU whose input is below 0 for *every* sample passes no gradient, so that its weights never change again: it is
dead. One step that is too large is enough for it. The same network is trained with growing rates, and after each
training the units are counted whose input is below 0 for all samples. With Leaky ReLU there are as many, but none is
dead: a hundredth of the gradient comes through, and the network goes on learning.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets

X, y = datasets.load_digits()
X = (X / 16).astype("float32")
RATES = np.geomspace(0.03, 3.0, 9)


def train(activation, lr):
    """Return the hidden outputs after a training, and the accuracy."""
    net = pyfc.mlp([64, 64, 10], activation=activation, init="he_normal", seed=0)
    net.fit(X, y, epochs=10, optimizer=pyfc.SGD(lr=float(lr), momentum=0.9), clip_norm=10.0, progress=False)
    dense, function = net.layers[:2]
    return function.forward(dense.forward(X)[0])[0], net.evaluate(X, y)["accuracy"]


figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4))
for name in ("relu", "leaky_relu"):
    found = [train(name, lr) for lr in RATES]
    left.semilogx(RATES, [100 * np.mean((hidden <= 0).all(axis=0)) for hidden, _ in found], "o-", label=name)
    right.semilogx(RATES, [100 * accuracy for _, accuracy in found], "o-", label=name)
left.set(title="Units below 0 for every sample", xlabel="learning rate", ylabel="% of the hidden units")
right.set(title="Accuracy after ten epochs", xlabel="learning rate", ylabel="% of the digits right")
left.legend()

# %%
# Sigmoid and tanh do not die, they **saturate**: with weights that are too large nearly all outputs lie at an end,
# where the derivative ``y (1 - y)`` is next to nothing.

figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.3), sharey=True)
for ax, std in zip(axes, (0.1, 0.5, 2.5), strict=True):
    net = pyfc.mlp([64, 64, 10], activation="sigmoid", init=pyfc.Normal(std=std), seed=0)
    dense, sigmoid = net.layers[:2]
    hidden = sigmoid.forward(dense.forward(X)[0])[0]
    ax.hist(hidden.ravel(), bins=40, range=(0, 1), weights=np.full(hidden.size, 100 / hidden.size))
    ax.set(title=f"weights of size {std}", xlabel=f"y; the mean of y (1 - y) is {np.mean(hidden * (1 - hidden)):.3f}")
axes[0].set_ylabel("% of the outputs")
