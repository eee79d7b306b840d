"""Derives what an activation needs from its formula: the backward, forms that do not overflow, and the steps to both.

The letters and the parser are those of :class:`pyfc.proof.Derivation`, which proves the steps again from their text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import mpmath
import sympy

from pyfc.component import Hyper
from pyfc.derivation import Step
from pyfc.errors import ProofError
from pyfc.making.stable import Stable, tidied, without_kinks
from pyfc.making.template import Code
from pyfc.proof import Derivation
from pyfc.symbolic import evaluator

#: Where a formula is tried: both signs, small and large, and numbers at which people put kinks and poles.
POINTS = (0.0, 1e-9, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 30.0, 100.0)


def text(expression: Any) -> str:
    """Return an expression in the notation of a derivation."""
    return re.sub(r"\bE\b", "exp(1)", str(expression))


def parsed(formula: str, hypers: Mapping[str, Hyper], learned: str) -> tuple[Any, Derivation]:
    """Return y and a derivation that defines it; decimal fractions become exact.

    Raises
    ------
    ValueError
        If the formula is none.
    """
    bounds = {name: (hyper.low, hyper.open_low) for name, hyper in hypers.items() if name != learned}
    step = Step(1, f"y = {formula}", "")
    derivation = Derivation([step], "y", bounds, {})
    try:
        derivation.define(step)
        (y,) = derivation.definitions.values()
        y = y.xreplace({number: sympy.Rational(str(number)) for number in y.atoms(sympy.Float)})
    except (ProofError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the formula is {formula!r}: {error}; expected something like 'z / (1 + exp(-z))'") from error
    if not isinstance(y, sympy.Expr):
        raise ValueError(f"the formula is {formula!r}, which is {y}: expected a number for each z")  # noqa: TRY004
    if derivation.symbol("z") not in y.free_symbols:
        raise ValueError(f"the formula is {formula!r}, which is {text(y)} for every z: expected a function of z")
    return y, derivation


def check_values(formula: str, what: str, expression: Any, values: Mapping[sympy.Symbol, float]) -> None:
    """Raise if an expression is not a real, finite number at some z."""
    z = next(symbol for symbol in values if symbol.name == "z")
    function = evaluator(list(values), expression)
    for point in sorted({*POINTS, *(-point for point in POINTS)}, key=abs):
        try:
            value = function(*({**values, z: mpmath.mpf(point)}.values()))
            bad = isinstance(value, mpmath.mpc) and value.imag != 0
            word = f"{mpmath.nstr(value, 5)}, not a real number" if bad else "infinite or not a number"
            bad = bad or not mpmath.isfinite(value)
        except (ZeroDivisionError, ValueError, TypeError):  # None, where no branch holds
            bad, word = True, "not defined"
        except OverflowError:  # larger than any number in mpmath
            bad = False
        if bad:
            raise ValueError(
                f"the formula is {formula!r}: {what} is {word} at z = {point:g}; an activation is given every number, "
                "so for instance log(z) has to be log(1 + Abs(z))"
            )


def derived(name: str, formula: str, hypers: Mapping[str, Hyper], learned: str) -> tuple[tuple[Step, ...], Code]:
    """Return the derivation of a formula, and what code is written from.

    Parameters
    ----------
    name : str
        Of the activation.
    formula : str
        In the notation of :mod:`pyfc.derivation`.
    hypers : mapping
        Letter -> hyper-parameter.
    learned : str
        Which of them is learned, or ``""``.

    Raises
    ------
    ValueError
        If the formula is none, or does not give a real number for every z, or its derivative does not.
    """
    formula = " ".join(formula.split())
    y, derivation = parsed(formula, hypers, learned)
    z = derivation.symbol("z")
    values = {z: 0.0, **{derivation.symbol(letter): float(hyper.default) for letter, hyper in hypers.items()}}
    check_values(formula, "it", y, values)
    smooth = without_kinks(y)
    kinks = " at a kink, where there is none, it is that of the last branch" if smooth.has(sympy.Piecewise) else ""
    slopes = {"z": derivative(smooth, z)}
    if slopes["z"] == 0:
        raise ValueError(
            f"the formula is {formula!r}: its derivative is 0 everywhere, and nothing before it would learn"
        )
    check_values(formula, "its derivative", slopes["z"], values)
    if learned:
        slopes[learned] = derivative(smooth, derivation.symbol(learned))
    stable = Stable(z)
    forward = stable(y)
    backward = {letter: stable(slope) for letter, slope in slopes.items()}
    used = set().union(forward.free_symbols, *(sympy.sympify(form).free_symbols for form in backward.values()))
    exponents = {e: u for e, u in stable.exponents.items() if e in used}
    plain = forward == y
    rows: list[tuple[str, str, bool]] = [(f"y = {text(y)}", f"definition: {formula}", plain)]
    numbers = {}
    for e, u in exponents.items():
        rows.append(
            (f"{e} = {text(sympy.exp(-sympy.Abs(u)))}", "exp of a number that is not positive cannot overflow", True)
        )
        numbers[e] = (u, len(rows))
    if not plain:
        rows.append((f"y = {text(forward)}", f"(1) {_rewritten(exponents)}", True))
    y_row = 1 if plain else len(rows)
    made = {"y": (forward, y_row)}
    for letter, slope in slopes.items():
        form = backward[letter]
        rows.append(
            (f"diff(y, {letter}) = {text(slope)}", f"differentiation of (1) by {letter};{kinks}".rstrip(";"), False)
        )
        with_e = (
            "" if form == slope else f", {_rewritten(exponents)}" if plain else f", rewritten as (1) was in ({y_row})"
        )
        each = "" if letter == "z" else "; for one sample and one unit: the sum over all that share it"
        rows.append((f"d{letter} = {text(_times_dy(form))}", f"chain rule with ({len(rows)}){with_e}{each}", True))
        made[f"d{letter}"] = (form, len(rows))
    steps = tuple(Step(index, *row) for index, row in enumerate(rows, start=1))
    letters = tuple(letter for letter in hypers if letter != learned)
    return steps, Code(f"{name}: y = {formula}", letters, learned, numbers, made)


def derivative(smooth: Any, symbol: sympy.Symbol) -> Any:
    """Return the derivative, over one denominator where that is shorter."""
    slope = sympy.diff(smooth, symbol)
    if slope.has(sympy.Piecewise):
        slope = sympy.piecewise_fold(slope)
    return tidied(slope)


def _times_dy(form: Any) -> Any:
    return sympy.Mul(sympy.Symbol("dy", real=True), form, evaluate=False)


def _rewritten(exponents: Mapping[sympy.Symbol, Any]) -> str:
    """Return in words how an expression was rewritten."""
    if not exponents:
        return "without tanh, sinh and cosh"
    known = [
        f"exp({text(u)}) is 1/{e}" + ("" if u.is_nonnegative else f" where {text(u)} > 0, else {e}")
        for e, u in exponents.items()
    ]
    return f"with {' and '.join(map(str, exponents))}, so that nothing overflows: {', and '.join(known)}"
