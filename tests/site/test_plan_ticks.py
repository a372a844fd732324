"""The plans in the browser: ticks are stored, restored and cleared."""

import re

import pytest
from playwright.sync_api import Page

from paradigms.site.fences import plan
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE

ALL = len(plan.plans()["tonight"].ids())


def state(page: Page) -> str:
    """The status line of the visible plan."""
    return page.locator(".plan output:visible").inner_text()


def numbers(text: str) -> list[int]:
    """The numbers of a status line: done, all, left, minutes."""
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]


def box(page: Page, item: str):
    """The checkbox of an item in the visible plan."""
    return page.locator(f".plan:visible [data-item={item}] input")


def test_ticks_are_kept_and_cleared(visit):
    """Ticks count at once, survive reloads, show in every plan; clearing asks first."""
    page = visit("", settled=False)
    tonight = plan.plans()["tonight"]
    total = sum(map(plan.takes, tonight.days))
    minutes = plan.items()["q39"].takes
    assert state(page) == f"0 of {ALL} done, {total} of {total} minutes left"
    box(page, "q39").check()
    expected = f"1 of {ALL} done, {total - minutes} of {total} minutes left"
    assert state(page) == expected
    page.reload()
    assert state(page) == expected
    page.get_by_text("2 weeks", exact=True).click()
    assert numbers(state(page))[:2] == [1, len(plan.plans()["two-weeks"].ids())]
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator(".plan:visible button").click()
    assert box(page, "q39").is_checked()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".plan:visible button").click()
    assert numbers(state(page))[:1] == [0]
    page.reload()
    page.get_by_text("Tonight", exact=True).click()
    assert state(page) == f"0 of {ALL} done, {total} of {total} minutes left"


def test_a_finished_day_folds_and_the_next_one_opens(visit):
    """A returning reader sees the next day."""
    page = visit("", settled=False)
    for key in plan.plans()["two-weeks"].days[0].items:
        page.evaluate(f"localStorage.setItem('model-paradigms.done.{key}', '1')")
    page.reload()
    page.get_by_text("2 weeks", exact=True).click()
    days = page.locator(".plan:visible details")
    assert [day.get_attribute("open") is not None for day in days.all()[:3]] == [
        False,
        True,
        False,
    ]
    assert "✓ done" in days.first.inner_text()


def test_the_chosen_plan_is_shown_again(visit):
    """A returning reader need not choose the plan again."""
    page = visit("", settled=False)
    page.get_by_text("2 weeks", exact=True).click()
    page.goto(page.url.partition("#")[0])  # the URL names no plan
    assert numbers(state(page))[1] == len(plan.plans()["two-weeks"].ids())


def test_two_windows_do_not_disturb_each_other(visit):
    """A tick in one window shows in the other; neither overwrites the other's ticks."""
    one = visit("", settled=False)
    other = one.context.new_page()
    other.goto(one.url)
    box(one, "q19").check()
    other.wait_for_function("document.querySelector('[data-item=q19] input').checked")
    box(other, "q39").check()
    for page in (one, other):
        page.reload()
        assert box(page, "q19").is_checked()
        assert box(page, "q39").is_checked()
        assert state(page).startswith(f"2 of {ALL} done")


def test_a_new_order_keeps_the_ticks(visit):
    """Ids are stored, not positions: when two lines swap, the tick moves along."""
    page = visit("", settled=False)
    box(page, "q19").check()

    def reordered(route):
        html = route.fetch().text()
        first, second = re.findall(r"<li id=\"plan-tonight-q[13]9\".*?</li>", html)[:2]
        html = html.replace(first, "@", 1).replace(second, first, 1)
        route.fulfill(body=html.replace("@", second, 1), content_type="text/html")

    page.route(page.url, reordered)
    page.reload()
    rows = page.locator(".plan:visible [data-item]").evaluate_all(
        """rows => rows.slice(0, 2).map(
             r => [r.dataset.item, !!r.querySelector(':checked')])"""
    )
    assert rows == [["q39", False], ["q19", True]]


def test_without_scripts_a_plan_is_a_list_of_links(visit):
    """Every item has its minutes and its link; there is no checkbox and no button."""
    page = visit("", settled=False, java_script_enabled=False)
    tonight = plan.plans()["tonight"]
    rows = page.locator("[data-plan=tonight] li")
    assert rows.count() == len(tonight.ids())
    for key, row in zip(tonight.ids(), rows.all(), strict=True):
        assert f"{plan.items()[key].takes} min" in row.inner_text()
    assert page.locator("[data-plan=tonight] li a").count() >= 6
    assert page.locator(".plan :is(input, button)").count() == 0
    total = sum(map(plan.takes, tonight.days))
    assert state(page) == f"{len(tonight.ids())} items, {total} minutes"


