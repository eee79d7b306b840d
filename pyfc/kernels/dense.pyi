from typing import Any

import numpy.typing as npt

from pyfc.derivation import Step

Array = npt.NDArray[Any]
derivation: tuple[Step, ...]

def dense_forward(X: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike, out: Array | None = None) -> Array: ...
def dense_backward(
    dZ: npt.ArrayLike,
    X: npt.ArrayLike,
    W: npt.ArrayLike,
    need_dX: bool = True,
    dW: Array | None = None,
    db: Array | None = None,
) -> tuple[Array | None, Array, Array]: ...
def vector_bytes() -> int: ...
