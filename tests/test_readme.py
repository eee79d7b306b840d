"""README.md: its examples run and print what it says, its links lead somewhere, its commands are one line each."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_examples_run(capsys):
    text = "\n".join(block for language, block in BLOCKS if language == "pycon")
    assert text.count(">>> ") > 10
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert runner.run(test).failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("program", ["pyfc demo", "sphinx-build -W -n -j auto docs docs/_build/html", "pytest"])
def test_commands_are_one_line(program):
    commands = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    (command,) = [line for line in commands if line.endswith(f"/bin/{program}")]
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()
