"""The directive ``pyfc:component`` and the pages that it is on: one for each component, none written by hand."""

import re
from pathlib import Path

import numpy as np
import pytest
from pybtex.database import parse_string
from sphinx.cmd.build import build_main

import pyfc
from pyfc import registry
from pyfc.component import Activation
from pyfc.sphinxext import figures, pages, speed
from pyfc.sphinxext.examples import examples, shown
from pyfc.sphinxext.examples.lines import agreement
from pyfc.sphinxext.figures.drawing import minus
from pyfc.sphinxext.references import bibliography, references

#: A plugin of which a page has everything.
PLUGIN = '''
import numpy as np
from pyfc.component import Activation, Hyper
from pyfc.derivation import Step

class Steep(Activation):
    """A straight line, ``y = k * z``, unlike ``relu``.

    Use it nowhere.

    Parameters
    ----------
    k : float, default 2.0
        How steep it is, > 0.

    References
    ----------
    A. Author, B. O. Other, "Straight Lines", Journal of Lines 3 (1999).
    """

    name = "NAME"
    needs = ""
    hyperparameters = {"k": Hyper(2.0, low=0, open_low=True)}
    derivation = (
        Step(1, "y = k * z", "definition", runs=True),
        Step(2, "dz = dy * k", "chain rule", runs=True),
    )

    def compute_forward(self, z, y, a):
        np.multiply(z, self.k, out=y)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(dy, self.k, out=dz)  # (2)
'''
ENTRY = "[pyfc.activations]\n{} = {}:Steep\n"


@pytest.fixture
def build(tmp_path, capsys):
    """Return a function that builds a project with pages of some distributions: status, folder, complaints."""
    source = tmp_path / "docs"

    def build(distributions, *more):
        source.mkdir(exist_ok=True)
        settings = ["extensions = ['pyfc.sphinxext']", "pyfc_component_pages = 'made'", *more]
        settings.append(f"pyfc_component_distributions = {distributions!r}")
        (source / "conf.py").write_text("\n".join(settings))
        (source / "index.rst").write_text("Title\n=====\n\n.. toctree::\n\n   made/index\n")
        status = build_main(["-W", "--keep-going", "-n", "-q", "-b", "html", str(source), str(tmp_path / "html")])
        return status, tmp_path, capsys.readouterr().err

    return build


def plain(html):
    """Return the text of some HTML, in which a column begins after a bar."""
    text = re.sub(r"</t[dh]>", "|", html)
    return " ".join(re.sub(r"<[^>]*>", "", text).split())


@pytest.fixture
def steep(install):
    """Install a plugin, and return its class."""
    install("Steep-Lines", "steep", PLUGIN, entry_points=ENTRY.format("steep", "steep_lines"))
    registry.refresh()
    return pyfc.get("activations", "steep")


def test_the_pages_of_a_plugin(build, steep):
    status, folder, complaints = build(["steep_lines"])
    assert (status, complaints) == (0, "")
    made = folder / "docs" / "made"
    written = {path.relative_to(made).as_posix() for path in made.rglob("*.*")}
    assert written == {"index.rst", "activations.rst", "activations/steep.rst", "references.bib"}
    html = (folder / "html" / "made" / "activations" / "steep.html").read_text()
    text = plain(html)
    assert "From the plugin steep-lines 1.2." in text
    assert "A straight line, y = k * z, unlike relu." in text
    assert re.findall("<h2>([^<]*)<", html) == ["Derivation", "Worked example", "Parameters", "Speed", "References"]
    assert '<table class="pyfc-derivation' in html
    assert html.count('role="img"') == 2
    assert "k| 2.0| a number &gt; 0| How steep it is, &gt; 0.|" in text
    assert "neither z nor y" in text
    assert re.search(r"forward\| [\d.]+ ns\| [\d.]+ times\| [\d.]+ ns\|", text)
    assert speed.machine() in text
    assert "@article{author1999straightlines," in text
    # Forward and backward of the example are what the component computes.
    z, dy = np.array([-2, 0, 0.5, 3]), np.array([1, -0.5, 2, 0.25])
    for row in (z, steep().forward(z), dy, steep().backward(dy)):
        assert "| ".join(map(shown, row)) + "|" in text
    assert text.count("the same to the last digit") == 2
    assert "\N{MINUS SIGN}4| 0| 1| 6|" in text
    overview = plain((folder / "html" / "made" / "activations.html").read_text())
    assert (
        "steep (steep-lines 1.2)| A straight line, y = k * z, unlike relu.| \N{MINUS SIGN}∞ to ∞| neither|" in overview
    )
    assert re.search(
        r'href="[^"]*_downloads/\w+/references\.bib"', (folder / "html" / "made" / "index.html").read_text()
    )