def test_only_the_box_and_the_words_of_a_task_tick(visit):
    """A link leads away, an abbreviation shows its words, and neither ticks."""
    page = visit("", settled=False, viewport=PHONE)
    row = page.locator(".plan:visible [data-item=draw-masks]")
    assert row.locator("label a").count() == 0
    row.locator("abbr").first.click()
    assert not box(page, "draw-masks").is_checked()
    row.get_by_text("label the axes").click(position={"x": 4, "y": 4})
    assert box(page, "draw-masks").is_checked()
    row.get_by_role("link", name="Compare").click()
    page.wait_for_url("**/q39/#draw-it")
    page.go_back()
    assert box(page, "draw-masks").is_checked()
    name = page.locator(".plan:visible [data-item=q19] a.name")
    name.click()
    page.wait_for_url("**/q19/")
    page.go_back()
    assert not box(page, "q19").is_checked()


def test_where_nothing_can_be_stored_the_page_still_works(visit, address):
    """In a frame without storage, boxes tick, and the plan says that none is kept."""
    page = visit("labs/", settled=False)
    page.set_content(
        f'<iframe sandbox="allow-scripts allow-modals" src="{address}" '
        'width="1000" height="2000"></iframe>'
    )
    frame = page.frame_locator("iframe")
    frame.locator("[data-plan=tonight] [data-item=q39] input").check()
    status = frame.locator("[data-plan=tonight] output").inner_text()
    assert status.startswith(f"1 of {ALL} done")
    assert status.endswith("this browser will not keep it")
    with pytest.raises(Exception, match="SecurityError"):  # storage really is denied
        page.frames[1].evaluate("localStorage.length")


def shift(page: Page) -> float:
    """Cumulative layout shift of a page since it was opened."""
    return page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => {
            sum += e.value; })).observe({type: 'layout-shift', buffered: true});
          setTimeout(() => done(sum), 200); })"""
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_when_the_boxes_come(visit, width):
    """Their space is reserved, also for a reader who returns to a half-done day."""
    page = visit("", settled=False, viewport={"width": width, "height": 1200})
    box(page, "q39").check()
    page.reload()
    assert state(page).startswith(f"1 of {ALL} done")
    assert shift(page) < 0.01


def test_a_jump_would_be_noticed(visit):
    """Negative control: a block that comes late moves the plan."""
    page = visit("", settled=False, viewport={"width": 1280, "height": 1200})
    before = shift(page)
    page.evaluate(
        "document.querySelector('[data-plan=tonight]').prepend('word '.repeat(300))"
    )
    assert shift(page) > before + 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_is_for_everybody(visit, scheme):
    """By keyboard, on a phone, ticked and unticked: read out, and axe finds nothing."""
    page = visit("", color_scheme=scheme, viewport=PHONE)
    box(page, "q19").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("status").first.inner_text().startswith(f"1 of {ALL} done")
    boxes = page.locator(".plan:visible").get_by_role(
        "checkbox", name="Generative and discriminative models"
    )
    assert boxes.count() == 1
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Clear"
    page.get_by_text("2 weeks", exact=True).click()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_findings(page) + contrast_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    assert page.locator(".plan button:visible").count() == 0


def test_only_the_start_page_loads_the_script(site):
    """One script, one style sheet, on one page: no other page is heavier."""
    for name in ("plans.js", "plans.css"):
        counts = {
            path.relative_to(site).as_posix(): path.read_text("utf8").count(name)
            for path in site.rglob("*.html")
        }
        assert {page: n for page, n in counts.items() if n} == {"index.html": 1}


def test_who_comes_back_finds_the_day_that_was_left(visit):
    """The plan, the day and the line are restored, though earlier days are not done."""
    page = visit("", settled=False, viewport=PHONE)
    start = page.url
    page.get_by_text("2 weeks", exact=True).click()
    day = page.locator(".plan:visible details").nth(2)
    day.locator("summary").click()
    day.locator("[data-item=few-labels] a").click()
    page.wait_for_url("**/few-labels/")
    page.go_back()
    row = page.locator(".plan:visible [data-item=few-labels]")
    row.wait_for()
    page.wait_for_function(
        """() => {
          const line = [...document.querySelectorAll("[data-item=few-labels]")].pop();
          const { top, bottom } = line.getBoundingClientRect();
          const header = document.querySelector(".md-header");
          return top >= header.getBoundingClientRect().bottom && bottom <= innerHeight;
        }"""
    )
    page.goto("about:blank")
    page.goto(start)
    open_days = page.locator(".plan:visible details[open]")
    assert open_days.count() == 1
    assert open_days.inner_text().startswith("Day 3")
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.goto(start)
    assert open_days.inner_text().startswith("One evening")  # the guard: a new reader
