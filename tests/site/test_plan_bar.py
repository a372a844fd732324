"""The bar of the chosen plan: where one is in it, what is done, what is next."""

import json

import pytest
from playwright.sync_api import Page

from paradigms.site.fences import plan
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE, settle

TONIGHT = plan.plans()["tonight"]
TOTAL = len(TONIGHT.ids())


def choose(page: Page, name: str = "Tonight") -> None:
    """Choose a plan on the start page, as a reader does."""
    page.get_by_text("60 min", exact=True).first.click()
    if name != "60 min":
        page.get_by_text(name, exact=True).click()


@pytest.fixture
def start(visit) -> Page:
    """The start page with the plan of tonight."""
    page = visit("", settled=False)
    choose(page)
    return page


def bar(page: Page):
    """The bar, which comes when it is loaded."""
    locator = page.locator(".plan-bar")
    locator.wait_for()
    return locator


def title(item: str) -> str:
    """The title of an item in the bar."""
    return {
        "q39": "What are the differences between autoregressive and autoencoding "
        "models in LLMs?"
    }[item]


def test_the_data_are_those_of_the_plans(site):
    """Every item has its address, and every address a page."""
    data = json.loads((site / "javascripts/plans.json").read_text("utf8"))
    assert {key: value["items"] for key, value in data["plans"].items()} == {
        key: value.ids() for key, value in plan.plans().items()
    }
    assert data["items"].keys() == plan.items().keys()
    for key, item in data["items"].items():
        assert bool(item["url"]) == bool(plan.items()[key].places), key
        for address in [item["url"].partition("#")[0], *item["pages"]]:
            assert (site / address / "index.html").is_file()
        assert "<" not in item["title"]
        assert item["title"]


def test_who_chose_no_plan_loads_nothing(visit):
    """No bar, no style sheet, no data."""
    page = visit("q19/", settled=False)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    settle(page, quiet=500)
    assert len(requests) > 3
    assert not any("plan" in url for url in requests)
    assert page.locator(".plan-bar").count() == 0


def test_the_bar_leads_through_the_plan(start):
    """Name, place, box, next item, and the way back."""
    start.locator(".plan:visible [data-item=q19] a.name").click()
    plan_bar = bar(start)
    assert plan_bar.get_attribute("aria-label") == "Plan: Tonight"
    place = plan_bar.get_by_role("link", name=f"Tonight: 1 of {TOTAL}")
    assert place.count() == 1
    box = plan_bar.get_by_role("checkbox")
    assert not box.is_checked()
    box.check()
    following = plan_bar.get_by_role("link", name=f"Next: {title('q39')}")
    following.click()
    start.wait_for_url("**/q39/")
    plan_bar = bar(start)
    plan_bar.get_by_role("link", name=f"Tonight: 2 of {TOTAL}").click()
    start.wait_for_url("**/#plan-tonight-q39")
    row = start.locator("#plan-tonight-q39")
    assert row.is_visible()
    assert start.locator(".plan:visible [data-item=q19] input").is_checked()


def test_next_at_the_foot_follows_the_plan(start):
    """After Q19 comes Q39; on a page outside the plan the order of the site."""
    root = start.url.partition("#")[0]
    start.goto(f"{root}q19/")
    bar(start)
    footer = start.locator(".md-footer__link--next")
    assert footer.get_attribute("aria-label") == (
        f"Next in the plan: Tonight: {title('q39')}"
    )
    footer.click()
    start.wait_for_url("**/q39/")
    start.goto(f"{root}q39/objective-race/")
    settle(start, quiet=500)
    assert start.locator(".plan-bar").count() == 0
    assert start.locator(".md-footer__link--next").get_attribute("href") == (
        "../what-it-sees/"
    )


def test_of_several_items_on_a_page_the_address_decides(start):
    """Else the first that is not done; a heading of the page changes nothing."""
    root = start.url.partition("#")[0]
    number = {key: TONIGHT.ids().index(key) + 1 for key in TONIGHT.ids()}
    start.goto(f"{root}q39/#draw-it")
    place = bar(start).locator(".plan-bar__plan")
    assert place.inner_text() == f"Tonight: {number['draw-masks']} of {TOTAL}"
    start.goto(f"{root}q39/")
    start.reload()
    place = bar(start).locator(".plan-bar__plan")
    assert place.inner_text() == f"Tonight: {number['q39']} of {TOTAL}"
    bar(start).get_by_role("checkbox").check()
    start.evaluate("location.hash = 'in-two-minutes'")
    assert place.inner_text() == f"Tonight: {number['q39']} of {TOTAL}"
    start.reload()
    place = bar(start).locator(".plan-bar__plan")
    assert place.inner_text() == f"Tonight: {number['draw-masks']} of {TOTAL}"


