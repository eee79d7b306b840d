"""
Every activation beside its derivative
======================================

What is drawn comes from the registry: each activation that is installed and works on single numbers, so one that a
plugin brings is here as well. A function that flattens out has a derivative near 0 there, and a network that gets stuck
in such a place learns no more. Each has a page of its own in this book, with its derivation.
"""

import matplotlib.pyplot as plt

import pyfc
from pyfc import plots

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
