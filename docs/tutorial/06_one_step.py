r"""
6. One step with all its numbers
================================

**What happens in a network in one step of learning? Everything, please.**

Two inputs, two hidden neurons, one output neuron: nine numbers to learn, one sample. This page goes forward, back, and
makes one step, and shows **every number with the formula it comes from filled in**. None of them is typed: they are
read from ``net.trace``, the record of the step that the compiled kernels made, and every line is computed once more,
with all digits, by its formula; the page would not build if a single one differed.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc

net = pyfc.Network([pyfc.Dense(2, 2), "sigmoid", pyfc.Dense(2, 1), "sigmoid"], loss="squared_error", dtype="float64")
net.parameters["dense_0.W"][:] = [[0.15, 0.25], [0.20, 0.30]]
net.parameters["dense_0.b"][:] = [0.35, -0.10]
net.parameters["dense_1.W"][:] = [[0.40], [-0.50]]
net.parameters["dense_1.b"][:] = [0.60]
x, t = np.array([[0.5, -1.0]]), np.array([[1.0]])
step = net.trace(x, t)
print(step)

# %%
# That is the whole step, as arrays. Now number by number. Hidden neurons are 1 and 2, the output neuron is 3; a weight
# has the numbers of where it comes from and where it goes, so w\ :sub:`x1,2` leads from input 1 to neuron 2, and
# w\ :sub:`1,3` from neuron 1 to neuron 3.

W0, b0 = net.parameters["dense_0.W"], net.parameters["dense_0.b"]
W1, b1 = net.parameters["dense_1.W"], net.parameters["dense_1.b"]
z0, h, z1, y = (step[name][0] for name in ("dense_0.z", "sigmoid_0.y", "dense_1.z", "sigmoid_1.y"))


def text(value):
    """Return a number with six digits, negative ones in parentheses."""
    return f"{value:.6g}" if value >= 0 else f"({value:.6g})"


def show(name, formula, recorded, *numbers):
    """Print a formula with its numbers filled in, and the number on record, which must be what the formula gives."""
    computed = eval(formula.format(*map(repr, map(float, numbers))), {"exp": np.exp})  # noqa: S307 (our own formulas)
    assert abs(computed - recorded) <= 1e-15 + 1e-12 * abs(recorded), (name, computed, recorded)  # noqa: S101
    print(f"{name:7} = {formula.format(*map(text, numbers))} = {recorded:.6g}".replace("**", "^"))


# %%
# Forward
# -------
# Weighted sums, then the sigmoid, then the same again.

for j in range(2):
    show(f"z_{j + 1}", "{} * {} + {} * {} + {}", z0[j], x[0, 0], W0[0, j], x[0, 1], W0[1, j], b0[j])
for j in range(2):
    show(f"y_{j + 1}", "1 / (1 + exp(-{}))", h[j], z0[j])
show("z_3", "{} * {} + {} * {} + {}", z1[0], h[0], W1[0, 0], h[1], W1[1, 0], b1[0])
show("y_3", "1 / (1 + exp(-{}))", y[0], z1[0])
show("loss", "({} - {})**2", step.loss, y[0], t[0, 0])

# %%
# Backward: the output neuron
# ---------------------------
# From the loss to y\ :sub:`3`, through the sigmoid to z\ :sub:`3`, and from there to its two weights and its bias.

dy1, dz1 = step["loss.dy"][0], step["sigmoid_1.dz"][0]
dW1, db1, dh = step["dense_1.dW"], step["dense_1.db"], step["dense_1.dx"][0]
show("dy_3", "2 * ({} - {})", dy1[0], y[0], t[0, 0])
show("dz_3", "{} * {} * (1 - {})", dz1[0], dy1[0], y[0], y[0])
for j in range(2):
    show(f"dw_{j + 1},3", "{} * {}", dW1[j, 0], h[j], dz1[0])
show("db_3", "1 * {}", db1[0], dz1[0])

# %%
# Backward: the hidden neurons
# ----------------------------
# What the output neuron passes back to an input is its dz times the weight; for the hidden neuron that is its dy.

dz0, dW0, db0 = step["sigmoid_0.dz"][0], step["dense_0.dW"], step["dense_0.db"]
for j in range(2):
    show(f"dy_{j + 1}", "{} * {}", dh[j], dz1[0], W1[j, 0])
for j in range(2):
    show(f"dz_{j + 1}", "{} * {} * (1 - {})", dz0[j], dh[j], h[j], h[j])
for k in range(2):
    for j in range(2):
        show(f"dw_x{k + 1},{j + 1}", "{} * {}", dW0[k, j], x[0, k], dz0[j])
for j in range(2):
    show(f"db_{j + 1}", "1 * {}", db0[j], dz0[j])

# %%
# The step
# --------
# Every one of the nine numbers moves against its slope, by the learning rate 0.5 times as much. ``net.step`` does it,
# and the new numbers are compared with the formula.

before, rate = net.copy(), 0.5
net.step((x, t), pyfc.SGD(lr=rate))
for layer, weights, slopes in (("x", "dense_0.W", dW0), ("", "dense_1.W", dW1)):
    for k, j in np.ndindex(slopes.shape):
        name = f"w_{layer}{k + 1},{j + 1 if layer else 3}"
        old, new = before.parameters[weights][k, j], net.parameters[weights][k, j]
        show(name, "{} - {} * {}", new, old, rate, slopes[k, j])
for j, (biases, slopes) in enumerate((("dense_0.b", db0), ("dense_0.b", db0), ("dense_1.b", db1))):
    at = j % 2 if j < 2 else 0
    show(f"b_{j + 1}", "{} - {} * {}", net.parameters[biases][at], before.parameters[biases][at], rate, slopes[at])
after = net.trace(x, t)
print(f"loss before {step.loss:.6f}, after {after.loss:.6f}")

# %%
# Is it right?
# ------------
# Each of the nine is moved up and down by h = 0.00001, forward only, without any chain rule:

h_small = 1e-5
for name, slopes in (("dense_0.W", dW0), ("dense_0.b", db0), ("dense_1.W", dW1), ("dense_1.b", db1)):
    for at in np.ndindex(slopes.shape):
        losses = []
        for sign in (1, -1):
            moved = before.copy()
            moved.parameters[name][at] += sign * h_small
            losses.append(moved.evaluate(x, t)["loss"])
        difference = (losses[0] - losses[1]) / (2 * h_small)
        print(f"{name}{list(at)!s:7} slope {slopes[at]:+.9f}   difference {difference:+.9f}")

# %%
# The picture
# -----------
# Blue goes forward, orange comes back. At a line stands its weight, and its slope.

fig, ax = plt.subplots(figsize=(12, 6.4), layout="constrained")
places = {"x1": (0, 3), "x2": (0, 0), "1": (5, 3), "2": (5, 0), "3": (10, 1.5)}
edges = [(f"x{k + 1}", f"{j + 1}", W, dW0[k, j]) for (k, j), W in np.ndenumerate(before.parameters["dense_0.W"])]
edges += [(f"{j + 1}", "3", W, dW1[j, 0]) for j, W in enumerate(before.parameters["dense_1.W"][:, 0])]
blue, orange = "#0072B2", "#D55E00"
for start, end, weight, slope in edges:
    (x_from, y_from), (x_to, y_to) = places[start], places[end]
    ax.plot((x_from, x_to), (y_from, y_to), color="#999999", lw=1.5, zorder=0)
    at = 0.27 if start[0] == "x" and y_from != y_to else 0.5
    middle = (x_from + at * (x_to - x_from), y_from + at * (y_to - y_from))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ax.text(*middle, f"w = {weight:.2f}\n", color=blue, ha="center", va="center", fontsize=10, bbox=box)
    ax.text(*middle, f"\ndw = {slope:.4f}", color=orange, ha="center", va="center", fontsize=10)
for name, (across, up) in places.items():
    inside = f"$x_{name[1]}$ = {x[0, int(name[1]) - 1]:g}" if name[0] == "x" else f"neuron {name}"
    ax.text(across, up, inside, ha="center", va="center", fontsize=12, zorder=2,
            bbox={"boxstyle": "circle,pad=0.55", "facecolor": "white", "edgecolor": "#222222"})  # fmt: skip
numbers = {"1": (z0[0], h[0], dh[0], dz0[0]), "2": (z0[1], h[1], dh[1], dz0[1]), "3": (z1[0], y[0], dy1[0], dz1[0])}
for name, (z, out, d_out, d_z) in numbers.items():
    across, up = places[name]
    above = 0.95 if name != "2" else -0.95
    ax.text(across, up + above + 0.16, f"z = {z:.4f}, y = {out:.4f}", color=blue, ha="center", va="center", fontsize=11)
    ax.text(across, up + above - 0.16, f"dz = {d_z:.4f}, dy = {d_out:.4f}", color=orange, ha="center", va="center",
            fontsize=11)  # fmt: skip
ax.text(10, 0.1, f"t = {t[0, 0]:g}, loss = {step.loss:.4f}", ha="center", fontsize=12)
ax.set(xlim=(-1.2, 11.8), ylim=(-1.5, 4.4))
ax.axis("off")

# %%
# The derivations are those of :doc:`the dense layer </network/dense>`,
# :doc:`the sigmoid </generated/components/activations/sigmoid>` and
# :doc:`the squared error </generated/components/losses/squared_error>`; with matrices and for any number of layers they
# are put together in :doc:`/network/backpropagation`.
#
# Exercises
# ---------
# 1. Which of the nine numbers matters most to the loss right now, and which least?
# 2. All nine slopes were computed from three: which?
#
# Answers
# -------
# 1. The one with the largest slope; a step of the same size changes the loss most there.

arrays = {name: step[name] for name in step if ".dW" in name or ".db" in name}
slopes = {f"{name}{list(at)}": v for name, array in arrays.items() for at, v in np.ndenumerate(array)}
ranked = sorted(slopes, key=lambda name: abs(slopes[name]))
print(f"most: {ranked[-1]} with {slopes[ranked[-1]]:+.4f}, least: {ranked[0]} with {slopes[ranked[0]]:+.4f}")

# %%
# 2. From dz\ :sub:`1`, dz\ :sub:`2` and dz\ :sub:`3`. A neuron has as many slopes as it has inputs, and one more; but
#    all are its dz times an input. So the work of the way back is to find one number for each neuron.
