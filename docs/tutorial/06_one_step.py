r"""
6. One step with all its numbers
================================

**What happens in a network in one step of learning? Everything, please.**

Two inputs, two hidden neurons, one output neuron: nine numbers to learn, one sample. This page goes forward, back, and
makes one step, and shows **every number with the formula it comes from filled in**. None of them is typed: they are
read from ``net.trace``, the record of the step that the compiled kernels made, and every line is computed once more,
with all digits, by its formula; the page would not build if a single one differed.
"""

import re

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
# That is the whole step, as arrays. Now number by number. Hidden neurons are 1 and 2, the output neuron is 3. A weight
# has the numbers of where it comes from and where it goes: ``w_x1_2`` leads from input 1 to neuron 2, and ``w_1_3``
# from neuron 1 to neuron 3. ``show`` prints a formula, then the same with its numbers; it calculates the formula with
# all digits, and stops with an error if the number on record is another.


def text(value):
    """Return a number with six digits, negative ones in parentheses."""
    return f"{value:.6g}" if value >= 0 else f"({value:.6g})"


def show(name, formula, recorded, **numbers):
    """Print a formula, the same with its numbers, and the number on record, which must be what the formula gives."""
    computed = eval(formula, {"exp": np.exp}, numbers)  # noqa: S307 (our own formulas)
    assert abs(computed - recorded) <= 1e-15 + 1e-12 * abs(recorded), (name, computed, recorded)  # noqa: S101
    filled = re.sub(r"[a-z]\w*", lambda found: text(numbers[found[0]]) if found[0] in numbers else found[0], formula)
    print(f"{name:>10} = {formula}\n{'':10} = {filled} = {recorded:.6g}".replace("**", "^"))


# %%
# Forward
# -------
# Weighted sums, then the sigmoid, then the same again.

x1, x2 = x[0]
(w_x1_1, w_x1_2), (w_x2_1, w_x2_2) = net.parameters["dense_0.W"]
(w_1_3,), (w_2_3,) = net.parameters["dense_1.W"]
b1, b2, b3 = *net.parameters["dense_0.b"], *net.parameters["dense_1.b"]
(z1, z2), (y1, y2) = step["dense_0.z"][0], step["sigmoid_0.y"][0]
(z3,), (y3,) = step["dense_1.z"][0], step["sigmoid_1.y"][0]

show("z1", "x1 * w_x1_1 + x2 * w_x2_1 + b1", z1, x1=x1, x2=x2, w_x1_1=w_x1_1, w_x2_1=w_x2_1, b1=b1)
show("z2", "x1 * w_x1_2 + x2 * w_x2_2 + b2", z2, x1=x1, x2=x2, w_x1_2=w_x1_2, w_x2_2=w_x2_2, b2=b2)
show("y1", "1 / (1 + exp(-z1))", y1, z1=z1)
show("y2", "1 / (1 + exp(-z2))", y2, z2=z2)
show("z3", "y1 * w_1_3 + y2 * w_2_3 + b3", z3, y1=y1, y2=y2, w_1_3=w_1_3, w_2_3=w_2_3, b3=b3)
show("y3", "1 / (1 + exp(-z3))", y3, z3=z3)
show("loss", "(y3 - t)**2", step.loss, y3=y3, t=t[0, 0])

# %%
# Backward: the output neuron
# ---------------------------
# From the loss to y3, through the sigmoid to z3, and from there to its two weights and its bias.

(dy3,), (dz3,) = step["loss.dy"][0], step["sigmoid_1.dz"][0]
(dw_1_3,), (dw_2_3,) = step["dense_1.dW"]
(db3,) = step["dense_1.db"]

show("dy3", "2 * (y3 - t)", dy3, y3=y3, t=t[0, 0])
show("dz3", "dy3 * y3 * (1 - y3)", dz3, dy3=dy3, y3=y3)
show("dw_1_3", "y1 * dz3", dw_1_3, y1=y1, dz3=dz3)
show("dw_2_3", "y2 * dz3", dw_2_3, y2=y2, dz3=dz3)
show("db3", "1 * dz3", db3, dz3=dz3)

# %%
# Backward: the hidden neurons
# ----------------------------
# What the output neuron passes back to one of its inputs is its dz times the weight. For the hidden neuron, whose
# output that input is, it is the dy.

dy1, dy2 = step["dense_1.dx"][0]
dz1, dz2 = step["sigmoid_0.dz"][0]
(dw_x1_1, dw_x1_2), (dw_x2_1, dw_x2_2) = step["dense_0.dW"]
db1, db2 = step["dense_0.db"]

show("dy1", "dz3 * w_1_3", dy1, dz3=dz3, w_1_3=w_1_3)
show("dy2", "dz3 * w_2_3", dy2, dz3=dz3, w_2_3=w_2_3)
show("dz1", "dy1 * y1 * (1 - y1)", dz1, dy1=dy1, y1=y1)
show("dz2", "dy2 * y2 * (1 - y2)", dz2, dy2=dy2, y2=y2)
show("dw_x1_1", "x1 * dz1", dw_x1_1, x1=x1, dz1=dz1)
show("dw_x2_1", "x2 * dz1", dw_x2_1, x2=x2, dz1=dz1)
show("dw_x1_2", "x1 * dz2", dw_x1_2, x1=x1, dz2=dz2)
show("dw_x2_2", "x2 * dz2", dw_x2_2, x2=x2, dz2=dz2)
show("db1", "1 * dz1", db1, dz1=dz1)
show("db2", "1 * dz2", db2, dz2=dz2)

