"""What a derivation is: numbered steps in a component's source file, tied by tags to the lines that run them.

A step is an equation in plain text with the reason for it. The lines of code that carry it out end in its number,
``# (3)``, in C ``// (3)``, with nothing after it. This module reads both; :mod:`pyfc.proof` shows that the steps follow
from each other, and :mod:`pyfc.testing` that the code computes what they say.

How an equation is written (SymPy parses it):

- ``z, y`` stand for input and output, ``dy, dz`` for the derivatives of the training loss by them. Other letters are
  parameters, or are defined by the step that has them alone on the left.
- ``diff(y, z)`` is a derivative; ``z[i]`` an entry of a row; ``Sum(exp(z[k]), (k, 1, m))`` and
  ``Max(z[k], (k, 1, m))`` run over a row of m.
- In layers, capital letters are matrices: ``dW = X.T * dZ``; ``ones`` is a column of ones.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TAG = re.compile(r"(?:#|//|/\*)\s*((?:\(\d+\)[\s,]*)+)(?:\*/)?\s*\\?$")  # in a macro of C a line ends in a backslash
#: A comment that begins as a tag, and has words after it.
_NO_TAG = re.compile(r"(?:#|//|/\*)\s*(?:\(\d+\)[\s,]*)+(?=[^\s,(*\\])")


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


@dataclass(frozen=True)
class Source:
    """The code that carries a derivation's tags.

    Attributes
    ----------
    name : str
        Of its file, or another name to call it by.
    text : str
        Its lines.
    first : int
        The number of its first line.
    path : Path or None
        The file; None for code that was made in memory.
    """

    name: str
    text: str
    first: int = 1
    path: Path | None = None

    def tagged_lines(self) -> dict[int, list[int]]:
        """Return, for each step number, the numbers of the lines that carry its tag."""
        found: dict[int, list[int]] = {}
        for number, line in enumerate(self.text.splitlines(), start=self.first):
            match = _TAG.search(line)
            for step in re.findall(r"\d+", match.group(1)) if match else ():
                found.setdefault(int(step), []).append(number)
        return found

    def spoiled_tags(self) -> list[int]:
        """Return the numbers of the lines whose comment begins with a tag but has text after it, so that it is none."""
        lines = enumerate(self.text.splitlines(), start=self.first)
        return [number for number, line in lines if not _TAG.search(line) and _NO_TAG.search(line)]


def read_source(path: Path) -> Source:
    """Return a file as the code that carries a derivation's tags."""
    return Source(path.name, path.read_text(encoding="utf-8"), path=path)


def source_of(owner: type | str, file: str = "") -> Source:
    """Return the code of a component's class, or of a module.

    Parameters
    ----------
    owner : type or str
        The class, or the name of a module.
    file : str, optional
        The file with the tags, from the folder of the module: ``Component.source``.

    Returns
    -------
    Source
        The file that was asked for; else the ``.pyx`` beside a compiled module, in an editable install of pyfc the one
        in ``src/``; else, of a Python module, the class alone: others in its file have tags of their own.

    Raises
    ------
    FileNotFoundError
        If none of them exists: the distribution was built without its sources.
    """
    module_name = owner if isinstance(owner, str) else owner.__module__
    origin = getattr(sys.modules.get(module_name), "__file__", None)
    if origin is None and isinstance(owner, str):
        raise FileNotFoundError(
            f"module {module_name} has no file: a derivation's tags are read from one; define the component in a file"
        )
    if origin is None or (Path(origin).suffix == ".py" and not file):
        return _class_source(owner) if isinstance(owner, type) else read_source(Path(str(origin)))
    compiled = Path(origin)
    if file:
        candidates = [compiled.with_name(file)]
    else:
        name = f"{compiled.name.partition('.')[0]}.pyx"
        candidates = [compiled.with_name(name)]
        if module_name.startswith("pyfc.kernels."):
            candidates.append(Path(__file__).parents[1].joinpath("src", *module_name.split(".")[2:-1], name))
    for candidate in candidates:
        if candidate.is_file():
            return read_source(candidate)
    raise FileNotFoundError(
        f"no source of {module_name}: looked for {', '.join(map(str, candidates))}; "
        "ship the source as package data beside the compiled module"
    )


def _class_source(cls: type) -> Source:
    """Return the lines of a class written in Python, also in a notebook that keeps its cells."""
    try:
        lines, first = inspect.getsourcelines(cls)
        path = Path(inspect.getsourcefile(cls) or "")
    except (OSError, TypeError) as error:
        raise FileNotFoundError(
            f"no source of {cls.__module__}.{cls.__qualname__} ({error}): define the component in a file"
        ) from error
    return Source(path.name, "".join(lines), first, path)


def tag_problems(steps: tuple[Step, ...], source: Source) -> list[str]:
    """Hold the tags of some code against its derivation.

    Parameters
    ----------
    steps : tuple of Step
        The derivation.
    source : Source
        The code.

    Returns
    -------
    list of str
        One sentence for each step that should run and has no line, for each tag without a step, for each step that
        has lines but does not say that it runs, and for each tag that is none because text follows it. Empty if all is
        well.
    """
    tags = source.tagged_lines()
    numbers = [step.number for step in steps]
    problems = []
    if not steps:
        problems.append(f"{source.name} has no derivation: expected at least a definition")
    if numbers != list(range(1, len(steps) + 1)):
        problems.append(f"{source.name} numbers its steps {numbers}: expected 1, 2, ... in order")
    for step in steps:
        if step.runs and step.number not in tags:
            problems.append(f"{source.name}: step ({step.number}) runs, but no line ends in `# ({step.number})`")
        if not step.runs and step.number in tags:
            problems.append(
                f"{source.name}:{tags[step.number][0]}: tagged ({step.number}), but that step does not say runs=True"
            )
    problems += [
        f"{source.name}:{lines[0]}: tagged ({number}), but the derivation has no step ({number})"
        for number, lines in tags.items()
        if number not in numbers
    ]
    problems += [
        f"{source.name}:{line}: a tag with text after it is not read; put the text on a line of its own"
        for line in source.spoiled_tags()
    ]
    return problems
