r"""
11. Optimizers and rates
========================

**How long should a step be, and does it have to go straight downhill?**

The learning rate is the one number that has to be right. Too small, and training takes for ever; too large, and it
does not train at all. Optimizers differ in how they make a step of a slope, and in how much the rate matters.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets
from pyfc.errors import TrainingError
from pyfc.schedules import Cosine

X, y = datasets.load_digits()
X_train, X_test, y_train, y_test = datasets.train_test_split(X / 16, y, test_size=0.25, seed=0, stratify=True)
print(f"{len(X_train)} digits, 43 steps an epoch")


def train(optimizer, epochs=10, **settings):
    """Return the loss of each epoch of a 64-32-10 network; infinite ones if it does not train."""
    net = pyfc.mlp([64, 32, 10], init="he_normal", seed=0)
    settings = {"epochs": epochs, "metrics": [], "progress": False, **settings}
    try:
        return net.fit(X_train, y_train, optimizer=optimizer, **settings)["loss"]
    except TrainingError:
        return [np.inf] * epochs


# %%
# Four ways to make a step
# ------------------------
# With g the slope of a weight w, and a learning rate r:
#
# ================= ================================================================= ================================
# optimizer         step                                                              idea
# ================= ================================================================= ================================
# SGD               :math:`w \leftarrow w - r\,g`                                     downhill
# SGD with momentum :math:`v \leftarrow \mu v + g,\; w \leftarrow w - r\,v`           a ball that keeps rolling
# RMSprop           :math:`s \leftarrow \rho s + (1 - \rho) g^2,\;                    each weight has its own scale
#                   w \leftarrow w - r\,g / \sqrt{s}`
# Adam              :math:`w \leftarrow w - r\,\hat m / \sqrt{\hat v}`, with fading   both
#                   means of g and of :math:`g^2`
# ================= ================================================================= ================================
#
# (Without the tiny numbers that keep the divisors from 0: see the pages of
# :doc:`sgd </generated/components/optimizers/sgd>`, :doc:`rmsprop </generated/components/optimizers/rmsprop>` and
# :doc:`adam </generated/components/optimizers/adam>`.)
#
# Every rate from 0.00001 to 10
# -----------------------------

OPTIMIZERS = {
    "SGD": lambda lr: pyfc.SGD(lr=lr),
    "momentum 0.9": lambda lr: pyfc.SGD(lr=lr, momentum=0.9),
    "RMSprop": lambda lr: pyfc.RMSprop(lr=lr),
    "Adam": lambda lr: pyfc.Adam(lr=lr),
}
COLOURS, STYLES = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00"), ("-", "--", "-.", "-")
rates = 10.0 ** np.arange(-5, 1.25, 0.5)
fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
for (name, make), colour, style in zip(OPTIMIZERS.items(), COLOURS, STYLES, strict=True):
    ends = [min(train(make(lr))[-1], 3.0) for lr in rates]
    ax.semilogx(rates, ends, color=colour, linestyle=style, marker="o", markersize=4, label=name)
    good = rates[np.array(ends) < 0.2]
    print(f"{name:13} best rate {rates[np.argmin(ends)]:.4f}, loss {min(ends):.4f}; "
          f"below 0.2 from {good.min():.5f} to {good.max():.5f}")  # fmt: skip
ax.set(xlabel="learning rate", ylabel="loss after 10 epochs", ylim=(0, 3.2), title="The rate decides")
_ = ax.legend(frameon=False)

# %%
# Each curve is a valley with a steep wall on the right: beyond it the steps overshoot (chapter 2). Momentum needs a
# tenth of SGD's rate, because with :math:`\mu = 0.9` a steady slope adds up to ten times itself. RMSprop and Adam
# divide the slope by its own size, so their steps are about as long as the rate, whatever the loss is multiplied by.
#
# The paper of Adam suggests 0.001, which suits long trainings; here, with only 430 steps, ten times as much is better.
# So begin with that, or with SGD, momentum 0.9 and 0.01, and try three times more and three times less, until more is
# worse.
#
# Paths in a valley
# -----------------
# A long narrow valley, :math:`\tfrac{1}{2} x^2 + 50\, y^2`, and a hundred steps. ``update`` is the kernel that a
# network uses, called by hand.

fig, axes = plt.subplots(1, 4, figsize=(16, 3.6), layout="constrained", sharey=True)
xs, ys = np.meshgrid(np.linspace(-4.5, 1, 100), np.linspace(-1.2, 1.2, 80))
PATHS = (("SGD", 0.018), ("momentum 0.9", 0.01), ("RMSprop", 0.05), ("Adam", 0.2))
for ax, (name, lr) in zip(axes, PATHS, strict=True):
    optimizer, w = OPTIMIZERS[name](lr), np.array([-4.0, 1.0])
    state, path = optimizer.new_state(2, w.dtype), [w.copy()]
    for step in range(1, 101):
        optimizer.update(w, np.array([w[0], 100 * w[1]]), state, lr, step)
        path.append(w.copy())
    ax.contour(xs, ys, xs**2 / 2 + 50 * ys**2, levels=[0.2, 1, 2.5, 5, 10, 20, 40], colors="#BBBBBB")
    ax.plot(*np.transpose(path), "o-", color="#D55E00", markersize=3, lw=1)
    ax.set(title=f"{name}, rate {lr}", xlim=(-4.5, 1), ylim=(-1.2, 1.2))
    print(f"{name:13} ends at a height of {path[-1][0] ** 2 / 2 + 50 * path[-1][1] ** 2:.1e}")

# %%
# A rate that falls
# -----------------
# Large steps find the valley, small ones its bottom. A **schedule** lowers the rate on the way; a cosine has become the
# usual one (I. Loshchilov, F. Hutter, "SGDR", ICLR (2017)).

for name, lr in (("0.1", 0.1), ("0.3", 0.3), ("0.3, falling", Cosine(0.3, epochs=30))):
    net = pyfc.mlp([64, 32, 10], init="he_normal", seed=0)
    net.fit(X_train, y_train, epochs=30, optimizer=pyfc.SGD(lr=lr), progress=False, metrics=[])
    seen, unseen = net.evaluate(X_train, y_train), net.evaluate(X_test, y_test)
    print(f"SGD with rate {name:12}: training loss {seen['loss']:.4f}, test {unseen['accuracy']:.4f} right")

# %%
# Exercises
# ---------
# 1. Batches of 8, 32, 128 and all 1348: how does the loss after 10 epochs depend on it, at a rate of 0.1?
# 2. L-BFGS takes all samples at once and finds its own step length. How far does it come in 10 of its steps, and how
#    many does it need for a network as small as XOR's?
#
# Answers
# -------
# 1. Small batches make more steps of the same length in an epoch. So a batch that is larger wants a larger rate
#    (P. Goyal et al., "Accurate, Large Minibatch SGD", arXiv:1706.02677 (2017)).

for size in (8, 32, 128, 1348):
    print(f"batches of {size:4}: loss {train(pyfc.SGD(lr=0.1), batch_size=size)[-1]:.4f}")

# %%
# 2. One of its steps costs at least as much as an epoch. On small problems nothing else comes near it; see
#    :doc:`lbfgs </generated/components/optimizers/lbfgs>`.

print(
    f"L-BFGS on the digits, 10 steps: loss {train(pyfc.LBFGS())[-1]:.4f}; 40 steps: {train(pyfc.LBFGS(), 40)[-1]:.6f}"
)
corners, xor = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1, 1, 0])
net = pyfc.Network([pyfc.Dense(2, 4), "tanh", pyfc.Dense(4, 1)], loss="squared_error", dtype="float64", seed=0)
history = net.fit(corners, xor, epochs=100, optimizer=pyfc.LBFGS(), progress=False)
print(f"XOR: {sum(loss > 1e-6 for loss in history['loss'])} steps to a loss below 0.000001")
