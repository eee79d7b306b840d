"""Compares a network's gradients with finite differences: the test that finds a wrong backward pass, and says where.

First each function alone, each layer and the loss, at what it really gets in the forward pass: a wrong backward is
found in the function that has it, though it makes the gradients of all earlier layers wrong too, and though a later one
may cancel it. Then the loss of the network as a whole by each parameter, which finds what the parts do not show: a
gradient that goes astray between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyfc.component.base import Array
from pyfc.data import float_rows
from pyfc.differences import Differences, random_dy
from pyfc.layers import Layer
from pyfc.quotient import ROUNDING, Function
from pyfc.report import Report, worst_entry

if TYPE_CHECKING:
    from pyfc.network import Network

GradientReport = Report


def check_gradients(
    network: Network,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    entries: int = 50,
    step: float = 1e-6,
    tolerance: float = 1e-5,
) -> GradientReport:
    """Compare each backward alone, then the gradient of the loss by every parameter, with finite differences.

    The network itself is not changed: a copy in float64 is used, with dropout off.

    Parameters
    ----------
    network : Network
        What to check.
    X : array_like, shape (n, n_in)
        A few samples.
    y : array_like
        Their targets.
    entries : int, default 50
        At most so many entries of each gradient are checked, chosen by a fixed stream of random numbers.
    step : float, default 1e-6
        h, relative to the size of the entry where that is above 1.
    tolerance : float, default 1e-5
        Largest difference allowed, relative to the larger of the two and to the mean entry of that gradient. Two more
        things are allowed, and the line says of how many entries: on a kink any number between the slopes of its two
        sides, and where rounding hides the slope, with as large an h as is right, what it hides ("known to ... only").

    Returns
    -------
    Report
        One line for each gradient, with the worst entry: its index, its value, the gradient, and the difference
        quotient. ``tanh_0.backward, dx`` is a layer alone: its backward, given some dy, against the differences of
        ``sum(dy * forward(x))`` by its input x (``dW`` by its parameter W). ``squared_error.gradient, dy`` is the loss
        alone, by the network's output y. ``dense_0.W (3, 4), whole network`` is the loss of the network, penalties
        included, by a parameter. An exception, a wrong shape or a NaN is a failed line of the function that it came
        from; what cannot be checked without that function is left out, as a failed line says.

    Raises
    ------
    ValueError
        If ``entries`` is no positive int, ``step`` is not positive, or X and y are not such as the network takes.

    Notes
    -----
    Each function is held against its own differences, so some mistakes are not seen: one in float32 only (a copy in
    float64 is checked), a loss that ignores sample weights (:func:`pyfc.testing.check_loss` sees both, and
    :func:`pyfc.testing.check_activation` the first), and a forward pass that is not what was meant. On a kink a wrong
    slope passes that lies between those of the two sides; data that are on no kink see it.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> net = pyfc.mlp([3, 4, 2], activation="tanh", seed=1)
    >>> print(net.check_gradients(np.eye(3), np.array([0, 1, 1]), entries=2))  # doctest: +ELLIPSIS
    Network([Dense(3, 4), 'tanh', Dense(4, 2)], ...): 12 checks, 0 failed
      ok    dense_0.backward, dx: worst of 2 at ..., x = ...: gradient ..., difference ...
      ok    dense_0.backward, dW: worst of 2 at ..., W = ...: gradient ..., difference ...
      ok    dense_0.backward, db: worst of 2 at ..., b = ...: gradient ..., difference ...
      ok    tanh_0.backward, dx: worst of 2 at ..., x = ...: gradient ..., difference ...
      ...
      ok    softmax_cross_entropy.gradient, dy: worst of 2 at ..., y = ...: gradient ..., difference ...
      ok    dense_0.W (3, 4), whole network: worst of 2 at ..., W = ...: gradient ..., difference ...
      ...
    """
    if isinstance(entries, bool) or not isinstance(entries, (int, np.integer)) or entries < 1:
        raise ValueError(f"entries is {entries!r}: expected an int >= 1")
    if not step > 0:
        raise ValueError(f"step is {step!r}: expected a number > 0")
    twin = network.copy(np.float64)
    samples, targets = (array.copy() for array in twin.check_data(X, y))  # whatever a function does to what it is given
    differences = Differences(Report(repr(network)), entries, step, tolerance)
    broken = _check_functions(differences, twin, float_rows(samples, slice(None), twin.dtype), targets)
    if broken:
        detail = f"not checked as a whole, because {broken} does not work"
        differences.report.add("whole network", False, detail)
    else:
        _check_whole(differences, twin, samples, targets)
    return differences.report


def _check_functions(differences: Differences, network: Network, x: Array, targets: Array) -> str:
    """Check each layer and the loss alone, and return the first function without which no step can be made, or ""."""
    broken = ""
    for index, layer in enumerate(network.layers):
        y, problem = _check_layer(differences, layer, x, network.sizes[index + 1])
        broken = broken or problem
        if y is None:
            later = [*(other.name or "" for other in network.layers[index + 1 :]), network.loss.name]
            differences.report.add(", ".join(later), False, f"not checked: no input, because {problem} does not work")
            return broken
        x = y
    problem = _check_loss(differences, network, x, targets)
    return broken or problem


def _check_layer(differences: Differences, layer: Layer, x: Array, n_out: int) -> tuple[Array | None, str]:
    """Check a layer alone; return its output, None without a usable one, and which of its functions does not work."""
    report, forward, backward = differences.report, f"{layer.name}.forward", f"{layer.name}.backward"
    given, failures = x.copy(), len(report.failures)
    with report.guard(forward, f"input {x.shape}"):
        y, cache = layer.forward(given)
        _add_output_problem(report, forward, y, (len(x), n_out))
    if len(report.failures) > failures:
        return None, forward
    y = y.copy()  # it may be the layer's own, or its input
    if _overwritten(report, forward, "x", given, x):
        report.add(backward, False, f"not checked: no right cache, because {forward} does not work")
        return y, forward
    dy = random_dy(differences.draw, y.shape)
    given, failures = dy.copy(), len(report.failures)
    with report.guard(backward, f"input {x.shape}, dy {dy.shape}"):
        dx, gradients = layer.backward(given, cache)
        by = {"x": (x, dx), **{key: (value, gradients.get(key)) for key, value in layer.parameters.items()}}
        # Copies: the layer may use their memory in its next call.
        by = {key: (value, g.copy() if isinstance(g, np.ndarray) else g) for key, (value, g) in by.items()}
    if len(report.failures) > failures:
        return y, backward
    broken = backward if _overwritten(report, backward, "dy", given, dy) else ""
    for key, (values, gradient) in by.items():
        function = Function(values, lambda: layer.forward(x.copy())[0], dy)
        with report.guard(forward, f"input {x.shape}, moved by a small step,"):
            if not differences.compare(f"{backward}, d{key}", key, gradient, function):
                broken = backward
    return y, broken


def _check_loss(differences: Differences, network: Network, y: Array, targets: Array) -> str:
    """Check the loss alone, at the network's outputs, and return which of its functions does not work, or ""."""
    report, loss, y = differences.report, network.loss, y.copy()
    value, gradient = f"{loss.name}.value", f"{loss.name}.gradient"
    shares, failures = loss.shares(len(y), None, np.float64), len(report.failures)
    given, given_targets, dy = y.copy(), targets.copy(), np.empty_like(y)

    def losses() -> Array:
        given[...], given_targets[...] = y, targets
        each = np.empty(len(y))
        loss.compute_forward(given, given_targets, each)
        return each

    def overwritten(name: str) -> str:
        at_y = _overwritten(report, name, "y", given, y)
        at_targets = _overwritten(report, name, "targets", given_targets, targets)
        return name if at_y or at_targets else ""

    with report.guard(value, f"output {y.shape}"):
        _add_output_problem(report, value, losses(), (len(y),))
    if len(report.failures) > failures:
        return value
    broken = overwritten(value)
    given[...], given_targets[...], failures = y, targets, len(report.failures)
    with report.guard(gradient, f"output {y.shape}"):
        loss.compute_backward(given, given_targets, shares.copy(), dy)
    if len(report.failures) > failures:
        return broken or gradient
    broken = overwritten(gradient) or broken
    reach = None
    if loss.in_unit_interval:
        inside = np.minimum(y, 1 - y)
        reach = np.where(inside > 0, inside, np.inf)
    with report.guard(value, f"output {y.shape}, moved by a small step,"):
        differences.compare(f"{gradient}, dy", "y", dy, Function(y, losses, shares, reach=reach))
    return broken


