r"""
3. Yes or no: the sigmoid and its loss
======================================

**How does a neuron learn to decide, and which loss should tell it how wrong it is?**

A line has no end: its output may be 17 or -3, and what would "17 yes" mean? The sigmoid makes a probability of it. But
with the sigmoid comes a trap, and it is the first reason why there is more than one loss.
"""

import matplotlib.pyplot as plt
import numpy as np

import pyfc

sigmoid = pyfc.get("activations", "sigmoid")()
z = np.array([-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0])
y = sigmoid.forward(z)
slope = sigmoid.backward(np.ones_like(z), y=y)  # dy = 1, so that dz is the slope itself
print("   z       y   slope  y (1 - y)")
for row in zip(z, y, slope, y * (1 - y), strict=True):
    print("{:4.0f}  {:.4f}  {:.4f}     {:.4f}".format(*row))

# %%
# The slope is :math:`y (1 - y)`: largest in the middle, 1/4, and next to nothing at both ends. That the slope can be
# had from y alone is a gift to whoever programs it; see steps (4) to (6) of
# :doc:`its derivation </generated/components/activations/sigmoid>`.
#
# The trap
# --------
# A neuron says y = 0.0025, "surely no", and the truth is t = 1. It could not be more wrong, and should learn fast. With
# the squared error :math:`(y - t)^2`, by the chain rule (next chapter), the slope of the loss by z is
#
# .. math:: dz = 2\,(y - t) \cdot y\,(1 - y) .
#    :label: sigmoid-squared
#
# The second factor says: at the flat end of the sigmoid, nothing that happens to z matters. So the neuron that is most
# wrong learns least. The **cross-entropy** takes the logarithm of the probability that was given to the truth,
#
# .. math:: l = -\bigl(t \log y + (1 - t) \log(1 - y)\bigr) ,
#    :label: cross-entropy
#
# which goes to infinity as that probability goes to 0; and its slope by y has :math:`y (1 - y)` in its denominator,
# which cancels the other one:
#
# .. math:: dz = y - t .
#    :label: sigmoid-cross-entropy

squared = pyfc.Network([pyfc.Dense(1, 1), "sigmoid"], loss="squared_error", dtype="float64")
entropy = pyfc.Network([pyfc.Dense(1, 1)], loss="binary_cross_entropy", dtype="float64")  # the sigmoid is in the loss
for name, net, last in (("squared error", squared, "sigmoid_0.dz"), ("cross-entropy", entropy, "loss.dy")):
    net.parameters["dense_0.W"][:] = -6
    step = net.trace([[1.0]], [[1.0]])
    print(f"{name}: loss {step.loss:.4f}, dz = {step[last][0, 0]:.4f}")

# %%
# The answer of 0.0025 costs one neuron a push of -0.005, and the other one a push of -0.998: two hundred times as much.
# :doc:`binary_cross_entropy </generated/components/losses/binary_cross_entropy>` derives the cancelling, and computes
# both together so that no logarithm of 0 is ever taken. That is why the second network ends without a sigmoid:
# the loss has it inside. Its input, z, is called a **logit**.
#
# Learning from a bad start
# -------------------------
# Ten points of two kinds on a line; both neurons begin sure of the opposite.

X = np.array([-2.0, -1.6, -1.2, -0.9, -0.5, 0.4, 0.8, 1.1, 1.5, 2.0])[:, None]
t = (X[:, 0] > 0).astype(float)
curves = {}
for name, net in (("squared error", squared), ("cross-entropy", entropy)):
    net.parameters["dense_0.W"][:] = -6
    right = []
    for _ in range(200):
        net.fit(X, t, epochs=1, batch_size=10, optimizer=pyfc.SGD(lr=1.0), progress=False)
        y = sigmoid.forward(net.forward(X)) if net is entropy else net.forward(X)
        right.append(float(np.mean(np.abs(y[:, 0] - t))))
    curves[name] = right
    print(f"{name}: mean distance from the truth {right[0]:.3f} after 1 step, {right[9]:.3f} after 10, {right[-1]:.3f}")

# %%
# In the figure: the two losses of one sample with t = 1, what each passes back to z, and what comes of it.

z = np.linspace(-8, 8, 400)
y = sigmoid.forward(z)
fig, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
axes[0].plot(z, (y - 1) ** 2, color="#0072B2", label="squared error")
axes[0].plot(z, -np.log(y), "--", color="#D55E00", label="cross-entropy")
axes[0].set(xlabel="z", title="Loss, where t = 1", ylim=(0, 8))
axes[1].plot(z, 2 * (y - 1) * y * (1 - y), color="#0072B2")
axes[1].plot(z, y - 1, "--", color="#D55E00")
axes[1].set(xlabel="z", title="dz, the push on z")
for (name, curve), style in zip(curves.items(), ("-", "--"), strict=True):
    axes[2].plot(range(1, 201), curve, style, color="#0072B2" if style == "-" else "#D55E00", label=name)
axes[2].set(xlabel="step", title="Mean distance from the truth", ylim=(0, 1.02))
_ = axes[0].legend(frameon=False)

# %%
# Exercises
# ---------
# 1. For t = 1, at which y is the push of the squared error strongest? Guess first, then use :eq:`sigmoid-squared`.
# 2. The cross-entropy of a neuron that always says 1/2 is 0.6931, whatever the truth. Why that number?
#
# Answers
# -------
# 1. Not at y = 0, where it is most wrong, but at y = 1/3, where :math:`y (1 - y)^2` is largest: its derivative
#    :math:`(1 - y)(1 - 3y)` is 0 there.

y = np.linspace(0, 1, 100001)
print(f"strongest at y = {y[np.argmax((1 - y) * y * (1 - y))]:.4f}")

# %%
# 2. It is log 2, the natural logarithm of 1 / (1/2). A loss above it, for two classes that are equally frequent, is
#    worse than tossing a coin. For ten classes the number to beat is log 10:

print(f"log 2 = {np.log(2):.4f}, log 10 = {np.log(10):.4f}")
