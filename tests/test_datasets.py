"""Tests of the digits, the small problems, splitting and standardising; MNIST is in test_mnist.py."""

import hashlib
import math
import os
import random
import subprocess
import sys
import zipfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyfc import datasets
from pyfc.datasets import load_body, load_digits, make_circle, make_moons, make_spirals, standardize, train_test_split


def test_digits_are_the_test_set_of_uci():
    X, y = load_digits()
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((1797, 64), np.uint8, (1797,), np.int64)
    assert X.max() == 16
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI's page has it
    content = hashlib.sha256(np.column_stack([X, y.astype(np.uint8)]).tobytes()).hexdigest()
    assert content == "68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2"
    assert X.flags.c_contiguous
    assert X.flags.writeable


def test_digits_come_with_their_attribution():
    text = resources.files(datasets).joinpath("digits.txt").read_text(encoding="utf-8")
    assert all(word in text for word in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0"))


def test_digits_load_from_a_zip(tmp_path):
    """The compiled modules cannot be zipped, so the package around the data sets is an empty one here."""
    archive = tmp_path / "site.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("pyfc/__init__.py", "")
        for path in Path(datasets.__file__).parent.iterdir():
            if path.is_file():
                packed.write(path, f"pyfc/datasets/{path.name}")
    code = "from pyfc import datasets; print(datasets.__file__, datasets.load_digits()[0].sum())"
    environment = {**os.environ, "PYTHONPATH": str(archive)}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    where, total = run.stdout.split()
    assert "site.zip" in where
    assert int(total) == load_digits()[0].sum()


def test_import_loads_nothing_that_only_a_download_or_matlab_file_needs():
    code = "import sys, pyfc.datasets; print(*({'pooch', 'requests', 'scipy.io'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_circle_is_the_grid_of_the_article():
    X, y = make_circle()
    assert (X.shape, X.dtype, y.dtype, y.sum()) == ((121, 2), np.float64, np.int64, 21)
    assert X[:12].tolist() == [[-2, v / 10] for v in range(-20, 21, 4)] + [[-1.6, -2]]
    np.testing.assert_array_equal(X, -X[::-1])
    np.testing.assert_array_equal(y, [math.hypot(*point) < 1 for point in X])


def test_circle_gives_the_first_loss_of_the_article():
    """Article C, neuron by neuron: weights random() - 0.5 from seed 0, the hidden layer's first."""

    def sigmoid(z):
        return 1 / (1 + math.exp(-z))

    source = random.Random(0)  # noqa: S311 (the article's own generator)
    hidden = [(source.random() - 0.5, source.random() - 0.5) for _ in range(4)]
    output = [source.random() - 0.5 for _ in range(4)]

    def network(point):
        return sigmoid(sum(v * sigmoid(w * point[0] + u * point[1]) for v, (w, u) in zip(output, hidden, strict=True)))

    assert network((0, 0)) == 0.5588236746843033
    X, y = make_circle()
    losses = [(network(point) - target) ** 2 for point, target in zip(X.tolist(), y.tolist(), strict=True)]
    assert sum(losses) / 121 == pytest.approx(0.29188529649769973, rel=1e-15)


def test_body_has_the_six_rows_of_the_article():
    X, y = load_body()
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert X.tolist() == [[0, 0], [27, 17], [19, 12], [-13, -13], [27, 10], [-13, 0]]
    assert y.tolist() == [0, 1, 1, 0, 1, 0]


@pytest.mark.parametrize("make", [make_moons, make_spirals])
def test_made_points_depend_on_the_seed_alone(make):
    X, y = make(50, noise=0.3, seed=7)
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((50, 2), np.float64, (50,), np.int64)
    np.testing.assert_array_equal(X, make(50, noise=0.3, seed=7)[0])
    np.testing.assert_array_equal(X, make(50, noise=0.3, seed=np.random.default_rng(7))[0])
    assert not np.array_equal(X, make(50, noise=0.3, seed=8)[0])
    assert not np.array_equal(make(50, noise=0.3)[0], make(50, noise=0.3)[0])


@pytest.mark.parametrize("make", [make_moons, make_spirals])
def test_noise_has_the_deviation_that_was_asked_for(make):
    difference = make(20000, noise=0.25, seed=1)[0] - make(20000, noise=0)[0]
    assert difference.std() == pytest.approx(0.25, rel=0.02)


@given(n=st.integers(2, 60))
def test_moons_lie_on_two_half_circles(n):
    X, y = make_moons(n, noise=0)
    assert np.bincount(y).tolist() == [n - n // 2, n // 2]
    upper, lower = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0.5).all()


@given(classes=st.integers(2, 6), extra=st.integers(0, 40), turns=st.floats(0.1, 5))
def test_spirals_turn_as_often_as_asked(classes, extra, turns):
    X, y = make_spirals(classes + extra, noise=0, turns=turns, classes=classes)
    sizes = np.bincount(y)
    assert len(sizes) == classes
    assert sizes.max() - sizes.min() <= 1
    radius = np.hypot(*X.T)
    assert radius.min() > 0  # the centre would belong to every class
    turned = np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi) - turns * radius - y / classes
    np.testing.assert_allclose(turned, np.round(turned), atol=1e-9)
    np.testing.assert_allclose([radius[y == label].max() for label in range(classes)], 1)


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        (make_moons, {"n": -1}, ValueError, r"make_moons\(n=-1\): expected at least 2"),
        (make_moons, {"n": 1}, ValueError, r"make_moons\(n=1\): expected at least 2"),
        (make_moons, {"n": 2.5}, TypeError, r"make_moons\(n=2.5\): expected an integer"),
        (make_moons, {"noise": -0.1}, ValueError, r"make_moons\(noise=-0.1\): expected a finite number >= 0"),
        (make_moons, {"noise": math.nan}, ValueError, r"make_moons\(noise=nan\): expected a finite number >= 0"),
        (make_moons, {"noise": "much"}, TypeError, r"make_moons\(noise='much'\): expected a number"),
        (make_spirals, {"n": 2, "classes": 3}, ValueError, r"make_spirals\(n=2\): expected at least 3"),
        (make_spirals, {"classes": 1}, ValueError, r"make_spirals\(classes=1\): expected at least 2"),
        (make_spirals, {"noise": math.inf}, ValueError, r"make_spirals\(noise=inf\): expected a finite number >= 0"),
        (make_spirals, {"turns": 0}, ValueError, r"make_spirals\(turns=0\): expected a finite number > 0"),
        (make_spirals, {"turns": [1, 2]}, TypeError, r"make_spirals\(turns=\[1, 2\]\): expected a number"),
    ],
)
def test_bad_arguments_of_made_points(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)


