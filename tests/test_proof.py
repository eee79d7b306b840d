"""Tests of the tests: a wrong step, a wrong backward, a missing tag and an orphan tag are each found and located."""

import importlib.util
import math
import re
import textwrap

import mpmath
import numpy as np
import pytest
import sympy

import pyfc
from pyfc.component import Activation
from pyfc.derivation import Source, Step, source_of, tag_problems
from pyfc.errors import ProofError
from pyfc.proof import Derivation
from pyfc.symbolic import evaluator
from pyfc.testing import check_activation, check_initializer, check_loss, check_optimizer
from pyfc.testing.precision import ulp_error

SOFTSQUARE = """
import numpy as np
from pyfc.component import Activation
from pyfc.derivation import Step

class SoftSquare(Activation):
    name = "soft_square"
    needs = "z"
    derivation = (
        Step(1, "y = z**2 / (1 + z**2)", "definition", runs=True),
        Step(2, "diff(y, z) = 2 * z / (1 + z**2)**2", "quotient rule on (1)"),
        Step(3, "dz = dy * (2 * z / (1 + z**2)**2)", "chain rule with (2)", runs=True),
    )

    def compute_forward(self, z, y, a):
        s = np.minimum(np.abs(z), 1e150 if z.dtype == np.float64 else 1e18)
        y[...] = s * s / (1 + s * s) + 0 * z  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        s = np.clip(z.astype(np.float64), -1e70, 1e70)
        dz[...] = dy * (2 * s / (1 + s * s) ** 2)  # (3)
"""


@pytest.fixture
def component(tmp_path):
    """Return a function that makes a class from source text in a file of its own, with some text replaced."""

    def make(source, name, *replacements):
        for old, new in replacements:
            assert old in source, old
            source = source.replace(old, new)
        path = tmp_path / f"made_{abs(hash(source))}.py"
        path.write_text(textwrap.dedent(source))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        importlib.sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        return getattr(module, name)

    return make


def failed(report):
    return {check.name: check.detail for check in report.failures}


def test_the_right_one_passes(component):
    report = check_activation(component(SOFTSQUARE, "SoftSquare"))
    assert report.ok, str(report)
    assert len(report.checks) > 20
    assert report.raise_if_failed() is report


def test_a_wrong_step_is_found(component):
    wrong = component(
        SOFTSQUARE, "SoftSquare", ('"diff(y, z) = 2 * z / (1 + z**2)**2"', '"diff(y, z) = 2 * z / (1 + z**2)"')
    )
    details = failed(check_activation(wrong))
    assert "step (2)" in details["derivation"]
    assert "at z = " in details["derivation"]
    assert "soft_square.backward, dz by finite differences" not in details


@pytest.mark.parametrize("wrong", ["np.abs(dy)", "np.maximum(dy, 0)", "dy * np.sign(dy.sum())"])
def test_a_lost_sign_of_dy_is_found(component, wrong):
    # Steps hold each number against dy > 0.
    details = failed(check_activation(component(SOFTSQUARE, "SoftSquare", ("dz[...] = dy *", f"dz[...] = {wrong} *"))))
    assert "soft_square.backward, dz by finite differences" in details
    assert not any("against step" in name for name in details)


def test_a_wrong_backward_is_found(component):
    wrong = component(SOFTSQUARE, "SoftSquare", ("dy * (2 * s", "dy * (1.9 * s"))
    details = failed(check_activation(wrong))
    assert any(name.startswith("dz, float32") for name in details)
    assert any(name.startswith("dz, float64") for name in details)
    found = re.fullmatch(
        r"worst of 400 at \(\d+, \d\), z = (\S+), dy = (\S+): gradient (\S+), difference (\S+)",
        details["soft_square.backward, dz by finite differences"],
    )
    z, dy, gradient, difference = map(float, found.groups())
    assert gradient == pytest.approx(dy * 1.9 * z / (1 + z * z) ** 2, rel=1e-5)
    assert difference == pytest.approx(dy * 2 * z / (1 + z * z) ** 2, rel=1e-5)


def test_a_backward_that_is_wrong_in_one_region_only_is_found(component):
    wrong = component(SOFTSQUARE, "SoftSquare", ("# (3)", "# (3)\n        dz[z > 700] *= 1.0001"))
    details = failed(check_activation(wrong))
    assert any(name.startswith("dz, float64") for name in details)


