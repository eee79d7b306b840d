"""Proves a derivation with SymPy.

How a proof goes. Rows and matrices become small ones of plain symbols (a row of 3, matrices of 2 x 2 and 2 x 3), so
that every step is an equation between numbers. A step with a new letter on the left is a definition. Every other one is
a claim: both sides are expanded until only inputs and parameters are left, and their difference must become 0. What a
gradient means is not up to the derivation: ``dz`` is the derivative by z of ``dy * y`` summed over all outputs y, with
dy held fixed, which is the chain rule; in a loss, ``dy`` is the derivative of the per-sample loss ``l`` by y.

Functions with kinks (Piecewise, Abs, Max, Min, sign) are proved region by region; a point between two regions is
left to the numerical comparison in :mod:`pyfc.testing`. Needs the extra ``symbolic``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from typing import Any

import sympy
from sympy.parsing.sympy_parser import parse_expr

from pyfc.derivation import Step
from pyfc.errors import ProofError
from pyfc.symbolic import derivative, prove_zero, regions

_INDEX = re.compile(r"\b([A-Za-z_]\w*)\[([^\]]*)\]")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_LETTER = re.compile(r"\w+(\[[^\]]*\])?")
_SHAPE = re.compile(r"(?<![\w^])(\w+) \(([\w, ]*)\)")
_SIZES = {"m": 3, "n": 2, "p": 2, "q": 3}
_ALIASES = str.maketrans("XYZT", "xyzt")
_D = sympy.Function("D")


def _max(*arguments: Any) -> Any:
    """Return the largest argument, or with a range, as in ``Max(y[k], (k, 1, m))``, the largest entry of a row."""
    if not isinstance(arguments[-1], tuple):
        return sympy.Max(*arguments)
    index, first, last = arguments[-1]
    return sympy.Max(*(arguments[0].subs(index, value) for value in range(int(first), int(last) + 1)))


_NAMES = (
    "Abs Max Min Piecewise Sum KroneckerDelta And Or Not Ne Eq sign exp log sqrt tanh cosh sinh erf "
    "erfc pi oo limit integrate binomial factorial sin cos atan"
)
_FUNCTIONS = {name: getattr(sympy, name) for name in _NAMES.split()} | {"Max": _max}


@dataclass(frozen=True)
class Proof:
    """How one step was shown.

    Attributes
    ----------
    step : Step
        The step.
    kind : str
        ``"definition"`` or ``"proved"``.
    equations : int
        How many equations between numbers it stands for: the entries of its rows or matrices, times its regions.
    """

    step: Step
    kind: str
    equations: int


class Derivation:
    """The steps of one component as equations between symbols.

    Parameters
    ----------
    steps : sequence of Step
        In order; those whose ``when`` disagrees with ``options`` are left out.
    output : str
        The letter whose derivative is given: ``"y"``, ``"z"`` in a layer, ``"l"`` in a loss, ``""`` if there is none.
    bounds : mapping of str to tuple
        Letters that are hyper-parameters, with their lower bound and whether it is open; None for a switch.
    options : mapping
        Values of the hyper-parameters that choose between formulas, or are whole numbers.
    sizes : mapping, optional
        Sizes of rows (``m``) and matrices (``n, p, q``). Where an activation's row of y has another length than that of
        z, it has q numbers: ``shapes="y (q), dy (q)"``.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        output: str,
        bounds: Mapping[str, tuple[float, bool] | None],
        options: Mapping[str, Any],
        sizes: Mapping[str, int] = _SIZES,
    ) -> None:
        self.steps = [s for s in steps if all(options.get(key) == value for key, value in s.when.items())]
        self.output, self.bounds, self.options = output, bounds, options
        text = " ".join(step.equation for step in self.steps)
        self.shapes: dict[str, list[str]] = {}
        for step in self.steps:
            self.shapes = {**self._shapes(step), **self.shapes}
        self.indexed = {name for name, _ in _INDEX.findall(text)}
        self.sizes = dict(sizes) if self.indexed or self.shapes else {}
        self.definitions: dict[sympy.Symbol, sympy.Expr] = {}
        #: What was worked out once: whether all that defines is defined, the proofs, and right sides by their step.
        self._complete, self._proofs = False, list[Proof]()
        self.expanded: dict[tuple[int, tuple[str, ...]], list[Any]] = {}

    @staticmethod
    def _shapes(step: Step) -> dict[str, list[str]]:
        return {name: dims.replace(" ", "").split(",") for name, dims in _SHAPE.findall(step.shapes)}

    def symbol(self, name: str, *indices: Any) -> sympy.Symbol:
        """Return the symbol of a letter, or of one entry of it."""
        if name in self.bounds:
            bound = self.bounds[name]
            if bound is None:
                return sympy.Symbol(name)
            low, is_open = bound
            positive = low > 0 or (low == 0 and is_open)
            return sympy.Symbol(name, real=True, positive=positive or None, nonnegative=low >= 0 or None)
        full = "_".join([name.translate(_ALIASES), *map(str, indices)])
        if name == "t" and not self.sizes:
            return sympy.Symbol(full, integer=True, positive=True)  # the step number of an optimizer
        return sympy.Symbol(full, real=True)

    def parse(self, text: str, step: Step, indices: Mapping[str, int]) -> Any:
        """Return one side of an equation, with its free indices set, as an expression or matrix of plain symbols."""
        names: dict[str, Any] = {**_FUNCTIONS, "diff": _D}
        shapes = {**self.shapes, **self._shapes(step)}
        indexed_here = {name for name, _ in _INDEX.findall(text)}
        for name in set(re.findall(r"[A-Za-z_]\w*", text)) - set(names):
            if name in indices:
                names[name] = sympy.Integer(indices[name])
            elif name in indexed_here:
                names[name] = sympy.IndexedBase(name)
            elif name in self.sizes:
                names[name] = sympy.Integer(self.sizes[name])
            elif type(self.options.get(name)) is int:
                names[name] = sympy.Integer(self.options[name])  # it may say how many there are of something
            elif name == "ones":
                names[name] = sympy.ones(self.sizes["n"], 1)
            elif len(shapes.get(name, [])) == 2:
                names[name] = self._matrix(name, shapes[name])
            elif name in self.options and self.bounds.get(name) is None and name in self.bounds:
                names[name] = sympy.true if self.options[name] else sympy.false
            elif name not in ("T", "True", "False"):
                names[name] = self.symbol(name)
        unknown = {name for name in _CALL.findall(text) if name not in _FUNCTIONS and name != "diff"}
        if unknown:
            near = get_close_matches(min(unknown), _FUNCTIONS, n=1, cutoff=0.5)
            raise ProofError(
                f"step ({step.number}) {step.equation!r}: no function {min(unknown)}: "
                f"expected {f'{near[0]}, or another ' if near else ''}one of {', '.join(sorted(_FUNCTIONS))}"
            )
        try:
            parsed = parse_expr(text, local_dict=names)
        except Exception as error:
            raise ProofError(f"step ({step.number}): SymPy cannot read {text!r}: {error}") from error
        return parsed.applyfunc(self._plain) if isinstance(parsed, sympy.MatrixBase) else self._plain(parsed)

    def _matrix(self, name: str, dims: list[str]) -> sympy.Matrix:
        rows, cols = (self.sizes.get(dim, 1) for dim in dims)
        keep = [dim != "1" for dim in dims]

        def entry(i: int, j: int) -> sympy.Symbol:
            return self.symbol(name, *(index for index, kept in zip((i + 1, j + 1), keep, strict=True) if kept))

        return sympy.Matrix(rows, cols, entry)

    def _plain(self, expression: Any) -> Any:
        expression = sympy.sympify(expression).doit()
        entries = {item: self.symbol(str(item.base), *item.indices) for item in expression.atoms(sympy.Indexed)}
        expression = expression.xreplace(entries)
        derivatives = {
            item: derivative(self.expand(item.args[0]), item.args[1])
            for item in expression.atoms(sympy.core.function.AppliedUndef)
            if item.func == _D
        }
        return expression.xreplace(derivatives)

    def expand(self, expression: Any) -> Any:
        """Replace what is defined by its definition, until only inputs and parameters are left."""
        for _ in range(50):
            found = {s: self.definitions[s] for s in expression.free_symbols if s in self.definitions}
            if not found:
                return expression
            expression = expression.xreplace(found)
        raise ProofError(f"the definitions of {sorted(map(str, found))} go round in a circle")

    def _entries(self, step: Step) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield the left side's letter and, for each of its entries, values of its free indices."""
        used = _INDEX.findall(step.left)
        letters: dict[str, int] = {}
        shapes = {**self.shapes, **self._shapes(step)}
        for name, inside in used:
            parts = [part.strip() for part in inside.split(",")]
            dims = shapes.get(name, ["m"] * len(parts))
            for part, dim in zip(parts, dims, strict=True):
                if part.isidentifier() and part not in self.sizes:
                    letters[part] = self.sizes[dim]
                elif not part.isidentifier() and not part.isdigit():
                    raise ProofError(
                        f"step ({step.number}) {step.equation!r}: {name}[{inside}] on the left: expected a letter, "
                        f"such as {name}[i], which stands for every entry; on the right, choose by Piecewise and Eq"
                    )
        for values in product(*(range(1, size + 1) for size in letters.values())):
            yield used[0][0] if used else step.left, dict(zip(letters, values, strict=True))

    def outputs(self) -> list[sympy.Symbol]:
        """Return the symbols of all outputs."""
        return [s for s in self.definitions if str(s) == self.output or str(s).startswith(f"{self.output}_")]

    def gradient(self, symbol: sympy.Symbol) -> Any:
        """Return what ``d`` of a symbol means: the derivative of the loss by it, given those by the outputs."""
        total = sum(
            self.definitions[out] * (1 if self.output == "l" else sympy.Symbol(f"d{out}", real=True))
            for out in self.outputs()
        )
        return derivative(self.expand(total), symbol)

    def equations(self, step: Step, *, worked_out: bool = True) -> Iterator[tuple[sympy.Symbol | None, Any, Any]]:
        """Yield (symbol on the left or None, what it means or None if it is new, right side) for every entry.

        If not worked out, what a gradient means is left at the letter that it is taken by: to differentiate takes long.
        """
        for name, indices in self._entries(step):
            left = self.parse(step.left, step, indices)
            right = self.parse(step.right, step, indices)
            if isinstance(left, sympy.MatrixBase):
                if not isinstance(right, sympy.MatrixBase) or left.shape != right.shape:
                    raise ProofError(f"step ({step.number}): left has shape {left.shape}, right is {right}")
                pairs: Iterable[tuple[Any, Any]] = zip(left, right, strict=True)
            else:
                pairs = [(left, right)]
            for one, other in pairs:
                symbol = one if _LETTER.fullmatch(step.left) else None
                yield symbol, (one if symbol is None else self._meaning(symbol, name, worked_out)), other

    def _meaning(self, left: sympy.Symbol, name: str, worked_out: bool) -> Any:
        if left in self.definitions:
            return self.definitions[left]
        text = str(left)
        if self.output and text.startswith("d") and name != f"d{self.output}" and self.outputs():
            base = next((s for s in self._inputs() if f"d{s}" == text), None)
            if base is not None:
                return self.gradient(base) if worked_out else base
        return None

    def _inputs(self) -> set[sympy.Symbol]:
        return set().union(*(value.free_symbols for value in self.definitions.values())) - set(self.definitions)

    def define(self, step: Step) -> bool:
        """Take a step as a definition if it is one, and say whether it is."""
        equations = list(self.equations(step, worked_out=False))
        if any(symbol is None or meaning is not None for symbol, meaning, _ in equations):
            return False
        for symbol, _, right in equations:
            self.definitions[symbol] = right
        return True

    def define_all(self) -> None:
        """Take every step that is a definition as one, without a proof of the others."""
        for step in () if self._complete else self.steps:
            self.define(step)
        self._complete = True

    def prove(self) -> list[Proof]:
        """Prove every step from those before it; what is proved once is not proved again.

        Returns
        -------
        list of Proof

        Raises
        ------
        ProofError
            At the first step that does not follow, with a counterexample where there is one.
        """
        if not self._proofs:
            self._proofs = self._prove()
        return self._proofs

    def _prove(self) -> list[Proof]:
        proofs = []
        self._complete = False
        self.definitions.clear()
        for step in self.steps:
            if self.define(step):
                proofs.append(Proof(step, "definition", 1))
                continue
            count = 0
            for _, meaning, right in self.equations(step):
                if meaning is None:
                    raise ProofError(f"step ({step.number}) {step.equation!r}: part of the left side is not defined")
                for difference, inside in regions(self.expand(meaning) - self.expand(right)).items():
                    prove_zero(difference, step, inside)
                    count += 1
            proofs.append(Proof(step, "proved", count))
        self._refuse_assumed(proofs)
        self._complete = True
        return proofs

    def _refuse_assumed(self, proofs: Iterable[Proof]) -> None:
        """Raise ProofError for a gradient that is merely defined, as it is where it comes before the output."""
        main = {"y": {"z"}, "l": {"y"}}.get(self.output, set())
        inputs = {str(symbol) for symbol in self._inputs()} if self.outputs() else set()
        gradients = {f"d{letter}" for letter in main | {text.split("_")[0] for text in inputs}}
        for proof in proofs:
            name = proof.step.left.partition("[")[0]
            if self.output and proof.kind == "definition" and name in gradients - {self.output}:
                raise ProofError(
                    f"step ({proof.step.number}) {proof.step.equation!r} only defines {name}, which is to be proved as "
                    f"the gradient by {name[1:]}: put it after the step that defines {self.output}, "
                    f"which must depend on {name[1:]}"
                )
