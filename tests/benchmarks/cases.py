"""The cases of the table: networks, their data, and the ratios that are required of pyfc."""

import os
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pyfc import datasets

#: Training steps whose losses and weights have to agree before anything is timed.
CHECK_STEPS = 4


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    name : str
        Its name in the table.
    sizes : tuple of int
        Of the layers, input first.
    batch : int
        Rows of a step; of a prediction, all rows.
    steps : int
        Steps in an epoch.
    hidden, output : str
        Activations; ``"identity"`` for none.
    loss : str
        ``"cross_entropy"`` of the softmax, or ``"squared_error"``, the sum over the outputs.
    factor : float
        Of the squared error.
    dtype : str
        float32 or float64.
    lr : float
        Learning rate.
    data : str
        Where samples come from: ``"normal"``, ``"mnist"``, ``"circle"`` or ``"body"``.
    scan : int
        Epochs in one call of a library that compiles a loop of fixed length (JAX), where an epoch is one tiny step.
    predicts : bool
        A prediction of class labels instead of training.
    required : dict of int to dict
        For a number of threads: column -> the largest allowed ratio of pyfc's time to it. ``"best peer"`` is the
        fastest of the libraries, without the sum of matrix products.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int
    steps: int = 1
    hidden: str = "relu"
    output: str = "identity"
    loss: str = "cross_entropy"
    factor: float = 1.0
    dtype: str = "float32"
    lr: float = 0.01
    data: str = "normal"
    scan: int = 1
    predicts: bool = False
    required: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def activations(self) -> tuple[str, ...]:
        """One for each layer."""
        return (self.hidden,) * (len(self.sizes) - 2) + (self.output,)

    @property
    def products(self) -> list[tuple[str, str, int, int, int]]:
        """The matrix products of a step, in order: which of the operands is transposed, and (m, n, k)."""
        n = self.batch
        forward = [("N", "N", n, q, p) for p, q in pairwise(self.sizes)]
        if self.predicts:
            return forward
        backward = []
        for p, q in reversed(list(pairwise(self.sizes))):
            backward += [("T", "N", p, q, n), ("N", "T", n, p, q)]
        return forward + backward[:-1]  # nobody asks for the gradient by the input

    @property
    def flops(self) -> int:
        """Floating-point operations of the products."""
        return sum(2 * m * n * k for _, _, m, n, k in self.products)


MNIST = (784, 256, 128, 10)
SIGMOIDS = {"hidden": "sigmoid", "output": "sigmoid", "loss": "squared_error"}
TWO = {"best peer": 1.0, "pyfc, 1 thread": 1.0}


def required(**limits: float) -> dict[int, dict[str, float]]:
    """Return the ratios for one thread, by column, and those that hold for two threads in every row."""
    columns = {"gemms": "GEMM sum", "jax": "JAX", "torch": "PyTorch", "best": "best peer"}
    return {1: {columns[key]: limit for key, limit in limits.items()}, 2: TWO}


CASES = (
    Case("mnist", MNIST, 128, 200, required=required(gemms=1.05, best=0.92)),
    Case("mnist-real", MNIST, 128, 468, data="mnist", required=required(gemms=0.70)),
    Case("hello", (784, 15, 10), 10, 2000, **SIGMOIDS, factor=0.5, lr=0.1, required=required(jax=0.85, torch=1 / 12)),
    Case("small", (64, 32, 10), 32, 2000, required=required(jax=0.45, torch=1 / 30)),
    Case("wide", (784, 2048, 2048, 10), 512, 4, required=required(gemms=1.03)),
    Case(
        "circle", (2, 4, 1), 121, 1, **SIGMOIDS, dtype="float64", lr=10.0, data="circle", scan=2000,
        required=required(jax=0.5),
    ),
    Case(
        "body", (2, 2, 1), 1, 24000, **SIGMOIDS, dtype="float64", lr=0.1, data="body", required=required(jax=1.0)
    ),
    Case("predict1", MNIST, 1, 200, predicts=True, required=required(gemms=1.0, torch=1 / 4)),
    Case("predict10000", MNIST, 10000, predicts=True, required=required(gemms=1.02)),
)  # fmt: skip


def available(case: Case) -> bool:
    """Return whether the case's data is there: real images have to be on the disk."""
    return case.data != "mnist" or bool(os.environ.get("PYFC_DATA"))


def write(case: Case, folder: Path) -> None:
    """Write the samples, the targets and the first weights of a case, from which every library starts."""
    rng = np.random.default_rng(0)
    X, t = _samples(case, rng)
    np.save(folder / "X.npy", X if X.dtype == np.uint8 else X.astype(case.dtype, copy=False))
    if X.dtype == np.uint8:  # pyfc takes the bytes as they are, the peers get what they would be scaled to
        np.save(folder / "X_scaled.npy", X.astype(case.dtype) / np.dtype(case.dtype).type(255))
    np.save(folder / "t.npy", t if case.loss == "cross_entropy" else t.astype(case.dtype))
    for layer, (p, q) in enumerate(pairwise(case.sizes)):
        deviation = ((2 if case.hidden == "relu" else 1) / p) ** 0.5  # no layer makes its inputs larger or smaller
        np.save(folder / f"W{layer}.npy", (deviation * rng.standard_normal((p, q))).astype(case.dtype))
        np.save(folder / f"b{layer}.npy", (rng.standard_normal(q) * 0.1).astype(case.dtype))


def _samples(case: Case, rng: np.random.Generator) -> tuple[Any, Any]:
    count, k = case.batch * case.steps, case.sizes[-1]
    if case.data == "mnist":
        X, t = datasets.load_mnist()[0]
        return X[:count], t[:count]
    if case.data == "circle":
        X, t = datasets.make_circle()
        return X, t.reshape(-1, 1)
    if case.data == "body":
        X, t = datasets.load_body()
        return np.tile(X, (count // len(X), 1)), np.tile(t, count // len(X)).reshape(-1, 1)
    X, t = rng.standard_normal((count, case.sizes[0]), np.dtype(case.dtype)), rng.integers(0, k, count)
    return X, t if case.loss == "cross_entropy" else np.eye(k)[t]


@dataclass
class Arrays:
    """What :func:`write` wrote, in memory."""

    X: Any
    t: Any
    weights: list[tuple[Any, Any]]


def read(case: Case, folder: str, *, raw: bool = False) -> Arrays:
    """Return the arrays of a case; raw for the images as bytes."""
    at = Path(folder)
    scaled = at / "X_scaled.npy"
    X = np.load(scaled if scaled.exists() and not raw else at / "X.npy")
    layers = range(len(case.sizes) - 1)
    return Arrays(X, np.load(at / "t.npy"), [(np.load(at / f"W{i}.npy"), np.load(at / f"b{i}.npy")) for i in layers])
