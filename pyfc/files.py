"""Saves a network to a file and loads it, with no code in the file: layers and components are looked up by name.

All numbers are kept bit by bit, NaN and infinity too: a file is a copy, not a judge. The state of the random numbers
is part of it, so training that goes on with a loaded network takes the same path as with the one that was saved.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyfc.container import AGAIN, Stored, opened, write
from pyfc.description import describe, rebuild
from pyfc.errors import ModelFileError, PluginError
from pyfc.layers import Dropout, Layer, layer_from_config
from pyfc.network import Network

#: What a wrong description can raise while a network is made from it.
BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError)


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a safetensors file.

    The file holds the parameters by their names, and as JSON in its metadata the layers with their settings, the loss
    and the state of the random numbers. It is written whole or not at all, and is the same, byte by byte, for the same
    network.

    Parameters
    ----------
    network : Network
        What to save.
    path : path
        Where to; ``.safetensors`` is the usual ending.

    Raises
    ------
    OSError
        If it cannot be written: a full disk, a missing folder, ... An old file is then as it was.
    TypeError
        If a plugin's settings are not plain data.

    Examples
    --------
    >>> import pathlib, tempfile, pyfc
    >>> net = pyfc.Network([pyfc.Dense(2, 1, init="zeros")], loss="squared_error")
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "line.safetensors"
    >>> net.save(path)
    >>> pyfc.load(path)
    Network([Dense(2, 1)], loss='squared_error', dtype='float32')
    """
    write(path, "network", network_content(network), network.parameters)


def load(path: str | os.PathLike[str]) -> Network:
    """Return the network in a file; :func:`pyfc.load` says all about it."""
    with opened(path) as stored:
        return read_network(stored)


def network_content(network: Network) -> dict[str, Any]:
    """Return what a file says of a network, beside its parameters' values, as plain data."""
    architecture = describe_network(network)
    requires = {part["distribution"]: part["version"] for part in _components(architecture)}
    return {
        "network": architecture,
        "random": describe_random(network),
        "requires": {name: requires[name] for name in sorted(requires) if name != "pyfc"},
    }


def describe_network(network: Network) -> dict[str, Any]:
    """Return layers, loss and settings as plain data."""
    return {
        "dtype": network.dtype.name,
        "loss": describe(network.loss),
        "l1": network.l1,
        "l2": network.l2,
        "sizes": list(network.sizes),
        "layers": [{**layer.config(), "frozen": layer.frozen} for layer in network.layers],
    }


def describe_random(network: Network) -> dict[str, Any]:
    """Return the state of shuffling and dropout as plain data."""
    shuffle = network.shuffle_rng.bit_generator.state
    if shuffle["bit_generator"] != "PCG64":
        raise TypeError(f"shuffle_rng is a {shuffle['bit_generator']}: expected PCG64, from numpy.random.default_rng")
    return {"shuffle": shuffle, "dropout": {d.name: [d.key, d.position] for d in _dropouts(network)}}


def restore_random(network: Network, state: Mapping[str, Any]) -> None:
    """Take back what :func:`describe_random` returned."""
    generator = np.random.PCG64()
    generator.state = state["shuffle"]
    for layer in _dropouts(network):
        layer.key, layer.position = (_count(number) for number in state["dropout"][layer.name])
    network.shuffle_rng = np.random.Generator(generator)


def read_network(stored: Stored) -> Network:
    """Return the network in an open file.

    Nothing is allocated before the shapes that the layers ask for have been compared with those in the file.
    """
    try:
        about = stored.content["network"]
        layers = [_layer(config) for config in about["layers"]]
        shapes, names = _shapes(layers, about["sizes"]), [layer.name for layer in layers]
        if None in names or len(set(names)) < len(names):
            raise ValueError(f"its layers are called {', '.join(map(repr, names))}: expected different names")
        loss, dtype = rebuild("losses", about["loss"]), np.dtype(about["dtype"])
        wanted = [{f"{n}.{key}": shape for key, shape in each.items()} for n, each in zip(names, shapes, strict=True)]
        stored.expect({name: (dtype, shape) for each in wanted for name, shape in each.items()})
        arrays = stored.read()
        for layer, each in zip(layers, shapes, strict=True):
            layer.parameters = {key: arrays[f"{layer.name}.{key}"] for key in each}
            layer.built = True
        network = Network(layers, loss, dtype=about["dtype"], l1=about["l1"], l2=about["l2"])
        restore_random(network, stored.content["random"])
    except PluginError as error:
        requires = stored.content.get("requires")
        needs = ", ".join(f"{n} {v}" for n, v in requires.items()) if isinstance(requires, dict) else ""
        raise PluginError(f"{stored.path}: {error}{needs and f'; the file needs {needs}'}") from error
    except ModelFileError:
        raise
    except BROKEN as error:
        raise stored.error(f"its description is of no network that pyfc can make ({error}); {AGAIN}") from error
    return network


def _layer(config: Mapping[str, Any]) -> Layer:
    settings = dict(config)
    frozen = settings.pop("frozen")
    layer = layer_from_config(settings)
    if not isinstance(frozen, bool):
        raise TypeError(f"frozen is {frozen!r}: expected true or false")
    layer.frozen = frozen
    return layer


def _shapes(layers: list[Layer], sizes: Any) -> list[dict[str, tuple[int, ...]]]:
    """Return the shapes of each layer's parameters, or raise if the layers do not have the sizes that were written."""
    shapes, size = [], _count(sizes[0])
    found = [size]
    for layer in layers:
        shapes.append(layer.parameter_shapes(size))
        size = layer.out_size(size)
        found.append(size)
    if found != sizes:
        raise ValueError(f"its layers have sizes {found}: expected {sizes}")
    return shapes


def _dropouts(network: Network) -> list[Dropout]:
    return [layer for layer in network.layers if isinstance(layer, Dropout)]


def _count(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        raise ValueError(f"{number!r}: expected a number from 0 to 2**63 - 1")
    return number


def _components(description: Any) -> Iterator[dict[str, Any]]:
    """Return the components in a description, wherever they stand."""
    if isinstance(description, dict):
        if {"name", "distribution", "version"} <= description.keys():
            yield description
        description = list(description.values())
    if isinstance(description, list):
        for part in description:
            yield from _components(part)
