"""The algebra under a proof: whether an expression is 0, region by region, and functions of it in high precision.

The regions of a function with kinks are found by trying points, the same each time: 90 of ordinary sizes, some far
out, and some on both sides of each kink, wherever its condition is linear in a letter, as that of Min(z, 6) is. A
region that none of them meets would not be proved; :mod:`pyfc.testing` tries the kernels at further points.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations
from typing import Any

import mpmath
import sympy

from pyfc.derivation import Step
from pyfc.errors import ProofError


def number_at(expression: Any, point: Mapping[sympy.Symbol, Any]) -> Any:
    """Return the value of an expression at a point, to 30 digits."""
    numbers = {part: _number(part) for part in _constants(expression)}
    return sympy.N(expression.xreplace({**numbers, **point}), 30)


@lru_cache(maxsize=1024)
def _number(constant: Any) -> Any:
    """Return the value of a constant to many more digits: SymPy would work it out again at every point."""
    return sympy.N(constant, 200)


#: Sizes of the points that are tried, and of those far out.
_ORDINARY, _FAR = (0.5, 1.5, 6.0), (30.0,)  # beyond, 1 - p loses all digits of what is compared with 0


def points(
    symbols: Iterable[sympy.Symbol], count: int, widths: Sequence[float] = _ORDINARY
) -> Iterator[dict[sympy.Symbol, Any]]:
    """Yield random points, small and large, that respect what is assumed of the symbols."""
    draw = random.Random(0)  # noqa: S311 (a fixed stream makes the proof the same each time)
    ordered = sorted(symbols, key=str)
    for index in range(count):
        width = widths[index % len(widths)]
        point: dict[sympy.Symbol, Any] = {}
        for symbol in ordered:
            value = draw.uniform(-width, width)
            if symbol.is_integer:
                point[symbol] = sympy.Integer(1 + int(abs(value) * 2))
            elif symbol.is_nonnegative:
                point[symbol] = sympy.Rational(str(round(draw.uniform(0.05, 0.95), 6)))
            else:
                point[symbol] = sympy.Rational(str(round(value, 6)))
        yield point


def resolved(expression: Any, point: Mapping[sympy.Symbol, Any]) -> Any:
    """Return the smooth expression that a function with kinks is around a point, given as SymPy's numbers."""
    return _Resolved(point)[expression]


class _Resolved(dict[Any, Any]):
    """What expressions are around a point, each found once: in a row, the same condition is in every entry."""

    def __init__(self, point: Mapping[sympy.Symbol, Any]) -> None:
        self._point = point

    def __missing__(self, expression: Any) -> Any:
        self[expression] = found = self._find(expression)
        return found

    def _find(self, expression: Any) -> Any:
        if isinstance(expression, sympy.Piecewise):
            return next((self[value] for value, condition in expression.args if self._holds(condition)), sympy.nan)
        if not expression.has(*KINKS):
            return expression
        arguments = [self[argument] for argument in expression.args]
        if isinstance(expression, (sympy.Max, sympy.Min)):
            choose = max if isinstance(expression, sympy.Max) else min
            return choose(arguments, key=lambda argument: number_at(argument, self._point))
        if isinstance(expression, (sympy.Abs, sympy.sign, sympy.Heaviside)):
            inner = arguments[0]
            if inner == 0 and isinstance(expression, sympy.sign):  # such as that of a Max(z, 0), in a whole region
                return inner
            positive = number_at(inner, self._point) > 0
            if isinstance(expression, sympy.Abs):
                return inner if positive else -inner
            return sympy.Integer(1 if positive else -1 if isinstance(expression, sympy.sign) else 0)
        return expression.func(*arguments)

    def _holds(self, condition: Any) -> bool:
        if condition in (sympy.true, sympy.false):
            return bool(condition)
        if isinstance(condition, sympy.core.relational.Relational):
            return bool(condition.func(*(number_at(self[argument], self._point) for argument in condition.args)))
        return bool(condition.func(*(sympy.sympify(self._holds(argument)) for argument in condition.args)))


#: What makes a function not smooth.
KINKS = (sympy.Piecewise, sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside)


def regions(expression: Any) -> dict[Any, dict[sympy.Symbol, Any] | None]:
    """Return the smooth expressions that an expression is in its regions, each with a point there; itself if smooth."""
    if not expression.has(*KINKS):
        return {expression: None}
    symbols = expression.free_symbols
    found: dict[Any, dict[sympy.Symbol, Any] | None] = {}
    for point in (*points(symbols, 90), *points(symbols, 20, _FAR), *_beside_kinks(expression)):
        found.setdefault(resolved(expression, point), point)
    return found


