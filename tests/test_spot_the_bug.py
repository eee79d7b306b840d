"""docs/articles/spot_the_bug.py: each mistake is found in its own function, with both derivatives as expected."""

import contextlib
import io
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from pyfc import registry
from pyfc.differences import random_dy

PAGE = Path(__file__).parents[1] / "docs" / "articles" / "spot_the_bug.py"


@pytest.fixture(scope="module")
def page():
    """Return the names of the page, and what it printed under "printed"."""
    registered = {group: registry.records(group) for group in registry.GROUPS}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        names = runpy.run_path(str(PAGE), run_name="__main__")
    assert {group: registry.records(group) for group in registry.GROUPS} == registered
    return {**names, "printed": printed.getvalue()}


def failed(page, report):
    """Return the failed lines of a report, all of which the page prints."""
    lines = {check.name: check.detail for check in page[report].failures}
    assert lines
    for check in page[report].failures:
        assert f"{check}\n" in page["printed"]
    return lines


def line(detail):
    """Return index, values by letter, gradient and difference of a line."""
    found = re.fullmatch(r"worst of \d+ at \(([\d, ]+)\), (.*): gradient (\S+), difference (\S+)", detail)
    index, values, gradient, difference = found.groups()
    given = {
        letter: np.array(value.strip("[]").split(), float)
        for letter, value in re.findall(r"(\w+) = (\[[^]]*\]|[^,]+)", values)
    }
    return tuple(int(i) for i in index.split(",") if i), given, float(gradient), float(difference)


