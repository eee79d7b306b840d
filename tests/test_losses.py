"""Losses: what targets they take, every way in which targets can be wrong, weights, extremes, and decisions."""

import tracemalloc

import mpmath
import numpy as np
import pytest
import scipy.stats

import pyfc
from pyfc.component import Loss
from pyfc.report import Report
from pyfc.testing.precision import add_precision, derivation_of

NAMES = [record.name for record in pyfc.registry.records("losses") if record.builtin]
LABELLED = [name for name in NAMES if pyfc.get("losses", name).task == "classification"]
DTYPES = [np.float32, np.float64]


def loss(name, **hyper):
    return pyfc.get("losses", name)(**hyper)


def example(name, rows=6, cols=4, dtype=np.float64):
    """Return outputs and targets that suit a loss."""
    draw = np.random.default_rng(0)
    y = draw.normal(0, 2, (rows, cols)).astype(dtype)
    cls = pyfc.get("losses", name)
    if cls.task == "regression":
        t = draw.normal(0, 2, (rows, cols))
        return y, np.maximum(t, cls.lowest_target)
    if cls.task == "binary" or cols == 1:
        probabilities = cls.task == "classification" and cls.check_numbers is Loss.check_numbers
        return y, np.ones((rows, 1), int) if probabilities else draw.integers(0, 2, (rows, cols))
    return y, draw.integers(0, cols, rows)


# Values against formulas written out anew


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "hyper", "formula"),
    [
        ("squared_error", {"factor": 0.5}, lambda y, t: ((y - t) ** 2).sum(axis=1) / 2),
        ("squared_error", {"mean_outputs": True}, lambda y, t: ((y - t) ** 2).mean(axis=1)),
        ("absolute_error", {"factor": 3}, lambda y, t: 3 * np.abs(y - t).sum(axis=1)),
        ("absolute_error", {"mean_outputs": True}, lambda y, t: np.abs(y - t).mean(axis=1)),
        (
            "huber",
            {"delta": 1.5},
            lambda y, t: np.where(abs(y - t) < 1.5, (y - t) ** 2 / 2, 1.5 * (abs(y - t) - 0.75)).sum(axis=1),
        ),
        ("quantile", {"q": 0.8}, lambda y, t: np.where(t > y, 0.8 * (t - y), 0.2 * (y - t)).sum(axis=1)),
        ("log_cosh", {}, lambda y, t: np.log(np.cosh(y - t)).sum(axis=1)),
        ("poisson_nll", {}, lambda y, t: (np.exp(y) - t * y).sum(axis=1)),
        (
            "cosine",
            {},
            lambda y, t: 1 - (y * t).sum(axis=1) / np.linalg.norm(y, axis=1) / np.linalg.norm(t, axis=1),
        ),
    ],
)
def test_regression_formulas(name, hyper, formula, dtype):
    y, t = example(name, dtype=dtype)
    assert loss(name, **hyper).value(y, t) == pytest.approx(formula(y, t).mean(), rel=20 * float(np.finfo(dtype).eps))


def test_cross_entropy_is_minus_the_log_of_the_softmax():
    y, labels = example("softmax_cross_entropy")
    p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    assert loss("softmax_cross_entropy").value(y, labels) == pytest.approx(
        -np.log(p[range(6), labels]).mean(), rel=1e-14
    )


def test_smoothing_is_the_loss_of_smoothed_targets():
    y, labels = example("softmax_cross_entropy")
    smoothed = 0.7 * np.eye(4)[labels] + 0.3 / 4
    plain, smoothing = loss("softmax_cross_entropy"), loss("softmax_cross_entropy", smoothing=0.3)
    assert smoothing.value(y, labels) == pytest.approx(plain.value(y, smoothed), rel=1e-14)
    np.testing.assert_allclose(smoothing.gradient(y, labels), plain.gradient(y, smoothed), rtol=1e-13)


def test_logits_and_probabilities_agree():
    y, t = example("binary_cross_entropy")
    q = 1 / (1 + np.exp(-y))
    logits, probabilities = loss("binary_cross_entropy"), loss("binary_cross_entropy", from_logits=False)
    assert logits.value(y, t) == pytest.approx(probabilities.value(q, t), rel=1e-13)
    np.testing.assert_allclose(logits.gradient(y, t), probabilities.gradient(q, t) * q * (1 - q), rtol=1e-10)


