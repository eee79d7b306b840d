"""
Signals that vanish, and signals that explode
=============================================

Thirty dense layers of 128 units, with weights that have learned nothing yet. What comes out of a layer is multiplied by
the weights of the next, thirty times over: with weights that are a little too small nothing arrives at the end, with
weights a little too large the numbers explode or the function saturates. *He* and *Glorot* (also named Xavier) choose
the variance of the weights so that the size of the signals stays about the same.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc

DEPTH, WIDTH = 30, 128
INITIALIZERS = {
    "normal, 0.03": pyfc.Normal(std=0.03),
    "normal, 0.30": pyfc.Normal(std=0.3),
    "glorot_normal": "glorot_normal",
    "he_normal": "he_normal",
    "orthogonal": "orthogonal",
}
X = np.random.default_rng(0).standard_normal((256, WIDTH))

# %%
# Forward, each layer is called by hand, and the spread of its outputs is kept. Backward, a random ``dy`` goes the same
# way in the other direction: what is left of it at layer 1 is all that layer 1 can learn from.


def spread(activation, init):
    """Return the standard deviations of y after each layer, and of dy on the way back."""
    layers = pyfc.mlp([WIDTH] * (DEPTH + 1), activation=activation, init=init, dtype="float64").layers
    forward, backward, caches, y = [], [], [], X
    for layer in layers:
        y, cache = layer.forward(y)
        caches.append(cache)
        if layer.kind == "dense":
            forward.append(y.std())
    dy = np.random.default_rng(1).standard_normal(y.shape)
    for layer, cache in zip(reversed(layers), reversed(caches), strict=True):
        dy, _ = layer.backward(dy, cache)
        if layer.kind == "dense":
            backward.append(dy.std())
    return forward, backward[::-1]


figure, axes = plt.subplots(2, 2, figsize=(9.5, 7), sharex=True, sharey=True)
for (top, bottom), activation in zip(axes.T, ("relu", "tanh"), strict=True):
    for name, init in INITIALIZERS.items():
        forward, backward = spread(activation, init)
        top.semilogy(range(1, DEPTH + 1), forward, label=name)
        bottom.semilogy(range(1, DEPTH + 1), backward, label=name)
    top.set_title(f"{activation}: z, going forward")
    bottom.set_title(f"{activation}: dx, going backward")
    bottom.set_xlabel("layer")
for ax in axes[:, 0]:
    ax.set_ylabel("standard deviation")
axes[0, 0].set_ylim(1e-12, 1e12)
axes[0, 1].legend(loc="upper left")
