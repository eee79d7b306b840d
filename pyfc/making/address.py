"""Makes an activation or a loss of the addresses of compiled functions: from numba, ctypes, cffi, or another compiler.

Nothing can be known of what is at an address, so the conformance kit tries the functions before anybody gets them. One
that has another signature than pyfc_kernel.h asks for may still end the program, as in C.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pyfc import kernels
from pyfc.component import Activation, Component, Hyper, Learned, Loss, Step
from pyfc.derivation import Source, read_source
from pyfc.making.classes import callers_module, new_class, split

C = TypeVar("C", bound=type[Component])

if TYPE_CHECKING:
    from pyfc.report import Report

FUNCTIONS = ("forward_f32", "forward_f64", "backward_f32", "backward_f64")


def activation_from_address(
    name: str,
    *,
    forward_f32: Any,
    forward_f64: Any,
    backward_f32: Any,
    backward_f64: Any,
    needs: str = "z",
    elementwise: bool = True,
    in_place: bool = False,
    hyperparameters: Mapping[str, Hyper | float] | None = None,
    learned: Learned | None = None,
    derivation: tuple[Step, ...] = (),
    source: str | Path = "",
) -> type[Activation]:
    """Return a class of activations whose kernel is at some addresses, after the conformance kit has tried it.

    Parameters
    ----------
    name : str
        Such as ``"swish"``.
    forward_f32, forward_f64, backward_f32, backward_f64 : int or object
        Where the functions are, with the signatures of pyfc_kernel.h: an address, a function of ctypes, one made by
        ``numba.cfunc``, or the number that ``int(ffi.cast("uintptr_t", function))`` of cffi gives.
    needs : {"z", "y", "zy", ""}, default "z"
        What backward reads of the forward pass; the other pointer is NULL.
    elementwise : bool, default True
        Whether y[i, j] depends on z[i, j] alone.
    in_place : bool, default False
        Whether y may be the same array as z, and dz as dy.
    hyperparameters : mapping of str to Hyper or float, optional
        In the order in which the functions read them from ``hyper``.
    learned : Learned, optional
        The parameter that the functions read from ``a``: one for the layer.
    derivation : tuple of Step, optional
        Its steps.
    source : str or path, optional
        The file with the functions' code, whose lines carry the steps' numbers; needed beside a derivation.

    Returns
    -------
    type
        Derived from ``pyfc.component.Activation``.

    Raises
    ------
    TypeError
        If something is no address, or the parts do not fit together.
    ProofError
        If the kit finds a fault; the message is its report.
    ImportError
        If the extra ``symbolic``, which the kit needs, is not installed.

    Examples
    --------
    See the plugin guide, which makes one with numba, one with ctypes and one with cffi.
    """
    if needs not in ("z", "y", "zy", ""):
        raise TypeError(f"needs is {needs!r}: expected 'z', 'y', 'zy' or ''")
    functions = [forward_f32, forward_f64, backward_f32, backward_f64]
    hypers, _ = split(hyperparameters or {}, name)
    flags = kernels.flags_of(needs, elementwise, in_place, learned is not None)
    namespace = {
        "kernel": kernels.activation_capsule_of(flags, len(hypers), *_addresses(functions)),
        "hyperparameters": hypers,
        "learned": learned,
        "derivation": tuple(derivation),
        **_kept(name, functions, source),
    }
    from pyfc.testing import check_activation  # not at the top: it needs SymPy

    return _tried(new_class(Activation, name, namespace, callers_module()), check_activation)


def loss_from_address(
    name: str,
    *,
    forward_f32: Any,
    forward_f64: Any,
    backward_f32: Any,
    backward_f64: Any,
    task: str = "regression",
    takes_labels: bool = False,
    hyperparameters: Mapping[str, Hyper | float] | None = None,
    derivation: tuple[Step, ...] = (),
    source: str | Path = "",
) -> type[Loss]:
    """Return a class of losses whose kernel is at some addresses, after the conformance kit has tried it.

    Parameters
    ----------
    name : str
        Such as ``"log_cosh"``.
    forward_f32, forward_f64, backward_f32, backward_f64 : int or object
        As in :func:`activation_from_address`.
    task : {"regression", "binary", "classification"}, default "regression"
        What the targets are.
    takes_labels : bool, default False
        Whether the functions understand integer labels; else they get one-hot rows.
    hyperparameters, derivation, source
        As in :func:`activation_from_address`.

    Returns
    -------
    type
        Derived from ``pyfc.component.Loss``.

    Raises
    ------
    TypeError, ProofError, ImportError
        As in :func:`activation_from_address`.
    """
    if task not in ("regression", "binary", "classification"):
        raise ValueError(f"task is {task!r}: expected 'regression', 'binary' or 'classification'")
    functions = [forward_f32, forward_f64, backward_f32, backward_f64]
    hypers, _ = split(hyperparameters or {}, name)
    flags = kernels.flags_of(takes_labels=takes_labels)
    namespace = {
        "kernel": kernels.loss_capsule_of(flags, len(hypers), *_addresses(functions)),
        "hyperparameters": hypers,
        "task": task,
        "derivation": tuple(derivation),
        **_kept(name, functions, source),
    }
    from pyfc.testing import check_loss

    return _tried(new_class(Loss, name, namespace, callers_module()), check_loss)


def _addresses(functions: list[Any]) -> list[int]:
    return [_address(function, name) for function, name in zip(functions, FUNCTIONS, strict=True)]


def _address(function: Any, name: str) -> int:
    """Return the address of a function, or raise with what was expected."""
    if hasattr(function, "argtypes"):  # of ctypes
        found = ctypes.cast(function, ctypes.c_void_p).value
    else:
        found = getattr(function, "address", function)  # numba's cfuncs have one
    if (
        isinstance(found, bool)
        or not isinstance(found, int)
        or not 0 < found < 2 ** (8 * ctypes.sizeof(ctypes.c_void_p))
    ):
        raise TypeError(
            f"{name} is {function!r}: expected an address, a ctypes function or a numba.cfunc; "
            'of cffi, int(ffi.cast("uintptr_t", function))'
        )
    return found


def _kept(name: str, functions: list[Any], source: str | Path) -> dict[str, Any]:
    """Return what the class keeps: the functions, which must live as long as it does, and their code."""

    def code(_: type[Component]) -> Source:
        if not source:
            raise FileNotFoundError(f"no source of {name}: give source=, the file with the code of its functions")
        return read_source(Path(source))

    return {
        "__doc__": f"{name}, at addresses of compiled functions.",
        "functions": tuple(functions),
        "source_code": classmethod(code),
    }


def _tried(made: C, check: Callable[[Any], Report]) -> C:
    """Return a class if the kit finds no fault in any of its variants; equal defaults hide a mistake."""
    from pyfc.testing.variants import variants

    for component in variants(made):
        check(component).raise_if_failed()
    return made
