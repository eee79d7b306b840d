"""The pictures on a component's page, as SVG for HTML: one module draws what each group has to show.

:func:`panels` draws a component of any group. :mod:`pyfc.sphinxext.figures.drawing` makes of a figure of matplotlib an
element that takes the colours and the font of the page around it.
"""

from __future__ import annotations

from pyfc.component import Activation, Component, Initializer, Loss, Optimizer
from pyfc.sphinxext.figures.activations import activation_panels
from pyfc.sphinxext.figures.drawing import Panel, svg
from pyfc.sphinxext.figures.initializers import initializer_panels
from pyfc.sphinxext.figures.losses import loss_panels
from pyfc.sphinxext.figures.optimizers import optimizer_panels

__all__ = ["Panel", "html", "panels", "svg"]


def panels(component: Component) -> list[Panel]:
    """Return the pictures of a component.

    Parameters
    ----------
    component : Component
        With its hyper-parameters.

    Returns
    -------
    list of Panel
        Empty if it is of no group that can be drawn.
    """
    if isinstance(component, Activation):
        return activation_panels(component)
    if isinstance(component, Loss):
        return loss_panels(component)
    if isinstance(component, Optimizer):
        return optimizer_panels(component)
    if isinstance(component, Initializer):
        return initializer_panels(component)
    return []


def html(component: Component, prefix: str) -> str:
    """Return a component's pictures as HTML, beside each other where there is room.

    Parameters
    ----------
    component : Component
        With its hyper-parameters.
    prefix : str
        What the ids in it begin with; a page must not have two of one prefix.

    Returns
    -------
    str
        ``""`` if there are none.
    """
    drawn = [svg(panel, f"{prefix}-{number}") for number, panel in enumerate(panels(component), start=1)]
    return f'<div class="pyfc-figures">{"".join(drawn)}</div>' if drawn else ""
