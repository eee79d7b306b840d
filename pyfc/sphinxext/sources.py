"""Pages with whole sources, each line with an anchor, each tag a link to the row of the derivation that it belongs to.

A source gets a page if a directive or a role uses it, or if it is in one of the folders of ``pyfc_source_folders``. The
page's name is the path from the folder that holds that folder (``src/activations/sigmoid.pyx``); that of an installed
package begins with the package (``my_swish/kernel.c``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.errors import ConfigError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

#: What a file of a folder must end in to get a page, and in which language it is highlighted.
LANGUAGES = {".pyx": "cython", ".pxi": "cython", ".pxd": "cython", ".h": "c", ".py": "python"}
_MORE_LANGUAGES = {".c": "c", ".cpp": "cpp", ".cc": "cpp", ".hpp": "cpp"}

#: The tag at the end of a line, in HTML, and a number in it.
TAG = re.compile(r"(?:#|//|/\*)\s*((?:\(\d+\)[\s,]*)+)(?=[^()]*$)")
_NUMBER = re.compile(r"\((\d+)\)")


def language_of(name: str) -> str:
    """Return the language of a file, for Pygments."""
    return {**LANGUAGES, **_MORE_LANGUAGES}.get(Path(name).suffix, "python")


def page_document(page: str) -> str:
    """Return the name of a source's page as Sphinx calls its documents."""
    return f"sources/{page}"


def has_source_pages(builder: Builder) -> bool:
    """Return whether what is built has pages of sources."""
    return isinstance(builder, StandaloneHTMLBuilder) and not isinstance(builder, SingleFileHTMLBuilder)


def folders(env: BuildEnvironment) -> list[Path]:
    """Return the folders of ``pyfc_source_folders``.

    Parameters
    ----------
    env : BuildEnvironment
        Of the project.

    Returns
    -------
    list of Path

    Raises
    ------
    ConfigError
        If one does not exist.
    """
    found = [Path(env.srcdir, folder).resolve() for folder in env.config.pyfc_source_folders]
    for folder in found:
        if not folder.is_dir():
            raise ConfigError(f"pyfc_source_folders: no folder {folder}: expected paths from the folder of conf.py")
    return found


def page_name(env: BuildEnvironment, path: Path, module: str) -> str:
    """Return what the page of a source is called.

    Parameters
    ----------
    env : BuildEnvironment
        Of the project.
    path : Path
        The file.
    module : str
        The module whose source it is.

    Returns
    -------
    str
        The path from the parent of one of :func:`folders`; else from that of the module's package; else, for a source
        that is not installed with its package, one that is made of the package's name and the file's.
    """
    path = path.resolve()
    roots = [folder.parent for folder in folders(env) if path.is_relative_to(folder)]
    package = module.partition(".")[0]
    roots += [root for root in _package_roots(package) if path.is_relative_to(root / package)]
    if roots:
        return path.relative_to(roots[0]).as_posix()
    return "/".join([*module.split(".")[:-1], path.name])


def _package_roots(package: str) -> list[Path]:
    """Return the folders that hold a top package; none if there is none of that name."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return [Path(place).resolve().parent for place in (spec and spec.submodule_search_locations) or ()]


def locate(env: BuildEnvironment, page: str) -> Path:
    """Return the file of the source of a name, as :func:`page_name` gives them.

    Parameters
    ----------
    env : BuildEnvironment
        Of the project.
    page : str
        Such as ``"src/engine.pyx"``.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If there is none.
    """
    first = page.partition("/")[0]
    roots = [folder.parent for folder in folders(env) if folder.name == first] or _package_roots(first)
    for root in roots:
        if root.joinpath(page).is_file():
            return root / page
    where = ", ".join(str(root / page) for root in roots) or f"a folder or package {first}, and there is none"
    raise ValueError(f"no source {page!r}: looked for {where}; see pyfc_source_folders")


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page of each source: its name, what the theme's template is given, and the template."""
    if not has_source_pages(app.builder):
        return
    domain: Any = app.env.domains["pyfc"]
    pages = {
        path.relative_to(folder.parent).as_posix(): str(path)
        for folder in folders(app.env)
        for path in sorted(folder.rglob("*"))
        if path.suffix in LANGUAGES and "__pycache__" not in path.parts
    }
    pages.update(domain.sources())
    for page, path in sorted(pages.items()):
        text = Path(path).read_text(encoding="utf-8")
        links = {
            at: f"{app.builder.get_relative_uri(page_document(page), document)}#{anchor}"
            for at, (document, anchor) in domain.rows(page).items()
        }
        body = f"<h1>{html.escape(page)}</h1>\n{_listing(app.builder, page, text, links)}"
        yield page_document(page), {"title": page, "body": body, "parents": []}, "page.html"


def _listing(builder: Any, page: str, text: str, links: dict[tuple[int, int], str]) -> str:
    """Return a source in HTML, with anchors and links."""
    language = language_of(page)
    lines = highlighted(builder, text, language)
    width = len(str(len(lines)))
    shown = []
    for number, line in enumerate(lines, start=1):
        here = {step: uri for (at, step), uri in links.items() if at == number}
        anchor = f'<a class="linenos" href="#L{number}">{number:>{width}}</a>'
        shown.append(f'<span class="pyfc-line" id="L{number}">{anchor}{_linked(line, here)}\n</span>')
    return (
        f'<div class="highlight-{language} notranslate pyfc-listing"><div class="highlight"><pre>'
        f"{''.join(shown)}</pre></div></div>"
    )


def _linked(line: str, links: dict[int, str]) -> str:
    """Return a highlighted line in which the numbers of its tag are links to their rows."""
    tag = TAG.search(line)
    if not links or not tag:
        return line

    def link(match: re.Match[str]) -> str:
        uri = links.get(int(match[1]))
        return (
            f'<a class="pyfc-row" href="{html.escape(uri)}" title="the derivation">{match[0]}</a>' if uri else match[0]
        )

    return line[: tag.start(1)] + _NUMBER.sub(link, tag[1]) + line[tag.end(1) :]


def highlighted(builder: Any, text: str, language: str) -> list[str]:
    """Return the lines of some code in HTML."""
    whole = builder.highlighter.highlight_block(text, language, {"stripnl": False}, force=True, nowrap=True)
    return list(whole.rstrip("\n").split("\n"))