# %%
# The step
# --------
# Every one of the nine numbers moves against its slope, by the learning rate r = 0.5 times as much. ``net.step`` does
# it, and the new numbers are compared with the formula.

before, r = net.copy(), 0.5
net.step((x, t), pyfc.SGD(lr=r))
new_W0, new_b0, new_W1, new_b1 = net.parameters.values()

show("new w_x1_1", "w_x1_1 - r * dw_x1_1", new_W0[0, 0], w_x1_1=w_x1_1, r=r, dw_x1_1=dw_x1_1)
show("new w_x2_1", "w_x2_1 - r * dw_x2_1", new_W0[1, 0], w_x2_1=w_x2_1, r=r, dw_x2_1=dw_x2_1)
show("new w_x1_2", "w_x1_2 - r * dw_x1_2", new_W0[0, 1], w_x1_2=w_x1_2, r=r, dw_x1_2=dw_x1_2)
show("new w_x2_2", "w_x2_2 - r * dw_x2_2", new_W0[1, 1], w_x2_2=w_x2_2, r=r, dw_x2_2=dw_x2_2)
show("new w_1_3", "w_1_3 - r * dw_1_3", new_W1[0, 0], w_1_3=w_1_3, r=r, dw_1_3=dw_1_3)
show("new w_2_3", "w_2_3 - r * dw_2_3", new_W1[1, 0], w_2_3=w_2_3, r=r, dw_2_3=dw_2_3)
show("new b1", "b1 - r * db1", new_b0[0], b1=b1, r=r, db1=db1)
show("new b2", "b2 - r * db2", new_b0[1], b2=b2, r=r, db2=db2)
show("new b3", "b3 - r * db3", new_b1[0], b3=b3, r=r, db3=db3)
print(f"loss before {step.loss:.6f}, after {net.trace(x, t).loss:.6f}")

# %%
# Is it right?
# ------------
# Each of the nine is moved up and down by h = 0.00001, forward only, without any chain rule:

h = 1e-5
for name in net.parameters:
    layer, letter = name.split(".")
    for at, slope in np.ndenumerate(step[f"{layer}.d{letter}"]):
        losses = []
        for sign in (1, -1):
            moved = before.copy()
            moved.parameters[name][at] += sign * h
            losses.append(moved.evaluate(x, t)["loss"])
        difference = (losses[0] - losses[1]) / (2 * h)
        print(f"{name}{list(at)!s:7} slope {slope:+.9f}   difference {difference:+.9f}")

# %%
# The picture
# -----------
# Blue goes forward, orange comes back. At a line stands its weight, and its slope.

fig, ax = plt.subplots(figsize=(12, 6.4), layout="constrained")
places = {"x1": (0, 3), "x2": (0, 0), "1": (5, 3), "2": (5, 0), "3": (10, 1.5)}
edges = [
    ("x1", "1", w_x1_1, dw_x1_1),
    ("x2", "1", w_x2_1, dw_x2_1),
    ("x1", "2", w_x1_2, dw_x1_2),
    ("x2", "2", w_x2_2, dw_x2_2),
    ("1", "3", w_1_3, dw_1_3),
    ("2", "3", w_2_3, dw_2_3),
]
blue, orange = "#0072B2", "#D55E00"
for start, end, weight, slope in edges:
    (x_from, y_from), (x_to, y_to) = places[start], places[end]
    ax.plot((x_from, x_to), (y_from, y_to), color="#999999", lw=1.5, zorder=0)
    at = 0.27 if start[0] == "x" and y_from != y_to else 0.5
    middle = (x_from + at * (x_to - x_from), y_from + at * (y_to - y_from))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    both = {"ha": "center", "va": "center", "fontsize": 10}
    ax.text(*middle, f"w = {weight:.2f}\ndw = {slope:.4f}", color="white", bbox=box, **both)
    ax.text(*middle, f"w = {weight:.2f}\n", color=blue, **both)
    ax.text(*middle, f"\ndw = {slope:.4f}", color=orange, **both)
for name, (across, up) in places.items():
    inside = f"$x_{name[1]}$ = {x[0, int(name[1]) - 1]:g}" if name[0] == "x" else f"neuron {name}"
    ax.text(across, up, inside, ha="center", va="center", fontsize=12, zorder=2,
            bbox={"boxstyle": "circle,pad=0.55", "facecolor": "white", "edgecolor": "#222222"})  # fmt: skip
numbers = {"1": (z1, y1, dy1, dz1), "2": (z2, y2, dy2, dz2), "3": (z3, y3, dy3, dz3)}
for name, (z, out, d_out, d_z) in numbers.items():
    across, up = places[name]
    above = 0.95 if name != "2" else -0.95
    ax.text(across, up + above + 0.12, f"z = {z:.4f}, y = {out:.4f}", color=blue, ha="center", va="center", fontsize=11)
    ax.text(across, up + above - 0.12, f"dz = {d_z:.4f}, dy = {d_out:.4f}", color=orange, ha="center", va="center",
            fontsize=11)  # fmt: skip
ax.text(10, 0.1, f"t = {t[0, 0]:g}, loss = {step.loss:.4f}", ha="center", fontsize=12)
ax.set(xlim=(-1.2, 11.8), ylim=(-1.5, 4.4))
_ = ax.axis("off")

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
# 2. From dz1, dz2 and dz3. A neuron has as many slopes as it has inputs, and one more; but all are its dz times an
#    input. So the work of the way back is to find one number for each neuron.
