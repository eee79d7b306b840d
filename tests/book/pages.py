"""Reads the files of a built book, and finds in them what a browser would ask another host for, and links into nowhere.

Everything a browser loads by itself has to be in the book: pictures, scripts, styles, fonts. A link that a reader
clicks on may lead to other sites.
"""

import os
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: What is read: ``docs/_build/html``, or the folder in PYFC_BOOK.
BOOK = Path(os.environ.get("PYFC_BOOK") or Path(__file__).parents[2] / "docs" / "_build" / "html").resolve()
#: Attributes with an address that is loaded without being asked for, if they are not those of a link to click on.
LOADED = ("src", "srcset", "href", "xlink:href", "poster", "data", "background", "action")
CLICKED = {"a", "area"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CODE = {"code", "pre", "script", "style", "math", "textarea"}
#: What LaTeX looks like that was not translated.
LATEX = re.compile(r"\\(?:frac|partial|sum|cdot|mathbf|mathrm|begin|left|sqrt|top|odot|[(\[])(?![a-z])")
#: An address on another host, as the text of a program, and names of XML that look like one.
ELSEWHERE = re.compile(r"""["'`](?:https?:)?//(?!www\.w3\.org/)[\w.-]+\.\w+[^"'`\s]*""")
IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+(?:url\(\s*)?)["']?\s*((?:https?:)?//[^"')\s;]+)""")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class Page(HTMLParser):
    """One page: its ids, links, formulas, rows of tables, and what its browser loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elsewhere: list[str] = []
        self.formulas = self.translated = 0
        self.latex: list[str] = []
        #: For each id in a row of a table, the links in that row.
        self.rows: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._row: tuple[list[str], list[str]] | None = None
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take down what an element refers to."""
        given = {name: value or "" for name, value in attributes}
        if tag == "tr":
            self._row = ([], [])
        if "id" in given:
            self.ids.append(given["id"])
            if self._row:
                self._row[0].append(given["id"])
        for name in LOADED:
            if name in given:
                addresses = given[name].split(",") if name == "srcset" else [given[name]]
                self._refers(tag, [(address.split() or [""])[0] for address in addresses])
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.elsewhere += re.findall(r"url=(\S+:\S+)", given.get("content", ""))
        self.elsewhere += IN_STYLE.findall(given.get("style", ""))
        classes = given.get("class", "").split()
        self.formulas += "math" in classes and tag in ("span", "div")
        self.translated += tag == "math"
        if tag not in VOID:
            self._open.append(tag)

    def _refers(self, tag: str, addresses: list[str]) -> None:
        for address in addresses:
            parts = urlsplit(address)
            if not (parts.scheme or parts.netloc):
                self.links.append(address)
                if self._row:
                    self._row[1].append(address)
            elif tag not in CLICKED and parts.scheme != "data":
                self.elsewhere.append(f"<{tag}> {address}")

    def handle_endtag(self, tag: str) -> None:
        """Close elements, and with a row what it had."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "tr" and self._row:
            self.rows |= dict.fromkeys(self._row[0], self._row[1])
            self._row = None

    def handle_data(self, text: str) -> None:
        """Look at what is read, and at scripts and styles inside the page."""
        if "script" in self._open:
            self.elsewhere += ELSEWHERE.findall(text)
        elif "style" in self._open:
            self.elsewhere += IN_STYLE.findall(text)
        elif not CODE.intersection(self._open):
            self.latex += LATEX.findall(text)


@cache
def read(path: Path) -> Page:
    """Return a page, which is read once."""
    return Page(path)


def pages(book: Path) -> list[Page]:
    """Return all pages of a book."""
    return [read(path) for path in sorted(book.rglob("*.html"))]


def loaded_from_elsewhere(book: Path) -> list[str]:
    """Return what the pages, styles and scripts of a book would load from other hosts."""
    found = [(page.path, address) for page in pages(book) for address in page.elsewhere]
    for path in sorted([*book.rglob("*.css"), *book.rglob("*.js")]):
        text = path.read_text(encoding="utf-8")
        addresses = IN_STYLE.findall(COMMENT.sub("", text)) if path.suffix == ".css" else ELSEWHERE.findall(text)
        found += [(path, address) for address in addresses]
    return [f"{path.relative_to(book)}: {address}" for path, address in found]


def broken_links(book: Path) -> list[str]:
    """Return the links inside a book that lead to no file, or to no place on its page."""
    found = []
    for page in pages(book):
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            if target.is_dir() or not target.is_relative_to(book) or not target.exists():
                found.append(f"{page.path.relative_to(book)}: no file {link}")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in places(target):
                found.append(f"{page.path.relative_to(book)}: no place {link}")
    return found


@cache
def places(path: Path) -> frozenset[str]:
    """Return the ids on a page."""
    return frozenset(read(path).ids)
