"""A figure of matplotlib as an SVG element inside a page, whose colour and font its texts and axes take.

matplotlib draws with the colours below, which stand for a role each. In the SVG they become ``currentColor`` and the
variables of ``pyfc-component.css``, so that one picture suits a light page and a dark one.
"""

from __future__ import annotations

import html
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from pyfc.plots.style import OKABE_ITO

#: Lines, texts and axes, in the colour of the page's text.
INK = "#010203"
#: The colours of lines, in this order, as an SVG has them; lighter on a dark page.
LINES = tuple(colour.lower() for colour in OKABE_ITO[:4])
#: What tells lines apart without colour.
STYLES = ("-", "--", "-.", ":")

_COLOURS = {INK: "currentColor"} | {c: f"var(--pyfc-line-{i}, {c})" for i, c in enumerate(LINES, start=1)}
_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pyfc",  # the same ids in each build
    "path.simplify_threshold": 0.3,
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Panel:
    """A picture with its words.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        From :func:`new_panel`.
    title : str
        What it shows; stands below it.
    description : str
        The same for who cannot see it.
    """

    figure: Figure
    title: str
    description: str


def new_panel(xlabel: str, ylabel: str, *, width: float = 4.4, height: float = 3.3) -> tuple[Figure, Axes]:
    """Return an empty figure without a background and its axes, sizes in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06))
        figure.patch.set_visible(False)
        ax = figure.add_subplot()
        ax.patch.set_visible(False)
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        ax.spines[["left", "bottom"]].set_alpha(0.5)
        ax.tick_params(length=3, labelsize=10, color=INK, labelcolor=INK)
    return figure, ax


def zero_lines(ax: Axes) -> None:
    """Draw the lines of the coordinate 0, faint, below all else."""
    ax.axhline(0, color=INK, alpha=0.2, linewidth=0.8, zorder=0)
    ax.axvline(0, color=INK, alpha=0.2, linewidth=0.8, zorder=0)


def minus(text: str) -> str:
    """Return a number as a text with a minus sign in place of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def name_line(
    ax: Axes, text: str, at: tuple[float, float], colour: str, *, ha: str = "left", va: str = "bottom"
) -> None:
    """Write a line's name beside it, in its colour."""
    shift = {"left": 5, "center": 0, "right": -5}[ha], {"bottom": 4, "center": 0, "top": -4}[va]
    ax.annotate(text, at, shift, textcoords="offset points", color=colour, ha=ha, va=va, annotation_clip=False)


def svg(panel: Panel, prefix: str) -> str:
    """Return a picture as a ``<figure>`` of HTML.

    Parameters
    ----------
    panel : Panel
        The picture.
    prefix : str
        What the ids in it begin with.

    Returns
    -------
    str
    """
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        panel.figure.savefig(buffer, format="svg", metadata={"Date": None})
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _LINK)
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 (matplotlib has just written it)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    used = {
        name for element in root.iter() for value in element.attrib.values() for name in re.findall(r"#([\w-]+)", value)
    }
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id" and value not in used:
                del element.attrib[key]
            else:
                element.attrib[key] = f"{prefix}-{value}" if key == "id" else _adapted(value, prefix)
    width = root.attrib.pop("width").removesuffix("pt")
    root.attrib.pop("height")
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
        "style": f"max-width: {float(width) * 4 / 3:.0f}px",
        "stroke-linejoin": "round",
    }
    for name, text in (("desc", panel.description), ("title", panel.title)):
        element = ET.Element(f"{{{_SVG}}}{name}", {"id": f"{prefix}-{name}"})
        element.text = text
        root.insert(0, element)
    drawn = re.sub(r"\n\s*", "\n", ET.tostring(root, encoding="unicode"))
    return f'<figure class="pyfc-figure">{drawn}<figcaption>{html.escape(panel.title)}</figcaption></figure>'


def _adapted(value: str, prefix: str) -> str:
    """Return an attribute with fewer digits, the page's colours and font, and ids of its own."""
    value = re.sub(r"-?\d+\.\d{2,}", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value)
    value = re.sub(r"font-family: [^;]*(; )?", "", value)
    for colour, css in _COLOURS.items():
        value = value.replace(colour, css)
    return re.sub(r"(url\(#|^#)(?!\d{3})([A-Za-z][\w-]*)", rf"\g<1>{prefix}-\2", value)
