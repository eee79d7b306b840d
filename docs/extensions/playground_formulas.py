"""Rows of derivations for the playground: their equations as MathML, and as functions that the browser evaluates.

The numbers that a kernel gives are shown as the kernel gave them. Letters between them, such as the e of
``e = exp(-Abs(z))``, a kernel keeps to itself: for those the right side of their step is written in JavaScript.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from docutils.nodes import make_id
from docutils.utils.math.latex2mathml import tex2mathml

from pyfc.component import Component
from pyfc.derivation import Step
from pyfc.sphinxext.mathematics import latex

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_RELATIONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="}
_LOGIC = {"Eq": " === ", "Ne": " !== ", "And": " && ", "Or": " || "}
_MATH = {name: name for name in ("exp", "log", "tanh", "cosh", "sinh", "sqrt", "sin", "cos", "atan", "sign")} | {
    "Abs": "abs", "Max": "max", "Min": "min",
}  # fmt: skip


def entry(step: Step, title: str, href: str) -> dict[str, Any]:
    """Return a step as the browser shows it; ``formula`` is the function's text, None where there is none."""
    left = re.fullmatch(r"(\w+)(?:\[(\w+)\])?", step.left)
    return {
        "number": step.number,
        "math": mathml(step.equation),
        "title": title,
        "href": href,
        "left": left[1] if left else "",
        "index": (left and left[2]) or "",
        "letters": {letter: symbol(letter) for letter in letters(step.right)},
        "when": dict(step.when),
        "formula": formula(step, left[2] if left else None),
    }


def address(cls: type[Component], step: Step) -> str:
    """Return where a step's row stands in the book."""
    anchor = make_id(f"pyfc-{cls.group}-{cls.name}")
    return f"generated/components/{cls.group}/{cls.name}.html#{anchor}-{step.number}"


def chain(cls: type[Component], letter: str, known: Iterable[str], *, first: bool = False) -> list[dict[str, Any]]:
    """Return the row that says what a letter is, after those that define the letters in it.

    Parameters
    ----------
    cls : type
        A component, of which the defaults are taken.
    letter : str
        What is asked for.
    known : iterable of str
        Letters that need no row.
    first : bool, default False
        Take the first row with this letter on its left, its definition, and not the last, which is what runs.

    Returns
    -------
    list of dict
        Entries in the order of their numbers; none if no row has the letter on its left.
    """
    defaults = cls()
    steps = [s for s in cls.derivation if all(getattr(defaults, key) == value for key, value in s.when.items())]
    wanted, found, seen = [(letter, first)], {}, set(known) | {letter}
    while wanted:
        name, definition = wanted.pop()
        defining = [step for step in steps if re.fullmatch(rf"{name}(\[\w+\])?", step.left)]
        if not defining:
            continue
        step = defining[0 if definition else -1]
        found[step.number] = step
        fresh = letters(step.right) - seen
        seen |= fresh
        wanted += [(each, False) for each in fresh]
    title = cls.name.replace("_", " ")
    return [entry(step, title, address(cls, step)) for _, step in sorted(found.items())]


def letters(expression: str) -> set[str]:
    """Return the letters of an expression, without its functions and the indices of its sums."""
    tree = ast.parse(expression, mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    functions = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    indices = {
        node.elts[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.elts[0], ast.Name)
    }
    return names - functions - indices - {"pi", "oo", "True", "False"}


def formula(step: Step, index: str | None) -> str | None:
    """Return the right side as a function of the letters' values in JavaScript; None if that lacks what it needs."""
    try:
        return f"(v, {index or 'k'}) => {_write(ast.parse(step.right, mode='eval').body, {index} if index else set())}"
    except ValueError:
        return None


def _write(node: ast.expr, bound: set[str]) -> str:
    match node:
        case ast.Constant(value=bool() as value):
            return str(value).lower()
        case ast.Constant(value=int() | float() as value):
            return repr(value)
        case ast.Name(id="pi"):
            return "Math.PI"
        case ast.Name(id=name):
            return name if name in bound else f"v.{name}"
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Name() | ast.Constant() as index):
            return f"v.{name}[{_write(index, bound)} - 1]"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_write(operand, bound)})"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"Math.pow({_write(left, bound)}, {_write(right, bound)})"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return f"({_write(left, bound)} {_OPERATORS[type(operator)]} {_write(right, bound)})"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"({_write(left, bound)} {_RELATIONS[type(operator)]} {_write(right, bound)})"
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _call(function, arguments, bound)
    raise ValueError(ast.unparse(node))


def _call(function: str, arguments: list[ast.expr], bound: set[str]) -> str:
    match function, arguments:
        case (("Sum" | "Max" | "Min"), [value, ast.Tuple(elts=[ast.Name(id=index), first, last])]):
            each = f"({index}) => {_write(value, bound | {index})}"
            run = f"upTo({_write(first, bound)}, {_write(last, bound)}).map({each})"
            return f"{run}.reduce((s, x) => s + x, 0)" if function == "Sum" else f"Math.{_MATH[function]}(...{run})"
        case "Piecewise", _:
            text = "NaN"
            for case in reversed(arguments):
                match case:
                    case ast.Tuple(elts=[value, condition]):
                        text = f"({_write(condition, bound)} ? {_write(value, bound)} : {text})"
                    case _:
                        raise ValueError(ast.unparse(case))
            return text
    if function in _LOGIC:
        return f"({_LOGIC[function].join(_write(argument, bound) for argument in arguments)})"
    if function == "erfc":  # of panel.js: Math has none
        return f"erfc({_write(arguments[0], bound)})"
    if function not in _MATH:
        raise ValueError(function)
    return f"Math.{_MATH[function]}({', '.join(_write(argument, bound) for argument in arguments)})"


def mathml(equation: str) -> str:
    """Return an equation as MathML in which each letter, also one of several characters, is one element."""
    text = tex2mathml(rf"\displaystyle {latex(equation)}").replace("\n", "")
    text = re.sub(r">\s+<", "><", text)
    # dz comes as <mrow><mi>d</mi><mi>z</mi></mrow>, in the italics that Unicode has for mathematics.
    return re.sub(
        r"<mrow>((?:<mi>[^<]</mi>){2,})</mrow>", lambda match: f"<mi>{re.sub('<[^>]*>', '', match[1])}</mi>", text
    )


def symbol(letter: str) -> str:
    """Return how a letter is written in an equation: ``"alpha"`` as a Greek one."""
    return re.sub(r"<[^>]*>|\s", "", mathml(f"{letter} = 0")).split("=")[0]
