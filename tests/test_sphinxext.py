"""The directive ``pyfc:derivation``: what a page shows of a component, and what fails its build."""

import pickle
import re
import sys
from pathlib import Path

import pytest
from sphinx.cmd.build import build_main

import pyfc
from pyfc import registry, sphinxext
from pyfc.derivation import Source, Step
from pyfc.sphinxext.code import code_blocks
from pyfc.sphinxext.derivation import because, equation, facts
from pyfc.sphinxext.mathematics import latex

#: A plugin that is right.
SQUARE = """
import numpy as np
from pyfc.component import Activation
from pyfc.derivation import Step

class Square(Activation):
    name = "NAME"
    needs = "z"
    derivation = (
        Step(1, "y = z**2", "definition", runs=True),
        Step(2, "diff(y, z) = 2 * z", "power rule on (1)"),
        Step(3, "dz = dy * (2 * z)", "chain rule with (2), not (7)", runs=True),
    )

    def compute_forward(self, z, y, a):
        np.multiply(z, z, out=y)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(z, 2, out=dz)  # (3)
        dz *= dy                   # (3)
"""


@pytest.fixture
def build(tmp_path, capsys):
    """Return a function that builds a page with some directives: status, HTML, and what Sphinx complains of."""
    registry.refresh()

    def build(*components):
        source = tmp_path / "docs"
        source.mkdir()
        # MathJax leaves the LaTeX on the page, which is what is compared here.
        (source / "conf.py").write_text('extensions = ["pyfc.sphinxext"]\nhtml_math_renderer = "mathjax"\n')
        directives = "\n\n".join(f".. pyfc:derivation:: {name}" for name in components)
        (source / "index.rst").write_text(f"Title\n=====\n\n{directives}\n")
        registry.refresh()
        status = build_main(["-W", "-q", "-b", "html", "--color", str(source), str(tmp_path / "html")])
        return status, (tmp_path / "html" / "index.html").read_text(), capsys.readouterr().err

    return build


def plain(html):
    """Return the text of some HTML."""
    text = re.sub(r"<[^>]*>", "", html).replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&#39;", "'").replace("&amp;", "&")


def rows(html):
    """Return the rows of the first table, each as a list of cells."""
    table = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall("<td>(.*?)</td>", row, re.DOTALL) for row in re.findall("<tr.*?</tr>", table, re.DOTALL)]
    return [[re.sub("\n+", "\n", plain(cell)).strip() for cell in row] for row in cells]


def test_a_page_of_a_plugin(install, build):
    install("alpha", "the_square", SQUARE)
    status, html, complaints = build("activations.the_square")
    assert (status, complaints) == (0, "")
    texts = [[re.sub(r"\\displaystyle ", "", text) for text in row] for row in rows(html)]
    assert texts == [
        ["1", "\\(y = z^{2}\\)\ndefinition\nin terms of \\(z\\)", "16np.multiply(z, z, out=y)  # (1)"],
        ["2", "\\(\\frac{\\partial y}{\\partial z} = 2 \\, z\\)\npower rule on (1)\nin terms of \\(z\\)", ""],
        ["3", "\\(\\mathit{dz} = \\mathit{dy} \\, (2 \\, z)\\)\nchain rule with (2), not (7)\nin terms of \\(z\\)",
         "19np.multiply(z, 2, out=dz)  # (3)\n20dz *= dy  # (3)"],
    ]  # fmt: skip
    for number in (1, 2, 3):
        assert html.count(f'id="pyfc-activations-the-square-{number}"') == 1
    assert re.findall(r'href="#(pyfc-[^"]*)">\((\d)\)', html) == [
        ("pyfc-activations-the-square-1", "1"),
        ("pyfc-activations-the-square-2", "2"),
    ]
    assert "highlight-python" in html
    assert '<table class="pyfc-derivation' in html
    (found,) = re.findall("pyfc-evidence.*?<dl[^>]*>(.*?)</dl>", html, re.DOTALL)
    lines = [" ".join(plain(line).split()) for line in found.split("</dd>")]
    assert lines[0] == "Proved2 steps follow from those before them, by SymPy; the other is a definition."
    assert lines[1] == "Tied3 lines of __init__.py carry the numbers of steps."


def test_a_page_of_a_built_in(build):
    status, html, complaints = build("activations.sigmoid", "losses.squared_error")
    assert (status, complaints) == (0, "")
    source = pyfc.Sigmoid.source_code()
    (line,) = source.tagged_lines()[6]
    code = " ".join(source.text.splitlines()[line - 1].split())
    assert " ".join(rows(html)[5][-1].split()) == f"{line}{code}"
    assert "highlight-cython" in html
    assert 'id="pyfc-losses-squared-error-1"' in html


