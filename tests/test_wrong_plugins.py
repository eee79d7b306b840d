"""Deliberately wrong plugins in NumPy: each is caught by the kit, and by the check that is there for it.

tests/test_wrong_plugins_c.py has those in C, tests/test_abi.py the kernels that are refused before they are called.
"""

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyfc.component import Component
from pyfc.report import Report
from pyfc.testing import check_activation, check_loss, variants

BENT = """
import numpy as np
from pyfc.component import Activation, Learned, Step

class Bent(Activation):
    name = "bent"
    needs = "z"
    derivation = (
        Step(1, "y = z / (1 + Abs(z))", "definition", runs=True),
        Step(2, "dz = dy / (1 + Abs(z))**2", "quotient rule, on either side of 0", runs=True),
    )

    def compute_forward(self, z, y, a):
        y[:] = z / (1 + np.abs(z))  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy / (1 + np.abs(z)) ** 2  # (2)
"""
FORWARD = "y[:] = z / (1 + np.abs(z))"
BACKWARD = "dz[:] = dy / (1 + np.abs(z)) ** 2"

SPREAD = """
import numpy as np
from pyfc.component import Activation, Step

class Spread(Activation):
    name = "spread"
    needs = "z"
    elementwise = False
    derivation = (
        Step(1, "y[i] = z[i] / (1 + Sum(Abs(z[k]), (k, 1, m)))", "definition", runs=True),
        Step(
            2,
            "dz[i] = dy[i] / (1 + Sum(Abs(z[k]), (k, 1, m)))"
            " - sign(z[i]) * Sum(dy[k] * z[k], (k, 1, m)) / (1 + Sum(Abs(z[k]), (k, 1, m)))**2",
            "quotient rule: each y has its own z above, and all have it below",
            runs=True,
        ),
    )

    def compute_forward(self, z, y, a):
        s = 1 + np.abs(z).sum(axis=1, keepdims=True)
        y[:] = z / s  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        s = 1 + np.abs(z).sum(axis=1, keepdims=True)
        dz[:] = dy / s - np.sign(z) * (dy * z / s).sum(axis=1, keepdims=True) / s  # (2)
"""

FOURTH = """
import numpy as np
from pyfc.component import Loss, Step

class Fourth(Loss):
    name = "fourth"
    derivation = (
        Step(1, "l = Sum((y[k] - t[k])**4, (k, 1, m))", "definition", runs=True),
        Step(2, "dy[j] = 4 * (y[j] - t[j])**3", "power rule", runs=True),
    )

    def compute_forward(self, y, t, loss):
        loss[:] = ((y - t) ** 4).sum(axis=1)  # (1)

    def compute_backward(self, y, t, share, dy):
        dy[:] = share[:, None] * (4 * (y - t) ** 3)  # (2)
"""

CAPPED = "dz = dy * Piecewise((1, And(z > 0, z < 6)), (0, True))"


def bent(y: str, dz: str, forward: str, backward: str) -> list[tuple[str, str]]:
    """Return the changes that make another function of BENT: its two steps, and its two lines."""
    steps = [('"y = z / (1 + Abs(z))"', f'"{y}"'), ('"dz = dy / (1 + Abs(z))**2"', f'"{dz}"')]
    return [*steps, (FORWARD, f"y[:] = {forward}"), (BACKWARD, f"dz[:] = {backward}")]


