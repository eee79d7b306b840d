"""Fully connected neural networks: every formula beside the compiled code that runs it, proved equal to it.

The public names are here; ``help(pyfc.Network)`` is a good place to begin. Components are looked up by name,
``pyfc.get("activations", "relu")``; those of pyfc itself can also be had by the name of their class, ``pyfc.SGD``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

# First, and here: SciPy imported from deeper down makes Python 3.11 map and unmap a piece of its stack in each of many
# calls, and `import pyfc` take a quarter longer.
import scipy.linalg  # noqa: F401

from pyfc import kernels, registry
from pyfc.layers import Activation, Dense, Dropout, Scale
from pyfc.making import (
    activation_from_address,
    activation_from_formula,
    activation_from_functions,
    loss_from_address,
    loss_from_functions,
)
from pyfc.multilayer import mlp
from pyfc.network import Network
from pyfc.registry import available, get, register, unregister
from pyfc.training import Callback, EarlyStopping, History, StepHistory

__version__ = "0.1.0"
__all__ = [
    "Activation",
    "Callback",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "History",
    "Network",
    "Scale",
    "StepHistory",
    "activation_from_address",
    "activation_from_formula",
    "activation_from_functions",
    "available",
    "get",
    "get_include",
    "kernels",
    "load",
    "loss_from_address",
    "loss_from_functions",
    "mlp",
    "register",
    "unregister",
]


def get_include() -> str:
    """Return the folder of ``pyfc_kernel.h`` and ``pyfc_kernel.pxd``, for the compiler of a plugin."""
    return str(Path(__file__).with_name("include"))


def load(path: str | os.PathLike[str]) -> Network:
    """Return the network in a file that ``Network.save`` wrote, or the one in a checkpoint, as of its last epoch.

    Nothing in a file is run; layers and components are looked up by name.

    Parameters
    ----------
    path : path
        Of the file.

    Returns
    -------
    Network

    Raises
    ------
    ModelFileError
        If the file is truncated, damaged, changed, foreign, or of a newer version.
    PluginError
        If it needs a plugin that is not installed, or broken; the message says which distribution and version.
    OSError
        If there is no such file, or it cannot be read.
    """
    from pyfc import files  # not at the top: safetensors is imported when a file is

    return files.load(path)


def __getattr__(name: str) -> Any:
    """Find a built-in component by its class name, such as ``pyfc.SGD``, importing no other."""
    if name[:1].isupper():  # a class: `from pyfc import datasets` asks here too, and need not start a scan
        for record in registry.records():
            if record.builtin and record.value.rpartition(":")[2] == name:
                return record.load()
    # With name and obj, Python adds the nearest of dir(pyfc): "Did you mean: 'Adam'?"
    raise AttributeError(f"module 'pyfc' has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    """Return the public names and the built-in components' classes, as completion wants them; loads none."""
    classes = {record.value.rpartition(":")[2] for record in registry.records() if record.builtin}
    own = {name for name in globals() if name[:2] == "__" or f"pyfc.{name}" in sys.modules}
    return sorted(classes.union(__all__, own))
