"""A Sphinx extension: the derivation of a component as a table, each row beside the lines of code that run it.

For pyfc's own documentation and for that of every plugin. In ``conf.py``::

    extensions = ["pyfc.sphinxext"]

and on a page::

    .. pyfc:derivation:: activations.swish

The argument is a group and a name, as in ``pyfc.get("activations", "swish")``; where two distributions have the name,
``activations.my-package:swish`` says whose. The component is taken from the registry, so the package that brings it
must be installed where the documentation is built, with its sources (``Component.source``).

The table has a row for each step: its number, the equation, the reason, whether the right side is written in terms of
z or of y, and the lines of the source that end in the step's tag, ``# (3)``, with their numbers. Below it stands what
holds: how many steps SymPy has proved and how many lines are tied to them. What does not hold is an error of that line
of the page, and fails a build with ``sphinx-build -W``: a step that does not follow, a step without its line of code or
a line without its step, a source or a derivation that is missing, an unknown name, a plugin that cannot be loaded.

Each row can be linked to: ``pyfc-activations-swish-3`` is the one of step 3 (``pyfc-activations-gelu-tanh-3`` for
``gelu_tanh``, for an address has no underscores). The table has the class ``pyfc-derivation``, the line below it
``pyfc-evidence``. Equations are written for MathJax, which Sphinx loads by itself.

Needs the extra ``docs``: ``pip install 'pyfc[docs]'``.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain

import pyfc
from pyfc.sphinxext.component import ComponentDirective
from pyfc.sphinxext.derivation import DerivationDirective
from pyfc.sphinxext.pages import setup_pages

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["ComponentDirective", "DerivationDirective", "PyfcDomain", "setup"]


class PyfcDomain(Domain):
    """The directives that begin with ``pyfc:``; it keeps nothing between pages."""

    name = "pyfc"
    label = "pyfc"
    directives: ClassVar = {"component": ComponentDirective, "derivation": DerivationDirective}

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return no target: there is none to be found by its name alone."""
        return []

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Do nothing: pages that were read in parallel have nothing to bring together."""


def _add_static(app: Sphinx) -> None:
    folder = str(Path(__file__).with_name("static"))
    if folder not in app.config.html_static_path:
        app.config.html_static_path.append(folder)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the domain to a Sphinx project."""
    app.add_domain(PyfcDomain)
    setup_pages(app)
    app.connect("builder-inited", _add_static)
    app.add_css_file("component.css")
    return {"version": pyfc.__version__, "parallel_read_safe": True, "parallel_write_safe": True}
