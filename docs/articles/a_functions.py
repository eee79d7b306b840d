"""
A. A network as a dict, and functions over it
=============================================

The first article has no classes. A network is a dict with its weights and its biases, made from a list of sizes
``[784, 15, 10]``, and four plain functions do everything: initialise, forward, backward, update. It learns to read the
handwritten digits of MNIST.

This page keeps the dict and the four functions. What changes is inside them: where the article writes a formula in
NumPy, the function calls the compiled kernel of that formula. So you see here, without any ``Network`` around them,
the kernels that all of pyfc runs on.

With MNIST (60000 images of 28 x 28 pixels; the folder of its files in the environment variable ``PYFC_DATA``) this
takes about fifteen seconds. Without it, the 1797 digits of 8 x 8 pixels that come with pyfc stand in. The picture at
the end is also written to the folder ``pyfc-articles``.
"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np

import pyfc
from pyfc import datasets, plots

folder = Path("pyfc-articles")
folder.mkdir(exist_ok=True)

# %%
# The data
# --------
# A sample is an image, flattened to a row of numbers from 0 (paper) to 1 (ink). The article makes it a **column**;
# pyfc, like most libraries, has a sample in each **row**: ``X`` is (n, 784). Every formula below is the article's,
# transposed.

if os.environ.get("PYFC_DATA"):
    (X, y), (X_test, y_test) = datasets.load_mnist()
    white, epochs = 255, 20
else:
    X, y = datasets.load_digits()
    X, X_test, y, y_test = datasets.train_test_split(X, y, seed=0, stratify=True)
    white, epochs = 16, 30

X, X_test = (np.float32(images) / white for images in (X, X_test))
targets = np.eye(10, dtype=np.float32)[y]  # one-hot: a row with a 1 in the column of the digit
print(f"{len(X)} images of {X.shape[1]} pixels to learn from, {len(X_test)} to test with")

# %%
# The model is a dict
# -------------------
# ``nlayers``, ``weights`` and ``biases``, all standard normal, as in the article. Its ``W`` of the first layer is
# (15, 784), because its samples are columns; here it is (784, 15), the other way round.


def initialise(sizes, seed=0):
    """Return a model: a dict of as many weights and biases as there are gaps between the sizes."""
    rng = np.random.default_rng(seed)
    return {
        "nlayers": len(sizes) - 1,
        "weights": [rng.standard_normal((n_in, n_out), np.float32) for n_in, n_out in pairwise(sizes)],
        "biases": [rng.standard_normal(n_out, np.float32) for n_out in sizes[1:]],
    }


model = initialise([X.shape[1], 15, 10])
for layer in range(model["nlayers"]):
    print(f"layer {layer + 1}: W {model['weights'][layer].shape}, b {model['biases'][layer].shape}")

# %%
# A sigmoid that does not overflow
# --------------------------------
# Written as it stands in books, the sigmoid fails for large negative numbers, for :math:`e^{-z}` grows beyond the
# largest float:
#
# .. math:: y = \frac{1}{1 + e^{-z}}
#
# The article's way out is to look at the sign first, and to use :math:`y = e^z / (1 + e^z)` where z is negative: then
# exp only ever sees numbers that are not positive. pyfc's kernel does the same: the lines tagged ``(2)`` and ``(3)`` of
# `sigmoid.pyx <../../src/activations/sigmoid.pyx>`_, where the step from one form to the other is proved as well.

sigmoid = pyfc.get("activations", "sigmoid")()
z = np.array([-1000.0, -710.0, -1.0, 0.0, 1.0, 710.0, 1000.0])
safe = sigmoid.forward(z)
slope = sigmoid.backward(np.ones_like(z), y=safe)
for row in zip(z, safe, slope, strict=True):
    print("z = {:5g}   sigmoid {:.6g}   its slope {:.6g}".format(*row))

# %%
# The slope is :math:`y\,(1 - y)`: with ``dy`` of ones, ``backward`` returns the derivative itself. It needs ``y`` and
# not ``z``, so the forward pass has nothing else to keep.
#
# Forward
# -------
# Each layer is two kernels: :math:`Z = XW + b` in `dense.pyx <../../src/dense.pyx>`_, and the sigmoid. The outputs of
# all layers are kept, since backward needs them.


def forward(model, x):
    """Return the outputs of all layers, beginning with x itself."""
    outputs = [x]
    for W, b in zip(model["weights"], model["biases"], strict=True):
        outputs.append(sigmoid.forward(pyfc.kernels.dense_forward(outputs[-1], W, b)))
    return outputs


# %%
# Backward
# --------
# From the loss to the input, layer by layer. ``dy`` is the derivative of the loss by a layer's output ``y``; the
# sigmoid makes ``dz`` of it, and the dense kernel makes of ``dz`` what it is after, ``dW`` and ``db``, and the ``dy``
# of the layer before.
#
# The loss is half the squared error, :math:`\tfrac{1}{2}\sum_k (y_k - t_k)^2`, averaged over the samples (the article
# leaves open which one it means). The half cancels the 2 of the derivative. It is an option of
# `squared_error.pyx <../../src/losses/squared_error.pyx>`_.

loss = pyfc.SquaredError(factor=0.5)


def backward(model, outputs, t):
    """Return the gradients of the loss: dW and db of every layer."""
    gradients = {"weights": [None] * model["nlayers"], "biases": [None] * model["nlayers"]}
    dy = loss.gradient(outputs[-1], t)
    for layer in reversed(range(model["nlayers"])):
        x, y = outputs[layer], outputs[layer + 1]
        dz = sigmoid.backward(dy, y=y)
        dy, dW, db = pyfc.kernels.dense_backward(dz, x, model["weights"][layer], need_dX=layer > 0)
        gradients["weights"][layer], gradients["biases"][layer] = dW, db
    return gradients


# %%
# Is it right? A derivative says how much the loss changes when a number changes a little. So change one, and see. The
# model is made anew in float64, where a difference of two losses still has enough digits.


def precise(model):
    """Return a copy of a model in float64."""
    return {
        "nlayers": model["nlayers"],
        "weights": [W.astype(float) for W in model["weights"]],
        "biases": [b.astype(float) for b in model["biases"]],
    }


x, t, trial, h = X[:5].astype(float), targets[:5].astype(float), precise(model), 1e-6
derivative = backward(trial, forward(trial, x), t)["weights"][1][3, 7]
trial["weights"][1][3, 7] += h
above = loss.value(forward(trial, x)[-1], t)
trial["weights"][1][3, 7] -= 2 * h
below = loss.value(forward(trial, x)[-1], t)
print(f"dL/dW[3, 7] of layer 2: backward says {derivative:.9f}, the difference {(above - below) / (2 * h):.9f}")

# %%
# Update
# ------
# Gradient descent: every parameter goes against its gradient. ``W -= rate * dW`` would do; the kernel of
# `sgd.pyx <../../src/optimizers/sgd.pyx>`_ does it in one pass over the memory. It can also keep a momentum, which is
# what ``new_state`` makes room for and what stays zero here.

sgd = pyfc.SGD()


def update(model, gradients, rate):
    """Move all parameters, in place."""
    for kind in ("weights", "biases"):
        for w, dw in zip(model[kind], gradients[kind], strict=True):
            sgd.update(w, dw, sgd.new_state(w.size, w.dtype), rate, 1)


# %%
# Training
# --------
# Ten images at a time, in a new order in every epoch.


def accuracy(model, X, y):
    """Return the share of images of which the largest output is the right one."""
    return float(np.mean(forward(model, X)[-1].argmax(axis=1) == y))


rng = np.random.default_rng(0)
curve = []
print(f"before: {accuracy(model, X_test, y_test):.4f} of the test images right, as guessing would be")
for epoch in range(1, epochs + 1):
    order = rng.permutation(len(X))
    for start in range(0, len(X), 10):
        batch = order[start : start + 10]
        outputs = forward(model, X[batch])
        update(model, backward(model, outputs, targets[batch]), rate=3.0)
    curve.append(accuracy(model, X_test, y_test))
    if epoch % 5 == 0 or epoch == 1:
        print(f"epoch {epoch:2}: {curve[-1]:.4f} of the test images right")

# %%
# The same with a Network
# -----------------------
# Four functions and a dict are all there is to it, and it is what ``Network`` does for you. Here it gets the dict's
# parameters, and must come to the dict's outputs.

net = pyfc.Network([pyfc.Dense(X.shape[1], 15), "sigmoid", pyfc.Dense(15, 10), "sigmoid"], loss=loss)
for layer in range(model["nlayers"]):
    net.parameters[f"dense_{layer}.W"][:] = model["weights"][layer]
    net.parameters[f"dense_{layer}.b"][:] = model["biases"][layer]
few = X_test[:400]
difference = float(np.abs(net.forward(few) - forward(model, few)[-1]).max())
print(f"largest difference between the outputs of the dict and of the network: {difference}")

# %%
# They are equal to the last bit, because both ran the same kernels. From here on you have ``net.fit``, which brings
# other optimizers, validation and curves; ``net.check_gradients``, which does the test above for every parameter; and
# ``net.trace``, which prints every number of a step.

title = f"{X.shape[1]}-15-10 on images that it did not learn from"
picture = plots.plot_history({"val_accuracy": curve}, title=title)
picture.savefig(folder / "a_accuracy.png")
