"""Pages of whole sources: linked both ways with the rows of derivations, found by a role; and what a row shows."""

import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from sphinx.cmd.build import build_main

import pyfc
from pyfc.derivation import source_of
from pyfc.report import Report
from pyfc.sphinxext import PyfcDomain
from pyfc.sphinxext.source_role import definition_line
from pyfc.testing.activations import add_activation_differences, add_activation_precision
from pyfc.testing.layers import check_layer

INDEX = """
Book
====

.. toctree::
   :glob:

   *

:pyfc:source:`code/deep/engine.pyx`, :pyfc:source:`code/deep/engine.pyx:epochs`, :pyfc:source:`the class
<code/deep/engine.pyx:Engine.run>`, :pyfc:source:`pyfc/registry.py:get`.
"""
ENGINE = """
# A comment about epochs.
cdef int64_t epochs_before, epochs
class Engine:
    def run(self): pass

cdef void epochs(Engine e) noexcept nogil:
    pass  # (1)
"""
#: With more pages than five Sphinx reads them in several processes.
PAGES = ["activations.sigmoid", "layers.dense", "losses.squared_error", "layers.scale", "optimizers.sgd"]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Return the folder of a small book, built in two processes."""
    folder = tmp_path_factory.mktemp("book")
    docs, code = folder / "docs", folder / "code" / "deep"
    docs.mkdir()
    code.mkdir(parents=True)
    (code / "engine.pyx").write_text(ENGINE)
    (code / "notes.txt").write_text("no source")
    (docs / "conf.py").write_text(
        'extensions = ["pyfc.sphinxext"]\nhtml_math_renderer = "mathjax"\npyfc_source_folders = ["../code"]\n'
    )
    (docs / "index.rst").write_text(INDEX)
    for name in PAGES:
        (docs / f"{name}.rst").write_text(f"{name}\n{'=' * len(name)}\n\n.. pyfc:derivation:: {name}\n")
    assert build_main(["-W", "-n", "-q", "-j", "2", "-b", "html", str(docs), str(folder / "html")]) == 0
    return folder / "html"


def links(book, page, pattern):
    """Return where links of a page lead to, each as the file and the anchor: both must be there."""
    text = (book / page).read_text()
    found = []
    for uri in re.findall(pattern, text):
        path, _, anchor = unquote(uri).partition("#")
        target = (book / page).parent.joinpath(path).resolve() if path else book / page
        assert target.is_file(), uri
        assert not anchor or f'id="{anchor}"' in target.read_text(), uri
        found.append((target.relative_to(book).as_posix(), anchor))
    return found


@pytest.mark.parametrize(
    ("page", "source"),
    [
        ("activations.sigmoid", pyfc.Sigmoid.source_code()),
        ("layers.dense", source_of("pyfc.kernels.dense")),
        ("losses.squared_error", pyfc.get("losses", "squared_error").source_code()),
    ],
)
def test_each_row_leads_to_its_lines_and_back(book, page, source):
    group, name = page.split(".")
    listing = f"sources/pyfc/kernels/{'' if group == 'layers' else f'{group}/'}{source.name}.html"
    tagged = source.tagged_lines()
    there = links(book, f"{page}.html", '<a class="linenos" href="([^"]*)"')
    assert there == [(listing, f"L{line}") for _, lines in sorted(tagged.items()) for line in lines]
    back = links(book, listing, '<a class="pyfc-row" href="([^"]*)"')
    anchor = f"pyfc-{group}-{name.replace('_', '-')}"
    assert sorted(back) == sorted((f"{page}.html", f"{anchor}-{step}") for step, lines in tagged.items() for _ in lines)


def test_a_page_has_every_line_of_its_source(book):
    source = pyfc.Sigmoid.source_code()
    html = (book / "sources/pyfc/kernels/activations/sigmoid.pyx.html").read_text()
    lines = re.findall(r'<span class="pyfc-line" id="L(\d+)"><a [^>]*>[ \d]*</a>(.*?)\n</span>', html)
    text = [re.sub("<[^>]*>", "", line).replace("&#39;", "'").replace("&quot;", '"') for _, line in lines]
    text = [line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for line in text]
    assert [int(number) for number, _ in lines] == list(range(1, len(lines) + 1))
    assert text == source.text.splitlines()
    assert (book / "sources/code/deep/engine.pyx.html").is_file()  # of a folder, tagged but in no derivation
    assert not (book / "sources/code/deep/notes.txt.html").exists()


def test_the_role_leads_to_the_line_that_defines(book):
    found = links(book, "index.html", '<a class="reference internal" href="(sources/[^"]*)"')
    registry = Path(pyfc.registry.__file__).read_text().splitlines()
    engine = "sources/code/deep/engine.pyx.html"
    assert found == [
        (engine, ""),
        (engine, "L7"),
        (engine, "L5"),
        ("sources/pyfc/registry.py.html", f"L{1 + registry.index('def get(group: str, name: str) -> Any:')}"),
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [("f", 4), ("size", 1), ("SIZE", 2), ("pair", 5), ("pair_t", 8), ("Large", 9), ("Large.f", 10)],
)
def test_definitions(name, line):
    text = (
        "size = 3\n#define SIZE 4\nstatic int f(int a);\nstatic int f(int a) {\nstruct pair {\n"
        "f(2); size == 2;\nint a;\n} pair_t;\nclass Large(f):\n    def f(self, f=1):\n"
    )
    assert definition_line(text, name) == line


def test_links_that_lead_nowhere(tmp_path, capsys):
    (tmp_path / "conf.py").write_text('extensions = ["pyfc.sphinxext"]\n')
    wrong = ["pyfc/registry.py:gett", "pyfc/registri.py", "src/engine.pyx", "readme"]
    (tmp_path / "index.rst").write_text("Title\n=====\n\n" + "\n".join(f":pyfc:source:`{name}`" for name in wrong))
    assert build_main(["-W", "-q", "-b", "html", str(tmp_path), str(tmp_path / "html")]) == 1
    complaints = capsys.readouterr().err
    for message in (
        "pyfc/registry.py:gett: nothing called 'gett' is defined there",
        "no source 'pyfc/registri.py': looked for ",
        "no source 'src/engine.pyx': looked for a folder or package src, and there is none",
        "no source 'readme'",
    ):
        assert message in complaints


def test_a_folder_that_is_not_there(tmp_path, capsys):
    (tmp_path / "conf.py").write_text('extensions = ["pyfc.sphinxext"]\npyfc_source_folders = ["../nowhere"]\n')
    (tmp_path / "index.rst").write_text("Title\n=====\n")
    assert build_main(["-q", "-b", "html", str(tmp_path), str(tmp_path / "html")]) != 0
    assert "pyfc_source_folders: no folder" in capsys.readouterr().err


def domain(docname):
    return PyfcDomain(SimpleNamespace(docname=docname, domaindata={}))


def test_what_pages_bring_is_kept_by_page():
    one, other = domain("a"), domain("b")
    one.note_source("src/x.c", "/x.c")
    one.note_row("src/x.c", 7, 1, "row-1")
    other.note_source("src/y.c", "/y.c")
    other.note_row("src/x.c", 7, 1, "row-2")
    other.note_row("src/x.c", 8, 2, "row-3")
    one.merge_domaindata({"b"}, other.data)
    assert one.sources() == {"src/x.c": "/x.c", "src/y.c": "/y.c"}
    assert one.rows("src/x.c") == {(7, 1): ("a", "row-1"), (8, 2): ("b", "row-3")}
    one.clear_doc("a")
    assert one.sources() == {"src/y.c": "/y.c"}
    assert one.rows("src/x.c")[7, 1] == ("b", "row-2")


def errors(book, page):
    """Return the table of the worst errors of a page: row -> cells."""
    html = (book / page).read_text().partition("pyfc-errors")[2].partition("</table>")[0]
    rows = re.findall("<tr.*?</tr>", html, re.DOTALL)
    cells = [re.findall("<td>(.*?)</td>", row, re.DOTALL) for row in rows]
    return {re.sub("<[^>]*>", "", row[0]).strip(): row[1:] for row in cells if row}


def test_the_figures_are_those_of_the_kit(book):
    report, sigmoid = Report(""), pyfc.Sigmoid()
    for dtype in ("float32", "float64"):
        add_activation_precision(report, sigmoid, dtype, 1, strict=True)
    add_activation_differences(report, sigmoid, 5)
    shown = errors(book, "activations.sigmoid.html")
    assert list(shown) == [r"forward \(y\)", r"backward \(\mathit{dz}\)"]
    for letter, cells in zip(("y", "dz"), shown.values(), strict=True):
        for unit, cell in zip(("float32", "float64"), cells, strict=False):
            (figure,) = (f for f in report.figures if (f.letter, f.unit) == (letter, unit))
            assert f"{figure.error:.2f} ULP" in cell
            assert 0 < figure.error <= 4
            name, value = figure.at[0]
            assert rf"\({name} = {float(value):.7g}".partition("e")[0] in cell
    (difference,) = (f for f in report.figures if f.unit == "difference")
    mantissa, _, power = f"{difference.error:.0e}".partition("e")
    assert rf"agree to <span class=\"math notranslate nohighlight\">\({mantissa} \cdot 10^{{{int(power)}}}".replace(
        "\\\"", '"'
    ) in shown[r"backward \(\mathit{dz}\)"][2]  # fmt: skip
    assert 0 < difference.error < 1e-7


def test_shapes_and_evidence_of_a_layer(book):
    html = (book / "layers.dense.html").read_text()
    assert r"\(\mathit{dW}\colon (p \times q)\)" in html
    assert r"\(W^{\top}\colon (q \times p)\)" in html
    assert "4 steps follow from those before them" in html
    assert f"{len(check_layer('dense').checks) - 2} checks of pyfc.testing hold" in html
    assert list(errors(book, "layers.dense.html")) == [
        r"forward \(Z\)",
        *(rf"backward \(\mathit{{{letter}}}\)" for letter in ("dX", "dW", "db")),
    ]
