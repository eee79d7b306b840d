"""The pages of docs: the examples that are typed into Python there give the answers that stand there."""

import contextlib
import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
#: Written by a build; and a page whose examples need its other parts: test_plugin_guide.py runs it whole.
LEFT_OUT = {"_build", "generated", "plugins.rst"}
PAGES = {
    path.relative_to(DOCS).as_posix(): text
    for path in sorted(DOCS.rglob("*.rst"))
    if not LEFT_OUT.intersection(path.relative_to(DOCS).parts) and ">>> " in (text := path.read_text(encoding="utf-8"))
}


def failures(name, text):
    """Run a page's examples in order, and return how many fail."""
    examples = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    return doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(examples).failed


@pytest.mark.parametrize("name", PAGES)
def test_examples_hold(name, tmp_path, capsys):
    with contextlib.chdir(tmp_path):
        assert failures(name, PAGES[name]) == 0, capsys.readouterr().out


def test_a_wrong_answer_fails(capsys):
    assert failures("page.rst", ">>> 1 + 1\n3\n") == 1
    assert "Expected:\n    3" in capsys.readouterr().out


def test_there_are_pages():
    assert {"choosing.rst", "network/dense.rst", "articles/conventions.rst"} <= set(PAGES)