def _beside_kinks(expression: Any) -> list[dict[sympy.Symbol, Any]]:
    """Return points on both sides of each kink whose condition is linear, around a point, in one of its letters."""
    starts = list(points(expression.free_symbols, 4))
    found: dict[Any, dict[sympy.Symbol, Any]] = {}
    for edge in sorted(_edges(expression), key=str):
        letters = sorted((s for s in edge.free_symbols if not s.is_nonnegative and not s.is_integer), key=str)
        for index, start in enumerate(starts if letters else ()):
            letter = letters[index % len(letters)]
            smooth = resolved(edge, start)
            slope = sympy.diff(smooth, letter)
            if slope == 0 or slope.has(letter, sympy.nan):
                continue
            root = start[letter] - number_at(smooth / slope, start)
            if not root.is_finite:
                continue
            for side in (-1, 1):
                value = sympy.Rational(str(round(float(root + side * max(1, abs(root)) / 10000), 9)))
                point = {**start, letter: value}
                found[tuple(point.items())] = point
    return list(found.values())


def _edges(expression: Any) -> set[Any]:
    """Return the expressions that are 0 where an expression may have a kink."""
    edges: set[Any] = {one.lhs - one.rhs for one in expression.atoms(sympy.core.relational.Relational)}
    edges |= {one.args[0] for one in expression.atoms(sympy.Abs, sympy.sign, sympy.Heaviside)}
    for one in expression.atoms(sympy.Max, sympy.Min):
        edges |= {first - second for first, second in combinations(one.args, 2)}
    return edges


def derivative(expression: Any, symbol: sympy.Symbol) -> Any:
    """Return the derivative of the smooth pieces: that of a sign is 0, without what SymPy puts where it jumps."""
    slope = sympy.diff(expression, symbol)
    return slope.xreplace({jump: sympy.Integer(0) for jump in slope.atoms(sympy.DiracDelta)})


def prove_zero(difference: Any, step: Step, inside: Mapping[sympy.Symbol, Any] | None = None) -> None:
    """Return if a smooth expression is 0, else raise ProofError, with a counterexample where there is one.

    ``inside`` is a point of the region that it holds in, which is tried first.
    """
    for point in (*([] if inside is None else [inside]), *points(difference.free_symbols, 6)):
        value = number_at(difference, point)
        if value.is_number and value.is_finite and abs(value) > sympy.Float("1e-20"):
            where = ", ".join(f"{symbol} = {float(number):.6g}" for symbol, number in point.items())
            raise ProofError(
                f"step ({step.number}) {step.equation!r} does not follow: at {where or 'any point'} "
                f"the left side less the right side is {float(value):.6g}"
            )
    for attempt in (
        sympy.expand,
        _rational_in_exp,
        _rational_in_parts,
        sympy.simplify,
        lambda e: sympy.simplify(e.rewrite(sympy.exp)),
        lambda e: sympy.simplify(sympy.expand(sympy.together(e.rewrite(sympy.exp)))),
        _constant_zero,
    ):
        if attempt(difference) == 0:
            return
    raise ProofError(f"step ({step.number}) {step.equation!r} is not proved: SymPy leaves {sympy.simplify(difference)}")


def _rational_in_exp(difference: Any) -> Any:
    """Return the numerator over one variable w for all exponentials, if they are powers of each other."""
    rewritten = difference.rewrite(sympy.exp)
    powers = sorted(rewritten.atoms(sympy.exp), key=str)
    ratios = {power: sympy.cancel(power.exp / powers[0].exp) for power in powers}
    if not powers or not all(ratio.is_Rational for ratio in ratios.values()):
        return difference
    w = sympy.Symbol("w", positive=True)
    return sympy.expand(sympy.fraction(sympy.together(rewritten.xreplace({p: w**r for p, r in ratios.items()})))[0])


def _rational_in_parts(difference: Any) -> Any:
    """Return the numerator over one symbol for each exp, log and other power: what is left is a rational function."""
    symbols: dict[Any, sympy.Dummy] = {}

    def plain(expression: Any) -> Any:
        if isinstance(expression, (sympy.Add, sympy.Mul)) or (expression.is_Pow and expression.exp.is_Integer):
            return expression.func(*map(plain, expression.args))
        if isinstance(expression, sympy.exp):
            factor, rest = expression.args[0].as_coeff_Mul()
            if factor.is_Integer and factor != 1:
                return plain(sympy.exp(rest)) ** factor
        return expression if expression.is_Atom else symbols.setdefault(expression, sympy.Dummy())

    return sympy.expand(sympy.fraction(sympy.together(plain(difference)))[0])


def _constant_zero(difference: Any) -> Any:
    """Return 0 if all derivatives are 0 and so is the value at a point: then it is 0 everywhere in the region."""
    if any(sympy.simplify(sympy.diff(difference, s).rewrite(sympy.exp)) != 0 for s in difference.free_symbols):
        return difference
    point = next(points(difference.free_symbols, 1))
    return 0 if abs(sympy.N(difference.xreplace(point), 60)) < sympy.Float("1e-50") else difference