def test_hinge_counts_what_lacks_to_the_margin():
    y = np.array([[2.0, -0.5, -3.0], [0.5, 0.0, -1.0]])
    assert loss("hinge").value(y, [0, 0]) == (0.5 + 1.5) / 2
    assert loss("hinge", margin=3).value(y, [0, 0]) == ((1 + 2.5 + 0) + (2.5 + 3 + 2)) / 2


def test_squared_hinge_is_the_square_of_what_lacks_and_decides_as_hinge_does():
    y, squared, hinge = np.array([[2.0, -0.5, -3.0], [0.5, 0.0, -1.0]]), loss("squared_hinge"), loss("hinge")
    assert squared.value(y, [0, 0]) == (0.25 + 0.25 + 1) / 2
    np.testing.assert_array_equal(2 * squared.gradient(y, [0, 0]), [[0, 1, 0], [-1, 2, 0]])
    assert squared.value(y, 2 * np.eye(3)[[0, 0]] - 1) == squared.value(y, np.eye(3)[[0, 0]])
    assert squared.decide(y[:, 1:2]).tolist() == hinge.decide(y[:, 1:2]).tolist() == [0, 0]
    with pytest.raises(
        ValueError, match=r"SquaredHinge: targets have the values 2, 3: expected 0 and 1, or -1 and \+1"
    ):
        squared.value([0.0, 0.0], [2.0, 3.0])


def test_categorical_hinge_compares_the_label_with_the_best_of_the_others():
    y, labels = np.array([[3.0, 1.0, 0.0], [1.0, 0.5, -3.0], [-1.0, -2.0, -0.5]]), [0, 0, 1]
    hinge, wanted = loss("categorical_hinge"), np.array([0, 0.5, 2.5])
    assert [hinge.value(y[i : i + 1], labels[i : i + 1]) for i in range(3)] == wanted.tolist()
    assert loss("categorical_hinge", margin=2.5).value(y[:1], [0]) == 0.5
    np.testing.assert_array_equal(3 * hinge.gradient(y, labels), [[0, 0, 0], [-1, 1, 0], [0, -1, 1]])
    assert hinge.value([[0.0, -np.inf, 3.0]], [[0, 0, 1]]) == hinge.value([[0.0, -np.inf, 3.0]], [2]) == 0


def test_categorical_hinge_follows_its_derivation_at_ties():
    hinge, y, t = loss("categorical_hinge"), np.array([[2.0, 0.0, 2.0], [1.0, 1.0, 2.0]]), np.eye(3)[[1, 2]]
    dy = 2 * hinge.gradient(y, t)
    np.testing.assert_array_equal(dy, [[1, -1, 0], [1, 0, -1]])
    derivation = derivation_of(hinge, "l", sizes={"m": 3})
    report = Report("categorical_hinge at ties")
    add_precision(report, hinge, derivation, {"dy": dy}, {"y": y, "t": t}, "ties")
    report.raise_if_failed()


def test_log_cosh_keeps_the_digits_of_a_small_error():
    for d in (1e-9, 1e-3, 0.7, 1.0, 1.001, 20.0):
        with mpmath.workdps(60):
            true = float(mpmath.log(mpmath.cosh(mpmath.mpf(d))))
        assert loss("log_cosh").value([d], [0.0]) == pytest.approx(true, rel=1e-15)
        assert loss("log_cosh").value([-d], [0.0]) == loss("log_cosh").value([d], [0.0])


