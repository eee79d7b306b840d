"""Worked numeric examples: forward and backward of a few numbers, every step with its numbers, beside the kernel's.

:func:`examples` makes those of a component, as tables of lines: what is given, what each step of the derivation gives
for it, and what the code makes of the same numbers, with how many digits they agree in.
"""

from __future__ import annotations

from pyfc.component import Activation, Component, Initializer, Loss, Optimizer
from pyfc.sphinxext.examples.activations import activation_example
from pyfc.sphinxext.examples.initializers import initializer_examples
from pyfc.sphinxext.examples.lines import ENOUGH, Example, Line, shown
from pyfc.sphinxext.examples.losses import loss_examples
from pyfc.sphinxext.examples.optimizers import optimizer_example

__all__ = ["ENOUGH", "Example", "Line", "examples", "shown"]


def examples(component: Component) -> list[Example]:
    """Return the worked examples of a component.

    Parameters
    ----------
    component : Component
        With its hyper-parameters.

    Returns
    -------
    list of Example
        Empty if it has no derivation.
    """
    if not component.derivation:
        return []
    if isinstance(component, Activation):
        return [activation_example(component)]
    if isinstance(component, Loss):
        return list(loss_examples(component))
    if isinstance(component, Optimizer):
        return [optimizer_example(component)]
    return list(initializer_examples(component)) if isinstance(component, Initializer) else []
