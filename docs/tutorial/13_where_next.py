r"""
13. Keep it, and where to go from here
======================================

**How does a trained network get out of the program that trained it?**

As a file, with everything that is needed to use it: layers, settings, weights, and what the inputs are divided by.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, errors, plots

X, y = datasets.load_digits()
X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test_size=0.25, seed=0, stratify=True)
net = pyfc.Network(
    [pyfc.Scale(1 / 16), pyfc.Dense(64, 64, init="he_normal"), "relu", pyfc.Dense(64, 10)], "softmax_cross_entropy"
)
net.fit(X_train, y_train, epochs=20, progress=False)

folder = Path(tempfile.mkdtemp())
net.save(folder / "digits.safetensors")
again = pyfc.load(folder / "digits.safetensors")
print((folder / "digits.safetensors").stat().st_size, "bytes;", again)
print("the same outputs, bit by bit:", np.array_equal(net.forward(X_test), again.forward(X_test)))

# %%
# The format is that of `safetensors`: numbers and their names, and nothing that could run. A file that is truncated or
# changed is refused, with a reason:

content = (folder / "digits.safetensors").read_bytes()
(folder / "cut.safetensors").write_bytes(content[:-100])
try:
    pyfc.load(folder / "cut.safetensors")
except errors.ModelFileError as error:
    print(str(error).replace(str(folder), "..."))

# %%
# A new task
# ----------
# What the hidden layer has learned can serve another question: is the digit even or odd? Here only the *last* layer
# learns; the hidden one is frozen, and nobody has ever told it what even means.

other = pyfc.Network(
    [pyfc.Scale(1 / 16), pyfc.Dense(64, 64, name="known"), "relu", pyfc.Dense(64, 1)], loss="binary_cross_entropy"
)
for letter in ("W", "b"):
    other.parameters[f"known.{letter}"][:] = again.parameters[f"dense_0.{letter}"]
other.freeze("known")
other.fit(X_train, y_train % 2, epochs=20, progress=False)
print(f"odd or even: {other.evaluate(X_test, y_test % 2)['accuracy']:.4f} right")
fig, ax = plt.subplots(figsize=(6, 5.6), layout="constrained")
_ = plots.plot_confusion_matrix(y_test % 2, other.predict(X_test), class_names=("even", "odd"), ax=ax)

# %%
# Where to go from here
# ---------------------
# - **Why is it so?** :doc:`/network/dense` and :doc:`/network/backpropagation` derive a layer and a whole network; each
#   :doc:`function </generated/components/index>` has a page with every step beside the compiled line that runs it.
# - **What happens if ...?** :doc:`/playground/index`: change anything, and watch it learn.
# - **How does it run?** :doc:`/engine/index` reads the engine along its source.
# - **What should I choose?** :doc:`/choosing`: activation, loss, initialiser, rate; and what usually goes wrong.
# - **What goes wrong in a backward pass**, and how it is found: :doc:`/generated/articles/spot_the_bug`.
# - **A function of your own**: :doc:`/plugins`. A formula is enough.
#
# Exercises
# ---------
# 1. Does the frozen layer really stay as it was?
# 2. The frozen network is worse than one that may change all its weights. How good does it get if the frozen layer is
#    set free, and training goes on with a small rate?
#
# Answers
# -------
# 1. To the last bit:

same = np.array_equal(other.parameters["known.W"], again.parameters["dense_0.W"])
print("unchanged:", same)

# %%
# 2. The hidden layer was made for telling ten digits apart, and what it passes on is not quite what odd and even need.
#    To begin with what is known and then let everything move a little is called **fine-tuning**. It helps; but here,
#    where there are as many images for the new question as for the old one, to begin anew is better still:

other.unfreeze("known")
other.fit(X_train, y_train % 2, epochs=20, optimizer=pyfc.Adam(lr=0.0005), progress=False)
print(f"set free: {other.evaluate(X_test, y_test % 2)['accuracy']:.4f} right")
anew = pyfc.mlp([64, 64, 1], loss="binary_cross_entropy", init="he_normal")
anew.fit(X_train / 16, y_train % 2, epochs=40, progress=False)
print(f"begun anew: {anew.evaluate(X_test / 16, y_test % 2)['accuracy']:.4f} right")
