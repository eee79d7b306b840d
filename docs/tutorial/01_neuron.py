r"""
1. One neuron by hand
=====================

**What does a neuron compute?**

Less than its name promises: it multiplies each input by a number, adds up, adds one more number, and bends the sum
into the range from 0 to 1. Here is one that decides whether to go swimming. Its inputs are sunshine and wind, both from
0 (none) to 1 (as much as there can be).
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import pyfc

sun, wind = 0.8, 0.3  # the inputs, x
w_sun, w_wind, b = 2.0, -3.0, 0.5  # the weights, w, and the bias, b

z = sun * w_sun + wind * w_wind + b
y = 1 / (1 + math.exp(-z))
print(f"z = {sun} * {w_sun} + {wind} * ({w_wind}) + {b} = {z:.4f}")
print(f"y = 1 / (1 + exp(-{z:.4f})) = {y:.4f}")

# %%
# **The weights** say how much an input counts, and in which direction: sunshine is a reason to go, wind a stronger
# reason not to. **The bias** is the opinion that the neuron has without any input. The sum is called z,
#
# .. math:: z = x_1 w_1 + x_2 w_2 + b,
#    :label: neuron-sum
#
# and what becomes of it is up to the **activation**, here the sigmoid, which turns any number into one between 0 and 1:
#
# .. math:: y = \sigma(z) = \frac{1}{1 + e^{-z}}.
#    :label: neuron-sigmoid
#
# Read y as "77 % yes".
#
# The same with pyfc
# ------------------
# A ``Dense(2, 1)`` is two inputs and one sum; the sigmoid comes behind it. ``W`` has a row for each input and a column
# for each neuron. ``float64`` are the numbers that Python has too.

net = pyfc.Network([pyfc.Dense(2, 1), "sigmoid"], loss="squared_error", dtype="float64")
net.parameters["dense_0.W"][:] = [[w_sun], [w_wind]]
net.parameters["dense_0.b"][:] = b
print("pyfc:   ", net.forward([[sun, wind]])[0, 0])
print("by hand:", y)

# %%
# A batch of samples goes through in one call: a sample is a **row**.

days = [[0.8, 0.3], [0.1, 0.1], [0.9, 0.9], [0.5, 0.5]]
for (sun, wind), [answer] in zip(days, net.forward(days), strict=True):
    print(f"sun {sun}, wind {wind}: {answer:.4f}  {'swim' if answer > 0.5 else 'stay at home'}")

# %%
# What it can tell apart
# ----------------------
# The answer is above one half exactly where z is above 0. So the border between yes and no is the line
# :math:`2 x_1 - 3 x_2 + 0.5 = 0`. A neuron with two inputs cuts the plane along a straight line, and that is all it can
# do. Its weights, drawn as an arrow, stand at a right angle to that line and point to the side of yes.

suns, winds = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
answers = net.forward(np.column_stack([suns.ravel(), winds.ravel()])).reshape(101, 101)
fig, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
image = ax.contourf(suns, winds, answers, levels=np.linspace(0, 1, 21), cmap="RdYlBu_r")
ax.contour(suns, winds, answers, levels=[0.5], colors="#222222", linewidths=2)
ax.annotate("", xytext=(0.4, 0.4333), xy=(0.6, 0.1333), arrowprops={"arrowstyle": "->", "color": "#222222", "lw": 2.5})
ax.plot(*np.transpose(days), "o", color="white", markeredgecolor="#222222", markersize=9)
fig.colorbar(image, ax=ax, label="y", ticks=[0, 0.25, 0.5, 0.75, 1])
_ = ax.set(xlabel="sun", ylabel="wind", aspect="equal", title="Line: y = 1/2; arrow: the weights")

# %%
# The sum is computed in :pyfc:source:`src/dense.pyx`, the sigmoid in :pyfc:source:`src/activations/sigmoid.pyx`.
# :doc:`The page of the sigmoid </generated/components/activations/sigmoid>` shows why its code does not look like
# :eq:`neuron-sigmoid`: for z = -1000, ``exp(1000)`` is too large for a computer, while the right answer is simply 0.
#
# Exercises
# ---------
# 1. All three numbers of the neuron are doubled. Where is the border between yes and no then, and what does change?
# 2. Which w and b make a neuron that says yes only if sun and wind are both above about 0.5?
# 3. Three kinds of days: calm and sunny is yes, stormy and dull is yes too (for surfers), all others no. Can the neuron
#    learn that?
#
# Answers
# -------
# 1. The border stays, since z is 0 at the same places. But z is twice as large everywhere else, and the neuron surer:

net.parameters["dense_0.W"][:] *= 2
net.parameters["dense_0.b"][:] *= 2
for sun, wind in ([0.8, 0.3], [0.5, 0.5]):
    print(f"sun {sun}, wind {wind}: {net.forward([[sun, wind]])[0, 0]:.4f}")

# %%
# 2. No neuron does so exactly, because the border must be straight. But :math:`z = 10 x_1 + 10 x_2 - 15` comes close;
#    it says no to (0.5, 0.5), and yes where the inputs sum to more than 1.5:

net.parameters["dense_0.W"][:] = 10
net.parameters["dense_0.b"][:] = -15
for sun, wind in ([0.9, 0.9], [0.9, 0.4], [0.4, 0.9], [0.4, 0.4]):
    print(f"sun {sun}, wind {wind}: {net.forward([[sun, wind]])[0, 0]:.4f}")

# %%
# 3. No. Two opposite corners cannot be cut off by one straight line. That takes a second layer, in the chapter on
#    hidden layers.
