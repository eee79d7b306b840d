"""Plain tables: aligned text in a terminal, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


class Table:
    """Rows under a head.

    Parameters
    ----------
    head : sequence of str
        Column titles.
    rows : sequence of sequence of str
        Cells; a column in which every cell is a number is aligned to the right.
    foot : str, default ""
        A line below.

    Examples
    --------
    >>> Table(["layer", "outputs"], [["dense_0", "10"], ["relu_0", "5"]], foot="2 layers")
    layer    outputs
    dense_0       10
    relu_0         5
    2 layers
    """

    def __init__(self, head: Sequence[str], rows: Sequence[Sequence[str]], foot: str = "") -> None:
        self.head, self.rows, self.foot = list(head), [list(row) for row in rows], foot

    def _numeric(self, column: int) -> bool:
        cells = [row[column].replace(",", "") for row in self.rows if row[column] != "..."]
        return bool(cells) and all(map(_is_number, cells))

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]
        right = [self._numeric(column) for column in range(len(self.head))]
        text = [
            "  ".join(
                cell.rjust(width) if is_right else cell.ljust(width)
                for cell, width, is_right in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([*text, *([self.foot] if self.foot else [])])

    def _repr_html_(self) -> str:
        def line(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        foot = f"<p>{escape(self.foot)}</p>" if self.foot else ""
        return f"<table><thead>{line(self.head, 'th')}</thead><tbody>{body}</tbody></table>{foot}"
