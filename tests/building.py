"""Copies of the source tree that build at once, because they are lent what is compiled in this one already."""

import shutil
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


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
