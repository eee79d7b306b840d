"""The lines of a source that carry out a step: a block of code whose line numbers are links to the source's page."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes

from pyfc.derivation import Source
from pyfc.sphinxext.sources import TAG, has_source_pages, highlighted, language_of, page_document

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: What puts the tags of a file below each other: a table has no room for it.
_PADDING = re.compile(r" {3,}(?=(#|//|/\*)\s*\(\d)")
#: A tag in HTML, so that a style can set it off.
_MARKED = r'<span class="pyfc-tag">\g<0></span>'


def code_blocks(source: Source, numbers: list[int], page: str = "") -> Iterator[nodes.literal_block]:
    """Yield the lines of a source that have the given numbers, those that follow each other as one block.

    Parameters
    ----------
    source : Source
        The code.
    numbers : list of int
        The lines.
    page : str, optional
        The name of the source's page; ``""`` if it has none, for it was made in memory.

    Yields
    ------
    literal_block
        Where the output is HTML, :func:`link_code` gives its line numbers their links.
    """
    lines = source.text.splitlines()
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    for run in runs:
        shown = [_PADDING.sub("  ", lines[number - source.first]) for number in run]
        text = textwrap.dedent("\n".join(shown))
        block = nodes.literal_block(text, text, language=language_of(source.name), linenos=True)
        block["highlight_args"] = {"linenostart": run[0]}
        block["force"] = True  # a line by itself need not be a whole statement
        block["pyfc_page"] = page
        yield block


def link_code(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Write the blocks of :func:`code_blocks` in HTML, where their addresses are known at last.

    Parameters
    ----------
    app : Sphinx
        The project.
    document : nodes.document
        Its page, in which blocks are replaced.
    docname : str
        The name of the page.
    """
    if not has_source_pages(app.builder):
        return
    for block in list(document.findall(nodes.literal_block)):
        page = block.get("pyfc_page")
        if page:
            uri = app.builder.get_relative_uri(docname, page_document(page))
            block.replace_self(nodes.raw("", _in_html(app.builder, block, page, uri), format="html"))


def _in_html(builder: Any, block: nodes.literal_block, page: str, uri: str) -> str:
    first, lines = block["highlight_args"]["linenostart"], highlighted(builder, block.astext(), block["language"])
    width = len(str(first + len(lines) - 1))
    shown = [
        f'<span class="pyfc-line">'
        f'<a class="linenos" href="{html.escape(uri)}#L{number}" title="{html.escape(page)}, line {number}">'
        f"{number:>{width}}</a>{TAG.sub(_MARKED, line)}\n</span>"
        for number, line in enumerate(lines, start=first)
    ]
    return (
        f'<div class="highlight-{block["language"]} notranslate pyfc-code">'
        f'<div class="highlight"><pre>{"".join(shown)}</pre></div></div>'
    )
