"""Follows the links that the pages have to files of the repository, such as ``../../src/dense.pyx``.

On the pages as they stand in the repository these are links to files, which a reader there can open. In the book a file
of code has a page with its source, and a page has its own place: links are led there. A folder of components leads to
their overview; what has no page in the book is named by its path. A path that does not exist is a warning.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent

#: Suffixes of files that have a page with their source.
_CODE = {".pyx", ".pxi", ".pxd", ".h", ".py", ".c"}


def origin(docname: str) -> Path:
    """Return the folder in which a page is written: that of its program, if the build makes it from one."""
    parts = Path(docname).parent.parts
    return DOCS.joinpath(*(parts[1:] if parts[:1] == ("generated",) else parts))


def page_of(path: str, app: Sphinx) -> str:
    """Return the page of a path of the repository, ``""`` without one."""
    file = ROOT / path
    if path.startswith("docs/") and file.suffix in {".py", ".rst"}:
        inside = posixpath.splitext(path.removeprefix("docs/"))[0]
        if inside.endswith("/README"):
            inside = f"{inside.removesuffix('README')}index"
        return next((page for page in (inside, f"generated/{inside}") if page in app.env.found_docs), "")
    if path.startswith("src/") and file.is_dir():
        index = f"generated/components/{file.name}"
        return index if index in app.env.found_docs else ""
    return f"sources/{path}" if path.startswith(("src/", "pyfc/")) and file.suffix in _CODE else ""


def lead(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead the links of a page that go to files of the repository."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(nodes.reference)):
        target, _, fragment = node.get("refuri", "").partition("#")
        if node.get("internal") or not target or ":" in target or target.startswith("/"):
            continue
        path = posixpath.normpath(posixpath.join(origin(docname).relative_to(ROOT).as_posix(), target))
        if not (ROOT / path).exists():
            logger.warning("link to %s: there is no %s in the repository", target, path, location=node)
            continue
        page = page_of(path, app)
        if page:
            node["refuri"] = app.builder.get_relative_uri(docname, page) + (f"#{fragment}" if fragment else "")
            node["internal"] = True
        else:
            node.replace_self(
                [nodes.inline("", node.astext()), nodes.Text(" ("), nodes.literal("", path), nodes.Text(")")]
            )


def setup(app: Sphinx) -> ExtensionMetadata:
    """Follow the links when a page is written."""
    app.connect("doctree-resolved", lead)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
