"""What all components share: a name, hyper-parameters with defaults and bounds, a derivation, perhaps a kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from pyfc import kernels
from pyfc.derivation import Source, Step, source_of
from pyfc.errors import PluginError

Array = npt.NDArray[Any]

#: Native ones.
_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


@dataclass(frozen=True)
class Hyper:
    """A hyper-parameter: its default and its bounds.

    Parameters
    ----------
    default : float, int, bool or str
        Used when none is given; its type is the type that is accepted, and an int a whole number.
    low, high : float, optional
        Bounds, themselves allowed unless ``open_low`` or ``open_high``.
    open_low, open_high : bool, default False
        Exclude the bound itself.
    choices : tuple of str, optional
        For a str: the allowed values. A kernel sees the index of the chosen one.
    """

    default: float | int | bool | str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()

    def check(self, owner: str, name: str, value: Any) -> Any:
        """Return the value in the default's type, or raise with what was expected."""
        if isinstance(self.default, bool):
            if isinstance(value, (bool, np.bool_)):
                return bool(value)
            raise TypeError(f"{owner}({name}={value!r}): expected True or False")
        if isinstance(self.default, str):
            if value in self.choices:
                return value
            raise ValueError(f"{owner}({name}={value!r}): expected one of {', '.join(map(repr, self.choices))}")
        if isinstance(value, (bool, np.bool_, str)) or not np.isscalar(value) or not np.isreal(value):
            raise TypeError(f"{owner}({name}={value!r}): expected a number")
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            number = math.inf
        low = self.low < number if self.open_low else self.low <= number
        high = number < self.high if self.open_high else number <= self.high
        if not (low and high and math.isfinite(number)):
            raise ValueError(f"{owner}({name}={value!r}): expected a finite number {self.bounds()}".rstrip())
        if isinstance(self.default, int) and number != math.floor(number):
            raise ValueError(f"{owner}({name}={value!r}): expected a whole number {self.bounds()}".rstrip())
        return int(number) if isinstance(self.default, int) else number

    def bounds(self) -> str:
        """Return the bounds in words, ``""`` without any."""
        words = []
        if self.low > -math.inf:
            words.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high < math.inf:
            words.append(f"{'<' if self.open_high else '<='} {self.high:g}")
        return " and ".join(words)

    def number(self, value: Any) -> float:
        """Return a value as a kernel sees it."""
        return float(self.choices.index(value) if isinstance(value, str) else value)


class Component:
    """Base of everything that can be registered.

    Class attributes to set: ``name``, as in the entry point; ``hyperparameters``, a dict of :class:`Hyper` in the
    order in which the kernel reads them; ``derivation``, a tuple of :class:`~pyfc.derivation.Step`; ``source``, the
    file whose lines carry the derivation's tags, where the class is in another one: ``"kernel.c"`` is beside it.
    """

    group: ClassVar[str]
    name: ClassVar[str]
    hyperparameters: ClassVar[Mapping[str, Hyper]] = {}
    derivation: ClassVar[tuple[Step, ...]] = ()
    source: ClassVar[str] = ""
    capsule: ClassVar[str] = ""
    kernel: ClassVar[Any] = None
    #: What the constructor takes beside them.
    arguments: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **hyperparameters: Any) -> None:
        owner = type(self).__name__
        # Here, for a class can be used that no registry has seen; a kernel that is not what it should be would crash.
        problem = (
            "" if self.kernel is None else kernels.capsule_problem(self.kernel, self.capsule, len(self.hyperparameters))
        )
        if problem:
            raise PluginError(f"{owner} cannot be used: {problem}")
        unknown = set(hyperparameters) - set(self.hyperparameters)
        if unknown:
            known = ", ".join([*self.arguments, *self.hyperparameters]) or "none"
            raise TypeError(f"{owner} got {', '.join(sorted(unknown))}: its hyper-parameters are: {known}")
        for name, hyper in self.hyperparameters.items():
            setattr(self, name, hyper.check(owner, name, hyperparameters.get(name, hyper.default)))
        #: The hyper-parameters as the kernel reads them: float64, in declared order.
        self.hyper: Array = np.array([h.number(getattr(self, n)) for n, h in self.hyperparameters.items()], np.float64)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to change a hyper-parameter: the kernel would not see it."""
        if name in self.hyperparameters and "hyper" in self.__dict__:
            owner = type(self).__name__
            raise AttributeError(f"{name} of {self!r} is fixed: expected a new one, {owner}({name}={value!r})")
        super().__setattr__(name, value)

    @classmethod
    def problem(cls) -> str:
        """Return why this class cannot be used as a component, ``""`` if it can."""
        name = getattr(cls, "name", None)
        if not isinstance(name, str) or not name.replace("-", "_").isidentifier():
            return f"class {cls.__name__} has name {name!r}: expected letters, digits, _ and -, such as 'leaky_relu'"
        if cls.kernel is None:
            return cls.method_problem()
        return kernels.capsule_problem(cls.kernel, cls.capsule, len(cls.hyperparameters)) or cls.kernel_problem()

    @classmethod
    def kernel_problem(cls) -> str:
        """Return where a kernel and its class disagree, ``""`` if nowhere."""
        return ""

    @classmethod
    def method_problem(cls) -> str:
        """Return what a component without a kernel lacks, ``""`` if nothing."""
        return ""

    @classmethod
    def source_code(cls) -> Source:
        """Return the code that the derivation's tags are in; :func:`pyfc.derivation.source_of` says which."""
        return source_of(cls, cls.source)

    def config(self) -> dict[str, Any]:
        """Return the hyper-parameters as a dict that rebuilds the component: ``type(c)(**c.config())``."""
        return {name: getattr(self, name) for name in self.hyperparameters}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the component that :meth:`config` describes."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.config().items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.config() == other.config()

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.config().items())))


def float_array(value: Any, what: str) -> Array:
    """Return value as a C-contiguous, aligned float32 or float64 array; integers and booleans become float64."""
    array = np.asarray(value)
    if array.dtype in _FLOATS and array.flags.c_contiguous and array.flags.aligned:
        return array  # at once, for the rest would take longer than a small function does
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{what} has dtype {array.dtype}: expected float32 or float64; use .astype")
    return np.require(array, requirements=("C", "A"))


def apart(array: Array, out: Array) -> Array:
    """Return an array that does not change when ``out`` is written: itself, or a copy if they share memory."""
    return array.copy() if np.may_share_memory(array, out) else array


def output_array(out: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return ``out`` if a result of that shape and dtype can be written into it, else raise with what was expected."""
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype:
        raise ValueError(
            f"out is {getattr(out, 'dtype', type(out).__name__)} {getattr(out, 'shape', '')}: "
            f"expected an ndarray of {dtype} {shape}"
        )
    if not out.flags.carray:
        raise ValueError("out is not C-contiguous, aligned and writeable: expected all three; use numpy.empty")
    return out
