from typing import Any

import numpy.typing as npt

from pyfc.derivation import Step

Array = npt.NDArray[Any]
derivation: tuple[Step, ...]

def rescale(x: Array, c: float) -> Array: ...
