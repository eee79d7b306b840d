"""Whether each hyper-parameter of a component changes something: one that does not is not read where it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyfc.component import Activation, Loss
from pyfc.report import Report
from pyfc.testing.functions import Function
from pyfc.testing.guarded import Guarded
from pyfc.testing.variants import others, variants


def add_effects(report: Report, component: Activation | Loss, functions: Callable[[Any], list[Function]]) -> None:
    """Check that each number and switch, moved in one of the variants at least, changes a result of either direction.

    Parameters
    ----------
    report : Report
        Where it is taken down.
    component : Activation or Loss
        What to check.
    functions : callable
        Returns forward and backward of a component, always at the same inputs.
    """
    cls = type(component)
    for name, hyper in cls.hyperparameters.items():
        if isinstance(hyper.default, str) or not others(hyper):
            continue
        with report.guard(f"{component.name}, {name} changes a result"):
            # A switch may make a number idle, so it is moved beside each of the other settings too.
            changed = any(
                _results(base, functions) != _results(cls.from_config({**base.config(), name: value}), functions)
                for base in (component, *variants(cls))
                for value in others(hyper)
            )
            detail = "" if changed else f"y and dz stay as they are for {name} = {others(hyper)}: is it read?"
            report.add(f"{component.name}: {name} changes a result", changed, detail)


def _results(component: Activation | Loss, functions: Callable[[Any], list[Function]]) -> list[Any]:
    """Return what a component computes, written where nothing else is hurt, and where its parameter starts."""
    found: list[Any] = [getattr(component, "learned", None)]
    for function in functions(component):
        outputs = {
            letter: Guarded(shape, function.dtype, zeroed=letter in function.zeroed)
            for letter, shape in function.shapes.items()
        }
        function.compute(function.inputs, {letter: output.array for letter, output in outputs.items()})
        found += [output.array.tobytes() for output in outputs.values()]
    return found
