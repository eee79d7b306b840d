"""How numbers, functions and choices are written in what a formula becomes: C in double, C in pairs, and NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

_DIGITS = 40


class Double:
    """C with plain double numbers."""

    kind = "double"
    wide = False
    functions: Mapping[str, str] = {
        **{name: f"pyfc_{name}_f64" for name in ("exp", "expm1", "log", "log1p", "log1p_unit")},
        **{name: name for name in ("sqrt", "sin", "cos", "atan", "erf", "erfc", "pow")},
        "exp_negative": "pyfc_exp_negative",
        "tanh": "pyfc_tanh_f64",
        "Abs": "fabs",
    }
    logic: tuple[str, str, str] = ("({} && {})", "({} || {})", "(!{})")
    true, false = "1", "0"

    def number(self, value: Any) -> str:
        """Return a number; one that is not rational comes in many digits."""
        return repr(float(sympy.N(value, _DIGITS)))

    def call(self, function: str, *arguments: str) -> str:
        """Return a function of arguments."""
        return f"{self.functions[function]}({', '.join(arguments)})"

    def infix(self, operator: str, left: str, right: str) -> str:
        """Return left + - * or / right."""
        return f"({left} {operator} {right})"

    def negative(self, value: str) -> str:
        """Return -value."""
        return f"(-{value})"

    def compare(self, operator: str, left: str, right: str) -> str:
        """Return a comparison."""
        return f"({left} {operator} {right})"

    def choose(self, condition: str, left: str, right: str) -> str:
        """Return left where the condition holds, else right."""
        return f"({condition} ? {left} : {right})"

    def line(self, name: str, value: str, kind: str = "") -> str:
        """Return the line that gives a value a name."""
        return f"    {kind or self.kind} {name} = {value};"


class Pair(Double):
    """C with pairs of double numbers."""

    kind = "pyfc_pair"
    wide = True
    functions: Mapping[str, str] = {
        **{n: f"pyfc_pair_{n}" for n in ("exp", "log", "sqrt", "sin", "cos", "atan", "erf", "erfc", "pow", "tanh")},
        "exp_negative": "pyfc_pair_exp",
        "Abs": "pyfc_pair_abs",
    }
    operators: Mapping[str, str] = {"+": "add", "-": "sub", "*": "mul", "/": "div"}

    def number(self, value: Any) -> str:
        """Return a number."""
        high = float(sympy.N(value, _DIGITS))
        low = float(sympy.N(value - sympy.Rational(high), _DIGITS)) if abs(high) < float("inf") else 0.0
        return f"pyfc_pair_of({high!r}, {low!r})" if low else f"pyfc_pair_from({high!r})"

    def infix(self, operator: str, left: str, right: str) -> str:
        """Return left + - * or / right."""
        return f"pyfc_pair_{self.operators[operator]}({left}, {right})"

    def negative(self, value: str) -> str:
        """Return -value."""
        return f"pyfc_pair_neg({value})"

    def compare(self, operator: str, left: str, right: str) -> str:
        """Return a comparison."""
        if operator in ("==", "!="):
            return f"({'!' if operator == '!=' else ''}pyfc_pair_equal({left}, {right}))"
        if operator in (">", "<="):
            left, right = right, left
        return f"({'!' if operator in ('<=', '>=') else ''}pyfc_pair_less({left}, {right}))"

    def choose(self, condition: str, left: str, right: str) -> str:
        """Return left where the condition holds, else right."""
        return f"pyfc_pair_choose({condition}, {left}, {right})"


class NumPy(Double):
    """NumPy; ``w`` is the type that is worked in, and ``np`` and ``special`` are modules."""

    functions: Mapping[str, str] = {
        **{name: f"np.{name}" for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh")},
        "log1p_unit": "np.log1p",
        "exp_negative": "np.exp",
        "atan": "np.arctan",
        "pow": "np.power",
        "Abs": "np.abs",
        "erf": "special.erf",
        "erfc": "special.erfc",
    }
    logic = ("({} & {})", "({} | {})", "(~{})")
    true, false = "np.True_", "np.False_"

    def number(self, value: Any) -> str:
        """Return a number."""
        if value.is_Integer and abs(value) < 2**53:
            return f"w({int(value)})"
        return f'w("{sympy.N(value, 25)}")'

    def choose(self, condition: str, left: str, right: str) -> str:
        """Return left where the condition holds, else right."""
        return f"np.where({condition}, {left}, {right})"

    def line(self, name: str, value: str, kind: str = "") -> str:
        """Return the line that gives a value a name."""
        return f"    {name} = {value}"
