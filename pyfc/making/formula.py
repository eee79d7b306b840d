"""Makes an activation of its formula: SymPy derives the backward, and C or NumPy runs both."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pyfc.component import Activation, Hyper
from pyfc.component.activation import Learned
from pyfc.component.base import Array
from pyfc.derivation import Source
from pyfc.making.classes import callers_module, new_class


class FormulaActivation(Activation):
    """Base of the activations that :func:`pyfc.activation_from_formula` makes.

    Attributes
    ----------
    formula : str
        As it was given.
    code : str
        The code that runs: C, or NumPy.
    not_compiled : str
        Why it is NumPy; ``""`` for compiled code.
    """

    needs = "z"
    in_place = True
    formula: ClassVar[str] = ""
    code: ClassVar[str] = ""
    not_compiled: ClassVar[str] = ""

    @classmethod
    def source_code(cls) -> Source:
        """Return the code that was made, with its tags."""
        return Source(f"{cls.name} (made from a formula)", cls.code)

    def params(self, cols: int) -> int:
        """Return how many learned parameters a layer of ``cols`` inputs has."""
        if not self.learned:
            return 0
        return cols if getattr(self, "per", "") == "unit" else 1


class NumPyFormulaActivation(FormulaActivation):
    """One that runs in NumPy: with more digits than its arrays have, so that one rounding is all that is lost."""

    functions: ClassVar[Mapping[str, Any]] = {}

    def compute_forward(self, z: Array, y: Array, a: Array) -> None:
        """Fill y."""
        wide = _wider(z)
        with np.errstate(all="ignore"):
            y[...] = self.functions["forward"](z.astype(wide), a.astype(wide), self.hyper, wide)

    def compute_backward(self, z: Array | None, y: Array | None, dy: Array, dz: Array, a: Array, da: Array) -> None:
        """Fill dz and da."""
        assert z is not None  # noqa: S101 (needs says so)
        wide = _wider(z)
        with np.errstate(all="ignore"):
            found = self.functions["backward"](z.astype(wide), dy.astype(wide), a.astype(wide), self.hyper, wide)
            if self.learned:
                found, shares = found
                da[...] = shares.sum(axis=0) if da.size == z.shape[1] else shares.sum()
            dz[...] = found


def _wider(array: Array) -> Any:
    """Return the type to work in; complex arrays, with which a slope can be found, stay as they are."""
    wider = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}
    return wider.get(array.dtype, array.dtype.type)


def activation_from_formula(
    name: str,
    formula: str,
    *,
    learn: str | None = None,
    per: str = "layer",
    compiled: bool | None = None,
    **hyperparameters: Any,
) -> type[Activation]:
    """Return an activation's class, made from its formula.

    SymPy derives the backward, writes both so that nothing overflows, and gives the steps of the derivation, which
    :func:`pyfc.testing.check_activation` proves. Where there is a C compiler, the code is compiled at once; else it
    runs in NumPy. The class is not registered: see :func:`pyfc.register`, or name it in an entry point.

    **A formula is code:** SymPy reads it by evaluating it. Take none from anybody whom you do not trust.

    Parameters
    ----------
    name : str
        Of the activation; the class is named alike, ``my_swish`` -> ``MySwish``. Assign it to that name in a module,
        so that it can be pickled.
    formula : str
        y in z and the hyper-parameters, with + - * / ** and the functions exp, log, sqrt, tanh, sinh, cosh, sin, cos,
        atan, erf, erfc, Abs, sign, Max, Min, and ``Piecewise((value, condition), ..., (value, True))``.
    learn : str, optional
        The hyper-parameter that is learned; its value is the start.
    per : {"layer", "unit"}, default "layer"
        Whether a layer learns one, or one for each unit; a hyper-parameter of the class, of which this is the default.
    compiled : bool, optional
        True insists on compiled code, False on NumPy; else compiled where that works; ``not_compiled`` says why not.
    **hyperparameters : float or Hyper
        Each letter of the formula beside z, with its default; a :class:`~pyfc.component.Hyper` has bounds, too.

    Returns
    -------
    type
        A subclass of :class:`~pyfc.component.Activation`.

    Raises
    ------
    ImportError
        Without SymPy: ``pip install "pyfc[symbolic]"``.
    TypeError, ValueError
        If an argument is not what is described here; if the formula is not a real number for every z.
    RuntimeError
        If ``compiled=True`` and there is no compiler, or it fails.

    Warns
    -----
    UserWarning
        If the result is NaN for some large z, because the formula could not be rewritten so that nothing overflows.

    Notes
    -----
    float32 is worked out in double precision and float64 with more digits than that, and both are rounded once: the
    result is right to about one unit in the last place of its largest term, at two to five times the cost of a kernel
    written by hand. Terms that cancel lose digits all the same, as ``z + sqrt(z**2 + 4)`` does far below zero.
    Compiling takes about a second, once in each process that makes the class; equal formulas share the result.

    Examples
    --------
    >>> import pyfc
    >>> Swish = pyfc.activation_from_formula("swish", "z / (1 + exp(-beta*z))", beta=1.0)
    >>> Swish(beta=2.0).forward([-1.0, 1.0, 1000.0]).round(4)
    array([-1.192e-01,  8.808e-01,  1.000e+03])
    """
    try:
        from pyfc.making import derive, reading, template
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("pyfc"):
            raise
        raise ImportError(
            f'activation_from_formula needs {error.name}: install it by pip install "pyfc[symbolic]"'
        ) from error
    reading.check_settings(name, per, compiled)
    hypers = reading.check_letters(name, hyperparameters, learn)
    reading.check_text(formula, list(hypers))
    steps, code = derive.derived(name, formula, hypers, learn or "")
    declared = {letter: hyper for letter, hyper in hypers.items() if letter != learn}
    if learn:
        declared["per"] = Hyper(per, choices=("unit", "layer"))
    members: dict[str, Any] = {
        "__doc__": f"The activation ``y = {formula}``, made from this formula.",
        "formula": formula,
        "hyperparameters": declared,
        "derivation": steps,
        "learned": Learned(learn, float(hypers[learn].default)) if learn else None,
    }
    why_not = "compiled=False"
    if compiled is not False:
        from pyfc.making import compiler

        text = template.c_source(code)
        try:
            kernel = compiler.activation_kernel(text, hypers=len(declared), learns=learn is not None)
        except compiler.CompilerError as error:
            if compiled:
                raise RuntimeError(f"{name} cannot be compiled, and compiled=True: {error}") from error
            why_not = str(error)
        else:
            members |= {"code": text, "kernel": kernel}
    if "kernel" not in members:
        text = template.numpy_source(code)
        functions: dict[str, Any] = {}
        exec(compile(text, f"<{name} (made from a formula)>", "exec"), functions)  # noqa: S102
        members |= {"code": text, "functions": functions, "not_compiled": why_not}
    base = FormulaActivation if "kernel" in members else NumPyFormulaActivation
    made = new_class(base, name, members, callers_module())
    _warn_of_nan(made)
    return made


def _warn_of_nan(cls: type[Activation]) -> None:
    """Warn if a result is NaN."""
    z = np.array([[0.0, 1.0, 20.0, 100.0, 800.0, 1e5, 1e30]])
    z = np.concatenate([-z, z], axis=1)
    activation, found = cls(), set()
    for dtype in (np.float32, np.float64):
        x = z.astype(dtype)
        result = activation.backward(np.ones_like(x), z=x)
        for values in (activation.forward(x), result[0] if cls.learned else result):
            found.update(z[np.isnan(values)].tolist())
    if found:
        warnings.warn(
            f"{cls.name} is NaN at z = {', '.join(f'{value:g}' for value in sorted(found))}: its formula could not be "
            "rewritten so that nothing overflows. Write it with exp(-Abs(...)), or keep z away from there",
            stacklevel=3,
        )
