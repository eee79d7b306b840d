"""Makes an activation or a loss of two functions in NumPy: the quickest way to try one.

The functions return new arrays, which are copied to where they belong; a class derived from ``Activation`` or ``Loss``
fills the arrays that it is given, and so does without the copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyfc.component import Activation, Hyper, Loss, Step
from pyfc.component.base import Array
from pyfc.making.classes import callers_module, joined_source, new_class, signature, split

PER = Hyper("layer", choices=("layer", "unit"))


def activation_from_functions(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    per: str = "layer",
    elementwise: bool = True,
    derivation: tuple[Step, ...] = (),
) -> type[Activation]:
    """Return a class of activations, made of two functions.

    Parameters
    ----------
    name : str
        Such as ``"bent"``.
    forward : callable
        ``forward(z, ...)`` returns y, of z's shape (rows, cols). What follows z are hyper-parameters with their
        defaults, numbers or :class:`~pyfc.component.Hyper`, and at most one
        :class:`~pyfc.component.Learned`: it arrives as an array (1,), or (cols,).
    backward : callable
        ``backward(dy, z, ...)`` returns dz. Ask for ``z``, ``y`` or both by these names after dy, and for the
        parameters that it uses by theirs. With a learned parameter a it returns ``(dz, da)``, where da has z's shape:
        the gradient of each number, whose sum pyfc takes.
    per : {"layer", "unit"}, default "layer"
        Whether a learned parameter is one for the layer, or one for each unit; a hyper-parameter of the class.
    elementwise : bool, default True
        Whether y[i, j] depends on z[i, j] alone. False for a function of whole rows, such as softmax.
    derivation : tuple of Step, optional
        Its steps; lines of the two functions carry their numbers, ``# (1)``.

    Returns
    -------
    type
        Derived from ``pyfc.component.Activation``. Register it by ``pyfc.register``, give it to a network as it is, or
        name it in an entry point.

    Raises
    ------
    TypeError
        If the functions do not take such arguments.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> Bent = pyfc.activation_from_functions(
    ...     "bent",
    ...     lambda z, c=1.0: (np.sqrt(z * z + c * c) - c) / 2 + z,
    ...     lambda dy, z, c: dy * (z / (2 * np.sqrt(z * z + c * c)) + 1),
    ... )
    >>> Bent(c=3.0).forward([4.0])
    array([5.])
    >>> from pyfc.testing import check_activation
    >>> check_activation(Bent).ok
    True
    """
    hypers, learned = split(signature(forward, ["z"]), "forward")
    asked = signature(backward, ["dy"], ["z", "y"])
    needs = "".join(letter for letter in "zy" if letter in asked)
    given = [key for key in asked if key not in ("z", "y")]
    known = [*hypers, *([learned.letter] if learned else [])]
    if not set(given) <= set(known):
        raise TypeError(f"backward takes {', '.join(given)}: expected dy, z, y, and parameters of forward: {known}")
    if learned:
        hypers["per"] = Hyper(PER.check("activation_from_functions", "per", per), choices=PER.choices)

    def values(act: Activation, names: list[str], a: Array) -> dict[str, Any]:
        return {key: a if learned and key == learned.letter else getattr(act, key) for key in names}

    def compute_forward(self: Activation, z: Array, y: Array, a: Array) -> None:
        y[...] = _result(forward(z, **values(self, known, a)), y.shape, "forward")

    def compute_backward(
        self: Activation, z: Array | None, y: Array | None, dy: Array, dz: Array, a: Array, da: Array
    ) -> None:
        arrays = {letter: array for letter, array in (("z", z), ("y", y)) if letter in needs}
        result = backward(dy, **arrays, **values(self, given, a))
        if learned:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(f"backward returned {type(result).__name__}: expected (dz, d{learned.letter})")
            result, each = result
            per_number = _result(each, dz.shape, f"backward's d{learned.letter}")
            da[...] = per_number.sum(axis=0 if len(a) == dz.shape[1] != 1 else None, dtype=np.float64)
        dz[...] = _result(result, dz.shape, "backward")

    def params(self: Any, cols: int) -> int:
        return (cols if self.per == "unit" else 1) if learned else 0

    namespace = {
        "__doc__": f"{name}, made of two functions in NumPy.",
        "hyperparameters": hypers,
        "learned": learned,
        "needs": needs,
        "elementwise": elementwise,
        "derivation": tuple(derivation),
        "compute_forward": compute_forward,
        "compute_backward": compute_backward,
        "params": params,
        "source_code": classmethod(lambda _: joined_source((forward, backward), f"the functions of {name}")),
    }
    return new_class(Activation, name, namespace, callers_module())


def loss_from_functions(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    task: str = "regression",
    derivation: tuple[Step, ...] = (),
) -> type[Loss]:
    """Return a class of losses, made of two functions.

    Parameters
    ----------
    name : str
        Such as ``"log_cosh"``.
    forward : callable
        ``forward(y, t, ...)`` returns the loss of each sample, (rows,), from outputs and targets (rows, cols). What
        follows are hyper-parameters with their defaults, numbers or :class:`~pyfc.component.Hyper`.
    backward : callable
        ``backward(y, t, ...)`` returns the gradient of each sample's loss by its outputs, (rows, cols). The mean over
        the samples, with their weights, is pyfc's business.
    task : {"regression", "binary", "classification"}, default "regression"
        What the targets are: numbers, numbers in [0, 1], or classes, which come as one-hot rows.
    derivation : tuple of Step, optional
        Its steps; lines of the two functions carry their numbers, ``# (1)``.

    Returns
    -------
    type
        Derived from ``pyfc.component.Loss``.

    Raises
    ------
    TypeError
        If the functions do not take such arguments.
    ValueError
        If the task is another one.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> Quartic = pyfc.loss_from_functions(
    ...     "quartic",
    ...     lambda y, t: ((y - t) ** 4).sum(axis=1) / 4,
    ...     lambda y, t: (y - t) ** 3,
    ... )
    >>> Quartic().value([[2.0], [0.0]], [[0.0], [0.0]])
    2.0
    >>> Quartic().gradient([[2.0], [0.0]], [[0.0], [0.0]]).tolist()
    [[4.0], [0.0]]
    """
    hypers, learned = split(signature(forward, ["y", "t"]), "forward")
    if learned:
        raise TypeError(f"forward: {learned.letter} is learned: expected hyper-parameters only; a loss learns nothing")
    given = list(signature(backward, ["y", "t"]))
    if not set(given) <= set(hypers):
        raise TypeError(f"backward takes {', '.join(given)}: expected y, t, and parameters of forward: {list(hypers)}")
    if task not in ("regression", "binary", "classification"):
        raise ValueError(f"task is {task!r}: expected 'regression', 'binary' or 'classification'")

    def compute_forward(self: Loss, y: Array, t: Array, loss: Array) -> None:
        result = forward(y, t, **{key: getattr(self, key) for key in hypers})
        loss[...] = _result(result, loss.shape, "forward")

    def compute_backward(self: Loss, y: Array, t: Array, share: Array, dy: Array) -> None:
        result = backward(y, t, **{key: getattr(self, key) for key in given})
        np.multiply(_result(result, dy.shape, "backward"), share[:, None], out=dy, casting="same_kind")

    namespace = {
        "__doc__": f"{name}, made of two functions in NumPy.",
        "hyperparameters": hypers,
        "task": task,
        "derivation": tuple(derivation),
        "compute_forward": compute_forward,
        "compute_backward": compute_backward,
        "source_code": classmethod(lambda _: joined_source((forward, backward), f"the functions of {name}")),
    }
    return new_class(Loss, name, namespace, callers_module())


def _result(value: Any, shape: tuple[int, ...], called: str) -> Array:
    """Return what a function gave, if it has the shape that it should, for NumPy would stretch another one to fit."""
    array = np.asarray(value)
    if array.shape != shape:
        raise ValueError(f"{called} returned shape {array.shape}: expected {shape}")
    return array
