"""Every page in a browser: no third party, no axe finding, no wider than a phone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import ROOT

PAGES = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix().removesuffix("index")
    for path in (ROOT / "docs").rglob("*")
    if path.suffix in {".md", ".ipynb"}
)


PHONE = {"width": 360, "height": 740}
UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"
WIDTH = "document.documentElement.scrollWidth"


@dataclass(frozen=True)
class Seen:
    """What one visit of a page shows."""

    asked: list[str]
    failed: list[str]
    width: int
    findings: list[str]


@pytest.fixture(scope="session")
def seen(browser, address) -> Callable[[str], Seen]:
    """Each page is visited once, in the light: a visit takes longer than a look."""

    @cache
    def look(path: str) -> Seen:
        context = browser.new_context()
        page = context.new_page()
        asked, failed = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on(
            "response",
            lambda answer: failed.append(answer.url) if answer.status >= 400 else None,
        )
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        usual = page.viewport_size
        page.set_viewport_size(PHONE)
        width = page.evaluate(WIDTH)
        page.set_viewport_size(usual)
        page.evaluate(UNFOLD)
        findings = axe_findings(page)
        context.close()
        return Seen(asked, failed, width, findings)

    return look


def axe_findings(page, rules: list[str] | None = None) -> list[str]:
    """What axe has against a page, by all rules or those named: rule and element."""
    options = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = rules
    return [
        f"{finding['id']}: {node['html'][:160]}"
        for finding in Axe().run(page, options=options).response["violations"]
        for node in finding["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(seen, path):
    """Every page, everything unfolded."""
    assert seen(path).findings == []


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_contrast_in_the_dark(visit, path):
    """Every page, everything unfolded; in the dark, only the contrasts differ."""
    page = visit(path, settled=False, color_scheme="dark")
    page.evaluate(UNFOLD)
    assert axe_findings(page, ["color-contrast"]) == []


def test_axe_would_find_a_contrast(visit):
    """The guard itself: faint words in the dark are a finding."""
    page = visit("q39/", color_scheme="dark")
    page.evaluate("document.querySelector('article p').style.color = '#334'")
    assert axe_findings(page, ["color-contrast"]) != []


def test_axe_would_find_a_picture_without_words(visit):
    """The guard itself: a drawing stripped of its label is a finding."""
    page = visit("q39/")
    page.evaluate("document.querySelector('svg.mask').removeAttribute('aria-label')")
    assert any("svg" in finding for finding in axe_findings(page))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_requested_from_a_third_party(seen, address, path):
    """Every request of every page goes to the site itself, and is answered."""
    home = urlsplit(address).netloc
    foreign = [url for url in seen(path).asked if urlsplit(url).netloc != home
               and urlsplit(url).scheme not in {"data", "blob"}]  # fmt: skip
    assert foreign == []
    assert seen(path).failed == []
    assert len(seen(path).asked) > 3


def test_a_foreign_request_would_be_noticed(browser, address):
    """The guard itself: an image from elsewhere is among the requests."""
    context = browser.new_context()
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.evaluate("new Image().src = 'http://localhost:9/x.png'")
    page.wait_for_timeout(200)
    context.close()
    assert any("localhost:9" in url for url in asked)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(seen, path):
    """At 360 pixels nothing but tables and code scrolls sideways."""
    assert seen(path).width <= 360


def test_a_page_that_is_too_wide_is_noticed(visit):
    """The guard itself: a line that cannot be broken widens the page."""
    page = visit("", viewport=PHONE)
    page.evaluate("document.querySelector('article h1').style.width = '500px'")
    assert page.evaluate("document.documentElement.scrollWidth") > 360