def magnitude(expression: Any, *, strict: bool = True) -> Any:
    """Return the size of the largest term of an expression: what rounding errors are relative to.

    ``1 - y`` can be far smaller than 1 and y, but no code can know it better than 1 and y are known. Likewise ``exp``
    of a sum multiplies the rounding of that sum by its size. If not strict, so does the exponential, sine or erfc of a
    product: ``exp(b*z)`` is known to one part in b*z less than b*z is, unless b*z is kept to more digits. Then a
    quotient passes on what its denominator lost in this way, and ``q**gamma`` multiplies the rounding of q by gamma.
    """

    def of(inner: Any) -> Any:
        return magnitude(inner, strict=strict)

    if isinstance(expression, sympy.Add):
        return sympy.Max(*map(of, expression.args), evaluate=False)
    if isinstance(expression, sympy.Mul):
        return sympy.Mul(*map(of, expression.args), evaluate=False)
    if isinstance(expression, sympy.Pow) and expression.exp.is_positive:
        return sympy.Pow(of(expression.base), expression.exp, evaluate=False)
    if isinstance(expression, sympy.Pow) and not strict and expression.exp.free_symbols:
        return sympy.Abs(expression) * sympy.Max(1, sympy.Abs(expression.exp), evaluate=False)
    if isinstance(expression, sympy.Pow) and not strict and expression.base.has(*_STEEP):
        base = expression.base
        terms = [of(term) for term in sympy.Add.make_args(base) if term.has(*_STEEP)]
        loss = sympy.Max(1, *(term / sympy.Abs(base) for term in terms), evaluate=False)
        return sympy.Abs(expression) * sympy.Pow(loss, -expression.exp, evaluate=False)
    if isinstance(expression, sympy.Piecewise):
        return sympy.Piecewise(*((of(value), condition) for value, condition in expression.args))
    if isinstance(expression, sympy.exp) and isinstance(expression.args[0], sympy.Add):
        return expression * sympy.Max(1, of(expression.args[0]), evaluate=False)
    if isinstance(expression, _STEEP) and not strict and _is_rounded(expression.args[0]):
        slope = sympy.Abs(expression.fdiff(1))
        return sympy.Max(sympy.Abs(expression), slope * of(expression.args[0]), evaluate=False)
    return sympy.Abs(expression)


#: Functions whose value can change by far more, relative to its size, than their argument does.
_STEEP = (sympy.exp, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.erfc)


def _is_rounded(argument: Any) -> bool:
    """Return whether rounding has touched an argument: it is more than a letter times a power of two."""
    factor, rest = argument.as_coeff_Mul()
    exact = factor.is_Rational and (abs(factor.p) & (abs(factor.p) - 1)) == 0 and (factor.q & (factor.q - 1)) == 0
    return not (rest.is_Symbol and exact)


#: Far above all that exp(z) is asked for, so that exp(z) / (1 + exp(z)) is a number; exp(exp(1e30)) is beyond memory.
_BEYOND = mpmath.ldexp(1, 4096)


def _exp(x: Any) -> Any:
    """Return exp(x), infinity or 0 where its exponent alone would have thousands of digits."""
    if isinstance(x, mpmath.mpf) and abs(x) > _BEYOND:
        return mpmath.inf if x > 0 else mpmath.mpf(0)
    return mpmath.exp(x)


def evaluator(arguments: Sequence[sympy.Symbol], expression: Any) -> Any:
    """Return a function of mpmath numbers that evaluates an expression in the precision set by ``mpmath.mp``.

    A list of expressions gives a list of values; what they have in common is evaluated once.
    """
    parts = {part: sympy.Dummy() for part in _constants(expression)}
    names = [*arguments, *parts.values()]
    quick = _lambdify(names, _replaced(expression, parts), cse=True)  # each common part once
    constants = _lambdify([], list(parts), cse=True)
    known: dict[int, list[Any]] = {}

    @cache
    def plain() -> Any:
        return _lambdify(list(arguments), expression, cse=False)

    def evaluate(*values: Any) -> Any:
        precision = mpmath.mp.prec
        try:
            if precision not in known:
                known[precision] = constants()
            return quick(*values, *known[precision])
        except (ArithmeticError, ValueError):  # also where a Piecewise leaves it out
            return plain()(*values)

    return evaluate


def _lambdify(arguments: list[Any], expression: Any, *, cse: bool) -> Any:
    modules = [{"Heaviside": lambda x: mpmath.mpf(x > 0), "exp": _exp}, "mpmath"]
    return sympy.lambdify(arguments, expression, modules=modules, cse=cse)


def _replaced(expression: Any, parts: Mapping[Any, Any]) -> Any:
    if isinstance(expression, list):
        return [_replaced(one, parts) for one in expression]
    return expression.xreplace(parts)


def _constants(expression: Any) -> dict[Any, None]:
    """Return the largest parts of an expression without letters that are more than a number, such as ``sqrt(2/pi)``."""
    if isinstance(expression, list):
        return {part: None for one in expression for part in _constants(one)}
    if isinstance(expression, sympy.Expr) and not expression.free_symbols:
        return {} if expression.is_Number else {expression: None}
    return {part: None for one in expression.args for part in _constants(one)}
