"""The list under a derivation that says what shows that it holds: one line for each kind of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from docutils import nodes

from pyfc.report import Figure
from pyfc.sphinxext.evidence import Evidence
from pyfc.sphinxext.mathematics import term
from pyfc.sphinxext.sources import source_link

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

#: More inputs than so many are not shown: they would say nothing.
_SHOWN = 8


def evidence_list(env: BuildEnvironment, evidence: Evidence, name: str, page: str) -> nodes.definition_list:
    """Return the evidence as a list.

    Parameters
    ----------
    env : BuildEnvironment
        Of the page.
    evidence : Evidence
        What was found.
    name : str
        Of the source.
    page : str
        The name of its page, ``""`` if it has none.

    Returns
    -------
    definition_list
        Of the class ``pyfc-evidence``.
    """
    result = nodes.definition_list(classes=["pyfc-evidence"])
    steps = f"{len(evidence.proved)} of {evidence.steps} steps follow from those before them, by SymPy; "
    result += _item("Proved", [nodes.Text(steps + "the others define.")])
    lines, verb = ("line", "carries") if evidence.tied == 1 else ("lines", "carry")
    content: nodes.Node = nodes.literal("", name)
    if page:
        content = source_link(env, page, 0, nodes.literal("", name))
    tied = [nodes.Text(f"{evidence.tied} {lines} of "), content, nodes.Text(f" {verb} the numbers of steps.")]
    if evidence.tied:
        result += _item("Tied", tied)
    for unit in ("float32", "float64"):
        worst = evidence.worst(unit)
        if worst:
            result += _item(f"Error in {unit}", _each(worst, "{:.2f} ULP"))
    differences = evidence.worst("difference")
    if differences:
        result += _item("Finite differences", [nodes.Text("agree: "), *_each(differences, "to {:.1g}")])
    if not evidence.figures and evidence.checks:
        result += _item("Checked", [nodes.Text(f"{evidence.checks} checks of pyfc.testing hold.")])
    return result


def _item(title: str, content: list[nodes.Node]) -> nodes.definition_list_item:
    definition = nodes.definition("", nodes.paragraph("", "", *content))
    return nodes.definition_list_item("", nodes.term("", title), definition)


def _each(worst: dict[str, Figure], form: str) -> list[nodes.Node]:
    """Return the worst error of each letter, and where it is."""
    found: list[nodes.Node] = []
    for letter, figure in worst.items():
        found += [nodes.Text("; ")] if found else []
        found += [_math(letter), nodes.Text(f" {form.format(figure.error)}"), *_where(figure)]
    return [*found, nodes.Text(".")]


def _where(figure: Figure) -> Iterator[nodes.Node]:
    if 0 < len(figure.at) <= _SHOWN:
        for index, (letter, value) in enumerate(figure.at):
            yield nodes.Text(", " if index else " at ")
            yield _math(letter, value)


def _math(letter: str, value: str = "") -> nodes.math:
    mantissa, _, exponent = value.partition("e")
    power = rf" \cdot 10^{{{int(exponent)}}}" if exponent else ""
    text = f"{term(letter)} = {mantissa}{power}" if value else term(letter)
    return nodes.math(text, text)
