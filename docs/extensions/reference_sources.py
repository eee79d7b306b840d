"""Where the code of a class or function stands, for the links of the reference to the pages of sources.

``sphinx.ext.linkcode`` asks for each name; the answer is a path in the repository with a line, as it would be written
on a page in ``docs/api``, and ``repository_links`` leads it to that page. Compiled functions have theirs in ``src``.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

from pyfc.derivation import source_of

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
        name = str(getattr(found, "__qualname__", "")).rpartition(".")[2]
        places = [
            number
            for number, text in enumerate(source.text.splitlines(), 1)
            if re.match(rf"\s*(?:def|cpdef|class|cdef class)\b.*\b{name}\b\s*[(:]", text)
        ]
        if not places:
            return None
        line = places[0]
    return f"../../{path.resolve().relative_to(ROOT).as_posix()}#L{line}"
