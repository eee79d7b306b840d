"""Finds components by name, in the entry points of the installed distributions and among those registered in process.

Built-ins come in by pyfc's own entry points, and in no other way. The scan reads metadata alone, at the first look-up; a
name that is asked for loads only its own module, so a broken plugin disturbs nobody else.

Groups: ``activations``, ``losses``, ``optimizers``, ``initializers``; as entry points ``pyfc.activations``, ...
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, TypeVar

from pyfc.component import Activation, Component, Initializer, Loss, Optimizer
from pyfc.errors import PluginError, UnknownNameError

GROUPS: dict[str, type[Component]] = {base.group: base for base in (Activation, Loss, Optimizer, Initializer)}
IN_PROCESS = "in-process"

C = TypeVar("C", bound=type[Component])


@dataclass
class Record:
    """What is known of one registered name.

    Attributes
    ----------
    group, name : str
        As in the entry point, without the leading ``pyfc.``.
    distribution, version : str
        Who provides it; ``"in-process"`` for one registered by the running program.
    value : str
        ``module:Class``.
    state : str
        ``"not loaded"``, ``"ok"``, ``"broken"`` or ``"disabled"``.
    error : str
        Why it is broken.
    """

    group: str
    name: str
    distribution: str
    version: str
    value: str
    state: str = "not loaded"
    error: str = ""
    component: type[Component] | None = field(default=None, repr=False)
    entry_point: metadata.EntryPoint | None = field(default=None, repr=False)

    @property
    def builtin(self) -> bool:
        """Whether pyfc itself provides it."""
        return self.distribution == "pyfc"

    @property
    def full_name(self) -> str:
        """``distribution:name``, which is never ambiguous."""
        return f"{self.distribution}:{self.name}"

    def load(self) -> type[Component]:
        """Return the component's class, importing its module the first time.

        Raises
        ------
        PluginError
            If it is disabled, cannot be imported, or is not a component of this group.
        """
        if self.state == "disabled":
            raise PluginError(f"{self._title()} is disabled: unset PYFC_DISABLE_PLUGINS to use it")
        if self.state == "not loaded":
            self._import()
        if self.component is None:
            raise PluginError(f"{self._title()} is broken: {self.error}; update or uninstall {self.distribution}")
        return self.component

    def _import(self) -> None:
        assert self.entry_point is not None  # noqa: S101 (only such records start as not loaded)
        try:
            loaded = self.entry_point.load()
            self.error = class_problem(loaded, self.group, self.name)
        except (KeyboardInterrupt, SystemExit) as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.error = f"importing {self.value} called sys.exit({error.code!r})"
        except BaseException as error:
            self.error = f"importing {self.value} raised {type(error).__name__}: {error}"
        if self.error:
            self.state = "broken"
        else:
            self.state, self.component = "ok", loaded

    def _title(self) -> str:
        return f"{self.group} {self.name!r} of {self.distribution} {self.version} ({self.value})"


def class_problem(loaded: Any, group: str, name: str) -> str:
    """Return why an object cannot serve as a component of a group, ``""`` if it can."""
    base = GROUPS[group]
    if not (isinstance(loaded, type) and issubclass(loaded, base)):
        kind = f"class {loaded.__name__}" if isinstance(loaded, type) else f"a {type(loaded).__name__}"
        return f"it is {kind}: expected a subclass of pyfc.component.{base.__name__}"
    problem = loaded.problem()
    if not problem and loaded.name != name:
        problem = f"its class says name = {loaded.name!r}: expected {name!r}, as in the entry point"
    return problem


_scanned: dict[str, list[Record]] | None = None
_registered: list[Record] = []


def _disabled(distribution: str) -> bool:
    setting = os.environ.get("PYFC_DISABLE_PLUGINS", "").strip()
    if setting.lower() in ("", "0", "false"):
        return False
    names = {_normal(part) for part in setting.split(",")}
    return bool(names & {"1", "true", "all", _normal(distribution)})


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _scan() -> dict[str, list[Record]]:
    global _scanned
    if _scanned is None:
        found: dict[str, list[Record]] = {group: [] for group in GROUPS}
        for group in GROUPS:
            for entry in metadata.entry_points(group=f"pyfc.{group}"):
                name = entry.dist.name if entry.dist else "unknown"
                version = entry.dist.version if entry.dist else "unknown"
                record = Record(group, entry.name, _normal(name), version, entry.value, entry_point=entry)
                if not record.builtin and _disabled(name):
                    record.state = "disabled"
                found[group].append(record)
        _scanned = found
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
    scanned = _scan()
    found = [record for name in groups for record in scanned[name]]
    found += [record for record in _registered if record.group in groups]
    return sorted(found, key=lambda r: (groups.index(r.group), r.name, not r.builtin, r.distribution))


def available(group: str) -> list[str]:
    """Return the names that :func:`get` takes, sorted.

    Disabled plugins are left out; a broken one is in the list until it has been tried. Where two plugins have the same
    name, both stand here as ``"distribution:name"``.

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
    usable = [record for record in records(group) if record.state not in ("disabled", "broken")]
    builtin = {record.name for record in usable if record.builtin}
    others = [record.name for record in usable if not record.builtin]
    return sorted(
        record.name if record.builtin or (record.name not in builtin and others.count(record.name) == 1)
        else record.full_name
        for record in usable
    )  # fmt: skip


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
        raise TypeError(f"name is {name!r}: expected a str such as {'relu'!r}")
    distribution, _, bare = name.rpartition(":")
    found = [record for record in records(group) if record.name == bare]
    if distribution:
        found = [record for record in found if record.distribution == _normal(distribution)]
    else:
        found = [record for record in found if record.builtin] or found
    enabled = [record for record in found if record.state != "disabled"] or found
    if len(enabled) > 1:
        choices = " or ".join(repr(f"{record.full_name}") for record in enabled)
        versions = ", ".join(f"{record.distribution} {record.version}" for record in enabled)
        raise UnknownNameError(f"{group} {name!r} is provided by {versions}: say which, {choices}")
    if not enabled:
        raise UnknownNameError(_unknown(group, name))
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
        f"{spec!r} is no {base.__name__.lower()}: expected a name from pyfc.available({group!r}), a class or an instance"
    )


def register(component: C) -> C:
    """Register a component for this process; also a class decorator.

    Parameters
    ----------
    component : type
        A subclass of ``Activation``, ``Loss``, ``Optimizer`` or ``Initializer`` from :mod:`pyfc.component`. The same class
        defined anew, as when a notebook cell is run again, takes the place of the old one.

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
    identity = f"{component.__module__}:{component.__qualname__}"
    for record in records(group):
        if record.name != component.name:
            continue
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
    identity = f"{component.__module__}:{component.__qualname__}"
    _registered[:] = [record for record in _registered if record.value != identity]


def refresh() -> None:
    """Forget the scan, so that distributions installed since then are found; what was registered in process stays."""
    global _scanned
    _scanned = None


def record_of(component: type[Component]) -> Record | None:
    """Return the record that a component's class was loaded from, or None if it is not registered."""
    return next((record for record in records(component.group) if record.component is component), None)


def _group(group: str) -> str:
    if group in GROUPS:
        return group
    raise UnknownNameError(f"unknown group {group!r}: expected one of {', '.join(GROUPS)}")


def _unknown(group: str, name: str) -> str:
    names = available(group)
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"unknown name {name!r} in {group}: {hint}pyfc.available({group!r}) lists all {len(names)}"
