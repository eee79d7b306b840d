"""Layers: what a network is a list of. Each can be called by hand, forward and backward, outside any network."""

from pyfc.layers.activation import Activation
from pyfc.layers.base import Layer, layer_from_config
from pyfc.layers.chain import LayerLike, chain, chain_sizes
from pyfc.layers.dense import Dense
from pyfc.layers.dropout import Dropout
from pyfc.layers.scale import Scale

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Layer",
    "LayerLike",
    "Scale",
    "chain",
    "chain_sizes",
    "layer_from_config",
]
