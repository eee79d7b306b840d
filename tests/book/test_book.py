"""The built book: complete, without a request to another host, and without a link into nowhere.

Reads ``docs/_build/html``, or the folder in PYFC_BOOK; without a built book its tests are left out.
"""

import posixpath
import re
import zlib
from collections import Counter
from pathlib import Path

import pytest
from book.pages import BOOK, broken_links, loaded_from_elsewhere, pages, read

import pyfc
from pyfc import datasets, kernels, layers, plots, registry, sphinxext, testing, training
from pyfc.derivation import source_of

ROOT = Path(__file__).parents[2]

built = pytest.mark.skipif(
    not (BOOK / "index.html").exists(), reason="build the book first: sphinx-build docs docs/_build/html"
)


@built
def test_nothing_is_loaded_from_elsewhere():
    assert loaded_from_elsewhere(BOOK) == []


@built
def test_links_lead_somewhere():
    assert broken_links(BOOK) == []


@built
def test_an_id_is_there_once():
    twice = {page.path.name: [name for name, n in Counter(page.ids).items() if n > 1] for page in pages(BOOK)}
    assert {name: ids for name, ids in twice.items() if ids} == {}


@built
def test_mathematics_is_native():
    formulas = 0
    for page in pages(BOOK):
        assert page.latex == [], page.path
        assert page.translated >= page.formulas, page.path
        formulas += page.formulas
    assert formulas > 100


@built
def test_every_page_has_a_way_to_it():
    """From the first page, by links alone; but for sources that no text speaks of."""
    reached, todo = set(), [BOOK / "index.html"]
    while todo:
        path = todo.pop()
        if path not in reached and path.suffix == ".html" and path.exists():
            reached.add(path)
            links = (link.partition("#")[0].partition("?")[0] for link in read(path).links)
            todo += [Path(posixpath.normpath(path.parent / link)) for link in links if link]
    lost = {page.path.relative_to(BOOK).as_posix() for page in pages(BOOK) if page.path not in reached}
    assert {name for name in lost if not name.startswith("sources/")} == set()


# The components

COMPONENTS = [(group, name) for group in registry.GROUPS for name in pyfc.available(group)]


def rows_of(path, anchor):
    """Return for each row of a derivation its number and the numbers of the lines that it shows."""
    page = read(path)
    found = {}
    for name, links in page.rows.items():
        if match := re.fullmatch(rf"{anchor}-(\d+)", name):
            found[int(match[1])] = sorted(
                {int(line) for link in links for line in re.findall(r"sources/.*#L(\d+)", link)}
            )
    return found


@built
@pytest.mark.parametrize(("group", "name"), COMPONENTS)
def test_every_component_has_its_page(group, name):
    """A row for each step, and beside each step that runs the lines that carry its tag."""
    cls = pyfc.get(group, name)
    path = BOOK / "generated" / "components" / group / f"{name}.html"
    rows = rows_of(path, f"pyfc-{group}-{name}".replace("_", "-"))
    tags = cls.source_code().tagged_lines()
    assert rows == {step.number: tags.get(step.number, []) for step in cls.derivation}
    for step in cls.derivation:
        assert rows[step.number] or not step.runs


@built
def test_there_is_no_page_for_what_is_not_registered():
    folder = BOOK / "generated" / "components"
    found = {(path.parent.name, path.stem) for path in folder.glob("*/*.html") if path.stem != "index"}
    assert found == set(COMPONENTS)


@built
@pytest.mark.parametrize("name", ["dense", "dropout", "scale"])
def test_every_layer_has_its_derivation(name):
    module = getattr(kernels, name)
    tags = source_of(module.__name__).tagged_lines()
    found = [rows for page in pages(BOOK) if (rows := rows_of(page.path, f"pyfc-layers-{name}"))]
    assert found == [{step.number: tags.get(step.number, []) for step in module.derivation}]


# The reference

PUBLIC = {
    module.__name__: module.__all__
    for module in (pyfc, datasets, kernels, layers, plots, registry, sphinxext, testing, training)
}


def inventory():
    """Return the names that the book describes, from the list that other projects' books link by."""
    packed = (BOOK / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(packed).decode().splitlines()
    return {line.split()[0] for line in lines if line.split()[1].startswith("py:")}


@built
@pytest.mark.parametrize("module", PUBLIC)
def test_everything_public_is_in_the_reference(module):
    described = inventory()
    missing = []
    for name in PUBLIC[module]:
        value = getattr(__import__(module, fromlist=[name]), name)
        home = f"{getattr(value, '__module__', module)}.{getattr(value, '__qualname__', name)}"
        short = f"pyfc.{name}" if getattr(pyfc, name, None) is value else home
        if not {f"{module}.{name}", home, short} & described:
            missing.append(name)
    assert missing == []


# What the tests above stand on can fail


def test_what_is_loaded_from_elsewhere_is_found(tmp_path):
    style = "/* url(http://a.org) */ @import 'https://b.org/x.css'; p {background: url(//c.org/y)}"
    (tmp_path / "style.css").write_text(style)
    script = '// see https://d.org\nfetch("https://e.org/z"); const xml = "http://www.w3.org/x"'
    (tmp_path / "script.js").write_text(script)
    page = """<a href="https://f.org">click</a><img src="https://g.org/p.png" srcset="a.png, //h.org/b.png 2x">
        <span style="background: url('http://i.org/q')"></span><script>new Image().src = 'https://j.org/k'</script>"""
    (tmp_path / "page.html").write_text(page)
    found = "\n".join(loaded_from_elsewhere(tmp_path))
    assert sorted(set(re.findall(r"\b([a-z])\.org", found))) == list("bceghij")


def test_links_into_nowhere_are_found(tmp_path):
    (tmp_path / "b.html").write_text('<p id="there">')
    links = ["b.html", "b.html#there", "#here", "c.html", "b.html#here", "../d.html", "https://e.org"]
    (tmp_path / "a.html").write_text('<p id="here">' + "".join(f'<a href="{link}">' for link in links))
    told = ["a.html: no file c.html", "a.html: no place b.html#here", "a.html: no file ../d.html"]
    assert broken_links(tmp_path) == told


def test_latex_and_rows_are_found(tmp_path):
    (tmp_path / "p.html").write_text(
        '<span class="math">\\frac{1}{2}</span><code>\\sum</code><div class="math"><math></math></div>'
        '<table><tr id="pyfc-losses-x-1"><td><a href="../sources/x.pyx#L7">7</a></td></tr></table>'
    )
    page = read(tmp_path / "p.html")
    assert (len(page.latex), page.formulas, page.translated) == (1, 2, 1)
    assert rows_of(tmp_path / "p.html", "pyfc-losses-x") == {1: [7]}
