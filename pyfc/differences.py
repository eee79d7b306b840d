"""Holds one gradient, entry by entry, to finite differences of the function that it belongs to.

The two-sided difference (f(x + h) - f(x - h)) / 2h has an error of order h**2, so in float64 it agrees with a right
gradient to nine digits or so. Right beside a kink (of relu, say) the two can disagree honestly: such an entry is asked
again with a smaller h. Right on a kink any number between the slopes of its two sides is a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyfc.component.base import Array
from pyfc.report import Report, worst_entry

#: How many units of the last place two values of a function are taken to be off, in a check of that function alone.
_ROUNDING = 8 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Differences:
    """Settings of a comparison, and where it is taken down.

    Parameters
    ----------
    report : Report
        Gets one check for each gradient.
    entries : int
        At most so many entries of each are compared.
    step : float
        h, relative to the size of the entry where that is above 1.
    tolerance : float
        Largest difference allowed, relative to the larger of the two and to the mean entry of the gradient.
    """

    report: Report
    entries: int
    step: float
    tolerance: float

    def compare(
        self,
        name: str,
        letter: str,
        values: Array,
        gradient: object,
        terms: Callable[[], Array],
        weights: Array,
        draw: np.random.Generator,
        *,
        rounding: float = _ROUNDING,
        reach: Array | None = None,
    ) -> bool:
        """Compare a gradient by some values with differences of ``sum(weights * terms())``, and take it down.

        Parameters
        ----------
        name : str
            Of the check.
        letter : str
            What the values are called.
        values : ndarray
            What is differentiated by: contiguous, float64; moved while ``terms`` is called, and put back.
        gradient : object
            What a backward returned; a check fails that is no array of the values' shape.
        terms : callable
            Returns the terms of the function at the present values.
        weights : ndarray
            Of the terms; the terms are subtracted before they are summed, so that nothing cancels.
        draw : numpy.random.Generator
            Chooses the entries.
        rounding : float, optional
            How far a term may be off, relative to itself, which the difference then cannot know better.
        reach : ndarray, optional
            How far each value can be moved, for a function that ends near it; any step is a small part of that.

        Returns
        -------
        bool
            Whether there was a gradient to compare, right or wrong.
        """
        if not isinstance(gradient, np.ndarray) or gradient.shape != values.shape:
            found = f"shape {gradient.shape}" if isinstance(gradient, np.ndarray) else repr(gradient)
            self.report.add(name, False, f"returned {found}: expected shape {values.shape}, that of {letter}")
            return False
        if not values.size:
            return True
        flat = values.reshape(-1)

        def slope(index: int, up: float, down: float) -> tuple[float, float]:
            """Return the difference quotient at an entry, and how far rounding may have put it off."""
            value = flat[index]
            try:
                flat[index] = value + up
                up = float(flat[index] - value)
                above = np.array(terms())  # a copy: what a layer returns may be its input, or used by it again
                flat[index] = value - down
                down = float(value - flat[index])
                below = np.array(terms())
            finally:
                flat[index] = value
            # Of the terms that did not change, one may have by less than its last place.
            noise = rounding * np.maximum(np.abs(above), np.abs(below)) * np.abs(weights)
            off = max(float(noise[above != below].sum()), float(noise.max(initial=0.0)))
            return float(((above - below) * weights).sum() / (up + down)), off / (up + down)

        chosen = draw.choice(flat.size, min(self.entries, flat.size), replace=False)
        chosen = np.union1d(chosen, np.flatnonzero(~np.isfinite(gradient))[:1])  # a NaN is found wherever it is
        typical = float(np.abs(gradient).mean())
        wanted, errors = np.empty(len(chosen)), np.empty(len(chosen))
        for i, index in enumerate(map(int, chosen)):
            h = self.step * max(1.0, abs(float(flat[index])))
            if reach is not None:
                h = min(h, 1e-3 * float(reach.flat[index]))
            wanted[i], errors[i] = self._entry(float(gradient.flat[index]), typical, index, h, slope)
        (worst,) = worst_entry(errors)
        offset = int(chosen[worst])
        at = tuple(map(int, np.unravel_index(offset, values.shape)))
        self.report.add(
            name,
            errors[worst] <= self.tolerance,
            f"worst of {len(chosen)} at {at}, {letter} = {flat[offset]:.6g}: "
            f"gradient {gradient.flat[offset]:.9g}, difference {wanted[worst]:.9g}",
        )
        return True

    def _entry(
        self,
        got: float,
        typical: float,
        index: int,
        h: float,
        slope: Callable[[int, float, float], tuple[float, float]],
    ) -> tuple[float, float]:
        """Return the difference that an entry is held against, and the relative error."""

        def error(wanted: float, noise: float) -> float:
            off = abs(got - wanted) / scale(wanted)
            return off if off <= self.tolerance else max(off - noise / scale(wanted), 0.0)

        def scale(wanted: float) -> float:
            return max(abs(got), abs(wanted), typical, 1e-8)

        wanted, noise = slope(index, h, h)
        found = error(wanted, noise)
        if found <= self.tolerance:
            return wanted, found
        nearer, noise = slope(index, h / 100, h / 100)
        if error(nearer, noise) <= self.tolerance:
            return nearer, error(nearer, noise)
        # The slopes of the two sides of a kink differ as much however small h is; those of a smooth function do not.
        low, high = sorted(slope(index, *sides)[0] for sides in ((h, 0.0), (0.0, h)))
        small = [slope(index, *sides)[0] for sides in ((h / 100, 0.0), (0.0, h / 100))]
        kink = 0.5 < abs(small[1] - small[0]) / (high - low) < 2 if high > low else False
        spare = self.tolerance * scale(wanted)
        if kink and low - spare <= got <= high + spare:
            return wanted, 0.0
        # Without a kink the first one is known to more digits.
        return (wanted, found) if abs(nearer - wanted) <= 1e-3 * scale(wanted) else (nearer, error(nearer, noise))
