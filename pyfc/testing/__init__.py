"""The conformance kit: holds a component to its derivation, and its gradients to finite differences.

``check_activation``, ``check_loss``, ``check_optimizer`` and ``check_initializer`` return a :class:`Report` that says
what was checked and what was worst. They are what pyfc's own tests run over the whole registry, and what a plugin's
tests call; ``conformance_test`` makes one line of a plugin's tests of them, over all ``variants`` of a component.
Needs the extra ``symbolic``.
"""

from pyfc.report import Check, Report

try:
    from pyfc.testing.activations import check_activation
    from pyfc.testing.conformance import conformance_test
    from pyfc.testing.losses import check_loss
    from pyfc.testing.recipes import check_initializer, check_optimizer
    from pyfc.testing.variants import variants
except ModuleNotFoundError as error:
    if error.name not in ("sympy", "mpmath"):
        raise
    raise ImportError(f'pyfc.testing needs {error.name}: install it by pip install "pyfc[symbolic]"') from error

__all__ = [
    "Check",
    "Report",
    "check_activation",
    "check_initializer",
    "check_loss",
    "check_optimizer",
    "conformance_test",
    "variants",
]
