"""
Finding a learning rate
=======================

Let the rate grow from far too small to far too large within one training, and look at the loss: at first nothing
happens, then it falls, and at last it explodes. A good rate is somewhat below the place where the loss is lowest (L. N.
Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017).

:class:`~pyfc.schedules.ExponentialDecay` multiplies the rate by a factor in every epoch, and nothing says that the
factor has to be less than 1. :class:`~pyfc.StepHistory` takes the loss of every step down.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets
from pyfc.schedules import Cosine, ExponentialDecay, StepDecay, WarmUp

X, y = datasets.load_digits()
X = (X / 16).astype("float32")


def network():
    """Return the network that all of this page trains."""
    return pyfc.mlp([64, 32, 10], activation="relu", init="he_normal", seed=0)


EPOCHS, LOW, HIGH = 8, 1e-4, 10.0
rates = ExponentialDecay(LOW, factor=(HIGH / LOW) ** (1 / EPOCHS))
curve = pyfc.StepHistory(every=1)
try:
    network().fit(X, y, epochs=EPOCHS, optimizer=pyfc.SGD(lr=rates), callbacks=[curve], metrics=[], progress=False)
except ArithmeticError as error:
    print(error)  # the rate at which the numbers become infinite ends the training

losses = np.array(curve.history["loss"])
steps_in_an_epoch = -(-len(X) // 32)
lr = [rates(step / steps_in_an_epoch) for step in curve.history.at]
smooth = np.convolve(np.pad(losses, 4, mode="edge"), np.ones(9) / 9, mode="valid")

figure, ax = plt.subplots(figsize=(8, 4.6))
ax.loglog(lr, losses, color="0.75", linewidth=1, label="each step")
ax.loglog(lr, smooth, label="mean of nine steps")
best = lr[int(np.nanargmin(smooth))]
ax.axvline(best / 5, color="tab:red", linestyle="--", label=f"a fifth of where it is lowest: {best / 5:.2g}")
ax.set(title="Loss while the rate grows", xlabel="learning rate", ylabel="loss of the batch", ylim=(losses.min(), 30))
ax.legend(loc="upper left")

# %%
# A rate need not stay the same. A schedule goes where the number would be, ``pyfc.SGD(lr=Cosine(0.2, epochs=20))``:
# large steps at first, to get far, and small ones at the end, to settle.

top = round(best / 2, 2)
SCHEDULES = {
    "constant": top,
    "StepDecay": StepDecay(top, factor=0.3, every=6),
    "Cosine": Cosine(top, epochs=20),
    "WarmUp, then Cosine": WarmUp(3, then=Cosine(top, epochs=17)),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4))
time = np.linspace(0, 20, 401)
for name, schedule in SCHEDULES.items():
    left.plot(time, [schedule(t) if callable(schedule) else schedule for t in time], label=name)
    history = network().fit(X, y, epochs=20, optimizer=pyfc.SGD(lr=schedule), metrics=[], progress=False)
    right.semilogy(range(1, 21), history["loss"], label=name)
left.set(title="The rate", xlabel="epoch", ylabel="learning rate")
right.set(title="The loss", xlabel="epoch", ylabel="mean loss in the epoch", xticks=range(0, 21, 5))
left.legend()
