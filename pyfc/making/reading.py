"""Reads the formula of an activation, and says what is wrong with it before it gets any further.

SymPy reads a formula by evaluating it as Python, so a formula is code. Characters and words that none needs are refused
first; that is no reason to take one from somebody whom you do not trust.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Mapping
from typing import Any

from pyfc.component import Activation, Hyper

#: The functions that a formula may have, of those that a derivation knows.
FUNCTIONS = (
    *("exp", "log", "sqrt", "tanh", "cosh", "sinh", "sin", "cos", "atan", "erf", "erfc", "Abs", "sign", "Max", "Min"),
    *("Piecewise", "And", "Or", "Not", "Eq", "Ne", "True", "False", "pi"),
)

#: Letters that mean something else in a derivation, in SymPy, or in the code that is made.
_RESERVED = """
z y x t e f w dz dy dx X Y Z T E I N O Q S C oo ones diff limit integrate Sum binomial factorial KroneckerDelta
per np special hyper learn compiled
auto break case char const default do double enum extern float goto inline int long register restrict short signed
sizeof static struct switch typedef union unsigned void volatile typeof asm
"""
RESERVED = frozenset(_RESERVED.split())

_WORD = re.compile(r"(?<![\w.])[A-Za-z]\w*")
_MADE = re.compile(r"v\d+")


def check_settings(name: Any, per: Any, compiled: Any) -> None:
    """Raise if one of these arguments is not what it should be."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise ValueError(f"name={name!r}: expected letters, digits, _ and -, such as 'my_swish'")
    if compiled not in (None, True, False):
        raise TypeError(f"compiled={compiled!r}: expected None, True or False")
    Hyper("layer", choices=("unit", "layer")).check("activation_from_formula", "per", per)


def check_letters(name: str, hyperparameters: Mapping[str, Any], learn: str | None) -> dict[str, Hyper]:
    """Return the hyper-parameters as :class:`Hyper`, or raise with what is wrong with one."""
    found = {}
    for letter, value in hyperparameters.items():
        own = f"activation_from_formula({name!r}, ..., {letter}={value!r})"
        taken = letter in RESERVED or letter in FUNCTIONS or keyword.iskeyword(letter) or hasattr(Activation, letter)
        if taken or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", letter) or _MADE.fullmatch(letter):
            raise ValueError(f"{own}: expected another name, of letters and digits, such as beta; this one is reserved")
        if isinstance(value, Hyper):
            if isinstance(value.default, (bool, str)):
                raise TypeError(f"{own}: expected a Hyper whose default is a number")
            if letter == learn:
                raise TypeError(f"{own}: {letter} is learned, and has no bounds; expected a number, its start")
            found[letter] = value
        else:
            found[letter] = Hyper(float(Hyper(0.0).check(f"activation_from_formula({name!r}, ...)", letter, value)))
    if learn is not None and (not isinstance(learn, str) or learn not in found):
        raise ValueError(f"learn={learn!r}: expected one of the hyper-parameters given: {', '.join(found) or 'none'}")
    if learn is not None and f"d{learn}" in found:
        raise ValueError(f"d{learn} is the derivative by {learn}, which is learned: expected another name")
    return found


def check_text(formula: Any, letters: list[str]) -> None:
    """Raise if a formula has characters or words that no formula has."""
    if not isinstance(formula, str):
        raise TypeError(f"the formula is {formula!r}: expected a str, such as 'z / (1 + exp(-beta*z))'")
    said = f"the formula is {formula!r}"
    wrong = sorted(set(re.findall(r"[^A-Za-z0-9\s+\-*/().,<>=&|~]", formula)))
    if wrong:
        power = "; a power is **" if "^" in wrong else ""
        raise ValueError(f"{said}: {' '.join(map(repr, wrong))} cannot be in one{power}")
    if re.search(r"[A-Za-z)\s]\.|\.\s*[A-Za-z]", formula):
        raise ValueError(f"{said}: a dot is only for numbers, such as 0.5 or 1.0e-3")
    if re.search(r"(?<![<>])=|==", formula):
        raise ValueError(f"{said}: expected the right side alone, without `y =`; a comparison is Eq(a, b) or >=")
    words = dict.fromkeys(_WORD.findall(formula))
    known = {"z", *letters, *FUNCTIONS}
    unknown = [word for word in words if word not in known]
    if unknown:
        near = [match for word in unknown for match in difflib.get_close_matches(word.capitalize(), FUNCTIONS, 1)]
        near += [match for word in unknown for match in difflib.get_close_matches(word, FUNCTIONS, 1)]
        hint = f"; did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
        given = f"z and {', '.join(letters)}" if letters else "z alone, and no hyper-parameters such as beta=1.0"
        raise ValueError(
            f"{said}: {', '.join(unknown)} not known; given are {given}; functions are {', '.join(FUNCTIONS)}{hint}"
        )
    if "z" not in words:
        raise ValueError(f"{said}: expected a function of z")
    unused = [letter for letter in letters if letter not in words]
    if unused:
        raise ValueError(f"{said}: {', '.join(unused)} given but not in it; leave it out")
