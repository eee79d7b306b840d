"""
What a small network decides
============================

Three problems in the plane that no straight line solves. The colour is the class that the network decides on, strong
where it is sure; the points are the data. One hidden layer is enough for the circle and the moons; the spirals wind
about each other and take two, and larger first weights: with the usual ones, of about the size ``1 / sqrt(n_in)``, this
network begins as nearly a plane, and stays one for long.
"""

import matplotlib.pyplot as plt

import pyfc
from pyfc import datasets, plots

PROBLEMS = {
    "Circle": (datasets.make_circle(), [2, 8, 2]),
    "Moons": (datasets.make_moons(300, noise=0.15, seed=0), [2, 16, 2]),
    "Spirals": (datasets.make_spirals(600, noise=0.02, seed=0), [2, 32, 32, 2]),
}

figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.9))
for ax, (title, ((X, y), sizes)) in zip(axes, PROBLEMS.items(), strict=True):
    net = pyfc.mlp(sizes, activation="tanh", init=pyfc.Normal(std=1.0), seed=1)
    net.fit(X, y, epochs=400, optimizer=pyfc.Adam(lr=0.01), progress=False)
    plots.plot_decision_surface(net, X, y, title=title, resolution=200, ax=ax)
    ax.get_legend().remove()
    print(f"{title:8} {'-'.join(map(str, sizes)):10} {len(net.flat):5} parameters")
