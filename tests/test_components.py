"""Every registered component is proved, compared with its proof and differentiated numerically; none is named here."""

import contextlib
import copy
import functools
import pickle
import re

import numpy as np
import pytest

import pyfc
from pyfc import registry, testing
from pyfc.component import Activation, Component, Optimizer

CHECKS = {
    "activations": functools.partial(testing.check_activation, strict=True),
    "losses": functools.partial(testing.check_loss, strict=True),
    "optimizers": testing.check_optimizer,
    "initializers": testing.check_initializer,
}


ALL = [
    pytest.param(group, component, id=f"{group}-{component!r}")
    for group in registry.GROUPS
    for record in registry.records(group)
    if record.builtin
    for component in testing.variants(record.load())
]


@pytest.mark.no_cover
@pytest.mark.parametrize(("group", "component"), ALL)
def test_component_holds(group: str, component: Component) -> None:
    report = CHECKS[group](component)
    report.raise_if_failed(unproved=False)
    if group == "activations":  # what the kit asks of everybody is 4
        errors = [
            float(check.detail.split()[0]) for check in report.checks if re.search("float64.*against step", check.name)
        ]
        assert errors
        assert max(errors) <= 2, str(report)


SMALL = [
    pytest.param(cls, name, id=f"{cls.name}-{name}")
    for group in ("activations", "optimizers")
    for cls in (record.load() for record in registry.records(group) if record.builtin)
    for name, hyper in cls.hyperparameters.items()
    if hyper.open_low
]


@pytest.mark.parametrize(("cls", "name"), SMALL)
def test_a_divisor_that_is_accepted_is_not_0_in_float32(cls: type[Component], name: str) -> None:
    with contextlib.suppress(ValueError):
        take_zero(cls(**{name: 1e-46}))  # is 0 in float32
    take_zero(cls(**{name: np.nextafter(cls.hyperparameters[name].low, 1)}))


def take_zero(component: Component) -> None:
    zero, w = np.zeros(1, np.float32), np.ones(1, np.float32)
    if isinstance(component, Activation):
        y = component.forward(zero)
        assert np.isfinite([y, component.backward(w, z=zero, y=y)]).all()
    elif isinstance(component, Optimizer):
        component.update(w, zero, component.new_state(1, w.dtype), 0.1, 1)
        assert np.isfinite(w).all()


@pytest.mark.parametrize("group", registry.GROUPS)
def test_every_name_has_a_documented_class(group: str) -> None:
    names = pyfc.available(group)
    assert names
    for name in names:
        text = pyfc.get(group, name).__doc__
        assert text, name
        assert "References\n" in text, f"{name}: the docstring gives no source"
        assert "Examples\n" in text, f"{name}: the docstring gives no example"


def test_hyperparameters_are_fixed() -> None:
    momentum = pyfc.SGD(momentum=0.5)
    with pytest.raises(
        AttributeError, match=r"momentum of SGD\(.*\) is fixed: expected a new one, SGD\(momentum=0.9\)"
    ):
        momentum.momentum = 0.9
    assert momentum == pyfc.SGD(momentum=0.5)
    momentum.lr = 0.5  # is no hyper-parameter of the kernel: each step is given it
    assert momentum.rate(0) == 0.5
    assert copy.deepcopy(momentum) == pickle.loads(pickle.dumps(momentum)) == momentum  # noqa: S301
