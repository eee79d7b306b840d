"""
An activation of your own from a formula
========================================

:func:`pyfc.activation_from_formula` takes an activation as text. SymPy derives the way back, a C compiler makes a
kernel of both, and the result is a component like any other: it has a derivation, can be checked, registered, trained
and saved.

This is Swish (P. Ramachandran et al., "Searching for Activation Functions", 2017), which goes from half of the identity
to ReLU as beta grows.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc
from pyfc import datasets, plots

Swish = pyfc.activation_from_formula("swish", "z / (1 + exp(-beta*z))", beta=1.0)
for step in Swish.derivation:
    print(f"{step.equation:60} {step.reason}")

# %%
# The function and its derivative, for several beta:

z = np.linspace(-5, 5, 501)[:, None]
figure, axes = plt.subplots(1, 2, figsize=(9.5, 4))
for beta in (0.0, 0.5, 1.0, 2.0, 8.0):
    swish = Swish(beta=beta)
    y = swish.forward(z)
    axes[0].plot(z, y, label=f"beta = {beta:g}")
    axes[1].plot(z, swish.backward(np.ones_like(y), z=z, y=y), label=f"beta = {beta:g}")
axes[0].set(title="Swish", xlabel="z", ylabel="y")
axes[1].set(title="its derivative", xlabel="z", ylabel="dy/dz")
axes[0].legend()

# %%
# It is used as any other activation:

X, y = datasets.make_moons(300, noise=0.15, seed=0)
net = pyfc.mlp([2, 16, 2], activation=Swish(beta=1.5), seed=0)
print(net.check_gradients(X[:20], y[:20]).ok)
net.fit(X, y, epochs=100, optimizer=pyfc.Adam(lr=0.02), progress=False)
plots.plot_decision_surface(net, X, y, title="Moons, with swish", resolution=200)
