"""What stands under a derivation: what shows that it holds, in words, and a table of the errors that were measured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

from pyfc.report import Figure
from pyfc.sphinxext.evidence import Evidence
from pyfc.sphinxext.mathematics import term
from pyfc.sphinxext.source_role import source_link
from pyfc.sphinxext.tables import table

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
    items += _item("Proved", [nodes.Text(_proved(len(evidence.proved), evidence.steps))])
    if evidence.tied:
        lines, verb = ("line", "carries") if evidence.tied == 1 else ("lines", "carry")
        literal = nodes.literal("", name)
        content: nodes.Node = source_link(env, page, 0, literal) if page else literal
        words = f"{evidence.tied} {lines} of "
        items += _item("Tied", [nodes.Text(words), content, nodes.Text(f" {verb} the numbers of steps.")])
    if evidence.checks:
        words = (
            f"{evidence.checks} checks of pyfc.testing hold" if evidence.checks > 1 else "A check of pyfc.testing holds"
        )
        words += " in this build."
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


def _proved(proved: int, steps: int) -> str:
    """Return how many steps are proved, and what the others are."""
    defining = steps - proved
    words = f"{proved} steps follow from those before them" if proved != 1 else "One step follows from those before it"
    others = f"the other {defining} are definitions" if defining > 1 else "the other is a definition"
    return f"{words}, by SymPy{f'; {others}' if defining else ''}."


def _item(title: str, content: list[nodes.Node]) -> nodes.definition_list_item:
    definition = nodes.definition("", nodes.paragraph("", "", *content))
    return nodes.definition_list_item("", nodes.term("", title), definition)


def _errors(evidence: Evidence) -> nodes.table:
    """Return the worst errors: a row for each letter that is computed, a column for each unit."""
    units = {unit: worst for unit in _COLUMNS if (worst := evidence.worst(unit))}
    letters = list(dict.fromkeys(figure.letter for figure in evidence.figures))
    rows = [[_named(letter), *(_cell(worst.get(letter)) for worst in units.values())] for letter in letters]
    return table(["worst error", *(_COLUMNS[unit] for unit in units)], rows, "pyfc-errors")


def _named(letter: str) -> list[nodes.Node]:
    """Return the content of the cell that says which result a row is of."""
    word = "forward " if letter in ("y", "l", "Z") else "backward " if re.fullmatch("d[A-Za-z]", letter) else ""
    return [nodes.paragraph("", "", nodes.Text(word), _math(letter))]


def _cell(figure: Figure | None) -> list[nodes.Node]:
    if figure is None:
        return []
    unit = nodes.inline("", f"{_COLUMNS[figure.unit]}: ", classes=["pyfc-unit"])  # for a phone, which has no columns
    if figure.unit == "difference":
        text = _power_of_ten(f"{figure.error:.0e}")
        error: list[nodes.Node] = [nodes.Text("agree to "), nodes.math(text, text)]
    else:
        error = [nodes.Text(f"{figure.error:.2f} ULP")]
    cell: list[nodes.Node] = [nodes.paragraph("", "", unit, *error)]
    if 0 < len(figure.at) <= _SHOWN:
        where = nodes.paragraph("", "at ", classes=["pyfc-where"])
        for index, (letter, value) in enumerate(figure.at):
            where += [nodes.Text(", ")] if index else []
            where += _math(letter, value)
        cell.append(where)
    return cell


def _math(letter: str, value: str = "") -> nodes.math:
    """Return a letter, or the equation that says its value, to seven digits."""
    text = term(letter) + (f" = {_power_of_ten(f'{float(value):.7g}')}" if value else "")
    return nodes.math(text, text)


def _power_of_ten(number: str) -> str:
    """Return a number that was printed, ``3e-11``, in LaTeX."""
    mantissa, _, exponent = number.partition("e")
    return mantissa + (rf" \cdot 10^{{{int(exponent)}}}" if exponent and float(mantissa) else "")
