"""A Sphinx extension: pages of components, and their derivations as tables, each row beside the code that runs it.

For pyfc's own documentation and for that of every plugin. In ``conf.py``::

    extensions = ["pyfc.sphinxext"]

and on a page::

    .. pyfc:derivation:: activations.swish

The argument is a group and a name, as in ``pyfc.get("activations", "swish")``; where two distributions have the name,
``activations.my-package:swish`` says whose. The component is taken from the registry, so the package that brings it
must be installed where the documentation is built, with its sources (``Component.source``).

The layers are there too: ``layers.dense``, ``layers.dropout`` and ``layers.scale``.

**The table** has a row for each step: its number, the equation, the reason, whether the right side is written in
terms of z or of y, the shapes, and beside them the lines of the source that end in the step's tag, ``# (3)``. On a
phone they stand under them. Each row can be linked to: ``pyfc-activations-swish-3`` is the one of step 3 (an address
has no underscores: ``pyfc-activations-gelu-tanh-3``).

**The evidence** below it is found out anew in each build: how many steps SymPy has proved and how many lines are tied
to them; the worst error of what the code computes, in units in the last place (ULP), for float32 and float64, and its
disagreement with finite differences, with the inputs where they occur. The figures are those of :mod:`pyfc.testing`,
of the component's default settings; :func:`evidence_of` returns them. What does not hold is an error of that line of
the page, and fails a build with ``sphinx-build -W``: a step that does not follow, a step without its line of code or
a line without its step, a source or a derivation that is missing, code that is further from its step than the kit
allows or disagrees with finite differences, an unknown name, a plugin that cannot be loaded. The code runs in the
process of the build: a kernel that crashes ends it.

**The sources** have pages of their own in the HTML, each line with an anchor: the number of a line beside a row leads
to ``sources/my_swish/kernel.pyx.html#L22``, and the tag in that line leads back to the row. A source has a page if a
directive or role uses it, or if it is in one of the folders, relative to that of ``conf.py``, of ::

    pyfc_source_folders = ["../src", "../my_swish"]

whose files are then called ``src/...`` and ``my_swish/...``; those of another installed package begin with its name.
This role links to a source, or to the line in it that defines a function, class, method, struct or macro; an unknown
file or name is an error::

    :pyfc:source:`my_swish/kernel.pyx`
    :pyfc:source:`my_swish/kernel.pyx:forward`
    :pyfc:source:`how it is done <my_swish/kernel.pyx:Swish.compute_forward>`

The style sheet ``pyfc-derivation.css`` is added to the pages. It uses the colours of the theme furo, light and dark;
under another theme that of the text, and greys that one sees through. The table has the class ``pyfc-derivation``, what
stands below it ``pyfc-evidence``. In another directive, :func:`derivation_nodes` returns the same as this one puts on a
page. Equations are native MathML, which needs neither a network nor a script; see :mod:`pyfc.sphinxext.mathml`. The
pictures of components are part of the HTML, and so they are missing from a PDF and other formats.

Some rows alone, where a text talks of them, are shown with ``:steps:``; the whole table has its place elsewhere::

    .. pyfc:derivation:: activations.swish
       :steps: 3 6

**The whole page of a component** is one directive under its title::

    .. pyfc:component:: activations.swish

It shows, in this order: the summary and the text below it, from the docstring; pictures (value and slope of an
activation, value and gradient of a loss, the way of an optimizer down a valley, the weights of an initialiser and what
they make of a signal); the derivation as above; an example with every intermediate number, worked out when the page is
built and held against the code; the parameters with defaults and bounds; the speed on this machine; the docstring's
Notes, Examples and References. These are numpydoc's sections. A name such as ``relu`` in literal quotes links to that
component's page, if there is one. A reference that reads ``Authors, "Title", Venue (Year)`` gets an entry for BibTeX:
see ``pyfc.sphinxext.references``.

**No page need be written by hand.** With these lines in ``conf.py`` a build writes one for each component of some
distributions, of all that are installed if none are named, with an overview of each group and a file of references::

    pyfc_component_pages = "generated"  # the folder, from that of conf.py; do not commit it
    pyfc_component_distributions = ["my-package"]

and a page of yours has ``generated/index`` in its ``toctree``. Remove the old folder if you change its name: Sphinx
would go on building the pages in it. A plugin that cannot be loaded has no page, and a warning (``pyfc.plugin``) says
why; a part of a page that cannot be made is left out, with a warning too (``pyfc.component``). Code that agrees with
its derivation in fewer than 10 digits is an error.

Needs the extra ``docs``: ``pip install 'pyfc[docs]'``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pyfc

try:  # first, so that there is one place to say what to do without them
    import matplotlib  # noqa: F401
    import numpydoc  # noqa: F401
    import sphinx  # noqa: F401
    import sympy  # noqa: F401
except ImportError as error:
    raise ImportError(
        f'pyfc.sphinxext needs {error.name}, which is not installed: run `pip install "pyfc[docs]"`'
    ) from error

from pyfc.sphinxext import mathml
from pyfc.sphinxext.code import link_code
from pyfc.sphinxext.component import ComponentDirective
from pyfc.sphinxext.derivation import DerivationDirective, derivation_nodes
from pyfc.sphinxext.domain import PyfcDomain
from pyfc.sphinxext.evidence import Evidence, evidence_of
from pyfc.sphinxext.pages import setup_pages
from pyfc.sphinxext.source_role import SourceRole
from pyfc.sphinxext.sources import collect_pages
from pyfc.sphinxext.subject import Subject, subject_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

__all__ = [
    "ComponentDirective",
    "DerivationDirective",
    "Evidence",
    "PyfcDomain",
    "SourceRole",
    "Subject",
    "derivation_nodes",
    "evidence_of",
    "setup",
    "subject_of",
]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the domain, the pages of components and sources, and the style sheets to a Sphinx project."""
    app.add_domain(PyfcDomain)
    mathml.setup(app)
    setup_pages(app)
    app.add_config_value("pyfc_source_folders", [], "env", list)
    app.connect("config-inited", _add_static_files)
    app.connect("doctree-resolved", link_code)
    app.connect("html-collect-pages", collect_pages)
    for name in ("pyfc-derivation.css", "pyfc-component.css"):
        app.add_css_file(name)
    return {
        "version": pyfc.__version__,
        "env_version": crc32(pyfc.__version__.encode()),  # another pyfc measures anew, and Sphinx wants a number
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _add_static_files(_: Sphinx, config: Config) -> None:
    config.html_static_path = [*config.html_static_path, str(Path(__file__).with_name("static"))]
