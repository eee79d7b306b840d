"""The role ``pyfc:source``: a link to a whole source, or to the line that defines something in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import ReferenceRole

from pyfc.sphinxext.sources import locate

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

#: What a definition begins with, in Python, Cython or C.
_KEYWORDS = r"(?:async\s+def|def|class|cdef|cpdef|ctypedef|struct|enum|union|typedef)"


def definition_line(text: str, name: str) -> int:
    """Return the number of the line that defines a name: a function, class, method, struct, macro or constant.

    Parameters
    ----------
    text : str
        The source, in Python, Cython or C.
    name : str
        Such as ``"run_epoch"`` or ``"Sigmoid.forward"``.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If nothing of that name is defined there.
    """
    lines, first = text.splitlines(), 0
    for part in name.split("."):
        word = re.escape(part)
        clear = (
            rf"\s*{_KEYWORDS}\b[^=#(]*\b{word}\s*[\[({{:]",
            rf"\s*#\s*define\s+{word}\b",
            rf"[A-Za-z_][\w\s*]*\b{word}\s*\([^;]*$",
            rf"\}}\s*{word}\s*;",
        )
        perhaps = (rf"\s*{_KEYWORDS}\b[^=#(]*\b{word}\b", rf"{word}\s*(?::|=(?!=))")
        for patterns in (clear, perhaps):
            found = re.compile("|".join(patterns))
            numbers = [number for number, line in enumerate(lines, start=1) if number > first and found.match(line)]
            if numbers:
                break
        else:
            raise ValueError(
                f"nothing called {name!r} is defined there: expected a function, class, struct or constant"
            )
        first = numbers[0]
    return first


class SourceRole(ReferenceRole):
    """``:pyfc:source:`src/engine.pyx:run_epoch```: a link to a source, or to the line that defines something in it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link; an error, if there is no such file or name."""
        page, _, name = self.target.partition(":")
        try:
            path = locate(self.env, page)
            line = definition_line(path.read_text(encoding="utf-8"), name) if name else 0
        except (ValueError, OSError) as error:
            message = self.inliner.reporter.error(f"pyfc:source: {self.target}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        self.env.note_dependency(str(path))
        self.env.domains["pyfc"].note_source(page, str(path))  # type: ignore[attr-defined]
        title = self.title if self.has_explicit_title else name or page
        return [source_link(self.env, page, line, nodes.literal("", title, classes=["pyfc-source"]))], []


def source_link(env: BuildEnvironment, page: str, line: int, content: nodes.Element) -> pending_xref:
    """Return a link to a line of a source's page, or to its beginning for line 0, that is resolved when it is built."""
    target = f"{page}#L{line}" if line else page
    return pending_xref(
        "", content, refdomain="pyfc", reftype="source", reftarget=target, refdoc=env.docname, refexplicit=True
    )
