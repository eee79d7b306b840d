r"""
9. A whole network reads digits
===============================

**How do neurons and layers become something useful?**

With data. 1797 digits written by hand, of 8 x 8 pixels each, come with pyfc
(E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998)). This
chapter trains a network to read them, and looks at what it has learned, and where it is wrong.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

X, y = datasets.load_digits()
X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test_size=0.25, seed=0, stratify=True)
print(
    f"{len(X_train)} images to learn from, {len(X_test)} to test with; pixels are {X.dtype} from {X.min()} to {X.max()}"
)
fig, axes = plt.subplots(2, 10, figsize=(12, 2.8), layout="constrained")
for ax, image, digit in zip(axes.flat, X_train[::67], y_train[::67], strict=False):
    ax.imshow(image.reshape(8, 8), cmap="gray_r")
    ax.set_title(str(digit), fontsize=11)
    ax.axis("off")

# %%
# A quarter is put aside for the test and not touched before the end. What a network says about images that it has
# learned from tells nothing about those that it will meet.
#
# The network
# -----------
# An image is a row of 64 numbers. Then 32 hidden units, and ten outputs, one for each digit. ``Scale`` brings the
# pixels into 0 to 1; the softmax that makes probabilities of the ten outputs is in the loss:
#
# .. math:: p_k = \frac{e^{y_k}}{\sum_j e^{y_j}}, \qquad l = -\log p_{\text{label}}
#    :label: digits-loss

net = pyfc.Network(
    [pyfc.Scale(1 / 16), pyfc.Dense(64, 32, init="he_normal"), "relu", pyfc.Dense(32, 10)],
    loss="softmax_cross_entropy",
    seed=1,
)
print(net.summary())
first = net.evaluate(X_test, y_test)
print(f"untrained: loss {first['loss']:.4f} (log 10 is {np.log(10):.4f}), {first['accuracy']:.4f} right")

# %%
# An untrained network guesses: about a tenth of its answers are right, and its loss is near log 10, a little more
# because it guesses with some conviction. If a loss is far from that before training, something is wrong already.
#
# Training
# --------
# An **epoch** goes once through all images, in a new order, in batches of 32; each batch is a step. So an epoch is 43
# steps. Batches make a step cheap, and their randomness does no harm: the mean of 32 slopes points about where the mean
# of all does.

history = net.fit(X_train, y_train, epochs=40, batch_size=32, optimizer=pyfc.SGD(lr=0.05, momentum=0.9), progress=False)
for epoch in (1, 2, 5, 10, 20, 40):
    print(f"epoch {epoch:2}: loss {history['loss'][epoch - 1]:.4f}, {history['accuracy'][epoch - 1]:.4f} right")
print(f"{history.seconds:.2f} s, {history.samples_per_second:,.0f} images a second")
result = net.evaluate(X_test, y_test)
print(f"test: loss {result['loss']:.4f}, {result['accuracy']:.4f} right")

# %%
# Where it is wrong
# -----------------

p = net.predict_proba(X_test)
answers = p.argmax(axis=1)
wrong = np.flatnonzero(answers != y_test)
print(f"{len(wrong)} of {len(X_test)} wrong")
fig, axes = plt.subplots(1, 8, figsize=(12, 2.2), layout="constrained")
for ax in axes:
    ax.axis("off")
for ax, at in zip(axes, wrong, strict=False):
    ax.imshow(X_test[at].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"is {y_test[at]}, read {answers[at]}\n{100 * p[at].max():.0f} % sure", fontsize=9)

# %%
# What would training do about the first of them? The slope of the loss by the ten outputs is :math:`p_k - t_k`, the
# probability less the truth: down with what it read, up with what it is. See
# :doc:`softmax_cross_entropy </generated/components/losses/softmax_cross_entropy>`, row (8).

step = net.trace(X_test[wrong[:1]], y_test[wrong[:1]])
print("label", y_test[wrong[0]], "  p - t:", step["loss.dy"][0].round(3))

# %%
# Which digits are taken for which?

fig, ax = plt.subplots(figsize=(7, 6), layout="constrained")
_ = plots.plot_confusion_matrix(y_test, answers, ax=ax)

# %%
# Exercises
# ---------
# 1. Without the hidden layer, how many are right? And with 8, 128 hidden units?
# 2. What does the network say to an image that is no digit, say random noise?
#
# Answers
# -------
# 1. Even ten single neurons do well here, because the digits are centred and alike. The hidden layer earns the rest.

for sizes in ([64, 10], [64, 8, 10], [64, 32, 10], [64, 128, 10]):
    other = pyfc.mlp(sizes, init="he_normal", seed=0)
    other.fit(X_train / 16, y_train, epochs=40, optimizer=pyfc.SGD(lr=0.05, momentum=0.9), progress=False)
    print(f"{sizes}: {other.evaluate(X_test / 16, y_test)['accuracy']:.4f} right")

# %%
# 2. One of the ten digits, often quite surely: probabilities must sum to 1, and "none of them" is not among the
#    answers. A probability is worth something only for inputs like those of the training.

noise = np.random.default_rng(0).integers(0, 17, (1000, 64))
sure = net.predict_proba(noise).max(axis=1)
print(f"of 1000 noises, {np.mean(sure > 0.9):.0%} are read as some digit with more than 90 %")
