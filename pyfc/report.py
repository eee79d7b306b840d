"""A list of things that were checked, each with its worst case, readable in a terminal.

What a failed check needs in order to say where it failed stands here too: the worst entry of an array of errors, and
the line of source that raised an exception.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pyfc.errors import PluginError, ProofError

#: Packages whose frames say less about an exception than the line that called them.
_LIBRARIES = ("pyfc", "numpy", "scipy")


@dataclass(frozen=True)
class Figure:
    """The worst case of a check as numbers, for those who show it elsewhere: :mod:`pyfc.sphinxext` does.

    Attributes
    ----------
    letter : str
        What was computed, such as ``"y"`` or ``"dz"``.
    unit : str
        ``"float32"`` or ``"float64"``, if the error is in units in the last place of that dtype; ``"difference"``, if
        it is the disagreement with finite differences, relative to the derivative where that is above 1.
    error : float
        The largest.
    at : tuple of (str, str)
        The inputs where it occurs, each a letter and its value.
    """

    letter: str
    unit: str
    error: float
    at: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes
    ----------
    name : str
        What.
    passed : bool
        Whether it holds.
    detail : str
        The worst case; for a failure the function, input, index, and both values.
    figure : Figure, optional
        The worst case as numbers.
    """

    name: str
    passed: bool
    detail: str = ""
    figure: Figure | None = None

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.name}{': ' if self.detail else ''}{self.detail}"


@dataclass
class Report:
    """The checks of one component or network.

    Attributes
    ----------
    component : str
        What was checked.
    checks : list of Check
        In the order in which they ran.
    unproved : str
        Why nothing is proved, for a component that has no derivation; ``""`` if it has one.
    notes : list of str
        What was not checked, and why.
    """

    component: str
    checks: list[Check] = field(default_factory=list)
    unproved: str = ""
    notes: list[str] = field(default_factory=list)

    def note(self, name: str, reason: str) -> None:
        """Take down what was not checked, and why."""
        self.notes.append(f"{name}: {reason}")

    def add(self, name: str, passed: bool | np.bool_, detail: str = "", figure: Figure | None = None) -> None:
        """Take down one check."""
        self.checks.append(Check(name, bool(passed), detail, figure))

    @property
    def figures(self) -> list[Figure]:
        """The worst cases that are there as numbers."""
        return [check.figure for check in self.checks if check.figure is not None]

    @contextmanager
    def guard(self, name: str, where: str = "") -> Iterator[None]:
        """Take down an exception in the ``with`` block as a failed check, so that the report goes on.

        Parameters
        ----------
        name : str
            What was checked.
        where : str, optional
            On what, such as the shape of the input.
        """
        try:
            yield
        except Exception as error:
            self.add(name, False, f"{where}{' raised ' if where else ''}{raised(error)}")

    @property
    def failures(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check in self.checks if not check.passed]

    @property
    def ok(self) -> bool:
        """Whether something was checked and all of it holds; that it was proved too is another matter."""
        return bool(self.checks) and not self.failures

    def raise_if_failed(self, *, unproved: bool = True) -> Report:
        """Return the report, or raise it.

        Parameters
        ----------
        unproved : bool, default True
            Whether a component may lack a derivation.

        Raises
        ------
        ProofError
            With all failures, if there are any or nothing was checked.
        """
        if not self.ok or (self.unproved and not unproved):
            raise ProofError(str(self))
        return self

    def __str__(self) -> str:
        head = f"{self.component}: {len(self.checks)} checks, {len(self.failures)} failed"
        if self.unproved:
            head += f"\n  NOT PROVED: {self.unproved}"
        notes = (f"  ----  not checked: {note}" for note in self.notes)
        return "\n".join([head, *(f"  {check}" for check in self.checks), *notes])


def worst_entry(errors: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """Return the index of the largest of some errors; a NaN is the largest of all."""
    at = np.unravel_index(int(np.argmax(np.where(np.isnan(errors), np.inf, errors))), errors.shape)
    return tuple(map(int, at))


def raised(error: BaseException) -> str:
    """Return an exception's type and message, and the very line of source that raised it.

    Where a line called pyfc, NumPy or SciPy, and those raised, it is that line: the mistake is there, not in them.
    Where no other line had a part in it, it is pyfc's own, and "(in pyfc)" says so.

    Parameters
    ----------
    error : BaseException
        Caught, so that it has its traceback.

    Returns
    -------
    str
        Such as ``TypeError: 'numpy.ndarray' object is not callable, at plugin.py:12, dz[...] = dy(1 - y * y)``.
    """
    if isinstance(error, PluginError):  # it says so itself, of what raised the first one
        return f"{type(error).__name__}: {error}"
    frames = list(traceback.walk_tb(error.__traceback__))
    packages = [frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in frames]
    others = [pair for pair, package in zip(frames, packages, strict=True) if package not in _LIBRARIES]
    own = [pair for pair, package in zip(frames, packages, strict=True) if package == "pyfc"]
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not frames:
        return message
    frame, number = (others or own or frames)[-1]
    path = frame.f_code.co_filename
    text = linecache.getline(path, number, frame.f_globals).strip()
    where = " (in pyfc)" if own and not others else ""
    return f"{message}, at {Path(path).name}:{number}{where}{', ' if text else ''}{text}"
