"""Every registered component is proved, compared with its proof and differentiated numerically; none is named here."""

import copy
import pickle
import re
from collections.abc import Iterator

import pytest

import pyfc
from pyfc import registry, testing
from pyfc.component import Component

CHECKS = {
    "activations": testing.check_activation,
    "losses": testing.check_loss,
    "optimizers": testing.check_optimizer,
    "initializers": testing.check_initializer,
}


def variants(cls: type[Component]) -> Iterator[Component]:
    """Yield the component with its defaults, then with each switch turned, each choice made and each number moved."""
    yield cls()
    for name, hyper in cls.hyperparameters.items():
        if isinstance(hyper.default, bool):
            yield cls(**{name: not hyper.default})
        elif isinstance(hyper.default, str):
            yield from (cls(**{name: choice}) for choice in hyper.choices if choice != hyper.default)
        elif isinstance(hyper.default, int):
            yield cls(**{name: hyper.default + 1})
        else:
            inside = hyper.default * 1.125 or 0.125
            yield cls(**{name: inside if inside < hyper.high else (hyper.low + hyper.high) / 2})


ALL = [
    pytest.param(group, component, id=f"{group}-{component!r}")
    for group in registry.GROUPS
    for record in registry.records(group)
    if record.builtin
    for component in variants(record.load())
]


@pytest.mark.parametrize(("group", "component"), ALL)
def test_component_holds(group: str, component: Component) -> None:
    report = CHECKS[group](component)
    report.raise_if_failed(unproved=False)
    if group == "activations":  # what the kit asks of everybody is 4
        errors = [float(check.detail.split()[0]) for check in report.checks if re.search("float64.*step", check.name)]
        assert errors
        assert max(errors) <= 2, str(report)


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
