"""The registry finds names: in distributions laid out on disk as pip does it, and among those registered in process."""

from itertools import product

import numpy as np
import pytest

import pyfc
from pyfc import registry
from pyfc.component import Activation, Loss
from pyfc.errors import PluginError, UnknownNameError

MODULES = "[m for m in sys.modules if m.startswith(('pyfc.kernels.', 'alpha', 'beta'))]"
BASE_MODULES = ["pyfc.kernels.calls", "pyfc.kernels.dense"]


def define(name="cube", module="notebook"):
    """Return a new class, as running a notebook cell does."""

    class Cube(Activation):
        def compute_forward(self, z, y, a):
            np.power(z, 3, out=y)

        def compute_backward(self, z, y, dy, dz, a, da):
            np.multiply(3 * z * z, dy, out=dz)

    Cube.name, Cube.needs, Cube.__module__ = name, "z", module
    return Cube


@pytest.fixture
def in_process():
    """Forget what a test registers."""
    kept = list(registry._registered)
    yield
    registry._registered[:] = kept


def test_import_loads_no_component_and_scans_nothing(run, tmp_path, lay_out):
    lay_out(tmp_path / "a", "alpha", "square")
    code = f"""
import sys, importlib.metadata
def forbidden(*_): raise AssertionError("metadata was read")
kept, importlib.metadata.distributions = importlib.metadata.distributions, forbidden
import pyfc
hasattr(pyfc, "not_a_class")
importlib.metadata.distributions = kept
print(sorted({MODULES}))
pyfc.available("activations"); pyfc.registry.records()
print(sorted({MODULES}))
pyfc.get("activations", "square"), pyfc.get("losses", "squared_error")
print(sorted({MODULES}))
"""
    imported, listed, used = run(code, tmp_path / "a").splitlines()
    assert [m for m in eval(imported) if m.count(".") > 2 or m == "alpha"] == []  # noqa: S307 (printed above)
    assert listed == imported
    assert set(eval(used)) - set(eval(listed)) == {"alpha", "pyfc.kernels.losses", "pyfc.kernels.losses.squared_error"}  # noqa: S307


def test_a_plugin_is_found_listed_and_works(install):
    install("alpha", "square")
    assert "square" in pyfc.available("activations")
    square = pyfc.get("activations", "square")()
    np.testing.assert_array_equal(square.backward([1.0, 1.0], z=[3.0, -4.0]), [6.0, -8.0])
    assert pyfc.get("activations", "ALPHA:square") is type(square)
    record = registry.record_of(type(square))
    assert (record.distribution, record.version, record.state) == ("alpha", "1.2", "ok")
    registry.refresh()
    assert registry.record_of(type(square)).distribution == "alpha"


def test_refresh_finds_what_was_installed_later(install):
    with pytest.raises(UnknownNameError, match="'square' in activations"):
        pyfc.get("activations", "square")
    install("alpha", "square")
    with pytest.raises(UnknownNameError):
        pyfc.get("activations", "square")
    registry.refresh()
    assert pyfc.get("activations", "square").__module__ == "alpha"


def test_name_of_two_distributions(run, tmp_path, lay_out):
    lay_out(
        tmp_path / "a", "Alpha.Net", "square", version="1.0", entry_points="[pyfc.activations]\nsquare=alpha:Square"
    )
    lay_out(tmp_path / "b", "beta", "square", version="2.0")
    code = """
import pyfc
try: pyfc.get("activations", "square")
except pyfc.errors.UnknownNameError as error: print(error)
print([name for name in pyfc.available("activations") if name.endswith("square")])
print(pyfc.get("activations", "beta:square").__module__)
"""
    sites = tmp_path / "a", tmp_path / "b"
    outputs = {run(code, *order, PYTHONHASHSEED=seed) for order, seed in product((sites, sites[::-1]), ("0", "1", "2"))}
    assert outputs == {
        "activations 'square' is provided by alpha-net 1.0, beta 2.0: say which, 'alpha-net:square' or 'beta:square'\n"
        "['alpha-net:square', 'beta:square']\nbeta\n"
    }


def test_a_built_in_is_never_shadowed(install):
    install("alpha", "sigmoid")
    assert pyfc.get("activations", "sigmoid") is pyfc.Sigmoid
    assert pyfc.get("activations", "pyfc:sigmoid") is pyfc.Sigmoid
    assert pyfc.get("activations", "alpha:sigmoid").__module__ == "alpha"
    assert {"sigmoid", "alpha:sigmoid"} <= set(pyfc.available("activations"))


@pytest.mark.parametrize(("name", "near"), [("sigmiod", "did you mean 'sigmoid'"), ("Sigmoid", "'sigmoid'")])
def test_unknown_name_suggests(name, near):
    with pytest.raises(UnknownNameError, match=near) as caught:
        pyfc.get("activations", name)
    assert f"lists all {len(pyfc.available('activations'))}" in str(caught.value)


def test_unknown_name_without_anything_near():
    with pytest.raises(UnknownNameError, match="unknown name 'zzz:zzz' in losses: expected one of absolute_error, "):
        pyfc.get("losses", "zzz:zzz")


def test_unknown_group_and_wrong_types():
    with pytest.raises(UnknownNameError, match="unknown group 'activation': expected one of activations, losses"):
        pyfc.get("activation", "sigmoid")
    with pytest.raises(TypeError, match="name is 3: expected a str"):
        pyfc.get("activations", 3)
    with pytest.raises(TypeError, match=r"3 is no loss: expected a name from pyfc.available\('losses'\)"):
        registry.make("losses", 3)


