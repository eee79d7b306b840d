r"""
2. A line that learns
=====================

**How does a machine find the right numbers by itself?**

It makes a guess, measures how wrong it is, and moves each number a little to where the error falls. The smallest
network that can learn is a straight line, :math:`y = wx + b`: a neuron with one input and no activation. Here it
learns to turn degrees Celsius into Fahrenheit, from five examples. Both are in units of ten degrees, so that all
numbers are small.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc

x = np.array([-1.0, 0.0, 1.0, 2.0, 3.0])  # Celsius / 10
t = 1.8 * x + 3.2  # Fahrenheit / 10: what the line shall say. It does not know this formula.
print("x", x)
print("t", t)

# %%
# How wrong
# ---------
# The **loss** is one number that says how wrong the line is: here the mean of the squared errors over the n samples,
#
# .. math:: L = \frac{1}{n} \sum_{i=1}^{n} (y_i - t_i)^2 .
#    :label: line-loss
#
# The first guess is w = 0 and b = 0.

w, b = 0.0, 0.0
y = w * x + b
print("errors y - t:", y - t)
print(f"loss: {np.mean((y - t) ** 2):.4f}")

# %%
# Which way
# ---------
# How does the loss change when w grows a little? Each :math:`y_i` grows by :math:`x_i` times as much, and the square
# :math:`(y_i - t_i)^2` by :math:`2 (y_i - t_i)` times as much as that. So the slopes of the loss are
#
# .. math::
#    :label: line-slopes
#
#    \frac{\partial L}{\partial w} &= \frac{1}{n} \sum_{i=1}^{n} 2\,(y_i - t_i)\, x_i \\
#    \frac{\partial L}{\partial b} &= \frac{1}{n} \sum_{i=1}^{n} 2\,(y_i - t_i)
#
# Everywhere in this book they are called dw and db.

dw, db = np.mean(2 * (y - t) * x), np.mean(2 * (y - t))
print(f"dw = {dw:.2f}, db = {db:.2f}")

# %%
# Both are negative: the loss falls when w and b grow. How far to go is the **learning rate**, here 0.1. This is
# **gradient descent**, and it is the whole idea; what follows in this book makes it larger, faster and safer.

rate, path = 0.1, [(w, b)]
for step in range(1, 61):
    y = w * x + b
    dw, db = np.mean(2 * (y - t) * x), np.mean(2 * (y - t))
    w, b = w - rate * dw, b - rate * db
    path.append((w, b))
    if step in (1, 2, 3, 10, 30, 60):
        print(f"step {step:2}: loss before {np.mean((y - t) ** 2):9.6f}   w = {w:.4f}, b = {b:.4f}")

# %%
# The line has found 1.8 and 3.2 without being told.
#
# The same with pyfc
# ------------------
# A network of one ``Dense(1, 1)`` and no activation. ``batch_size=5`` makes one step of all samples, as above.

net = pyfc.Network([pyfc.Dense(1, 1, init="zeros")], loss="squared_error", dtype="float64")
net.fit(x[:, None], t, epochs=60, batch_size=5, optimizer=pyfc.SGD(lr=rate), shuffle=False, progress=False)
print(f"pyfc:    w = {net.parameters['dense_0.W'][0, 0]:.12f}, b = {net.parameters['dense_0.b'][0]:.12f}")
print(f"by hand: w = {w:.12f}, b = {b:.12f}")

# %%
# Downhill
# --------
# For each w and b there is a loss, so the loss is a landscape over the plane. The slopes (dw, db) point uphill, at a
# right angle to the contours, and the path goes the other way: fast across the valley, slowly along it.

ws, bs = np.meshgrid(np.linspace(-0.5, 3.5, 120), np.linspace(-0.5, 4.2, 120))
losses = np.mean((ws[..., None] * x + bs[..., None] - t) ** 2, axis=-1)
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
left.plot(x, t, "o", color="#222222", label="examples")
for step, shade in ((0, 0.25), (1, 0.45), (3, 0.6), (10, 0.8), (60, 1.0)):
    left.plot(x, path[step][0] * x + path[step][1], color="#0072B2", alpha=shade, label=f"after {step} steps")
left.set(xlabel="x: Celsius / 10", ylabel="y: Fahrenheit / 10", title="The line")
left.legend(frameon=False)
right.contour(ws, bs, losses, levels=[0.05, 0.2, 0.5, 1, 2, 4, 8, 16, 32], cmap="viridis")
right.plot(*np.transpose(path), "o-", color="#D55E00", markersize=4)
_ = right.set(xlabel="w", ylabel="b", aspect="equal", title="Its path down the landscape of the loss")

# %%
# See :doc:`squared_error </generated/components/losses/squared_error>` for the loss and its slope, step by step, and
# :doc:`sgd </generated/components/optimizers/sgd>` for the step; their code is in
# :pyfc:source:`src/losses/squared_error.pyx` and :pyfc:source:`src/optimizers/sgd.pyx`.
#
# Exercises
# ---------
# 1. Try the rates 0.29 and 0.30. What happens, and why just there?
# 2. Let x be in degrees instead of tens of degrees. What is the largest rate that works then?
#
# Answers
# -------
# 1. With 0.30 each step overshoots the valley by more than the one before. The landscape is a bowl whose curvature is
#    given by the second derivatives of the loss; along the steepest direction, curvature c, a step multiplies the
#    distance from the bottom by :math:`1 - \mathrm{rate} \cdot c`, which is below -1 if the rate is above 2/c.


def after(rate, x, steps=200):
    """Return the loss after some steps with a rate."""
    line = pyfc.Network([pyfc.Dense(1, 1, init="zeros")], loss="squared_error", dtype="float64")
    line.fit(x[:, None], t, epochs=steps, batch_size=5, optimizer=pyfc.SGD(lr=rate), progress=False)
    return line.evaluate(x[:, None], t)["loss"]


def largest_rate(x):
    """Return 2 / c."""
    second = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]])
    return 2 / np.linalg.eigvalsh(second)[-1]


print(f"limit {largest_rate(x):.4f}; loss after 200 steps: 0.29 -> {after(0.29, x):.2e}, 0.30 -> {after(0.30, x):.2e}")

# %%
# 2. A hundredth of it, about. The valley is now very steep one way and as flat as before the other way, so that no rate
#    suits both, and 200 steps lead nowhere. This is why **inputs are scaled** before anything is trained:

limit = largest_rate(10 * x)
print(f"limit {limit:.5f}; loss after 200 steps of 0.9 times that: {after(0.9 * limit, 10 * x):.3f}")
