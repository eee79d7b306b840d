"""What a component is: an activation, a loss, an optimizer or an initialiser, with hyper-parameters and a derivation.

A plugin derives one class from ``Activation``, ``Loss``, ``Optimizer`` or ``Initializer`` and registers it. The base
class checks arguments once, for all; the component brings a compiled kernel, or methods in NumPy that do the same.
Nothing here knows a component by name: :mod:`pyfc.registry` finds them.
"""

from pyfc.component.activation import Activation, Learned
from pyfc.component.base import Component, Hyper
from pyfc.component.initializer import Initializer
from pyfc.component.loss import Loss
from pyfc.component.optimizer import Optimizer
from pyfc.derivation import Step

__all__ = ["Activation", "Component", "Hyper", "Initializer", "Learned", "Loss", "Optimizer", "Step"]
