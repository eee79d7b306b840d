"""What shows that a derivation and its code agree, found out anew in each build: proof, tags, ULP, finite differences.

The figures come from the conformance kit, :mod:`pyfc.testing`, of which the checks run here that take little time: the
default settings, on all of the kit's inputs. What does not hold is an error of the build.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyfc.component import Activation, Component, Loss, Optimizer
from pyfc.derivation import tag_problems
from pyfc.errors import ProofError
from pyfc.proof import Proof
from pyfc.report import Figure, Report
from pyfc.sphinxext.subject import Subject
from pyfc.testing.activations import add_activation_differences, add_activation_precision, sizes_of
from pyfc.testing.inputs import Widths
from pyfc.testing.layers import LayerKernel, add_layer_checks
from pyfc.testing.losses import add_loss_differences, add_loss_precision
from pyfc.testing.precision import derivation_of
from pyfc.testing.recipes import add_minimum, add_step_precision, check_initializer
from pyfc.testing.variants import variants

#: The letter whose derivative a component of each group gives; see pyfc.proof.Derivation.
_OUTPUTS = {"activations": "y", "losses": "l"}
_DTYPES = (np.float32, np.float64)


@dataclass(frozen=True)
class Evidence:
    """What was found of one component or layer.

    Attributes
    ----------
    steps : int
        How many steps its derivation has.
    proved : frozenset of int
        The numbers of those that SymPy has proved; the others define.
    tied : int
        How many lines of code carry their tags.
    figures : tuple of Figure
        The worst errors: for each letter that was computed one in float32 and float64, where it can be evaluated in
        high precision, and one against finite differences.
    checks : int
        How many checks of the kit they are from.
    problems : tuple of str
        What does not hold.
    """

    steps: int
    proved: frozenset[int]
    tied: int
    figures: tuple[Figure, ...]
    checks: int
    problems: tuple[str, ...]

    def worst(self, unit: str) -> dict[str, Figure]:
        """Return letter -> its worst figure in a unit: ``"float32"``, ``"float64"`` or ``"difference"``."""
        found: dict[str, Figure] = {}
        for figure in self.figures:
            if figure.unit == unit and not found.get(figure.letter, figure).error > figure.error:
                found[figure.letter] = figure
        return found


def evidence_of(subject: Subject) -> Evidence:
    """Prove a derivation and measure its code.

    Parameters
    ----------
    subject : Subject
        The component or layer.

    Returns
    -------
    Evidence
    """
    problems = tag_problems(subject.derivation, subject.source)
    proved: frozenset[int] = frozenset()
    report = Report(subject.spec)
    try:
        proved = frozenset(proved_steps(subject.owner))
    except Exception as error:  # SymPy raises whatever it likes at what a plugin writes
        problems.append(str(error) if isinstance(error, ProofError) else f"{type(error).__name__}: {error}")
    else:
        with np.errstate(all="ignore"), report.guard(subject.spec):  # NumPy warns of the extremes that are tried here
            _measure(report, subject.owner)
    problems += [f"{check.name}: {check.detail}" for check in report.failures]
    tied = {line for lines in subject.source.tagged_lines().values() for line in lines}
    figures = tuple(report.figures)
    return Evidence(len(subject.derivation), proved, len(tied), figures, len(report.checks), tuple(problems))


def proved_steps(owner: type[Component] | LayerKernel) -> set[int]:
    """Prove a derivation and return the numbers of the steps that were proved; the others define.

    Steps may hold under some settings alone, so each switch is turned and each choice made, one at a time.

    Parameters
    ----------
    owner : type or LayerKernel
        A component's class, or a layer.

    Returns
    -------
    set of int

    Raises
    ------
    ProofError
        At the first step that does not follow from those before it.
    """
    proofs: list[Proof] = []
    if isinstance(owner, LayerKernel):
        proofs += owner.steps().prove()
    else:
        by_options = {_options(component): component for component in variants(owner)}
        for component in by_options.values():
            # As in the kit: a row of y may be shorter or longer than one of z.
            sizes = sizes_of(component, Widths(component).near(3)) if isinstance(component, Activation) else None
            proofs += derivation_of(component, _OUTPUTS.get(owner.group, ""), sizes=sizes).prove()
    return {proof.step.number for proof in proofs if proof.kind == "proved"}


def _options(component: Component) -> tuple[tuple[str, bool | str], ...]:
    """Return the settings that choose between steps; the others are letters in a proof."""
    return tuple((name, value) for name, value in component.config().items() if isinstance(value, bool | str))


def _measure(report: Report, owner: type[Component] | LayerKernel) -> None:
    """Run the checks of the kit that belong to a component's kind."""
    if isinstance(owner, LayerKernel):
        add_layer_checks(report, owner)
        return
    component = owner()
    strict = owner.__module__.startswith("pyfc.")  # what pyfc's own tests hold its own to
    if isinstance(component, Activation):
        widths = Widths(component)
        for dtype in _DTYPES:
            cols = 1 if component.elementwise else widths.near(2)
            add_activation_precision(report, component, dtype, cols, strict=strict)
        add_activation_differences(report, component, widths.near(5))
    elif isinstance(component, Loss):
        for dtype in _DTYPES:
            add_loss_precision(report, component, dtype, 2, strict=strict)
        add_loss_differences(report, component, 4)
    elif isinstance(component, Optimizer):
        if component.full_batch:
            add_minimum(report, component)
        else:
            for dtype in _DTYPES:
                for number in (1, 7):
                    add_step_precision(report, component, dtype, number)
    else:
        report.checks += check_initializer(component).checks  # type: ignore[arg-type]