def test_what_is_gone_has_no_page_and_what_is_the_same_stays(build, steep, install):
    build(["steep-lines"])
    made = Path(build(["steep-lines"])[1]) / "docs" / "made"
    own = made / "activations" / "mine.rst"
    own.write_text("Mine\n====\n")
    (made / "activations" / "gone.rst").write_text(f"{pages.MARK}\n\nGone\n====\n")
    times = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    build(["steep-lines"], "exclude_patterns = ['made/activations/mine.rst']")
    assert not (made / "activations" / "gone.rst").exists()
    assert own.exists()
    assert all(path.stat().st_mtime_ns == time for path, time in times.items() if path.name != "gone.rst")


def test_a_broken_plugin_has_no_page(build, steep, install):
    install("beta", "cube", "1 / 0")
    registry.refresh()
    status, folder, complaints = build(["steep-lines", "beta"])
    assert status == 1
    assert re.search(r"it has no page: .*'cube' of beta 1\.2 .* is broken: .*ZeroDivisionError", complaints)
    assert not (folder / "docs" / "made" / "activations" / "cube.rst").exists()
    assert (folder / "html" / "made" / "activations" / "steep.html").exists()


def test_code_that_differs_from_its_derivation_fails_the_build(build, install):
    wrong = PLUGIN.replace("np.multiply(dy, self.k, out=dz)", "np.multiply(dy, self.k * (1 + 1e-9), out=dz)")
    install("gamma", "steep", wrong, entry_points=ENTRY.format("steep", "gamma"))
    registry.refresh()
    status, _, complaints = build(["gamma"])
    assert status == 1
    assert re.search(
        r"steep\.rst:\d+: ERROR: .*activations\.steep: its code gives dz = 2\.0+\d+, .* 9 digits", complaints
    )


def test_a_reference_that_is_not_read(build, install):
    install(
        "delta",
        "steep",
        PLUGIN.replace('"Straight Lines"', "Straight Lines"),
        entry_points=ENTRY.format("steep", "delta"),
    )
    registry.refresh()
    status, _, complaints = build(["delta"])
    assert status == 1
    assert (
        "its reference 'A. Author, B. O. Other, Straight Lines, Journal of Lines 3 (1999).' is not read" in complaints
    )


def test_what_cannot_be_read_or_made_does_not_end_the_build(build, install):
    """A docstring that numpydoc refuses, a class that cannot be constructed, a name that nobody has."""
    wrong = PLUGIN.replace(
        "    References", "    Notes\n    -----\n    One.\n\n    Notes\n    -----\n    Two.\n\n    References"
    )
    wrong += (
        '\n\nclass Other(Steep):\n    name = "other"\n\n    def __init__(self):\n        raise OSError("no file")\n'
    )
    entries = ENTRY.format("steep", "epsilon") + "other = epsilon:Other\n"
    install("epsilon", "steep", wrong, entry_points=entries)
    registry.refresh()
    status, folder, complaints = build(["epsilon", "epsilonn"])
    assert status == 1
    assert "pyfc_component_distributions: no component of 'epsilonn' is installed" in complaints
    assert re.search("numpydoc cannot read the docstring of epsilon.Steep: The section Notes appears twice", complaints)
    assert re.search(r"other\.rst:8: ERROR: .*activations\.other: cannot be made: OSError: no file", complaints)
    assert '<table class="pyfc-derivation' in (folder / "html" / "made" / "activations" / "steep.html").read_text()


def test_a_docstring_is_of_the_class_itself():
    class Silent(pyfc.Sigmoid):
        pass

    assert pages.docstring(pyfc.Sigmoid)["Summary"]
    assert not any(pages.docstring(Silent)["Summary"])
    assert pages.docstring(Silent)["Parameters"] == []


