"""
Activations of single numbers, beside their derivatives
=======================================================

Here is each activation that works on one number at a time. Those that need a whole row have no such curve and are left
out: softmax, log_softmax, sparsemax and glu. What is drawn comes from the registry, so an activation that a plugin
brings is here as well. A function that flattens out has a derivative near 0 there, and a network that gets stuck
in such a place learns no more. Each has a page of its own in this book, with its derivation.
"""

import matplotlib.pyplot as plt

import pyfc
from pyfc import plots

figure, axes = plt.subplots(2, 2, figsize=(8, 5.6))
for ax, name in zip(axes.flat, ("sigmoid", "tanh", "relu", "gelu"), strict=True):
    plots.plot_activation(name, ax=ax)

# %%
# These four are the best known. Now all of them:

names = [name for name in pyfc.available("activations") if pyfc.get("activations", name)().elementwise]
columns = 3
rows = -(-len(names) // columns)

figure, axes = plt.subplots(rows, columns, figsize=(9.5, 2.6 * rows), layout="none")
figure.subplots_adjust(
    left=0.05, right=0.94, bottom=0.4 / rows / 2.6, top=1 - 0.6 / rows / 2.6, wspace=0.45, hspace=0.55
)
for ax, name in zip(axes.flat, names, strict=False):
    plots.plot_activation(name, ax=ax)
    ax.set_xlabel("")
    ax.set_ylabel("")
for ax in axes.flat[len(names) :]:
    ax.set_axis_off()
