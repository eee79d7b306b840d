"""What all makers of components share: the name of a class, whose module it belongs to, and its hyper-parameters.

A maker returns a class as if it had been written where the maker was called, so that an entry point can name it and
pickle finds it: ``Bent = pyfc.activation_from_functions("bent", ...)`` in ``nice.py`` is ``nice:Bent``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pyfc.component import Component, Hyper, Learned
from pyfc.derivation import Source

C = TypeVar("C", bound=type[Component])


def new_class(base: C, name: str, namespace: Mapping[str, Any], module: str) -> C:
    """Return a class of components.

    Parameters
    ----------
    base : type
        ``Activation`` or ``Loss``.
    name : str
        Of the component, such as ``"leaky_relu"``; the class is called ``LeakyRelu``.
    namespace : mapping
        Its attributes and methods.
    module : str
        Where it is to be found.

    Returns
    -------
    type

    Raises
    ------
    TypeError
        If the component lacks something.
    """
    title = "".join(part[:1].upper() + part[1:] for part in str(name).replace("-", "_").split("_"))
    made: C = type(title or "Nameless", (base,), {"name": name, "__module__": module, **namespace})  # type: ignore[assignment]
    problem = made.problem()
    if problem:
        raise TypeError(f"cannot make a component {name!r}: {problem}")
    return made


def callers_module(depth: int = 2) -> str:
    """Return the name of the module that called the function that calls this."""
    return str(sys._getframe(depth).f_globals.get("__name__", "__main__"))


def signature(function: Callable[..., Any], first: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a function takes beside its arrays, with the defaults.

    Parameters
    ----------
    function : callable
        Such as ``def forward(z, alpha=1.0)``.
    first : iterable of str
        The arrays that it must take, in this order.
    optional : iterable of str
        Arrays that it may take after them.

    Returns
    -------
    dict
        Name -> default, in order; ``inspect.Parameter.empty`` where there is none, and for an optional array.

    Raises
    ------
    TypeError
        If it does not take them.
    """
    called = getattr(function, "__name__", repr(function))
    if not callable(function):
        raise TypeError(f"{called} is no function: expected one of ({', '.join(first)}, ...)")
    parameters = inspect.signature(function).parameters
    names, wanted = list(parameters), list(first)
    if names[: len(wanted)] != wanted:
        raise TypeError(f"{called}({', '.join(names)}): expected ({', '.join([*wanted, *optional])}, ...)")
    return {name: parameters[name].default for name in names[len(wanted) :]}


def split(settings: Mapping[str, Any], called: str) -> tuple[dict[str, Hyper], Learned | None]:
    """Return the hyper-parameters among a function's defaults, and the learned parameter.

    Parameters
    ----------
    settings : mapping
        Name -> number, bool, ``Hyper``, or one ``Learned`` whose letter is the name.
    called : str
        The function's name, for errors.

    Returns
    -------
    hyperparameters : dict of str to Hyper
    learned : Learned or None
    """
    hypers: dict[str, Hyper] = {}
    learned: list[Learned] = []
    for name, value in settings.items():
        if isinstance(value, Learned):
            if value.letter != name or learned:
                raise TypeError(
                    f"{called}: {name}={value!r}: expected one learned parameter, {name}=Learned({name!r}, ...)"
                )
            learned.append(value)
        elif isinstance(value, Hyper):
            hypers[name] = value
        elif isinstance(value, (bool, int, float)):
            hypers[name] = Hyper(value if isinstance(value, bool) else float(value))
        else:
            shown = "no default" if value is inspect.Parameter.empty else repr(value)
            raise TypeError(f"{called}: {name} has {shown}: expected a number, a bool, a Hyper or a Learned")
    return hypers, learned[0] if learned else None


def joined_source(functions: Iterable[Callable[..., Any]], name: str) -> Source:
    """Return the code of some functions, one after the other, as what carries a derivation's tags."""
    try:
        text = "\n".join(inspect.getsource(function) for function in functions)
    except (OSError, TypeError) as error:
        raise FileNotFoundError(f"no source of {name} ({error}): define its functions in a file") from error
    return Source(name, text)
