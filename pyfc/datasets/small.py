"""Small problems in the plane that are seen at a glance: a disc, two moons, spirals, and six people.

All return ``X`` (n, 2) as float64 and ``y`` (n,) as int64 classes, and the same numbers for the same seed.
"""

import math
import operator
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def make_circle() -> tuple[Floats, Labels]:
    """Return an 11 x 11 grid over [-2, 2]^2, and which of its points lie inside the unit circle.

    Returns
    -------
    X : ndarray of float64, shape (121, 2)
        x varies slowest. The coordinates are the float64 nearest to -2, -1.6, ..., 2.
    y : ndarray of int64, shape (121,)
        1 where ``x**2 + y**2 < 1`` (21 points; none lies on the circle), else 0.

    Examples
    --------
    >>> X, y = make_circle()
    >>> X.shape, y.sum()
    ((121, 2), np.int64(21))
    >>> for row in y.reshape(11, 11)[2:9]:
    ...     print("".join("-o"[inside] for inside in row))
    -----------
    ----ooo----
    ---ooooo---
    ---ooooo---
    ---ooooo---
    ----ooo----
    -----------
    """
    # Division rounds once, so the grid is symmetric to the last bit; linspace(-2, 2, 11) is not.
    axis = np.arange(-5, 6) / 2.5
    X = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    return X, (np.square(X).sum(axis=1) < 1).astype(np.int64)


def load_body() -> tuple[Floats, Labels]:
    """Return weight and height of six people, each less a constant, with their sex.

    Returns
    -------
    X : ndarray of float64, shape (6, 2)
        Weight and height.
    y : ndarray of int64, shape (6,)
        Sex, 0 or 1.

    Examples
    --------
    >>> X, y = load_body()
    >>> X.T
    array([[  0.,  27.,  19., -13.,  27., -13.],
           [  0.,  17.,  12., -13.,  10.,   0.]])
    >>> y
    array([0, 1, 1, 0, 1, 0])
    """
    X = np.array([[0, 0], [27, 17], [19, 12], [-13, -13], [27, 10], [-13, 0]], np.float64)
    return X, np.array([0, 1, 1, 0, 1, 0], np.int64)


def make_moons(
    n: int = 200, noise: float = 0.1, seed: int | np.random.Generator | None = None
) -> tuple[Floats, Labels]:
    """Return two half circles of radius 1 that reach into each other; no straight line separates them.

    Parameters
    ----------
    n : int, default 200
        Number of points, at least 2. If it is odd, class 0 has one more.
    noise : float, default 0.1
        Standard deviation of the normal noise on each coordinate, >= 0.
    seed : int or numpy.random.Generator, optional
        For the noise; without it each call gives other numbers.

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
        First the upper moon, around (0, 0), then the lower one, around (1, 0.5). :func:`train_test_split` shuffles.
    y : ndarray of int64, shape (n,)
        0 for the upper moon, 1 for the lower one.

    Raises
    ------
    TypeError
        If ``n`` is no integer or ``noise`` no number.
    ValueError
        If ``n`` or ``noise`` is too small, or ``noise`` is not finite.

    References
    ----------
    D. Zhou et al., "Learning with Local and Global Consistency", NIPS 16 (2003), for two moons as a test.

    Examples
    --------
    >>> X, y = make_moons(6, noise=0)
    >>> X.round(3) + 0.0
    array([[ 1. ,  0. ],
           [ 0. ,  1. ],
           [-1. ,  0. ],
           [ 0. ,  0.5],
           [ 1. , -0.5],
           [ 2. ,  0.5]])
    """
    n = _integer("make_moons", "n", n, 2)
    noise = _number("make_moons", "noise", noise, 0)
    upper = np.linspace(0, np.pi, n - n // 2)
    lower = np.linspace(0, np.pi, n // 2)
    X = np.concatenate(
        [
            np.column_stack([np.cos(upper), np.sin(upper)]),
            np.column_stack([1 - np.cos(lower), 0.5 - np.sin(lower)]),
        ]
    )
    y = np.repeat(np.array([0, 1], np.int64), [len(upper), len(lower)])
    return X + np.random.default_rng(seed).normal(0, noise, X.shape), y


def make_spirals(
    n: int = 300,
    noise: float = 0.02,
    turns: float = 1.5,
    classes: int = 2,
    seed: int | np.random.Generator | None = None,
) -> tuple[Floats, Labels]:
    """Return spirals that turn about a common centre, one for each class: a hard problem for a small network.

    A point at the share r of its spiral, 0 < r <= 1, lies at radius r and angle ``2 pi (turns r + class / classes)``.

    Parameters
    ----------
    n : int, default 300
        Number of points, at least one for each class. What does not divide evenly goes to the first classes.
    noise : float, default 0.02
        Standard deviation of the normal noise on each coordinate, >= 0. Arms are ``1 / (turns classes)`` apart.
    turns : float, default 1.5
        How often a spiral goes round, > 0.
    classes : int, default 2
        Number of spirals, at least 2.
    seed : int or numpy.random.Generator, optional
        For the noise; without it each call gives other numbers.

    Returns
    -------
    X : ndarray of float64, shape (n, 2)
        Class by class, from the centre outwards: :func:`train_test_split` shuffles them.
    y : ndarray of int64, shape (n,)
        The classes, 0 to ``classes - 1``.

    Raises
    ------
    TypeError
        If ``n`` or ``classes`` is no integer, or ``noise`` or ``turns`` no number.
    ValueError
        If one of them is out of its range.

    References
    ----------
    K. J. Lang, M. J. Witbrock, "Learning to Tell Two Spirals Apart", Proc. 1988 Connectionist Models Summer School.

    Examples
    --------
    >>> X, y = make_spirals(7, noise=0, turns=1, classes=3)
    >>> y
    array([0, 0, 0, 1, 1, 2, 2])
    >>> np.hypot(*X.T).round(2)
    array([0.33, 0.67, 1.  , 0.5 , 1.  , 0.5 , 1.  ])
    """
    classes = _integer("make_spirals", "classes", classes, 2)
    n = _integer("make_spirals", "n", n, classes)
    noise = _number("make_spirals", "noise", noise, 0)
    turns = _number("make_spirals", "turns", turns, 0, open_low=True)
    sizes = [n // classes + (label < n % classes) for label in range(classes)]
    y = np.repeat(np.arange(classes, dtype=np.int64), sizes)
    # The centre itself is left out: it would belong to every class.
    r = np.concatenate([np.arange(1, size + 1) / size for size in sizes])
    angle = 2 * np.pi * (turns * r + y / classes)
    X = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
    return X + np.random.default_rng(seed).normal(0, noise, X.shape), y


def _integer(owner: str, name: str, value: SupportsIndex, low: int) -> int:
    """Return value as an int, or raise if it is none or below ``low``."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{owner}({name}={value!r}): expected an integer") from error
    if number < low:
        raise ValueError(f"{owner}({name}={value!r}): expected at least {low}")
    return number


def _number(owner: str, name: str, value: float, low: float, open_low: bool = False) -> float:
    """Return value as a float, or raise if it is no finite number above ``low``."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{owner}({name}={value!r}): expected a number") from error
    if not (math.isfinite(number) and (number > low if open_low else number >= low)):
        raise ValueError(f"{owner}({name}={value!r}): expected a finite number {'>' if open_low else '>='} {low:g}")
    return number
