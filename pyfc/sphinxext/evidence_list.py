"""What stands under a derivation: what shows that it holds, in words, and a table of the errors that were measured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

from pyfc.report import Figure
from pyfc.sphinxext.evidence import Evidence
from pyfc.sphinxext.mathematics import term
from pyfc.sphinxext.source_role import source_link

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

#: Unit of a figure -> the column that it is in.
_COLUMNS = {"float32": "float32", "float64": "float64", "difference": "finite differences"}

#: More inputs than so many are not shown: they would say nothing.
_SHOWN = 8


def evidence_list(env: BuildEnvironment, evidence: Evidence, name: str, page: str) -> nodes.container:
    """Return the evidence as a list and a table.

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
    container
        Of the class ``pyfc-evidence``.
    """
    items = nodes.definition_list()
    steps = f"{len(evidence.proved)} of {evidence.steps} steps follow from those before them, by SymPy; "
    items += _item("Proved", [nodes.Text(steps + "the others define.")])
    if evidence.tied:
        lines, verb = ("line", "carries") if evidence.tied == 1 else ("lines", "carry")
        literal = nodes.literal("", name)
        content: nodes.Node = source_link(env, page, 0, literal) if page else literal
        words = f"{evidence.tied} {lines} of "
        items += _item("Tied", [nodes.Text(words), content, nodes.Text(f" {verb} the numbers of steps.")])
    if evidence.checks:
        words = f"{evidence.checks} checks of pyfc.testing hold in this build."
        if evidence.figures:
            words += " Their worst errors, in units in the last place (ULP) of the largest term of a step"
            if evidence.worst("difference"):
                words += ", and against finite differences, relative to a derivative above 1"
            words += ":"
        items += _item("Measured", [nodes.Text(words)])
    result = nodes.container("", items, classes=["pyfc-evidence"])
    if evidence.figures:
        result += _errors(evidence)
    return result


def _item(title: str, content: list[nodes.Node]) -> nodes.definition_list_item:
    definition = nodes.definition("", nodes.paragraph("", "", *content))
    return nodes.definition_list_item("", nodes.term("", title), definition)


def _errors(evidence: Evidence) -> nodes.table:
    """Return the worst errors: a row for each letter that is computed, a column for each unit."""
    units = {unit: worst for unit in _COLUMNS if (worst := evidence.worst(unit))}
    letters = list(dict.fromkeys(figure.letter for figure in evidence.figures))
    table, group = nodes.table(classes=["pyfc-errors"]), nodes.tgroup(cols=1 + len(units))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in range(1 + len(units))]
    titles = ["worst error", *(_COLUMNS[unit] for unit in units)]
    heads = [nodes.entry("", nodes.paragraph("", title)) for title in titles]
    rows = [
        nodes.row("", _named(letter), *(_cell(worst.get(letter)) for worst in units.values())) for letter in letters
    ]
    group += [nodes.thead("", nodes.row("", *heads)), nodes.tbody("", *rows)]
    return table


def _named(letter: str) -> nodes.entry:
    """Return the cell that says which result a row is of."""
    word = "forward " if letter in ("y", "l", "Z") else "backward " if re.fullmatch("d[A-Za-z]", letter) else ""
    return nodes.entry("", nodes.paragraph("", "", nodes.Text(word), _math(letter)))


def _cell(figure: Figure | None) -> nodes.entry:
    if figure is None:
        return nodes.entry()
    unit = nodes.inline("", f"{_COLUMNS[figure.unit]}: ", classes=["pyfc-unit"])  # for a phone, which has no columns
    if figure.unit == "difference":
        text = _power_of_ten(f"{figure.error:.0e}")
        error: list[nodes.Node] = [nodes.Text("agree to "), nodes.math(text, text)]
    else:
        error = [nodes.Text(f"{figure.error:.2f} ULP")]
    cell = nodes.entry("", nodes.paragraph("", "", unit, *error))
    if 0 < len(figure.at) <= _SHOWN:
        where = nodes.paragraph("", "at ", classes=["pyfc-where"])
        for index, (letter, value) in enumerate(figure.at):
            where += [nodes.Text(", ")] if index else []
            where += _math(letter, value)
        cell += where
    return cell


def _math(letter: str, value: str = "") -> nodes.math:
    """Return a letter, or the equation that says its value, to seven digits."""
    text = term(letter) + (f" = {_power_of_ten(f'{float(value):.7g}')}" if value else "")
    return nodes.math(text, text)


def _power_of_ten(number: str) -> str:
    """Return a number that was printed, ``3e-11``, in LaTeX."""
    mantissa, _, exponent = number.partition("e")
    return mantissa + (rf" \cdot 10^{{{int(exponent)}}}" if exponent and float(mantissa) else "")