def test_a_missing_tag_is_found(component):
    wrong = component(SOFTSQUARE, "SoftSquare", ("  # (3)", ""))
    assert "step (3) runs, but no line ends in `# (3)`" in failed(check_activation(wrong))["tags"]


def test_an_orphan_tag_is_found(component):
    wrong = component(SOFTSQUARE, "SoftSquare", ("# (3)", "# (3), (4)"))
    assert "the derivation has no step (4)" in failed(check_activation(wrong))["tags"]


def test_a_tag_of_a_step_that_does_not_run_is_found(component):
    wrong = component(SOFTSQUARE, "SoftSquare", ("# (3)", "# (2)(3)"))
    assert "does not say runs=True" in failed(check_activation(wrong))["tags"]


def test_no_derivation_and_wrong_numbers_are_found(component):
    none = component(SOFTSQUARE, "SoftSquare", ("    derivation = (", "    unused = ("))
    report = check_activation(none)
    assert report.ok
    assert "NOT PROVED: SoftSquare has no derivation" in str(report)
    with pytest.raises(ProofError, match="NOT PROVED"):
        report.raise_if_failed(unproved=False)
    wrong = component(SOFTSQUARE, "SoftSquare", ("Step(2,", "Step(5,"))
    assert "numbers its steps [1, 5, 3]" in failed(check_activation(wrong))["tags"]


def test_code_that_no_step_describes_is_found(component):
    untied = component(
        SOFTSQUARE, "SoftSquare", ('"dz = dy * (2 * z / (1 + z**2)**2)"', '"slope = 2 * z / (1 + z**2)**2"')
    )
    assert "dz has a step" in failed(check_activation(untied))


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("y[...] = s * s", "z[...] += 1; y[...] = s * s", "soft_square.forward leaves its inputs alone"),
        ("+ 0 * z", "", "NaN stays NaN, float64"),
        ("+ 0 * z", "+ 0 * (z * z)", "huge inputs do not become NaN, float32"),
        (
            "(1 + s * s) + 0 * z",
            "(1 + s * s) + 0 * z + getattr(self, 'n', 0); self.n = getattr(self, 'n', 0) + 1e-3",
            "soft_square.forward: no memory of earlier calls, forward after other calls, float64",
        ),
    ],
)
def test_other_faults_of_an_activation_are_found(component, old, new, check):
    source = SOFTSQUARE.replace("s = np.minimum(np.abs(z)", "s = np.fmin(np.abs(z)") if "NaN" in check else SOFTSQUARE
    report = check_activation(component(source, "SoftSquare", (old, new)))
    assert check in failed(report), str(report)


LOSS = """
import numpy as np
from pyfc.component import Loss
from pyfc.derivation import Step

class Fourth(Loss):
    name = "fourth"
    derivation = (
        Step(1, "l = Sum((y[k] - t[k])**4, (k, 1, m))", "definition", runs=True),
        Step(2, "dy[j] = 4 * (y[j] - t[j])**3", "power rule", runs=True),
    )

    def compute_forward(self, y, t, loss):
        loss[...] = ((y - t) ** 4).sum(axis=1)  # (1)

    def compute_backward(self, y, t, share, dy):
        dy[...] = share[:, None] * (4 * (y - t) ** 3)  # (2)
"""


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ('"power rule"', '"power rule"', ""),
        ("dy[j] = 4 *", "dy[j] = 3 *", "derivation"),
        ("(4 * (y - t)", "(-4 * (y - t)", "fourth.gradient, dy by finite differences, 4 columns"),
        ("share[:, None]", "share.max(initial=0)", "fourth.gradient, dy by finite differences, 4 columns"),
        (".sum(axis=1)", ".mean(axis=1)", "l, float64, 5 columns, against step (1)"),
        ("  # (2)", "", "tags"),
    ],
)
def test_faults_of_a_loss_are_found(component, old, new, check):
    report = check_loss(component(LOSS, "Fourth", (old, new)))
    assert report.ok if not check else check in failed(report), str(report)


