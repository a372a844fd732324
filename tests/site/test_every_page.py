"""Every page in a browser: no third party, no axe finding, no wider than a phone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import pytest

from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE, ROOT, new_page, settle

PAGES = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix().removesuffix("index")
    for path in (ROOT / "docs").rglob("*")
    if path.suffix in {".md", ".ipynb"}
)


UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"
WIDTH = "document.documentElement.scrollWidth"
CUT = """[...document.querySelectorAll('article pre > code')]
  .filter((code) => code.scrollWidth > code.clientWidth + 1)
  .map((code) => code.innerText.slice(0, 80))"""


@dataclass(frozen=True)
class Seen:
    """What one visit to a page records."""

    asked: list[str]
    failed: list[str]
    width: int
    cut: list[str]
    findings: list[str]
    in_the_dark: list[str]


@pytest.fixture(scope="module")
def seen(browser, address) -> Iterator[Callable[[str], Seen]]:
    """Each page is visited once, in the light and then in the dark scheme."""
    context = browser.new_context(reduced_motion="reduce")
    page = new_page(context)
    viewport = page.viewport_size
    urls, errors = [], []
    page.on("request", lambda request: urls.append(request.url))
    page.on(
        "response",
        lambda answer: errors.append(answer.url) if answer.status >= 400 else None,
    )

    @cache
    def look(path: str) -> Seen:
        urls.clear()
        errors.clear()
        page.goto(address + path)
        page.set_viewport_size(PHONE)
        width = page.evaluate(WIDTH)
        page.set_viewport_size(viewport)
        page.evaluate(UNFOLD)
        cut = page.evaluate(CUT)
        findings = axe_findings(page) + contrast_findings(page)
        darken(page)
        dark_findings = contrast_findings(page)
        settle(page)  # usually idle already
        page.evaluate("localStorage.clear()")  # the next page is light again
        return Seen([*urls], [*errors], width, cut, findings, dark_findings)

    yield look
    context.close()


def darken(page) -> None:
    """Switch to the dark scheme with the button of the page."""
    page.locator("form.palette label:visible").click()
    assert page.get_attribute("body", "data-md-color-scheme") == "slate"


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(seen, path):
    """Every page passes, fully unfolded; in the dark only contrast is checked."""
    assert seen(path).findings == []
    assert seen(path).in_the_dark == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_would_find_a_contrast(visit, scheme):
    """Negative control: one faint word among hundreds of others is a finding."""
    page = visit("reference/glossary/", settled=False, reduced_motion="reduce")
    if scheme == "dark":
        darken(page)
    assert contrast_findings(page) == []
    cells = page.locator("article td")
    assert cells.count() > 200
    cells.nth(-7).evaluate(
        "(e, faint) => e.style.color = faint", {"light": "#ddd", "dark": "#334"}[scheme]
    )
    assert len(contrast_findings(page)) == 1
    assert axe_findings(page) == []  # contrast is off by default
    cells.nth(-7).evaluate(
        "(e, ground) => e.style.cssText = `background: ${ground}`",
        {"light": "#666", "dark": "#999"}[scheme],
    )
    assert len(contrast_findings(page)) >= 1


def test_axe_would_find_a_picture_without_words(visit):
    """Negative control: a drawing stripped of its label is a finding."""
    page = visit("q39/", settled=False)
    page.evaluate("document.querySelector('svg.mask').removeAttribute('aria-label')")
    assert any("svg" in finding for finding in axe_findings(page))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_requested_from_a_third_party(seen, address, path):
    """Every request of every page goes to the site itself, and is answered."""
    home = urlsplit(address).netloc
    foreign = [
        url
        for url in seen(path).asked
        if urlsplit(url).netloc != home and urlsplit(url).scheme not in {"data", "blob"}
    ]
    assert foreign == []
    assert seen(path).failed == []
    assert len(seen(path).asked) > 3


def test_a_foreign_request_would_be_noticed(browser, address):
    """Negative control: an image from elsewhere is among the requests."""
    context = browser.new_context()
    page = context.new_page()
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(address)
    page.evaluate("new Image().src = 'http://localhost:9/x.png'")
    page.wait_for_timeout(200)
    context.close()
    assert any("localhost:9" in url for url in urls)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(seen, path):
    """At 360 pixels nothing but tables and code scrolls sideways."""
    assert seen(path).width <= 360


def test_a_page_that_is_too_wide_is_noticed(visit):
    """Negative control: a line that cannot be broken widens the page."""
    page = visit("", viewport=PHONE)
    page.evaluate("document.querySelector('article h1').style.width = '500px'")
    assert page.evaluate("document.documentElement.scrollWidth") > 360


@pytest.mark.parametrize("path", PAGES)
def test_no_code_is_cut_on_a_wide_screen(seen, path):
    """At 1280 pixels every line of code and of output is fully visible."""
    assert seen(path).cut == []


def test_a_line_that_is_cut_is_noticed(visit):
    """Negative control: a hundred letters, where the longest line has 88."""
    page = visit("q39/", settled=False)
    assert page.viewport_size["width"] == 1280
    assert page.evaluate(CUT) == []
    page.evaluate("document.querySelector('pre > code').append('x'.repeat(100))")
    assert len(page.evaluate(CUT)) == 1
