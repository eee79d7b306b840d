"""The command line, in this process and as the programs ``pyfc`` and ``python -m pyfc``."""

import json
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

import pyfc
from pyfc.cli import main


def lines(capsys):
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_plugins_lists_without_loading(install, capsys):
    install("alpha", "square", "raise AssertionError('imported')")
    assert main(["plugins"]) == 0
    header, *rows = lines(capsys)
    assert header == ["group", "name", "distribution", "version", "state"]
    assert ["activations", "square", "alpha", "1.2", "not", "loaded"] in rows
    assert {(row[0], row[1]) for row in rows if row[2] == "pyfc"} == {
        (record.group, record.name) for record in pyfc.registry.records() if record.builtin
    }


def test_columns_are_aligned(install, capsys):
    install("a-distribution-with-a-long-name", "square")
    main(["plugins"])
    header, *rows = capsys.readouterr().out.splitlines()
    starts = [header.index(column) for column in header.split()]
    for row in rows:
        assert all(row[start - 1] == " " != row[start] for start in starts[1:])
        assert row == row.rstrip()


def test_check_loads_all_and_passes(install, capsys):
    install("alpha", "square")
    assert main(["plugins", "--check"]) == 0
    rows = lines(capsys)
    assert ["activations", "square", "alpha", "1.2", "ok"] in rows
    assert {row[-1] for row in rows[1:-2]} == {"ok"}
    assert rows[-1] == [str(len(rows) - 3), "checked,", "0", "broken"]


def test_check_says_which_is_broken_and_why(install, capsys):
    install("alpha", "square", "raise ValueError('two\\nlines')")
    install("beta", "cube", "no python")
    install("gamma", "fine")
    assert main(["plugins", "--check"]) == 1
    out = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(out) if "alpha" in line)
    assert out[at].split() == ["activations", "square", "alpha", "1.2", "broken"]
    assert out[at + 1] == "    importing it raised ValueError: two lines"
    assert sum(line.endswith("  ok") for line in out) == len(out) - 7
    assert out[-1].endswith(" checked, 2 broken")


def test_check_passes_over_disabled_ones(install, capsys, monkeypatch):
    install("alpha", "square", "1 / 0")
    monkeypatch.setenv("PYFC_DISABLE_PLUGINS", "1")
    assert main(["plugins", "--check"]) == 0
    assert ["activations", "square", "alpha", "1.2", "disabled"] in lines(capsys)


def test_json(install, capsys):
    install("alpha", "square", "1 / 0")
    assert main(["plugins", "--json", "--check"]) == 1
    records = json.loads(capsys.readouterr().out)
    assert {
        "group": "activations", "name": "square", "distribution": "alpha", "version": "1.2", "state": "broken",
        "value": "alpha:Square", "error": "importing it raised ZeroDivisionError: division by zero",
    } in records  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["plugins", "--no-such-option"]])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: pyfc" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"pyfc {metadata.version('pyfc')}\n"


@pytest.mark.parametrize(
    "program", [[str(Path(sysconfig.get_path("scripts"), "pyfc"))], [sys.executable, "-m", "pyfc"]]
)
def test_as_programs(program, tmp_path):
    done = subprocess.run([*program, "plugins"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sigmoid" in done.stdout
    assert subprocess.run([*program, "nonsense"], capture_output=True, cwd=tmp_path).returncode == 2
