"""Pictures of training, of what a network decides and of what it has learned. Needs the extra ``plot``.

Each function returns a matplotlib ``Figure``, to be kept with ``figure.savefig("name.png")`` and shown as it is in a
notebook. Nothing here touches pyplot, so pictures can be made without a screen and none stays behind in memory.
Colours can be told apart by the colour-blind, and what differs in colour differs in shape or line as well.
"""

try:
    import matplotlib  # noqa: F401 (first, so that there is one place to say what to do without it)
except ImportError as error:
    raise ImportError('pictures need matplotlib, which is not installed: run `pip install "pyfc[plot]"`') from error

from pyfc.plots.activation import plot_activation
from pyfc.plots.history import plot_history
from pyfc.plots.images import plot_confusion_matrix, plot_weights
from pyfc.plots.surface import plot_decision_surface

__all__ = [
    "plot_activation",
    "plot_confusion_matrix",
    "plot_decision_surface",
    "plot_history",
    "plot_weights",
]