@given(data=st.data(), n=st.integers(2, 80), seed=st.integers(0, 2**32), stratify=st.booleans())
def test_split_is_a_partition_and_keeps_pairs(data, n, seed, stratify):
    n_test = data.draw(st.integers(1, n - 1))
    y = data.draw(hnp.arrays(np.int64, n, elements=st.integers(-1, min(6, n - 3))))
    parts = train_test_split(np.arange(2 * n).reshape(n, 2), y, n_test, seed=seed, stratify=stratify)
    X_train, X_test, y_train, y_test = parts
    assert (len(X_train), len(X_test), len(y_train), len(y_test)) == (n - n_test, n_test, n - n_test, n_test)
    rows = np.concatenate([X_train, X_test])
    assert sorted(rows[:, 0]) == list(range(0, 2 * n, 2))
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y[rows[:, 0] // 2])
    repeated = train_test_split(np.arange(2 * n).reshape(n, 2), y, n_test, seed, stratify)
    for part, again in zip(parts, repeated, strict=True):
        np.testing.assert_array_equal(part, again)
    if stratify:
        for label in np.unique(y):
            assert abs((y_test == label).sum() * n - (y == label).sum() * n_test) < n  # within one sample, exactly


@given(n=st.integers(2, 300), share=st.floats(0.001, 0.999))
def test_split_takes_the_nearest_number_or_says_that_a_side_is_empty(n, share):
    if round(share * n) in (0, n):
        with pytest.raises(ValueError, match="at least 1 in each"):
            train_test_split(np.zeros(n), np.zeros(n), share)
    else:
        assert abs(len(train_test_split(np.zeros(n), np.zeros(n), share)[1]) - share * n) <= 0.5


def test_split_shuffles_and_copies():
    X = np.arange(100.0)
    X_train, X_test, *_ = train_test_split(X, X, seed=0, stratify=False)
    assert len(X_test) == 25
    assert not np.array_equal(X_train, np.sort(X_train))
    assert not np.array_equal(X_test, np.sort(X_test))
    assert not np.array_equal(X_train, train_test_split(X, X, seed=1)[0])
    X_train[:] = -1
    np.testing.assert_array_equal(X, np.arange(100.0))


def test_split_takes_any_rows_and_stratifies_one_hot_and_names():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    images = np.zeros((100, 2, 3, 4), np.uint8)
    X_train, X_test, _, one_hot = train_test_split(images, np.eye(3)[y], test_size=0.1, seed=0, stratify=True)
    assert (X_train.shape, X_train.dtype, X_test.shape) == ((90, 2, 3, 4), np.uint8, (10, 2, 3, 4))
    assert one_hot.sum(axis=0).tolist() == [6, 3, 1]
    *_, names = train_test_split(images, np.array(["cat", "dog", "owl"])[y], test_size=10, seed=0, stratify=True)
    assert [(names == name).sum() for name in ("cat", "dog", "owl")] == [6, 3, 1]


def test_stratified_ties_favour_no_class():
    """Three classes of equal size share two test samples: over many seeds each is left out a third of the time."""
    y = np.repeat([0, 1, 2], 10)
    missing = [(set(range(3)) - set(train_test_split(y, y, 2, seed, True)[3])).pop() for seed in range(300)]
    assert np.bincount(missing).min() > 70


@pytest.mark.parametrize(
    ("X", "y", "options", "error", "message"),
    [
        (np.zeros(4), np.zeros(5), {}, ValueError, r"X of shape \(4,\) and y of shape \(5,\): expected as many rows"),
        (1.0, 1.0, {}, ValueError, r"shape \(\) and y of shape \(\)"),
        ([], [], {}, ValueError, "of 0 samples gives 0 to test and 0 to train"),
        ([1], [1], {}, ValueError, "of 1 samples gives 0 to test and 1 to train"),
        ([1, 2], [1, 2], {"test_size": 2}, ValueError, "gives 2 to test and 0 to train"),
        ([1, 2], [1, 2], {"test_size": 0}, ValueError, "gives 0 to test and 2 to train"),
        ([1, 2], [1, 2], {"test_size": -1}, ValueError, "gives -1 to test"),
        ([1, 2], [1, 2], {"test_size": 1.0}, ValueError, r"test_size=1.0\): expected a share between 0 and 1"),
        ([1, 2], [1, 2], {"test_size": math.nan}, ValueError, r"test_size=nan\): expected a share between 0 and 1"),
        ([1, 2], [1, 2], {"test_size": True}, TypeError, r"test_size=True\): expected a share"),
        ([1, 2], [1, 2], {"test_size": "0.5"}, TypeError, r"test_size='0.5'\): expected a share"),
        ([1, 2, 3], [0.1, 0.2, 0.3], {"test_size": 1, "stratify": True}, ValueError, "all 3 rows of y differ"),
    ],
)
def test_bad_arguments_of_split(X, y, options, error, message):
    with pytest.raises(error, match=message):
        train_test_split(X, y, **options)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.integers(-1000, 1000)))
