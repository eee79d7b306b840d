"""Training layer by layer in Python, which the engine is held against: the same kernels, called one after the other."""

import itertools

import numpy as np

from pyfc.training.weights import batch_shares


def fit_by_hand(network, X, y, *, epochs=2, batch_size=32, optimizer, shuffle=True, weight=None):
    """Train a network by its layers' own methods; return the losses of all batches."""
    X, t = np.asarray(X), network.loss.targets(y, len(X), network.n_out, network.dtype)
    state, steps, losses = optimizer.new_state(network.flat.size, network.dtype), itertools.count(1), []
    batches = -(-len(X) // batch_size)
    for epoch in range(epochs):
        order = network.shuffle_rng.permutation(len(X)) if shuffle else np.arange(len(X))
        for batch in range(batches):
            chosen = order[batch * batch_size : (batch + 1) * batch_size]
            shares, _ = batch_shares(weight, chosen)
            x = np.ascontiguousarray(X[chosen], network.dtype)
            loss, _ = network.backpropagate_batch(x, t[chosen], shares)
            rate, step = optimizer.rate(epoch + batch / batches), next(steps)
            for part in network.trainable():
                optimizer.update(
                    network.flat[part], network.flat_gradient[part], [s[part] for s in state], rate, step
                )  # fmt: skip
            losses.append(loss)
    return losses


def assert_same(network, other):
    """Say that two networks have the same parameters, to the last bit, and that there are numbers in them."""
    assert np.isfinite(network.flat).all()
    np.testing.assert_array_equal(network.flat.view(np.uint8), other.flat.view(np.uint8))
