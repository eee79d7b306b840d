"""
How small a step for a gradient check?
======================================

A derivative can be checked by a difference quotient, ``(L(w + h) - L(w - h)) / (2 h)``. With a large h the curvature is
in the way; with a small one two nearly equal numbers are subtracted, and what is left is rounding. In between lies a
valley, at about the third root of the precision: 6e-6 for float64, 5e-3 for float32. This is why ``check_gradients``
always works on a copy in float64, where nine digits can be trusted instead of three.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets

X, t = datasets.make_moons(50, seed=0)
H = np.geomspace(1e-13, 1, 53)

figure, ax = plt.subplots(figsize=(8, 5))
for dtype in ("float32", "float64"):
    net = pyfc.mlp([2, 8, 2], activation="tanh", dtype=dtype, seed=0)
    exact = net.copy("float64").loss_and_gradients(X, t)[1]["dense_0.W"][0, 0]
    W = net.parameters["dense_0.W"]
    start, errors = W[0, 0], []
    for h in H:
        losses = []
        for moved in (start + h, start - h):
            W[0, 0] = moved
            losses.append(net.evaluate(X, t)["loss"])
        W[0, 0] = start
        errors.append(abs((losses[0] - losses[1]) / (2 * h) / exact - 1))
    ax.loglog(H, np.maximum(errors, 1e-13), "o-", markersize=3.5, label=dtype)
    print(f"{dtype}: best with h = {H[np.argmin(errors)]:.0e}, relative error {min(errors):.0e}")
ax.axhline(1, color="0.7", linewidth=1)
ax.set(title="Error of the difference quotient", xlabel="h", ylabel="relative error", ylim=(1e-12, 1e4))
ax.legend(loc="upper center")

# %%
# The check as it is meant to be used. Each function is checked alone, then all of it together:

net = pyfc.mlp([2, 8, 2], activation="tanh", seed=0)
print(net.check_gradients(X, t))
