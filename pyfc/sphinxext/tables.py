"""Small tables of docutils for the page of a component, and those of its worked examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes

from pyfc.sphinxext.examples import ENOUGH, Example, Line, shown
from pyfc.sphinxext.mathematics import latex, term
from pyfc.sphinxext.mathml import DISPLAYED

#: How many characters wide a table is.
_LINE = 100


def table(heads: Sequence[str], rows: Sequence[Sequence[list[nodes.Node]]], css: str) -> nodes.table:
    """Return a table.

    Parameters
    ----------
    heads : sequence of str
        Of the columns.
    rows : sequence
        Each a sequence of cells, which are lists of nodes.
    css : str
        Its class.

    Returns
    -------
    docutils.nodes.table
    """
    head = row([[nodes.paragraph("", title)] for title in heads])
    return _assembled(head, [row(cells) for cells in rows], len(heads), css)


def row(cells: Sequence[Any], css: Sequence[str] = (), spans: Sequence[int] = ()) -> nodes.row:
    """Return a row of cells, each with a class of its own and over so many columns, where given."""
    made = nodes.row()
    for index, content in enumerate(cells):
        entry = nodes.entry("", *content)
        if index < len(css) and css[index]:
            entry["classes"].append(css[index])
        if index < len(spans) and spans[index] > 1:
            entry["morecols"] = spans[index] - 1
        made += entry
    return made


def _assembled(head: nodes.row, body: Sequence[nodes.row], columns: int, css: str) -> nodes.table:
    made, group = nodes.table(classes=[css]), nodes.tgroup(cols=columns)
    made += group
    width = max(_LINE // columns, 1)  # in characters, where the output is text
    group += [nodes.colspec(colwidth=width) for _ in range(columns)]
    group += [nodes.thead("", head), nodes.tbody("", *body)]
    return made


def example_nodes(example: Example, anchor: str) -> Iterator[nodes.Node]:
    """Yield the nodes of a worked example.

    Parameters
    ----------
    example : Example
        The lines.
    anchor : str
        What the ids of the rows of the derivation begin with.

    Yields
    ------
    docutils.nodes.Node
    """
    yield nodes.paragraph("", example.caption)
    count = len(example.columns)
    if any(line.step is not None for line in example.lines):
        marks = ["pyfc-step", "pyfc-what", *["pyfc-number"] * count]
        heads = [[nodes.paragraph("", title)] for title in ("step", "", *example.columns)]
        lines = [_line(line, count, anchor) for line in example.lines]
        yield _assembled(row(heads, marks), lines, count + 2, "pyfc-example")
    else:
        rows = [[text_cell(line.label), *(text_cell(shown(value)) for value in line.numbers)] for line in example.lines]
        yield table(["", *example.columns], rows, "pyfc-matrix")
    if example.note:
        yield nodes.paragraph("", example.note)


def _line(line: Line, columns: int, anchor: str) -> nodes.row:
    step: list[nodes.Node] = []
    if line.step is not None:
        number = str(line.step.number)
        step = [nodes.paragraph("", "", nodes.reference("", f"({number})", refid=f"{anchor}-{number}", internal=True))]
    numbers = [shown(value) for value in line.numbers]
    width = columns if len(numbers) == 1 else 1  # of all entries
    if len(numbers) > columns:
        numbers, width = [", ".join(numbers)], columns
    elif width == 1:
        numbers += [""] * (columns - len(numbers))
    cells = [step, _what(line), *map(text_cell, numbers)]
    made = row(cells, ["pyfc-step", "pyfc-what", *["pyfc-number"] * len(numbers)], [1, 1, *[width] * len(numbers)])
    kind = (
        "kernel" if line.digits is not None else "given" if line.step is None else "runs" if line.step.runs else "shown"
    )
    made["classes"].append(f"pyfc-{kind}")
    return made


def _what(line: Line) -> list[nodes.Node]:
    """Return what the numbers of a line are: an equation, or a letter with where it comes from."""
    if line.step is not None:
        return [nodes.paragraph("", "", _mathematics(line.step.equation))]
    told = f" {agreed(line.digits)}" if line.digits is not None else ""
    return [nodes.paragraph("", "", _mathematics(line.label), nodes.Text(told))]


def _mathematics(text: str) -> nodes.Node:
    try:
        written = latex(text) if "=" in text else term(text)
    except ValueError:
        return nodes.Text(text)
    return nodes.math(written, written, classes=[DISPLAYED])


def agreed(digits: float) -> str:
    """Return in words how well a kernel agrees with its steps."""
    if digits == float("inf"):
        return "by the code: the same to the last digit"
    if digits < ENOUGH:
        return f"by the code: differs after {max(int(digits), 0)} digits"
    return f"by the code: {int(digits)} digits agree"


def text_cell(text: Any) -> list[nodes.Node]:
    """Return the content of a cell with a text, nothing for an empty one."""
    return [nodes.paragraph("", str(text))] if str(text) else []


def code_cell(text: str) -> list[nodes.Node]:
    """Return the content of a cell with code."""
    return [nodes.paragraph("", "", nodes.literal(text, text))]
