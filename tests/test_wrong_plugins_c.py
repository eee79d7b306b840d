"""Deliberately wrong kernels in C: each is caught by the kit, and by the check that is there for it."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from abi import plugin

import pyfc
from pyfc.component import Activation, Hyper, Learned, Step
from pyfc.derivation import read_source
from pyfc.errors import ProofError
from pyfc.making.address import FUNCTIONS
from pyfc.report import Report
from pyfc.testing import check_activation

FORWARD = "EACH y[i] = z[i] / (1 + (real)fabs(z[i])); // (1)"
BACKWARD = "EACH { const real q = 1 / (1 + (real)fabs(z[i])); dz[i] = dy[i] * q * q; } // (2)"
STEPS = (
    Step(1, "y = z / (1 + Abs(z))", "definition", runs=True),
    Step(2, "dz = dy / (1 + Abs(z))**2", "quotient rule, on either side of 0", runs=True),
)
Make = Callable[..., type[Activation]]


def write(folder: Path, *replacements: tuple[str, str]) -> Path:
    """Write the C source after some replacements, and return its file."""
    for name in ("bent.c", "bent_functions.h"):
        text = (plugin.HERE / name).read_text()
        for old, new in replacements:
            text = text.replace(old, new)
        (folder / name).write_text(text)
    originals = "".join((plugin.HERE / name).read_text() for name in ("bent.c", "bent_functions.h"))
    for old, _ in replacements:
        assert old in originals, old
    return folder / "bent.c"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that builds the kernel after some replacements, and returns its class."""

    def make(*replacements: tuple[str, str], derivation: tuple[Step, ...] = STEPS, **attributes: object) -> type:
        source = write(tmp_path, *replacements)
        folders = [f"-I{pyfc.get_include()}", f"-I{sysconfig.get_path('include')}"]
        built = plugin.library(plugin.build(source, tmp_path / f"bent_{len(plugin._kept)}.so", *folders))

        class Bent(Activation):
            name = "bent"
            kernel = plugin.struct_in(built, "bent", "pyfc.activation.v1")

            @classmethod
            def source_code(cls):
                return read_source(tmp_path / "bent_functions.h")

        for name, value in {"derivation": derivation, **attributes}.items():
            setattr(Bent, name, value)
        return Bent

    return make


def failed(report: Report) -> dict[str, str]:
    return {check.name: check.detail for check in report.failures}


def test_the_right_one_passes(make: Make) -> None:
    report = check_activation(make())
    report.raise_if_failed(unproved=False)
    assert not report.notes


def test_without_a_derivation_the_report_says_what_was_not_checked(make: Make) -> None:
    report = check_activation(make(derivation=()))
    assert report.ok
    (note,) = report.notes
    assert note.startswith("bent.backward by complex step: a compiled kernel takes no complex numbers; there is no")
    assert note in str(report)


DIFFERENCES = "bent.backward, dz by finite differences"
COMPLEX = "bent.backward, float64, 6 x 3, dz by complex step of the derivation's definition"
OUTSIDE = "bent.forward writes nothing outside its outputs"

