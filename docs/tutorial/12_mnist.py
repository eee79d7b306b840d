r"""
12. MNIST
=========

**Does it work on a real task?**

MNIST is 60000 handwritten digits of 28 x 28 pixels to learn from and 10000 of other writers to test with (Y. LeCun,
L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86
(1998)). Everything for it is there: layers, a hidden layer or two, ReLU, softmax and cross-entropy, Adam with a falling
rate, dropout.

The files are looked for in the folder that the environment variable ``PYFC_DATA`` names. Without it, this page uses the
1797 smaller digits of chapter 9 instead, so its numbers depend on where it was built.
"""

import os

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots
from pyfc.schedules import Cosine

if os.environ.get("PYFC_DATA"):
    (X, y), (X_test, y_test) = datasets.load_mnist()
    white, batch_size, epochs, trial = 255, 128, 5, 1
else:
    images, labels = datasets.load_digits()
    X, X_test, y, y_test = datasets.train_test_split(images, labels, seed=0, stratify=True)
    white, batch_size, epochs, trial = 16, 32, 30, 30
side = round(X.shape[1] ** 0.5)
print(f"{len(X)} images of {side} x {side} pixels to learn from, {len(X_test)} to test with")

# %%
# Every choice below is made by looking at a validation set, a part of the training set. The test set waits.

X_train, X_held, y_train, y_held = datasets.train_test_split(X, y, test_size=len(X) // 12, seed=0, stratify=True)

# %%
# The network
# -----------
# Two hidden layers of 256 and 128 units. The images stay bytes, as they are on disk: ``Scale`` divides them while a
# batch is put together, so nothing is copied. Dropout leaves out a tenth of the pixels and a fifth of the units in
# each step.

n_in = X.shape[1]
net = pyfc.Network(
    [
        pyfc.Scale(1 / white),
        pyfc.Dropout(0.1),
        pyfc.Dense(n_in, 256, init="he_normal"),
        "relu",
        pyfc.Dropout(0.2),
        pyfc.Dense(256, 128, init="he_normal"),
        "relu",
        pyfc.Dropout(0.2),
        pyfc.Dense(128, 10),
    ],
    loss="softmax_cross_entropy",
    seed=0,
)
print(net.summary())

# %%
# Before the training starts, is the way back right? Four images, all layers; dropout is off in this test.

report = net.check_gradients(X_train[:4], y_train[:4])
print("all gradients agree with differences:", report.ok)

# %%
# Training
# --------

history = net.fit(
    X_train,
    y_train,
    epochs=epochs,
    batch_size=batch_size,
    optimizer=pyfc.Adam(lr=Cosine(0.002, epochs=epochs)),
    validation=(X_held, y_held),
    progress=False,
)
print(history)
print(f"{history.seconds:.1f} s on the machine that built this page, {history.samples_per_second:,.0f} images a second")

# %%
# The validation loss is *below* the training loss, because dropout is on while training and off while measuring.

fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
    ax.plot(range(1, epochs + 1), history[name], "o-", color="#0072B2", markersize=4, label="training")
    ax.plot(range(1, epochs + 1), history[f"val_{name}"], "s--", color="#D55E00", markersize=4, label="validation")
    ax.set(xlabel="epoch", title=name)
_ = axes[0].legend(frameon=False)

# %%
# The test
# --------
# Now, once:

result = net.evaluate(X_test, y_test)
p = net.predict_proba(X_test)
answers = p.argmax(axis=1)
wrong = np.flatnonzero(answers != y_test)
print(f"{result['accuracy']:.4f} of the test images right, {len(wrong)} of {len(y_test)} wrong")

# %%
# On MNIST, 201 of the 10000 were wrong when this was recorded, after five epochs.

if not os.environ.get("PYFC_DATA"):
    print("recorded with MNIST: 235,146 parameters, 0.9799 of the 10000 test images right")

# %%
# These are the mistakes it was surest of. Some of them you may not be able to read either.

surest = wrong[np.argsort(-p[wrong].max(axis=1))][:16]
columns = min(max(len(surest), 1), 8)
rows = max(-(-len(surest) // columns), 1)
fig, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 2 * rows), squeeze=False, layout="constrained")
for ax in axes.flat:
    ax.axis("off")
for ax, at in zip(axes.flat, surest, strict=False):
    ax.imshow(X_test[at].reshape(side, side), cmap="gray_r")
    ax.set_title(f"is {y_test[at]}, read {answers[at]}", fontsize=10)

# %%
# And what do the first hidden units look at? The weights of each, as an image: blue pixels speak against it, orange
# ones for it.

fig, ax = plt.subplots(figsize=(9, 8.4), layout="constrained")
_ = plots.plot_weights(net, units=30, ax=ax)

# %%
# Exercises
# ---------
# 1. What do ten neurons without a hidden layer get right? And 32 hidden units?
# 2. How much is lost if the network learns from a thirtieth of the images?
#
# Answers
# -------
# 1. Already ten neurons are far from guessing; the rest is what hidden layers are for.


def validated(sizes, count):
    """Return the validation accuracy of a network that learned from some of the images, after as many steps each."""
    small = pyfc.mlp(sizes, init="he_normal", seed=0)
    some = slice(None, None, len(X_train) // count)
    scaled, held = np.float32(X_train[some]) / white, np.float32(X_held) / white
    optimizer = pyfc.Adam(lr=0.002)
    repeat = trial * len(X_train) // count
    small.fit(
        scaled, y_train[some], epochs=repeat, batch_size=batch_size, optimizer=optimizer, metrics=[], progress=False
    )
    return small.evaluate(held, y_held)["accuracy"]


for sizes in ([n_in, 10], [n_in, 32, 10]):
    print(f"{sizes}: {validated(sizes, len(X_train)):.4f} of the validation images right")

# %%
# 2. As many steps, and several times as many mistakes as with all images:

for count in (len(X_train) // 30, len(X_train)):
    print(f"{count:5} images: {validated([n_in, 64, 10], count):.4f} of the validation images right")
