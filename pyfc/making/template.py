"""Puts the code of a formula into whole functions: C against ``pyfc_kernel.h``, and the same in NumPy.

The functions for one number come from :mod:`pyfc.making.codegen`; here are the loops around them. A gradient by a
learned parameter is summed in double precision, in C 64 columns at a time, so that the compiler can vectorise it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from pyfc.making import loops
from pyfc.making.codegen import EXP_NEGATIVE, Writer
from pyfc.making.languages import Double, NumPy, Pair

#: Functions of the C library.
CALLS = re.compile(r"\b(pyfc_pair_)?(sin|cos|atan|erf|erfc|pow)\(")


@dataclass(frozen=True)
class Code:
    """What code is written from.

    Attributes
    ----------
    title : str
        What it computes, in one line.
    numbers : tuple of str
        The hyper-parameters in their order; ``""`` for one that the formula does not use.
    learned : str
        The letter of the learned parameter, or ``""``.
    exponents : mapping
        Symbol e -> (u, number of its step), where e is ``exp(-Abs(u))``.
    values : mapping
        ``"y"``, ``"dz"`` and, with a learned parameter a, ``"da"`` -> (y, dy/dz or dy/da, number of its step).
    """

    title: str
    numbers: tuple[str, ...]
    learned: str
    exponents: Mapping[sympy.Symbol, tuple[Any, int]]
    values: Mapping[str, tuple[Any, int]]

    def writer(self, language: Double, names: list[str], tag: str) -> Writer:
        """Return a writer that has written what those values need, and the values, or their factor of dy."""
        writer = Writer(language, {e: u for e, (u, _) in self.exponents.items()})
        needed = set().union(*(self.values[name][0].free_symbols for name in names))
        for e, (u, step) in self.exponents.items():
            if e in needed:
                writer.assign(str(e), EXP_NEGATIVE(-sympy.Abs(u)), tag.format(step))
        for name in names:
            expression, step = self.values[name]
            factor = "" if name == "y" else "dy"
            writer.assign(f"{name}_", sympy.sympify(expression), tag.format(step), factor)
        return writer


def c_source(code: Code) -> str:
    """Return a C file with ``forward_f32``, ``forward_f64``, ``backward_f32`` and ``backward_f64``."""
    letters = ["z", *([code.learned] if code.learned else []), *filter(None, code.numbers)]
    back = ["dz", f"d{code.learned}"] if code.learned else ["dz"]
    used = [index for index, name in enumerate(code.numbers) if name]
    given = "".join(f", hyper_{index}" for index in used)
    typed = "".join(f", double hyper_{index}" for index in used)
    read = "".join(f"    const double hyper_{index} = hyper[{index}]; \\\n" for index in used)
    parts = [
        f"/* {code.title}\n * Made from the formula by pyfc. */",
        loops.HEAD,
    ]
    for suffix, language in (("f32", Double()), ("f64", Pair())):
        pairs = language.wide
        suffix_in = "_in" if pairs else ""  # no letter of a formula has an underscore
        arguments = ", ".join(f"double {name}{suffix_in}" for name in letters)
        opened = [language.line(name, f"pyfc_pair_from({name}_in)") for name in [*letters, "dy"]] if pairs else []
        z = f"z{suffix_in}"
        forward = code.writer(language, ["y"], "/* ({}) */").lines
        backward = code.writer(language, back, "/* ({}) */").lines
        passed = ", ".join(f"{name}_in" for name in letters)
        # Where pairs fail, the same in double is right: forward_one_f32 and backward_one_f32.
        plain = f"backward_one_f32({passed}, dy_in, &plain_share)"
        instead = {"y": f"forward_one_f32({passed})", back[-1]: f"({plain}, plain_share)", "dz": plain}
        out = {name: f"FINITE({name}_, {instead[name]})" if pairs else f"{name}_" for name in instead}
        parts.append(
            "\n".join([
                f"static inline double forward_one_{suffix}({arguments})", "{", *opened[:-1], *forward,
                f"    return {z} == {z} ? {out['y']} : {z};", "}", "",
                f"static inline double backward_one_{suffix}({arguments}, double dy{suffix_in}, double *share)",
                "{", *opened, *(["    double plain_share;"] if pairs else []), *backward,
                *([f"    *share = {z} == {z} ? {out[back[1]]} : {z};"] if code.learned else ["    (void)share;"]),
                f"    return {z} == {z} ? {out['dz']} : {z};", "}",
            ])
        )  # fmt: skip
    learned = bool(code.learned)
    body = (
        (loops.LEARNED if learned else loops.PLAIN)
        .replace("TYPED", typed)
        .replace("GIVEN", given)
        .replace("READ", read)
    )
    if CALLS.search("".join(parts)):
        parts.insert(1, "#define CALLS")
    return "\n\n".join(parts) + "\n" + body


def numpy_source(code: Code) -> str:
    """Return Python code with ``forward(z, a, hyper, w)`` and ``backward(z, dy, a, hyper, w)``."""
    back = ["dz", f"d{code.learned}"] if code.learned else ["dz"]
    head = [f"    {code.learned} = a"] if code.learned else []
    head += [f"    {name} = w(hyper[{index}])" for index, name in enumerate(code.numbers) if name]
    forward = code.writer(NumPy(), ["y"], "# ({})").lines
    backward = code.writer(NumPy(), back, "# ({})").lines
    result = ", ".join(f"np.where(z == z, {name}_, z)" for name in back)
    imports = ["from pyfc.making import special"] if "special." in "".join([*forward, *backward]) else []
    return "\n".join([
        f"# {code.title}", "# Made from the formula by pyfc.", "import numpy as np", *imports, "",
        "def forward(z, a, hyper, w):", *head, *forward, "    return np.where(z == z, y_, z)", "",
        "def backward(z, dy, a, hyper, w):", *head, *backward, f"    return {result}", "",
    ])  # fmt: skip
