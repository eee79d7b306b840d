"""D: two hidden neurons and one output in nine scalars, with every partial derivative written out.

h1 = s(w1 x1 + w2 x2 + b1), h2 = s(w3 x1 + w4 x2 + b2), o = s(w5 h1 + w6 h2 + b3); the loss of a sample is (t - o)**2.
"""

import math

NAMES = ("w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3")


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), for a float."""
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


def forward(p, x1, x2):
    """Return (h1, h2, o) for the nine parameters p by name."""
    h1 = sigmoid(p["w1"] * x1 + p["w2"] * x2 + p["b1"])
    h2 = sigmoid(p["w3"] * x1 + p["w4"] * x2 + p["b2"])
    return h1, h2, sigmoid(p["w5"] * h1 + p["w6"] * h2 + p["b3"])


def partials(p, x1, x2, t):
    """Return the nine partial derivatives of (t - o)**2, by name."""
    h1, h2, o = forward(p, x1, x2)
    dL_do = -2 * (t - o)
    ds3, ds1, ds2 = o * (1 - o), h1 * (1 - h1), h2 * (1 - h2)
    return {
        "w1": dL_do * ds3 * p["w5"] * ds1 * x1,
        "w2": dL_do * ds3 * p["w5"] * ds1 * x2,
        "b1": dL_do * ds3 * p["w5"] * ds1,
        "w3": dL_do * ds3 * p["w6"] * ds2 * x1,
        "w4": dL_do * ds3 * p["w6"] * ds2 * x2,
        "b2": dL_do * ds3 * p["w6"] * ds2,
        "w5": dL_do * ds3 * h1,
        "w6": dL_do * ds3 * h2,
        "b3": dL_do * ds3,
    }


def train(p, samples, epochs, rate):
    """Make one step after each sample, in order, and return the mean loss after each epoch."""
    p, losses = dict(p), []
    for _ in range(epochs):
        for (x1, x2), t in samples:
            gradient = partials(p, x1, x2, t)
            for name in NAMES:
                p[name] -= rate * gradient[name]
        losses.append(sum((t - forward(p, *x)[2]) ** 2 for x, t in samples) / len(samples))
    return p, losses