def _check_whole(differences: Differences, network: Network, samples: Array, targets: Array) -> None:
    """Check the gradient of the network's loss by each parameter."""
    shares = network.loss.shares(len(samples), None, np.float64)

    def terms() -> Array:
        """Return the loss of each sample, and the penalties."""
        outputs, each = network.forward_batch(float_rows(samples, slice(None), network.dtype)), np.empty(len(samples))
        network.loss.compute_forward(outputs, targets, each)
        return np.append(each, network.penalty())

    with differences.report.guard("whole network", f"input {samples.shape}"):
        network.backpropagate(samples, targets, shares)
        gradient = network.flat_gradient.copy()
        for name, part in network.slices.items():
            values = network.parameters[name]
            differences.compare(
                f"{name} {values.shape}, whole network",
                name.partition(".")[2],
                gradient[part].reshape(values.shape),
                Function(values, terms, np.append(shares, 1.0), rounding=8 * ROUNDING),  # that of many layers
            )


def _overwritten(report: Report, name: str, letter: str, given: Array, before: Array) -> bool:
    """Take down whether a function overwrote an array that it was given, and return that."""
    changed = (given != before) & ~(np.isnan(given) & np.isnan(before))
    if not changed.any():
        return False
    at = worst_entry(changed.astype(float))
    detail = f"at {at} {before[at]:.6g} became {given[at]:.6g}"
    report.add(name, False, f"overwrote the {letter} that it was given: {detail}; expected it to be left alone")
    return True


def _add_output_problem(report: Report, name: str, y: object, shape: tuple[int, ...]) -> None:
    """Take down what is wrong with the output of a forward pass, if something is."""
    if not isinstance(y, np.ndarray) or y.shape != shape:
        found = f"shape {y.shape}" if isinstance(y, np.ndarray) else repr(y)
        report.add(name, False, f"returned {found}: expected shape {shape}")
    elif not np.isfinite(y).all():
        at = worst_entry(np.where(np.isfinite(y), 0.0, np.inf))
        report.add(name, False, f"returned {y[at]} at {at}: expected finite numbers")
