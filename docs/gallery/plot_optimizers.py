"""
The optimizers' learning curves
===============================

The same network with the same first weights learns the 8 x 8 digits, once with each optimizer of the registry. A rate
that is good for one is bad for another, so each gets the best of six: the one with the lowest loss at the end.

L-BFGS has no rate: it searches along a line for the length of each step. It looks at all samples before it makes one,
so that an epoch is one step; the others make 45.
"""

import matplotlib.pyplot as plt

import pyfc
from pyfc import datasets

X, y = datasets.load_digits()
X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test_size=0.2, seed=0, stratify=True)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def learn(optimizer):
    """Return the history of a training that begins at the same place each time."""
    net = pyfc.Network([pyfc.Scale(1 / 16), pyfc.Dense(64, 32), "tanh", pyfc.Dense(32, 10)], "softmax_cross_entropy")
    return net.fit(X_train, y_train, epochs=20, batch_size=32, optimizer=optimizer, metrics=[], progress=False)


figure, ax = plt.subplots(figsize=(8, 5))
for name in pyfc.available("optimizers"):
    Optimizer = pyfc.get("optimizers", name)
    tried = {}
    for lr in RATES if not Optimizer.full_batch else [None]:
        try:
            tried[lr] = learn(Optimizer(lr=lr) if lr else Optimizer())["loss"]
        except ArithmeticError as error:
            print(f"{name}, lr = {lr}: {str(error).splitlines()[0]}")
    best = min(tried, key=lambda lr: tried[lr][-1])
    ax.semilogy(range(1, 21), tried[best], label=f"{name}, lr = {best}" if best else name)
    print(f"{name:8} loss after 20 epochs {tried[best][-1]:.4f}")

ax.set(title="Learning curves on the digits", xlabel="epoch", ylabel="mean loss in the epoch", xticks=range(0, 21, 5))
ax.legend()
