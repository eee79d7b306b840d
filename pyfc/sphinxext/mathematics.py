r"""Writes the equation of a derivation's step in LaTeX, term by term as it stands in the source.

SymPy could print what it has parsed, but it parses by simplifying: an integral becomes its value, 44715/1000000 a
smaller fraction, and a sum is put in another order. The row beside the code must show what the code does, so the text
is read as the expression of Python that it is, and nothing is reckoned.

>>> latex("y = 1 / (1 + exp(-z))")
'y = \\frac{1}{1 + \\exp(-z)}'
"""

from __future__ import annotations

import ast
import re

from pyfc.derivation import Step

#: How tightly a piece of LaTeX holds together: what stands around it puts parentheses where it must hold tighter.
_LOOSE, _NEGATIVE, _SUM, _OPEN, _PRODUCT, _FRACTION, _POWER, _ATOM = range(8)

_GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau phi chi psi omega
Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_NAMES = {name: rf"\{name}" for name in _GREEK.split()} | {
    "eps": r"\varepsilon", "oo": r"\infty", "ones": r"\mathbf{1}", "True": r"\text{true}", "False": r"\text{false}",
}  # fmt: skip
_FUNCTIONS = {name: rf"\{name}" for name in ("exp", "log", "tanh", "cosh", "sinh", "sin", "cos")} | {
    "atan": r"\arctan", "Max": r"\max", "Min": r"\min",
}  # fmt: skip
_RELATIONS = {ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne"}
_LOGIC = {"And": r" \wedge ", "Or": r" \vee ", "Eq": " = ", "Ne": r" \ne "}

Piece = tuple[str, int]


def latex(equation: str) -> str:
    """Return an equation of a derivation in LaTeX.

    Parameters
    ----------
    equation : str
        ``left = right`` in the notation of :mod:`pyfc.derivation`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is not an expression of that notation.
    """
    step = Step(1, equation, "")
    return f"{term(step.left)} = {term(step.right)}"


def term(text: str) -> str:
    """Return one side of an equation, or a letter, in LaTeX; ValueError as :func:`latex`."""
    try:
        return _write(ast.parse(text, mode="eval").body)[0]
    except (SyntaxError, RecursionError) as error:
        raise ValueError(f"cannot read {text!r}: {error}") from error


def _inside(node: ast.expr, least: int = _LOOSE) -> str:
    """Return LaTeX that holds at least so tightly, by parentheses if it must."""
    text, hold = _write(node)
    return text if hold >= least else _parentheses(text)


def _write(node: ast.expr) -> Piece:
    match node:
        case ast.Constant(value=int() | float() as value):
            return _NAMES.get(str(value), str(value)), _ATOM
        case ast.Name(id=name):
            return _name(name)
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            indices = index.elts if isinstance(index, ast.Tuple) else [index]
            return f"{_name(name)[0]}_{{{','.join(map(_inside, indices))}}}", _ATOM
        case ast.Attribute(value=value, attr="T"):
            return rf"{_inside(value, _ATOM)}^{{\top}}", _POWER
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_inside(operand, _OPEN)}", _NEGATIVE
        case ast.BinOp(left=left, op=operator, right=right):
            return _operation(left, operator, right)
        case ast.Compare(left=left, ops=operators, comparators=others) if all(type(o) in _RELATIONS for o in operators):
            rest = "".join(f" {_RELATIONS[type(o)]} {_inside(c)}" for o, c in zip(operators, others, strict=True))
            return _inside(left) + rest, _LOOSE
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return _call(function, arguments)
    raise ValueError(f"{ast.unparse(node)!r} is not in the notation of pyfc.derivation")


def _parentheses(inside: str) -> str:
    tall = any(part in inside for part in (r"\frac", r"\sum", r"\int", r"\begin", r"\binom", r"\left"))
    return rf"\left({inside}\right)" if tall else f"({inside})"


def _name(name: str) -> Piece:
    """Return a letter or word, ``z, dz, beta1, n_in, m_hat``; one of several letters must not look like a product."""
    base, *below = name.split("_")
    if below == ["hat"]:
        return rf"\hat{{{_name(base)[0]}}}", _ATOM
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", base)
    if digits:
        base, below = digits[1], [digits[2], *below]
    if base in _NAMES:
        text = _NAMES[base]
    elif len(base) <= 1:
        text = base
    elif len(base) == 2 and base[0] == "d":
        text = rf"\mathit{{{base}}}"  # the derivative of the loss by a letter
    elif len(base) > 3 and below:
        return r"\mathrm{" + name.replace("_", r"\_") + "}", _ATOM  # a setting's name, such as weight_decay
    else:
        text = rf"\mathrm{{{base}}}"
    return f"{text}_{{{','.join(_name(part)[0] for part in below)}}}" if below else text, _ATOM


