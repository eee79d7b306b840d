r"""
Spot the bug
============

A wrong backward pass seldom raises an error. The network still trains, only worse, and nobody knows what it would have
reached. The five articles have eight mistakes between them, most of them in a backward pass, and each *looks* right. On
this page each one is put into a component of pyfc as you would write your own, in NumPy, and pyfc is asked to find it.

A derivative is a slope, and a slope can be measured: move one number up and down by a tiny h, see how much the result
changes, divide by 2h. That is a **finite difference**. It is slow, but it knows nothing of your formula, so it does not
repeat your mistake. Two functions of pyfc compare it with what a backward returns:

- ``net.check_gradients(X, y)`` takes a network with some data. It checks each layer and the loss alone, then the loss
  of the whole network by each parameter.
- ``pyfc.testing.check_activation`` and ``check_loss`` take one component by itself, also at extreme inputs.

A line that fails names the function, the index of its worst entry, the input there, the **gradient** that the backward
returned, and the **difference** that was measured. Read the gradient as the claim and the difference as the truth.

``pyfc.testing`` needs the extra ``symbolic`` (SymPy and mpmath): ``pip install -e ".[plot,symbolic]"``.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets
from pyfc.component import Activation, Loss
from pyfc.testing import check_activation, check_loss


def show(title, report):
    """Print what a report found: its failed lines, or that there are none."""
    failed = len(report.failures)
    print(f"{title}: {failed} of {len(report.checks)} checks fail" if failed else f"{title}: all checks pass")
    if report.unproved:
        print(f"  not proved: {report.unproved}")
    for check in report.failures:
        print(f"  {check}")


z, h = np.linspace(-3, 3, 25), 1e-5
figure, ax = plt.subplots(figsize=(7, 3.6))
ax.plot(z, (np.tanh(z + h) - np.tanh(z - h)) / (2 * h), "o", label="measured")
ax.plot(z, 1 - np.tanh(z) ** 2, label="claimed: 1 - y²")
ax.plot(z, 1 - np.tanh(z), "--", label="claimed: 1 - y")
ax.set(xlabel="z", title="The slope of tanh, and two claims about it")
ax.legend()

# %%
# That is all there is to it: what is claimed either goes through the points or does not. Now the eight, each in a
# network on six samples or by itself.

X, labels = datasets.make_moons(6, noise=0.1, seed=0)
t = np.eye(2)[labels]  # one-hot rows

# %%
# 1. A sum over one axis too many (article E)
# -------------------------------------------
# A bias is added to every sample, so its gradient is the sum of dz over the samples. The article sums dz, all of it,
# which reads just like that sentence. But all of it is samples *and* outputs: every bias of the layer gets the same
# number, that of all of them together.


class SummedBias(pyfc.Dense):
    """E's layer: right but for its bias."""

    def backward(self, dy, cache, *, need_dx=True, out=None):
        dx, grads = super().backward(dy, cache, need_dx=need_dx, out=out)
        grads["b"][:] = np.sum(dy)  # np.sum(dy, axis=0) is right
        return dx, grads


summed = pyfc.Network([SummedBias(2, 4), "sigmoid", SummedBias(4, 1), "sigmoid"], loss="squared_error", seed=3)
summed_report = summed.check_gradients(X, labels)
show("1. SummedBias in a network", summed_report)

# %%
# The first line says that ``db`` of ``dense_0`` is wrong. No ``dW`` is, and no ``dx``, so it is that one line of code.
# ``dense_1`` passes with the same code: it has one output, and a sum over one output is no sum at all.
#
# This is why the article's XOR network learns all the same. Its output layer is right, and so are all weights. Only the
# four hidden biases move as one, and the weights make up for it:

corners, xor = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
for dense in (SummedBias, pyfc.Dense):
    net = pyfc.Network([dense(2, 4), "sigmoid", dense(4, 1), "sigmoid"], loss="squared_error", seed=3)
    net.fit(corners, xor, epochs=4000, batch_size=4, optimizer=pyfc.SGD(lr=1), progress=False)
    print(f"XOR by {dense.__name__}: outputs {net.predict(corners).round(2)}, wanted {xor}")

# %%
# The right sum is step (5) of `dense.pyx <../../src/dense.pyx>`_. With pyfc's layer:

summed_right = net.check_gradients(X, labels)
show("1. pyfc's Dense in a network", summed_right)

# %%
# 2. Calling what should be multiplied (article B)
# ------------------------------------------------
# The chain rule for tanh: dz = dy (1 - y\ :sup:`2`). On paper a product needs no sign, and so the article's code has
# none: ``dy(1 - y**2)``. For Python that is a call of a function named dy. It shows when tanh is first trained.


class TanhOfB(Activation):
    """Tanh, with the article's backward."""

    name = "tanh_of_b"
    needs = "y"

    def compute_forward(self, z, y, a):
        y[:] = np.tanh(z)

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy(1 - y**2)


def two_layers(activation):
    """Return a 2-3-2 network with this activation."""
    return pyfc.Network([pyfc.Dense(2, 3), activation, pyfc.Dense(3, 2)], loss="softmax_cross_entropy", seed=1)


