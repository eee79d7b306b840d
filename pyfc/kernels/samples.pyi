from typing import Any

def first_not_finite(X: Any, single: bool) -> int: ...

class Samples:
    sparse: bool
    factor: float
    foreign: bool
    def __init__(self, X: Any, factor: float = 1.0) -> None: ...
