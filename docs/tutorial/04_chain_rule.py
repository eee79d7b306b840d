r"""
4. The chain rule is the way back
=================================

**How does the loss tell a weight deep inside which way to move?**

Link by link. A network is a chain of small functions, each of which knows only its own slope. The chain rule multiplies
the slopes, from the loss back to the weight; going back through the chain is called **backpropagation**, and there is
no more to it than this chapter.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import pyfc

# %%
# Forward: three links
# --------------------
# One neuron, one sample: x goes in, t should come out.
#
# .. math:: x \;\to\; z = wx + b \;\to\; y = \sigma(z) \;\to\; l = (y - t)^2

x, t = 1.5, 1.0
w, b = -0.8, 0.4
z = w * x + b
y = 1 / (1 + math.exp(-z))
l = (y - t) ** 2  # noqa: E741 (the letter of the mathematics)
print(f"z = {z:.6f}\ny = {y:.6f}\nl = {l:.6f}")

# %%
# Backward: three slopes
# ----------------------
# When y grows by a tiny step, l grows by :math:`2 (y - t)` times that step: that is its slope by y. When z grows by a
# tiny step, y grows by :math:`y (1 - y)` times that, and so l by the product of both. And so on:
#
# .. math::
#    :label: chain-of-slopes
#
#    dy &= \frac{\partial l}{\partial y} = 2 (y - t) \\
#    dz &= \frac{\partial l}{\partial z} = dy \cdot \frac{\partial y}{\partial z} = dy \cdot y (1 - y) \\
#    dw &= \frac{\partial l}{\partial w} = dz \cdot \frac{\partial z}{\partial w} = dz \cdot x \\
#    db &= \frac{\partial l}{\partial b} = dz \cdot \frac{\partial z}{\partial b} = dz \cdot 1
#
# Each line uses the one before, and one number of the way forward: that is why a network **keeps** x and y.

dy = 2 * (y - t)
dz = dy * y * (1 - y)
dw, db, dx = dz * x, dz, dz * w
print(f"dy = 2 * ({y:.6f} - {t}) = {dy:.6f}")
print(f"dz = {dy:.6f} * {y:.6f} * (1 - {y:.6f}) = {dz:.6f}")
print(f"dw = {dz:.6f} * {x} = {dw:.6f}")
print(f"db = {db:.6f}")
print(f"dx = {dz:.6f} * ({w}) = {dx:.6f}")

# %%
# dx, the slope by the input, is of no use here, since nobody can change the sample. But were x the output of another
# neuron, then dx would be *its* dy, and the chain would go on. ``trace`` shows the same step in pyfc:

net = pyfc.Network([pyfc.Dense(1, 1), "sigmoid"], loss="squared_error", dtype="float64")
net.parameters["dense_0.W"][:] = w
net.parameters["dense_0.b"][:] = b
print(net.trace([[x]], [[t]]))

# %%
# Is it right?
# ------------
# A slope is what the loss does when w moves a little, so move it and look. The **central difference**
#
# .. math:: \frac{l(w + h) - l(w - h)}{2h}
#    :label: central-difference
#
# comes close to dw. How close depends on h. If h is too large, the curve of l is not straight between the two points,
# and the error is proportional to :math:`h^2`; if it is too small, the two losses agree in nearly all their digits, and
# what is left of their difference is the rounding of the computer, divided by h.


def loss_at(w):
    """Return the loss for another weight."""
    return (1 / (1 + math.exp(-(w * x + b))) - t) ** 2


steps = 10.0 ** -np.arange(1, 13)
errors = [abs((loss_at(w + h) - loss_at(w - h)) / (2 * h) - dw) for h in steps]
for h, error in list(zip(steps, errors, strict=True))[::2]:
    print(f"h = {h:.0e}   difference {(loss_at(w + h) - loss_at(w - h)) / (2 * h):.12f}   error {error:.1e}")

fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
ax.loglog(steps, np.maximum(errors, 1e-17), "o-", color="#0072B2", label="error of the difference")
ax.loglog(steps[:6], errors[0] * (steps[:6] / steps[0]) ** 2, "--", color="#666666", label="proportional to $h^2$")
ax.set(xlabel="h", title="A difference is best at a step that is neither large nor small")
_ = ax.legend(frameon=False)

# %%
# ``check_gradients`` does this for every function and every parameter of a network, and raises if you ask it to:

print(net.check_gradients([[x]], [[t]]))

# %%
# What the two columns of numbers mean, and how mistakes look in them, is in
# :doc:`Spot the bug </generated/articles/spot_the_bug>`. The code of the two slopes is the line ``# (6)`` of
# :pyfc:source:`src/activations/sigmoid.pyx` and the line ``# (4)`` of :pyfc:source:`src/dense.pyx`; the number is that
# of the row in the derivation.
#
# Exercises
# ---------
# 1. The weight is used twice: :math:`z = wx + w^2`. What is dw now?
# 2. Ten neurons in a row, each with a sigmoid and a weight of 1: how small does the slope get on its way to the first
#    one?
#
# Answers
# -------
# 1. There are two ways from w to z, and the slopes **add up**: :math:`dw = dz\,(x + 2w)`. Sums over several ways are
#    the second half of the chain rule, and where the sums over samples and neurons in the next chapter come from.


def loss_of_both(w):
    """Return the loss of the neuron that uses its weight twice."""
    return (1 / (1 + math.exp(-(w * x + w * w))) - t) ** 2


y = 1 / (1 + math.exp(-(w * x + w * w)))
by_rule = 2 * (y - t) * y * (1 - y) * (x + 2 * w)
print(f"by the rule {by_rule:.9f}, by difference {(loss_of_both(w + 1e-6) - loss_of_both(w - 1e-6)) / 2e-6:.9f}")

# %%
# 2. Every sigmoid multiplies by at most 1/4. From the last z to the first there are nine of them, which multiply by at
#    most :math:`4^{-9} \approx 4 \cdot 10^{-6}`. This is the **vanishing gradient**; the chapter on activations shows
#    the way out.

layers = [part for _ in range(10) for part in (pyfc.Dense(1, 1, init=pyfc.Constant(value=1.0)), "sigmoid")]
row = pyfc.Network(layers, loss="squared_error", dtype="float64")
step = row.trace([[x]], [[0.0]])
print(f"dz of the last neuron {step['sigmoid_9.dz'][0, 0]:.2e}, of the first one {step['sigmoid_0.dz'][0, 0]:.2e}")