def passes_of(net, X):
    """Return the outputs of all layers, in NumPy, for nets of dense layers, tanh, sigmoid and softmax."""
    outputs = [X]
    for layer in net.copy("float64").layers:
        z = outputs[-1]
        if layer.kind == "dense":
            outputs.append(z @ layer.parameters["W"] + layer.parameters["b"])
        elif "tanh" in layer.name:
            outputs.append(np.tanh(z))
        elif "softmax" in layer.name:
            outputs.append(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
        else:
            outputs.append(1 / (1 + np.exp(-z)))
    return outputs


def test_a_bias_gradient_summed_over_the_outputs(page):
    lines = failed(page, "summed_report")
    assert list(lines) == ["dense_0.backward, db", "dense_0.b (4,), whole network"]
    net, t = page["summed"], page["labels"][:, None]
    _, _, h, _, y = passes_of(net, page["X"])
    dz = 2 * (y - t) / len(t) * y * (1 - y)
    dz = dz @ net.parameters["dense_1.W"].astype(float).T * h * (1 - h)
    (j,), _, gradient, difference = line(lines["dense_0.b (4,), whole network"])
    assert gradient == pytest.approx(dz.sum(), rel=1e-5)
    assert difference == pytest.approx(dz[:, j].sum(), rel=1e-5)
    # Alone, dy is drawn from 0.5 to 2, of either sign, for each of 6 samples and 4 outputs.
    (j,), _, gradient, difference = line(lines["dense_0.backward, db"])
    dy = random_dy(np.random.default_rng(1), (6, 4))
    assert gradient == pytest.approx(dy.sum(), rel=1e-6)
    assert difference == pytest.approx(dy[:, j].sum(), rel=1e-6)
    assert page["summed_right"].ok
    outputs = re.findall(r"XOR by \w+: outputs \[(.*?)\]", page["printed"])
    assert len(outputs) == 2
    for text in outputs:
        np.testing.assert_allclose(np.array(text.split(), float), page["xor"], atol=0.1)


def test_a_gradient_that_is_called(page):
    lines = failed(page, "calling_report")
    assert list(lines) == ["tanh_of_b_0.backward", "whole network"]
    number = PAGE.read_text(encoding="utf-8").splitlines().index("        dz[:] = dy(1 - y**2)") + 1
    assert lines["tanh_of_b_0.backward"] == (
        "input (6, 3), dy (6, 3) raised TypeError: 'numpy.ndarray' object is not callable, "
        f"at spot_the_bug.py:{number}, dz[:] = dy(1 - y**2)"
    )
    assert page["tanh_right"].ok


def without_complex_steps(lines, count):
    """Return the names of failed checks but for so many that found the same by complex steps."""
    others = [name for name in lines if "by complex step of its own forward" not in name]
    assert len(others) == len(lines) - count
    return others


def test_a_repair_that_merely_runs(page):
    lines = failed(page, "repaired_report")
    assert list(lines) == [
        "repaired_tanh_0.backward, dx", "dense_0.W (2, 3), whole network", "dense_0.b (3,), whole network",
    ]  # fmt: skip
    net, X, labels = page["two_layers"]("tanh"), page["X"], page["labels"]
    _, z, h, y = passes_of(net, X)
    at, given, gradient, difference = line(lines["repaired_tanh_0.backward, dx"])
    slope = 1 - np.tanh(z[at]) ** 2
    assert given["x"] == pytest.approx(z[at], rel=1e-5)
    assert gradient == pytest.approx(slope, rel=1e-6)
    assert 0.5 <= abs(difference / slope) <= 2  # what was forgotten is dy, of either sign
    dy = (np.exp(y) / np.exp(y).sum(axis=1, keepdims=True) - np.eye(2)[labels]) / len(X)
    right = dy @ net.parameters["dense_1.W"].astype(float).T * (1 - h**2)
    at, _, gradient, difference = line(lines["dense_0.W (2, 3), whole network"])
    assert gradient == pytest.approx((X.T @ (1 - h**2))[at], rel=1e-5)
    assert difference == pytest.approx((X.T @ right)[at], rel=1e-5)
    lines = failed(page, "repaired_alone")
    assert without_complex_steps(lines, 1) == ["repaired_tanh.backward, dz by finite differences"]
    _, given, gradient, difference = line(lines["repaired_tanh.backward, dz by finite differences"])
    assert gradient == pytest.approx(1 - np.tanh(given["z"]) ** 2, rel=1e-5)
    assert difference == pytest.approx(given["dy"] * (1 - np.tanh(given["z"]) ** 2), rel=1e-5)


def test_only_the_diagonal_of_softmax(page):
    lines = failed(page, "diagonal_report")
    assert list(lines) == [
        "diagonal_softmax_0.backward, dx", "dense_0.W (2, 2), whole network", "dense_0.b (2,), whole network",
    ]  # fmt: skip
    _, _, y = passes_of(page["diagonal"], page["X"])
    dy = 2 * (y - page["t"]) / len(y)
    at, _, gradient, difference = line(lines["dense_0.W (2, 2), whole network"])
    assert gradient == pytest.approx((page["X"].T @ (dy * y * (1 - y)))[at], rel=1e-5)
    right = y * (dy - (dy * y).sum(axis=1, keepdims=True))
    assert difference == pytest.approx((page["X"].T @ right)[at], rel=1e-5)
    lines = failed(page, "diagonal_alone")
    assert without_complex_steps(lines, 1) == [
        "diagonal_softmax.backward, dz by finite differences",
        "the dz of equal inputs sum to what moving them together changes",
    ]
    (_, j), given, gradient, difference = line(lines["diagonal_softmax.backward, dz by finite differences"])
    z, dy = given["z"], given["dy"]
    y = np.exp(z) / np.exp(z).sum()
    assert gradient == pytest.approx(dy[j] * y[j] * (1 - y[j]), rel=1e-5)
    assert difference == pytest.approx(y[j] * (dy[j] - dy @ y), rel=1e-5)
    assert page["softmax_right"].ok


def test_a_gradient_without_the_2_of_its_loss(page):
    lines = failed(page, "lacking_report")
    names = [f"squared_error_of_b.gradient, dy by finite differences, {cols}" for cols in ("1 column", "4 columns")]
    far = [name for name in lines if " far out, " in name]
    assert len(far) == 2
    assert [name for name in without_complex_steps(lines, 2) if name not in far] == names
    for name in names:
        _, given, gradient, difference = line(lines[name])
        assert gradient == pytest.approx(given["share"] * (given["y"] - given["t"]), rel=1e-4)
        assert difference / gradient == pytest.approx(2, rel=1e-7)
    assert "after 100 steps: 0.0\n" in page["printed"]
    assert page["half_right"].ok


def test_two_mistakes_that_cancel(page):
    lines = failed(page, "cancelling_report")
    assert list(lines) == [
        "dense_0.backward, dW", "dense_0.backward, db", "dense_1.backward, dW", "dense_1.backward, db",
        "undivided_cross_entropy.gradient, dy",
    ]  # fmt: skip
    assert sum("whole network" in check.name for check in page["cancelling_report"].checks) == 4
    for name, detail in lines.items():
        _, _, gradient, difference = line(detail)
        assert gradient / difference == pytest.approx(6 if "entropy" in name else 1 / 6, rel=1e-6)
    y = passes_of(page["cancelling"], page["X"])[-1]
    at, given, gradient, difference = line(lines["undivided_cross_entropy.gradient, dy"])
    assert given["y"] == pytest.approx(y[at], rel=1e-5)
    right = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True) - page["t"]
    assert (gradient, difference) == (pytest.approx(right[at], rel=1e-6), pytest.approx(right[at] / 6, rel=1e-6))
    assert page["divided_right"].ok


def test_a_sigmoid_that_overflows(page):
    lines = failed(page, "overflow_report")
    assert list(lines) == [f"scalar_sigmoid of huge inputs, {name}" for name in ("float32", "float64")]
    number = PAGE.read_text(encoding="utf-8").splitlines().index("    return 1 / (1 + math.exp(-x))") + 1
    assert lines["scalar_sigmoid of huge inputs, float64"] == (
        f"OverflowError: math range error, at spot_the_bug.py:{number}, return 1 / (1 + math.exp(-x))"
    )
    assert page["scalar_sigmoid"](-709) > 0
    assert page["ordinary_report"].ok
    assert page["sigmoid_right"].ok


def test_what_no_gradient_check_finds(page):
    assert page["scale_report"].ok
    assert page["largest"] == pytest.approx(255 / 225, rel=1e-6)
    assert "largest input: 1.133\n" in page["printed"]
    assert page["accuracy"]["train"] == 1
    assert 0.8 < page["accuracy"]["test"] < 0.92
    assert "accuracy on training data 1.0000" in page["printed"]


def test_links_lead_to_the_kernels():
    targets = re.findall(r"<(\.\./[^>]+)>`_", PAGE.read_text(encoding="utf-8"))
    assert len(targets) == 5
    for target in targets:
        assert (PAGE.parent / target).is_file()
