"""What there is to know of a component beside its formula: its parameters with their bounds, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyfc.component import Activation, Component, Loss, Optimizer

_READS = {"z": "its input z", "y": "its output y alone", "zy": "its input z and its output y", "": "neither z nor y"}
_TASKS = {
    "regression": "numbers, as many as there are outputs",
    "binary": "numbers from 0 to 1 for each output: yes or no",
    "classification": "integer labels, or rows of one number for each class",
}


@dataclass(frozen=True)
class Parameter:
    """A row of the table of parameters."""

    name: str
    default: str
    allowed: str
    meaning: list[str]


def parameters(component: Component, described: list[Any]) -> list[Parameter]:
    """Return what can be set: the hyper-parameters, and what the constructor takes beside them.

    Parameters
    ----------
    component : Component
        With its defaults.
    described : list
        numpydoc's parameters of its docstring.

    Returns
    -------
    list of Parameter
    """
    told = {name.strip(): one.desc for one in described for name in one.name.split(",")}
    found = []
    for name in component.arguments:
        default = repr(getattr(component, name, None))
        allowed = "a number >= 0, or a schedule" if name == "lr" else ""
        found.append(Parameter(name, default, allowed, told.get(name, [])))
    for name, hyper in component.hyperparameters.items():
        allowed = " or ".join(map(repr, hyper.choices)) or hyper.bounds()
        if isinstance(hyper.default, bool):
            allowed = "True or False"
        elif not isinstance(hyper.default, str):
            kind = "a whole number" if isinstance(hyper.default, int) else "a number"
            allowed = " ".join(filter(None, [kind, allowed]))
        found.append(Parameter(name, repr(hyper.default), allowed, told.get(name, [])))
    return found


def properties(component: Component, name: str) -> Iterator[tuple[str, str]]:
    """Yield the properties of a component: what, and a text in reST.

    Parameters
    ----------
    component : Component
        With its defaults.
    name : str
        Under which :func:`pyfc.get` finds it.

    Yields
    ------
    tuple of str
    """
    yield "class", f'``pyfc.get("{component.group}", "{name}")``'
    if isinstance(component, Activation):
        yield "works on", "each number by itself" if component.elementwise else "whole rows"
        yield "the way back reads", _READS[component.needs]
        learned = component.learned
        if learned:
            yield "learns", f"``{learned.letter}``, {learned.start:g} at the start"
        else:
            yield "learns", "nothing"
        yield "in place", "yes: y may take the place of z" if component.in_place else "no"
    if isinstance(component, Loss):
        yield "targets", _TASKS[component.task]
        if component.probability:
            yield "probabilities", f"the ``{component.probability}`` of the outputs"
        elif component.in_unit_interval:
            yield "probabilities", "the outputs themselves"
    if isinstance(component, Optimizer):
        yield "works on", "all data at once" if component.full_batch else "one batch at a time"
        if not component.full_batch:
            yield "keeps", f"{component.states} number{'s' * (component.states != 1)} for each parameter"
    if hasattr(component, "compiled") and not getattr(component, "full_batch", False):
        yield "its code is", "compiled" if component.compiled else "NumPy"
