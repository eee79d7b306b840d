"""Writes mathematics as native MathML: nothing is fetched, no script runs, and screen readers read it.

Sphinx asks MathJax by default, a script from another host; without a network a reader would see LaTeX. Every browser
of today draws MathML itself. The LaTeX is translated by docutils. What docutils cannot translate is a warning with its
place, which fails a build with ``sphinx-build -W``: it knows most commands of AMS, but no environments beside
``cases``, ``aligned`` and matrices (lines of a block may end in two backslashes all the same), and no macros.

The renderer is called ``mathml``. It is the only one beside MathJax that this extension brings, so Sphinx takes it by
itself; ``html_math_renderer = "mathjax"`` in ``conf.py`` goes back.
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
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


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


def setup(app: Sphinx) -> None:
    """Add the renderer to a Sphinx project."""
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
