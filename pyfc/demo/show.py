"""Trains what a recipe describes, tells about it in plain lines, and writes the model and the pictures."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import pyfc
from pyfc import datasets
from pyfc.atomic import check_target, explained, write_atomically
from pyfc.demo.recipes import Problem
from pyfc.layers import Dense
from pyfc.network import Network
from pyfc.schedules import Cosine
from pyfc.training.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = {
    "learning_curves.png": "loss and accuracy, epoch by epoch",
    "confusion_matrix.png": "which test digits were taken for which",
    "weights.png": "what units of the first layer look for",
    "two_spirals.png": "what a small network says of every point in the plane",
}
#: How many lines tell of the epochs where there is no terminal to show a bar.
LINES = 10


def check_folder(out: Path) -> Path:
    """Make the folder for the files if it is not there, and return it, or raise OSError before any work is done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error, "cannot make the folder for the files (--out)", out) from error
    for name in (*PICTURES, "digits.safetensors", "mnist.safetensors"):
        check_target(out / name)
    return out


def show(problem: Problem, out: Path, epochs: int | None, seed: int, *, progress: bool) -> bool:
    """Train, tell and write.

    Parameters
    ----------
    problem : Problem
        Data and settings.
    out : Path
        A folder that files can be written to.
    epochs : int or None
        In place of the recipe's.
    seed : int
        Of the network.
    progress : bool
        Whether to show how training goes on: a bar in a terminal, else some lines.

    Returns
    -------
    bool
        Whether it came to its end; False after Ctrl-C.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    began = time.perf_counter()
    epochs = problem.epochs if epochs is None else epochs
    network = problem.network(seed)
    with_pictures = find_spec("matplotlib") is not None
    _introduce(problem, network, epochs, seed)
    if not with_pictures:
        _tell("pictures", 'none, because they need matplotlib: run `pip install "pyfc[plot]"`')
    bar = progress and sys.stderr.isatty()
    history = network.fit(
        *problem.train,
        epochs=epochs,
        batch_size=problem.batch_size,
        optimizer=problem.optimizer(epochs),
        validation=problem.validation,
        callbacks=[_tell_epoch] if progress and not bar else [],
        progress=bar,
    )
    if history.stop_reason == "interrupted":
        _tell("", "Interrupted. No files were written.")
        return False
    X, y = problem.test
    predicted = network.predict(X)
    right = int((predicted == y).sum())
    _tell("trained", f"in {history.seconds:.1f} s: {history.samples_per_second:,.0f} samples per second")
    _tell("result", f"{right / len(y):.2%} of the {len(y):,} test digits are right; {len(y) - right} are wrong")

    files = {f"{problem.name}.safetensors": f'the network: pyfc.load("{out / problem.name}.safetensors")'}
    network.save(out / f"{problem.name}.safetensors")
    if with_pictures:
        _write_pictures(out, network, history, y, predicted, seed)
        files |= PICTURES
    _tell("files", f"in {out}/")
    for name, what in files.items():
        print(f"  {name:<22}{what}")
    _tell("all this", f"took {time.perf_counter() - began:.1f} s")
    return True


def _tell(what: str, text: str) -> None:
    # Flushed, so that the lines stand in their order among what the progress bar writes to stderr.
    print(f"{what:<10}{text}" if what else text, flush=True)


def _introduce(problem: Problem, network: Network, epochs: int, seed: int) -> None:
    parts = {"to train": problem.train, "to validate": problem.validation, "to test": problem.test}
    counts = ", ".join(f"{len(part[1]):,} {use}" for use, part in parts.items() if part is not None)
    _tell("data", f"{problem.told}: {counts}")
    _tell("network", f"{_sizes(network)}, relu, {network.flat.size:,} parameters in {network.dtype}")
    _tell("recipe", problem.recipe)
    _tell("training", f"{epochs} epochs in batches of {problem.batch_size}; seed {seed}")


def _sizes(network: Network) -> str:
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    return "-".join(str(size) for size in [network.n_in, *(layer.n_out for layer in dense)])


def _tell_epoch(run: Run) -> None:
    """Print a line after some of the epochs."""
    if (run.epoch + 1) % max(1, run.epochs // LINES) == 0 or run.epoch + 1 == run.epochs:
        told = ", ".join(
            f"{name.replace('val_', 'validation ')} {run.logs[name]:.4f}"
            for name in ("loss", "accuracy", "val_accuracy")
            if name in run.logs
        )
        print(f"  epoch {run.epoch + 1:>3} of {run.epochs}: {told}", flush=True)


def _write_pictures(
    out: Path,
    network: Network,
    history: Mapping[str, list[float]],
    y: np.ndarray,
    predicted: np.ndarray,
    seed: int,
) -> None:
    from pyfc.plots import plot_confusion_matrix, plot_history, plot_weights

    names = [str(digit) for digit in range(10)]
    _write_picture(out / "learning_curves.png", plot_history(history))
    _write_picture(out / "confusion_matrix.png", plot_confusion_matrix(y, predicted, class_names=names))
    _write_picture(out / "weights.png", plot_weights(network))
    _write_picture(out / "two_spirals.png", _spirals(seed))


def _write_picture(path: Path, figure: Figure) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_atomically(path, buffer.getvalue())


def _spirals(seed: int) -> Figure:
    """Train a small network on two spirals and draw what it says."""
    from pyfc.plots import plot_decision_surface

    X, y = datasets.make_spirals(400, seed=0)
    network = Network(
        [
            pyfc.Scale(3.0),
            pyfc.Dense(2, 32, init="he_normal"),
            "tanh",
            pyfc.Dense(32, 32, init="he_normal"),
            "tanh",
            pyfc.Dense(32, 2),
        ],
        "softmax_cross_entropy",
        seed=seed,
    )
    history = network.fit(X, y, epochs=150, optimizer=pyfc.Adam(lr=Cosine(0.02, epochs=150)), progress=False)
    right = history["accuracy"][-1]
    _tell("spirals", f"{_sizes(network)}, tanh: {right:.1%} of 400 points right after {history.seconds:.1f} s")
    return plot_decision_surface(network, X, y, title="Two spirals")
