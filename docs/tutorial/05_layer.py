r"""
5. A layer is a product of matrices
===================================

**Why is everything in machine learning a matrix?**

Because a layer of neurons computes the same kind of sum over and over: for each sample and each neuron, inputs times
weights. Written as a product of matrices, all these sums are one line, and a computer can do them many times faster
than one by one.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import pyfc

# %%
# From sums to a product
# ----------------------
# Four samples with three inputs each, two neurons. Sample i is row i of X; neuron j is column j of W, with its bias at
# place j of b. The sum of neuron j for sample i is
#
# .. math:: z_{ij} = \sum_{k=1}^{p} x_{ik} w_{kj} + b_j ,
#    :label: layer-sum
#
# which is, but for the bias, how the product of two matrices is defined. So all sums at once are :math:`Z = XW + b`.

X = np.array([[1.0, 2, 0], [0, 1, 1], [2, 0, 1], [1, 1, 1]])  # (4, 3): 4 samples, 3 inputs
W = np.array([[1.0, -1], [2, 0], [0, 3]])  # (3, 2): 3 inputs, 2 neurons
b = np.array([0.5, -0.5])  # (2,): one for each neuron

Z = np.empty((4, 2))
for i in range(4):  # samples
    for j in range(2):  # neurons
        Z[i, j] = sum(X[i, k] * W[k, j] for k in range(3)) + b[j]
print(Z)
print("as a product:", np.array_equal(X @ W + b, Z), " pyfc:", np.array_equal(pyfc.kernels.dense_forward(X, W, b), Z))

# %%
# The sizes tell whether a product makes sense. Those next to each other must be equal, and vanish; those outside stay:
#
# .. math:: \underset{(n,\,q)}{Z} = \underset{(n,\,p)}{X}\;\underset{(p,\,q)}{W} + \underset{(q)}{b}
#
# In the figure, one number of Z is the sum over one row of X and one column of W.

fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
for left, bottom, array, name in ((0, 0, X, "X (4, 3)"), (4.4, 0.5, W, "W (3, 2)"), (8.4, 0, Z - b, "XW (4, 2)")):
    high, wide = array.shape
    ax.text(left + wide / 2, bottom + high + 0.2, name, ha="center", fontsize=12)
    for i in range(high):
        for j in range(wide):
            used = (name[0] == "X" and name[1] == " " and i == 2) or (name[0] == "W" and j == 1)
            result = name[1] == "W" and (i, j) == (2, 1)
            colour = "#D55E00" if result else "#9CC9E6" if used else "white"
            ax.add_patch(Rectangle((left + j, bottom + high - 1 - i), 1, 1, facecolor=colour, edgecolor="#666666"))
            ax.text(left + j + 0.5, bottom + high - 0.5 - i, f"{array[i, j]:g}", ha="center", va="center", fontsize=12)
ax.text(3.7, 2, r"$\times$", fontsize=20, ha="center", va="center")
ax.text(7.4, 2, "=", fontsize=20, ha="center", va="center")
ax.set(xlim=(-0.2, 10.6), ylim=(-0.2, 4.8), aspect="equal")
_ = ax.axis("off")

# %%
# The way back
# ------------
# Let dZ be what comes back from behind: the slope of the loss by every z. By the chain rule, a weight
# :math:`w_{kj}` collects from all z that it is part of: those of neuron j, of *every* sample i, each with the factor
# :math:`x_{ik}`. And the other two likewise:
#
# .. math::
#    :label: layer-gradients
#
#    dw_{kj} &= \sum_{i=1}^{n} x_{ik}\, dz_{ij} \\
#    db_j &= \sum_{i=1}^{n} dz_{ij} \\
#    dx_{ik} &= \sum_{j=1}^{q} dz_{ij}\, w_{kj}
#
# Two of these sums are products of matrices again, :math:`dW = X^T dZ` and :math:`dX = dZ\, W^T`; db is the sum of the
# rows of dZ.
# The transposes need not be learned by heart: the sizes leave no other way to put the two matrices together.

dZ = np.array([[1.0, 0], [0, -1], [2, 1], [0, 0.5]])
dX, dW, db = pyfc.kernels.dense_backward(dZ, X, W)
by_hand = np.zeros((3, 2))
for i in range(4):
    for j in range(2):
        for k in range(3):
            by_hand[k, j] += X[i, k] * dZ[i, j]
print("dW\n", dW, "\nequal to the sums:", np.array_equal(dW, by_hand), np.array_equal(dW, X.T @ dZ))
print("db", db, "  dX", dX.shape)

# %%
# :doc:`The dense layer </network/dense>` derives the three with every index, and shows the lines of
# :pyfc:source:`src/dense.pyx` that compute them.
#
# How much faster?
# ----------------
# The same 128 x 256 x 64 products and sums, in Python's loops (a sixteenth of them, then multiplied), by NumPy, and by
# pyfc. The figures are from the machine that built this page.

rng = np.random.default_rng(0)
X, W, b = rng.random((128, 256)), rng.random((256, 64)), rng.random(64)


def seconds(function, times):
    """Return the best time of a call."""
    best = np.inf
    for _ in range(times):
        begin = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - begin)
    return best


rows, weights = X[:8].tolist(), W.T.tolist()
loops = 16 * seconds(lambda: [[sum(map(float.__mul__, row, column)) for column in weights] for row in rows], 3)
numpy = seconds(lambda: X @ W + b, 200)
ours = seconds(lambda: pyfc.kernels.dense_forward(X, W, b), 200)
print(f"Python {1e6 * loops:.0f} us, NumPy {1e6 * numpy:.0f} us, pyfc {1e6 * ours:.0f} us")

# %%
# How a product becomes so fast is told in :doc:`/engine/products`.
#
# Exercises
# ---------
# 1. A batch of 128 samples goes through ``Dense(784, 256)``. What are the sizes of X, W, b, Z, dZ, dW, db and dX?
# 2. How many multiplications is that forward, and how many backward?
#
# Answers
# -------
# 1. Ask the layer:

layer = pyfc.Dense(784, 256)
x = rng.random((128, 784)).astype(np.float32)
layer.parameters = layer.first_values(784, "float32", rng)
z, cache = layer.forward(x)
dx, gradients = layer.backward(np.ones_like(z), cache)
print("X", x.shape, " W", layer.parameters["W"].shape, " b", layer.parameters["b"].shape, " Z", z.shape)
print("dZ", z.shape, " dW", gradients["W"].shape, " db", gradients["b"].shape, " dX", dx.shape)

# %%
# 2. Forward n p q, one for each sample, input and neuron; backward twice as many, for dW and dX are products of the
#    same three sizes. The first layer of a network needs no dX, so it saves a third of its work.

n, p, q = 128, 784, 256
print(f"forward {n * p * q:,}, backward {2 * n * p * q:,}")