def test_the_line_of_a_loss_has_its_numbers(component):
    details = failed(check_loss(component(LOSS, "Fourth", ("(4 * (y - t)", "(2 * (y - t)"))))
    found = re.fullmatch(
        r"worst of (?:[5-8]\d) at \(\d+, \d\), y = (\S+), t = (\S+), share = (\S+): gradient (\S+), difference (\S+)",
        details["fourth.gradient, dy by finite differences, 4 columns"],
    )
    y, t, share, gradient, difference = map(float, found.groups())
    assert gradient == pytest.approx(share * 2 * (y - t) ** 3, rel=1e-4)
    assert difference == pytest.approx(share * 4 * (y - t) ** 3, rel=1e-4)


OPTIMIZER = """
from pyfc.component import Optimizer
from pyfc.derivation import Step

class Plain(Optimizer):
    name = "plain"
    states = 1
    derivation = (
        Step(1, "v_new = v + g", "the sum of all gradients", runs=True),
        Step(2, "w_new = w - lr * v_new", "definition", runs=True),
    )

    def update(self, w, dw, state, lr, step):
        state[0] += dw  # (1)
        w -= w.dtype.type(lr) * state[0]  # (2)
"""


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("state[0] += dw", "state[0] += dw", ""),
        ("state[0] += dw", "state[0] += 1.001 * dw", "v_new, float64, step 2, against step (1)"),
        ("w -= ", "w += ", "goes down a bowl"),
        ("states = 1", "states = 2", "each state has a step"),
        ("  # (1)", "", "tags"),
    ],
)
def test_faults_of_an_optimizer_are_found(component, old, new, check):
    report = check_optimizer(component(OPTIMIZER, "Plain", (old, new)))
    assert report.ok if not check else check in failed(report), str(report)


@pytest.mark.parametrize(
    ("check", "source", "name", "method", "checks"),
    [
        (check_activation, SOFTSQUARE, "SoftSquare", "compute_forward", "soft_square by finite differences"),
        (check_activation, SOFTSQUARE, "SoftSquare", "compute_backward", "soft_square of huge inputs, float32"),
        (check_loss, LOSS, "Fourth", "compute_forward", "fourth, float64, 5 columns, against its steps"),
        (check_loss, LOSS, "Fourth", "compute_backward", "fourth by finite differences, 4 columns"),
        (check_optimizer, OPTIMIZER, "Plain", "update", "plain in a bowl"),
    ],
)
def test_an_exception_is_a_failure_with_its_line(component, check, source, name, method, checks):
    cls = component(source, name)
    lines = source.splitlines()
    number = next(i for i, line in enumerate(lines, start=1) if f"def {method}(" in line) + 1
    broken = component(source, name, (lines[number - 1], f"        raise ValueError('no')\n{lines[number - 1]}"))
    assert check(cls).ok
    details = failed(check(broken))
    assert details[checks].startswith("ValueError: no, at made_")
    assert details[checks].endswith(f".py:{number}, raise ValueError('no')")
    assert "derivation" not in details


def test_one_exception_at_the_extremes_leaves_the_other_checks(component):
    raising = ("s = np.minimum(np.abs(z)", "assert not (np.abs(z) == 1e30).any()\n        s = np.minimum(np.abs(z)")
    details = failed(check_activation(component(SOFTSQUARE, "SoftSquare", raising)))
    assert {"soft_square of huge inputs, float64", "soft_square, float64, 1 column, against its steps"} < set(details)
    assert not any("finite differences" in check or "shape" in check or "NaN" in check for check in details)


INITIALIZER = """
import numpy as np
from pyfc.component import Initializer
from pyfc.derivation import Step

class Third(Initializer):
    name = "third"
    derivation = (
        Step(1, "c = 1 / 3", "definition", runs=True),
        Step(2, "integrate(w**2 / (2 * c), (w, -c, c)) = c**2 / 3", "variance of the uniform distribution"),
    )

    def sample(self, shape, rng):
        c = 1 / 3  # (1)
        return rng.uniform(-c, c, shape)
"""


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("c**2 / 3", "c**2 / 3", ""),
        ("c**2 / 3", "c**2 / 2", "derivation"),
        ("rng.uniform(", "np.random.default_rng().uniform(", "a seed repeats, (7, 3)"),
    ],
)
def test_faults_of_an_initializer_are_found(component, old, new, check):
    report = check_initializer(component(INITIALIZER, "Third", (old, new)))
    assert report.ok if not check else check in failed(report), str(report)


