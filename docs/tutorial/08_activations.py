r"""
8. Activations compared
=======================

**Which bend is best?**

Any bend makes a network more than a straight cut. But what comes back through it decides how fast the layers in front
learn, or whether they learn at all.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets

NAMES = ("sigmoid", "tanh", "relu", "elu", "gelu")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
z = np.linspace(-4, 4, 401)
fig, axes = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
for name, colour, style in zip(NAMES, COLOURS, STYLES, strict=True):
    function = pyfc.get("activations", name)()
    y = function.forward(z)
    axes[0].plot(z, y, color=colour, linestyle=style, label=name)
    axes[1].plot(z, function.backward(np.ones_like(z), z=z, y=y), color=colour, linestyle=style)
axes[0].set(title="y", xlabel="z", ylim=(-1.3, 4))
axes[1].set(title="slope of y by z", xlabel="z")
_ = axes[0].legend(frameon=False)

# %%
# The sigmoid's slope is never more than 1/4; tanh reaches 1, but only in the middle; ReLU has slope 1 on the whole
# right side, and 0 on the left. Each has :doc:`a page </generated/components/index>` with its
# derivation; there are more of them than these five:

print(", ".join(pyfc.available("activations")))

# %%
# What reaches the first layer
# ----------------------------
# Ten layers of 64 units, 256 random samples, no training yet. How large is dW in each layer? Weights begin as each
# activation's inventors recommend: ``glorot_uniform`` for sigmoid and tanh, ``he_normal`` for the others.

rng = np.random.default_rng(0)
X, t = rng.standard_normal((256, 64)), rng.standard_normal((256, 1))
INIT = {"sigmoid": "glorot_uniform", "tanh": "glorot_uniform"}
fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, colour, style in zip(NAMES, COLOURS, STYLES, strict=True):
    init = INIT.get(name, "he_normal")
    net = pyfc.mlp([64] * 11 + [1], activation=name, loss="squared_error", init=init, dtype="float64", seed=0)
    _, gradients = net.loss_and_gradients(X, t)
    sizes = [float(np.sqrt(np.mean(gradients[f"dense_{i}.W"] ** 2))) for i in range(10)]
    ax.semilogy(range(1, 11), sizes, color=colour, linestyle=style, marker="o", markersize=4, label=name)
    print(f"{name:8} size of dW in layer 10: {sizes[-1]:.1e}, in layer 1: {sizes[0]:.1e}")
ax.set(xlabel="layer", title="Size of dW (root of the mean square)", xticks=range(1, 11))
_ = ax.legend(frameon=False)

# %%
# Through ten sigmoids hardly anything comes back: the first layer's slopes are a millionth of the last one's, and a
# rate that suits one layer does nothing in another. This is called the **vanishing gradient**. Through the others the
# signal passes.
#
# What comes of it
# ----------------
# Two spirals, a network of four hidden layers, 150 epochs of Adam with the same rate for all.

X, t = datasets.make_spirals(400, seed=0)
X = (X / X.std()).astype(np.float32)  # inputs of size 1
fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, colour, style in zip(NAMES, COLOURS, STYLES, strict=True):
    init = INIT.get(name, "he_normal")
    net = pyfc.mlp([2, 32, 32, 32, 32, 2], activation=name, init=init, seed=0)
    history = net.fit(X, t, epochs=150, optimizer=pyfc.Adam(lr=0.003), progress=False)
    ax.plot(range(1, 151), history["loss"], color=colour, linestyle=style, label=name)
    print(f"{name:8} loss {history['loss'][-1]:.4f}, {net.evaluate(X, t)['accuracy']:.3f} of the points right")
ax.set(xlabel="epoch", title="Loss on the spirals", ylim=(0, 0.75))
_ = ax.legend(frameon=False)

# %%
# tanh comes later than the three that do not flatten on the right, and the sigmoid hardly at all. So: ReLU or one of
# its smooth kin in hidden layers, tanh in small networks, the sigmoid only at the very end, where a probability is
# asked for, and there it is better left to the loss. :doc:`/choosing` says more, with reasons.
#
# Exercises
# ---------
# 1. ReLU has a mistake of its own: a unit whose z is negative for every sample has slope 0 everywhere. Make some, by
#    beginning with biases of -3. Do they recover?
# 2. Why is the weights' beginning part of the comparison? Try the ten layers of ReLU with weights ten times smaller.
#
# Answers
# -------
# 1. No: what gets no slope does not move. Leaky ReLU and ELU let a little through on the left, and recover.

for name in ("relu", "leaky_relu", "elu"):
    low = pyfc.Constant(value=-3.0)
    layers = [pyfc.Dense(2, 32, init="he_normal", bias_init=low), name, pyfc.Dense(32, 2)]
    net = pyfc.Network(layers, loss="softmax_cross_entropy", seed=0)
    before = int(np.sum((net.layers[0].forward(X)[0] <= 0).all(axis=0)))
    net.fit(X, t, epochs=300, optimizer=pyfc.Adam(lr=0.01), metrics=[], progress=False)
    after = int(np.sum((net.layers[0].forward(X)[0] <= 0).all(axis=0)))
    right = net.evaluate(X, t)["accuracy"]
    print(f"{name:10} units negative for all samples: {before} before, {after} after training; {right:.3f} right")

# %%
# 2. Each layer multiplies the signal by its weights, forward and backward; ten layers with a tenth of the weights each
#    make :math:`10^{-10}` of it. The derivation of
#    :doc:`variance_scaling </generated/components/initializers/variance_scaling>` shows which size keeps it as it is.

X, t = rng.standard_normal((256, 64)), rng.standard_normal((256, 1))
for scale in (2.0, 0.02):  # the variance: a hundredth of it is a tenth of the weights
    init = pyfc.VarianceScaling(scale=scale)
    net = pyfc.mlp([64] * 11 + [1], activation="relu", loss="squared_error", init=init, dtype="float64", seed=0)
    _, gradients = net.loss_and_gradients(X, t)
    print(f"variance {scale:4} / n_in: dW of layer 1 has size {np.sqrt(np.mean(gradients['dense_0.W'] ** 2)):.1e}")