@pytest.mark.slow
@pytest.mark.no_cover
def test_every_built_in_renders(build):
    records = [record for record in registry.records() if record.builtin]
    status, html, complaints = build(*(f"{record.group}.{record.name}" for record in records))
    assert (status, complaints) == (0, "")
    for record in records:
        for step in record.load().derivation:
            assert f'id="pyfc-{record.group}-{record.name.replace("_", "-")}-{step.number}"' in html
    assert len(re.findall('<div class="pyfc-evidence', html)) == len(records)
    assert "mathit" in html
    assert not re.search('pyfc-equation"><code', html)  # no equation is left as plain text


def changed(*replacements):
    text = SQUARE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (changed(("diff(y, z) = 2 * z", "diff(y, z) = 3 * z")), r"step \(2\) 'diff\(y, z\) = 3 \* z'"),
        (changed(("diff(y, z) = 2 * z", "diff(y, z) = 2 * z +")), r"step \(2\): SymPy cannot read '2 \* z \+'"),
        (changed(("out=y)  # (1)", "out=y)  # (1) (4)")), r"tagged \(4\), but the derivation has no step \(4\)"),
        (changed(("  # (1)", "")), r"step \(1\) runs, but no line ends in `# \(1\)`"),
        (changed(("Step(2,", "Step(5,")), r"numbers its steps \[1, 5, 3\]: expected 1, 2, \.\.\. in order"),
        (changed(("    derivation =", "    unused =")), "class Square has no derivation: expected at least"),
        (
            changed(('needs = "z"', 'source = "kernel.c"\n    needs = "z"')),
            r"no source of alpha: looked for .*kernel\.c",
        ),
        (changed(("np.multiply(z, 2,", "np.multiply(z, 2.001,")), r"dz, float32, 1 column, against step \(3\): .* ULP"),
        (changed(("dz *= dy ", "dz *= abs(dy) ")), r"square\.backward, dz by finite differences: worst of"),
        ("1 / 0", "alpha 1.2 .* is broken: importing it raised ZeroDivisionError"),
    ],
)
def test_what_fails_a_build(install, build, source, message):
    install("alpha", "square", source)
    status, _, complaints = build("activations.square")
    assert status == 1
    assert re.search(rf"index\.rst:4: \S*ERROR: pyfc:derivation: activations\.square: .*{message}", complaints)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("activations.sigmoit", "unknown name 'sigmoit' in activations: did you mean 'sigmoid'"),
        ("functions.sigmoid", "unknown group 'functions': expected one of activations"),
        ("sigmoid", "unknown group 'sigmoid': expected one of activations"),
        ("activations.square", "provided by alpha 1.2, beta 1.2: say which, 'alpha:square' or 'beta:square'"),
    ],
)
def test_names_that_lead_nowhere(install, build, name, message):
    install("alpha", "square", SQUARE)
    install("beta", "square", SQUARE)
    status, _, complaints = build("activations.alpha:square", name)
    assert status == 1
    assert re.findall(r"index\.rst:(\d+): \S*ERROR: ", complaints) == ["6"]
    assert message in complaints


def test_a_row_that_is_shown_alone_has_its_line(install, build):
    install("alpha", "square", changed(("  # (1)", "")))
    status, html, complaints = build("activations.square\n   :steps: 1 2")
    assert status == 1
    assert re.search(r"ERROR: .*square: .*: step \(1\) runs, but no line ends in `# \(1\)`", complaints)
    assert len(rows(html)) == 2


