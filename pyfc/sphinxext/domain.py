"""The domain ``pyfc``: its directives and roles, and what it keeps between pages.

It keeps which page used which source, and which row of a derivation stands on which page for which line, so that the
pages of the sources can link back. Both are kept by the page that they come from: a page that is read anew brings them
anew, and what was read in another process is merged.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain
from sphinx.util.nodes import make_refnode

from pyfc.sphinxext.component import ComponentDirective
from pyfc.sphinxext.derivation import DerivationDirective
from pyfc.sphinxext.source_role import SourceRole
from pyfc.sphinxext.sources import has_source_pages, page_document

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


class PyfcDomain(Domain):
    """The directives and roles that begin with ``pyfc:``."""

    name = "pyfc"
    label = "pyfc"
    directives: ClassVar = {"component": ComponentDirective, "derivation": DerivationDirective}
    roles: ClassVar = {"source": SourceRole()}
    initial_data: ClassVar = {"sources": {}, "rows": {}}
    data_version = 1

    def note_source(self, page: str, path: str) -> None:
        """Take down that the page now being read uses a source, which then gets a page of its own."""
        self.data["sources"].setdefault(self.env.docname, {})[page] = path

    def note_row(self, page: str, line: int, number: int, anchor: str) -> None:
        """Take down that a row for a line of a source, tagged with a number, is on the page now being read."""
        self.data["rows"].setdefault(self.env.docname, []).append((page, line, number, anchor))

    def sources(self) -> dict[str, str]:
        """Return the name of each source that is used, with its file."""
        return {page: path for _, used in sorted(self.data["sources"].items()) for page, path in used.items()}

    def rows(self, page: str) -> dict[tuple[int, int], tuple[str, str]]:
        """Return (line, number) -> (document, anchor) of the rows for a source; the first document, if there are more.

        Parameters
        ----------
        page : str
            The name of the source.

        Returns
        -------
        dict
        """
        found: dict[tuple[int, int], tuple[str, str]] = {}
        for docname, rows in sorted(self.data["rows"].items()):
            for name, line, number, anchor in rows:
                if name == page:
                    found.setdefault((line, number), (docname, anchor))
        return found

    def clear_doc(self, docname: str) -> None:
        """Forget what a page brought, which is read anew or is gone."""
        for kept in self.data.values():
            if isinstance(kept, dict):
                kept.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what pages brought that were read in another process."""
        for kind in ("sources", "rows"):
            self.data[kind].update({name: value for name, value in otherdata[kind].items() if name in docnames})

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Return the link to a line of a source's page; the text alone, where the output has no such pages."""
        page, _, line = target.partition("#")
        if not has_source_pages(builder):
            return contnode  # type: ignore[return-value]
        return make_refnode(builder, fromdocname, page_document(page), line, contnode, target.replace("#L", ", line "))

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
