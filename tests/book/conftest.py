"""A browser for the tests of the built book, one for all of them: Debian's chromium, driven by playwright."""

from pathlib import Path

import pytest
from book.pages import BOOK
from book.playground import opened

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser():
    if not (BOOK / "index.html").exists():
        pytest.skip("build the book first: sphinx-build docs docs/_build/html")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="install playwright to open the book in a browser")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser):
    """Return the page of the playground, opened anew."""
    with opened(browser) as page:
        yield page


@pytest.fixture(scope="module")
def kernels(browser):
    """Return the same page for those who call kernels and formulas and touch nothing on it: once for all of them."""
    with opened(browser) as page:
        yield page
