"""What the argument of a directive stands for: a registered component, or one of pyfc's layers, with its source."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes

from pyfc import registry
from pyfc.component import Component
from pyfc.derivation import Source, Step
from pyfc.errors import ProofError
from pyfc.testing.layers import LAYERS, LayerKernel

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


@dataclass(frozen=True)
class Subject:
    """A derivation with the code that it stands in.

    Attributes
    ----------
    spec : str
        What it was asked for by, ``"activations.sigmoid"``.
    owner : type or LayerKernel
        The component's class; of a layer, its kernel.
    module : str
        The module that it comes from.
    derivation : tuple of Step
        Its steps.
    source : Source
        The code that their tags are in.
    """

    spec: str
    owner: type[Component] | LayerKernel
    module: str
    derivation: tuple[Step, ...]
    source: Source

    @property
    def anchor(self) -> str:
        """What the anchors of its rows begin with: ``pyfc-activations-sigmoid``."""
        return nodes.make_id(f"pyfc-{self.spec}")

    @property
    def group(self) -> str:
        """The registry's group, or ``"layers"``."""
        return self.spec.partition(".")[0]


def subject_of(spec: str) -> Subject:
    """Return what an argument stands for.

    Parameters
    ----------
    spec : str
        Group and name, ``"activations.sigmoid"``, ``"activations.my-package:swish"``, or ``"layers.dense"``.

    Returns
    -------
    Subject

    Raises
    ------
    PyfcError
        If there is no such component, it cannot be loaded, or it has no derivation.
    FileNotFoundError
        If it was built without its source.
    """
    group, _, name = spec.partition(".")
    if group == "layers":
        if name not in LAYERS:
            raise ProofError(f"unknown layer {name!r}: expected one of {', '.join(LAYERS)}")
        layer = LAYERS[name]
        return Subject(spec, layer, layer.module, layer.derivation, layer.source_code())
    cls: type[Component] = registry.get(group, name)
    if not cls.derivation:
        raise ProofError(f"class {cls.__name__} has no derivation: expected at least a definition")
    return Subject(spec, cls, cls.__module__, cls.derivation, cls.source_code())


def note_module(env: BuildEnvironment, name: str) -> None:
    """Take down that the page now being read is read anew when a module was built anew, from a changed header perhaps.

    Parameters
    ----------
    env : BuildEnvironment
        Of the page.
    name : str
        Of the module.
    """
    path = getattr(sys.modules.get(name), "__file__", None)
    if path:
        env.note_dependency(path)