calling_report = two_layers(TanhOfB()).check_gradients(X, labels)
show("2. TanhOfB in a network", calling_report)

# %%
# The exception is taken down with the line that raised it, and all other functions are still checked. Now a repair that
# merely runs. It returns tanh's slope, and forgets that a slope must be passed on:


class RepairedTanh(TanhOfB):
    """A repair that runs, and is wrong."""

    name = "repaired_tanh"

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = 1 - y**2


repaired_report = two_layers(RepairedTanh()).check_gradients(X, labels)
show("2. RepairedTanh in a network", repaired_report)
repaired_alone = check_activation(RepairedTanh)
show("2. RepairedTanh alone", repaired_alone)

# %%
# The network's report names the function first. The two lines of ``dense_0`` for the whole network are its victims:
# that layer is right alone (it has no other failed line), and gets a wrong dy. The component's own report prints dy
# too: divide the difference by the gradient, and out comes dy, which is what was forgotten. (It also says that without
# a derivation nothing is proved: a component that you give to others should have one.)
#
# With both factors, ``dy * (1 - y**2)``, it is step (6) of `tanh.pyx <../../src/activations/tanh.pyx>`_:

tanh_right = check_activation("tanh")
show("2. pyfc's tanh alone", tanh_right)

# %%
# 3. Only the diagonal of softmax (article B)
# -------------------------------------------
# The derivative of y\ :sub:`j` by its own z\ :sub:`j` is y\ :sub:`j` (1 - y\ :sub:`j`), just as for the sigmoid, and
# the article stops there. But softmax shares out 1 among the outputs: raise one z, and **every** y changes.


class DiagonalSoftmax(Activation):
    """Softmax, with the article's backward."""

    name = "diagonal_softmax"
    needs = "y"
    elementwise = False

    def compute_forward(self, z, y, a):
        y[:] = np.exp(z - z.max(axis=1, keepdims=True, initial=-np.inf))
        y /= y.sum(axis=1, keepdims=True)

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy * y * (1 - y)


diagonal = pyfc.Network([pyfc.Dense(2, 2), DiagonalSoftmax()], loss="squared_error", seed=1)
diagonal_report = diagonal.check_gradients(X, t)
show("3. DiagonalSoftmax in a network", diagonal_report)
diagonal_alone = check_activation(DiagonalSoftmax)
show("3. DiagonalSoftmax alone", diagonal_alone)

# %%
# Here whole rows are printed, because an entry of dz depends on all of its row. What is missing is minus y\ :sub:`j`
# times the sum of dy\ :sub:`k` y\ :sub:`k` over the *other* k. Classification with softmax and cross-entropy in one,
# whose gradient is p - t, never runs this code. Right is step (6) of `softmax.pyx
# <../../src/activations/softmax.pyx>`_:

softmax_right = pyfc.Network([pyfc.Dense(2, 2), "softmax"], loss="squared_error", seed=1).check_gradients(X, t)
show("3. pyfc's softmax in a network", softmax_right)

# %%
# 4. The gradient of another loss (article B)
# -------------------------------------------
# The loss returned is the squared error (y - t)\ :sup:`2`; the gradient is y - t. Many books have it so, because
# *their* loss is half the squared error.


class SquaredErrorOfB(Loss):
    """The article's loss and gradient."""

    name = "squared_error_of_b"

    def compute_forward(self, y, t, loss):
        loss[:] = ((y - t) ** 2).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[:] = share[:, None] * (y - t)


lacking_report = check_loss(SquaredErrorOfB)
show("4. SquaredErrorOfB alone", lacking_report)

# %%
# Divide the difference by the gradient: 2, to all digits. A ratio that is the same everywhere is a forgotten factor.
# It points the right way, and so training works all the same, with twice the rate even bit for bit:

weights = []
for loss, rate in ((SquaredErrorOfB(), 0.2), (pyfc.SquaredError(), 0.1)):
    net = pyfc.Network([pyfc.Dense(2, 3), "tanh", pyfc.Dense(3, 2)], loss=loss, dtype="float64")
    net.fit(X, t, epochs=100, batch_size=6, optimizer=pyfc.SGD(lr=rate), progress=False)
    weights.append(net.flat)
print("largest difference of the weights after 100 steps:", np.abs(weights[0] - weights[1]).max())

# %%
# The gradient of exactly the number that is reported is step (3) of `squared_error.pyx
# <../../src/losses/squared_error.pyx>`_, for either convention: ``factor=0.5`` makes y - t right.

half_right = check_loss(pyfc.SquaredError(factor=0.5))
show("4. pyfc's SquaredError(factor=0.5) alone", half_right)

# %%
# 5. Two mistakes that cancel (article B)
# ---------------------------------------
# The loss is a mean over n samples, so its gradient has a factor 1/n. The article leaves it out of the loss's gradient,
# p - t, and divides dW and db by n in every layer instead. It follows the batch through, and the parameters come out
# right. Is it a bug? Look at the lines:


