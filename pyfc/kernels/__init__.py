"""The compiled functions that Python calls by name; their sources are in ``src/``.

The modules below this one are built from ``src/**/*.pyx``: ``pyfc.kernels.activations.tanh`` is
``src/activations/tanh.pyx``.
"""

try:
    from pyfc.kernels.calls import (
        activation_backward,
        activation_flags,
        activation_forward,
        capsule_problem,
        kernel_abi,
        loss_backward,
        loss_forward,
        loss_takes_labels,
        optimizer_flags,
        optimizer_update,
    )
    from pyfc.kernels.capsules import activation_capsule_of, flags_of, loss_capsule_of
    from pyfc.kernels.dense import dense_backward, dense_forward
    from pyfc.kernels.dropout import drop
    from pyfc.kernels.scale import rescale
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("pyfc."):
        raise
    raise ImportError(
        "pyfc is imported from a source folder in which it is not built: leave that folder, "
        "or run `pip install -e .` in it"
    ) from error

__all__ = [
    "activation_backward",
    "activation_capsule_of",
    "activation_flags",
    "activation_forward",
    "capsule_problem",
    "dense_backward",
    "dense_forward",
    "drop",
    "flags_of",
    "kernel_abi",
    "loss_backward",
    "loss_capsule_of",
    "loss_forward",
    "loss_takes_labels",
    "optimizer_flags",
    "optimizer_update",
    "rescale",
]
