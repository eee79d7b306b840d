"""Says which part of a network something went wrong in: the component, who provides it, and its layer.

A component can be a plugin of somebody else's, so an exception out of one, a status, or a number that is not finite
comes with the name of its distribution: that is who can mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pyfc import registry
from pyfc.component import Component
from pyfc.component.base import Array
from pyfc.errors import KernelError, PluginError
from pyfc.layers import Activation, Layer
from pyfc.report import raised, worst_entry

if TYPE_CHECKING:
    from pyfc.kernels.engine import Engine
    from pyfc.network import Network


LIKELY_CAUSES = (
    "Likely causes: a learning rate that is too high, inputs that are not scaled (pixels of 0..255: put Scale(1 / 255) "
    "first), or targets of a very different size. Try a rate ten times smaller, or clip_norm=1."
)


def who(part: Layer | Component) -> str:
    """Return a layer, or a loss or optimizer, in words: ``layer 'swish_0', activation 'swish' of nice 1.2``."""
    if isinstance(part, Activation):
        return f"layer {part.name!r}, {who(part.function)}"
    if isinstance(part, Layer):
        return f"layer {part.name!r}, class {type(part).__name__} of {type(part).__module__}"
    record = registry.record_of(type(part))
    owner = f"{record.distribution} {record.version}" if record else f"module {type(part).__module__}"
    kind = next(base.__name__.lower() for base in registry.GROUPS.values() if isinstance(part, base))
    return f"{kind} {part.name!r} of {owner.removesuffix(' -')}"


def fault(part: Layer | Component, error: Exception) -> PluginError:
    """Return the error to raise where a part of a network raised one, or returned a status."""
    if isinstance(error, PluginError) and error.part:
        return error  # of a part within it
    # Not the error's own class: a plugin's may take other arguments.
    kind, text = (KernelError, str(error)) if isinstance(error, KernelError) else (PluginError, raised(error))
    found = kind(f"{who(part)} failed: {text}")
    found.part = who(part)
    return found


def at(error: PluginError, place: str) -> PluginError:
    """Return the same error with the place where it happened."""
    found = (KernelError if isinstance(error, KernelError) else PluginError)(f"{error}; {place}")
    found.part = error.part
    return found


@contextmanager
def blamed(part: Layer | Component) -> Iterator[None]:
    """Turn an exception in the ``with`` block into one that says whose fault it is, but for pyfc's own parts."""
    own = part.function if isinstance(part, Activation) else part
    try:
        yield
    except Exception as error:
        if type(own).__module__.startswith("pyfc."):
            raise
        raise fault(part, error) from error


def engine_fault(network: Network, engine: Engine, error: Exception) -> Exception:
    """Return the error to raise where an engine stopped with one: itself, if no part of the network was the cause."""
    if engine.failed < 0:
        return error
    skipped = len(network.layers) - len(engine.plan.layers)
    parts = [*network.layers[skipped:], network.loss, engine.optimizer]
    return fault(parts[engine.failed], error)


def not_finite(network: Network, x: Array, targets: Array, shares: Array) -> str:
    """Return in words where, in one batch, the first number comes from that is not finite, and what to do.

    Parameters
    ----------
    network : Network
        With the parameters that it had then; nothing is looked for if they are not finite themselves.
    x, targets, shares : ndarray
        As :meth:`Network.backpropagate_batch` takes them.

    Returns
    -------
    str
        ``""`` if nothing was found.
    """
    if not np.isfinite(network.flat).all():
        return ""
    with np.errstate(all="ignore"):
        try:
            return next(_not_finite(network, x, targets, shares), "")
        except Exception:  # what is looked for is the cause of another error, which must come out
            return ""


def _not_finite(network: Network, x: Array, targets: Array, shares: Array) -> Iterator[str]:
    caches = []
    for layer in network.layers:
        y, cache = layer.forward(x)
        yield from _found(layer, "forward", "y", np.asarray(y), {"z": x})
        caches.append(cache)
        x = y
    x = np.require(x, network.dtype, ("C", "A"))
    losses, dy = np.empty(len(x), network.dtype), np.empty_like(x)
    loss = network.loss
    loss.compute_forward(x, targets, losses)
    yield from _found(loss, "forward", "l", losses[:, None], {"y": x, "t": targets})
    loss.compute_backward(x, targets, shares.astype(network.dtype), dy)
    yield from _found(loss, "backward", "dy", dy, {"y": x, "t": targets})
    first = next(i for i, layer in enumerate(network.layers) if layer.parameters)
    for index in range(len(network.layers) - 1, first - 1, -1):
        layer = network.layers[index]
        dx, gradients = layer.backward(dy, caches[index], need_dx=index > first)
        for key, value in gradients.items():
            yield from _found(layer, "backward", f"d{key}", np.asarray(value), {})
        if dx is not None:
            yield from _found(layer, "backward", "dz", np.asarray(dx), {"dy": dy})
            dy = dx


def _found(part: Layer | Component, way: str, letter: str, result: Array, given: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence if a result has an entry that is not finite."""
    if np.isfinite(result).all():
        return
    at = worst_entry(np.where(np.isfinite(result), 0.0, 1.0))
    from_ = [f"{name} = {array[at]:.6g}" for name, array in given.items() if np.shape(array) == result.shape]
    own = type(part.function if isinstance(part, Activation) else part).__module__.startswith("pyfc.")
    yield (
        f"The first number that is not finite is of {who(part)}: its {way} gave "
        f"{letter}[{', '.join(map(str, at))}] = {result[at]}{' from ' if from_ else ''}{', '.join(from_)}. "
        f"{LIKELY_CAUSES if own else 'Hold it to pyfc.testing, and tell its author.'}"
    )
