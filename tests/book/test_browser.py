"""The built book in a browser, opened from the disk: no request to any host, no error, and what a reader uses works.

Pages of one folder are alike, so a few of each are opened.
"""

import itertools

import pytest
from book.pages import BOOK

#: Pages opened of each folder.
ALIKE = 3


def chosen():
    """Return the pages of the first folder, and of each other one its index and the longest."""
    paths = sorted((path for path in BOOK.rglob("*.html") if "_static" not in path.parts), key=lambda path: path.parent)
    for folder, found in itertools.groupby(paths, key=lambda path: path.parent):
        by_size = sorted(found, key=lambda path: (path.name != "index.html", -path.stat().st_size))
        yield from by_size if folder == BOOK else by_size[:ALIKE]


@pytest.fixture
def tab(browser):
    """Return a page of the browser that keeps what it asked for, and what went wrong."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("requestfailed", lambda request: page.wrong.append(f"not loaded: {request.url}"))
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    page.close()


def outside(tab):
    """Return the addresses asked for that are neither in the book nor made by a page itself."""
    own = (BOOK.as_uri() + "/", "data:", "blob:file:", "blob:null", "about:")
    return [address for address in tab.asked if not address.startswith(own)]


def test_pages_open_without_a_request_or_an_error(tab):
    """Nor is any wider than the screen, of a desk or of a phone."""
    problems = []
    for path in chosen():
        tab.asked.clear()
        tab.wrong.clear()
        for width in (1300, 390):
            tab.set_viewport_size({"width": width, "height": 850})
            if width == 1300:
                tab.goto(path.as_uri())
            wide = tab.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                problems.append(f"{path.relative_to(BOOK)}: {wide} pixels wide on a screen of {width}")
        problems += [f"{path.relative_to(BOOK)}: {told}" for told in outside(tab) + tab.wrong]
        assert tab.asked
    assert problems == []


def test_formulas_are_drawn(tab):
    """As mathematics with a height, and not as a line of text."""
    path = max(BOOK.rglob("*.html"), key=lambda path: path.read_text(encoding="utf-8").count("<mfrac"))
    tab.goto(path.as_uri())
    heights = tab.evaluate("[...document.querySelectorAll('mfrac')].map(f => f.getBoundingClientRect().height)")
    assert heights
    assert max(heights) > 20


def test_search_finds(tab):
    tab.goto((BOOK / "search.html").as_uri() + "?q=gradients")
    tab.wait_for_selector("#search-results li a")
    assert tab.locator("#search-results li a").count() > 3
    tab.locator("#search-results li a").first.click()
    tab.wait_for_load_state()
    assert "search.html" not in tab.url
    assert outside(tab) + tab.wrong == []


def test_the_page_turns_dark(tab):
    tab.emulate_media(color_scheme="light")
    tab.goto((BOOK / "index.html").as_uri())
    background = "getComputedStyle(document.body).backgroundColor"
    seen = {tab.evaluate(background)}
    for _ in range(2):  # auto, light, dark, in a circle
        tab.locator("button.theme-toggle:visible").first.click()
        seen.add(tab.evaluate(background))
    light, dark = sorted(seen, key=lambda colour: -sum(map(int, colour[4:-1].split(","))))
    assert min(map(int, light[4:-1].split(","))) > 200
    assert max(map(int, dark[4:-1].split(","))) < 60
    assert outside(tab) + tab.wrong == []


#: The texts of a page's drawings whose contrast to the ground is below 4.5, as the WCAG compute it.
FAINT = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const texts = [...document.querySelectorAll(".content svg text")];
  const faint = texts.filter(text => {
    const ink = light(getComputedStyle(text).fill);
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05) < 4.5;
  });
  return [texts.length, faint.map(text => text.textContent)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["benchmarks", "generated/components/losses/log_cosh", "network/dense"])
def test_letters_in_drawings_can_be_read(tab, page, scheme):
    tab.emulate_media(color_scheme=scheme)
    tab.goto((BOOK / f"{page}.html").as_uri())
    count, faint = tab.evaluate(FAINT)
    assert count > 5
    assert faint == []


def test_tables_and_equations_are_not_cut(tab):
    """On a desk, nothing of them has to be scrolled to."""
    tab.set_viewport_size({"width": 1400, "height": 900})
    both = "[...document.querySelectorAll('.pyfc-equation, .table-wrapper')]"
    cut = f"{both}.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    for page in (
        "benchmarks",
        "generated/components/losses/binary_cross_entropy",
        "generated/components/optimizers/sgd",
    ):
        tab.goto((BOOK / f"{page}.html").as_uri())
        assert tab.evaluate(cut) == []


def test_a_request_would_be_seen(tab, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<img src="http://127.0.0.1:9/picture.png"><p style="width: 2000px">wide')
    tab.goto(page.as_uri())
    assert "http://127.0.0.1:9/picture.png" in outside(tab)
    assert tab.wrong
    assert tab.evaluate("document.documentElement.scrollWidth") > 1300
