"""Prepares arrays for training: divides samples into two sets, and brings columns to mean 0 and deviation 1."""

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def train_test_split(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    test_size: float = 0.25,
    seed: int | np.random.Generator | None = None,
    stratify: bool = False,
) -> tuple[Array, Array, Array, Array]:
    """Shuffle the samples and divide them into a training set and a test set.

    Each sample goes to exactly one of the two. The results are copies.

    Parameters
    ----------
    X : array_like, shape (n, ...)
        Samples.
    y : array_like, shape (n, ...)
        Their targets.
    test_size : float or int, default 0.25
        A float is the share of the test set, between 0 and 1, of which the nearest number of samples is taken; an
        int is that number.
    seed : int or numpy.random.Generator, optional
        For the shuffle; without it each call divides differently.
    stratify : bool, default False
        Give both sets the same mix of classes. The test set then has of each class in ``y`` (labels, or one-hot rows)
        its exact share, rounded down or up.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
        In this order, as scikit-learn has it.

    Raises
    ------
    TypeError
        If ``test_size`` is no number.
    ValueError
        If X and y differ in length, if either set would be empty, or if all rows of y differ and ``stratify`` is set.

    References
    ----------
    R. Kohavi, "A Study of Cross-Validation and Bootstrap for Accuracy Estimation and Model Selection", IJCAI (1995),
    on stratification.

    Examples
    --------
    >>> X, y = np.arange(16).reshape(8, 2), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, seed=0, stratify=True)
    >>> X_train.shape, X_test.shape, np.bincount(y_test)
    ((4, 2), (4, 2), array([2, 2]))
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y):
        raise ValueError(
            f"train_test_split got X of shape {X.shape} and y of shape {y.shape}: expected as many rows in both"
        )
    n_test = _test_count(len(X), test_size)
    group = _classes(y) if stratify else np.zeros(len(y), np.intp)
    order = np.random.default_rng(seed).permutation(len(X))
    in_test = np.zeros(len(X), bool)
    for members, count in zip(*_shares(group, order, n_test), strict=True):
        in_test[members[:count]] = True
    train, test = order[~in_test[order]], order[in_test[order]]
    return X[train], X[test], y[train], y[test]


def _test_count(n: int, test_size: float) -> int:
    """Return the number of test samples, or raise if it leaves one of the two sets empty."""
    if isinstance(test_size, bool) or not isinstance(test_size, numbers.Real):
        raise TypeError(
            f"train_test_split(test_size={test_size!r}): expected a share such as 0.25, or a number of samples"
        )
    if isinstance(test_size, numbers.Integral):
        count = int(test_size)
    elif 0 < test_size < 1:
        count = round(float(test_size) * n)
    else:
        raise ValueError(f"train_test_split(test_size={test_size!r}): expected a share between 0 and 1, or an int")
    if not 0 < count < n:
        raise ValueError(
            f"train_test_split(test_size={test_size!r}) of {n} samples gives {count} to test and {n - count} to train: "
            "expected at least 1 in each; give more samples or another test_size"
        )
    return count


def _classes(y: Array) -> npt.NDArray[np.intp]:
    """Return the class of each row of y as a number from 0."""
    distinct, group = np.unique(y, axis=None if y.ndim == 1 else 0, return_inverse=True)
    if len(distinct) == len(y):
        raise ValueError(
            f"train_test_split(stratify=True): all {len(y)} rows of y differ: expected labels, several of a kind; "
            "use stratify=False for numbers"
        )
    return group.reshape(-1)


def _shares(
    group: npt.NDArray[np.intp], order: npt.NDArray[np.intp], n_test: int
) -> tuple[list[npt.NDArray[np.intp]], npt.NDArray[np.int64]]:
    """Return the members of each class in shuffled order, and how many of them go to the test set.

    The exact shares are rounded down, and the samples still missing are taken from the classes with the largest
    remainders (Hamilton's method); among equal ones the shuffle decides, so that no class is favoured.
    """
    sizes = np.bincount(group)
    counts, remainders = np.divmod(sizes * n_test, len(group))
    seen, first = np.unique(group[order], return_index=True)
    largest = seen[np.lexsort((first, -remainders))]
    counts[largest[: n_test - counts.sum()]] += 1
    by_class = order[np.argsort(group[order], kind="stable")]
    return np.split(by_class, np.cumsum(sizes)[:-1]), counts


def standardize(X: npt.ArrayLike, *others: npt.ArrayLike) -> tuple[Array, ...]:
    """Subtract the mean of each column of X and divide by its standard deviation; do the same to other arrays.

    The others, such as the test set, are treated with the mean and deviation of **X**, the training set: taking their
    own would tell the network something of data that it must not know yet.

    Parameters
    ----------
    X : array_like, shape (n, ...)
        Training samples, n >= 1. A column is all that stands at one place behind the first axis.
    *others : array_like, shape (m, ...)
        More samples with the same columns; m may be 0.

    Returns
    -------
    X, *others, mean, std : ndarray
        The new arrays in the order given, then the mean and the standard deviation (with 1/n), each of the shape of one
        sample. ``(new - mean) / std`` treats later samples in the same way. Where a column of X is constant, std is 1,
        so it is only centred. Everything is float32 if X is, else float64; the inputs are not changed.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If X is empty, an array holds NaN or infinity, the columns do not match, or X spreads so little or so widely
        that its dtype cannot hold the square.

    References
    ----------
    Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp" (1998), section 4.3: why it speeds up training.

    Examples
    --------
    >>> X_train, X_test = [[1.0, 5.0], [3.0, 5.0]], [[4.0, 6.0]]
    >>> X_train, X_test, mean, std = standardize(X_train, X_test)
    >>> X_train
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> X_test
    array([[2., 1.]])
    >>> mean, std
    (array([2., 5.]), array([1., 1.]))
    """
    arrays = [np.asarray(array) for array in (X, *others)]
    for position, array in enumerate(arrays):
        _check_columns(array, arrays[0], "X" if position == 0 else f"others[{position - 1}]")
    first = arrays[0]
    dtype = first.dtype if first.dtype == np.float32 else np.dtype(np.float64)
    low = first.min(axis=0).astype(np.float64)
    # Told by the values: rounding gives a constant column such as 0.1 a tiny deviation, which would blow it up to +-1.
    constant = low == first.max(axis=0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = np.where(constant, low, first.mean(axis=0, dtype=np.float64)).astype(dtype)
        std = np.where(constant, 1.0, first.std(axis=0, dtype=np.float64)).astype(dtype)
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError(
            f"standardize: X holds numbers from {first.min():g} to {first.max():g} whose standard deviation is out of "
            f"the range of {dtype}: multiply those columns by a constant first"
        )
    return (*((array.astype(dtype) - mean) / std for array in arrays), mean, std)


def _check_columns(array: Array, first: Array, name: str) -> None:
    """Raise if an array cannot be standardised, or not like the first."""
    if array.dtype.kind not in "iuf":
        raise TypeError(f"standardize: {name} has dtype {array.dtype}: expected integers or floats")
    if array.ndim == 0 or (array is first and array.size == 0):
        raise ValueError(f"standardize: {name} has shape {array.shape}: expected at least one sample and one column")
    if array.shape[1:] != first.shape[1:]:
        raise ValueError(
            f"standardize: {name} has samples of shape {array.shape[1:]}: expected {first.shape[1:]}, the columns of X"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        wrong = ~np.isfinite(array)
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"standardize: {name} holds {wrong.sum()} NaN or infinite values, the first at {place}: expected finite "
            "numbers; remove or replace those samples"
        )
