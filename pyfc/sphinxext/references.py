"""The sources of a component: read from the References of its docstring, and written as text and as BibTeX.

A reference has the form ``Authors, "Title", Venue (Year)``, as ``X. Glorot, Y. Bengio, "Understanding ...", AISTATS
(2010).``; the next one follows after a full stop or a semicolon. Before the authors may stand what it is for, with a
colon, and after the year a remark. The venue says what kind it is: ``Neural Networks 107`` is a journal with its
volume, ``ICML`` a conference, ``in: A Book`` a part of a book, ``arXiv:1606.08415`` and ``PhD thesis, Where`` are
themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_lowercase

#: The part of a reference that cannot be mistaken: its title in quotes, and all up to the year.
_CORE = re.compile(r'"(?P<title>[^"]+)"(?:,\s*|\s+)(?P<venue>[^"]*?)\s*\((?P<year>\d{4})\)')
_LEAD = re.compile(r"^(?:(?P<lead>[^:]*[a-z][^:]*): |(?P<words>[a-z][a-z ]*[a-z]) )(?P<authors>[A-Z].*)$")
_PERSON = re.compile(r"(?:[A-Z]\.|[A-Z][a-z]+ ).*[A-Z]|et al\.$")
_SMALL = {"a", "an", "and", "by", "for", "from", "how", "in", "of", "on", "some", "the", "to", "with"}


@dataclass(frozen=True)
class Reference:
    """One source.

    Attributes
    ----------
    authors, title, venue : str
        As in the docstring.
    year : int
        Of publication.
    lead, note : str
        What it is for, said before or after it; ``""`` if nothing.
    """

    authors: str
    title: str
    venue: str
    year: int
    lead: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """Its name in BibTeX: first author, year and two words of the title, ``glorot2010understandingdifficulty``."""
        first = _plain(self.authors.replace(" et al.", "").split(",")[0].split(" ")[-1])
        words = [_plain(word) for word in self.title.split()]
        return first + str(self.year) + "".join([word for word in words if word and word not in _SMALL][:2])

    @property
    def text(self) -> str:
        """The reference as one line."""
        where = f"{self.venue} ({self.year})" if self.venue else f"({self.year})"
        return f"{self.authors}, \N{LEFT DOUBLE QUOTATION MARK}{self.title}\N{RIGHT DOUBLE QUOTATION MARK}, {where}"

    def bibtex(self) -> str:
        """Return the entry for BibTeX."""
        kind, fields = _kind(self.venue)
        people = [name.strip() for name in self.authors.replace(" et al.", ", et al.").split(",")]
        known = {"author": " and ".join("others" if name == "et al." else name for name in people if name)}
        known |= {"title": "{" + self.title + "}", **fields, "year": str(self.year)}
        lines = [f"  {name} = {{{_escaped(value)}}}" for name, value in known.items()]
        return f"@{kind}{{{self.key},\n" + ",\n".join(lines) + "\n}"


def references(text: str) -> tuple[list[Reference], str]:
    """Read the References of a docstring.

    Parameters
    ----------
    text : str
        The section's text.

    Returns
    -------
    list of Reference
        In order.
    str
        What is wrong, ``""`` if nothing: the text that has not the form of a reference.
    """
    text = " ".join(text.split())
    found: list[Reference] = []
    cores = list(_CORE.finditer(text))
    between = [
        text[a.end() if a else 0 : b.start() if b else len(text)]
        for a, b in zip([None, *cores], [*cores, None], strict=True)
    ]
    if not cores:
        return [], text
    authors, problem = between[0], ""
    for index, core in enumerate(cores):
        note, _, following = _split(between[index + 1], last=index == len(cores) - 1)
        people, lead = authors.strip().rstrip(","), ""
        if match := _LEAD.match(people):
            people, lead = match["authors"], match["lead"] or match["words"]
        if not _PERSON.search(people):
            problem = f"{people} {core[0]}"
        found.append(Reference(people, core["title"], core["venue"].rstrip(", "), int(core["year"]), lead, note))
        authors = following
    return found, problem


def _split(text: str, *, last: bool) -> tuple[str, str, str]:
    """Return the remark on the reference before a text, what ends it, and the authors of the next one."""
    end = None if last else re.search(r"[.;] ", text)
    note = text if end is None else text[: end.start()]
    return note.strip(" .,;:"), end[0] if end else "", text[end.end() :] if end else ""


def bibliography(found: Iterable[Reference]) -> str:
    """Return a BibTeX file of some references, sorted by their keys; different ones of one key get letters after it.

    The same authors and title in a year are one reference, of which the longest entry says most.
    """
    works: dict[tuple[str, str], Reference] = {}
    for reference in found:
        work = reference.key, f"{reference.authors}: {reference.title}".casefold()
        works[work] = max(works.get(work, reference), reference, key=lambda one: len(one.bibtex()))
    entries: dict[str, str] = {}
    for (key, _), reference in works.items():
        free = next(name for name in (key + letter for letter in ["", *ascii_lowercase[1:]]) if name not in entries)
        entries[free] = reference.bibtex().replace(key, free, 1)
    return "\n\n".join(entries[key] for key in sorted(entries)) + "\n"


def _kind(venue: str) -> tuple[str, dict[str, str]]:
    """Return the kind of a BibTeX entry and the fields that a venue stands for."""
    if match := re.fullmatch(r"arXiv:(\S+)", venue):
        return "misc", {"eprint": match[1], "archivePrefix": "arXiv"}
    if match := re.fullmatch(r"PhD thesis, (.+)", venue):
        return "phdthesis", {"school": match[1]}
    if match := re.fullmatch(r"in: (.+)", venue):
        return "inproceedings", {"booktitle": match[1]}
    if match := re.fullmatch(r"(.+?) (\d+)(?:, (?:pages? )?([\d\N{EN DASH}-]+))?", venue):
        pages = {"pages": match[3]} if match[3] else {}
        return "article", {"journal": match[1], "volume": match[2], **pages}
    if re.search(r"\b(Press|Springer|Wiley|Hall|Elsevier)\b", venue):
        return "book", {"publisher": venue}
    if re.fullmatch(r"[A-Z]\w*[A-Z]\w*", venue):  # NeurIPS, ICML
        return "inproceedings", {"booktitle": venue}
    return "misc", {"howpublished": venue} if venue else {}


def _plain(word: str) -> str:
    """Return the first part of a word in small ASCII letters and digits."""
    word = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", re.split("[-']", word)[0])


def _escaped(text: str) -> str:
    return re.sub(r"(?<!\\)([&%#_$])", r"\\\1", text)
