"""What is known of each registered name: read from the metadata of the installed distributions, loaded when asked for.

:mod:`pyfc.registry` finds the right record for a name. Whatever goes wrong while one is read or loaded stays in it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyfc.component import Activation, Component, Initializer, Loss, Optimizer
from pyfc.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

#: The groups, as in ``pyfc.get``, and the class that a component of each derives from.
GROUPS: dict[str, type[Component]] = {base.group: base for base in (Activation, Loss, Optimizer, Initializer)}


@dataclass
class Record:
    """What is known of one registered name.

    Attributes
    ----------
    group, name : str
        As in the entry point, the group without its leading ``pyfc.``.
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
    cause: BaseException | None = field(default=None, repr=False)

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

        Returns
        -------
        type

        Raises
        ------
        PluginError
            If it is disabled, cannot be imported, or is not a component of this group. The exception that a failing
            import raised is its ``__cause__``.
        """
        who = f"{self.group} {self.name!r} of {self.distribution} {self.version} ({self.value})"
        if self.state == "disabled":
            raise PluginError(f"{who} is disabled: unset PYFC_DISABLE_PLUGINS to use it")
        if self.state == "not loaded":
            self._import()
        if self.component is None:
            remedy = f"update or uninstall {self.distribution}"
            raise PluginError(f"{who} is broken: {self.error}; {remedy}") from self.cause
        return self.component

    def _import(self) -> None:
        from pkgutil import resolve_name  # not at the top: `import pyfc` does without

        try:
            if not all(self.value.partition(":")):
                self.error = f"its entry point is {self.value!r}: expected 'module:Class'"
            else:
                loaded = resolve_name(self.value)
                self.error = self._class_problem(loaded)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even sys.exit in a plugin must not disturb other names
            self.error, self.cause = f"importing it raised {_text(error)}", error
        if self.error:
            self.state = "broken"
        else:
            self.state, self.component = "ok", loaded

    def _class_problem(self, loaded: Any) -> str:
        """Return why an object cannot serve under this name, ``""`` if it can."""
        base = GROUPS[self.group]
        if not (isinstance(loaded, type) and issubclass(loaded, base)):
            kind = f"class {loaded.__name__}" if isinstance(loaded, type) else f"of type {type(loaded).__name__}"
            return f"it is {kind}: expected a subclass of pyfc.component.{base.__name__}"
        problem = loaded.problem()
        if not problem and loaded.name != self.name:
            return f"class {loaded.__name__} has name {loaded.name!r}: expected {self.name!r}, as in the entry point"
        return problem


def _text(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # the __str__ of a plugin's exception is the plugin's code too
        return f"{type(error).__name__}, whose message cannot be shown"


def installed() -> list[Record]:
    """Return a record for each entry point in pyfc's groups of each installed distribution; no module is imported."""
    from importlib import metadata  # not at the top: it takes longer to import than all of this package

    # Reading the names first, and asking for each by name after that, gives the one distribution that Python would
    # import from where several folders on sys.path hold versions of it.
    with_plugins = [dist for dist in metadata.distributions() if "[pyfc." in _entry_points_text(dist)]
    found = [dist.metadata["Name"] for dist in with_plugins if "Name" in dist.metadata]
    names = {normal(name): name for name in found if name}
    return [record for name in sorted(names) for record in _read(name, metadata.distribution(names[name]))]


def _entry_points_text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except (OSError, UnicodeError):
        return ""


def _read(name: str, distribution: Distribution) -> list[Record]:
    """Return the records of one distribution; name is its normal name."""
    state, error = "disabled" if name != "pyfc" and _disabled(name) else "not loaded", ""
    try:
        entries = [(entry.group, entry.name, entry.value) for entry in distribution.entry_points]
    except Exception as problem:  # a malformed line must not hide the plugins of others
        headings = re.findall(r"^\[(pyfc\.\w+)\]", _entry_points_text(distribution), re.MULTILINE)
        entries = [(heading, "?", "entry_points.txt") for heading in headings]
        state, error = "broken", f"its entry_points.txt cannot be read: {problem}"
    return [
        Record(heading.removeprefix("pyfc."), entry, name, distribution.version, value, state, error)
        for heading, entry, value in entries
        if heading.startswith("pyfc.") and heading.removeprefix("pyfc.") in GROUPS
    ]


def _disabled(distribution: str) -> bool:
    setting = os.environ.get("PYFC_DISABLE_PLUGINS", "")
    names = {normal(part) for part in setting.split(",")}
    return bool(names & {"1", "true", "all", distribution})


def normal(name: str) -> str:
    """Return a distribution's name in the one spelling that the packaging rules (PEP 503) compare by."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
