"""Takes the ids from the frames that the theme puts around tables and formulas: an id may stand on a page once.

Furo wraps each of them in a container, so that it scrolls by itself, and gives that a copy of all attributes. The id
stays with the table or the formula, to which links lead.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class FramesWithoutIds(SphinxPostTransform):
    """Runs after the theme's own transform, which has the priority 500."""

    formats = ("html",)
    default_priority = 501

    def run(self, **_: Any) -> None:
        """Empty the ids of containers that repeat those of what is in them."""
        for frame in self.document.findall(nodes.container):
            if frame["ids"] and len(frame) == 1 and frame["ids"] == frame[0].get("ids"):
                frame["ids"] = []


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the transform."""
    app.add_post_transform(FramesWithoutIds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
