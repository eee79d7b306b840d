"""Every registered component, loaded and timed. Whatever a plugin does meanwhile stays in its own row."""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from pyfc import kernels, registry
from pyfc.component import Activation, Component, Loss, Optimizer
from pyfc.crash import crash
from pyfc.errors import PluginError
from pyfc.record import Record
from pyfc.report import raised
from pyfc.trial import samples

#: The array that functions are timed on. With its result it stays in a processor's own caches; and so many columns can
#: be shared out among 2, 3, 4, 5 or 6, as activations with fewer outputs than inputs want them.
ROWS, COLS = 128, 120

#: Seconds: of one sample, which is of many calls if they are short, and of all samples of one function.
SAMPLE, ENOUGH = 2e-4, 0.05


def table() -> list[dict[str, Any]]:
    """Return a row for each registered component, as ``pyfc doctor --json`` has it.

    Returns
    -------
    list of dict
        In the order of ``pyfc plugins``.
    """
    records = registry.records()
    bearers: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.state != "disabled":
            bearers[record.group, record.name].append(record)
    rows = []
    # A plugin that prints must not spoil what this program prints.
    with redirect_stdout(sys.stderr):
        for record in records:
            others = bearers[record.group, record.name]
            clash = [other.full_name for other in others] if record in others and len(others) > 1 else []
            rows.append(_row(record) | {"clash": clash})
    return rows


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {key: getattr(record, key) for key in ("group", "name", "distribution", "version", "value")}
    row |= {"abi": None, "kind": None, "state": "ok", "error": "", "ns": {}}
    doing = "making it with its defaults"
    try:
        component = record.load()()
        row["kind"] = "compiled" if getattr(component, "compiled", False) else "NumPy"
        if component.kernel is not None:
            row["abi"] = kernels.kernel_abi(component.kernel)
        doing = "measuring it"
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            died = "" if record.builtin else crash(lambda: [call() for call in _calls(component).values()])
            if died:
                row |= {"state": "broken", "error": f"{doing} {died}"}
            else:
                row["ns"] = nanoseconds(component)
    except PluginError:
        row |= {"state": record.state, "error": record.error}  # which the record keeps
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # even sys.exit in a plugin must not disturb the rest
        row |= {"state": "broken", "error": f"{doing} raised {_text(error)}"}
    return row


def _text(error: BaseException) -> str:
    try:
        return " ".join(raised(error).split())
    except Exception:  # the __str__ of a plugin's exception is the plugin's code too
        return f"{type(error).__name__}, whose message cannot be shown"


def nanoseconds(component: Component, dtype: Any = np.float32) -> dict[str, float]:
    """Return how long each function of a component takes for one number, the call from Python included.

    Parameters
    ----------
    component : Component
        With its hyper-parameters.
    dtype : dtype, default float32
        Of the numbers.

    Returns
    -------
    dict of str to float
        ``forward`` and ``backward`` of an activation or a loss, ``update`` of an optimizer that works in batches.
    """
    return {name: per_number(call) for name, call in _calls(component, dtype).items()}


def per_number(call: Callable[[], object]) -> float:
    """Return the nanoseconds that a call takes for each of ``ROWS`` times ``COLS`` numbers.

    Parameters
    ----------
    call : callable
        Works on so many.

    Returns
    -------
    float
    """
    return _seconds(call) / (ROWS * COLS) * 1e9


def _calls(component: Component, dtype: Any = np.float32) -> dict[str, Callable[[], None]]:
    if isinstance(component, Activation):
        return _activation_calls(component, dtype)
    if isinstance(component, Loss):
        return _loss_calls(component, dtype)
    if isinstance(component, Optimizer) and not component.full_batch:
        return _optimizer_calls(component, dtype)
    return {}


def _activation_calls(act: Activation, dtype: Any) -> dict[str, Callable[[], None]]:
    draw = np.random.default_rng(0)
    z = draw.normal(size=(ROWS, COLS)).astype(dtype)
    y, dz = np.empty((ROWS, act.out_cols(COLS)), dtype), np.empty_like(z)
    dy = draw.normal(size=(ROWS, y.shape[1])).astype(dtype)
    a = np.full(act.params(COLS), act.learned.start if act.learned else 0, dtype)
    da = np.zeros_like(a)
    x, r = (z if "z" in act.needs else None), (y if "y" in act.needs else None)
    return {
        "forward": lambda: act.compute_forward(z, y, a),
        "backward": lambda: act.compute_backward(x, r, dy, dz, a, da),
    }


def _loss_calls(loss: Loss, dtype: Any) -> dict[str, Callable[[], None]]:
    y, t = samples(loss, ROWS, COLS, dtype)
    share, value, dy = np.full(ROWS, 1 / ROWS, dtype), np.empty(ROWS, dtype), np.empty_like(y)
    return {
        "forward": lambda: loss.compute_forward(y, t, value),
        "backward": lambda: loss.compute_backward(y, t, share, dy),
    }


def _optimizer_calls(optimizer: Optimizer, dtype: Any) -> dict[str, Callable[[], None]]:
    draw = np.random.default_rng(0)
    w, dw = (draw.normal(size=ROWS * COLS).astype(dtype) for _ in range(2))
    state, rate = optimizer.new_state(w.size, w.dtype), optimizer.rate(0)
    return {"update": lambda: optimizer.update(w, dw, state, rate, 2)}


def _seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes: the median of some samples, after a first one that does not count."""
    call()
    start = perf_counter()
    call()
    first = perf_counter() - start
    count = max(1, int(SAMPLE / max(first, 1e-7)))
    found = [first] if first > ENOUGH else []
    while len(found) < 7 and sum(found) * count < ENOUGH:
        start = perf_counter()
        for _ in range(count):
            call()
        found.append((perf_counter() - start) / count)
    return median(found)