def test_another_renderer_of_mathematics_and_a_second_build(tmp_path, capsys):
    (tmp_path / "conf.py").write_text(
        "extensions = ['pyfc.sphinxext', 'sphinx.ext.imgmath']\n"
        "def setup(app): app.connect('builder-inited', lambda app: print('by', app.builder.math_renderer_name))\n"
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n")
    arguments = ["-W", "-b", "html", str(tmp_path), str(tmp_path / "html")]
    assert build_main(arguments) == 0
    assert "by imgmath" in capsys.readouterr().out
    assert build_main(arguments) == 0
    assert "0 added, 0 changed, 0 removed" in (out := capsys.readouterr().out)
    assert "configuration has changed" not in out
    assert (tmp_path / "html" / "_static" / "pyfc-derivation.css").is_file()


def test_a_page_of_plain_text(tmp_path):
    (tmp_path / "conf.py").write_text("extensions = ['pyfc.sphinxext']\n")
    (tmp_path / "index.rst").write_text("Title\n=====\n\n.. pyfc:derivation:: activations.identity\n")
    assert build_main(["-W", "-q", "-b", "text", str(tmp_path), str(tmp_path / "text")]) == 0
    text = (tmp_path / "text" / "index.txt").read_text()
    assert "displaystyle" not in text
    assert re.search(r"\| worst error +\| float32 +\| float64 +\| finite differences +\|", text)
    env = pickle.loads((tmp_path / "text" / ".doctrees" / "environment.pickle").read_bytes())  # noqa: S301 (our own)
    built = sys.modules[pyfc.get("activations", "identity").__module__].__file__
    # A page is read anew when its code was built anew, and under another version of pyfc.
    assert any((tmp_path / path).resolve() == Path(built).resolve() for path in env.dependencies["index"])
    assert env.version["pyfc.sphinxext"]


def test_colours_suit_a_dark_page_of_any_theme():
    sheets = list(Path(sphinxext.__file__).with_name("static").glob("*.css"))
    assert all(sheet.name.startswith("pyfc-") for sheet in sheets)
    text = "".join(sheet.read_text() for sheet in sheets)
    assert "var(--color-background-secondary" in text
    assert not re.search(r"background:[^;]*#|[^-]color:[^;]*#|body\[data-theme", text)


def test_what_to_do_without_a_package(run):
    code = "import sys; sys.modules['matplotlib'] = None\ntry: import pyfc.sphinxext\nexcept ImportError as e: print(e)"
    assert run(code).strip() == (
        'pyfc.sphinxext needs matplotlib, which is not installed: run `pip install "pyfc[docs]"`'
    )


def test_whose_it_is(install, build):
    install("alpha", "square", SQUARE)
    install("beta", "square", SQUARE)
    status, html, complaints = build("activations.alpha:square", "activations.beta:square")
    assert (status, complaints) == (0, "")
    assert html.count('id="pyfc-activations-alpha-square-3"') == html.count('id="pyfc-activations-beta-square-3"') == 1


def test_twice_on_a_page(build):
    status, _, complaints = build("activations.identity", "activations.identity")
    assert status == 1
    assert re.search(r"index\.rst:6: \S*ERROR: .*identity: stands on this page already: link to its rows", complaints)


def test_steps_under_settings_of_their_own(install, build):
    under = (
        "    derivation = (",
        """    hyperparameters = {"odd": Hyper(False)}
    derivation = (""",
    )
    second = ('        Step(3, "dz = dy * (2 * z)", "chain rule with (2), not (7)", runs=True),',
              '        Step(3, "dz = dy * (2 * z)", "chain rule", runs=True, when={"odd": False}),\n'
              '        Step(4, "dz = dy * (FACTOR * z)", "chain rule", when={"odd": True}),')  # fmt: skip
    wrong = changed(under, second, ("import Activation", "import Activation, Hyper"))
    install("alpha", "square", wrong.replace("FACTOR", "1 * 2"))
    install("beta", "cube", wrong.replace("FACTOR", "3"))
    status, html, complaints = build("activations.square", "activations.cube")
    assert status == 1
    assert re.findall("ERROR.*cube: step .(.).", complaints) == ["4"]
    assert "3 steps follow" in html
    assert "if odd = False; chain rule" in plain(html)


def test_source_in_c(install, build, tmp_path):
    source = changed(("  # (1)", ""), ("# (3)", ""), ('needs = "z"', 'needs = "z"\n    source = "kernel.c"'))
    install("alpha", "square", source)
    kernel = tmp_path / "site" / "alpha" / "kernel.c"
    kernel.write_text(
        "int f;\n\n    y = z * z;      // (1)\n    s = 2 * z;  /* (3) */\n\n    dz = s * dy;  /* (3) */\n"
    )
    status, html, complaints = build("activations.square")
    assert (status, complaints) == (0, "")
    assert [row[-1] for row in rows(html)] == [
        "3y = z * z;  // (1)", "", "4s = 2 * z;  /* (3) */\n6dz = s * dy;  /* (3) */",
    ]  # fmt: skip
    assert "highlight-c " in html


def test_code_made_in_memory():
    source = Source("swish.c", "double a;\nb = 1;  // (1)\n", first=11)
    (block,) = code_blocks(source, [12])
    assert (block.astext(), block["language"], block["highlight_args"]) == ("b = 1;  // (1)", "c", {"linenostart": 12})


def test_settings_stand_with_the_reason():
    step = Step(1, "dW = X.T * dZ", "sum over samples", when={"mean": True, "kind": "a"})
    assert because(step) == "if mean = True and kind = 'a'; sum over samples"


def test_facts_of_a_step():
    step = Step(1, "dz = y * z", "", shapes="dZ (n, q), W^T (q, p), b (q)")
    assert [fact.astext() for fact in facts(step)] == [
        "in terms of z and y",
        r"shapes \mathit{dZ}\colon (n \times q), W^{\top}\colon (q \times p), b\colon (q)",
    ]
    assert [fact.astext() for fact in facts(Step(1, "u = v", "", shapes="as long as v"))] == ["as long as v"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("y = z / 2 * (1 + tanh(u))", r"y = \frac{z}{2} \, (1 + \tanh(u))"),
        ("y = -2 * z - (a - b) - c", r"y = -2 \, z - (a - b) - c"),
        ("y = a * (b * c) * 3 / d", r"y = \frac{a \, (b \, c) \cdot 3}{d}"),
        ("y = (a + b)**-2 * (-a)**n", r"y = (a + b)^{-2} \, (-a)^{n}"),
        ("y = a - -b", "y = a - (-b)"),
        ("c = Max(y[k], (k, 1, m))", r"c = \max_{1 \le k \le m} y_{k}"),
        ("l = Sum(a[k] + 1, (k, 1, m)) * b", r"l = \left(\sum_{k=1}^{m} (a_{k} + 1)\right) \, b"),
        ("l = c * Sum(a[i,k], (k, 1, m)) * 2", r"l = \left(c \, \sum_{k=1}^{m} a_{i,k}\right) \cdot 2"),
        ("diff(z**2, z) = 2 * z", r"\frac{\partial}{\partial z} (z^{2}) = 2 \, z"),
        ("diff(y[i], z[j]) = KroneckerDelta(i, j)", r"\frac{\partial y_{i}}{\partial z_{j}} = \delta_{i,j}"),
        ("y = Piecewise((0, And(z > -1, z <= 1)), (z, True))",
         r"y = \begin{cases}0 & \text{if } z > -1 \wedge z \le 1 \\ z & \text{otherwise}\end{cases}"),
        ("y = Piecewise((z, (z > 0) & (z < 1)), (1, (a <= b) | (z > 2)))",
         r"y = \begin{cases}z & \text{if } (z > 0) \wedge (z < 1) \\ 1 & \text{if } (a \le b) \vee (z > 2)\end{cases}"),
        ("dW = X.T * dZ + ones*b", r"\mathit{dW} = X^{\top} \, \mathit{dZ} + \mathbf{1} \, b"),
        ("m_hat = beta1 * w_new + lr * weight_decay + x2_old",
         r"\hat{m} = \beta_{1} \, w_{\mathrm{new}} + \mathrm{lr} \, \mathrm{weight\_decay} + x_{2,\mathrm{old}}"),
        ("p = limit(integrate(f, (a, -oo, x)), x, oo)",
         r"p = \lim_{x \to \infty} \int_{-\infty}^{x} f \, \mathrm{d}a"),
        ("b = binomial(n, k) * factorial(n) * sqrt(pi) * my_f(0.25, Abs(eps))",
         r"b = \binom{n}{k} \, n! \, \sqrt{\pi} \, \operatorname{my\_f}\left(0.25, \left|\varepsilon\right|\right)"),
        ("y = Piecewise((1, Not(c)), (2, Or(Ne(a, b), a != True)))",
         r"y = \begin{cases}1 & \text{if } \neg c \\ 2 & \text{if } a \ne b \vee a \ne \text{true}\end{cases}"),
    ],
)  # fmt: skip
def test_mathematics(text, written):
    assert latex(text) == written


@pytest.mark.parametrize(
    "right", ["(z", "z if z > 0 else 0", "z % 2", "[z]", "'z'", "Piecewise(z, 1)", "f(*a)", "f(**a)", "z.real", "+z",
              "z[1][2]", "1 in z"],
)  # fmt: skip
def test_what_has_no_notation_stays_as_it_is(right):
    text = f"y = {right}"
    with pytest.raises(ValueError, match=r"cannot read|not in the notation|expected \(value, condition\)"):
        latex(text)
    (shown,) = equation(Step(1, text, "")).children
    assert (type(shown).__name__, shown.astext()) == ("literal", text)


def test_the_mathematics_of_every_built_in_is_closed():
    steps = [step for record in registry.records() if record.builtin for step in record.load().derivation]
    for step in steps:
        text = latex(step.equation)
        assert text.count(r"\left") == text.count(r"\right"), text
        assert text.count("{") == text.count("}"), text
        assert text.count(r"\begin{cases}") == text.count(r"\end{cases}"), text
