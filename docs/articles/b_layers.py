r"""
B. MNIST, layer by layer
========================

The second article builds a network of layer objects: linear layers and activations with a forward and a backward each,
five ways to initialise them, two losses, and a loop that prints loss and accuracy every 200 steps. Its 784-256-128-10
network learns MNIST from the file ``mnist_all.mat``, is saved, loaded and tested.

Here each of these parts is the one of pyfc that does the same, and the figures are those to expect: the article's own
code, measured on the real test images, gets 94.0 % right after 5 epochs, and 95.8 % after 15.

=========================== ============================================= =======================================
the article                 here                                          why they come to the same
=========================== ============================================= =======================================
:math:`A = WZ + B`          :math:`Z = XW + b`                            samples are rows here and columns there:
                                                                          the same formula, transposed
W is (256, 784)             W is (784, 256)                               transposed
loss passes back p - t      loss passes back (p - t) / n                  the article divides dW and dB by n, the
                                                                          size of the batch, in each layer instead
pixels / 225                ``Scale(1 / 225)``                            it means 255; kept, for its figures
=========================== ============================================= =======================================

So both train the same weights: a test of pyfc runs a transcription of the article's mathematics beside pyfc for 100
steps, and in float64 their weights agree to ten digits.

The files of MNIST are looked for in the folder that the environment variable ``PYFC_DATA`` names: the four files of the
original, or ``mnist_all.mat``. Without it, the 1797 digits of 8 x 8 pixels that come with pyfc stand in. With MNIST
this takes about half a minute. Pictures and the saved network go to the folder ``pyfc-articles``.
"""

import os
from pathlib import Path

import numpy as np

import pyfc
from pyfc import datasets, plots

folder = Path("pyfc-articles")
folder.mkdir(exist_ok=True)

# %%
# The data
# --------
# ``mnist_all.mat`` holds an array for each digit, ``train0`` to ``train9`` and ``test0`` to ``test9``, a row for each
# image. ``load_mnist`` stacks them, with the digit as the label; ``fit`` shuffles. The bytes are left as they are: the
# first layer of the network divides them, so that a saved network takes raw images too.

if os.environ.get("PYFC_DATA"):
    (X, y), (X_test, y_test) = datasets.load_mnist()
    scale = pyfc.Scale(1 / 225)
else:
    images, labels = datasets.load_digits()
    X, X_test, y, y_test = datasets.train_test_split(images, labels, seed=0, stratify=True)
    X, y = np.tile(X, (40, 1)), np.tile(y, 40)  # so that an epoch has about as many steps as one of MNIST
    scale = pyfc.Scale(1 / 16)

n_in = X.shape[1]
print(f"{len(X)} images of {n_in} pixels to learn from, {len(X_test)} to test with")

# %%
# Dividing by 225 gives pixels from 0 to 1.133 instead of 0 to 1. It does no harm; see *Spot the bug* for what it does.
# One-hot targets are not needed: ``softmax_cross_entropy`` takes the digits themselves and means the same.
#
# Layers
# ------
# A layer returns from ``forward`` what its ``backward`` will need, and can be called by hand. Shapes, for a batch of
# 128:

dense, relu = pyfc.Dense(n_in, 256), pyfc.Activation("relu")
batch = X[:128] * np.float32(scale.factor)
z, dense_cache = dense.forward(batch)
a, relu_cache = relu.forward(z)
dz, _ = relu.backward(np.ones_like(a), relu_cache)
dx, gradients = dense.backward(dz, dense_cache)
for name, array in {"x": batch, "z": z, "relu(z)": a, "dz": dz, "dx": dx, **gradients}.items():
    print(f"{'d' + name if name in gradients else name:8} {array.shape}")

# %%
# Both kernels are in `dense.pyx <../../src/dense.pyx>`_ and `relu.pyx <../../src/activations/relu.pyx>`_.
#
# Five ways to begin
# ------------------
# The article's initialisers by their names there. ``randn(m, n) / sqrt(n / 2)`` is called Xavier in the article, and is
# what K. He proposed for ReLU (2015): a variance of 2 / n. Which n? Its function divides by the number of inputs, its
# network by the number of outputs of each layer; both are here.
# `variance_scaling.pyx <../../src/initializers/variance_scaling.pyx>`_ derives what either is good for.

INITIALISERS = {
    "zeros": pyfc.Zeros(),
    "uniform x 0.01": pyfc.Uniform(low=0.0, high=0.01),
    "normal x 0.01": pyfc.Normal(std=0.01),
    "Xavier, inputs": pyfc.VarianceScaling(scale=2, mode="fan_in"),
    "Xavier, outputs": pyfc.VarianceScaling(scale=2, mode="fan_out"),
}


def network(activation="relu", init="Xavier, outputs", loss="softmax_cross_entropy", last=()):
    """Return the article's network; biases begin at zero."""
    way = INITIALISERS[init]
    return pyfc.Network(
        [
            scale,
            pyfc.Dense(n_in, 256, init=way),
            activation,
            pyfc.Dense(256, 128, init=way),
            activation,
            pyfc.Dense(128, 10, init=way),
            *last,
        ],
        loss=loss,
    )


print(network().summary())