WRONG = {
    "sign": (((BACKWARD, BACKWARD.replace("dy[i] *", "-dy[i] *")),), DIFFERENCES, "gradient .*, difference "),
    "scale": (((BACKWARD, BACKWARD.replace("dy[i] *", "2 * dy[i] *")),), COMPLEX, "gradient .*, complex step "),
    "sign of z lost": (
        ((BACKWARD, BACKWARD.replace("(real)fabs(z[i])", "z[i]")),),
        DIFFERENCES,
        r"z = -\S+, dy = \S+: gradient ",
    ),
    "transposed": (
        (("EACH y[i]", "EACH y[i % shape->rows * shape->cols + i / shape->rows]"),),
        "bent.forward: each row depends on itself alone, float64",
        r"worst of 55 at y\[\d+, \d+\], z = .*, expected ",
    ),
    "behind its output": (
        ((FORWARD, f"y[n] = 7; {FORWARD}"),),
        OUTSIDE,
        "bent.forward, float32, 1 x 1: wrote . bytes up to 4 behind its end of y",
    ),
    "far behind its output": (
        ((BACKWARD, f"if (shape->rows > 9) dz[n + shape->cols] = 7;\n    {BACKWARD}"),),
        "bent.backward writes nothing outside its outputs",
        "bent.backward, float32, 37 x 17: wrote . bytes up to 72 behind its end of dz",
    ),
    "before its output": (((FORWARD, f"y[-1] = 7; {FORWARD}"),), OUTSIDE, "bytes from 4 before its start of y"),
    "float32 as float64": (
        ((FORWARD, FORWARD.replace("y[i] =", "((double *)y)[i] =")),),
        OUTSIDE,
        "bent.forward, float32, 1 x 1: wrote 4 bytes up to 4 behind",
    ),
    "float64 through float32": (
        ((BACKWARD, BACKWARD.replace("(real)fabs", "fabsf").replace("const real q", "const float q")),),
        "dz, float64, 1 column, against step (2)",
        "ULP",
    ),
    "float32 is another function": (
        ((FORWARD, FORWARD.replace("(1 +", "(1 + (DOUBLE ? 0 : (real)1e-4) +")),),
        "bent.forward: float32 and float64 are one function",
        r"y\[.*expected",
    ),
    "stale": (
        (
            ("static int NAME(forward)", "static real NAME(kept)[4096];\nstatic int NAME(forward)"),
            (FORWARD, f"for (int64_t i = 0; i < n && i < 4096; i++) NAME(kept)[i] = z[i];\n    {FORWARD}"),
            (BACKWARD, BACKWARD.replace("fabs(z[i])", "fabs(n < 4096 ? NAME(kept)[i] : z[i])")),
        ),
        "bent.backward: no memory of earlier calls, after forward of another batch, float64",
        r"worst of 30 at dz\[",
    ),
    "static scratch": (
        (
            ("static int NAME(forward)", "#include <unistd.h>\nstatic real NAME(s)[32768];\nstatic int NAME(forward)"),
            (
                FORWARD,
                f"if (n > 9999 && n < 32768) {{ EACH NAME(s)[i] = z[i]; usleep(9000); "
                f"EACH y[i] = NAME(s)[i] / (1 + (real)fabs(NAME(s)[i])); }} else {FORWARD}",
            ),
        ),
        "bent.forward: 4 threads at once, float64",
        r"worst of 72000 at y\[",
    ),
    "status": ((("return PYFC_OK", "return n > 600 ? 7 : PYFC_OK"),), "bent.forward in guarded memory", "status 7"),
    "forgets the rest of a vector": (
        ((FORWARD, FORWARD.replace("EACH", "for (int64_t i = 0; i < n / 4 * 4; i++)")),),
        "bent.forward writes all of its outputs",
        r"float32, 1 x 1: 1 entries not written, first y\[0, 0\], z = ",
    ),
    "forgets the last row": (
        ((BACKWARD, BACKWARD.replace("EACH", "for (int64_t i = 0; i < n - shape->cols * (n > 5000); i++)")),),
        "bent.backward writes all of its outputs",
        r"float32, 2053 x 3: 3 entries not written, first dz\[2052, 0\], dy = ",
    ),
    "writes its input": (
        ((BACKWARD, f"if (n) ((real *)dy)[n - 1] = 0;\n    {BACKWARD}"),),
        "bent.backward leaves its inputs alone",
        r"float32, 1 x 1: changed dy\[0, 0\] from \S+ to 0",
    ),
    "depends on other rows": (
        (("FLAGS (PYFC_NEEDS_Z | PYFC_ELEMENTWISE)", "FLAGS PYFC_NEEDS_Z"), ("fabs(z[i])", "fabs(z[i % shape->cols])")),
        "bent.forward: each row depends on itself alone, float64",
        r"worst of 55 at y\[",
    ),
    "elementwise, falsely": (
        (("fabs(z[i])", "fabs(z[i / shape->cols * shape->cols])"),),
        "bent.forward: elementwise, as it says, float64",
        r"worst of 45 at y\[",
    ),
    "in place, falsely": (
        (
            ("PYFC_ELEMENTWISE)", "PYFC_ELEMENTWISE | PYFC_IN_PLACE)"),
            (FORWARD, f"EACH y[i] = 0;\n    {FORWARD}"),
        ),
        "bent.forward: y in the place of z, as it says, float64",
        r"y\[\d, \d\], z = .*: 0, expected",
    ),
    "tag without a step": (((BACKWARD, BACKWARD.replace("(2)", "(2) (3)")),), "tags", r"no step \(3\)"),
    "step without a tag": (((BACKWARD, BACKWARD.replace("// (2)", "")),), "tags", r"step \(2\) runs, but no line"),
}


