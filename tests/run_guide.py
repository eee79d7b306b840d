"""Runs a page of the docs as its reader would: writes its files, types its commands, compares Python's answers.

``python run_guide.py PAGE [--python-only]`` in an empty folder, by the Python that the page is about; ``python``,
``pip`` and the like are those beside it. Only the standard library is used. Code blocks of the page:

- with ``:caption: PATH`` it is that file; with ``:name: PATH`` it is lines out of that file, which is there by
  then (names differ, so more such lines are ``PATH#more``);
- ``sh`` is typed into a shell, unless it makes the environment (``python3 -m venv``);
- ``>>>`` is typed into Python, whose answers must be those of the page.
"""

import argparse
import doctest
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

BLOCK = re.compile(
    r"^\.\. code-block:: (\w+)\n(?: +:(caption|name): (\S+)\n)?\n((?:(?: .*)?\n)+?)(?=\S|\Z)", re.MULTILINE
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def parts(text):
    """Yield the page's parts in order: kind ("python", "sh", "caption", "name"), path, line before, and text."""
    end = 0
    for match in BLOCK.finditer(text):
        yield "python", "", text[:end].count("\n"), text[end : match.start()]
        language, option, path, body = match.groups()
        yield option or language, path, text[: match.start()].count("\n"), textwrap.dedent(body)
        end = match.end()
    yield "python", "", text[:end].count("\n"), text[end:]


def run(page, python_only):
    """Run a page, and return how many of its examples there were."""
    text = Path(page).read_text(encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    parser, runner, names, count = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=FLAGS), {}, 0
    sys.path.insert(0, "")
    for kind, path, line, body in parts(text):
        if kind == "python":
            examples = parser.get_doctest(body, names, Path(page).name, str(page), line)
            count += len(examples.examples)
            runner.run(examples, clear_globs=False)
            names = examples.globs
            if runner.failures:
                raise SystemExit(f"{page}: see above")
        elif kind == "sh":
            if not (python_only and "cc " not in body) and "-m venv" not in body:
                print(body, flush=True)
                subprocess.run(["bash", "-euc", body], env=environment, check=True)
                count += 1
        elif kind == "caption":
            Path(path).write_text(body, encoding="utf-8")
        elif kind == "name" and not python_only:
            path = path.partition("#")[0]
            lines = [one.strip() for one in Path(path).read_text(encoding="utf-8").splitlines()]
            missing = [one for one in body.splitlines() if one.strip() not in lines]
            if missing:
                raise SystemExit(f"{page}:{line}: {path} has no line {missing[0]!r}")
            count += 1
        elif kind != "name":
            raise SystemExit(f"{page}:{line}: a block of {kind}: expected sh, or a :caption: or :name: with a path")
    return count


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Run a page of the docs as its reader would.")
    arguments.add_argument("page")
    arguments.add_argument("--python-only", action="store_true", help="of the commands, run the C compiler alone")
    given = arguments.parse_args()
    print(f"{run(given.page, given.python_only)} examples and commands of {given.page} hold")
