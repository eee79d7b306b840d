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

from pyfc.making.codegen import Writer
from pyfc.making.languages import Double, NumPy, Pair


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
                writer.assign(str(e), sympy.exp(-sympy.Abs(u)), tag.format(step))
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
        '#include "pyfc_kernel.h"',
        '#include "pyfc_pair.h"',
        _WHOLE,
    ]
    for suffix, language in (("f32", Double()), ("f64", Pair())):
        pairs = language.wide
        suffix_in = "_in" if pairs else ""  # no letter of a formula has an underscore
        arguments = ", ".join(f"double {name}{suffix_in}" for name in letters)
        opened = [language.line(name, f"pyfc_pair_from({name}_in)") for name in [*letters, "dy"]] if pairs else []
        out = {name: f"pyfc_pair_rounded({name}_)" if pairs else f"{name}_" for name in ["y", *back]}
        z = f"z{suffix_in}"
        forward = code.writer(language, ["y"], "/* ({}) */").lines
        backward = code.writer(language, back, "/* ({}) */").lines
        parts.append(
            "\n".join([
                f"static inline double forward_one_{suffix}({arguments})", "{", *opened[:-1], *forward,
                f"    return {z} == {z} ? {out['y']} : {z};", "}", "",
                f"static inline double backward_one_{suffix}({arguments}, double dy{suffix_in}, double *share)",
                "{", *opened, *backward,
                *([f"    *share = {z} == {z} ? {out[back[1]]} : {z};"] if code.learned else ["    (void)share;"]),
                f"    return {z} == {z} ? {out['dz']} : {z};", "}",
            ])
        )  # fmt: skip
    learned = bool(code.learned)
    body = (_LEARNED if learned else _PLAIN).replace("TYPED", typed).replace("GIVEN", given).replace("READ", read)
    if _CALLS.search("".join(parts)):
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


# A function that is called in a loop is not vectorised, and a loop's copy for a newer processor would call the old one.
# With functions of the C library in it, a loop is not vectorised in any case, and is faster as it is.
_WHOLE = """#if defined(__GNUC__) && !defined(CALLS)
#define WHOLE __attribute__((flatten))
#else
#define WHOLE
#endif"""
_CALLS = re.compile(r"\b(pyfc_pair_)?(sin|cos|atan|erf|erfc|pow)\(")

# z and y, or dy and dz, may be the same array: the pragma says that no other overlap is possible.
_PLAIN = """
#define LOOPS(real, suffix) \\
WHOLE PYFC_STATUS forward_##suffix( \\
    const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper) \\
{ \\
READ    const int64_t n = shape->rows * shape->cols; \\
    (void)a; (void)hyper; \\
    _Pragma("GCC ivdep") \\
    for (int64_t i = 0; i < n; i++) y[i] = (real)forward_one_##suffix(z[i]GIVEN); \\
    return PYFC_OK; \\
} \\
WHOLE PYFC_STATUS backward_##suffix(const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, \\
    const real *a, real *da, const double *hyper) \\
{ \\
READ    const int64_t n = shape->rows * shape->cols; \\
    (void)y; (void)a; (void)da; (void)hyper; \\
    _Pragma("GCC ivdep") \\
    for (int64_t i = 0; i < n; i++) dz[i] = (real)backward_one_##suffix(z[i]GIVEN, dy[i], 0); \\
    return PYFC_OK; \\
}
LOOPS(float, f32)
LOOPS(double, f64)
"""

# One parameter for all, params == 1, is taken as one long row; each with its own, the columns are.
_LEARNED = """
#define LOOPS(real, suffix) \\
static inline void forward_rows_##suffix(int64_t rows, int64_t m, const real *z, real *y, const real *a, int64_t step \\
    TYPED) \\
{ \\
    for (int64_t i = 0; i < rows; i++) { \\
        _Pragma("GCC ivdep") \\
        for (int64_t j = 0; j < m; j++) y[i * m + j] = (real)forward_one_##suffix(z[i * m + j], a[j * step]GIVEN); \\
    } \\
} \\
WHOLE PYFC_STATUS forward_##suffix( \\
    const pyfc_shape *shape, const real *z, real *y, const real *a, const double *hyper) \\
{ \\
READ    (void)hyper; \\
    if (shape->params == 1) forward_rows_##suffix(1, shape->rows * shape->cols, z, y, a, 0GIVEN); \\
    else forward_rows_##suffix(shape->rows, shape->cols, z, y, a, 1GIVEN); \\
    return PYFC_OK; \\
} \\
static inline double backward_block_##suffix(int64_t rows, int64_t m, int64_t width, const real *z, const real *dy, \\
    real *dz, const real *a, real *da, int64_t step TYPED) \\
{ \\
    double total[64] = { 0 }, sum = 0; \\
    for (int64_t i = 0; i < rows; i++) { \\
        _Pragma("GCC ivdep") \\
        for (int64_t j = 0; j < width; j++) { \\
            double share; \\
            dz[i * m + j] = (real)backward_one_##suffix(z[i * m + j], a[j * step]GIVEN, dy[i * m + j], &share); \\
            total[j] += share; \\
        } \\
    } \\
    for (int64_t j = 0; j < width; j++) { \\
        sum += total[j]; \\
        if (step) da[j] = (real)total[j]; \\
    } \\
    return sum; \\
} \\
WHOLE PYFC_STATUS backward_##suffix(const pyfc_shape *shape, const real *z, const real *y, const real *dy, real *dz, \\
    const real *a, real *da, const double *hyper) \\
{ \\
READ    const int64_t one = shape->params == 1, rows = one ? 1 : shape->rows; \\
    const int64_t m = one ? shape->rows * shape->cols : shape->cols; \\
    double sum = 0; \\
    (void)y; (void)hyper; \\
    for (int64_t j = 0; j < m; j += 64) { \\
        int64_t width = m - j < 64 ? m - j : 64; \\
        if (one) sum += backward_block_##suffix(rows, m, width, z + j, dy + j, dz + j, a, da, 0GIVEN); \\
        else backward_block_##suffix(rows, m, width, z + j, dy + j, dz + j, a + j, da + j, 1GIVEN); \\
    } \\
    if (one) da[0] = (real)sum; \\
    return PYFC_OK; \\
}
LOOPS(float, f32)
LOOPS(double, f64)
"""
