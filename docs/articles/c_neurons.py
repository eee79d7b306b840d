"""
C. Neurons one by one
=====================

The third article has no arrays at all. A neuron is an object with a list of weights and a bias; a network is a list of
lists of neurons, two inputs, four neurons, one neuron; and pure Python adds up one sample after another. It learns
which points of the plane lie inside the unit circle.

Here the neurons become columns: neuron j of a layer is **column j of W** and entry j of b. With the weights that the
article draws (``random.seed(0)``), pyfc gets the article's losses to 14 digits or more; the rest depends on the order
in which a sum is added up.

The three pictures are also written to the folder ``pyfc-articles``.
"""

import random
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

folder = Path("pyfc-articles")
folder.mkdir(exist_ok=True)

# %%
# The data
# --------
# An 11 x 11 grid over the square from -2 to 2; the target is 1 inside the circle of radius 1, and 0 elsewhere.

X, t = datasets.make_circle()
print(f"{len(X)} points, {t.sum()} of them inside")
for row in t.reshape(11, 11):
    print("   ", *("o" if inside else "." for inside in row))

# %%
# The neurons
# -----------
# A neuron's weights are ``random() - 0.5``, its bias 0. They are drawn neuron by neuron, first the hidden layer. This
# is the article's network as lists:

random.seed(0)
hidden = [[random.random() - 0.5 for _ in range(2)] for _ in range(4)]
output = [[random.random() - 0.5 for _ in range(4)]]
for j, weights in enumerate(hidden):
    print(f"hidden neuron {j}: weights {weights[0]:+.4f} {weights[1]:+.4f}")
print("output neuron:  ", "weights", *(f"{w:+.4f}" for w in output[0]))

# %%
# and the same as layers. ``W`` is (n_in, n_out), so a list of neurons has to be transposed.

net = pyfc.Network(
    [pyfc.Dense(2, 4), "sigmoid", pyfc.Dense(4, 1), "sigmoid"],
    loss="squared_error",
    dtype="float64",
)
net.parameters["dense_0.W"][:] = np.transpose(hidden)
net.parameters["dense_1.W"][:] = np.transpose(output)
untrained = float(net.forward([[0.0, 0.0]])[0, 0])
print("untrained output at (0, 0):", untrained)
print("            the article's:", 0.5588236746843033)

# %%
# A neuron forward and backward
# -----------------------------
# The article's neuron keeps its inputs and z when it goes forward, and adds up ``d_weights`` and ``d_bias`` when it
# goes backward, sample by sample, until ``zero_grad``. ``loss_and_gradients`` does all of it for all samples; column j
# of ``dW`` is what neuron j has added up.

loss, gradients = net.loss_and_gradients(X, t)
for j in range(4):
    dw, db = gradients["dense_0.W"][:, j], gradients["dense_0.b"][j]
    print(f"hidden neuron {j}: d_weights {dw[0]:+.3e} {dw[1]:+.3e}, d_bias {db:+.3e}")

# %%
# The numbers of a single sample, all the way: ``x`` goes in, ``z`` is the weighted sum, ``y`` the output; then from the
# loss back to ``dx``. The formulas and the code that ran them are in `dense.pyx <../../src/dense.pyx>`_,
# `sigmoid.pyx <../../src/activations/sigmoid.pyx>`_ and `squared_error.pyx <../../src/losses/squared_error.pyx>`_.

print(net.trace(X[72:73], t[72:73]))

# %%
# Before training, ask whether backward is right; afterwards nobody looks. A derivative is held against a difference:
# move a number a little up and a little down, and see how much the result changes. First each function alone, then the
# loss of the whole network by each parameter; of every array the worst entry is shown.

print(net.check_gradients(X, t))

# %%
# Training
# --------
# All 121 points in one step, rate 10 (large on purpose), 2000 steps. With one batch an epoch, the loss in the history
# is the one before the step, as the article prints it.

before = net.copy()
history = net.fit(X, t, epochs=2000, batch_size=len(X), optimizer=pyfc.SGD(lr=10.0), shuffle=False, progress=False)
ARTICLE = {
    1: 0.29188529649769973,
    500: 0.020241512006827722,
    1000: 0.010322410324238994,
    1500: 0.005535275764211881,
    2000: 0.0034590493886978223,
}
print("step  loss                    the article's")
for step, expected in ARTICLE.items():
    print(f"{step:4}  {history['loss'][step - 1]!r:22}  {expected}")

right = int(np.sum((net.predict(X) > 0.5) == t))
print(f"{right} of {len(X)} points right")

# %%
# Three pictures
# --------------
# The data; the function before training, which is nearly flat; and the function after it. Four neurons are four soft
# straight edges, and their sum cuts the disc out.

fig, axes = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
axes[0].scatter(*X.T, c=np.where(t == 1, "#D55E00", "#0072B2"))
axes[0].set_title("The data: 1 is orange", loc="left", fontsize=13, fontweight="bold")
axes[0].set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
plots.plot_decision_surface(before, X, t, title="Untrained", ax=axes[1])
plots.plot_decision_surface(net, X, t, title="After 2000 steps", ax=axes[2])
fig.savefig(folder / "c_pictures.png")