def test_make_takes_names_classes_and_instances():
    instance = pyfc.SquaredError(factor=0.5)
    assert registry.make("losses", instance) is instance
    assert registry.make("losses", pyfc.SquaredError) == registry.make("losses", "squared_error") == pyfc.SquaredError()


@pytest.mark.parametrize("setting", ["1", "all", "True", "other, alpha_NET", "Alpha.Net"])
def test_disabled(install, monkeypatch, setting):
    install("alpha-net", "square")
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", setting)
    with pytest.raises(PluginError, match=r"'square' of alpha-net 1.2 .* is disabled: unset PYFC_DISABLE_PLUGINS"):
        pyfc.get("activations", "square")
    assert "square" not in pyfc.available("activations")
    assert [r.state for r in registry.records("activations") if r.name == "square"] == ["disabled"]
    assert pyfc.get("activations", "sigmoid") is pyfc.Sigmoid


@pytest.mark.parametrize("setting", ["", "0", "beta"])
def test_not_disabled(install, monkeypatch, setting):
    install("alpha", "square")
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", setting)
    assert pyfc.get("activations", "square").__module__ == "alpha"


def test_disabling_one_of_two_decides_a_clash(install, monkeypatch):
    install("alpha", "square")
    install("beta", "square")
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", "alpha")
    assert pyfc.get("activations", "square").__module__ == "beta"
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", "all")
    registry.refresh()
    with pytest.raises(PluginError, match="is disabled"):
        pyfc.get("activations", "square")


def test_one_distribution_in_two_places_counts_once(run, tmp_path, lay_out):
    lay_out(tmp_path / "new", "alpha", "square", version="2.0")
    lay_out(tmp_path / "old", "alpha", "square", version="1.0")
    code = "import pyfc; print([(r.name, r.version) for r in pyfc.registry.records() if not r.builtin])"
    assert run(code, tmp_path / "new", tmp_path / "new") == "[('square', '2.0')]\n"
    assert run(code, tmp_path / "new", tmp_path / "old") == "[('square', '2.0')]\n"
    assert run(code, tmp_path / "old", tmp_path / "new") == "[('square', '1.0')]\n"


def test_a_version_without_plugins_hides_an_older_one_with(run, tmp_path, lay_out):
    lay_out(tmp_path / "new", "alpha", "square", version="2.0", entry_points="[console_scripts]\nalpha = alpha:main\n")
    lay_out(tmp_path / "old", "alpha", "square", version="1.0")
    code = "import pyfc; print([r.name for r in pyfc.registry.records() if not r.builtin])"
    assert run(code, tmp_path / "new", tmp_path / "old") == "[]\n"


def test_register_is_a_decorator_and_redefinition_replaces(in_process):
    first = define()
    assert pyfc.register(first) is first
    second = define()
    pyfc.register(second)
    assert pyfc.get("activations", "cube") is second
    assert pyfc.get("activations", "in-process:cube") is second
    assert pyfc.available("activations").count("cube") == 1
    pyfc.unregister(second)
    assert "cube" not in pyfc.available("activations")
    pyfc.unregister(second)


def test_register_refuses_names_that_are_taken(in_process):
    with pytest.raises(ValueError, match="cannot register 'sigmoid': pyfc has activations of that name"):
        pyfc.register(define("sigmoid"))
    pyfc.register(define())
    with pytest.raises(ValueError, match=r"notebook:.*Cube is registered under it.*pyfc.unregister first"):
        pyfc.register(define(module="other"))
    assert pyfc.get("activations", "cube").__module__ == "notebook"


@pytest.mark.parametrize(
    ("component", "problem"),
    [
        (3, "cannot register 3: expected a subclass of Activation, Loss, Optimizer, Initializer"),
        (type("Bare", (), {}), "expected a subclass of"),
        (type("Nameless", (Loss,), {}), "has name None"),
        (define("a:b"), "has name 'a:b': expected letters"),
        (type("Empty", (Activation,), {"name": "empty"}), "neither a `kernel` nor `compute_forward`"),
    ],
)
def test_register_refuses_what_is_no_component(component, problem, in_process):
    with pytest.raises(TypeError, match=problem):
        pyfc.register(component)


def test_a_plugin_may_use_both_the_decorator_and_an_entry_point(install, in_process):
    install("alpha", "square")
    square = pyfc.get("activations", "square")
    assert pyfc.register(square) is square
    assert pyfc.get("activations", "square") is square
    assert "square" in pyfc.available("activations")


def test_built_ins_are_attributes_by_class_name():
    assert pyfc.Sigmoid.name == "sigmoid"
    assert pyfc.SquaredError is pyfc.get("losses", "squared_error")
    for name in ("Sigmoi", "sigmoid", "_Sigmoid", "Square"):
        with pytest.raises(AttributeError, match=f"module 'pyfc' has no attribute '{name}'"):
            getattr(pyfc, name)


def test_what_pyfc_offers_can_be_completed_and_a_near_miss_is_named(run):
    assert {"Adam", "Huber", "ReLU", "HeNormal", "Network", "load", "schedules", "__version__"} <= set(dir(pyfc))
    assert not {"os", "Path", "annotations"} & set(dir(pyfc))
    assert all(hasattr(pyfc, name) for name in dir(pyfc))
    with pytest.raises(AttributeError) as caught:
        _ = pyfc.Adamm
    assert (caught.value.name, caught.value.obj) == ("Adamm", pyfc)
    code = f"import sys, pyfc\nbefore = {MODULES}\ndir(pyfc)\nprint({MODULES} == before)"
    assert run(code) == "True\n"
