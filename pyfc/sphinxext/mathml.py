"""Writes mathematics as native MathML: nothing is fetched, no script runs, and screen readers read it.

Sphinx asks MathJax by default, a script from another host; without a network a reader would see LaTeX. Every browser
of today draws MathML itself. The LaTeX is translated by docutils. What docutils cannot translate is a warning with its
place, which fails a build with ``sphinx-build -W``: it knows most commands of AMS, but no environments beside
``cases``, ``aligned`` and matrices (lines of a block may end in two backslashes all the same), and no macros.

The renderer is called ``mathml``, and is taken where ``conf.py`` names none. Another one whose extension is there, such
as ``sphinx.ext.imgmath``, goes before it: who adds that wants it. ``html_math_renderer = "mathjax"`` goes back to
MathJax, ``html_math_renderer = "mathml"`` chooses this one in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

#: The class of formulas in a line of their own, which are set as large as such.
DISPLAYED = "pyfc-display"


def mathml(node: nodes.math | nodes.math_block) -> str:
    """Return the MathML of a formula; its LaTeX with a warning, if docutils cannot translate it.

    Parameters
    ----------
    node : math or math_block
        The node of a page. Lines of a block that end in two backslashes are put below each other, at their ``&``.

    Returns
    -------
    str
        An element ``<math>``, or ``<code>`` with the LaTeX.
    """
    text, block = node.astext().strip(), isinstance(node, nodes.math_block)
    try:
        return tex2mathml(text, as_block=block)
    except MathError as error:
        logger.warning("cannot write %r as MathML: %s", text, error, location=node, type="pyfc", subtype="mathml")
        return f"<code>{nodes.unescape(text)}</code>"


def _visit_math(self: HTML5Translator, node: nodes.math) -> None:
    self.body += [self.starttag(node, "span", "", CLASS="math notranslate nohighlight"), mathml(node), "</span>"]
    raise nodes.SkipNode


def _visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body += [mathml(node), "</div>\n"]
    raise nodes.SkipNode


def _choose(app: Sphinx, config: Config) -> None:
    """Choose the renderer: Sphinx itself refuses to where there are more than two."""
    others = [name for name in app.registry.html_inline_math_renderers if name not in ("mathjax", "mathml")]
    if config.html_math_renderer is None and len(others) == 1:
        config.html_math_renderer = others[0]


def _enlarge(app: Sphinx, document: nodes.document, _: str) -> None:
    """Write the size of displayed formulas where it is understood; in plain text it would only be in the way."""
    if app.builder.format in ("html", "latex"):
        for node in document.findall(nodes.math):
            if DISPLAYED in node["classes"]:
                node[:] = [nodes.Text(rf"\displaystyle {node.astext()}")]


def setup(app: Sphinx) -> None:
    """Add the renderer to a Sphinx project."""
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.connect("config-inited", _choose)
    app.connect("doctree-resolved", _enlarge)
