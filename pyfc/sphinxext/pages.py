"""Writes a page for every registered component, so that none is written by hand.

With ``pyfc_component_pages = "generated/components"`` in ``conf.py`` the folder of that name in the documentation has,
when Sphinx begins to read, ``activations/sigmoid.rst`` and so on with a title and the directive ``pyfc:component``,
``activations.rst`` with a table of the group, ``index.rst`` over all groups, and ``references.bib``. A file is written
only if its text has changed, and one whose component is gone is removed. A plugin that cannot be loaded has no page: a
warning says why.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from numpydoc.docscrape import NumpyDocString
from sphinx.util import logging

from pyfc import registry
from pyfc.component import Component
from pyfc.errors import PyfcError
from pyfc.record import Record, normal
from pyfc.sphinxext.overview import columns, heads
from pyfc.sphinxext.references import Reference, bibliography, references

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

#: The first line of a page, by which it is known that it may be removed.
MARK = ".. Written by pyfc.sphinxext: changes here are lost."
TITLES = {"activations": "Activations", "losses": "Losses", "optimizers": "Optimizers", "initializers": "Initialisers"}


def write_pages(app: Sphinx) -> None:
    """Write the pages that a project asks for, when its build begins.

    Parameters
    ----------
    app : Sphinx
        With its configuration.
    """
    pages = app.config.pyfc_component_pages
    if not pages:
        return
    folder = Path(app.srcdir) / pages
    texts = dict(_texts(app.config))
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    for old in folder.rglob("*.rst"):
        if str(old.relative_to(folder).as_posix()) not in texts and old.read_text(encoding="utf-8").startswith(MARK):
            old.unlink()


def components(config: Config) -> list[tuple[Record, type[Component]]]:
    """Return what has a page, with its record; a warning tells of each that cannot be loaded, and of misspelt names.

    Parameters
    ----------
    config : sphinx.config.Config
        Says of which distributions, in ``pyfc_component_distributions``.

    Returns
    -------
    list of tuple
    """
    found, records = [], _records(config)
    for name in config.pyfc_component_distributions or ():
        if normal(name) not in {record.distribution for record in records}:
            message = "pyfc_component_distributions: no component of %r is installed"
            logger.warning(message, name, type="pyfc", subtype="plugin")
    for record in records:
        try:
            found.append((record, record.load()))
        except PyfcError as error:
            logger.warning("it has no page: %s", error, type="pyfc", subtype="plugin")
    return found


def page_of(env: BuildEnvironment, name: str) -> str:
    """Return the document that is the page of a component, ``""`` if it has none or several have its name.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
        Of the project.
    name : str
        Of the component alone.

    Returns
    -------
    str
    """
    if not env.config.pyfc_component_pages:
        return ""
    found = [record for record in _records(env.config) if name == record.name and record.state != "broken"]
    found = [record for record in found if record.builtin] or found
    return f"{env.config.pyfc_component_pages}/{_path(found[0])}" if len(found) == 1 else ""


def docstring(cls: type[Component]) -> NumpyDocString:
    """Return the sections of a component's own docstring, as numpydoc reads them; none of what it cannot read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sections that numpydoc does not know
        try:
            return NumpyDocString(inspect.cleandoc(cls.__doc__ or ""))
        except Exception as error:  # it raises several kinds
            message = "numpydoc cannot read the docstring of %s.%s: %s"
            args = (cls.__module__, cls.__qualname__, " ".join(str(error).split()))
            logger.warning(message, *args, type="pyfc", subtype="component", once=True)
            return NumpyDocString("")


def _records(config: Config) -> list[Record]:
    wanted = config.pyfc_component_distributions
    names = None if wanted is None else {normal(name) for name in wanted}
    found = [record for record in registry.records() if record.state != "disabled"]
    return [record for record in found if names is None or record.distribution in names]


def _called(record: Record) -> str:
    """Return the name by which ``pyfc.get`` finds it, with whose it is where several have it."""
    return record.full_name if record.full_name in registry.available(record.group) else record.name


def _path(record: Record) -> str:
    return f"{record.group}/{_called(record).replace(':', '-')}"


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}"


def _texts(config: Config) -> Iterator[tuple[str, str]]:
    """Yield the files with their texts."""
    found, groups, sources = components(config), [], list[Reference]()
    for group, title in TITLES.items():
        here = [(record, cls) for record, cls in found if record.group == group]
        if not here:
            continue
        groups.append(group)
        rows = []
        for record, cls in here:
            name = _called(record)
            label = f".. _pyfc-{group}-{name.replace(':', '-')}:"
            yield f"{_path(record)}.rst", f"{MARK}\n\n{label}\n\n{_title(name)}\n\n.. pyfc:component:: {group}.{name}\n"
            doc = docstring(cls)
            sources += references("\n".join(doc["References"]))[0]
            link = f":doc:`{name} </{config.pyfc_component_pages}/{_path(record)}>`"
            summary = " ".join(" ".join(doc["Summary"]).split())
            origin = "" if record.builtin else f" ({record.distribution} {record.version})"
            rows.append([*columns(cls), link + origin, summary])
        rows = [[row[0], row[-2], row[-1], *row[1:-2]] for row in rows]
        listed = _toctree([f"/{config.pyfc_component_pages}/{_path(record)}" for record, _ in here])
        text = _list_table(["", "name", "what it is", *heads(group)], rows)
        yield f"{group}.rst", f"{MARK}\n\n{_title(title)}\n\n{text}\n{listed}"
    yield "references.bib", bibliography(sources) if sources else "% no component has a reference\n"
    several = _toctree([f"/{config.pyfc_component_pages}/{group}" for group in groups], hidden=False)
    download = ":download:`The sources of all as BibTeX <references.bib>`"
    yield "index.rst", f"{MARK}\n\n{_title('Components')}\n\n{several}\n{download}\n"


def _toctree(documents: list[str], *, hidden: bool = True) -> str:
    lines = [".. toctree::", "   :maxdepth: 1", *["   :hidden:"] * hidden, "", *(f"   {name}" for name in documents)]
    return "\n".join(lines) + "\n"


def _list_table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", "   :class: pyfc-overview", ""]
    for cells in [titles, *rows]:
        for index, cell in enumerate(cells):
            first, *others = cell.split("\n")
            lines.append(f"   {'*' if index == 0 else ' '} - {first}".rstrip())
            lines += [f"       {line}".rstrip() for line in others]
    return "\n".join(lines) + "\n"


def setup_pages(app: Sphinx) -> None:
    """Add the settings and the writing of pages to a Sphinx project."""
    app.add_config_value("pyfc_component_pages", "", "env", types=(str,))
    app.add_config_value("pyfc_component_distributions", None, "env", types=(list, tuple, type(None)))
    app.connect("builder-inited", write_pages)
