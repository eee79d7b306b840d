"""Holds one gradient, entry by entry, to finite differences of the function that it belongs to.

The two-sided difference (f(x + h) - f(x - h)) / 2h has an error of order h**2, so in float64 it agrees with a right
gradient to nine digits or so. Where rounding leaves fewer, because f is large and its slope small, h is made larger as
far as f is seen to be straight. Right beside a kink (of relu, say) gradient and difference can disagree honestly: such
an entry is asked again with a smaller h. Right on a kink any number between the slopes of its two sides is a gradient.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pyfc.component.base import Array
from pyfc.quotient import Function, Quotient
from pyfc.report import Figure, Report, worst_entry

#: h is made so many times larger, or smaller, where the first is not right.
_FACTOR = 100.0
#: Slopes of the two sides stay, if shrinking h by 10 changes them by at most this part of their distance. Those of a
#: smooth function would come nearer to each other: both change by 0.45 of it.
_STAYS = 0.2


@dataclass(frozen=True)
class Verdict:
    """What was found of one entry.

    Attributes
    ----------
    wanted : float
        The difference quotient.
    error : float
        Of the gradient, relative, less what rounding or a kink allow.
    known : float
        How far the quotient is known, relative, if the entry passes only because it is not known better, else 0.
    on_kink : bool
        Whether it passes only because it lies between the slopes of the two sides of a kink.
    """

    wanted: float
    error: float
    known: float = 0.0
    on_kink: bool = False


@dataclass
class Differences:
    """Compares gradients with differences, and takes down one check for each.

    Attributes
    ----------
    report : Report
        Where they are taken down.
    entries : int
        At most so many entries of each are compared.
    step : float
        h, relative to the size of the entry where that is above 1.
    tolerance : float
        Largest difference allowed, relative to the larger of the two and to the mean entry of the gradient.
    draw : numpy.random.Generator
        Chooses the entries.
    """

    report: Report
    entries: int
    step: float
    tolerance: float
    draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def compare(self, name: str, letter: str, gradient: object, function: Function) -> bool:
        """Compare the gradient of a function by its values with differences, and take it down.

        Parameters
        ----------
        name : str
            Of the check.
        letter : str
            What the values are called.
        gradient : object
            What a backward returned; a check fails that is no array of the values' shape.
        function : Function
            What it should be the gradient of.

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
        typical = float(np.abs(gradient).mean())
        chosen = self._choose(gradient)
        verdicts = [self._judge(function, index, float(gradient.flat[index]), typical) for index in chosen]
        (worst,) = worst_entry(np.array([verdict.error for verdict in verdicts]))
        at = tuple(map(int, np.unravel_index(chosen[worst], values.shape)))
        self.report.add(
            name,
            verdicts[worst].error <= self.tolerance,
            f"worst of {len(chosen)} at {at}, {letter} = {values[at]:.6g}: "
            f"gradient {gradient[at]:.9g}, difference {verdicts[worst].wanted:.9g}{_allowances(verdicts)}",
            Figure(f"d{letter}", "difference", verdicts[worst].error, ((letter, f"{values[at]:.6g}"),)),
        )
        return True

    def _choose(self, gradient: Array) -> list[int]:
        """Return the entries to compare; a NaN is among them wherever it is."""
        chosen = self.draw.choice(gradient.size, min(self.entries, gradient.size), replace=False)
        return [int(index) for index in np.union1d(chosen, np.flatnonzero(~np.isfinite(gradient))[:1])]

    def _judge(self, function: Function, index: int, got: float, typical: float) -> Verdict:
        """Return what is found of one entry of a gradient."""
        h = min(self.step * function.size(index), 1e-3 * function.room(index))
        first = function.quotient(index, h, h)
        scale = max(abs(got), abs(first.slope), typical, 1e-8)
        h, first = self._widen(function, index, h, first, self.tolerance * scale)
        verdict = self._verdict(got, first, scale)
        if verdict.error <= self.tolerance:
            return verdict
        # Where f bends, the error is a quarter of that with 2 h, and can be taken off (Richardson, 1911).
        straightened = self._verdict(got, first.straightened(function.quotient(index, 2 * h, 2 * h)), scale)
        if straightened.error <= self.tolerance:
            return straightened
        # A kink within h shows in a smaller one; where that is the same, it says nothing new.
        nearer = function.quotient(index, h / _FACTOR, h / _FACTOR)
        second = self._verdict(got, nearer, scale)
        if second.error <= self.tolerance and not nearer.agrees(first, 0.1 * self.tolerance * scale):
            return second
        if _on_kink(function, index, h, got, self.tolerance * scale):
            return Verdict(first.slope, 0.0, on_kink=True)
        # Without a kink the first one is known to more digits.
        return verdict if nearer.agrees(first, 1e-3 * scale) else second

    def _widen(
        self, function: Function, index: int, h: float, first: Quotient, enough: float
    ) -> tuple[float, Quotient]:
        """Return a larger h and its quotient, if rounding leaves too few digits and the function is straight so far.

        That it is straight is seen from the quotients, which are the same for h, 50 h and 100 h as far as they are
        known. An error of order h**2 changes by 3/4 of it from 100 h to 50 h, whose noise is twice as large: unseen it
        is at most 4 times the noise, which is counted in.
        """
        while first.noise > enough and _FACTOR * h <= min(function.size(index), 0.5 * function.room(index)):
            wider = function.quotient(index, _FACTOR * h, _FACTOR * h)
            half = function.quotient(index, _FACTOR / 2 * h, _FACTOR / 2 * h)
            if not (wider.agrees(first) and wider.agrees(half)):
                break
            h, first = _FACTOR * h, wider.blurred(5)
        return h, first

    def _verdict(self, got: float, quotient: Quotient, scale: float) -> Verdict:
        """Return what one quotient says of an entry."""
        off, known = abs(got - quotient.slope) / scale, quotient.noise / scale
        if off <= self.tolerance:
            return Verdict(quotient.slope, off)
        error = max(off - known, 0.0)
        return Verdict(quotient.slope, error, known if error <= self.tolerance else 0.0)