@pytest.mark.parametrize(("changes", "check", "detail"), WRONG.values(), ids=WRONG)
def test_caught(make: Make, changes: tuple[tuple[str, str], ...], check: str, detail: str) -> None:
    found = failed(check_activation(make(*changes)))
    assert check in found, found

    assert re.search(detail, found[check]), found[check]


def test_a_gradient_that_is_added_to_is_caught(make: Make) -> None:
    learns = (
        ("PYFC_ELEMENTWISE)", "PYFC_ELEMENTWISE | PYFC_LEARNS)"),
        (FORWARD, "EACH y[i] = a[0] * z[i];"),
    )
    right = "da[0] = 0; EACH { dz[i] = a[0] * dy[i]; da[0] += dy[i] * z[i]; }"
    assert check_activation(make(*learns, (BACKWARD, right), derivation=(), learned=Learned("a", 1.0))).ok
    wrong = right.replace("da[0] = 0; ", "")
    found = failed(check_activation(make(*learns, (BACKWARD, wrong), derivation=(), learned=Learned("a", 1.0))))
    assert "first da[0]" in found["bent.backward writes all of its outputs"]


@pytest.mark.parametrize("function", ["forward_f32", "forward_f64", "backward_f32", "backward_f64"])
def test_a_kernel_that_takes_the_gil_is_caught(make: Make, function: str) -> None:
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        pytest.skip("no Python.h")
    direction, kind = function.split("_")
    line = FORWARD if direction == "forward" else BACKWARD
    holds = "" if kind == "f64" else "!"
    inside = f"PyGILState_STATE held = {holds}DOUBLE ? PyGILState_Ensure() : 0; {{\n    {line}\n    }} "
    inside += f"if ({holds}DOUBLE) PyGILState_Release(held);"
    wrong = make(("#include <math.h>", "#include <Python.h>\n#include <math.h>"), (line, inside))
    found = failed(check_activation(wrong))
    dtype = "float32" if kind == "f32" else "float64"
    assert list(found) == [f"bent.{direction}, {dtype}: Python runs meanwhile (GIL released)"]
    assert "Python stood still for " in next(iter(found.values()))


SANITIZED = """
import sys
import numpy as np
sys.path.insert(0, {tests!r})
from abi import plugin
from pyfc.component import Activation
class Bent(Activation):
    name = "bent"
    kernel = plugin.struct_in(plugin.library({library!r}), "bent", "pyfc.activation.v1")
bent = Bent()
for dtype in (np.float32, np.float64):
    for rows in (1, 7, 500):
        z = np.ones((rows, 3), dtype)
        y, dz = np.empty_like(z), np.empty_like(z)  # of exactly their size, with nothing behind that may be written
        bent.forward(z, out=y)
        bent.backward(y, z=z, out=dz)
print("all calls returned")
"""


@pytest.mark.parametrize(
    ("line", "function"),
    [("", ""), (f"y[n] = 0; {FORWARD}", "forward_f32"), (f"dz[n + 1] = 0; {BACKWARD}", "backward_f")],
)
def test_address_sanitizer_finds_what_is_written_outside(tmp_path: Path, line: str, function: str) -> None:
    done = subprocess.run([plugin.compiler(), "-print-file-name=libasan.so"], capture_output=True, text=True)
    asan = Path(done.stdout.strip())
    if not asan.is_absolute():
        pytest.skip("the compiler has no AddressSanitizer")
    changes = [(FORWARD if "y[n]" in line else BACKWARD, line)] if line else []
    source = write(tmp_path, *changes)
    flags = ["-fsanitize=address", "-g", "-O1", f"-I{pyfc.get_include()}"]
    library = plugin.build(source, tmp_path / "bent.so", *flags)
    code = SANITIZED.format(tests=str(plugin.HERE.parent), library=str(library))
    environment = {**os.environ, "LD_PRELOAD": str(asan), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=tmp_path)
    if not line:
        assert ran.stdout == "all calls returned\n", ran.stderr
        return
    assert ran.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in ran.stderr
    assert f"in {function}" in ran.stderr