# %%
# One epoch with each: how much does the beginning matter? Rate 0.01 and batches of 128, as in the article. All weights
# equal, as from zeros, means that all units of a layer get the same gradient and stay equal; with ReLU at zero that
# gradient is even zero. Only the last biases learn, which is to learn how frequent the digits are. Weights of 0.01 are
# not much better. Normal ones make the signal several times smaller in each layer, and on the way back the gradient;
# uniform ones are all positive, so that the units of a layer are nearly equal, as with zeros.

settings = {"batch_size": 128, "optimizer": pyfc.SGD(lr=0.01), "progress": False}
by_init = {}
for init in INITIALISERS:
    net = network(init=init)
    net.fit(X, y, epochs=1, **settings)
    by_init[init] = net.evaluate(X_test, y_test)
    print(f"{init:16} loss {by_init[init]['loss']:.4f}, {by_init[init]['accuracy']:.4f} of the test images right")

# %%
# A name that there is not is an error, and says what there is:

try:
    pyfc.Dense(n_in, 256, init="xavier")
except LookupError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# Activations
# -----------
# The article's, with its constants: leaky ReLU has slope 0.1, ELU alpha 0.1. PReLU learns
# its slope, here one for each unit.
# Each is a file in `src/activations <../../src/activations>`_ with its derivation. Softmax, the seventh, is the one
# that belongs at the end, and inside the loss.

ACTIVATIONS = {
    "sigmoid": pyfc.Sigmoid(),
    "tanh": pyfc.Tanh(),
    "relu": pyfc.ReLU(),
    "leaky_relu": pyfc.LeakyReLU(alpha=0.1),
    "elu": pyfc.ELU(alpha=0.1),
    "prelu": pyfc.PReLU(),
}
by_activation = {}
for name, activation in ACTIVATIONS.items():
    net = network(activation)
    net.fit(X, y, epochs=1, **settings)
    by_activation[name] = net.evaluate(X_test, y_test)
    print(f"{name:10} loss {by_activation[name]['loss']:.4f}, {by_activation[name]['accuracy']:.4f} right")
slopes = net.parameters["prelu_0.a"]
print(f"PReLU's first slopes were all 0.25, and are now {slopes.min():.4f} to {slopes.max():.4f}")

# %%
# Two losses
# ----------
# Softmax cross-entropy works on the last layer's outputs as they are, and subtracts the largest one before it takes exp
# (`softmax_cross_entropy.pyx <../../src/losses/softmax_cross_entropy.pyx>`_). The squared error is, in the article,
# :math:`\sum_k (y_k - t_k)^2`, but the gradient that it returns is :math:`y - t`, that of half the error. pyfc gives
# the gradient of exactly the number that it reports, so say which one is meant: with ``factor=0.5`` the gradient is the
# article's. Behind a softmax layer the error is of probabilities. The digits are made one-hot rows by the loss.
#
# These three begin with "Xavier, inputs". The other one makes the first outputs large, about 4 where 0 and 1 are asked
# for; the gradient of the squared error grows with them, and at this rate each step overshoots by more than the last.
# ``fit`` would notice that the loss is infinite, put the weights of before that epoch back, and raise a
# ``TrainingError``.

LOSSES = {
    "softmax cross-entropy": {},
    "half the squared error": {"loss": pyfc.SquaredError(factor=0.5)},
    "half the squared error behind softmax": {"loss": pyfc.SquaredError(factor=0.5), "last": ["softmax"]},
}
by_loss = {}
for name, options in LOSSES.items():
    net = network(init="Xavier, inputs", **options)
    net.fit(X, y, epochs=1, **settings)
    by_loss[name] = net.evaluate(X_test, y_test, metrics=["accuracy"])
    print(f"{name:38} {by_loss[name]['accuracy']:.4f} of the test images right")

# %%
# Behind softmax the squared error learns slowest: its gradient passes through the slopes of softmax, products of two
# probabilities, which are small to begin with and smaller still where the network is sure.

# %%
# Training, with a look every 200 steps
# -------------------------------------
# 5 epochs, then 10 more. An epoch of MNIST is 469 steps, so much happens within the first. ``StepHistory`` keeps loss
# and accuracy every 200 steps: of the batches since the last look, and of images that are not trained on.

net = network()
curves = pyfc.StepHistory(200, validation=(X_test[:2000], y_test[:2000]))
net.fit(X, y, epochs=5, callbacks=[curves], **settings)
print(curves.history)
picture = curves.history.plot(title=f"{n_in}-256-128-10, every 200 steps")
picture.savefig(folder / "b_curves.png")
after_5 = net.evaluate(X_test, y_test)["accuracy"]
print(f"after  5 epochs {after_5:.4f} of the test images right, in {net.history.seconds:.1f} s")

# %%
# Save and load
# -------------
# A network is one file: layers, hyper-parameters, weights, and the division of the pixels.

net.save(folder / "b_network.safetensors")
loaded = pyfc.load(folder / "b_network.safetensors")
print("the same outputs after loading:", np.array_equal(loaded.forward(X_test), net.forward(X_test)))

# %%
# The loaded network goes on learning. In the end the article evaluates on training batches; the number that says how
# the network reads digits that it has not seen is the one for the test images.

loaded.fit(X, y, epochs=10, **settings)
after_15 = loaded.evaluate(X_test, y_test)["accuracy"]
on_training = loaded.evaluate(X, y)["accuracy"]
print(f"after 15 epochs {after_15:.4f} of the test images right, and {on_training:.4f} of those that it learned from")
predictions = loaded.predict(X_test)
plots.plot_confusion_matrix(y_test, predictions).savefig(folder / "b_confusion.png")
