from typing import Any

class Samples:
    sparse: bool
    factor: float
    def __init__(self, X: Any, factor: float = 1.0) -> None: ...
