r"""Pictures of the gallery: every figure that a block of a page has made, whether pyplot knows of it or not.

Sphinx-gallery by itself finds what was drawn on pyplot's figures; those of ``pyfc.plots`` are none, so this also takes
the figures among a page's names and the value of a block's last line. They are written once as they are and once with
twice as many pixels, and their titles become the text for who does not see them. For ``conf.py``::

    sphinx_gallery_conf = {
        "image_scrapers": ("gallery_figures.scrape",),
        "reset_modules": ("gallery_figures.reset",),
        "ignore_repr_types": r"matplotlib|pyfc\.plots",
        ...
    }

``gallery_figures`` is an extension too: it brings the style sheet by which white pictures look well on a dark page.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from sphinx_gallery.scrapers import figure_rst

from pyfc.plots.style import GREY, INK, OKABE_ITO

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Dots to an inch; a page is about 7.5 inches wide.
DPI = 100
STYLE = {
    "axes.edgecolor": GREY,
    "axes.prop_cycle": mpl.cycler(color=[*OKABE_ITO[:6], INK]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
}


def reset(_conf: dict[str, Any], _page: str) -> None:
    """Let each page begin with the same style and no figure."""
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    plt.close("all")
    mpl.rcdefaults()
    mpl.use("agg")
    mpl.rcParams.update(STYLE)


def scrape(_block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Write the figures that are new since the last block, and return the text that shows them."""
    pyplots = [plt.figure(number) for number in plt.get_fignums()]
    named = [value for value in block_vars["example_globals"].values() if isinstance(value, Figure)]
    told = []
    for figure in dict.fromkeys(pyplots + named):
        if getattr(figure, "in_the_book", False):
            continue
        figure.in_the_book = True
        path = Path(next(block_vars["image_path_iterator"]))
        double = path.with_name(f"{path.stem}_2_00x{path.suffix}")
        figure.savefig(double, dpi=2 * DPI, facecolor="white")
        with Image.open(double) as picture:  # smaller ones are quicker made from it than drawn again
            picture.convert("RGB").reduce(2).save(path)
        sizes = [{0: str(path), 2.0: str(double)}]
        told.append(figure_rst([str(path)], gallery_conf["src_dir"], description(figure), sizes))
    plt.close("all")
    return "".join(told)


def description(figure: Figure) -> str:
    """Return the titles in a figure, as its text."""
    titles = [ax.get_title(loc=place) for ax in figure.axes for place in ("left", "center", "right")]
    return "; ".join(dict.fromkeys(" ".join(title.split()) for title in titles if title)) or "a figure"


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the style sheet."""
    app.add_css_file("gallery.css", priority=900)  # after sphinx-gallery's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
