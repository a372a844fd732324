"""The tools for everybody: axe, small screens, dark, big fingers."""

import pytest
from playwright.sync_api import Page

from tests.axe import RUN, contrast_findings
from tests.conftest import PHONE

# Material's own controls outside of the article are judged elsewhere.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page, include: str) -> list[str]:
    """Violations of WCAG 2.2 AA with `target-size`, which axe leaves off."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {
        "runOnly": TAGS,
        "resultTypes": ["violations"],
        "rules": {"target-size": {"enabled": True}},
    }
    return page.evaluate(RUN, [{"include": [include]}, options])


def question(page: Page) -> str:
    """A question of a page, open, with its panel."""
    page.locator("article details.question summary").first.click()
    page.locator(".practice-grades").first.wait_for()
    page.locator(".practice-tick input").first.check()
    return "article details.question[open]"


def review(page: Page) -> str:
    """A card with its answer, filters unfolded."""
    page.locator(".practice-card .practice-question").wait_for()
    page.evaluate("document.querySelector('.practice-fold').open = true")
    page.locator(".practice-card").focus()
    page.keyboard.press(" ")
    page.locator(".practice-tick input").first.check()
    return "[data-practice]"


def progress(page: Page) -> str:
    """The start page."""
    page.locator("[data-practice] ul").wait_for()
    return "[data-practice]"


TOOLS = {"practice/decoding/": question, "practice/review/": review, "": progress}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("path", TOOLS)
def test_axe_finds_nothing(open_tool, path, device, scheme):
    """Names, roles, contrast, sizes of targets; and no tool is wider than a phone."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = open_tool(path, color_scheme=scheme, reduced_motion="reduce", **options)
    include = TOOLS[path](page)
    assert findings(page, include) == []
    assert contrast_findings(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("innerWidth")


def test_axe_would_find_small_targets_and_missing_names(open_tool):
    """Negative controls: buttons of 10 pixels side by side, a list without label."""
    page = open_tool("practice/review/")
    include = review(page)
    assert findings(page, include) == []
    page.evaluate(
        """() => {
          document.querySelectorAll(".practice-grades button").forEach((button) => {
            button.style.cssText = "all: unset; width: 10px; height: 10px";
          });
          document.querySelector(".practice-grades").style.cssText =
            "display: flex; gap: 0";
          document.querySelector(".practice-choice label").remove();
        }"""
    )
    lines = " ".join(findings(page, include))
    assert "target-size" in lines
    assert "select-name" in lines