def test_standardized_columns_have_mean_0_and_deviation_1(X):
    before = X.copy()
    Z, mean, std = standardize(X)
    np.testing.assert_array_equal(X, before)
    varied = X.min(axis=0) < X.max(axis=0)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), varied, atol=1e-12)
    assert (std[~varied] == 1).all()
    np.testing.assert_array_equal((X - mean) / std, Z)


def test_standardize_treats_others_like_the_first():
    X = load_digits()[0]
    train, test, none, mean, std = standardize(X[:1000], X[1000:], X[:0])
    assert (train.dtype, test.shape, none.shape, mean.shape) == (np.float64, (797, 64), (0, 64), (64,))
    np.testing.assert_allclose(test * std + mean, X[1000:], atol=1e-12)
    assert np.isfinite(train).all()  # corner pixels are always 0
    assert (train[:, 0] == 0).all()
    single, _, std = standardize(X.astype(np.float32))
    assert (single.dtype, std.dtype) == (np.float32, np.float32)


def test_standardize_centres_a_constant_column_exactly():
    Z, mean, std = standardize(np.full((10, 1), 0.1))  # whose computed deviation is 1.4e-17
    assert (Z == 0).all()
    assert (mean[0], std[0]) == (0.1, 1.0)


def test_standardize_takes_rows_without_columns_and_images():
    y, mean, std = standardize([1, 2, 3])
    assert (y.shape, mean, std) == ((3,), 2, pytest.approx(math.sqrt(2 / 3)))
    images, mean, _ = standardize(np.random.default_rng(0).normal(size=(5, 2, 3)))
    assert (images.shape, mean.shape) == ((5, 2, 3), (2, 3))


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ([[[1.0, np.nan], [np.inf, 2.0]]], ValueError, r"X holds 2 NaN or infinite values, the first at \(0, 1\)"),
        ([[[1.0], [2.0]], [[np.nan]]], ValueError, r"others\[0\] holds 1 NaN"),
        ([np.zeros((0, 3))], ValueError, r"X has shape \(0, 3\): expected at least one sample"),
        ([np.zeros((3, 0))], ValueError, r"X has shape \(3, 0\)"),
        ([1.0], ValueError, r"X has shape \(\)"),
        ([np.eye(3), np.eye(2)], ValueError, r"others\[0\] has samples of shape \(2,\): expected \(3,\)"),
        ([["a", "b"]], TypeError, "X has dtype <U1: expected integers or floats"),
        ([[1j]], TypeError, "X has dtype complex128"),
        ([[True, False]], TypeError, "X has dtype bool"),
        ([[1e300, -1e300]], ValueError, "from -1e[+]300 to 1e[+]300 whose standard deviation is out of the range"),
        ([[1e308, 1.7e308]], ValueError, "out of the range of float64"),
        ([[0.0, 1e-200]], ValueError, "out of the range of float64"),
        ([np.array([0, 1e-45], np.float32)], ValueError, "out of the range of float32"),
    ],
)
def test_bad_arguments_of_standardize(arrays, error, message):
    with pytest.raises(error, match=message):
        standardize(*arrays)
