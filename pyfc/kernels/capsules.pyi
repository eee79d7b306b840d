from typing import Any

def flags_of(
    needs: str = "", elementwise: bool = False, in_place: bool = False, learns: bool = False, takes_labels: bool = False
) -> int: ...
def activation_capsule_of(
    flags: int, hypers: int, forward_f32: int, forward_f64: int, backward_f32: int, backward_f64: int
) -> Any: ...
def loss_capsule_of(
    flags: int, hypers: int, forward_f32: int, forward_f64: int, backward_f32: int, backward_f64: int
) -> Any: ...
