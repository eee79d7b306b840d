"""Difference quotients of one function by one entry of what it depends on, each with how far rounding may put it off.

What they are held against, and with which h, is the business of :mod:`pyfc.differences`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyfc.component.base import Array

#: How many units of the last place two values of a function are taken to be off, in a check of that function alone.
ROUNDING = 8 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Quotient:
    """A difference quotient.

    Attributes
    ----------
    parts : ndarray
        That of each term of the sum.
    noises : ndarray
        How far rounding may have put each of them off.
    noise : float
        How far it may have put their sum off.
    """

    parts: Array
    noises: Array
    noise: float

    @property
    def slope(self) -> float:
        """The quotient of the sum."""
        return float(self.parts.sum())

    def agrees(self, other: Quotient, spare: float = 0.0) -> bool:
        """Return whether the two are the same, in each part, as far as rounding, and something to spare, lets one see.

        In each part, for two that bend may cancel in the sum.
        """
        return bool((np.abs(self.parts - other.parts) <= self.noises + other.noises + spare).all())

    def straightened(self, twice: Quotient) -> Quotient:
        """Return the quotient without its error of order h**2, given the one for 2 h."""
        parts, noises = (4 * self.parts - twice.parts) / 3, (4 * self.noises + twice.noises) / 3
        return Quotient(parts, noises, (4 * self.noise + twice.noise) / 3)

    def blurred(self, factor: float) -> Quotient:
        """Return the quotient with so many times the noise."""
        return Quotient(self.parts, factor * self.noises, factor * self.noise)


@dataclass(frozen=True)
class Function:
    """A function ``sum(weights * terms())`` of some values.

    Attributes
    ----------
    values : ndarray
        What it is differentiated by: contiguous, float64; moved while ``terms`` is called, and put back.
    terms : callable
        Returns the terms at the present values.
    weights : ndarray
        Of the terms; the terms are subtracted before they are summed, so that nothing cancels.
    rounding : float
        How far a term may be off, relative to itself, which the quotient then cannot know better.
    reach : ndarray, optional
        How far each value can be moved, for a function that ends near it.
    """

    values: Array
    terms: Callable[[], Array]
    weights: Array
    rounding: float = ROUNDING
    reach: Array | None = None

    def size(self, index: int) -> float:
        """Return the size of an entry, at least 1: what a step is relative to."""
        return max(1.0, abs(float(self.values.flat[index])))

    def room(self, index: int) -> float:
        """Return how far an entry can be moved."""
        return np.inf if self.reach is None else float(self.reach.flat[index])

    def quotient(self, index: int, up: float, down: float) -> Quotient:
        """Return the quotient of the difference between an entry moved up and down by so much."""
        above, moved_up = self._moved(index, up)
        below, moved_down = self._moved(index, -down)
        h = moved_up - moved_down
        # Of the terms that did not change, one may have by less than its last place.
        noise = self.rounding * np.maximum(np.abs(above), np.abs(below)) * np.abs(self.weights)
        off = max(float(noise[above != below].sum()), float(noise.max(initial=0.0)))
        return Quotient((above - below) * self.weights / h, noise / h, off / h)

    def _moved(self, index: int, by: float) -> tuple[Array, float]:
        """Return the terms with an entry moved, and by how much it was, which rounding may have changed."""
        flat = self.values.reshape(-1)
        value = flat[index]
        try:
            flat[index] = value + by
            # A copy: what a layer returns may be its input, or used by it again.
            return np.array(self.terms()), float(flat[index] - value)
        finally:
            flat[index] = value