def _on_kink(function: Function, index: int, h: float, got: float, spare: float) -> bool:
    """Return whether an entry is on a kink, and the gradient between the slopes of its two sides.

    Terms may have kinks of their own, such as samples that are all 0: each may take its slope between its own two.
    """
    right, left = function.quotient(index, h, 0.0), function.quotient(index, 0.0, h)
    nearer = function.quotient(index, h / 10, 0.0), function.quotient(index, 0.0, h / 10)
    jump = float(np.abs(right.parts - left.parts).sum())
    moves = [float(np.abs(far.parts - near.parts).sum()) for far, near in zip((right, left), nearer, strict=True)]
    low, high = np.minimum(right.parts, left.parts).sum(), np.maximum(right.parts, left.parts).sum()
    return max(moves) <= _STAYS * jump and bool(low - spare <= got <= high + spare)


def _allowances(verdicts: list[Verdict]) -> str:
    """Return in words how many entries pass only by an allowance, or ""."""
    blurred = [verdict.known for verdict in verdicts if verdict.known]
    kinks = sum(verdict.on_kink for verdict in verdicts)
    text = f"; {len(blurred)} of {len(verdicts)} known to {max(blurred):.1g} of their size only" if blurred else ""
    if kinks:
        where = "on a kink, where any slope between those of its two sides will do"
        text += f"; {kinks} of {len(verdicts)} {where}"
    return text


def random_dy(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return some gradient by an output, of both signs, none near 0, with a negative sum.

    A backward that loses a sign passes where all are positive, and where it takes the sign of their sum that is.
    """
    dy: Array = draw.uniform(0.5, 2, shape) * draw.choice([-1.0, 1.0], shape)
    return -dy if dy.sum() > 0 else dy
