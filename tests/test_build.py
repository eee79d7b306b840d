"""The build: one new file in src/ is all it takes, and every way to install gives the whole package.

Everything is built from the unpacked source distribution. What is compiled in this folder already is copied into it, so
that only what changed is compiled again; without it the tests take longer and are the same.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from importlib import metadata
from pathlib import Path

import pytest
from building import ROOT, SUFFIX, copy_tree, lend_objects

SITE_PACKAGES = sysconfig.get_path("platlib")
GROUPS = ("activations", "losses", "optimizers", "initializers")
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
OFFLINE = ["--no-build-isolation", "--no-deps", "--no-index"]

#: What a user does with a new activation.
USE_SOFTSIGN = """
import numpy as np, pyfc
from pyfc.derivation import tag_problems
assert "softsign" in pyfc.available("activations")
softsign = pyfc.get("activations", "softsign")()
z = np.linspace(-3.0, 3.0, 14)
y = softsign.forward(z)
slope = (softsign.forward(z + 1e-6) - softsign.forward(z - 1e-6)) / 2e-6
np.testing.assert_allclose(y, z / (1 + abs(z)), rtol=1e-15)
np.testing.assert_allclose(softsign.backward(np.ones_like(z), z=z, y=y), slope, rtol=1e-8)
assert tag_problems(softsign.derivation, softsign.source_code()) == []
print(pyfc.__file__)
"""
CHECK_AND_TRAIN = """
import numpy as np, pyfc, pyfc.testing
assert pyfc.testing.check_activation("softsign").ok
X = np.random.default_rng(0).normal(size=(64, 2))
y = X[:, :1] * X[:, 1:]
net = pyfc.mlp([2, 8, 1], activation="softsign", loss="squared_error", seed=0)
before = net.evaluate(X, y)["loss"]
net.fit(X, y, epochs=50, batch_size=16, optimizer=pyfc.Adam(lr=0.05), progress=False)
assert net.evaluate(X, y)["loss"] < before / 2
"""

CHECK_ACTIVATIONS = """
import pyfc, pyfc.testing
for name in pyfc.available("activations"):
    pyfc.testing.check_activation(name).raise_if_failed()
print(len(pyfc.available("activations")))
"""


def call(*command, cwd=None, status=0, **environment):
    """Run a program and return what it prints; without the packages of this project that happen to be installed."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == status, done.stdout
    return done.stdout


def python(site, *arguments, status=0):
    """Run Python with pyfc from a folder. -S: an editable install of pyfc would lend it the modules that it lacks."""
    path = f"{site}{os.pathsep}{SITE_PACKAGES}"
    return call(sys.executable, "-S", *arguments, cwd="/", status=status, PYTHONPATH=path)


def sources(folder):
    return {path.relative_to(folder) for path in (folder / "src").rglob("*.pyx")}