def _operation(left: ast.expr, operator: ast.operator, right: ast.expr) -> Piece:
    match operator:
        case ast.Add() | ast.Sub():
            sign = "+" if isinstance(operator, ast.Add) else "-"
            return f"{_inside(left, _NEGATIVE)} {sign} {_inside(right, _OPEN)}", _SUM
        case ast.Mult():
            # The right factor keeps parentheses that say what is multiplied first, and a sum may stand open at the end.
            text, hold = _write(right)
            if hold != _OPEN and hold <= _PRODUCT:
                text, hold = _parentheses(text), _ATOM
            first, start = _write(left)
            if start != _NEGATIVE:  # -2 * u is (-2) u, and is written -2 u
                first, start = _inside(left, _PRODUCT), _PRODUCT
            times = r" \cdot " if text[0].isdigit() else " " if text.startswith(r"\left(") else r" \, "
            return f"{first}{times}{text}", min(start, _OPEN if hold == _OPEN else _PRODUCT)
        case ast.Div():
            return rf"\frac{{{_inside(left)}}}{{{_inside(right)}}}", _FRACTION
        case ast.BitAnd() | ast.BitOr():  # of conditions
            sign = r"\wedge" if isinstance(operator, ast.BitAnd) else r"\vee"
            return f"{_parentheses(_inside(left))} {sign} {_parentheses(_inside(right))}", _LOOSE
        case ast.Pow():
            return f"{_inside(left, _ATOM)}^{{{_inside(right)}}}", _POWER
    raise ValueError(f"operator {type(operator).__name__} is not in the notation of pyfc.derivation")


def _call(function: str, arguments: list[ast.expr]) -> Piece:
    match function, arguments:
        case "sqrt", [value]:
            return rf"\sqrt{{{_inside(value)}}}", _ATOM
        case "Abs", [value]:
            return rf"\left|{_inside(value)}\right|", _ATOM
        case "factorial", [value]:
            return f"{_inside(value, _ATOM)}!", _POWER
        case "binomial", [n, k]:
            return rf"\binom{{{_inside(n)}}}{{{_inside(k)}}}", _ATOM
        case "KroneckerDelta", [i, j]:
            return rf"\delta_{{{_inside(i)},{_inside(j)}}}", _ATOM
        case "diff", [value, by]:
            above = rf"\partial {_inside(value)}" if isinstance(value, ast.Name | ast.Subscript) else r"\partial"
            rest = "" if isinstance(value, ast.Name | ast.Subscript) else f" {_parentheses(_inside(value))}"
            return rf"\frac{{{above}}}{{\partial {_inside(by)}}}{rest}", _FRACTION
        case "Sum", [value, ast.Tuple(elts=[index, first, last])]:
            return rf"\sum_{{{_inside(index)}={_inside(first)}}}^{{{_inside(last)}}} {_inside(value, _OPEN)}", _OPEN
        case (("Max" | "Min"), [value, ast.Tuple(elts=[index, first, last])]):
            run = rf"{_inside(first)} \le {_inside(index)} \le {_inside(last)}"
            return rf"{_FUNCTIONS[function]}_{{{run}}} {_inside(value, _OPEN)}", _OPEN
        case "integrate", [value, ast.Tuple(elts=[by, first, last])]:
            bounds = f"_{{{_inside(first)}}}^{{{_inside(last)}}}"
            return rf"\int{bounds} {_inside(value, _OPEN)} \, \mathrm{{d}}{_inside(by)}", _OPEN
        case "limit", [value, letter, goal]:
            return rf"\lim_{{{_inside(letter)} \to {_inside(goal)}}} {_inside(value, _OPEN)}", _OPEN
        case "Not", [value]:
            return rf"\neg {_inside(value, _ATOM)}", _LOOSE
        case "Piecewise", _:
            return _cases(arguments), _LOOSE
    inside = list(map(_inside, arguments))
    if function in _LOGIC:
        return _LOGIC[function].join(inside), _LOOSE
    named = _FUNCTIONS.get(function) or rf"\operatorname{{{function}}}".replace("_", r"\_")
    return named + _parentheses(", ".join(inside)), _POWER


def _cases(arguments: list[ast.expr]) -> str:
    rows = []
    for argument in arguments:
        if not (isinstance(argument, ast.Tuple) and len(argument.elts) == 2):
            raise ValueError(f"{ast.unparse(argument)!r} in a Piecewise: expected (value, condition)")
        value, condition = argument.elts
        always = isinstance(condition, ast.Constant) and condition.value is True
        rows.append(f"{_inside(value)} & " + (r"\text{otherwise}" if always else rf"\text{{if }} {_inside(condition)}"))
    lines = r" \\ ".join(rows)
    return rf"\begin{{cases}}{lines}\end{{cases}}"
