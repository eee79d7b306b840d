"""The plugin guide holds: whatever it shows is run, by itself, in a folder and an environment of a new user's."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "plugins.rst"
RUN = Path(__file__).with_name("run_guide.py")


def run(folder: Path, python: Path | str, *options: str) -> str:
    """Run the guide in a folder, by a Python."""
    command = [str(python), str(RUN), str(GUIDE), *options]
    own = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}  # the guide runs pytest, too
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=own, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_typed_into_python(tmp_path):
    out = run(tmp_path, sys.executable, "--python-only")
    count = int(re.search(r"(\d+) examples and commands", out)[1])
    assert count > 50


@pytest.mark.slow
def test_everything(tmp_path, environment):
    pip = environment / "pip"
    subprocess.run([pip, "install", "-q", "pyfc[symbolic]", "numba", "cffi"], check=True)
    try:
        run(tmp_path, environment / "python")
    finally:
        subprocess.run([pip, "uninstall", "-q", "-y", "pyfc-my-swish"], check=True)


def test_it_is_a_proper_page(tmp_path):
    (tmp_path / "conf.py").write_text('extensions = ["pyfc.sphinxext"]\n')
    (tmp_path / "index.rst").write_text(GUIDE.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", tmp_path, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_is_wrong_fails(tmp_path):
    page = tmp_path / "page.rst"
    block = ".. code-block:: toml\n{}\n   {}\n\nend\n"
    for text in (
        ">>> 1 + 1\n3\n",
        block.replace("toml", "sh").format("", "cc no_such_file.c"),
        block.format("", "a = 1"),
        block.format("   :caption: a.toml\n", "a = 1") + block.format("   :name: a.toml\n", "b = 1"),
    ):
        page.write_text(text)
        done = subprocess.run([sys.executable, RUN, page], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode != 0, text
    page.write_text(">>> 1 + 1\n2\n")
    assert (
        "1 examples" in subprocess.run([sys.executable, RUN, page], capture_output=True, text=True, check=True).stdout
    )