Make = Callable[..., type[Component]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a class of a source text, in a file of its own, with some text replaced."""

    def make(source: str, *replacements: tuple[str, str]) -> type[Component]:
        for old, new in replacements:
            assert old in source, old
            source = source.replace(old, new)
        path = tmp_path / f"made_{abs(hash(source))}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        return next(v for k, v in vars(module).items() if k in ("Bent", "Spread", "Fourth"))

    return make


def failed(report: Report) -> dict[str, str]:
    return {check.name: check.detail for check in report.failures}


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        (BENT, []),
        (SPREAD, []),
        (BENT, bent("y = z**2 * sign(z)", "dz = dy * 2 * z * sign(z)", "z**2 * np.sign(z)", "dy * 2 * z * np.sign(z)")),
        (BENT, bent("y = z * sign(z)", "dz = dy * sign(z)", "z * np.sign(z)", "dy * np.sign(z)")),
        (BENT, bent("y = Min(Max(z, 0), 6)", CAPPED, "np.clip(z, 0, 6)", "dy * ((z > 0) & (z < 6))")),
    ],
    ids=["bent", "spread", "z**2 * sign(z)", "z * sign(z)", "relu6"],
)
def test_the_right_activations_pass(make: Make, source: str, changes: list[tuple[str, str]]) -> None:
    report = check_activation(make(source, *changes))
    report.raise_if_failed(unproved=False)
    assert [note.partition(":")[0] for note in report.notes] == ["GIL released"]


def test_the_right_loss_passes(make: Make) -> None:
    check_loss(make(FOURTH)).raise_if_failed(unproved=False)


def test_a_loss_that_overflows_itself_passes(make: Make) -> None:
    right = fourth("binary", "np.exp((1 - 2 * t) * y).sum(axis=1)", "((1 - 2 * t) * np.exp((1 - 2 * t) * y))")
    check_loss(make(FOURTH, *right)).raise_if_failed()


DIFFERENCES = "bent.backward, dz by finite differences"
COMPLEX = "bent.backward, float64, 6 x 3, dz by complex step of its own forward on complex numbers"
STALE = ("y[:] = z", "self.z = z; y[:] = z")


RELU6 = bent(
    "y = Min(Max(z, 0), 6)",
    "dz = dy * Piecewise((1, z > 0), (0, True))",
    "np.minimum(np.maximum(z, 0), 6)",
    "dy * (z > 0)",
)
CLIP = bent("y = Max(-10, Min(10, z))", "dz = dy", "np.clip(z, -10, 10)", "dy")
NOT_PROVED = ("derivation", "unused")

WRONG = {
    "uncapped backward": (BENT, RELU6, "derivation", r"does not follow: at .*z = (6\.00|[1-9]\d)"),
    "unclipped backward": (BENT, CLIP, "derivation", r"does not follow: at .*z = -?[1-9]\d"),
    "uncapped backward, unproved": (BENT, [*RELU6, NOT_PROVED], DIFFERENCES, r"z = ([6-9]|[1-4]\d)\S*, dy = "),
    "unclipped backward, unproved": (BENT, [*CLIP, NOT_PROVED], DIFFERENCES, r"z = -?[1-4]\d\S*, dy = "),
    "0/0 at 0": (
        BENT,
        [NOT_PROVED, (FORWARD, "y[:] = np.sin(z) / z"), (BACKWARD, "dz[:] = dy * (np.cos(z) - np.sin(z) / z) / z")],
        "0.0 and -0.0 have a finite y and dz, float32",
        "y .nan. and .nan., dz .nan. and .nan.",
    ),
    "all of dy to each of equal inputs": (
        SPREAD,
        [
            ("derivation", "unused"),
            ("    def compute_forward", "    def out_cols(self, cols):\n        return 1\n\n    def compute_forward"),
            ("y[:] = z / s", "y[:] = z.max(axis=1, keepdims=True)"),
            ("dz[:] = dy / s", "dz[:] = dy * (z == z.max(axis=1, keepdims=True)); s"),
        ],
        "the dz of equal inputs sum to what moving them together changes",
        r"dz of the first \d sum to \S+, difference ",
    ),
    "a gradient that is only defined": (
        BENT,
        [
            ('"y = z / (1 + Abs(z))"', '"dz = 7 * dy"'),
            ('"dz = dy / (1 + Abs(z))**2"', '"y = 7 * z"'),
            (FORWARD + "  # (1)", "y[:] = 7 * z  # (2)"),
            (BACKWARD + "  # (2)", "dz[:] = 7 * dy  # (1)"),
        ],
        "derivation",
        r"step \(1\) 'dz = 7 \* dy' only defines dz, .*: put it after the step that defines y",
    ),
    "sign": (
        BENT,
        [(BACKWARD, BACKWARD.replace("dy /", "-dy /"))],
        DIFFERENCES,
        r"at \(\d+, \d\), z = \S+, dy = \S+: ",
    ),
    "scale": (BENT, [(BACKWARD, BACKWARD.replace("dy /", "1.001 * dy /"))], DIFFERENCES, "gradient .*, difference "),
    "scale, slightly": (BENT, [(BACKWARD, BACKWARD.replace("dy /", "(1 + 1e-10) * dy /"))], COMPLEX, "complex step "),
    "wrong on one side of 0": (BENT, [(BACKWARD, BACKWARD.replace("np.abs(z)", "z"))], DIFFERENCES, r"z = -\S+, dy"),
    "sums over the wrong axis": (
        SPREAD,
        [("np.abs(z).sum(axis=1,", "np.abs(z).sum(axis=0,")],
        "spread.forward: each row depends on itself alone, float64",
        r"worst of 55 at y\[\d+, \d\], z = \[.*expected ",
    ),
    "sums over the wrong axis backward": (
        SPREAD,
        [("(dy * z / s).sum(axis=1,", "(dy * z / s).sum(axis=0,")],
        "spread.backward: each row depends on itself alone, float64",
        r"worst of 55 at dz\[",
    ),
    "transposed": (
        BENT,
        [("y[:] = z / (1 + np.abs(z))", "y[:] = (z / (1 + np.abs(z))).T.reshape(z.shape)")],
        "bent.forward: each row depends on itself alone, float32",
        r"y\[",
    ),
    "float64 through float32": (
        BENT,
        [(BACKWARD, "dz[:] = (dy / (1 + np.abs(z.astype(np.float32))) ** 2)")],
        "dz, float64, 1 column, against step (2)",
        "ULP",
    ),
    "through float16": (
        BENT,
        [(FORWARD, "y[:] = (z / (1 + np.abs(z))).astype(np.float16)")],
        "y, float32, 1 column, against step (1)",
        "ULP",
    ),
    "another function in float32": (
        BENT,
        [
            ("derivation", "unused"),
            (FORWARD, "y[:] = z / (1 + np.abs(z) + (z.dtype == np.float32) * z.dtype.type(1e-4))"),
        ],
        "bent.forward: float32 and float64 are one function",
        r"worst of 150 at y\[",
    ),
    "stale input": (
        BENT,
        [STALE, (BACKWARD, BACKWARD.replace("(z)", "(self.z if self.z.shape == z.shape else z)"))],
        "bent.backward: no memory of earlier calls, after forward of another batch, float64",
        "",
    ),
    "stale input of another shape": (
        BENT,
        [STALE, (BACKWARD, BACKWARD.replace("(z)", "(self.z)"))],
        "bent after other calls",
        r"ValueError: operands could not be broadcast .* at made_\d+.py:17, dz\[:\] = dy / \(1 \+ np.abs\(self.z\)\)",
    ),
    "counts its calls": (
        BENT,
        [("y[:] = z /", "self.n = getattr(self, 'n', 0) + 1e-3; y[:] = self.n + z /")],
        "bent.forward: no memory of earlier calls, forward after other calls, float64",
        r"y\[\d, \d\]",
    ),
    "behind its output": (
        BENT,
        [(FORWARD, f"np.lib.stride_tricks.as_strided(y, (y.size + 1,), (y.itemsize,))[-1] = 7; {FORWARD}")],
        "bent.forward writes nothing outside its outputs",
        "bent.forward, float32, 1 x 1: wrote . bytes up to 4 behind its end of y",
    ),
    "before its output": (
        BENT,
        [(BACKWARD, f"np.lib.stride_tricks.as_strided(dz[:1, :1], (2,), (-dz.itemsize,))[1] = 7; {BACKWARD}")],
        "bent.backward writes nothing outside its outputs",
        "wrote . bytes from 4 before its start of dz",
    ),
    "forgets its last row": (
        BENT,
        [(FORWARD, "y[: len(z) - (len(z) > 1)] = (z / (1 + np.abs(z)))[: len(z) - (len(z) > 1)]")],
        "bent.forward writes all of its outputs",
        r"float32, 3 x 5: 5 entries not written, first y\[2, 0\], z = ",
    ),
    "forgets what is negative": (
        BENT,
        [(BACKWARD, "np.divide(dy, (1 + np.abs(z)) ** 2, out=dz, where=z > 0)")],
        "bent.backward writes all of its outputs",
        r"entries not written, first dz\[",
    ),
    "returns instead of filling": (
        BENT,
        [(FORWARD, "y = z / (1 + np.abs(z))")],
        "bent.forward writes all of its outputs",
        r"1 entries not written, first y\[0, 0\]",
    ),
    "writes its input": (
        BENT,
        [(FORWARD, f"{FORWARD}; z[z > 1] = 1")],
        "bent.forward leaves its inputs alone",
        r"changed z\[\d+, \d+\] from \S+ to 1",
    ),
    "writes dy": (BENT, [(BACKWARD, f"dy *= 2; {BACKWARD}")], "bent.backward leaves its inputs alone", r"changed dy\["),
    "depends on other rows": (
        SPREAD,
        [("s = 1 +", "s = 1 + 1e-3 * np.abs(z).mean() +")],
        "spread.forward: each row depends on itself alone, float64",
        r"y\[",
    ),
    "elementwise, falsely": (
        SPREAD,
        [("elementwise = False", "elementwise = True")],
        "spread.forward: elementwise, as it says, float64",
        r"worst of 45 at y\[",
    ),
    "in place, falsely": (
        BENT,
        [
            ('needs = "z"', 'needs = "z"\n    in_place = True'),
            (FORWARD, "np.abs(z, out=y); y += 1; np.divide(z, y, out=y)"),
        ],
        "bent.forward: y in the place of z, as it says, float64",
        r"y\[",
    ),
    "backward in place, falsely": (
        BENT,
        [
            ('needs = "z"', 'needs = "z"\n    in_place = True'),
            (BACKWARD, "np.abs(z, out=dz); dz += 1; dz *= dz; np.divide(dy, dz, out=dz)"),
        ],
        "bent.backward: dz in the place of dy, as it says, float64",
        r"dz\[",
    ),
    "needs less than it reads": (
        BENT,
        [('needs = "z"', 'needs = "y"')],
        "bent.backward in guarded memory",
        "TypeError",
    ),
    "raises": (
        BENT,
        [(FORWARD, f"{FORWARD}; assert len(z) != 37, 'not 37'")],
        "bent.forward in guarded memory",
        r"AssertionError: not 37, at made_\d+.py:14, y\[:\] = z",
    ),
    "raises for an empty batch": (BENT, [(FORWARD, f"{FORWARD}; z[0]")], "bent of 0 rows of 3", "IndexError"),
    "loses NaN": (BENT, [(FORWARD, "y[:] = np.nan_to_num(z / (1 + np.abs(z)))")], "NaN stays NaN, float64", "y "),
    "overflows": (
        BENT,
        [(FORWARD, "y[:] = z * z * np.sign(z) / (np.abs(z) + z * z)")],
        "huge inputs do not become NaN, float32",
        r"y of z = \[ 1.e\+30 -1.e\+30\] is \[nan nan\]",
    ),
    "wrong derivative in the derivation": (
        BENT,
        [('"dz = dy / (1 + Abs(z))**2"', '"dz = dy / (1 + Abs(z))"')],
        "derivation",
        r"step \(2\) .* does not follow: at ",
    ),
    "a derivation that cannot be read": (
        BENT,
        [('"dz = dy / (1', '"dz = dy // / (1')],
        "derivation",
        "SymPy cannot read",
    ),
    "tag without a step": (BENT, [("# (2)", "# (2), (3)")], "tags", r"no step \(3\)"),
    "step without a tag": (BENT, [("  # (2)", "")], "tags", r"step \(2\) runs, but no line"),
    "refuses any width": (
        BENT,
        [
            (
                "    def compute_forward",
                "    def out_cols(self, cols):\n        raise ValueError('no')\n\n    def compute_forward",
            )
        ],
        "bent.out_cols",
        "refuses 3 to 19 columns: no",
    ),
    "a width that is no number": (
        BENT,
        [
            (
                "    def compute_forward",
                "    def out_cols(self, cols):\n        return cols / 2\n\n    def compute_forward",
            )
        ],
        "bent.out_cols",
        r"out_cols\(3\) returned 1.5: expected a whole number >= 1",
    ),
}


@pytest.mark.parametrize(("source", "changes", "check", "detail"), WRONG.values(), ids=WRONG)
def test_caught(make: Make, source: str, changes: list[tuple[str, str]], check: str, detail: str) -> None:
    report = check_activation(make(source, *changes))
    found = failed(report)
    assert check in found, report
    assert re.search(detail, found[check]), found[check]


HUBER = [
    (
        "Sum((y[k] - t[k])**4, (k, 1, m))",
        "Sum(Piecewise(((y[k]-t[k])**2/2, Abs(y[k]-t[k]) <= 50), (50*(Abs(y[k]-t[k])-25), True)), (k, 1, m))",
    ),
    ("4 * (y[j] - t[j])**3", "y[j] - t[j]"),
    ("((y - t) ** 4)", "np.where(np.abs(y - t) <= 50, (y - t) ** 2 / 2, 50 * (np.abs(y - t) - 25))"),
    ("(4 * (y - t) ** 3)", "(y - t)"),
]


def fourth(task: str, forward: str, backward: str) -> list[tuple[str, str]]:
    """Return the changes that make another loss of FOURTH, without a derivation."""
    lines = [("((y - t) ** 4).sum(axis=1)", forward), ("(4 * (y - t) ** 3)", backward)]
    return [('name = "fourth"', f'name = "fourth"; task = "{task}"'), NOT_PROVED, *lines]


EXP = "np.exp(y).sum(axis=1"
EXTREMES = "ties and extremes make neither NaN nor infinity, "

WRONG_LOSSES = {
    "sums of exponentials that overflow": (
        fourth("classification", f"np.log({EXP})) - (t * y).sum(axis=1)", f"(np.exp(y) / {EXP}, keepdims=True) - t)"),
        EXTREMES + "float32, 3 columns",
        r"y = \[ ?100.*: l = inf, dy = \[.*nan",
    ),
    "a value that overflows beside a gradient that does not": (
        fourth("regression", "np.log(np.cosh(y - t)).sum(axis=1)", "np.tanh(y - t)"),
        EXTREMES + "float64, 1 column",
        r"y = \[1000\.\], .*: l = inf, dy = \[1\.\]",
    ),
    "0/0 where y is t": (
        fourth("regression", "np.abs(y - t).sum(axis=1)", "((y - t) / np.abs(y - t))"),
        EXTREMES + "float64, 3 columns",
        r"l = 0.0, dy = \[nan nan nan\]",
    ),
    "0/0 where all of y is t": (
        fourth(
            "regression",
            "np.sqrt(((y - t) ** 2).sum(axis=1))",
            "((y - t) / np.sqrt(((y - t) ** 2).sum(axis=1, keepdims=True)))",
        ),
        EXTREMES + "float32, 1 column",
        r"l = 0.0, dy = \[nan\]",
    ),
    "a Huber loss that is a square backward": (HUBER, "derivation", "does not follow"),
    "a Huber loss that is a square backward, unproved": (
        [*HUBER, NOT_PROVED],
        "fourth.backward, dy by finite differences far out, 4 columns",
        r"gradient -?\d{2,3}\S+, difference -?(50|49\.99)",
    ),
    "sign": ([("(4 *", "(-4 *")], "fourth.gradient, dy by finite differences, 4 columns", "gradient .*, difference "),
    "scale, slightly": (
        [("(4 *", "((4 + 1e-10) *")],
        "fourth.backward, float64, 4 x 3, dy by complex step of its own forward on complex numbers",
        "complex step ",
    ),
    "no shares": ([("share[:, None] *", "")], "fourth.backward: each row times its share, float64", r"dy\["),
    "a sample of no weight counts": (
        [("share[:, None] *", "np.maximum(share, 1e-7)[:, None] *")],
        "fourth.backward: a sample of weight 0 has no gradient, float64",
        "largest entry",
    ),
    "mean instead of sum": ([(".sum(axis=1)", ".mean(axis=1)")], "l, float64, 5 columns, against step (1)", "ULP"),
    "divided by the rows": (
        [(".sum(axis=1)", ".sum(axis=1) / len(y)")],
        "fourth.forward: each row depends on itself alone, float64",
        r"l\[\d+\], y = \[",
    ),
    "divided by the rows backward": (
        [("(y - t) ** 3)", "(y - t) ** 3) / len(y)")],
        "fourth.backward: each row depends on itself alone, float64",
        r"dy\[",
    ),
    "stale": (
        [
            ("loss[:] =", "self.d = y - t; loss[:] ="),
            ("(4 * (y - t)", "(4 * (self.d if self.d.shape == y.shape else y - t)"),
            ("def compute_forward", "d = np.zeros(0)\n\n    def compute_forward"),
        ],
        "fourth.backward: no memory of earlier calls, after forward of another batch, float64",
        "",
    ),
    "writes its input": ([("dy[:] =", "y -= t; t[:] = 0; dy[:] =")], "fourth.backward leaves its inputs alone", r"y\["),
    "forgets a row": (
        [("loss[:] = ((y - t) ** 4).sum(axis=1)", "loss[1:] = ((y - t) ** 4).sum(axis=1)[1:]")],
        "fourth.forward writes all of its outputs",
        r"first l\[0\], y = ",
    ),
    "raises": (
        [("dy[:] =", "raise OSError('gone'); dy[:] =")],
        "fourth.backward in guarded memory",
        "OSError: gone, at",
    ),
    "tag without a step": ([("# (2)", "# (2), (3)")], "tags", r"no step \(3\)"),
    "wrong derivative in the derivation": ([('"dy[j] = 4', '"dy[j] = 3')], "derivation", "does not follow"),
}


@pytest.mark.parametrize(("changes", "check", "detail"), WRONG_LOSSES.values(), ids=WRONG_LOSSES)
def test_caught_in_a_loss(make: Make, changes: list[tuple[str, str]], check: str, detail: str) -> None:
    report = check_loss(make(FOURTH, *changes))
    found = failed(report)
    assert check in found, report
    assert re.search(detail, found[check]), found[check]


def test_a_loss_whose_labels_are_off_by_one_is_caught(make: Make) -> None:
    labels = [
        ('name = "fourth"', 'name = "fourth"\n    task = "classification"\n    takes_labels = True'),
        ("loss[:] =", "t = t if t.ndim == 2 else np.eye(y.shape[1], dtype=y.dtype)[t]; loss[:] ="),
        ("dy[:] =", "t = t if t.ndim == 2 else np.eye(y.shape[1], dtype=y.dtype)[t]; dy[:] ="),
    ]
    check_loss(make(FOURTH, *labels)).raise_if_failed(unproved=False)
    wrong = make(FOURTH, *labels[:2], (labels[2][0], labels[2][1].replace("[t]", "[t - 1]")))
    assert "labels and one-hot rows agree" in failed(check_loss(wrong))


DIRECTIONS, KINDS = ("forward", "backward"), ("float32", "float64")
#: A name of what is right for few rows, or few columns, alone -> changes, and the checks that show it.
SIZES = {
    "many rows": (
        [
            (FORWARD, f"{FORWARD}; y *= 1 + 0.5 * (len(z) > 1000)"),
            (BACKWARD, f"{BACKWARD}; dz *= 1 - 2 * (len(z) > 1000)"),
        ],
        [f"bent.{word}: 2053 rows are as 8 at a time, {kind}" for word in DIRECTIONS for kind in KINDS],
    ),
    "very many rows in float32": (
        [(FORWARD, f"{FORWARD}; y *= 1 - 2 * (len(z) > 5000 and z.dtype == np.float32)")],
        ["bent.forward: 24000 rows are as 2000 at a time, float32"],
    ),
    "many columns": (
        [
            (FORWARD, f"{FORWARD}; y *= 1 + 0.5 * (z.shape[1] > 16)"),
            (BACKWARD, f"{BACKWARD}; dz *= 1 - 2 * (z.shape[1] > 16)"),
        ],
        [f"bent.{word}: 1030 columns are as 4 at a time, {kind}" for word in DIRECTIONS for kind in KINDS],
    ),
}


@pytest.mark.parametrize(("changes", "checks"), SIZES.values(), ids=SIZES)
def test_what_is_right_for_few_alone_is_caught(make: Make, changes: list[tuple[str, str]], checks: list[str]) -> None:
    assert set(checks) <= set(failed(check_activation(make(BENT, *changes))))


def test_the_columns_of_a_gradient_of_what_is_learned_are_compared(make: Make) -> None:
    learns = [
        ('needs = "z"', 'needs = "z"\n    learned = Learned("a", 0.25)\n    params = lambda self, cols: cols'),
        ("derivation =", "unused ="),
        (FORWARD, "y[:] = np.where(z > 0, z, a * z)"),
    ]
    right = "dz[:] = dy * np.where(z > 0, 1, a); da[:] = (dy * np.minimum(z, 0)).sum(axis=0)"
    assert check_activation(make(BENT, *learns, (BACKWARD, right))).ok
    found = failed(check_activation(make(BENT, *learns, (BACKWARD, f"{right}; da[64:] = 0"))))
    assert "bent.backward: 1030 columns are as 4 at a time, float64" in found


LABELS = (
    ('name = "fourth"', 'name = "fourth"\n    task = "classification"\n    takes_labels = True'),
    ("loss[:] =", "ones = t if t.ndim == 2 else np.eye(y.shape[1], dtype=y.dtype)[t]; loss[:] ="),
    ("((y - t) **", "((y - ones) **"),
    ("dy[:] =", "ones = t if t.ndim == 2 else np.eye(y.shape[1], dtype=y.dtype)[t]; dy[:] ="),
    ("* (y - t) **", "* (y - ones) **"),
)
#: A mistake in the path of labels alone, for both directions -> the sizes and dtypes that show it.
WRONG_LABELS = {
    "float32": ("OUT *= 1 - 2 * (t.ndim == 1 and y.dtype == np.float32)", ("6 x 4, float32", "37 x 17, float32")),
    "from 8 on": ("OUT[(t >= 8) if t.ndim == 1 else []] = 0", ("37 x 17, float32", "37 x 17, float64")),
    "many rows": ("OUT *= 1 - 2 * (t.ndim == 1 and len(t) > 1000)", ("2053 x 3, float32", "2053 x 3, float64")),
}


@pytest.mark.parametrize(("line", "checks"), WRONG_LABELS.values(), ids=WRONG_LABELS)
def test_a_wrong_path_of_labels_is_caught(make: Make, line: str, checks: tuple[str, ...]) -> None:
    loss = make(
        FOURTH,
        *LABELS,
        (".sum(axis=1)  #", f".sum(axis=1); {line.replace('OUT', 'loss')}  #"),
        (") ** 3)  #", f") ** 3); {line.replace('OUT', 'dy')}  #"),
    )
    found = failed(check_loss(loss))
    wanted = {f"fourth.{word} of labels: as of one-hot rows, {check}" for word in DIRECTIONS for check in checks}
    assert wanted <= set(found), found


def test_shares_are_for_labels_too(make: Make) -> None:
    changes = (("share[:, None] *", "(share[:, None] if t.ndim == 2 else 1 / len(y)) *"),)
    found = failed(check_loss(make(FOURTH, *LABELS, *changes)))
    assert "fourth.backward of labels: as of one-hot rows, 6 x 4, float64" in found


PRELU = """
import numpy as np
from pyfc.component import Activation, Learned, Step

class Bent(Activation):
    name = "bent"
    needs = "z"
    learned = Learned("a", 0.25)
    derivation = (
        Step(1, "y = Piecewise((z, z > 0), (a*z, True))", "definition", runs=True),
        Step(2, "dz = dy*Piecewise((1, z > 0), (a, True))", "chain rule", runs=True),
        Step(3, "da = dy*Piecewise((0, z > 0), (z, True))", "chain rule", runs=True),
    )

    def params(self, cols):
        return cols

    def compute_forward(self, z, y, a):
        y[:] = np.where(z > 0, z, a * z)  # (1)

    def compute_backward(self, z, y, dy, dz, a, da):
        dz[:] = dy * np.where(z > 0, 1, a)  # (2)
        da[:] = (dy * np.minimum(z, 0)).sum(axis=0)  # (3)
"""


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        (
            [("a * z)", "np.abs(a) * z)"), ("1, a)", "1, np.abs(a))")],
            "y, float64, 1 column, a = -0.375, against step (1)",
        ),
        (
            [("np.where(z > 0, 1, a)", "np.where(z > 0, 1, np.abs(a))")],
            "bent.backward, dz by finite differences, a = -0.375",
        ),
        ([("sum(axis=0)", "sum(axis=0) * (1 - 2 * (a == 0.25))")], "bent.backward, da by finite differences, a = 0.25"),
        ([("sum(axis=0)", "sum(axis=0) * (a != 0)")], "bent.backward, da by finite differences, a = 0"),
    ],
)
def test_values_of_what_is_learned(make: Make, changes: list[tuple[str, str]], check: str) -> None:
    assert check_activation(make(PRELU)).ok
    assert check in failed(check_activation(make(PRELU, *changes)))


def test_values_without_a_finite_result_are_left_out(make: Make) -> None:
    changes = [
        ("derivation =", "unused ="),
        ("np.where(z > 0, z, a * z)", "z + np.sin(a * z) ** 2 / a"),
        ("np.where(z > 0, 1, a)", "(1 + np.sin(2 * a * z))"),
        ("dy * np.minimum(z, 0)", "dy * (z * np.sin(2 * a * z) / a - (np.sin(a * z) / a) ** 2)"),
    ]
    report = check_activation(make(PRELU, *changes))
    assert report.ok, report
    assert "a = 0: bent has results there that are no finite numbers" in report.notes


def test_a_bound_at_which_it_is_nan_is_caught(make: Make) -> None:
    changes = [
        ("derivation =", "unused ="),
        ('needs = "z"', 'needs = "z"\n    hyperparameters = {"alpha": Hyper(1.0, low=0)}'),
        ("import Activation,", "import Activation, Hyper,"),
        (FORWARD, "y[:] = np.where(z > 0, z, np.divide(self.alpha**2 * np.tanh(z), self.alpha))"),
        (BACKWARD, "dz[:] = dy * np.where(z > 0, 1, self.alpha * (1 - np.tanh(z) ** 2))"),
    ]
    reports = {component.alpha: check_activation(component) for component in variants(make(BENT, *changes))}
    assert {alpha: report.ok for alpha, report in reports.items()} == {1.0: True, 1.125: True, 0.0: False}
    assert "huge inputs do not become NaN, float64" in failed(reports[0.0]), reports[0.0]


@pytest.mark.parametrize(
    ("hyper", "caught"), [("Hyper(1.0)", True), ("Hyper(True)", True), ('Hyper("a", choices=("a", "b"))', False)]
)
def test_a_hyperparameter_that_changes_nothing_is_caught(make: Make, hyper: str, caught: bool) -> None:
    changes = [
        ('needs = "z"', f'needs = "z"\n    hyperparameters = {{"beta": {hyper}}}'),
        ("import Activation,", "import Activation, Hyper,"),
    ]
    report = check_activation(make(BENT, *changes))
    assert ("bent: beta changes a result" in failed(report)) == caught, report


def test_a_number_that_is_idle_until_a_switch_is_turned_is_not(make: Make) -> None:
    changes = [
        ("import Loss,", "import Hyper, Loss,"),
        ("derivation =", 'hyperparameters = {"scaled": Hyper(False), "by": Hyper(2.0)}\n    unused ='),
        (".sum(axis=1)", ".sum(axis=1) * (self.by if self.scaled else 1)"),
        ("(4 *", "((self.by if self.scaled else 1) * 4 *"),
    ]
    found = [check_loss(component) for component in variants(make(FOURTH, *changes))]
    assert len(found) == 3
    assert all(report.ok for report in found)
