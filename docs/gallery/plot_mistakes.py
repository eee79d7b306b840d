"""
Which digits are taken for which
================================

A network has learned four fifths of the 8 x 8 digits and is asked for the rest. The matrix counts each true digit (row)
and what it was taken for (column); everything off the diagonal is a mistake.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

X, y = datasets.load_digits()
X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test_size=0.2, seed=0, stratify=True)
net = pyfc.Network([pyfc.Scale(1 / 16), pyfc.Dense(64, 24), "relu", pyfc.Dense(24, 10)], "softmax_cross_entropy")
net.fit(X_train, y_train, epochs=30, progress=False)

plots.plot_confusion_matrix(y_test, net.predict(X_test))

# %%
# The ten worst: those whose true digit got the lowest probability. Some of them are hard for us as well.

probabilities = net.predict_proba(X_test)
of_the_truth = probabilities[np.arange(len(y_test)), y_test]
worst = np.argsort(of_the_truth)[:10]

# sphinx_gallery_thumbnail_number = 2
figure, axes = plt.subplots(2, 5, figsize=(9, 4.4))
for ax, i in zip(axes.flat, worst, strict=True):
    ax.imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    taken = probabilities[i].argmax()
    ax.set_title(f"{y_test[i]}: {of_the_truth[i]:.1%}\n{taken}: {probabilities[i, taken]:.1%}", fontsize=11)
    ax.set_axis_off()
