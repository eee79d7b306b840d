"""The products of the dense layer: right for every size, each row for itself, and nothing beside them is touched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfc.kernels import dense_backward, dense_forward

LARGE = [(9, 1024, 17), (9, 1025, 513), (3, 2049, 512), (33, 512, 511), (1, 1025, 300), (300, 20, 600), (1025, 3, 513)]
SIZES = st.tuples(*[st.integers(0, 70)] * 3).filter(lambda size: size[1] and size[2])
DTYPES = [np.float32, np.float64]


def make(size, dtype, seed=0):
    """Return X, W, b, dZ as views in the middle of arrays full of NaN, which nothing may read."""
    rng, (n, p, q) = np.random.default_rng(seed), size
    return [framed(rng.normal(size=shape).astype(dtype)) for shape in ((n, p), (p, q), (q,), (n, q))]


def framed(array, fill=np.nan):
    """Return an equal array, C-contiguous, with other numbers directly before and after it."""
    frame = np.full(array.size + 128, fill, array.dtype)
    inside = frame[64 : 64 + array.size].reshape(array.shape)
    inside[...] = array
    return inside


def assert_untouched(array, fill):
    """Say that nothing was written before or after an array from ``framed``."""
    frame = array.base
    assert frame.size == array.size + 128
    np.testing.assert_array_equal(frame[:64], fill)
    np.testing.assert_array_equal(frame[64 + array.size :], fill)


def assert_product(found, a, b, start=0.0):
    """Say that found is start + a b within the bound of a sum in any order: N. J. Higham, "Accuracy ...", (3.5)."""
    a, b, start = (np.asarray(x, np.longdouble) for x in (a, b, start))
    terms, unit = a.shape[1] + 1, np.finfo(found.dtype).eps / 2
    bound = terms * unit / (1 - terms * unit) * (np.abs(a) @ np.abs(b) + np.abs(start))
    assert found.shape == (a.shape[0], b.shape[1])
    assert (np.abs(found - (a @ b + start)) <= bound).all()


def check(size, dtype):
    X, W, b, dZ = make(size, dtype)
    Z = framed(np.empty((size[0], size[2]), dtype), 7)
    dense_forward(X, W, b, out=Z)
    dW, db = framed(np.empty_like(W), 7), framed(np.empty_like(b), 7)
    dX, _, _ = dense_backward(dZ, X, W, True, dW, db)
    assert_product(Z, X, W, b)
    assert_product(dX, dZ, W.T)
    assert_product(dW, X.T, dZ)
    assert_product(db[None], np.ones((1, size[0])), dZ)
    for array in (Z, dW, db):
        assert_untouched(array, 7)
    for array in (X, W, b, dZ):
        assert_untouched(array, np.nan)
    assert dense_backward(dZ, X, W, False)[0] is None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", LARGE, ids=str)
def test_large_sizes(size, dtype):
    check(size, dtype)


@given(SIZES, st.sampled_from(DTYPES))
@settings(max_examples=150, deadline=None)
def test_small_sizes(size, dtype):
    check(size, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_width(dtype):
    """Each number of columns ends in other parts of vectors."""
    for q in range(1, 70):
        check((5, 3, q), dtype)
        check((17, q, 2), dtype)
        check((q, 2, 49), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(40, 30, 50), (70, 9, 3), (33, 1030, 17), (20, 5, 530), (40, 1, 1), (37, 600, 520)])
def test_a_row_does_not_depend_on_the_others(size, dtype):
    X, W, b, dZ = make(size, dtype)
    Z, (dX, dW, _) = dense_forward(X, W, b), dense_backward(dZ, X, W)
    for first, last in ((0, 1), (3, 4), (0, 2), (1, 9), (5, 22), (7, size[0]), (size[0] - 1, size[0])):
        part = slice(first, last)
        np.testing.assert_array_equal(dense_forward(X[part], W, b), Z[part])
        np.testing.assert_array_equal(dense_backward(dZ[part], X[part], W)[0], dX[part])
    for columns in (slice(0, 1), slice(0, size[1] // 2 + 1)):  # rows of dW belong to columns of X
        np.testing.assert_array_equal(dense_backward(dZ, X[:, columns], W[columns])[1], dW[columns])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_of_few_numbers_is_rounded_like_one_of_many(dtype):
    """A product of at most 32 multiplications is done another way."""
    for p, q in ((few, many) for few in range(1, 33) for many in range(1, 32 // few + 1)):
        X, W, b, dZ = make((40, p, q), dtype)
        Z, dX = dense_forward(X, W, b), dense_backward(dZ, X, W)[0]
        for i in range(0, 40, 3):
            part = slice(i, i + 1)
            np.testing.assert_array_equal(dense_forward(X[part], W, b), Z[part])
            np.testing.assert_array_equal(dense_backward(dZ[part], X[part], W)[0], dX[part])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "size", [(1, 2, 3), (7, 5, 3), (20, 40, 19), (9, 1030, 35), (30, 3, 515), (1, 30, 200)], ids=str
)
def test_nan_and_infinity_reach_their_entries_and_no_others(size, value, dtype):
    rng = np.random.default_rng(1)
    for _ in range(4):
        X, W, b, dZ = make(size, dtype)
        i, k, j = (int(rng.integers(count)) for count in size)
        for array, at in ((X, (i, k)), (W, (k, j)), (b, (j,)), (dZ, (i, j))):
            kept = array[at]
            array[at] = value
            found = [dense_forward(X, W, b), *dense_backward(dZ, X, W)]
            with np.errstate(invalid="ignore"):
                wanted = [X @ W + b, dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)]
            reached = 0
            for got, right in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(np.isnan(got), np.isnan(right))
                np.testing.assert_array_equal(got[np.isinf(right)], right[np.isinf(right)])
                np.testing.assert_array_equal(np.isfinite(got), np.isfinite(right))
                reached += not np.isfinite(got).all()
            assert reached == {2: 2, 1: 1}[array.ndim] or array is dZ
            array[at] = kept


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_samples(dtype):
    X, W, b, dZ = make((0, 5, 600), dtype)
    dX, dW, db = dense_backward(dZ, X, W)
    assert dense_forward(X, W, b).shape == (0, 600)
    assert dX.shape == (0, 5)
    assert not dW.any()
    assert not db.any()
