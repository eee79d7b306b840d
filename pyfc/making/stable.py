"""Rewrites an expression so that no exponential in it can overflow, for the code that is made from a formula.

All exponentials that are whole powers of one, exp(u), are written with ``e = exp(-Abs(u))``, which is never above 1:
where u > 0, exp(u) is 1/e, elsewhere e. In each of the two regions the expression is brought over one denominator,
without negative powers of e; out of a logarithm come the powers of e: log(1 + exp(u)) is u + log(1 + e) for u > 0. Two
such u are taken one after the other; with more, the expression is left as it is.

What cancels, such as 1 - e near u = 0, is not rewritten: :mod:`pyfc.making.codegen` works with more digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy import Abs, Max, Min, Piecewise, Rational, cosh, exp, log, sign, sinh, tanh

#: The letters for exponentials that cannot overflow.
LETTERS = ("e", "f")


def expanded(expression: Any, z: sympy.Symbol) -> Any:
    """Return an expression with tanh, sinh and cosh of z by exp."""
    for function, rule in (
        (tanh, lambda u: (1 - exp(-2 * u)) / (1 + exp(-2 * u))),
        (sinh, lambda u: (exp(u) - exp(-u)) / 2),
        (cosh, lambda u: (exp(u) + exp(-u)) / 2),
    ):
        expression = expression.replace(lambda x, f=function: x.func == f and x.has(z), lambda x, r=rule: r(x.args[0]))
    return expression


def without_kinks(expression: Any) -> Any:
    """Return an expression with Abs, sign, Max and Min by Piecewise, the last branch at the kink.

    A derivative is then the one on that branch's side.
    """

    def extreme(arguments: Sequence[Any], larger: bool) -> Any:
        first, *others = sorted(arguments, key=lambda a: (a.is_number, str(a)))
        for other in others:
            first = Piecewise((first, first > other if larger else first < other), (other, True))
        return first

    for function, rule in (
        (Abs, lambda x: Piecewise((x, x > 0), (-x, True))),
        (sign, lambda x: Piecewise((1, x > 0), (-1, x < 0), (0, True))),
        (Max, lambda *x: extreme(x, larger=True)),
        (Min, lambda *x: extreme(x, larger=False)),
    ):
        expression = expression.replace(function, rule)
    return expression


class Stable:
    """Rewrites the expressions of one formula, and collects the exponentials that they need.

    Parameters
    ----------
    z : Symbol
        The input.

    Attributes
    ----------
    exponents : dict
        Symbol e -> u, where e is ``exp(-Abs(u))``.
    """

    def __init__(self, z: sympy.Symbol) -> None:
        self.z = z
        self.exponents: dict[sympy.Symbol, Any] = {}

    def __call__(self, expression: Any) -> Any:
        """Return the rewritten expression, in which the symbols of ``exponents`` stand for their exponentials."""
        before, given = dict(self.exponents), expression
        expression = expanded(expression, self.z)
        if any(power.args[0].has(exp) for power in expression.atoms(exp)):
            expression = sympy.powsimp(expression, combine="exp")  # exp(-z) exp(-exp(-z)) is a large number times 0
        if any(piece.has(exp) for piece in expression.atoms(Piecewise)):
            expression = sympy.piecewise_fold(expression)
        try:
            return self._without_exp(expression)
        except LookupError:  # more exponentials than letters
            self.exponents = before
            return expression if given.has(sinh, cosh) else given

    def _without_exp(self, expression: Any) -> Any:
        powers = [power for power in expression.atoms(exp) if power.has(self.z)]
        # The outermost first: they are limited, whatever is in their exponents.
        outer = [p for p in powers if not any(p is not q and q.args[0].has(p) for q in powers)]
        if not outer:
            return expression
        u, ratios = _group(outer)
        e = self._letter(u)
        sides = []
        for direction in (1,) if u.is_nonnegative else (1, -1):
            here = _decided(expression, u, direction).xreplace({p: e ** (-direction * r) for p, r in ratios.items()})
            sides.append(self._without_exp(_without_poles(here, e, -direction * u)))
        if sides[0] == sides[-1]:
            return sides[0]
        above = self.z > 0 if sympy.cancel(u / self.z).is_positive else u > 0
        return Piecewise((sides[0], above), (sides[1], True))

    def _letter(self, u: Any) -> sympy.Symbol:
        for letter, known in self.exponents.items():
            if sympy.expand(known - u) == 0 or Abs(known) == Abs(u):
                return letter
        if len(self.exponents) == len(LETTERS):
            raise LookupError("more exponentials than letters")
        letter = sympy.Symbol(LETTERS[len(self.exponents)], positive=True)
        self.exponents[letter] = u
        return letter


def _group(powers: list[Any]) -> tuple[Any, dict[Any, Any]]:
    """Return u, and the exponentials that are whole powers of exp(u), each with its power."""
    first = min(powers, key=lambda p: (p.count_ops(), str(p))).args[0]
    first = -first if first.could_extract_minus_sign() else first
    ratios = {p: ratio for p in powers if (ratio := sympy.cancel(p.args[0] / first)).is_Rational}
    unit = Rational(0)
    for ratio in ratios.values():
        unit = sympy.gcd(unit, ratio)
    return first * unit, {p: ratio / unit for p, ratio in ratios.items()}


def _decided(expression: Any, u: Any, direction: int) -> Any:
    """Return an expression with the comparisons decided that follow from u > 0, or for direction -1, u <= 0."""
    known = {}
    for relation in expression.atoms(sympy.Gt, sympy.Ge, sympy.Lt, sympy.Le):
        ratio = sympy.cancel((relation.lhs - relation.rhs) / u)
        if ratio.is_positive or ratio.is_negative:
            above = bool(ratio.is_positive) == (direction > 0)
            sure = (sympy.Ge, sympy.Lt) if above else (sympy.Gt, sympy.Le)  # also on the border, u = 0
            if direction > 0 or isinstance(relation, sure):
                known[relation] = sympy.sympify(above == isinstance(relation, (sympy.Gt, sympy.Ge)))
    return expression.xreplace(known)


def _without_poles(expression: Any, e: sympy.Symbol, log_e: Any) -> Any:
    """Return an expression in e over one denominator, without powers of e in logarithms and negative ones elsewhere."""
    if isinstance(expression, Piecewise):
        return Piecewise(*((_without_poles(value, e, log_e), condition) for value, condition in expression.args))
    power, rest = _split(_arguments_without_poles(expression, e, log_e), e)
    return e**power * rest


def _arguments_without_poles(expression: Any, e: sympy.Symbol, log_e: Any) -> Any:
    if expression.is_Atom or not expression.has(e):
        return expression
    if expression.is_Add or expression.is_Mul or (expression.is_Pow and expression.exp.is_Integer):
        return expression.func(*(_arguments_without_poles(argument, e, log_e) for argument in expression.args))
    if isinstance(expression, log):
        power, rest = _split(_arguments_without_poles(expression.args[0], e, log_e), e)
        return power * log_e + log(rest)
    if isinstance(expression, Piecewise):
        return _without_poles(expression, e, log_e)
    if isinstance(expression, sympy.logic.boolalg.Boolean):
        return expression
    return expression.func(*(_without_poles(argument, e, log_e) for argument in expression.args))


def _split(expression: Any, e: sympy.Symbol) -> tuple[Any, Any]:
    """Return (k, rest) with the expression as e**k times a rest over one denominator that has no pole at e = 0."""
    names: dict[Any, sympy.Symbol] = {}
    numerator, denominator = sympy.fraction(sympy.factor(_hidden(expression, names)))
    shown = {name: hidden for hidden, name in names.items()}
    lowest = [min(monomial[0] for monomial in sympy.Poly(side, e).monoms()) for side in (numerator, denominator)]
    numerator, denominator = (
        sympy.factor(sympy.cancel(side / e**low)) if low else side
        for side, low in zip((numerator, denominator), lowest, strict=True)
    )
    return sympy.Integer(lowest[0] - lowest[1]), (numerator / denominator).xreplace(shown)


def _hidden(expression: Any, names: dict[Any, sympy.Symbol]) -> Any:
    """Return a rational function of symbols, with new ones for whatever else is in an expression."""
    if expression.is_Symbol or expression.is_Rational:
        return expression
    if expression.is_Add or expression.is_Mul:
        return expression.func(*(_hidden(argument, names) for argument in expression.args))
    if expression.is_Pow and expression.exp.is_Integer:
        return _hidden(expression.base, names) ** expression.exp
    return names.setdefault(expression, sympy.Dummy())


def tidied(expression: Any) -> Any:
    """Return the shorter one of an expression and what it is over one denominator, in each branch."""
    if isinstance(expression, Piecewise):
        return Piecewise(*((tidied(value), condition) for value, condition in expression.args))
    names: dict[Any, sympy.Symbol] = {}
    other = sympy.factor(_hidden(expression, names)).xreplace({name: hidden for hidden, name in names.items()})
    return min((other, expression), key=lambda x: x.count_ops())
