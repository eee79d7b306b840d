"""What the demo trains on and how: data divided into parts, a network, and settings that were chosen by validation.

Each recipe was chosen by its accuracy on held-out samples of the training set; the test set was looked at only then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

import pyfc
from pyfc import datasets
from pyfc.component import Optimizer
from pyfc.layers import Layer
from pyfc.network import Network
from pyfc.schedules import Cosine

Samples = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Split = tuple[Samples, Labels]


@dataclass(frozen=True)
class Problem:
    """A training from data to settings.

    Attributes
    ----------
    name : str
        Of the model file.
    told : str
        What the samples are.
    train, validation, test : tuple of (X, y)
        Validation may be None.
    network : callable
        From a seed to the untrained network.
    optimizer : callable
        From a number of epochs to the optimizer.
    recipe : str
        The settings in words.
    epochs, batch_size : int
        As in ``fit``.
    """

    name: str
    told: str
    train: Split
    validation: Split | None
    test: Split
    network: Callable[[int], Network]
    optimizer: Callable[[int], Optimizer]
    recipe: str
    epochs: int
    batch_size: int


def digits() -> Problem:
    """Return the digits that come with pyfc, always divided in the same way."""
    X, y = datasets.load_digits()
    X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test_size=0.2, seed=0, stratify=True)
    train, validation = _hold_out(X_train, y_train, 144)

    def network(seed: int) -> Network:
        layers: list[Layer | str] = [
            pyfc.Scale(1 / 16),
            pyfc.Dropout(0.1),
            # From nearly 0, so that the picture of these weights shows what was learned, and not where it began.
            pyfc.Dense(64, 256, init=pyfc.Normal(std=0.01)),
            "relu",
            pyfc.Dropout(0.3),
            pyfc.Dense(256, 128, init="he_normal"),
            "relu",
            pyfc.Dropout(0.3),
            pyfc.Dense(128, 10),
        ]
        return Network(layers, pyfc.SoftmaxCrossEntropy(smoothing=0.1), seed=seed)

    return Problem(
        name="digits",
        told="digits of 8 x 8 pixels",
        train=train,
        validation=validation,
        test=(X_test, y_test),
        network=network,
        optimizer=lambda epochs: pyfc.AdamW(lr=Cosine(3e-3, epochs=epochs), weight_decay=0.1),
        recipe="AdamW, a cosine from 0.003; weight decay, dropout, label smoothing",
        epochs=100,
        batch_size=32,
    )


def mnist(folder: Path, recipe: str) -> Problem:
    """Return MNIST for 784-256-128-10, with the recipe ``"default"`` or ``"article"``."""
    train, test = datasets.load_mnist(folder)
    return _article(train, test) if recipe == "article" else _default(train, test)


def _default(train: Split, test: Split) -> Problem:
    smaller, validation = _hold_out(*train, 5000)

    def network(seed: int) -> Network:
        layers: list[Layer | str] = [
            pyfc.Scale(1 / 255),
            pyfc.Dropout(0.1),
            pyfc.Dense(784, 256, init="he_normal"),
            "relu",
            pyfc.Dropout(0.2),
            pyfc.Dense(256, 128, init="he_normal"),
            "relu",
            pyfc.Dropout(0.2),
            pyfc.Dense(128, 10),
        ]
        return Network(layers, "softmax_cross_entropy", seed=seed)

    return Problem(
        name="mnist",
        told="digits of 28 x 28 pixels",
        train=smaller,
        validation=validation,
        test=test,
        network=network,
        optimizer=lambda epochs: pyfc.AdamW(lr=Cosine(2e-3, epochs=epochs), weight_decay=0.01),
        recipe="AdamW, a cosine from 0.002; weight decay, dropout",
        epochs=15,
        batch_size=128,
    )


def _article(train: Split, test: Split) -> Problem:
    # The tutorial divides by 225 where 255 was meant, and trains on everything: as it is, so that the two compare.
    def network(seed: int) -> Network:
        init = pyfc.VarianceScaling(scale=2.0, mode="fan_out")  # its "Xavier": randn / sqrt(n_out / 2)
        sizes = (784, 256, 128, 10)
        layers: list[Layer | str] = [pyfc.Scale(1 / 225)]
        for n_in, n_out in pairwise(sizes):
            layers += [pyfc.Dense(n_in, n_out, init=init), "relu"]
        return Network(layers[:-1], "softmax_cross_entropy", seed=seed)

    return Problem(
        name="mnist",
        told="digits of 28 x 28 pixels",
        train=train,
        validation=None,
        test=test,
        network=network,
        optimizer=lambda _: pyfc.SGD(lr=0.01),
        recipe="of the article: SGD, rate 0.01; pixels divided by 225",
        epochs=5,
        batch_size=128,
    )


def _hold_out(X: Samples, y: Labels, count: int) -> tuple[Split, Split]:
    """Return the training set without some of its samples, and those, in equal shares of each class."""
    X_train, X_held, y_train, y_held = datasets.train_test_split(X, y, test_size=count, seed=0, stratify=True)
    return (X_train, y_train), (X_held, y_held)