def test_every_component_has_a_page_and_no_other_has():
    class Config:
        pyfc_component_pages = "made"
        pyfc_component_distributions = ("pyfc",)

    texts = dict(pages._texts(Config))
    records = [record for record in registry.records() if record.builtin]
    stubs = {path for path in texts if path.count("/")}
    assert stubs == {f"{record.group}/{record.name}.rst" for record in records}
    for record in records:
        assert f".. pyfc:component:: {record.group}.{record.name}\n" in texts[f"{record.group}/{record.name}.rst"]
        assert f"<{'/made'}/{record.group}/{record.name}>`" in texts[f"{record.group}.rst"]
    assert parse_string(texts["references.bib"], "bibtex").entries


def test_a_name_that_pyfc_has_too(install):
    class Config:
        pyfc_component_pages = "made"
        pyfc_component_distributions = None

    install("Steep-Lines", "sigmoid", PLUGIN, entry_points=ENTRY.format("sigmoid", "steep_lines"))
    registry.refresh()
    texts = dict(pages._texts(Config))
    assert ".. pyfc:component:: activations.sigmoid\n" in texts["activations/sigmoid.rst"]
    assert ".. pyfc:component:: activations.steep-lines:sigmoid\n" in texts["activations/steep-lines-sigmoid.rst"]


#: Some of each kind; the build of the documentation tries all, and fails where one does not hold.
SOME = {
    "activations": ["sigmoid", "relu", "prelu", "softmax"],
    "losses": ["huber", "binary_cross_entropy", "softmax_cross_entropy"],
    "optimizers": ["sgd", "adam", "lbfgs"],
    "initializers": ["he_uniform", "orthogonal", "zeros"],
}


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, names in SOME.items() for name in names])
def test_what_a_page_shows(group, name):
    component = pyfc.get(group, name)()
    lines = [line for example in examples(component) for line in example.lines]
    computed = {line.label for line in lines if line.digits is not None}
    wanted = {"activations": {"y", "dz"}, "losses": {"l", "dy"}, "optimizers": {"w_new"}}
    if not getattr(component, "full_batch", False):
        assert computed >= wanted.get(group, set())
    assert all(line.digits is None or line.digits > 13 for line in lines)
    assert lines
    drawn = figures.html(component, "here")
    assert len(drawn) < 2 * 60_000
    assert drawn.count("<svg") == drawn.count("<title") == drawn.count("<desc") == 2
    ids = re.findall(r' id="([^"]*)"', drawn)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("here-") for name in ids)
    assert set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', drawn)) <= {(i, "") for i in ids} | {("", i) for i in ids}
    assert "currentColor" in drawn
    assert not re.search(r"#010203|#000000|font-family", drawn)
    _, problem = references("\n".join(pages.docstring(type(component))["References"]))
    assert problem == ""


def test_saturation_kinks_and_jumps_are_seen():
    relu, sigmoid, hard = (figures.panels(pyfc.get("activations", n)()) for n in ("relu", "sigmoid", "hard_tanh"))
    assert "the slope jumps at z = 0." in relu[0].description
    assert "z = -6 to 0" in relu[0].description
    assert "Neither jumps." in sigmoid[0].description
    assert re.search(r"z = -6 to -4\.\d+ and z = 4\.\d+ to 6", sigmoid[0].description)
    assert "the slope jumps at z = -1, 1." in hard[0].description
    assert "the slope jumps at z = 0, 6." in figures.panels(pyfc.get("activations", "relu6")())[0].description


def test_numbers_gates_and_uneven_losses_have_pictures_of_their_own():
    titles = {
        name: [panel.title for panel in figures.panels(pyfc.get(group, name)())]
        for group, name in (("activations", "softmax"), ("activations", "glu"), ("losses", "quantile"))
    }
    assert [len(found) for found in titles.values()] == [2, 4, 4]
    assert titles["glu"][2] == minus("The outputs of a row 1, -1, z₃, 0.5 as z₃ moves")
    assert titles["quantile"][0].endswith("q = 0.5")
    assert titles["quantile"][2].endswith("q = 0.75")


def test_a_gradient_is_not_drawn_across_its_jump():
    gradient = figures.panels(pyfc.get("losses", "absolute_error")())[1].figure.axes[0].lines[2]
    assert np.isnan(gradient.get_xdata()).sum() == 1