def prove(*equations, output="y", bounds=None, options=None, when=()):
    steps = [Step(i + 1, e, "test", when=dict(when).get(i + 1, {})) for i, e in enumerate(equations)]
    return Derivation(steps, output, bounds or {}, options or {}).prove()


def test_what_can_be_proved():
    kinds = [p.kind for p in prove("y = Abs(z)", "diff(y, z) = sign(z)", "dz = dy * Piecewise((1, z > 0), (-1, True))")]
    assert kinds == ["definition", "proved", "proved"]
    assert prove("y = log(1 + exp(z))", "y = Max(z, 0) + log(1 + exp(-Abs(z)))")[1].equations == 2
    assert prove("y[i] = z[i]**2 * Sum(z[k], (k, 1, m))", "diff(y[i], z[j]) = z[i]**2 + 2 * z[i] * Sum(z[k], (k, 1, m)) * KroneckerDelta(i, j)")[1].equations == 9  # fmt: skip  # noqa: E501
    assert prove("l = Sum((y[k] - t[k])**2, (k, 1, m))", "dy[j] = 2 * (y[j] - t[j])", output="l")[1].equations == 3
    assert prove("c = a", "y = c * z", "y = a * z", bounds={"a": (0, True)})[2].kind == "proved"
    assert prove("y[i] = Max(z[i], 0)", "dz[i] = dy[i] * sign(y[i])")[1].equations == 3


def test_a_power_with_a_hyperparameter_is_a_part_of_its_own(monkeypatch):
    monkeypatch.setattr("pyfc.symbolic.sympy.simplify", lambda e: pytest.fail("which takes half a minute"))
    equations = ("p[k] = exp(y[k]) / Sum(exp(y[j]), (j, 1, m))", "q[k] = 1 - p[k]",
                 "l = -Sum(t[k] * q[k]**gamma * log(p[k]), (k, 1, m))",
                 "g[k] = t[k] * q[k]**gamma * (1 - gamma * p[k] * log(p[k]) / q[k])",
                 "dy[j] = p[j] * Sum(g[k], (k, 1, m)) - g[j]")  # fmt: skip
    assert prove(*equations, output="l", bounds={"gamma": (0, False)})[-1].equations == 3


def test_common_parts_are_not_asked_for_where_they_are_left_out():
    z = sympy.Symbol("z")
    inverse = evaluator([z], sympy.Piecewise((1 / z + sympy.exp(1 / z), z > 0), (z, True)))
    with mpmath.workdps(30):
        assert inverse(mpmath.mpf(0)) == 0
        assert inverse(mpmath.mpf(2)) == mpmath.mpf(0.5) + mpmath.exp(0.5)


@pytest.mark.parametrize(
    ("equations", "text"),
    [
        (("y = z**2", "diff(y, z) = 3 * z"), r"step \(2\) .* does not follow: at z = "),
        (("y = Abs(z)", "dz = dy"), r"step \(2\) .* does not follow"),
        (("y = z +* 2",), r"step \(1\): SymPy cannot read 'z \+\* 2'"),
        (("e = y", "y = e + z", "e = z"), "round in a circle"),
        (("y = arctan(z)",), r"step \(1\) 'y = arctan\(z\)': no function arctan: expected atan, or another one of Abs"),
        (
            ("y[i] = z[i]", "dz[2*i] = dy[i]"),
            r"step \(2\) .*: dz\[2\*i\] on the left: expected a letter, such as dz\[i\]",
        ),
        (("y[i] = exp(z[i])", "dz[i] = dy[i] * y[1]"), r"step \(2\)"),
    ],
)
def test_what_cannot_be_proved(equations, text):
    with pytest.raises(ProofError, match=text):
        prove(*equations)


def test_options_choose_the_steps():
    equations = ("y = 2 * z", "y = 3 * z", "dz = 3 * dy")
    when = {1: {"double": True}, 2: {"double": False}, 3: {"double": False}}.items()
    assert len(prove(*equations, when=when, options={"double": True})) == 1
    assert len(prove(*equations, when=when, options={"double": False})) == 2


