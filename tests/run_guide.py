"""Runs a page of the docs as its reader would: writes its files, types its commands, compares Python's answers.

``python run_guide.py PAGE [--python-only]`` in an empty folder, by the Python that the page is about; ``python``,
``pip`` and the like are those beside it. Only the standard library is used. Code blocks of the page:

- with ``:caption: NAME`` it is a file of that name;
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

BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n(?: +:caption: (\S+)\n)?\n((?:(?: .*)?\n)+?)(?=\S|\Z)", re.MULTILINE)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def parts(text):
    """Yield the page's parts in order: ("python", first line, examples), ("sh", ...) or (name of a file, ...)."""
    end = 0
    for match in BLOCK.finditer(text):
        yield "python", text[:end].count("\n"), text[end : match.start()]
        language, caption, body = match.groups()
        yield caption or language, text[: match.start()].count("\n"), textwrap.dedent(body)
        end = match.end()
    yield "python", text[:end].count("\n"), text[end:]


def run(page, python_only):
    """Run a page, and return how many of its examples there were."""
    text = Path(page).read_text(encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    parser, runner, names, count = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=FLAGS), {}, 0
    sys.path.insert(0, "")
    for kind, line, body in parts(text):
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
        elif "." in kind:
            Path(kind).parent.mkdir(parents=True, exist_ok=True)
            Path(kind).write_text(body, encoding="utf-8")
        else:
            raise SystemExit(f"{page}:{line}: a block of {kind} without a :caption: expected sh, or a file")
    return count


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Run a page of the docs as its reader would.")
    arguments.add_argument("page")
    arguments.add_argument("--python-only", action="store_true", help="of the commands, run the C compiler alone")
    given = arguments.parse_args()
    print(f"{run(given.page, given.python_only)} examples and commands of {given.page} hold")
