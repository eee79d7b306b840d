from typing import Any

import numpy.typing as npt

from pyfc.derivation import Step

Array = npt.NDArray[Any]
derivation: tuple[Step, ...]

def drop(x: Array, rate: float, key: int, first: int) -> Array: ...