def install(tree, site, **environment):
    """Install a source tree as ``pip install`` does, into a folder."""
    call(sys.executable, *PIP, "install", *OFFLINE, "--target", site, tree, **environment)
    return site


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return the unpacked source distribution of this folder."""
    folder = tmp_path_factory.mktemp("sdist")
    copy = copy_tree(folder / "copy")
    call(sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", folder, copy)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.name.startswith("pyfc-") and path.is_dir())


@pytest.fixture(scope="module")
def with_and_without(tree, tmp_path_factory):
    """Install without softsign, put its file back, install again: return the two folders."""
    lend_objects(tree)
    for path in (tree / "build").rglob("softsign*"):
        path.unlink()
    softsign = tree / "src" / "activations" / "softsign.pyx"
    text = softsign.read_text(encoding="utf-8")
    sites = tmp_path_factory.mktemp("sites")
    softsign.unlink()
    without = install(tree, sites / "without")
    softsign.write_text(text, encoding="utf-8")
    return install(tree, sites / "with"), without


@pytest.mark.slow
def test_adding_softsign_is_adding_one_file(with_and_without):
    site, without = with_and_without
    missing = python(without, "-c", "import pyfc; pyfc.get('activations', 'softsign')", status=1)
    assert "UnknownNameError: unknown name 'softsign' in activations" in missing
    assert list(without.rglob("softsign*")) == []
    assert python(site, "-c", USE_SOFTSIGN).strip() == str(site / "pyfc" / "__init__.py")
    python(site, "-c", CHECK_AND_TRAIN)
    assert "softsign" in call(
        sys.executable, "-S", "-m", "pyfc", "plugins", "--check", cwd=site, PYTHONPATH=SITE_PACKAGES
    )


@pytest.mark.slow
def test_source_distribution_is_complete(tree):
    assert sources(tree) == sources(ROOT)
    for pattern in ("pyfc/**/*.py", "pyfc/**/*.pyi", "pyfc/include/*", "tests/**/*.py", "pyfc/py.typed"):
        expected = {path.relative_to(ROOT) for path in ROOT.glob(pattern) if path.is_file()}
        assert expected, pattern
        assert expected <= {path.relative_to(tree) for path in tree.glob(pattern)}


@pytest.mark.slow
def test_installed_package_is_complete(with_and_without, tree):
    site = with_and_without[0]
    kernels = site / "pyfc" / "kernels"
    for source in sources(tree):
        inside = source.relative_to("src")
        assert (kernels / inside).is_file()
        assert (kernels / inside.with_suffix(SUFFIX)).is_file()
        if len(inside.parts) == 1:  # functions that are called by name; a component's methods are typed in its base
            assert (kernels / inside.with_suffix(".pyi")).is_file()
    for header in (tree / "pyfc" / "include").iterdir():
        assert (site / "pyfc" / "include" / header.name).read_bytes() == header.read_bytes()
    assert (site / "pyfc" / "py.typed").is_file()
    assert list(site.rglob("*.c")) == []
    (installed,) = metadata.distributions(path=[str(site)])
    found = {(e.group, e.name) for e in installed.entry_points}
    components = {s for s in sources(tree) if s.parent.name in GROUPS}
    assert found == {(f"pyfc.{s.parent.name}", s.stem) for s in components} | {("console_scripts", "pyfc")}


@pytest.mark.slow
def test_editable_install_built_for_this_machine(tree, tmp_path):
    small = shutil.copytree(tree, tmp_path / "tree", ignore=shutil.ignore_patterns("build"))
    for path in (small / "src").glob("*/*.pyx"):
        if path.name != "softsign.pyx":  # one component is enough, and much faster
            path.unlink()
    venv.create(tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    purelib = call(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(purelib, "build_tools.pth").write_text(f"{SITE_PACKAGES}\n")
    editable = ["install", "-v", *OFFLINE, "--ignore-installed", "--editable", small]
    log = call(sys.executable, *PIP, "--python", programs / "python", *editable, PYFC_NATIVE="1")
    assert log.count("-march=native") >= len(sources(small))
    assert call(programs / "python", "-c", USE_SOFTSIGN, cwd=tmp_path).strip() == str(small / "pyfc" / "__init__.py")
    assert "1 checked, 0 broken" in call(programs / "pyfc", "plugins", "--check", cwd=tmp_path)
    build = json.loads(call(programs / "pyfc", "doctor", "--json", cwd=tmp_path))["build"]
    assert (build["native"], build["copy"], build["flags"].split()[-2:]) == (
        True,
        None,
        ["-march=native", "-DPYFC_NATIVE"],
    )


@pytest.mark.slow
def test_activations_hold_on_any_processor(tree, tmp_path):
    """Other tests see the code for the processor that they run on; here only what every one of its kind has is used."""
    small = shutil.copytree(tree, tmp_path / "tree", ignore=shutil.ignore_patterns("build"))
    for group in GROUPS[1:]:
        shutil.rmtree(small / "src" / group)
    # The macro leaves out the copies for newer processors, and without -march=native the oldest one is meant.
    site = install(small, tmp_path / "site", CFLAGS="-DPYFC_NATIVE", PYFC_NATIVE="0")
    assert python(site, "-c", CHECK_ACTIVATIONS).split() == [str(len(list((small / "src" / "activations").iterdir())))]


def test_import_from_a_folder_that_is_not_built(tmp_path):
    shutil.copytree(ROOT / "pyfc", tmp_path / "pyfc", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    message = python(tmp_path, "-c", "import pyfc", status=1)
    assert "ImportError: pyfc is imported from a source folder in which it is not built: leave that folder" in message
    assert "`pip install -e .`" in message


@pytest.mark.parametrize("classes", [[], ["A", "B"]])
def test_a_component_file_has_one_component(tmp_path, monkeypatch, classes):
    (tmp_path / "src" / "losses").mkdir(parents=True)
    text = "".join(f"class {name}(Loss):\n    pass\n" for name in classes)
    (tmp_path / "src" / "losses" / "odd.pyx").write_text(f"class Helper:\n    pass\n{text}")
    count = rf"{len(classes)} classes that derive from Loss \({', '.join(classes) or 'none'}\)"
    with pytest.raises(SystemExit, match=rf"odd.pyx defines {count}: expected exactly one, `class Name\(Loss\):`"):
        setup_script(tmp_path, monkeypatch).entry_points()


def test_entry_points_are_derived_from_files(tmp_path, monkeypatch):
    for file, base in (("losses/odd.pyx", "Loss"), ("activations/even.pyx", "Activation"), ("dense.pyx", "Activation")):
        path = tmp_path / "src" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"cdef class Helper:\n    pass\n\nclass It({base}):\n    pass\n")
    assert setup_script(tmp_path, monkeypatch).entry_points() == {
        "console_scripts": ["pyfc = pyfc.cli:main"],
        "pyfc.activations": ["even = pyfc.kernels.activations.even:It"],
        "pyfc.losses": ["odd = pyfc.kernels.losses.odd:It"],
    }


def setup_script(folder, monkeypatch):
    """Return setup.py as a module, run in a folder."""
    monkeypatch.chdir(folder)
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
