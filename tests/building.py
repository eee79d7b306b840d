"""Copies of the source tree that build at once, being lent what is compiled here; environments with a wheel of one."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

#: What is compiled must be built with the tools that are there, or pip would look for pyfc in an index.
TOOLS = ["setuptools>=77", "cython>=3.1", "cython-lint>=0.16", "pytest>=8.2", "ruff>=0.9"]


def copy_tree(copy: Path) -> Path:
    """Copy what a source distribution is made of, and return the copy; nothing compiled is in it."""
    without = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "*.egg-info", "_build")
    for name in ("pyfc", "src", "tests", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=without)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, copy)
    return copy


def lend_objects(tree: Path) -> None:
    """Give a copy the objects and modules that are compiled here, so that only what has changed is compiled again."""
    if not (ROOT / "build").is_dir():
        return
    shutil.copytree(ROOT / "build", tree / "build", dirs_exist_ok=True)
    library = tree / "build" / f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
    for path in (ROOT / "pyfc").rglob(f"*{SUFFIX}"):
        target = library / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def fresh_environment(folder: Path) -> Path:
    """Make an environment with a wheel of pyfc and the tools for plugins; return where its programs are."""
    tree = copy_tree(folder / "copy")
    lend_objects(tree)
    wheel = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, tree]
    subprocess.run([sys.executable, "-m", "pip", *wheel], check=True)
    venv.create(folder / "venv", with_pip=True)
    (built,) = folder.glob("pyfc-*.whl")
    programs = folder / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "-q", f"{built}[symbolic]", *TOOLS], check=True)
    return programs


def run_in(programs: Path, *command: object, cwd: Path, status: int = 0) -> str:
    """Run a program of an environment, of which no other is seen, and return what it prints."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "COVERAGE_PROCESS_START"}
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**kept, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == status, f"{command}\n{done.stdout}"
    return done.stdout
