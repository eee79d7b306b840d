"""The command ``pyfc new-plugin``: what it writes, and what it refuses. test_new_plugin_packages.py installs it all."""

import ast
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

import pyfc
from pyfc.cli import main
from pyfc.new_plugin import MAX_LENGTH, TAKEN
from pyfc.new_plugin.package import KINDS, LANGUAGES, Package

SCRIPTS = Path(sysconfig.get_path("scripts"))
TEMPLATES = Path(pyfc.__file__).parent / "new_plugin" / "templates"
ALL = [(kind, language) for kind in KINDS for language in LANGUAGES]


def new_plugin(*arguments):
    return main(["new-plugin", *map(str, arguments)])


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_writes_a_package_and_says_what_comes_next(kind, language, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert new_plugin("my_swish", "--kind", kind, "--lang", language) == 0
    folder = tmp_path / "my_swish"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    out = capsys.readouterr().out
    assert {line.strip() for line in out.splitlines()} >= files
    assert [path.name for path in tmp_path.iterdir()] == ["my_swish"]
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "pyfc-my-swish"
    module, _, name = project["project"]["entry-points"][f"pyfc.{KINDS[kind]}"]["my_swish"].partition(":")
    source = folder / "src" / module.replace(".", "/")
    texts = [p.read_text() for p in (source.with_suffix(".pyx"), source / "__init__.py") if p.is_file()]
    assert f"class {name}({kind.capitalize()}):" in texts[0]
    assert ("setup.py" in files) == (language != "numpy")
    readme = (folder / "README.md").read_text()
    commands = [line for line in out.splitlines() if line.startswith("  pip")]
    assert commands
    for command in commands[0].strip().split(" && "):
        assert f"\n{command}\n" in readme


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_lint_passes_for_the_longest_name(kind, language, tmp_path):
    name = "w_" * (MAX_LENGTH // 2 - 1) + "ww"  # w is the widest, in the name of the class too
    assert len(name) == MAX_LENGTH
    assert new_plugin(name, "--kind", kind, "--lang", language, "-C", tmp_path) == 0
    folder = tmp_path / name
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".md":
            text = path.read_text()
            assert "$" not in text
            assert max(map(len, text.splitlines()), default=0) <= 120, path
            if path.suffix == ".py":
                ast.parse(text)
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["cython-lint", "src"]):
        environment = {"PATH": f"{SCRIPTS}:/usr/bin:/bin"}  # cython-lint runs pycodestyle by its name
        done = subprocess.run(
            [SCRIPTS / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_template_is_left_over(monkeypatch):
    read = set()

    def noted(template, names):
        read.add(Path(f"{template}.in"))
        return ""

    monkeypatch.setattr("pyfc.new_plugin.package._fill", noted)
    for kind, language in ALL:
        assert Package("my_swish", kind, language).files
    assert read == {path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("my-swish", "expected up to 30 small letters, digits and _, beginning with a letter and not ending in _, "
         "such as 'my_swish'; try 'my_swish'"),
        ("MySwish", "try 'my_swish'"),
        ("Swish2", "try 'swish2'"),
        ("2swish", "try 'swish'"),
        ("_swish", "try 'swish'"),
        ("swish_", "try 'swish'"),
        ("../swish", "try 'swish'"),
        ("schön", "such as 'my_swish'\n"),
        ("", "NAME is '': expected up to 30 small letters"),
        ("x" * 31, "expected up to 30 small letters"),
        ("lambda", "NAME is 'lambda', a keyword of Python: expected another name, such as 'my_lambda'"),
        ("none", "a keyword of Python"),
        ("silu", "NAME is 'silu', which pyfc has in its activations: its own would win over yours: expected another"),
        ("huber", "which pyfc has in its losses"),
        ("step", "which the package's own code uses: expected another name, such as 'my_step'"),
    ],
)  # fmt: skip
def test_a_name_that_will_not_do(name, told, tmp_path, capsys):
    assert new_plugin("-C", tmp_path, "--", name) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"pyfc new-plugin: NAME is {name!r}")
    assert told in error
    assert list(tmp_path.iterdir()) == []


def test_names_that_the_code_uses_are_refused():
    """Each class that the generated code imports would be hidden by one of the same name."""
    imported = set()
    for kind, language in ALL:
        for path, text in Package("my_swish", kind, language).files.items():
            if path.endswith(".py") and path.startswith("src"):
                nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
                imported |= {alias.name for node in nodes for alias in node.names}
    assert {name.lower() for name in imported} - {"_kernel", "myswish"} <= TAKEN


@pytest.mark.parametrize("there", ["a folder with a file", "a file", "a link"])
def test_nothing_is_overwritten(there, tmp_path, capsys):
    target = tmp_path / "in" / "my_swish"
    target.parent.mkdir()
    if there == "a file":
        target.write_text("mine")
    elif there == "a link":
        (tmp_path / "empty").mkdir()
        target.symlink_to(tmp_path / "empty")
    else:
        target.mkdir()
        (target / "README.md").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert new_plugin("my_swish", "-C", target.parent) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"pyfc new-plugin: {target} is there already, and nothing is overwritten: choose another")
    assert sorted(tmp_path.rglob("*")) == before
    assert {path.read_text() for path in before if path.is_file()} <= {"mine"}


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "my_swish").mkdir()
    assert new_plugin("my_swish", "-C", tmp_path) == 0
    assert (tmp_path / "my_swish" / "README.md").is_file()


def test_no_such_folder(tmp_path, capsys):
    assert new_plugin("my_swish", "-C", tmp_path / "nowhere") == 1
    assert f"there is no folder {tmp_path / 'nowhere'}: expected one that exists" in capsys.readouterr().err


@pytest.mark.parametrize("at", ["README.md", "index.rst", "the end"])
def test_a_disk_that_is_full_leaves_nothing(at, tmp_path, monkeypatch, capsys):
    write_text, rename = Path.write_text, Path.rename

    def full(self, *arguments, **keywords):
        if self.name == at:
            raise OSError(28, "No space left on device", str(self))
        return write_text(self, *arguments, **keywords)

    def refused(self, target):
        if at == "the end":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.setattr(Path, "rename", refused)
    assert new_plugin("my_swish", "-C", tmp_path) == 1
    assert ("Permission denied" if at == "the end" else "No space left on device") in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--kind", "optimizer"], ["--lang", "fortran"]])
def test_choices(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        new_plugin("my_swish", *arguments)
    assert "invalid choice" in capsys.readouterr().err


def test_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        new_plugin("--help")
    out = capsys.readouterr().out
    assert "{activation,loss}" in out
    assert "{numpy,cython,c}" in out