def test_steps_and_tags():
    with pytest.raises(ValueError, match="expected one equation"):
        Step(1, "y", "no equals sign")
    assert Step(1, "y = Piecewise((1, z >= 0), (z, True))", "").terms == "z"
    sigmoid = pyfc.Sigmoid
    assert set(sigmoid.source_code().tagged_lines()) == {step.number for step in sigmoid.derivation if step.runs}
    assert tag_problems(sigmoid.derivation, sigmoid.source_code()) == []
    with pytest.raises(FileNotFoundError, match="has no file"):
        source_of("__main__" if not hasattr(importlib.sys.modules["__main__"], "__file__") else "builtins")


@pytest.mark.parametrize("tag", ["# (2)", "// (2)", "/* (2) */", "# (1), (2)", "// (2) ", "/* (2) */ \\"])
def test_tags_of_python_and_c(tag):
    source = Source("kernel.c", f"double y;\ny = z * z;  {tag}\n/* (see 2) */ a = b; // (2) or so\n", first=11)
    assert source.tagged_lines()[2] == [12]


@pytest.mark.parametrize(("comment", "spoiled"), [
    ("# (1)  of all", True), ("// (1), (2): why", True), ("/* (1) why */", True),
    ("# (1)", False), ("/* (1) */ \\", False), ("# as in (1) above", False), ("# (n,) numbers", False),
])  # fmt: skip
def test_a_tag_that_text_follows_is_a_problem(comment, spoiled):
    source = Source("kernel.c", f"double y;\ny = z * z;  {comment}\ny = y;  // (1)\n", first=11)
    steps = (Step(1, "y = z**2", "definition", runs=True),)
    problem = "kernel.c:12: a tag with text after it is not read; put the text on a line of its own"
    assert tag_problems(steps, source) == [problem] * spoiled


class First(Activation):
    """Two classes in one file have tags of their own."""

    derivation = (Step(1, "y = z", "definition", runs=True),)

    def compute_forward(self, z, y, a):
        y[:] = z  # (1)


class Second(Activation):
    """Has a tag without a step."""

    derivation = (Step(1, "y = z", "definition", runs=True),)

    def compute_forward(self, z, y, a):
        y[:] = z  # (1), (2)


def test_a_class_in_python_has_the_tags_of_its_own_lines():
    assert tag_problems(First.derivation, First.source_code()) == []
    assert tag_problems(Second.derivation, Second.source_code()) == [
        f"test_proof.py:{Second.source_code().tagged_lines()[2][0]}: tagged (2), but the derivation has no step (2)"
    ]
    beside = type("Beside", (First,), {"__module__": "pyfc.proof", "source": "kernel.c"})
    with pytest.raises(FileNotFoundError, match=r"looked for .*pyfc/kernel\.c; ship the source as package data"):
        beside.source_code()


def test_ulp_error():
    one = np.float32(1)
    assert ulp_error(np.nextafter(one, np.float32(2)), mpmath.mpf(1), mpmath.mpf(1)) == 1
    assert ulp_error(np.float64(0), mpmath.mpf(math.ulp(0.0)), mpmath.mpf(0)) == 1
    assert ulp_error(np.float32(np.nan), mpmath.mpf(1), mpmath.mpf(1)) == np.inf
    assert ulp_error(np.float32(np.inf), mpmath.mpf("1e39"), mpmath.mpf("1e39")) == 0
    assert ulp_error(np.float32(np.inf), mpmath.mpf("-1e39"), mpmath.mpf("1e39")) == np.inf
    assert ulp_error(np.float32(np.inf), mpmath.mpf("1e3"), mpmath.mpf("1e3")) == np.inf


def test_an_exponential_beyond_memory_ends() -> None:
    z = sympy.Symbol("z", real=True)
    gompertz = evaluator([z], z * sympy.exp(-sympy.exp(-z)))
    with mpmath.workdps(720):
        assert gompertz(mpmath.mpf(-1e30)) == 0
        assert gompertz(mpmath.mpf(1e30)) == mpmath.mpf(1e30)
        assert evaluator([z], sympy.exp(sympy.exp(z)))(mpmath.mpf(1e30)) == mpmath.inf
        # What is not beyond it is as before, so that a quotient of the two is a number.
        assert evaluator([z], sympy.exp(z) / (1 + sympy.exp(z)))(mpmath.mpf(1e30)) == 1
