"""Checkpoints: training that was killed goes on as if nothing had happened, bit by bit.

A file is written before the first epoch and after each one: parameters, optimizer, random numbers, history and what the
callbacks ask to be kept. It also says what was trained on what, so that a checkpoint is never taken for another's.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyfc.atomic import check_target
from pyfc.component.base import Array
from pyfc.container import AGAIN, opened, write
from pyfc.data import issparse
from pyfc.description import describe
from pyfc.errors import ModelFileError
from pyfc.files import BROKEN, network_content, restore_random
from pyfc.training.callbacks import Callback
from pyfc.training.run import Run

#: So many rows of the data are looked at, evenly spaced, to tell them from others.
SAMPLE = 1024


class Checkpoint(Callback):
    """Writes checkpoints, and goes on from one. :func:`pyfc.training.fit` hangs it in, as the last of the callbacks.

    Parameters
    ----------
    path : path
        Of the file.
    run : Run
        The run that is about to begin; not changed before :meth:`on_train_begin`.
    callbacks : sequence of Callback
        The others, whose state is kept too.
    settings : mapping
        Arguments of ``fit`` that must be the same after a break, as plain data.
    data : mapping of str to ndarray or None
        What is trained and measured on; a fingerprint is kept.
    resume : bool
        Whether to go on from the file if there is one.

    Raises
    ------
    ValueError
        If the checkpoint is of another training, or of more epochs; the message says what differs.
    ModelFileError
        If the file is damaged, or no checkpoint.
    OSError
        If the file cannot be read, or it is plain already that it cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        run: Run,
        callbacks: Sequence[Callback],
        settings: Mapping[str, Any],
        data: Mapping[str, Array | None],
        *,
        resume: bool,
    ) -> None:
        self.path, self.callbacks = os.fsdecode(path), list(callbacks)
        #: What must be the same after a break, beside the network.
        self.recipe: dict[str, Any] = {
            "optimizer": describe(run.optimizer),
            "settings": dict(settings),
            "data": {name: None if array is None else fingerprint(array) for name, array in data.items()},
            "callbacks": [type(callback).__qualname__ for callback in self.callbacks],
        }
        self._failure: OSError | None = None
        self._began = 0.0
        check_target(path)
        self._found = self._read(run) if resume and Path(self.path).exists() else None

    def _read(self, run: Run) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return what the file holds, if it is of this training."""
        with opened(self.path) as stored:
            if stored.kind != "checkpoint":
                raise stored.error("it is a network, not a checkpoint: give checkpoint= another path, or pyfc.load it")
            try:
                found = {"network": stored.content["network"], **stored.content["training"]["recipe"]}
                done = int(stored.content["training"]["epoch"])
            except BROKEN as error:
                raise stored.error(f"its description is of no training ({error!r}); {AGAIN}") from error
            now = json.loads(json.dumps({"network": network_content(run.network)["network"], **self.recipe}))
            different = list(differences(found, now))
            if different:
                raise ValueError(
                    f"{self.path} is the checkpoint of another training: {'; '.join(different[:3])}. "
                    "Give the same network, data and settings, or another path, or begin anew with resume=False"
                )
            if done > run.epochs:
                raise ValueError(f"{self.path} has {done} epochs already: expected epochs >= {done}, not {run.epochs}")
            stored.expect({name: (value.dtype, value.shape) for name, value in run.network.parameters.items()})
            return stored.content, stored.read()

    def on_train_begin(self, run: Run) -> None:
        """Go on from the file, or write the first one."""
        self._began = time.perf_counter()
        if self._found is None:
            self._write(run, 0)
            return
        try:
            self._restore(run, *self._found)
        except BROKEN as error:
            raise ModelFileError(f"{self.path}: its description is of no training ({error!r}); {AGAIN}") from error
        self._found = None

    def on_epoch_end(self, run: Run) -> None:
        """Write the file; if that fails, end training."""
        try:
            self._write(run, run.epoch + 1)
        except OSError as error:
            self._failure = error
            run.stop("the checkpoint could not be written")

    def on_train_end(self, run: Run) -> None:
        """Say that a file could not be written, now that the network and its history are complete."""
        if self._failure is not None:
            run.history.stop_reason = run.stop_reason
            raise OSError(
                self._failure.errno,
                f"{self._failure.strerror}. Training ended with epoch {run.history.epochs}; the network has its "
                "weights and history up to there. With resume=True, fit goes on from the checkpoint before it",
                self.path,
            ) from self._failure

    def _write(self, run: Run, done: int) -> None:
        arrays = dict(run.network.parameters)
        arrays |= {f".optimizer.{index}": array for index, array in enumerate(run.state)}
        arrays |= {f".history.{name}": np.array(values, np.float64) for name, values in run.history.items()}
        kept: list[dict[str, Any]] = []
        for index, callback in enumerate(self.callbacks):
            state = {key: v.item() if isinstance(v, np.generic) else v for key, v in callback.state().items()}
            kept.append({key: value for key, value in state.items() if not isinstance(value, np.ndarray)})
            arrays |= {f".callback.{index}.{key}": v for key, v in state.items() if isinstance(v, np.ndarray)}
        training = {
            "recipe": self.recipe,
            "epoch": done,
            "steps": run.steps,
            "lr": run.lr,
            "loss": run.loss,
            "stop_reason": "" if run.stop_reason == "interrupted" else run.stop_reason,
            "metrics": list(run.history),
            "samples": run.history.samples,
            "seconds": run.history.seconds + time.perf_counter() - self._began,
            "callbacks": kept,
        }
        write(self.path, "checkpoint", {**network_content(run.network), "training": training}, arrays)

    def _restore(self, run: Run, content: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        network, training = run.network, content["training"]
        history = {name: arrays[f".history.{name}"].tolist() for name in training["metrics"]}
        rows = list(zip(*history.values(), strict=True))
        state = [arrays[f".optimizer.{index}"] for index in range(len(run.state))]
        if len(rows) != training["epoch"] or any(
            (a.shape, a.dtype) != (b.shape, b.dtype) for a, b in zip(state, run.state, strict=True)
        ):
            raise ValueError("its history or optimizer state has the wrong length")
        restore_random(network, content["random"])
        for name, value in network.parameters.items():
            value[...] = arrays[name]
        run.state = state
        run.epoch, run.steps, run.lr, run.loss = (training[key] for key in ("epoch", "steps", "lr", "loss"))
        run.stop_reason = training["stop_reason"] or run.stop_reason
        for row in rows:
            run.logs = dict(zip(history, row, strict=True))
            run.history.append(run.logs)
        run.history.samples, run.history.seconds = training["samples"], training["seconds"]
        for index, (callback, plain) in enumerate(zip(self.callbacks, training["callbacks"], strict=True)):
            prefix = f".callback.{index}."
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            callback.load_state({**plain, **own})


def fingerprint(array: Array) -> dict[str, Any]:
    """Return shape, dtype, and a checksum over some of the rows, which tell data apart at little cost."""
    rows = np.linspace(0, array.shape[0] - 1, min(array.shape[0], SAMPLE)).astype(np.intp)
    some: Any = array[rows]
    parts = (some.indptr, some.indices, some.data) if issparse(some) else (np.ascontiguousarray(some),)
    digest = hashlib.sha256(b"".join(part.tobytes() for part in parts))
    return {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": digest.hexdigest()[:16]}


def differences(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """Return in words where two descriptions differ; versions of distributions may."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in {**before, **now}:
            if key != "version":
                yield from differences(before.get(key), now.get(key), f"{where}.{key}" if where else key)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from differences(old, new, f"{where}[{index}]")
    elif before != now:
        yield f"{where} was {before!r} and is {now!r}"
