"""The directive ``pyfc:component``: the whole page of a component, from its class and its docstring.

What it is for, a picture, its derivation beside the code, a worked example, parameters, speed, notes and sources. What
is measured or drawn here is made by the modules beside this one; this one puts it in order.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from pyfc import registry
from pyfc.component import Component
from pyfc.errors import PyfcError
from pyfc.record import Record
from pyfc.sphinxext import figures, speed
from pyfc.sphinxext.derivation import derivation_nodes
from pyfc.sphinxext.examples import ENOUGH, Line, examples
from pyfc.sphinxext.pages import docstring, page_of
from pyfc.sphinxext.properties import parameters, properties
from pyfc.sphinxext.references import references
from pyfc.sphinxext.subject import note_module
from pyfc.sphinxext.tables import code_cell, example_nodes, table, text_cell

logger = logging.getLogger(__name__)


class ComponentDirective(SphinxDirective):
    """``.. pyfc:component:: activations.sigmoid``: all that is known of a registered component."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return the page's paragraphs and sections, and an error where something does not hold."""
        self.spec = self.arguments[0]
        self.group, _, self.name = self.spec.partition(".")
        self.anchor = nodes.make_id(f"pyfc-{self.group}-{self.name}")
        try:
            cls: type[Component] = registry.get(self.group, self.name)
            component = cls()
        except PyfcError as error:
            return [self._error(f"{self.spec}: {error}")]
        except Exception as error:  # a plugin may do anything
            return [self._error(f"{self.spec}: cannot be made: {type(error).__name__}: {error}")]
        doc = docstring(cls)
        note_module(self.env, cls.__module__)  # the derivation notes the source
        found = self._tried("its origin", lambda: list(self._origin(registry.record_of(cls))))
        found += self._tried("its summary", lambda: self._text([*doc["Summary"], "", *doc["Extended Summary"]]))
        found += self._tried("its picture", lambda: self._pictures(component))
        parts: list[tuple[str, Callable[[], list[nodes.Node]]]] = [
            ("Derivation", lambda: derivation_nodes(self, self.spec)),
            ("Worked example", lambda: self._examples(component)),
            ("Parameters", lambda: self._parameters(component, doc)),
            ("Speed", lambda: self._speed(component)),
            ("Notes", lambda: self._text(doc["Notes"])),
            ("In Python", lambda: self._text(doc["Examples"])),
            ("References", lambda: list(self._references(doc["References"]))),
        ]
        for title, make in parts:
            content = self._tried(title.lower(), make)
            if content:
                found.append(self._section(title, content))
        return found

    def _error(self, message: str) -> nodes.Node:
        where, line = self.get_source_info()
        return self.reporter.error(f"pyfc:component: {message}", source=where, line=line)

    def _warn(self, message: str) -> None:
        logger.warning("%s: %s", self.spec, message, location=self.get_location(), type="pyfc", subtype="component")

    def _tried(self, what: str, make: Callable[[], list[nodes.Node]]) -> list[nodes.Node]:
        """Return what a function makes; where it fails, for a plugin may do anything, nothing and a warning."""
        try:
            return make()
        except Exception as error:
            self._warn(f"{what} cannot be made: {type(error).__name__}: {error}")
            return []

    def _section(self, title: str, content: list[nodes.Node]) -> nodes.section:
        section = nodes.section("", nodes.title("", title), *content)
        section["names"].append(nodes.fully_normalize_name(title))
        section["classes"].append("pyfc-section")
        self.state.document.note_implicit_target(section, section)
        return section

    def _origin(self, record: Record | None) -> Iterator[nodes.Node]:
        """Yield who brings it, of what is not pyfc's own."""
        if record is not None and not record.builtin:
            text = f"From the plugin {record.distribution}"
            text += f" {record.version}." if record.version != "-" else ", registered in the program itself."
            yield nodes.paragraph("", text, classes=["pyfc-origin"])

    def _text(self, lines: list[str]) -> list[nodes.Node]:
        """Return the nodes of a text, in which the name of another component leads to its page."""
        found = self.parse_text_to_nodes("\n".join(lines))
        for node in found:
            for literal in list(node.findall(nodes.literal)):
                page = page_of(self.env, literal.astext())
                if page and page != self.env.docname and literal.parent is not None:
                    link = addnodes.pending_xref(
                        "", refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True, refwarn=True,
                        refdoc=self.env.docname,
                    )  # fmt: skip
                    literal.replace_self(link)
                    link += literal
        return found

    def _pictures(self, component: Component) -> list[nodes.Node]:
        drawn = figures.html(component, f"{self.anchor}-picture")
        return [nodes.raw("", drawn, format="html")] if drawn else []

    def _examples(self, component: Component) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for example in examples(component):
            found += [
                self._disagreement(line) for line in example.lines if line.digits is not None and line.digits < ENOUGH
            ]
            found += example_nodes(example, self.anchor)
        return found

    def _disagreement(self, line: Line) -> nodes.Node:
        numbers = ", ".join(repr(float(number)) for number in line.numbers)
        digits = max(line.digits or 0, 0)
        return self._error(
            f"{self.spec}: its code gives {line.label} = {numbers}, which agrees with its derivation in {digits:.0f} "
            f"digits: expected {ENOUGH}"
        )

    def _parameters(self, component: Component, doc: Any) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        rows = parameters(component, doc["Parameters"])
        if rows:
            cells = [
                [code_cell(r.name), code_cell(r.default), text_cell(r.allowed), self._text(r.meaning)] for r in rows
            ]
            found.append(table(("name", "default", "allowed", "meaning"), cells, "pyfc-parameters"))
        else:
            found.append(nodes.paragraph("", "There is nothing to set."))
        facts = [[text_cell(name), self._text([text])] for name, text in properties(component, self.name)]
        return [*found, table(("property", ""), facts, "pyfc-properties")]

    def _speed(self, component: Component) -> list[nodes.Node]:
        measured = speed.speed(component)
        if not measured:
            return []
        dtypes = list(next(iter(measured.values())))
        rows = []
        for name, times in measured.items():
            cells = [text_cell(name)]
            for dtype in dtypes:
                time, copies = times[dtype]
                cells += [text_cell(f"{time:.3g} ns"), text_cell(f"{copies:.{1 if copies < 10 else 0}f} times")]
            rows.append(cells)
        heads = ["", *(head for dtype in dtypes for head in (dtype, "of a copy"))]
        return [table(heads, rows, "pyfc-speed"), nodes.paragraph("", speed.words())]

    def _references(self, lines: list[str]) -> Iterator[nodes.Node]:
        found, problem = references("\n".join(lines))
        if problem:
            self._warn(f'its reference {problem!r} is not read: expected Authors, "Title", Venue (Year)')
        items = nodes.bullet_list(classes=["pyfc-references"])
        for reference in found:
            lead = f"{reference.lead[0].upper()}{reference.lead[1:]}: " if reference.lead else ""
            text = f"{lead}{reference.text}{': ' if reference.note else ''}{reference.note}."
            entry = nodes.literal_block(reference.bibtex(), reference.bibtex(), language="bibtex")
            entry["force"] = True
            before = f"<details><summary>BibTeX: {html.escape(reference.key)}</summary>"
            items += nodes.list_item(
                "", nodes.paragraph("", text), nodes.raw("", before, format="html"), entry,
                nodes.raw("", "</details>", format="html"),
            )  # fmt: skip
        if found:
            yield items
