"""The kit as one line of a plugin's tests: ``test_swish = conformance_test("swish")``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyfc import registry
from pyfc.component import Activation, Component, Loss
from pyfc.errors import UnknownNameError
from pyfc.report import Report
from pyfc.testing.activations import check_activation
from pyfc.testing.losses import check_loss
from pyfc.testing.variants import variants

_GROUPS = ("activations", "losses")


def conformance_test(
    component: Activation | Loss | type[Activation] | type[Loss] | str,
    *,
    group: str = "",
    unproved: bool = False,
    strict: bool = False,
) -> Callable[..., None]:
    """Return a pytest test that holds an activation or a loss to the whole kit, in each of its variants.

    A failure shows the whole report. Needs pytest.

    Parameters
    ----------
    component : Activation, Loss, type or str
        A class or a registered name, of which all :func:`~pyfc.testing.variants` are checked; or an instance, of which
        only this one is.
    group : str, optional
        ``"activations"`` or ``"losses"``, for a name that stands for one of each.
    unproved : bool, default False
        Whether it may lack a derivation.
    strict : bool, default False
        As in :func:`~pyfc.testing.check_activation`.

    Returns
    -------
    callable
        A test with one case for each variant, to be bound to a name that begins with ``test``.

    Raises
    ------
    UnknownNameError
        If the name stands for nothing, or for one of each group.
    TypeError
        If it is neither an activation nor a loss.

    Examples
    --------
    In a plugin's ``test_swish.py``:

    >>> test_tanh = conformance_test("tanh")
    """
    import pytest  # not at the top: the checks themselves do without

    cases = _cases(component, group)

    @pytest.mark.parametrize("variant", [pytest.param(case, id=repr(case)) for case in cases])
    def test_conformance(variant: Activation | Loss) -> None:
        report = check(variant, strict=strict)
        if not report.ok or (report.unproved and not unproved):
            pytest.fail(str(report), pytrace=False)

    return test_conformance


def check(component: Activation | Loss, *, strict: bool = False) -> Report:
    """Return the report of the check that a component's kind asks for."""
    if isinstance(component, Loss):
        return check_loss(component, strict=strict)
    return check_activation(component, strict=strict)


def _cases(component: Any, group: str) -> list[Any]:
    """Return the instances to check."""
    if isinstance(component, str):
        component = _class_named(component, group)
    if isinstance(component, type) and issubclass(component, (Activation, Loss)):
        return list(variants(component))
    if isinstance(component, (Activation, Loss)):
        return [component]
    raise TypeError(
        f"conformance_test got {component!r}: expected an activation or a loss, as a class, an instance or a "
        "registered name; optimizers and initialisers have check_optimizer and check_initializer"
    )


def _class_named(name: str, group: str) -> type[Component]:
    if group:
        return _get(group, name)
    bare = name.rpartition(":")[2]
    groups = [g for g in _GROUPS if any(bare == record.name for record in registry.records(g))]
    if len(groups) == 2:
        raise UnknownNameError(f"{name!r} is both an activation and a loss: say which, group='activations' or 'losses'")
    return _get(groups[0] if groups else _GROUPS[0], name)


def _get(group: str, name: str) -> type[Component]:
    found: type[Component] = registry.get(group, name)
    return found
