"""Writes an expression as lines of code, in one of the languages of :mod:`pyfc.making.languages`.

float32 is worked out in double precision. float64 is worked out in pairs of doubles (``pyfc_pair.h``), in NumPy in
``longdouble``. So one rule serves every formula: it is worked out with more digits than the result has, and rounded
once. Where terms cancel even that would not do: in double and ``longdouble`` expm1 and log1p are used, which pairs do
without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sympy
from sympy.core import relational

from pyfc.making.languages import Double

_PLAIN = re.compile(r"\w+|-?\d+\.\d+")


#: exp of a number that is not positive.
EXP_NEGATIVE = sympy.Function("exp_negative")

_LOG1P = sympy.Function("log1p")


class Writer:
    """Writes expressions as lines of code.

    Parameters
    ----------
    language : Double
        How operations are written.
    exponents : mapping
        Symbol e -> u, where e is ``exp(-Abs(u))``.
    """

    def __init__(self, language: Double, exponents: Mapping[sympy.Symbol, Any]) -> None:
        self.language = language
        self.minus = {e: -sympy.Abs(u) for e, u in exponents.items()}
        self.lines: list[str] = []
        self.count = 0

    def assign(self, name: str, expression: Any, tag: str = "", factor: str = "") -> None:
        """Add lines that give a name to an expression's value, times a factor; the last one ends in the tag."""
        if not self.language.wide:  # before common parts get names, such as 1 + e
            expression = expression.replace(sympy.log, lambda x: _LOG1P(x - 1) if self._near_one(x) else sympy.log(x))
        shared, (final,) = sympy.cse([_joined(expression)], symbols=self._fresh(), order="none")
        for symbol, part in shared:
            is_condition = isinstance(part, sympy.logic.boolalg.Boolean)
            text = self.condition(part) if is_condition else self.value(part)
            self.lines.append(self.language.line(str(symbol), text, "int" if is_condition else ""))
        text = self.value(final)
        text = self.language.infix("*", factor, text) if factor else text
        self.lines.append(self.language.line(name, text) + (f" {tag}" if tag else ""))

    def _fresh(self) -> Any:
        while True:
            self.count += 1
            yield sympy.Symbol(f"v{self.count}", real=True)

    def _named(self, value: str) -> str:
        if _PLAIN.fullmatch(value):
            return value
        self.count += 1
        self.lines.append(self.language.line(f"v{self.count}", value))
        return f"v{self.count}"

    def value(self, x: Any) -> str:
        """Return the text of an expression's value."""
        if x.is_Symbol:
            return str(x)
        if not x.free_symbols and x.is_number:
            return self.language.number(x)
        if x.is_Add:
            return self._sum(x)
        if x.is_Mul:
            return self._product(x)
        if x.is_Pow:
            return self._power(x)
        if isinstance(x, sympy.Piecewise):
            text = self.language.number(sympy.nan)
            for value, condition in reversed(x.args):
                inside = self.value(value)
                text = (
                    inside if condition == sympy.true else self.language.choose(self.condition(condition), inside, text)
                )
            return text
        if isinstance(x, (sympy.Max, sympy.Min)):
            return self._extreme(x)
        if isinstance(x, sympy.sign):
            return self.value(sympy.Piecewise((1, x.args[0] > 0), (-1, x.args[0] < 0), (0, True)))
        name = type(x).__name__
        if name == "log1p" and x.args[0] in self.minus:
            name = "log1p_unit"  # from 0 to 1
        if name not in self.language.functions:
            raise ValueError(f"{x} has {name}, for which there is no code")
        return self.language.call(name, *map(self.value, x.args))

    def _near_one(self, x: Any) -> bool:
        """Return whether log(x) is better worked out as log1p(x - 1)."""
        return x.is_Add and (1 in x.args or x.xreplace(dict.fromkeys(self.minus, sympy.Integer(1))) == 1)

    def _sum(self, x: Any) -> str:
        terms = list(x.as_ordered_terms())
        text = ""
        for term, value in self._differences(terms):
            minus = value is None and term.could_extract_minus_sign()
            part = value or self.value(-term if minus else term)
            if text:
                text = self.language.infix("-" if minus else "+", text, part)
            else:
                text = self.language.negative(part) if minus else part
        return text

    def _differences(self, terms: list[Any]) -> list[tuple[Any, str | None]]:
        """Return the terms; those like 3 - 2 e - e**2, whose sum is 0 at e = 1, come together, by expm1."""
        if self.language.wide:
            return [(term, None) for term in terms]
        found: dict[Any, list[Any]] = {}
        for term in terms:
            factor, rest = term.as_coeff_Mul()
            base, power = rest.as_base_exp()
            exponent = self.minus.get(base) if base.is_Symbol else None
            if exponent is not None and power.is_Integer and factor.is_Rational:
                found.setdefault(base, []).append((term, factor, power * exponent))
        number = sum(term for term in terms if term.is_Rational)
        for parts in found.values():
            if number != 0 and number == -sum(factor for _, factor, _ in parts):
                texts = []
                for _, factor, exponent in parts:
                    text = self.language.call("expm1", self.value(exponent))
                    texts.append(text if factor == 1 else self.language.infix("*", self.value(factor), text))
                text = texts[0]
                for other in texts[1:]:
                    text = self.language.infix("+", text, other)
                gone = [number, *(term for term, _, _ in parts)]
                return [(parts[0][0], text), *((term, None) for term in terms if term not in gone)]
        return [(term, None) for term in terms]

    def _product(self, x: Any) -> str:
        above, below = [], []
        for factor in x.args:
            if factor.is_Rational and factor.q != 1:
                below.append(sympy.Integer(factor.q))
                factor = sympy.Integer(factor.p)
            if factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below.append(1 / factor)
            else:
                above.append(factor)
        above = [factor for factor in above if factor != 1]
        minus = sympy.Integer(-1) in above
        above = [factor for factor in above if factor != -1]
        text = self._times(above) if above else self.language.number(sympy.Integer(1))
        if below:
            text = self.language.infix("/", text, self._times(below))
        return self.language.negative(text) if minus else text

    def _times(self, factors: Sequence[Any]) -> str:
        text = self.value(factors[0])
        for factor in factors[1:]:
            text = self.language.infix("*", text, self.value(factor))
        return text

    def _power(self, x: Any) -> str:
        base, power = x.base, x.exp
        if not (power.is_Rational and power.q in (1, 2) and abs(power.p) <= 64):
            return self.language.call("pow", self.value(base), self.value(power))
        text = self._named(self.value(base))
        if power.q == 2:
            text = self._named(self.language.call("sqrt", text))
        text = self._whole(text, abs(int(power.p)))
        return text if power > 0 else self.language.infix("/", self.language.number(sympy.Integer(1)), text)

    def _whole(self, text: str, power: int) -> str:
        if power == 1:
            return text
        half = self._named(self._whole(text, power // 2))
        square = self.language.infix("*", half, half)
        return self.language.infix("*", self._named(square), text) if power % 2 else square

    def _extreme(self, x: Any) -> str:
        operator = ">" if isinstance(x, sympy.Max) else "<"
        text = self._named(self.value(x.args[0]))
        for argument in x.args[1:]:
            other = self._named(self.value(argument))
            text = self._named(self.language.choose(self.language.compare(operator, text, other), text, other))
        return text

    def condition(self, x: Any) -> str:
        """Return the text of a condition."""
        if x.is_Symbol:
            return str(x)
        if x in (sympy.true, sympy.false):
            return self.language.true if x == sympy.true else self.language.false
        if isinstance(x, relational.Relational):
            return self.language.compare(x.rel_op, self.value(x.lhs), self.value(x.rhs))
        both, either, neither = self.language.logic
        parts = [self.condition(argument) for argument in x.args]
        if isinstance(x, sympy.Not):
            return neither.format(parts[0])
        text = parts[0]
        for part in parts[1:]:
            text = (both if isinstance(x, sympy.And) else either).format(text, part)
        return text


def _joined(expression: Any) -> Any:
    """Return an expression in which a choice between quotients is a quotient of choices: one division less."""
    if not isinstance(expression, sympy.Piecewise):
        return expression
    branches = [(_joined(value), condition) for value, condition in expression.args]
    parts = [(_quotient(value), condition) for value, condition in branches]
    above = sympy.Piecewise(*((n, condition) for (n, _), condition in parts))
    if all(d == 1 for (_, d), _ in parts):
        return above
    return above / sympy.Piecewise(*((d, condition) for (_, d), condition in parts))


def _quotient(expression: Any) -> tuple[Any, Any]:
    factors = sympy.Mul.make_args(expression)
    below = [f for f in factors if f.is_Pow and f.exp.is_Integer and f.exp < 0]
    return sympy.Mul(*(f for f in factors if f not in below)), 1 / sympy.Mul(*below)
