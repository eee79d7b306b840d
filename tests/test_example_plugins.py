"""The example package of plugins, tests/plugins/pyfc-extra, used as a user does: installed beside an installed pyfc."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from building import run_in

PACKAGE = Path(__file__).parent / "plugins" / "pyfc-extra"

#: Networks of which each has one of its components, and how good they must be on digits that they have not seen.
NETWORKS = {
    "snake": ('[Dense(64, 32, init="lecun_normal"), "snake", Dense(32, 10)]', '"softmax_cross_entropy"', 0.95),
    "maxout": ('[Dense(64, 48), get(ACT, "maxout")(pieces=3), Dense(16, 10)]', '"softmax_cross_entropy"', 0.95),
    "crelu": ('[Dense(64, 24), "crelu", Dense(48, 10)]', '"softmax_cross_entropy"', 0.95),
    "sparsemax_loss": ('[Dense(64, 32), "relu", Dense(32, 10)]', '"sparsemax_loss"', 0.95),
    "poly1": ('[Dense(64, 32), "relu", Dense(32, 10)]', 'get("losses", "poly1")(epsilon=0.5)', 0.95),
}  # fmt: skip
LOSSES = {"poly1", "sparsemax_loss"}
TRAIN = """
import numpy as np, pyfc
from pyfc import Dense, datasets, get

ACT = "activations"
pyfc.planning.WORTH_A_THREAD = 1  # or one thread would do
X, digits = datasets.load_digits()
X, X_test, t, t_test = datasets.train_test_split(X / 16, digits, seed=0, stratify=True)
for threads in (1, 2):
    net = pyfc.Network({layers}, loss={loss}, seed=1)
    net.fit(X, t, epochs=20, optimizer=pyfc.Adam(lr=0.01), progress=False, metrics=[], n_threads=threads)
    y = net.forward(X_test)
    assert (y.argmax(axis=1) == t_test).mean() > {accuracy}, (threads, (y.argmax(axis=1) == t_test).mean())
report = net.check_gradients(X_test[:40], t_test[:40])
report.raise_if_failed()
print(report)
print("the trace:")
print(net.trace(X_test[:40], t_test[:40]))
net.save("net.safetensors")
np.savez("data.npz", X=X_test, y=y)
"""
LOAD = """
import numpy as np, pyfc
data = np.load("data.npz")
net = pyfc.load("net.safetensors")
assert "site-packages" in pyfc.__file__, pyfc.__file__
assert np.array_equal(net.forward(data["X"]), data["y"])
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return a copy of the package, outside this repository and without what is built in it."""
    without = shutil.ignore_patterns("build", "*.egg-info", "*.so", "__pycache__", "_build")
    return shutil.copytree(PACKAGE, tmp_path_factory.mktemp("example") / "pyfc-extra", ignore=without)


@pytest.fixture(scope="module")
def installed(environment, package):
    """Install the package as a user does, not editable; return the environment's programs."""
    run_in(environment, "pip", "install", "-q", "setuptools>=77", "cython>=3.1", cwd=package)
    run_in(environment, "pip", "install", "-q", "--no-build-isolation", ".[test,docs]", cwd=package)
    yield environment
    run_in(environment, "pip", "uninstall", "-q", "-y", "pyfc-extra", cwd=package)


def test_its_own_tests_pass(installed, package):
    shutil.rmtree(package / "src", ignore_errors=True)  # what is installed is tested
    said = run_in(installed, "pytest", "-q", "tests", cwd=package)
    assert " passed" in said
    assert "skipped" not in said


def test_all_are_listed(installed, tmp_path):
    records = json.loads(run_in(installed, "pyfc", "plugins", "--check", "--json", cwd=tmp_path))
    found = {(r["name"], r["distribution"], r["version"], r["state"]) for r in records if r["distribution"] != "pyfc"}
    assert found == {(name, "pyfc-extra", "0.1.0", "ok") for name in NETWORKS}


def test_each_has_a_page_that_shows_its_derivation(installed, package):
    run_in(installed, "sphinx-build", "-q", "-W", "docs", "docs/_build", cwd=package)
    described = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))
    points = described["project"]["entry-points"]
    names = {f"{group.removeprefix('pyfc.')}/{name}" for group, found in points.items() for name in found}
    assert len(names) == len(NETWORKS)
    built = package / "docs" / "_build" / "generated"
    assert {page.relative_to(built).with_suffix("").as_posix() for page in built.glob("*/*.html")} == names
    for name in names:
        page = (built / f"{name}.html").read_text(encoding="utf-8")
        assert f'id="pyfc-{name.replace("/", "-").replace("_", "-")}-2"' in page
        for part in ("derivation", "evidence", "example", "kernel", "speed", "references"):
            assert re.search(rf'class="[^"]*\bpyfc-{part}\b', page), (name, part)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_learns_the_digits_and_is_loaded_again(name, installed, tmp_path):
    layers, loss, accuracy = NETWORKS[name]
    (tmp_path / "train.py").write_text(TRAIN.format(layers=layers, loss=loss, accuracy=accuracy))
    told = run_in(installed, "python", "-W", "error", "train.py", cwd=tmp_path)
    part = f"{name}.gradient, dy" if name in LOSSES else f"{name}_0.backward, dx"
    assert f"ok    {part}" in told
    assert ("snake_0.a (32,), whole network" in told) == (name == "snake")
    trace = told.partition("the trace:")[2]
    assert "\nloss 0\n" not in trace
    shown = ["loss.l", "loss.dy"] if name in LOSSES else [f"{name}_0.y", f"{name}_0.dz"]
    assert all(f"\n{one} " in trace for one in shown)
    run_in(installed, "python", "-W", "error", "-c", LOAD, cwd=tmp_path)


def test_without_it_loading_says_what_to_install(installed, tmp_path):
    layers, loss, accuracy = NETWORKS["maxout"]
    (tmp_path / "train.py").write_text(TRAIN.format(layers=layers, loss=loss, accuracy=accuracy))
    run_in(installed, "python", "train.py", cwd=tmp_path)
    run_in(installed, "pip", "uninstall", "-q", "-y", "pyfc-extra", cwd=tmp_path)  # no test of this module comes later
    said = run_in(installed, "python", "-c", LOAD, cwd=tmp_path, status=1).splitlines()[-1]
    assert said.startswith("pyfc.errors.PluginError")
    assert "pyfc-extra 0.1.0" in said