@pytest.mark.parametrize("from_log", [True, False])
def test_the_example_and_picture_of_a_loss_have_outputs_that_it_is_for(from_log):
    loss = pyfc.get("losses", "kl_divergence")(from_log=from_log)
    given = [line.numbers for example in examples(loss) for line in example.lines if line.label == "y"]
    curve = figures.losses.curves(loss)[0]
    assert len(given) == 2
    for y in (*given, curve):
        assert np.allclose((np.exp(y) if from_log else np.asarray(y)).sum(axis=-1), 1)


class Pieces(Activation):
    """Jumps at 0 and bends at 1."""

    name, needs = "pieces", "z"

    def compute_forward(self, z, y, a):
        np.copyto(y, (z > 0) + np.maximum(z - 1, 0))

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(dy, z > 1, out=dz)


class Tenfold(Activation):
    """Ten outputs or more for a row."""

    name, needs, elementwise = "tenfold", "", False

    def out_cols(self, cols):
        return 10 * cols

    def compute_forward(self, z, y, a):
        np.copyto(y, np.tile(z, 10))

    def compute_backward(self, z, y, dy, dz, a, da):
        np.sum(dy.reshape(len(dy), 10, -1), axis=1, out=dz)


def test_jumps_and_kinks_are_told_apart():
    value, _ = figures.panels(Pieces())
    assert "the value jumps at z = 0 and the slope jumps at z = 1." in value.description


def test_a_row_of_many_outputs():
    value, slope = figures.panels(Tenfold())
    assert "y₁₀ is " in value.description
    assert "∂y₃₀ is " in slope.description


def test_agreement_is_in_digits():
    assert agreement([1.0, 0.0], [1.0, 0.0]) == float("inf")
    assert agreement([1.0, 2.002], [1.0, 2.0]) == pytest.approx(3)
    assert agreement([float("nan")], [1.0]) < 0
    assert agreement([1.0], [float("inf")]) < 0
    assert agreement([1e-13, 1.0], [0.5e-13, 1.0]) > 13  # what a difference has left beside 1


@pytest.mark.parametrize(
    ("text", "key", "entry"),
    [
        (
            'A. B. One, C.-D. Two-Three, "On the Way: a Study", Journal of Ways B 14 (1952).',
            "one1952waystudy",
            "@article: author = A. B. One and C.-D. Two-Three; journal = Journal of Ways B; volume = 14",
        ),
        (
            'Later: A. Öne et al., "Its Way", arXiv:1606.08415 (2016); for rows B. Two, "More", ICML (2018), page 2.',
            "one2016itsway two2018more",
            "@misc: author = A. Öne and others; eprint = 1606.08415; archivePrefix = arXiv "
            "@inproceedings: author = B. Two; booktitle = ICML",
        ),
        ('A. One, "Book & Words" (2006), chapter 3.', "one2006bookwords", "@misc: author = A. One"),
    ],
)
def test_references(text, key, entry):
    found, problem = references(text)
    assert problem == ""
    assert " ".join(reference.key for reference in found) == key
    parsed = parse_string(bibliography(found), "bibtex").entries
    assert set(parsed) == set(key.split())
    for reference, wanted in zip(found, re.split(" (?=@)", entry), strict=True):
        kind, _, fields = wanted.partition(": ")
        text = reference.bibtex()
        assert text.startswith(f"{kind}{{{reference.key},")
        for field in fields.split("; "):
            name, _, value = field.partition(" = ")
            assert f"  {name} = {{{value}}}" in text
    assert parsed[found[0].key].fields["year"] == str(found[0].year)


def test_two_references_of_one_key():
    texts = ['A. One, "Dull Book", Chapman and Hall (1999).', 'B. One, "Dull Book", Wiley (1999).']
    again = 'A. One, "Dull book" (1999).'  # the same, with less said of it
    found = [references(text)[0][0] for text in [again, *texts, texts[0], again]]
    entries = parse_string(bibliography(found), "bibtex").entries
    assert {key: (entry.type, entry.fields["publisher"]) for key, entry in entries.items()} == {
        "one1999dullbook": ("book", "Chapman and Hall"),
        "one1999dullbookb": ("book", "Wiley"),
    }