LEARNS = (("PYFC_ELEMENTWISE)", "PYFC_ELEMENTWISE | PYFC_LEARNS)"), (FORWARD, "EACH y[i] = a[0] * z[i];"))
SLOPE = "da[0] = 0; EACH { dz[i] = a[0] * dy[i]; da[0] += dy[i] * z[i]; }"


def test_a_gradient_that_is_not_written_for_no_rows_is_caught(make: Make) -> None:
    wrong = make(*LEARNS, (BACKWARD, f"if (n) {{ {SLOPE} }}"), derivation=(), learned=Learned("a", 1.0))
    (detail,) = failed(check_activation(wrong)).values()
    assert detail.startswith("bent.backward, float32, 0 x 3: 1 entries not written, first da[0]")


@pytest.mark.usefixtures("threads_at_any_size")
def test_it_does_not_hurt_the_training(make: Make) -> None:
    draw = np.random.default_rng(0)
    x, t = draw.normal(size=(33, 200)), draw.normal(size=(33, 1))
    slopes = []
    for line in (SLOPE, f"if (n) {{ {SLOPE} }}"):
        bent = make(*LEARNS, (BACKWARD, line), derivation=(), learned=Learned("a", 1.0))
        net = pyfc.Network([pyfc.Dense(200, 200), bent, pyfc.Dense(200, 1)], loss="squared_error", seed=0)
        # In the last batch there is one row for two threads.
        net.fit(x, t, epochs=2, batch_size=32, optimizer=pyfc.SGD(lr=0.001), shuffle=False, progress=False, n_threads=2)
        slopes += [value for name, value in net.parameters.items() if name.endswith(".a")]
    np.testing.assert_array_equal(*slopes)


def test_a_kernel_that_learns_never_sees_0_parameters(make: Make) -> None:
    bent = make(*LEARNS, (BACKWARD, SLOPE), derivation=(), learned=Learned("a", 1.0), params=lambda self, cols: cols)
    report = check_activation(bent)  # takes one for each column, but reads the first alone: not right, but no crash
    assert any(note.startswith("rows of 0: bent has no learned parameter there") for note in report.notes)
    assert bent().forward(np.empty((3, 0))).shape == (3, 0)
    assert bent().backward(np.empty((3, 0)), z=np.empty((3, 0)))[0].shape == (3, 0)


HYPERS = {"scale": Hyper(0.5), "shift": Hyper(0.5)}


def test_hyperparameters_in_swapped_order_are_caught_at_an_address(tmp_path: Path) -> None:
    # Their defaults are equal, so these show nothing. Its derivation would say which is which; without one, nothing
    # can: here it is proved by the definition alone.
    steps = (
        Step(1, "y = scale * z + shift", "definition", runs=True),
        Step(2, "dz = scale * dy", "derivative", runs=True),
    )
    makes = []
    for number, (one, other) in enumerate(((0, 1), (1, 0))):
        forward = f"EACH y[i] = z[i] * (real)hyper[{one}] + (real)hyper[{other}]; // (1)"
        backward = f"EACH dz[i] = dy[i] * (real)hyper[{one}]; // (2)"
        source = write(tmp_path, (FORWARD, forward), (BACKWARD, backward), ("static int NAME", "int NAME"))
        built = plugin.library(plugin.build(source, tmp_path / f"affine_{number}.so", f"-I{pyfc.get_include()}"))
        functions = {name: getattr(built, name) for name in FUNCTIONS}
        text = tmp_path / f"affine_{number}.h"
        text.write_text((tmp_path / "bent_functions.h").read_text())
        makes.append(
            partial(
                pyfc.activation_from_address,
                "affine",
                **functions,
                hyperparameters=HYPERS,
                derivation=steps,
                source=text,
            )
        )
    assert makes[0]().name == "affine"
    with pytest.raises(ProofError, match=r"Affine\(scale=0.5625, shift=0.5\)"):
        makes[1]()
