"""The error function for NumPy code that works with more digits than SciPy's has."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special


def _with_rest(function: Any, sign: int, x: Any) -> Any:
    """Return f(high) + low f'(high), with x in two parts; f's own digits are a double's."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return function(x)
    high = x.astype(np.float64)
    low = np.where(np.isfinite(x), x - high, 0)
    return function(high) + low * (sign * 2 / np.sqrt(np.pi) * np.exp(-high * high))


def erf(x: Any) -> Any:
    """Return the error function."""
    return _with_rest(scipy.special.erf, 1, x)


def erfc(x: Any) -> Any:
    """Return 1 - erf(x)."""
    return _with_rest(scipy.special.erfc, -1, x)
