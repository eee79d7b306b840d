"""A list of things that were checked, each with its worst case, readable in a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pyfc.errors import ProofError


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
    """

    name: str
    passed: bool
    detail: str = ""

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
    """

    component: str
    checks: list[Check] = field(default_factory=list)

    def add(self, name: str, passed: bool | np.bool_, detail: str = "") -> None:
        """Take down one check."""
        self.checks.append(Check(name, bool(passed), detail))

    @property
    def failures(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check in self.checks if not check.passed]

    @property
    def ok(self) -> bool:
        """Whether something was checked and all of it holds."""
        return bool(self.checks) and not self.failures

    def raise_if_failed(self) -> Report:
        """Return the report, or raise it.

        Raises
        ------
        ProofError
            With all failures, if there are any or nothing was checked.
        """
        if not self.ok:
            raise ProofError(str(self))
        return self

    def __str__(self) -> str:
        head = f"{self.component}: {len(self.checks)} checks, {len(self.failures)} failed"
        return "\n".join([head, *(f"  {check}" for check in self.checks)])
