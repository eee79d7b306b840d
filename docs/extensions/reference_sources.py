"""Where the code of a class or function stands, for the links of the reference to the pages of sources.

``sphinx.ext.linkcode`` asks for each name; the answer is a path in the repository with a line, as it would be written
on a page in ``docs/api``, and ``repository_links`` leads it to that page. Compiled functions have theirs in ``src``.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

from pyfc.derivation import source_of
from pyfc.sphinxext.source_role import definition_line

ROOT = Path(__file__).parents[2]


def resolve(domain: str, info: dict[str, Any]) -> str | None:
    """Return the path and line of a name; None for what has no code of its own, such as a constant."""
    if domain != "py" or not info["module"]:
        return None
    found: Any = importlib.import_module(info["module"])
    for part in info["fullname"].split("."):
        found = getattr(found, part, None)
    found = inspect.unwrap(found.fget if isinstance(found, property) else found)
    module = str(getattr(found, "__module__", ""))
    if not module.startswith("pyfc"):
        return None
    try:
        path, line = Path(inspect.getsourcefile(found) or ""), inspect.getsourcelines(found)[1]
    except (TypeError, OSError):
        source = source_of(module)
        path = source.path or Path()
        try:
            line = definition_line(source.text, str(getattr(found, "__qualname__", "")))
        except ValueError:
            return None
    return f"../../{path.resolve().relative_to(ROOT).as_posix()}#L{line}"