def test_a_task_without_a_page_is_next_on_the_start_page(start):
    """Its line is in sight there, in an open day."""
    root = start.url.partition("#")[0]
    start.goto(f"{root}q39/")
    bar(start).locator(".plan-bar__next").click()
    start.wait_for_url("**/#plan-tonight-aloud")
    start.wait_for_function(
        """() => { const { top, bottom } = document.getElementById(
          "plan-tonight-aloud").getBoundingClientRect();
          return top > 48 && bottom < innerHeight; }"""
    )


def test_the_last_item_leads_back(start):
    """When all is done, the bar says so, and the foot has the order of the site."""
    root = start.url.partition("#")[0]
    for key in TONIGHT.ids():
        start.evaluate(f"localStorage.setItem('model-paradigms.done.{key}', '1')")
    start.goto(f"{root}q19/")
    plan_bar = bar(start)
    assert plan_bar.get_by_role("link", name="All done: back to the plan").count() == 1
    footer = start.locator(".md-footer__link--next")
    assert footer.get_attribute("aria-label") == "Next: What each kind learns"


def test_the_bar_can_be_closed(start):
    """It stays away until a plan is chosen again; the foot is the site's."""
    root = start.url.partition("#")[0]
    start.goto(f"{root}q19/")
    bar(start).get_by_role("button", name="Hide the bar of the plan").click()
    footer = start.locator(".md-footer__link--next")
    assert footer.get_attribute("aria-label") == "Next: What each kind learns"
    start.reload()
    settle(start, quiet=500)
    assert start.locator(".plan-bar").count() == 0
    start.goto(root)
    choose(start, "60 min")
    start.goto(f"{root}q19/")
    assert bar(start).get_attribute("aria-label") == "Plan: 60 min"


def test_a_plan_that_is_no_longer_there_shows_nothing(start):
    """A name that an older site stored does no harm."""
    errors = []
    start.on("pageerror", lambda error: errors.append(str(error)))
    start.evaluate("localStorage.setItem('model-paradigms.plan', 'gone')")
    start.goto(start.url.partition("#")[0] + "q19/")
    settle(start, quiet=500)
    assert start.locator(".plan-bar").count() == 0
    assert errors == []


def test_the_bar_works_by_keyboard_and_hides_nothing(start):
    """Tab reaches each part; what has the focus is never below the bar."""
    start.goto(start.url.partition("#")[0] + "foundations/attention-masks/")
    start.evaluate("localStorage.setItem('model-paradigms.plan', 'weekend')")
    start.reload()
    plan_bar = bar(start)
    plan_bar.locator(".plan-bar__plan").focus()
    for role in ("INPUT", "A", "BUTTON"):
        start.keyboard.press("Tab")
        assert start.evaluate("document.activeElement.tagName") == role
        assert start.evaluate("!!document.activeElement.closest('.plan-bar')")
    start.keyboard.press("Shift+Tab")
    start.keyboard.press("Shift+Tab")
    start.keyboard.press("Space")
    assert plan_bar.get_by_role("checkbox").is_checked()
    start.locator("article a").first.focus()
    for _ in range(25):
        start.keyboard.press("Tab")
        hidden = start.evaluate(
            """() => { const e = document.activeElement;
              if (e.closest(".plan-bar") || !e.closest("article")) return false;
              const bar = document.querySelector(".plan-bar").getBoundingClientRect();
              return e.getBoundingClientRect().top > bar.top; }"""
        )
        assert not hidden


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}])
def test_the_bar_is_for_everybody(visit, scheme, viewport):
    """Phone and desktop, light and dark: axe finds nothing, nothing moves, no print."""
    page = visit("", settled=False, color_scheme=scheme, viewport=viewport)
    choose(page)
    page.goto(page.url.partition("#")[0] + "q39/")
    plan_bar = bar(page)
    size = plan_bar.bounding_box()
    assert size["height"] <= 0.12 * viewport["height"]
    assert size["y"] + size["height"] <= viewport["height"]
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
    assert axe_findings(page, only=tags) + contrast_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    shift = page.evaluate(
        """() => new Promise((done) => { let sum = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => {
            sum += e.value; })).observe({type: 'layout-shift', buffered: true});
          setTimeout(() => done(sum), 200); })"""
    )
    assert shift < 0.01
    page.emulate_media(media="print")
    assert not plan_bar.is_visible()
