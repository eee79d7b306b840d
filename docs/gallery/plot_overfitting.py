"""
Learning by heart, and stopping in time
=======================================

With 100 digits to learn from, and some of them with a wrong label, a network soon knows them by heart: the loss on them
goes to 0, while the loss on digits that it has not seen turns and rises. :class:`pyfc.EarlyStopping` ends the
training when that has gone on for a while, and brings back the weights of the best epoch.
"""

import numpy as np

import pyfc
from pyfc import datasets, plots

X, y = datasets.load_digits()
X = (X / 16).astype("float32")
rng = np.random.default_rng(0)
few = rng.permutation(len(X))[:100]
rest = np.setdiff1d(np.arange(len(X)), few)
X_few, y_few = X[few], y[few].copy()
y_few[:20] = rng.integers(0, 10, 20)


def train(**settings):
    """Return a network that has learned the hundred digits, and how that went."""
    net = pyfc.mlp([64, 64, 10], activation="relu", seed=0)
    optimizer = pyfc.Adam(lr=0.01)
    data = {"validation": (X[rest], y[rest]), "batch_size": 20, "progress": False}
    return net, net.fit(X_few, y_few, epochs=120, optimizer=optimizer, **data, **settings)


by_heart, history = train()
plots.plot_history(history, title="120 epochs")

# %%
# The same training, which may stop by itself:

stopped, short = train(callbacks=[pyfc.EarlyStopping(patience=8)])
print(f"stopped after {short.epochs} epochs: {short.stop_reason}")
for name, net in {"by heart": by_heart, "stopped": stopped}.items():
    of_few, of_rest = net.evaluate(X_few, y_few), net.evaluate(X[rest], y[rest])
    print(f"{name:9} loss {of_few['loss']:.3f} on the hundred, {of_rest['loss']:.3f} on the rest")
plots.plot_history(short, title="With early stopping")
