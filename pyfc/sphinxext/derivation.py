"""The directive ``pyfc:derivation``: a component's steps as a table, beside the lines of code that carry their tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from pyfc.derivation import Step, tag_problems
from pyfc.errors import PyfcError
from pyfc.sphinxext.code import code_blocks
from pyfc.sphinxext.evidence import evidence_of
from pyfc.sphinxext.evidence_list import evidence_list
from pyfc.sphinxext.mathematics import latex, term
from pyfc.sphinxext.mathml import DISPLAYED
from pyfc.sphinxext.sources import page_name
from pyfc.sphinxext.subject import Subject, note_module, subject_of

#: The columns with their widths, relative to each other.
_COLUMNS = (("step", 5), ("equation, and why it follows", 40), ("the code that runs it", 55))

#: A letter with its shape: ``W^T (q, p)``.
_SHAPE = re.compile(r"([\w^]+) \(([\w, ]*)\)")


class DerivationDirective(SphinxDirective):
    """``.. pyfc:derivation:: activations.sigmoid``: the derivation of a registered component, or of a layer."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False
    option_spec: ClassVar = {"steps": lambda text: tuple(map(directives.nonnegative_int, text.split()))}

    def run(self) -> list[nodes.Node]:
        """Return the table with its evidence, and an error for everything that does not hold."""
        if "steps" in self.options:
            return excerpt_nodes(self, self.arguments[0], self.options["steps"])
        return derivation_nodes(self, self.arguments[0])


def excerpt_nodes(directive: SphinxDirective, spec: str, steps: tuple[int, ...]) -> list[nodes.Node]:
    """Return some rows of a derivation, to be shown where they are talked of; the whole of it stands elsewhere.

    Parameters
    ----------
    directive : SphinxDirective
        The one that is being run.
    spec : str
        As for :func:`derivation_nodes`.
    steps : tuple of int
        The numbers of the rows.

    Returns
    -------
    list of nodes.Node
        The table, without anchors and evidence; an error, if there are no such steps, or tags and steps do not agree.
    """
    try:
        subject = subject_of(spec)
    except (PyfcError, FileNotFoundError) as problem:
        return [_error(directive, spec, problem)]
    unknown = [number for number in steps if number not in {step.number for step in subject.derivation}]
    if unknown or not steps:
        has = f"it has (1) to ({len(subject.derivation)})"
        return [_error(directive, spec, f"has no step {', '.join(f'({n})' for n in unknown) or 'named'}: {has}")]
    page = _note_source(directive, subject)
    problems = tag_problems(subject.derivation, subject.source)
    return [*(_error(directive, spec, problem) for problem in problems), _table(subject, page, steps)]


def _error(directive: SphinxDirective, spec: str, message: object) -> nodes.Node:
    where, line = directive.get_source_info()
    return directive.reporter.error(f"pyfc:derivation: {spec}: {message}", source=where, line=line)


def _note_source(directive: SphinxDirective, subject: Subject) -> str:
    """Take down that a page shows a source, and return the name of the source's page; ``""`` without one."""
    note_module(directive.env, subject.module)
    if subject.source.path is None:
        return ""
    domain: Any = directive.env.domains["pyfc"]
    page = page_name(directive.env, subject.source.path, subject.module)
    domain.note_source(page, str(subject.source.path))
    directive.env.note_dependency(str(subject.source.path))  # a change there renders this page anew
    return page


def derivation_nodes(directive: SphinxDirective, spec: str) -> list[nodes.Node]:
    """Return all that ``.. pyfc:derivation:: spec`` puts on a page, for a directive that puts more around it.

    Parameters
    ----------
    directive : SphinxDirective
        The one that is being run: it knows the page, and errors get its line.
    spec : str
        ``"activations.sigmoid"``, or ``"layers.dense"``.

    Returns
    -------
    list of nodes.Node
        An error for everything that does not hold; the table; the evidence, if all holds.
    """
    try:
        subject = subject_of(spec)
    except (PyfcError, FileNotFoundError) as problem:
        return [_error(directive, spec, problem)]
    document = directive.state.document
    if f"{subject.anchor}-1" in document.ids:
        there = f"stands on this page already: link to its rows, #{subject.anchor}-1 and so on"
        return [_error(directive, spec, there)]
    domain: Any = directive.env.domains["pyfc"]
    page = _note_source(directive, subject)
    found = evidence_of(subject)
    table = _table(subject, page)
    for row in table.findall(nodes.row):
        for anchor in row["ids"]:
            document.note_explicit_target(row)
            number = int(anchor.rpartition("-")[2])
            for line in subject.source.tagged_lines().get(number, []) if page else ():
                domain.note_row(page, line, number, anchor)
    result = [*(_error(directive, spec, problem) for problem in found.problems), table]
    if not found.problems:
        result.append(evidence_list(directive.env, found, subject.source.name, page))
    return result


