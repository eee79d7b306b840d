"""Holds one gradient, entry by entry, to finite differences of the function that it belongs to.

The two-sided difference (f(x + h) - f(x - h)) / 2h has an error of order h**2, so in float64 it agrees with a right
gradient to nine digits or so. Three things make the two disagree honestly. Beside a kink (of relu, say) a smaller h
helps. Right on a kink any number between the slopes of its two sides is a gradient. And where the terms of f are large,
the difference of two of them is known to few digits; a larger h helps, as long as f is straight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyfc.component.base import Array
from pyfc.report import Report, worst_entry

#: How many units of the last place two values of a function are taken to be off, in a check of that function alone.
_ROUNDING = 8 * float(np.finfo(np.float64).eps)

#: The largest h, relative to the entry where that is above 1.
_LARGEST = 1e-2


@dataclass(frozen=True)
class Function:
    """A function of an array, ``sum(weights * terms())``.

    Parameters
    ----------
    values : ndarray
        The array: contiguous, float64; moved while ``terms`` is called, and put back.
    terms : callable
        Returns the terms at the present values.
    weights : ndarray
        Of the terms; the terms are subtracted before they are summed, so that nothing cancels.
    rounding : float, optional
        How far a changed term may be off, relative to itself, which a difference then cannot know better.
    reach : ndarray, optional
        How far each value can be moved, for a function that ends near it; any step is a small part of that.
    """

    values: Array
    terms: Callable[[], Array]
    weights: Array
    rounding: float = _ROUNDING
    reach: Array | None = None

    def largest_step(self, index: int) -> float:
        """Return how far the entry at an index of the flat array may be moved."""
        largest = _LARGEST * max(1.0, abs(float(self.values.flat[index])))
        return largest if self.reach is None else min(largest, 1e-3 * float(self.reach.flat[index]))

    def slope(self, index: int, above: float, below: float) -> tuple[float, float]:
        """Return the difference quotient from so far below an entry to so far above it, and how far it may be off."""
        flat = self.values.reshape(-1)
        value = flat[index]
        try:
            flat[index] = value + above
            distance = float(flat[index])
            high = np.array(self.terms())  # a copy: what a layer returns may be its input, or used by it again
            flat[index] = value - below
            distance -= float(flat[index])
            low = np.array(self.terms())
        finally:
            flat[index] = value
        # Terms that do not change have no part in it; but if none does, the step may be too small to see.
        still = (high == low) & (high != low).any()
        off = np.where(still, 0, self.rounding * np.maximum(np.abs(high), np.abs(low)))
        return float(((high - low) * self.weights).sum() / distance), float(
            (off * np.abs(self.weights)).sum() / distance
        )


@dataclass(frozen=True)
class Verdict:
    """What was found at one entry: the difference, the relative error that counts, and what it was excused by."""

    wanted: float
    error: float
    on_kink: bool = False
    known_to: float = 0.0


class Differences:
    """Compares gradients with differences of their functions, and takes down one check for each.

    Parameters
    ----------
    report : Report
        Gets the checks.
    entries : int
        At most so many entries of each gradient are compared.
    step : float
        h, relative to the size of the entry where that is above 1.
    tolerance : float
        Largest difference allowed, relative to the larger of the two and to the mean entry of the gradient.
    """

    def __init__(self, report: Report, entries: int, step: float, tolerance: float) -> None:
        self.report, self.entries, self.step, self.tolerance = report, entries, step, tolerance

    def compare(self, name: str, letter: str, gradient: object, function: Function, draw: np.random.Generator) -> bool:
        """Compare a gradient with differences of its function, and take it down.

        Parameters
        ----------
        name : str
            Of the check.
        letter : str
            What the function's array is called.
        gradient : object
            What a backward returned; a check fails that is no array of the right shape.
        function : Function
            What it should be the gradient of.
        draw : numpy.random.Generator
            Chooses the entries.

        Returns
        -------
        bool
            Whether there was a gradient to compare, right or wrong.
        """
        values = function.values
        if not isinstance(gradient, np.ndarray) or gradient.shape != values.shape:
            found = f"shape {gradient.shape}" if isinstance(gradient, np.ndarray) else repr(gradient)
            self.report.add(name, False, f"returned {found}: expected shape {values.shape}, that of {letter}")
            return False
        if not values.size:
            return True
        chosen = draw.choice(values.size, min(self.entries, values.size), replace=False)
        chosen = np.union1d(chosen, np.flatnonzero(~np.isfinite(gradient))[:1])  # a NaN is found wherever it is
        typical = float(np.abs(gradient).mean())
        verdicts = [self._judge(float(gradient.flat[index]), typical, function, int(index)) for index in chosen]
        (worst,) = worst_entry(np.array([verdict.error for verdict in verdicts]))
        verdict, offset = verdicts[worst], int(chosen[worst])
        at = tuple(map(int, np.unravel_index(offset, values.shape)))
        detail = (
            f"worst of {len(chosen)} at {at}, {letter} = {values.flat[offset]:.6g}: "
            f"gradient {gradient.flat[offset]:.9g}, difference {verdict.wanted:.9g}"
        )
        known_to, kinks = max(v.known_to for v in verdicts), sum(v.on_kink for v in verdicts)
        if known_to:
            detail += f"; differences known to {known_to:.1g} only, as the terms are large"
        if kinks:
            detail += f"; {kinks} of {len(chosen)} on a kink, where any slope between those of its two sides will do"
        self.report.add(name, verdict.error <= self.tolerance, detail)
        return True

    def _judge(self, got: float, typical: float, function: Function, index: int) -> Verdict:
        """Hold one entry of a gradient against differences."""

        def relative(number: float, wanted: float) -> float:
            return number / max(abs(got), abs(wanted), typical, 1e-8)

        largest = function.largest_step(index)
        h = min(self.step * max(1.0, abs(float(function.values.flat[index]))), largest)
        wanted, noise = function.slope(index, h, h)
        while relative(noise, wanted) > self.tolerance and 10 * h <= largest:
            further, less = function.slope(index, 10 * h, 10 * h)
            change = abs(further - wanted)
            if not change <= noise + less:  # it bends
                break
            # It is straight as far as can be seen. If it bends unseen, then by about as much as the quotient changed.
            wanted, noise, h = further, less + 2 * change, 10 * h
        error = relative(abs(got - wanted), wanted)
        if error <= self.tolerance:
            return Verdict(wanted, error)
        if relative(abs(got - wanted) - noise, wanted) <= self.tolerance:
            return Verdict(wanted, 0.0, known_to=noise)
        for shorter in (h / 1e4, h / 1e2):
            nearer, its_noise = function.slope(index, shorter, shorter)
            its_error = relative(abs(got - nearer), nearer)
            if its_error <= self.tolerance and relative(its_noise, nearer) <= self.tolerance:
                return Verdict(nearer, its_error)
        if self._on_kink(got, relative(1.0, wanted), function, index, h):
            return Verdict(wanted, 0.0, on_kink=True)
        # Without a kink the first difference is known to more digits.
        return Verdict(wanted, error) if relative(abs(nearer - wanted), wanted) <= 1e-3 else Verdict(nearer, its_error)

    def _on_kink(self, got: float, per_unit: float, function: Function, index: int, h: float) -> bool:
        """Return whether an entry is right on a kink, and the gradient between the slopes of its two sides.

        These differ as much however small h is; those of a smooth function do not.
        """
        low, high = sorted(function.slope(index, *sides)[0] for sides in ((h, 0.0), (0.0, h)))
        right, left = (function.slope(index, *sides)[0] for sides in ((h / 100, 0.0), (0.0, h / 100)))
        spare = self.tolerance / per_unit
        return high > low and 0.5 < abs(right - left) / (high - low) < 2 and low - spare <= got <= high + spare
