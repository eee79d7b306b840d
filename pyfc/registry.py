"""Finds components by name, in the entry points of the installed distributions and among those registered in process.

Built-ins come in by pyfc's own entry points, and in no other way. The scan reads metadata alone, at the first look-up;
a name that is asked for loads only its own module, so a broken plugin disturbs nobody else.

Groups: ``activations``, ``losses``, ``optimizers``, ``initializers``; as entry points ``pyfc.activations``, ...
"""

from __future__ import annotations

import importlib
from collections import Counter
from typing import Any, TypeVar

from pyfc.component import Component
from pyfc.errors import UnknownNameError
from pyfc.record import GROUPS, Record, installed, normal

__all__ = ["GROUPS", "Record", "available", "get", "make", "record_of", "records", "refresh", "register", "unregister"]

IN_PROCESS = "in-process"

C = TypeVar("C", bound=type[Component])

_scanned: list[Record] | None = None
_registered: list[Record] = []


def _scan() -> list[Record]:
    global _scanned  # the metadata is read once in a process, until refresh
    if _scanned is None:
        _scanned = installed()
    return _scanned


def records(group: str | None = None) -> list[Record]:
    """Return what is known of every registered name, without loading any.

    Parameters
    ----------
    group : str, optional
        One group; all if not given.

    Returns
    -------
    list of Record
        Sorted by group, then name, then distribution.
    """
    groups = list(GROUPS) if group is None else [_group(group)]
    found = [record for record in _scan() + _registered if record.group in groups]
    return sorted(found, key=lambda r: (groups.index(r.group), r.name, not r.builtin, r.distribution))


def available(group: str) -> list[str]:
    """Return the names that :func:`get` takes, sorted.

    Disabled plugins are left out; a broken one is in the list until it has been tried. A plugin that shares its name
    with a built-in or with another plugin stands here as ``"distribution:name"``.

    Parameters
    ----------
    group : str
        ``"activations"``, ``"losses"``, ``"optimizers"`` or ``"initializers"``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import pyfc
    >>> "sigmoid" in pyfc.available("activations")
    True
    """
    enabled = [record for record in records(group) if record.state != "disabled"]
    bearers = Counter(record.name for record in enabled)
    return sorted(
        record.name if record.builtin or bearers[record.name] == 1 else record.full_name
        for record in enabled
        if record.state != "broken"
    )


def get(group: str, name: str) -> Any:
    """Return a component's class by name, importing its module if this is its first use.

    Parameters
    ----------
    group : str
        ``"activations"``, ``"losses"``, ``"optimizers"`` or ``"initializers"``.
    name : str
        ``"relu"``, or ``"distribution:relu"`` to say whose.

    Returns
    -------
    type

    Raises
    ------
    UnknownNameError
        If nothing has the name, or two plugins have it.
    PluginError
        If it is broken or disabled.

    Examples
    --------
    >>> import pyfc
    >>> pyfc.get("losses", "squared_error")(factor=0.5)
    SquaredError(factor=0.5, mean_outputs=False)
    """
    group = _group(group)
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}: expected a str such as 'relu'")
    distribution, _, bare = name.rpartition(":")
    found = [record for record in records(group) if record.name == bare]
    if distribution:
        found = [record for record in found if record.distribution == normal(distribution)]
    else:
        found = [record for record in found if record.builtin] or found
    if not found:
        raise UnknownNameError(_unknown(group, name))
    enabled = [record for record in found if record.state != "disabled"] or found[:1]
    if len(enabled) > 1:
        choices = " or ".join(repr(record.full_name) for record in enabled)
        versions = ", ".join(f"{record.distribution} {record.version}" for record in enabled)
        raise UnknownNameError(f"{group} {name!r} is provided by {versions}: say which, {choices}")
    return enabled[0].load()


def make(group: str, spec: Any) -> Any:
    """Return a component: the one given, an instance of a class given, or of the class that a name stands for."""
    base = GROUPS[_group(group)]
    if isinstance(spec, base):
        return spec
    if isinstance(spec, type) and issubclass(spec, base):
        return spec()
    if isinstance(spec, str):
        return get(group, spec)()
    raise TypeError(
        f"{spec!r} is no {base.__name__.lower()}: "
        f"expected a name from pyfc.available({group!r}), a class or an instance"
    )


def register(component: C) -> C:
    """Register a component for this process; also a class decorator.

    Parameters
    ----------
    component : type
        A subclass of ``Activation``, ``Loss``, ``Optimizer`` or ``Initializer`` from :mod:`pyfc.component`. The same
        class defined anew, as when a notebook cell is run again, takes the place of the old one.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    TypeError
        If it is no such class, or lacks something.
    ValueError
        If a built-in, or another class registered in this process, has the name.

    Examples
    --------
    >>> import numpy as np, pyfc
    >>> from pyfc.component import Activation
    >>> @pyfc.register
    ... class Square(Activation):
    ...     name = "square"
    ...     needs = "z"
    ...     def compute_forward(self, z, y, a):
    ...         np.multiply(z, z, out=y)
    ...     def compute_backward(self, z, y, dy, dz, a, da):
    ...         np.multiply(2 * z, dy, out=dz)
    >>> pyfc.get("activations", "square")().forward([3.0])
    array([9.])
    >>> pyfc.unregister(Square)
    """
    group = next((g for g, base in GROUPS.items() if isinstance(component, type) and issubclass(component, base)), None)
    if group is None:
        bases = ", ".join(base.__name__ for base in GROUPS.values())
        raise TypeError(f"cannot register {component!r}: expected a subclass of {bases} from pyfc.component")
    problem = component.problem()
    if problem:
        raise TypeError(f"cannot register {component.__name__}: {problem}")
    identity = _identity(component)
    for record in records(group):
        if record.name != component.name:
            continue
        if record.value == identity and record not in _registered:
            return component  # an entry point brings this very class already
        if record.builtin:
            raise ValueError(f"cannot register {component.name!r}: pyfc has {group} of that name; choose another")
        if record in _registered and record.value != identity:
            raise ValueError(
                f"cannot register {component.name!r}: {record.value} is registered under it; choose another name, "
                "or call pyfc.unregister first"
            )
    unregister(component)
    _registered.append(Record(group, component.name, IN_PROCESS, "-", identity, state="ok", component=component))
    return component


def unregister(component: type[Component]) -> None:
    """Undo :func:`register`; nothing happens if the class is not registered.

    Parameters
    ----------
    component : type
        The class, or one of the same module and name.
    """
    _registered[:] = [record for record in _registered if record.value != _identity(component)]


def refresh() -> None:
    """Forget the scan, so that distributions installed since then are found; what was registered in process stays."""
    global _scanned
    importlib.invalidate_caches()  # Python remembers the contents of folders, and not only for itself
    _scanned = None


def record_of(component: type[Component]) -> Record | None:
    """Return the record that a component's class was loaded from, or None if it is not registered."""
    identity = _identity(component)
    return next(
        (r for r in records(component.group) if r.value == identity and r.component in (None, component)),
        None,
    )


def _group(group: str) -> str:
    if group in GROUPS:
        return group
    raise UnknownNameError(f"unknown group {group!r}: expected one of {', '.join(GROUPS)}")


def _identity(component: type[Component]) -> str:
    return f"{component.__module__}:{component.__qualname__}"


def _unknown(group: str, name: str) -> str:
    from difflib import get_close_matches  # not at the top: `import pyfc` does without

    names = available(group)
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}? pyfc.available({group!r}) lists all {len(names)}"
    else:
        hint = f"expected one of {', '.join(names)}"
    return f"unknown name {name!r} in {group}: {hint}"