def _table(subject: Subject, page: str, only: tuple[int, ...] = ()) -> nodes.table:
    """Return the rows of all steps with their anchors, or of some without."""
    table, group = nodes.table(classes=["pyfc-derivation"]), nodes.tgroup(cols=len(_COLUMNS))
    table += group
    group += [nodes.colspec(colwidth=width) for _, width in _COLUMNS]
    head, body = nodes.thead(), nodes.tbody()
    head += nodes.row("", *(nodes.entry("", nodes.paragraph("", title)) for title, _ in _COLUMNS))
    tags = subject.source.tagged_lines()
    numbers = set() if only else {step.number for step in subject.derivation}
    for step in subject.derivation:
        if only and step.number not in only:
            continue
        anchor = f"{subject.anchor}-{step.number}"
        link = nodes.inline if only else nodes.reference
        number = link("", str(step.number), **({} if only else {"refid": anchor, "internal": True}))
        reason = nodes.paragraph("", "", *linked(because(step), numbers, subject.anchor), classes=["pyfc-reason"])
        code = code_blocks(subject.source, tags.get(step.number, []), page)
        cells = (
            nodes.entry("", nodes.paragraph("", "", number)),
            nodes.entry("", equation(step), reason, *facts(step)),
            nodes.entry("", *code),
        )
        body += nodes.row("", *cells, ids=[] if only else [anchor])
    group += [head, body]
    return table


def equation(step: Step) -> nodes.paragraph:
    """Return a step's equation as mathematics; as it stands in the source, if it has a notation of its own."""
    try:
        text = latex(step.equation)
    except ValueError:
        content: nodes.Node = nodes.literal(step.equation, step.equation)
    else:
        content = nodes.math(text, text, classes=[DISPLAYED])
    return nodes.paragraph("", "", content, classes=["pyfc-equation"])


def because(step: Step) -> str:
    """Return a step's reason, with the settings under which it holds."""
    settings = " and ".join(f"{name} = {value!r}" for name, value in step.when.items())
    return "; ".join(filter(None, [settings and f"if {settings}", step.reason]))


def facts(step: Step) -> Iterator[nodes.paragraph]:
    """Yield what the right side is written in, z or y, and the shapes of the letters."""
    if step.terms:
        terms = _between([nodes.math(letter, letter) for letter in step.terms], " and ")
        yield nodes.paragraph("", "", nodes.Text("in terms of "), *terms, classes=["pyfc-terms"])
    found = _SHAPE.findall(step.shapes)
    if found:
        shapes = [rf"{term(name.replace('^T', '.T'))}\colon {_dimensions(sizes)}" for name, sizes in found]
        content = _between([nodes.math(text, text) for text in shapes], ", ")
        yield nodes.paragraph("", "", nodes.Text("shapes "), *content, classes=["pyfc-shapes"])
    elif step.shapes:
        yield nodes.paragraph("", step.shapes, classes=["pyfc-shapes"])


def _dimensions(sizes: str) -> str:
    return "(" + r" \times ".join(part.strip() for part in sizes.split(",")) + ")"


def _between(items: list[nodes.math], separator: str) -> Iterator[nodes.Node]:
    for index, item in enumerate(items):
        if index:
            yield nodes.Text(separator)
        yield item


def linked(text: str, numbers: set[int], anchor: str) -> Iterator[nodes.Node]:
    """Yield a text in which the number of another step, ``(3)``, is a link to its row, and ``z[i,j]`` has indices."""
    for part in re.split(r"(\(\d+\)|\b\w+\[[\w,]+\])", text):
        number = part[1:-1]
        if part.endswith("]") and not part.startswith("["):
            yield nodes.math(term(part), term(part))
        elif re.fullmatch(r"\(\d+\)", part) and int(number) in numbers:
            yield nodes.reference(part, part, refid=f"{anchor}-{number}", internal=True)
        elif part:
            yield nodes.Text(part)
