"""Fixtures that several test modules share: plugins laid out on disk as pip installs them, and fresh processes."""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import building
import pytest

from pyfc import registry

#: The benchmarks need PyTorch and JAX, and take minutes: `python tests/benchmarks/run.py` runs them. The plugins are
#: packages of their own: test_example_plugins.py installs them and runs their tests.
collect_ignore = ["benchmarks", "plugins"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first, if several processes share the tests: then none waits for another in the end.

    That is, files with tests that need an environment of their own, then others with slow tests.
    """

    def environment(item: pytest.Item) -> bool:
        return "environment" in getattr(item, "fixturenames", ())

    if hasattr(config, "workerinput"):  # this is one of pytest-xdist's processes
        longest = {item.path for item in items if environment(item)}
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: 0 if item.path in longest else 1 if item.path in slow else 2)  # otherwise as it was


#: A plugin in NumPy that works, but for its name.
PLUGIN = """
import numpy as np
from pyfc.component import Activation

class Square(Activation):
    name = "NAME"
    needs = "z"

    def compute_forward(self, z, y, a):
        np.multiply(z, z, out=y)

    def compute_backward(self, z, y, dy, dz, a, da):
        np.multiply(2 * z, dy, out=dz)
"""


@pytest.fixture
def threads_at_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the number of threads be what is asked for, though a test's batches are too small for it."""
    monkeypatch.setattr("pyfc.planning.WORTH_A_THREAD", 1)


def write_distribution(
    site: Path,
    distribution: str,
    name: str,
    source: str = PLUGIN,
    version: str = "1.2",
    entry_points: str | None = None,
) -> None:
    """Write what ``pip install`` writes for a distribution of one module, named like it, that brings an activation."""
    module = re.sub("[-.]", "_", distribution).lower()
    package = site / module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source.replace("NAME", name))
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(entry_points or f"[pyfc.activations]\n{name} = {module}:Square\n")


@pytest.fixture
def lay_out() -> Callable[..., None]:
    """Return the function that writes a distribution into a folder: ``lay_out(site, "alpha", "square")``."""
    return write_distribution


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that installs a distribution until the test ends: ``install("alpha", "square")``.

    As after a real installation, the registry does not know of it before ``registry.refresh()``.
    """
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    loaded = set(sys.modules)
    registry.refresh()
    yield functools.partial(write_distribution, site)
    for name in set(sys.modules) - loaded:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(site)):
            del sys.modules[name]
    monkeypatch.undo()
    registry.refresh()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs Python code in a fresh process, outside the source tree, and returns what it prints.

    Folders that follow the code come first on ``sys.path``, in that order; keywords are environment variables.
    """

    def run(code: str, *sites: Path, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sites)), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of the programs of a fresh environment with a wheel of pyfc, which is removed in the end."""
    folder = tmp_path_factory.mktemp("installed")
    yield building.fresh_environment(folder)
    shutil.rmtree(folder)  # hundreds of megabytes, which pytest would keep for three runs
