r"""
7. What a hidden layer is for
=============================

**One neuron cuts along a straight line. How does a network draw a curve?**

By cutting several times and putting the pieces together. The neurons that cut are the **hidden layer**: their outputs
are neither given nor asked for. The smallest problem that needs one is XOR, "one of the two, but not both".
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

corners, xor = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
single = pyfc.Network([pyfc.Dense(2, 1), "sigmoid"], loss="squared_error", dtype="float64", seed=1)
single.fit(corners, xor, epochs=2000, batch_size=4, optimizer=pyfc.SGD(lr=1.0), progress=False)
print("one neuron:", single.forward(corners)[:, 0].round(3), f"loss {single.evaluate(corners, xor)['loss']:.4f}")

# %%
# It gives up: one half for every corner is the best that a straight cut can do, with a loss of
# :math:`(1/2)^2 = 0.25`. Suppose there was a cut with yes at (0, 1) and (1, 0), and no at (0, 0) and (1, 1). The point
# in the middle of the first two is the point in the middle of the last two, and would have to be on both sides.
#
# With two hidden neurons
# -----------------------

net = pyfc.Network(
    [pyfc.Dense(2, 2), "tanh", pyfc.Dense(2, 1), "sigmoid"], loss="squared_error", dtype="float64", seed=1
)
net.fit(corners, xor, epochs=2000, batch_size=4, optimizer=pyfc.SGD(lr=1.0), progress=False)
print("with two hidden neurons:", net.forward(corners)[:, 0].round(3), f"loss {net.evaluate(corners, xor)['loss']:.4f}")
hidden, _ = net.layers[0].forward(corners)
for corner, values, answer in zip(corners, np.tanh(hidden), net.forward(corners)[:, 0], strict=True):
    print(f"{corner}  hidden {values.round(3)}  output {answer:.3f}")

# %%
# The hidden neurons **move the points**: in their two outputs, the corners lie so that one straight cut is enough. That
# is what every hidden layer does; the last layer is still a neuron with a straight cut, of better inputs.

fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
plots.plot_decision_surface(net, corners, xor, title="In the plane of the inputs", ax=left)
places = np.tanh(hidden)
right.scatter(*places.T, c=np.where(xor == 1, "#D55E00", "#0072B2"), s=120, edgecolor="#222222", zorder=2)
for corner, place, offset in zip(corners, places, ((-20, -20), (-20, 12), (8, 8), (-20, 12)), strict=True):
    right.annotate(f"({corner[0]:g}, {corner[1]:g})", place, offset, textcoords="offset points")
(w1, w2), c = net.parameters["dense_1.W"][:, 0], net.parameters["dense_1.b"][0]
across = np.array([-1.2, 1.2])
right.plot(across, -(w1 * across + c) / w2, color="#222222", label="where the output is 1/2")
right.set(xlabel="hidden neuron 1", ylabel="hidden neuron 2", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
right.set_title("In the plane of the hidden neurons", loc="left", fontweight="bold")
_ = right.legend(frameon=False)

# %%
# Why it must bend
# ----------------
# Without an activation between them, two layers are one: :math:`(XV + c)\,W + b = X\,(VW) + (cW + b)`, which is again a
# matrix and a bias. However many layers, the cut stays straight.

V, c = net.parameters["dense_0.W"], net.parameters["dense_0.b"]
W, b = net.parameters["dense_1.W"], net.parameters["dense_1.b"]
print("the same:", np.allclose((corners @ V + c) @ W + b, corners @ (V @ W) + (c @ W + b)))

# %%
# With it, there is no limit: a network with one hidden layer comes as close as you like to any continuous function, if
# it may have enough neurons (G. Cybenko, "Approximation by Superpositions of a Sigmoidal Function", Mathematics of
# Control, Signals and Systems 2 (1989)). How many are enough, and whether training finds them, it does not say.
#
# How many neurons?
# -----------------
# The points of a grid that lie in the unit circle. One hidden neuron cuts once, which does not help: most points are
# outside, so "outside" it says to all. Two cut out a strip. Three can cut out a triangle, whose corners are round, for
# tanh bends softly; but most beginnings end at a strip with an end instead. Four find the circle nearly always. Of
# twelve random beginnings the best is shown (see exercise 1).

X, t = datasets.make_circle()
fig, axes = plt.subplots(1, 4, figsize=(18, 4.2), layout="constrained")
for ax, count in zip(axes, (1, 2, 3, 4), strict=True):
    trained = []
    for seed in range(12):
        net = pyfc.Network([pyfc.Dense(2, count), "tanh", pyfc.Dense(count, 1)], loss="binary_cross_entropy", seed=seed)
        net.fit(X, t, epochs=1500, batch_size=121, optimizer=pyfc.Adam(lr=0.05), metrics=[], progress=False)
        trained.append(net)
    net = min(trained, key=lambda net: net.history["loss"][-1])
    right = int(np.sum(net.predict(X) == t))
    found = sum(other.history["loss"][-1] < 0.1 for other in trained)
    print(
        f"{count} hidden: loss {net.evaluate(X, t)['loss']:.4f}, {right} of {len(X)} points right; "
        f"{found} of 12 beginnings end below 0.1"
    )
    plots.plot_decision_surface(net, X, t, title=f"{count} hidden", ax=ax)
    ax.get_legend().remove()

# %%
# From one neuron to two the loss falls, and the number of right answers does not rise: what is trained is the loss,
# which also asks how sure the answers are.
#
# The same circle with plain neurons in lists is in :doc:`/generated/articles/c_neurons`, and in
# :doc:`the playground </playground/index>` you can watch it being learned: from the same grid, but with noise, and from
# seven tenths of its points only, so its counts are others.
#
# Exercises
# ---------
# 1. The networks above began with random weights, from the seed 1. Train the XOR network with the seeds 0 to 9. Do all
#    of them learn it?
# 2. What happens if all weights begin at zero?
#
# Answers
# -------
# 1. The landscape of the loss no longer has one valley only, and where descent ends depends on where it begins. More
#    hidden neurons than are needed make a bad end less likely:

for count in (2, 8):
    ends = []
    for seed in range(10):
        net = pyfc.Network(
            [pyfc.Dense(2, count), "tanh", pyfc.Dense(count, 1), "sigmoid"],
            loss="squared_error", dtype="float64", seed=seed,
        )  # fmt: skip
        net.fit(corners, xor, epochs=2000, batch_size=4, optimizer=pyfc.SGD(lr=1.0), progress=False)
        ends.append(net.evaluate(corners, xor)["loss"])
    print(f"{count} hidden neurons: {sum(loss < 0.01 for loss in ends)} of 10 learn it; losses", np.round(ends, 3))

# %%
# 2. Then the hidden neurons are all alike, get the same slopes, and stay alike. Here it is worse still: with
#    :math:`W = 0` behind them nothing comes back to them, and only the last bias learns. This is why weights begin
#    **random**.

net = pyfc.mlp([2, 8, 1], activation="tanh", loss="binary_cross_entropy", init="zeros")
net.fit(X, t, epochs=500, batch_size=121, optimizer=pyfc.Adam(lr=0.05), metrics=[], progress=False)
print("weights that are not zero:", np.count_nonzero(net.parameters["dense_0.W"]))
print(f"every point gets {net.predict_proba(X)[0, 0]:.4f}; share of points in the circle {t.mean():.4f}")