def test_poisson_of_rates_is_that_of_their_logarithms_and_full_that_of_scipy():
    y, t = example("poisson_nll")
    rates, logarithms, t = loss("poisson_nll", log_input=False), loss("poisson_nll"), np.floor(t)
    assert rates.value(np.exp(y), t) == pytest.approx(logarithms.value(y, t), rel=1e-13)
    np.testing.assert_allclose(rates.gradient(np.exp(y), t) * np.exp(y), logarithms.gradient(y, t), atol=1e-14)
    np.testing.assert_array_equal(logarithms.decide(y), np.exp(y))
    assert rates.decide(y) is y
    full = [loss("poisson_nll", full=True).value([y[0, 0]], [k]) for k in range(30)]
    np.testing.assert_allclose(full, -scipy.stats.poisson.logpmf(np.arange(30), np.exp(y[0, 0])), atol=0.042)
    np.testing.assert_allclose(loss("poisson_nll", full=True).gradient(y, t), logarithms.gradient(y, t))
    # What did not happen, at a rate of 0; and at one that was to be positive, and is far below.
    assert logarithms.value([-np.inf], [0.0]) == 0
    assert rates.value(np.array([-1e35], np.float32), [0.0]) == np.float32(-1e35)
    assert np.isnan(logarithms.value([np.nan], [0.0]))
    with pytest.raises(ValueError, match="PoissonNLL: the smallest target is -1: expected numbers >= 0"):
        rates.value([1.0], [-1.0])


def test_metrics_of_poisson_are_those_of_the_rates():
    net = pyfc.Network([pyfc.Dense(2, 1, init="zeros", bias_init="zeros")], loss="poisson_nll")
    X, t = np.ones((3, 2)), np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(net.predict(X), [1, 1, 1])
    assert net.evaluate(X, t, metrics=["mean_absolute_error"])["mean_absolute_error"] == 1


@pytest.mark.parametrize("from_log", [True, False])
def test_divergence_is_the_cross_entropy_less_the_entropy_of_the_targets(from_log):
    y, draw = example("kl_divergence")[0], np.random.default_rng(1)
    t, log_p = draw.dirichlet(np.ones(4), 6), pyfc.get("activations", "log_softmax")().forward(y)
    t[0] = [0, 0.5, 0, 0.5]
    divergence, entropy = loss("kl_divergence", from_log=from_log), loss("softmax_cross_entropy")
    p = log_p if from_log else np.exp(log_p)
    wanted = entropy.value(y, t) - scipy.stats.entropy(t, axis=1).mean()
    assert divergence.value(p, t) == pytest.approx(wanted, rel=1e-13)
    np.testing.assert_allclose(divergence.gradient(p, t), -t / 6 if from_log else -t / p / 6, rtol=1e-14)
    log_t = np.log(t, out=np.full_like(t, -np.inf), where=t > 0)
    assert divergence.value(log_t if from_log else t, t) == pytest.approx(0, abs=1e-16)
    assert divergence.probability == ("softmax" if from_log else "identity")


def test_cosine_of_any_length_and_of_none():
    y, t = np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 1.0]]), [[8.0, 6.0], [1.0, 1.0], [0.0, 0.0]]
    cosine = loss("cosine")
    assert cosine.value(y[:1], t[:1]) == pytest.approx(1 - 0.96)
    assert cosine.value(y[1:], t[1:]) == 1
    assert not cosine.gradient(y, t)[1:].any()
    for dtype, far in ((np.float32, (1e-40, 1e37)), (np.float64, (1e-300, 1e300))):
        for size in far:
            scaled = (y[:1] * size).astype(dtype)
            assert cosine.value(scaled, t[:1]) == pytest.approx(0.04, rel=1e-4)
            assert np.isfinite(cosine.gradient(scaled, t[:1])).all() or size < 1
    assert cosine.value([[1.0, 1e-9]], [[1.0, 0.0]]) == pytest.approx(5e-19, rel=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cols", [10, 700])  # of which one is more than the kernel's buffer holds
def test_focal_without_gamma_is_the_cross_entropy(dtype, cols):
    draw, eps = np.random.default_rng(0), float(np.finfo(dtype).eps)
    focal, entropy, weight = loss("focal", gamma=0), loss("softmax_cross_entropy"), draw.uniform(0, 2, 40)
    labels = draw.integers(0, cols, 40)
    for width in (1, 1e4):
        y = draw.normal(0, width, (40, cols)).astype(dtype)
        for t in (labels, np.eye(cols)[labels], draw.dirichlet(np.ones(cols), 40)):
            np.testing.assert_allclose(focal.value(y, t, weight), entropy.value(y, t, weight), rtol=8 * eps)
            wanted = entropy.gradient(y, t, weight)
            np.testing.assert_allclose(focal.gradient(y, t, weight), wanted, rtol=8 * eps, atol=eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_of_large_outputs(dtype, gamma):
    focal, y = loss("focal", gamma=gamma), np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], dtype)
    assert focal.value(y[:1], [0]) == 0
    assert focal.value(y[1:], [0]) == 2e4
    np.testing.assert_array_equal(focal.gradient(y, [0, 0]), np.array([[0, 0, 0], [-0.5, 0.5, 0]], dtype))


