"""What a derivation is: numbered steps in a component's source file, tied by tags to the lines that run them.

A step is an equation in plain text with the reason for it. The lines of code that carry it out end in its number,
``# (3)``. This module reads both; :mod:`pyfc.proof` shows that the steps follow from each other, and
:mod:`pyfc.testing` that the code computes what they say.

How an equation is written (SymPy parses it):

- ``z, y`` stand for input and output, ``dy, dz`` for the derivatives of the training loss by them. Other letters are
  parameters, or are defined by the step that has them alone on the left.
- ``diff(y, z)`` is a derivative; ``z[i]`` an entry of a row; ``Sum(exp(z[k]), (k, 1, m))`` and
  ``Max(z[k], (k, 1, m))`` run over a row of m.
- In layers, capital letters are matrices: ``dW = X.T * dZ``; ``ones`` is a column of ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TAG = re.compile(r"#\s*((?:\(\d+\)[\s,]*)+)$")


@dataclass(frozen=True)
class Step:
    """One row of a derivation.

    Parameters
    ----------
    number : int
        Its number: 1, 2, ... in the order of the derivation.
    equation : str
        ``left = right`` in the notation of this module.
    reason : str
        Why it follows from the rows before it, or that it is a definition.
    runs : bool, default False
        True if lines of the kernel carry it out; they must be there, tagged with the number.
    shapes : str, default ""
        The shapes of the arrays in it, where they help.
    when : mapping, optional
        Hyper-parameter values under which the step holds; always, if empty. Steps under other values are not used in
        its proof.

    Examples
    --------
    >>> step = Step(3, "dz = dy * (1 - y**2)", "chain rule", runs=True)
    >>> step.left, step.right, step.terms
    ('dz', 'dy * (1 - y**2)', 'y')
    """

    number: int
    equation: str
    reason: str
    runs: bool = False
    shapes: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an equation that has not two sides."""
        if len(self._sides()) != 2:
            raise ValueError(f"step ({self.number}) is {self.equation!r}: expected one equation, `left = right`")

    def _sides(self) -> list[str]:
        return [side.strip() for side in re.split(r"(?<![<>=!])=(?!=)", self.equation)]

    @property
    def left(self) -> str:
        """The text left of the equals sign."""
        return self._sides()[0]

    @property
    def right(self) -> str:
        """The text right of the equals sign."""
        return self._sides()[1]

    @property
    def terms(self) -> str:
        """What the right side is written in: ``"z"``, ``"y"``, ``"zy"``, or ``""`` for neither."""
        return "".join(letter for letter in "zy" if re.search(rf"\b{letter}\b", self.right))


def source_path(module_name: str) -> Path:
    """Return the source file of a component's module.

    Parameters
    ----------
    module_name : str
        As in ``Component.__module__``.

    Returns
    -------
    Path
        The ``.pyx`` beside a compiled module; in an editable install of pyfc, the one in ``src/``; else the module's
        own ``.py`` file.

    Raises
    ------
    FileNotFoundError
        If none of them exists: the distribution was built without its sources.
    """
    origin = getattr(sys.modules.get(module_name), "__file__", None)
    if origin is None:
        raise FileNotFoundError(
            f"module {module_name} has no file: a derivation's tags are read from one; define the component in a file"
        )
    compiled = Path(origin)
    name = f"{compiled.name.partition('.')[0]}.pyx"
    candidates = [compiled.with_name(name)]
    if module_name.startswith("pyfc.kernels."):
        candidates.append(Path(__file__).parents[1].joinpath("src", *module_name.split(".")[2:-1], name))
    if compiled.suffix == ".py":
        candidates.append(compiled)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"no source of {module_name}: looked for {', '.join(map(str, candidates))}; "
        "ship the .pyx file as package data beside the compiled module"
    )


def tagged_lines(path: Path) -> dict[int, list[int]]:
    """Return, for each step number, the numbers of the lines in a source file that carry its tag.

    Parameters
    ----------
    path : Path
        A ``.pyx`` or ``.py`` file.

    Returns
    -------
    dict of int to list of int
        Step number -> line numbers, from 1.
    """
    found: dict[int, list[int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = _TAG.search(line)
        for step in re.findall(r"\d+", match.group(1)) if match else ():
            found.setdefault(int(step), []).append(number)
    return found


def tag_problems(steps: tuple[Step, ...], path: Path) -> list[str]:
    """Hold the tags of a source file against its derivation.

    Parameters
    ----------
    steps : tuple of Step
        The derivation.
    path : Path
        The source file.

    Returns
    -------
    list of str
        One sentence for each step that should run and has no line, for each tag without a step, and for each step
        that has lines but does not say that it runs. Empty if all is well.
    """
    tags = tagged_lines(path)
    numbers = [step.number for step in steps]
    problems = []
    if not steps:
        problems.append(f"{path.name} has no derivation: expected at least a definition")
    if numbers != list(range(1, len(steps) + 1)):
        problems.append(f"{path.name} numbers its steps {numbers}: expected 1, 2, ... in order")
    for step in steps:
        if step.runs and step.number not in tags:
            problems.append(f"{path.name}: step ({step.number}) runs, but no line ends in `# ({step.number})`")
        if not step.runs and step.number in tags:
            problems.append(
                f"{path.name}:{tags[step.number][0]}: tagged ({step.number}), but that step does not say runs=True"
            )
    problems += [
        f"{path.name}:{lines[0]}: tagged ({number}), but the derivation has no step ({number})"
        for number, lines in tags.items()
        if number not in numbers
    ]
    return problems
