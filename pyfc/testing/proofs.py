"""The checks that every component gets: its tags against its derivation, and the proof of the derivation."""

from __future__ import annotations

from collections.abc import Mapping

from pyfc.component import Component
from pyfc.derivation import tag_problems
from pyfc.errors import ProofError
from pyfc.report import Report, raised
from pyfc.testing.precision import derivation_of


def add_proof(report: Report, component: Component, output: str, *, sizes: Mapping[str, int] | None = None) -> bool:
    """Check tags and proof, and say whether both hold.

    Parameters
    ----------
    report : Report
        Where the checks are taken down.
    component : Component
        What to check, with the hyper-parameters that choose between its formulas.
    output : str
        The letter whose derivative is given, as in :class:`pyfc.proof.Derivation`.
    sizes : mapping of str to int, optional
        Of the rows and matrices that it is proved for.

    Returns
    -------
    bool
    """
    before = len(report.failures)
    if not component.derivation:
        report.unproved = f"{type(component).__name__} has no derivation, so its code is held to differences alone"
        return False
    try:
        problems = tag_problems(component.derivation, component.source_code())
        report.add("tags", not problems, "; ".join(problems) or "each running step has its lines, each tag its step")
    except FileNotFoundError as error:
        report.add("tags", False, str(error))
    try:
        proofs = derivation_of(component, output, sizes=sizes).prove()
        shown = [proof for proof in proofs if proof.kind == "proved"]
        report.add("derivation", bool(proofs), f"{len(shown)} of {len(proofs)} steps proved, the others define")
    except ProofError as error:
        report.add("derivation", False, str(error))
    except Exception as error:  # whatever SymPy makes of an equation
        report.add("derivation", False, raised(error))
    return len(report.failures) == before