class UndividedCrossEntropy(Loss):
    """Softmax and cross-entropy in one, without the 1/n in its gradient."""

    name = "undivided_cross_entropy"
    task = "classification"

    def compute_forward(self, y, t, loss):
        loss[:] = np.log(np.exp(y).sum(axis=1)) - (t * y).sum(axis=1)

    def compute_backward(self, y, t, share, dy):
        dy[:] = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True) - t  # share, which is 1/n, is not used


class DividingDense(pyfc.Dense):
    """Divides the gradients of its parameters by n."""

    def backward(self, dy, cache, *, need_dx=True, out=None):
        dx, grads = super().backward(dy, cache, need_dx=need_dx, out=out)
        for gradient in grads.values():
            gradient /= len(dy)
        return dx, grads


cancelling = pyfc.Network([DividingDense(2, 3), "tanh", DividingDense(3, 2)], loss=UndividedCrossEntropy(), seed=1)
cancelling_report = cancelling.check_gradients(X, labels)
print("5. UndividedCrossEntropy and DividingDense:", *cancelling_report.checks, sep="\n  ")

# %%
# All lines of the **whole network** pass, and five of the functions **alone** fail: the loss by a factor of n = 6, the
# layers by 1/6. So the article's training is right, and its parts are not what they say: take its loss with a layer of
# yours, or ask for the gradient by the input, and you are off by n. In pyfc the loss alone knows what a mean is (also a
# weighted one), every part passes, and so does the whole.

divided_right = two_layers("tanh").check_gradients(X, labels)
show("5. pyfc's layers and loss", divided_right)

# %%
# 6. Right until it overflows (article A)
# ---------------------------------------
# The article's sigmoid of arrays has two branches, by sign, so that it does not overflow. That of a single number is
# the definition, 1 / (1 + exp(-x)). For x = -1000 it should be 0, and exp(1000) is too large a number.


def scalar_sigmoid(x):
    """Return the sigmoid of one number, as the article has it."""
    return 1 / (1 + math.exp(-x))


class ScalarSigmoid(Activation):
    """The article's sigmoid, number by number."""

    name = "scalar_sigmoid"
    needs = "y"

    def compute_forward(self, z, y, a):
        for at in np.ndindex(z.shape):
            y[at] = scalar_sigmoid(z[at])

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy * y * (1 - y)


ordinary_report = two_layers(ScalarSigmoid()).check_gradients(X, labels)
show("6. ScalarSigmoid in a network", ordinary_report)
overflow_report = check_activation(ScalarSigmoid)
show("6. ScalarSigmoid alone", overflow_report)

# %%
# With ordinary data all is well. ``check_activation`` also tries inputs up to 1e30, and names the very line. Below
# -709, exp(-x) is above the largest float64; a step with too high a rate is enough to get there. Steps (2) and (3) of
# `sigmoid.pyx <../../src/activations/sigmoid.pyx>`_ take exp only of numbers that are not positive:

sigmoid_right = check_activation("sigmoid")
show("6. pyfc's sigmoid alone", sigmoid_right)

# %%
# 7. What no gradient check can find (article B)
# ----------------------------------------------
# A gradient check compares a backward with its own forward. It cannot know that the forward is not what you meant.
#
# The article divides its pixels by 225, and means 255. Every derivative of that is right. **Look at your data**, at
# least at the largest and smallest number:

digits, y = datasets.load_digits()
pixels = (digits * 255.0 / 16).astype(np.uint8)  # as in MNIST: 0 to 255
wrong_scale = pyfc.Network([pyfc.Scale(1 / 225), pyfc.Dense(64, 10)], loss="softmax_cross_entropy")
scale_report = wrong_scale.check_gradients(pixels[:6], y[:6])
show("7. Scale(1 / 225) in a network", scale_report)
largest = wrong_scale["scale_0"].forward(pixels)[0].max()
print(f"largest input: {largest:.3f}")

# %%
# What it changes: the inputs are 13 % larger, and so is the gradient of the first layer's W, as if that layer had a
# higher rate. It does little harm, as long as the network is always used with the same wrong number. Which is why pyfc
# saves the factor with the network: it is a layer, ``Scale(1 / 255)``.
#
# The second one is in the measuring. The article reads its accuracy, 0.9464 after 5 epochs, from batches of the
# **training** data; on the test set its code gets 0.9404. A network can learn its training samples by heart. Here one
# with many weights gets only 100 digits:

X_train, X_test, y_train, y_test = datasets.train_test_split(digits / 16, y, test_size=len(y) - 100, seed=0)
net = pyfc.mlp([64, 64, 10])
net.fit(X_train, y_train, epochs=200, optimizer=pyfc.Adam(lr=0.01), progress=False)
accuracy = {"train": net.evaluate(X_train, y_train)["accuracy"], "test": net.evaluate(X_test, y_test)["accuracy"]}
print(f"accuracy on training data {accuracy['train']:.4f}, on data it has not seen {accuracy['test']:.4f}")

# %%
# Only the second number says how it will do. ``net.fit(..., validation=(X_test, y_test))`` shows both at every epoch.
