"""How a list of layers and activation names becomes the chain of a network: named, and with sizes that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pyfc import component
from pyfc.layers.activation import Activation
from pyfc.layers.base import Layer
from pyfc.layers.dense import Dense

#: What a network takes as a layer.
LayerLike = Layer | str | component.Activation | type[component.Activation]


def chain(layers: Sequence[LayerLike]) -> tuple[Layer, ...]:
    """Return the layers of a network: copies of those given, activations made into layers, all with a name.

    Layers without a name, or with that of another one, are called after what they are, and counted: dense_0, relu_0,
    dense_1, ...
    """
    if isinstance(layers, (str, Layer)) or not isinstance(layers, Sequence):
        raise TypeError(f"layers is {layers!r}: expected a list of layers and activation names")
    return _named([layer.copy() if isinstance(layer, Layer) else Activation(layer) for layer in layers])


def _named(layers: list[Layer]) -> tuple[Layer, ...]:
    taken = Counter(layer.name for layer in layers if layer.name)
    double = [name for name, count in taken.items() if count > 1]
    counts: Counter[str] = Counter()
    for layer in layers:
        if layer.name and layer.name not in double:
            continue
        kind = layer.function.name if isinstance(layer, Activation) else layer.kind
        while True:
            name = f"{kind}_{counts[kind]}"
            counts[kind] += 1
            if name not in taken:
                break
        layer.name = name
    return tuple(layers)


def chain_sizes(layers: tuple[Layer, ...]) -> list[int]:
    """Return the number of inputs, then of each layer's outputs, or raise if the layers do not fit together."""
    dense = next((layer for layer in layers if isinstance(layer, Dense)), None)
    if dense is None:
        raise ValueError("a network without a Dense layer learns nothing: expected at least one Dense(n_in, n_out)")
    sizes = [dense.n_in]
    for index, layer in enumerate(layers):
        try:
            sizes.append(layer.out_size(sizes[-1]))
        except ValueError as error:
            before = layers[index - 1] if index else None
            raise ValueError(f"layer {index} does not fit after {before!r}: {error}") from error
    return sizes
