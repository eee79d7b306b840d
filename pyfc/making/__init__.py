"""Makers of components: classes made of a formula, of two functions, or of the addresses of compiled code.

Each returns a class, as if it had been written by hand where the maker was called, and registers nothing.
"""

from pyfc.making.address import activation_from_address, loss_from_address
from pyfc.making.formula import activation_from_formula
from pyfc.making.functions import activation_from_functions, loss_from_functions

__all__ = [
    "activation_from_address",
    "activation_from_formula",
    "activation_from_functions",
    "loss_from_address",
    "loss_from_functions",
]
