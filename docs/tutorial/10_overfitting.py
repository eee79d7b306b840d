r"""
10. Learning by heart
=====================

**Why is a network that makes no mistakes not always a good one?**

Because it may have learned its samples by heart. What counts is how it does on samples that it has *not* seen. This
chapter makes networks that learn too little and too much, and shows how to tell and what to do.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

# %%
# Two moons that overlap; 100 points to learn from, and 1000 others of the same kind to test with. The noise is such
# that nobody can get all of them right.

X, y = datasets.make_moons(100, noise=0.3, seed=1)
X_test, y_test = datasets.make_moons(1000, noise=0.3, seed=2)
SETTINGS = {"batch_size": 20, "optimizer": pyfc.Adam(lr=0.003), "metrics": ["accuracy"], "progress": False}

# %%
# Too small, about right, too large
# ---------------------------------
# The same training for a network without a hidden layer, one with 6 hidden units, and one with two layers of 100.

fig, axes = plt.subplots(1, 3, figsize=(17, 4.6), layout="constrained")
print("network               parameters   training loss and right    test loss and right")
for ax, sizes in zip(axes, ([2, 2], [2, 6, 2], [2, 100, 100, 2]), strict=True):
    net = pyfc.mlp(sizes, init="he_normal", seed=0)
    net.fit(X, y, epochs=400, **SETTINGS)
    seen, unseen = net.evaluate(X, y), net.evaluate(X_test, y_test)
    print(f"{sizes!s:20}  {net.flat.size:10}       {seen['loss']:.3f}   {seen['accuracy']:.3f}"
          f"            {unseen['loss']:.3f}   {unseen['accuracy']:.3f}")  # fmt: skip
    plots.plot_decision_surface(net, X, y, title="-".join(map(str, sizes)), ax=ax)
    ax.get_legend().remove()

# %%
# The first one **underfits**: it does badly on both, because no straight line will do. The last one **overfits**: it
# does better and better on the points it learns, down to single ones that the noise has put on the wrong side, and its
# test loss is the worst of all, for it is now *sure* of what is only noise. The figure shows how it winds around
# points.
#
# Watching it happen
# ------------------
# ``validation`` measures after each epoch on samples that are not trained on.

net = pyfc.mlp([2, 100, 100, 2], init="he_normal", seed=0)
history = net.fit(X, y, epochs=400, validation=(X_test, y_test), **SETTINGS)
best = int(np.argmin(history["val_loss"]))
print(f"training loss   {history['loss'][best]:.3f} after {best + 1} epochs, {history['loss'][-1]:.3f} after 400")
print(
    f"validation loss {history['val_loss'][best]:.3f} after {best + 1} epochs, {history['val_loss'][-1]:.3f} after 400"
)

fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
ax.plot(range(1, 401), history["loss"], color="#0072B2", label="training")
ax.plot(range(1, 401), history["val_loss"], "--", color="#D55E00", label="validation")
ax.axvline(best + 1, color="#666666", lw=1, linestyle=":")
ax.set(xlabel="epoch", ylabel="loss", title="From here on it learns by heart", ylim=(0, 1))
_ = ax.legend(frameon=False)

# %%
# What helps
# ----------
# - **Stop** when the validation loss no longer falls, and take the weights of the best epoch: ``EarlyStopping``
#   (L. Prechelt, "Early Stopping - But When?", 1998).
# - **Keep weights small**: ``l2`` adds :math:`\tfrac{\lambda}{2} \sum w^2` to the loss, so that a bend must be worth
#   its weights (A. Krogh, J. Hertz, "A Simple Weight Decay Can Improve Generalization", NeurIPS (1991)).
# - **Dropout** leaves out random units in each step, so that none can rely on a single other one
#   (N. Srivastava et al., "Dropout", JMLR 15 (2014)).
# - **More data**, if you can get them. Nothing helps as much.

WIDE = [2, 100, 100, 2]
MORE = datasets.make_moons(2000, noise=0.3, seed=3)
TRIALS = {
    "as it is": (pyfc.mlp(WIDE, init="he_normal"), (X, y), []),
    "early stopping": (pyfc.mlp(WIDE, init="he_normal"), (X, y), [pyfc.EarlyStopping(patience=20)]),
    "l2 = 0.003": (pyfc.mlp(WIDE, init="he_normal", l2=0.003), (X, y), []),
    "dropout 0.5": (pyfc.mlp(WIDE, init="he_normal", dropout=0.5), (X, y), []),
    "2000 points": (pyfc.mlp(WIDE, init="he_normal"), MORE, []),
}
validation = datasets.make_moons(300, noise=0.3, seed=4)  # not the test set: that has to stay unseen until the end
for name, (net, data, callbacks) in TRIALS.items():
    epochs = 400 if len(data[0]) == 100 else 20  # the same number of steps
    net.fit(*data, epochs=epochs, validation=validation if callbacks else None, callbacks=callbacks, **SETTINGS)
    unseen = net.evaluate(X_test, y_test)
    print(f"{name:15} test loss {unseen['loss']:.3f}, {unseen['accuracy']:.3f} right")

# %%
# Three sets, then
# ----------------
# Whoever tries ten networks and keeps the one that does best on the validation set has, in a small way, trained on that
# set too. So: **training set** for the weights, **validation set** for every choice, **test set** once, at the very
# end.
#
# Exercises
# ---------
# 1. Labels mean nothing: give the 100 points random ones. Can the large network learn them?
# 2. How far apart are training and test loss of the network 2-100-100-2 for 25, 100, 400, 1600 points?
#
# Answers
# -------
# 1. Better than half of them, given time, although there is nothing to learn; so a low training loss proves nothing
#    (C. Zhang et al., "Understanding Deep Learning Requires Rethinking Generalization", ICLR (2017)).

random_labels = np.random.default_rng(0).integers(0, 2, 100)
net = pyfc.mlp(WIDE, init="he_normal", seed=0)
net.fit(X, random_labels, epochs=600, **SETTINGS)
print(f"random labels: {net.evaluate(X, random_labels)['accuracy']:.2f} of the training points right")

# %%
# 2. The gap closes with more data:

for count in (25, 100, 400, 1600):
    X_some, y_some = datasets.make_moons(count, noise=0.3, seed=5)
    net = pyfc.mlp(WIDE, init="he_normal", seed=0)
    net.fit(X_some, y_some, epochs=16000 // count, **SETTINGS)
    seen, unseen = net.evaluate(X_some, y_some)["loss"], net.evaluate(X_test, y_test)["loss"]
    print(f"{count:4} points: training loss {seen:.3f}, test loss {unseen:.3f}")