# Targets


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LABELLED)
def test_labels_and_one_hot_rows_are_the_same(name, dtype):
    y, labels = example(name, dtype=dtype)
    for other in (np.eye(4)[labels], np.eye(4, dtype=bool)[labels], labels.astype(np.uint8), labels.tolist()):
        assert loss(name).value(y, labels) == loss(name).value(y, other)
        np.testing.assert_array_equal(loss(name).gradient(y, labels), loss(name).gradient(y, other))


def test_hinge_takes_both_signs():
    hinge, y, labels = loss("hinge"), *example("hinge")
    assert hinge.value(y, labels) == hinge.value(y, 2 * np.eye(4)[labels] - 1)
    one = y[:, :1]
    for zeros_and_ones in ([0, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]):
        signs = 2 * np.array(zeros_and_ones) - 1
        assert hinge.value(one, zeros_and_ones) == hinge.value(one, signs) == hinge.value(one, signs[:, None])
    with pytest.raises(ValueError, match=r"values -1, 0, 1: expected 0 and 1, or -1 and \+1"):
        hinge.value(one, [0, 1, -1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"values 0.1, 0.2, 0.3, 0.4, 0.5, \.\.\.: expected"):
        hinge.value(one, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    with pytest.raises(ValueError, match="row 1 of the targets has 2 entries of 1: expected one"):
        hinge.value(y[:2], [[0, 0, 0, 1], [1, 1, 0, 0]])


@pytest.mark.parametrize("name", NAMES)
def test_one_column_may_be_flat(name):
    y, t = example(name, cols=1)
    assert loss(name).value(y[:, 0], t) == loss(name).value(y, t)
    assert loss(name).gradient(y[:, 0], t).shape == (6,)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_shapes(name):
    y = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"shape \(2,\): expected one for each of the 3 samples"):
        loss(name).value(y, [0, 1])
    with pytest.raises(ValueError, match=r"shape \(\): expected one for each of the 3 samples"):
        loss(name).value(y, 1)
    with pytest.raises(ValueError, match=r"shape \(3, 5\) .*: expected \(3, 4\), or \(3,\) integer labels"):
        loss(name).value(y, np.zeros((3, 5)))
    with pytest.raises(
        ValueError, match=r"shape \(3,\) and dtype float64: expected \(3, 4\), or \(3,\) integer labels"
    ):
        loss(name).value(y, [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match=r"y has shape \(1, 2, 3\): expected \(n, k\)"):
        loss(name).value(np.zeros((1, 2, 3)), [0])
    with pytest.raises(ValueError, match=r"y has shape \(3, 0\): expected \(n, k\) with k >= 1"):
        loss(name).value(np.zeros((3, 0)), np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"shape \(3, 2\) .*: expected \(3, 1\) or \(3,\)"):
        loss(name).value(np.zeros(3), np.zeros((3, 2)))


@pytest.mark.parametrize("name", NAMES)
def test_labels_out_of_range(name):
    for labels in ([0, 4], [-1, 0]):
        with pytest.raises(ValueError, match=r"labels from .*: expected 0 to 3, because the network has 4 outputs"):
            loss(name).value(np.zeros((2, 4)), labels)


def test_softmax_of_one_output_has_one_class():
    entropy = loss("softmax_cross_entropy")
    assert entropy.value([3.0, 4.0], [0, 0]) == 0
    with pytest.raises(ValueError, match=r"labels from 0 to 1: expected 0 to 0, because the network has 1 output; "):
        entropy.value([3.0, 4.0], [0, 1])


@pytest.mark.parametrize("name", NAMES)
def test_wrong_dtypes_and_numbers(name):
    y = np.zeros((2, 2), np.float32)
    with pytest.raises(TypeError, match="targets have dtype <U1: expected numbers or integer labels"):
        loss(name).value(y, ["a", "b"])
    with pytest.raises(TypeError, match="y has dtype complex64: expected float32 or float64"):
        loss(name).value(y + 1j, [0, 1])
    for bad in (np.nan, np.inf, 1e39):
        with pytest.raises(ValueError, match="contain NaN or infinity as float32: expected finite numbers"):
            loss(name).value(y, [[0, 1], [bad, 0]])


def test_labels_of_many_classes_take_memory_for_the_samples_alone():
    tracemalloc.start()
    t = loss("squared_error").targets([1, 3999], 2, 4000, np.float64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.argwhere(t).tolist() == [[0, 1], [1, 3999]]
    assert peak < 10 * t.nbytes


def test_masked_targets():
    t = np.ma.masked_greater([1.0, 2.0, 3.0], 2)
    with pytest.raises(TypeError, match="targets have masked entries"):
        loss("squared_error").value(np.zeros(3), t)
    assert loss("squared_error").value(np.zeros(3), np.ma.array([1.0, 2.0, 3.0])) == pytest.approx(14 / 3)


def test_binary_targets_lie_between_0_and_1():
    entropy = loss("binary_cross_entropy")
    assert entropy.value([0.0], [0.25]) == pytest.approx(np.log(2))
    for t in ([0, 1.5], [-0.5, 1]):
        with pytest.raises(ValueError, match=r"targets lie in \[.*\]: expected \[0, 1\]"):
            entropy.value([0.0, 0.0], t)


@pytest.mark.parametrize("row", [[0.5, 0.4], [0, 0], [1, 1], [1.5, -0.5]])
def test_class_targets_are_probabilities(row):
    with pytest.raises(ValueError, match=r"row 1 of the targets has sum .* expected probabilities, >= 0 with sum 1"):
        loss("softmax_cross_entropy").value(np.zeros((2, 2)), [[0.5, 0.5], row])


def test_rounded_probabilities_are_taken():
    t = np.random.default_rng(0).dirichlet(np.ones(50), 20).astype(np.float16)
    assert np.isfinite(loss("softmax_cross_entropy").value(np.zeros((20, 50)), t))


# Weights


@pytest.mark.parametrize("name", NAMES)
def test_weight_2_counts_as_two_samples(name):
    y, t = example(name)
    weight = [1, 2, 0, 1, 3, 1]
    twice = np.repeat(np.arange(6), weight)
    assert loss(name).value(y, t, weight) == pytest.approx(loss(name).value(y[twice], t[twice]), rel=1e-14)
    repeated = loss(name).gradient(y[twice], t[twice])
    summed = np.zeros_like(y)
    np.add.at(summed, twice, repeated)
    np.testing.assert_allclose(loss(name).gradient(y, t, weight), summed, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"sample_weight is int64 \(2,\): expected 6 numbers"),
        ([[1]] * 6, r"sample_weight is int64 \(6, 1\): expected 6 numbers"),
        (["a"] * 6, "expected 6 numbers"),
        ([1, 1, 1, 1, 1, -1], "negative, NaN or infinite"),
        ([1, 1, 1, 1, 1, np.nan], "negative, NaN or infinite"),
        ([1, 1, 1, 1, 1, np.inf], "negative, NaN or infinite"),
        ([1e308] * 6, "infinite sum: expected smaller numbers"),
        ([0] * 6, "all zero: expected at least one sample that counts"),
    ],
)
def test_wrong_weights(weight, message):
    y, t = example("squared_error")
    for function in (loss("squared_error").value, loss("squared_error").gradient):
        with pytest.raises(ValueError, match=message):
            function(y, t, weight)


# Sizes, layouts and extremes


@pytest.mark.parametrize("name", NAMES)
def test_sizes(name):
    for rows, cols in ((1, 1), (1, 5), (7, 1), (3, 70)):
        y, t = example(name, rows, cols)
        single = [loss(name).value(y[i : i + 1], t[i : i + 1]) for i in range(rows)]
        assert loss(name).value(y, t) == pytest.approx(np.mean(single), rel=1e-14)
        assert loss(name).gradient(y, t).shape == (rows, cols)
    y, t = example(name, 0, 3)
    assert np.isnan(loss(name).value(y, t))
    assert loss(name).gradient(y, t).shape == (0, 3)


@pytest.mark.parametrize("name", NAMES)
def test_layouts_and_out(name):
    y, t = example(name)
    wide = np.zeros((12, 8))
    wide[::2, ::2] = y
    strided = wide[::2, ::2]
    strided.flags.writeable = False
    expected = loss(name).gradient(y, t)
    np.testing.assert_array_equal(loss(name).gradient(strided, t), expected)
    out = np.empty_like(y)
    assert loss(name).gradient(y, t, out=out) is out
    np.testing.assert_array_equal(out, expected)
    for bad in (np.empty((6, 3)), np.empty((6, 4), np.float32), np.empty((4, 6)).T, [1]):
        with pytest.raises(ValueError, match="out is"):
            loss(name).gradient(y, t, out=bad)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name",
    [
        "absolute_error",
        "binary_cross_entropy",
        "categorical_hinge",
        "focal",
        "hinge",
        "huber",
        "kl_divergence",
        "log_cosh",
        "quantile",
        "softmax_cross_entropy",
    ],
)
def test_huge_outputs(name, dtype):
    t = [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]
    y = np.array([[1e30, -1e30], [1e30, -1e30], [1e30, 1e30], [-1e30, -1e30], [0, 1e30]], dtype)
    values = [loss(name).value(y[i : i + 1], t[i : i + 1]) for i in range(len(y))]
    assert np.isfinite(values).all()
    dy = loss(name).gradient(y, t) * len(y)
    assert np.abs(dy).max() <= 1
    if name == "softmax_cross_entropy":
        big = float(dtype(1e30))
        assert values == pytest.approx([0, 2 * big, np.log(2), np.log(2), big], rel=1e-6)
        np.testing.assert_allclose(dy, [[0, 0], [1, -1], [-0.5, 0.5], [0.5, -0.5], [-1, 1]], atol=1e-6)
    if name == "binary_cross_entropy":
        big = float(dtype(1e30))
        assert values == pytest.approx([0, 2 * big, big, big, big + np.log(2)], rel=1e-6)
        np.testing.assert_allclose(dy, [[0, 0], [1, -1], [0, 1], [0, -1], [-0.5, 1]], atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_in_its_row(name, dtype):
    for cols in (1, 3):
        for at in range(cols):
            y, t = example(name, 3, cols, dtype)
            y[1, at] = np.nan
            values = [loss(name).value(y[i : i + 1], t[i : i + 1]) for i in range(3)]
            assert np.isnan(values).tolist() == [False, True, False]
            dy = loss(name).gradient(y, t)
            assert np.isnan(dy[1, at])
            assert np.isfinite(dy[[0, 2]]).all()


def test_an_impossible_class_that_is_not_asked_for_does_no_harm():
    y = [[0.0, -np.inf, 0.0]]
    assert loss("softmax_cross_entropy").value(y, [0]) == pytest.approx(np.log(2))
    assert loss("softmax_cross_entropy").value(y, [[0.5, 0, 0.5]]) == pytest.approx(np.log(2))
    np.testing.assert_allclose(loss("softmax_cross_entropy").gradient(y, [0]), [[-0.5, 0, 0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_confident_classifier_still_has_a_loss(dtype):
    with mpmath.workdps(60):
        y = dtype(50)
        true = float(mpmath.log1p(2 * mpmath.exp(-50)))
    for row, label in (([y, 0, 0], 0), ([0, y, 0], 1), ([0, 0, y], 2)):
        value = loss("softmax_cross_entropy").value(np.array([row], dtype), [label])
        assert value == pytest.approx(true, rel=4 * float(np.finfo(dtype).eps))
    value = loss("binary_cross_entropy").value(np.array([y], dtype), [1])
    assert value == pytest.approx(float(mpmath.log1p(mpmath.exp(-50))), rel=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_0_and_1_have_a_finite_loss_with_a_slope(dtype):
    entropy, eps = loss("binary_cross_entropy", from_logits=False), 2.0**-23
    y = np.array([0, 1, 0, 1, eps / 2], dtype)
    t = [1, 0, 0, 1, 1]
    values = [entropy.value(y[i : i + 1], t[i : i + 1]) for i in range(5)]
    assert values == pytest.approx([1 - np.log(eps), 1 - np.log(eps), 0, 0, 0.5 - np.log(eps)], rel=1e-6, abs=1e-6)
    dy = 5 * entropy.gradient(y, t)
    np.testing.assert_allclose(dy, [-1 / eps, 1 / eps, 1, -1, -1 / eps], rtol=1e-6)


def test_kinks():
    assert loss("absolute_error").gradient([1.0], [1.0])[0] == 0
    assert loss("hinge").gradient([1.0], [1])[0] == 0
    assert loss("quantile", q=0.9).gradient([1.0], [1.0])[0] == 0
    for side in (-2.0, 2.0):
        assert loss("huber", delta=2).gradient([side], [0.0])[0] == side


# Decisions


def test_decisions():
    y = np.array([[-1.0, 0.2], [0.4, 0.6], [0.0, np.nan]])
    assert loss("squared_error").decide(y) is y
    assert loss("softmax_cross_entropy").decide(y[:2]).tolist() == [1, 1]
    assert loss("hinge").decide(y[:2]).tolist() == [1, 1]
    assert loss("hinge").decide(y[:, :1]).tolist() == [0, 1, 0]
    logits, probabilities = loss("binary_cross_entropy"), loss("binary_cross_entropy", from_logits=False)
    assert logits.decide(y).tolist() == [[0, 1], [1, 1], [0, 0]]
    assert probabilities.decide(y).tolist() == [[0, 0], [0, 1], [0, 0]]
    for one in (logits, probabilities, loss("hinge")):
        decided = one.decide(y[:, :1])
        assert decided.dtype == np.int64
        assert decided.shape == (3,)


def test_probabilities():
    names = {name: loss(name).probability for name in NAMES}
    assert names["softmax_cross_entropy"] == "softmax"
    assert names["binary_cross_entropy"] == "sigmoid"
    assert names["hinge"] == names["squared_error"] == ""
    assert loss("binary_cross_entropy", from_logits=False).probability == "identity"
    assert loss("binary_cross_entropy", from_logits=False).in_unit_interval
    assert not loss("binary_cross_entropy").in_unit_interval


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("squared_error", {"factor": 0}, r"SquaredError\(factor=0\): expected a finite number > 0"),
        ("absolute_error", {"mean_outputs": 1}, "expected True or False"),
        ("huber", {"delta": -1}, r"Huber\(delta=-1\): expected a finite number > 0"),
        ("softmax_cross_entropy", {"smoothing": 1}, "expected a finite number >= 0 and < 1"),
        ("softmax_cross_entropy", {"smoothing": np.nan}, "expected a finite number"),
        (
            "binary_cross_entropy",
            {"logits": True},
            "BinaryCrossEntropy got logits: its hyper-parameters are: from_logits",
        ),
        ("quantile", {"q": 1}, "expected a finite number > 0 and < 1"),
        ("focal", {"gamma": -1}, "expected a finite number >= 0"),
        ("hinge", {"margin": "1"}, r"Hinge\(margin='1'\): expected a number"),
    ],
)
def test_wrong_hyperparameters(name, hyper, message):
    with pytest.raises((ValueError, TypeError), match=message):
        loss(name, **hyper)


@pytest.mark.parametrize("name", NAMES)
def test_an_out_that_shares_memory_with_an_input(name):
    y, t = example(name)
    t = np.eye(4)[t] if t.ndim == 1 else t.astype(float)
    wanted, over_y, over_t = loss(name).gradient(y, t), y.copy(), t.copy()
    np.testing.assert_array_equal(loss(name).gradient(over_y, t, out=over_y), wanted)
    np.testing.assert_array_equal(loss(name).gradient(y, over_t, out=over_t), wanted)
