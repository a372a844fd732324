"""The plans: whole, honest about minutes, and kept in the reader's browser."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page

from paradigms import minutes, plans
from paradigms.snippets import ContentError
from tests.conftest import ROOT
from tests.test_every_page import axe_findings
from tests.test_site import settings

PHONE = {"width": 360, "height": 740}
TINY = """
[items]
one = { read = "q19/index.md#draw-it" }
two = { task = "Draw it.", minutes = 5 }
[plans.tonight]
limit = 60
first = "Stop where you must."
[[plans.tonight.days]]
title = "Evening"
items = ["one", "two"]
"""


# What a plan is made of


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("read =", "rede =", "items.one: rede: unknown key; known are read, lab,"),
        ("q19/index", "q19/nowhere", "items.one: read: there is no page docs/q19/now"),
        ("draw-it", "drawit", "read: docs/q19/index.md has no section 'drawit'; kno"),
        ('read = "q19/index.md#draw-it"', 'topic = "decodin"',
         "items.one: topic: no topic 'decodin'; did you mean 'decoding'?"),
        ('read = "q19/index.md#draw-it"', 'lab = "labs/x.ipynb"',
         "items.one: lab: docs/labs/index.md states no minutes for 'labs/x.ipynb'"),
        (', minutes = 5', "", "items.two: the entry: a task states its minutes"),
        ("minutes = 5", "minutes = 500", "items.two: minutes: input should be less"),
        ('draw-it" }', 'draw-it", minutes = 5 }', "a task states its minutes, and no"),
        ('draw-it" }', 'draw-it", topic = "decoding" }', "items.one: the entry: takes"),
        ('draw-it" }', 'draw-it", see = "q39/index.md" }', "only a task has something"),
        ("minutes = 5", 'minutes = 5, see = "q39/no.md"', "items.two: see: there is n"),
        ('"one", "two"]', '"one", "too", "two"]',
         "plans.tonight: day 1: no item 'too'; did you mean 'two'?"),
        ('"two"]', '"two", "one"]', "day 1: 'one' stands in this plan already"),
        (', "two"]', "]", "items.two: stands in no plan; put it into one"),
        ("two =", "one =", "plans.toml: not TOML: .*line 4"),
        ("limit = 60\n", "", "plans.tonight: limit: field required"),
        ("[items]", "[item]", "plans.toml: item: unknown key; known are items, plans"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_named_with_its_field(old, new, message, tmp_path):
    """File, id and key, in a line that says what to do."""
    path = tmp_path / "plans.toml"
    path.write_text(TINY)
    assert list(plans.load(path)[1]) == ["tonight"]
    plans.load.cache_clear()
    path.write_text(TINY.replace(old, new, 1))
    with pytest.raises(ContentError, match=message):
        plans.load(path)


def test_all_findings_come_at_once(tmp_path):
    """An unknown key, a dead page and an unknown item: three lines."""
    path = tmp_path / "plans.toml"
    text = TINY.replace("minutes = 5", "minutes = 5, colour = 1")
    text = text.replace("q19/index", "q19/nowhere").replace('"one", ', '"one", "x", ')
    path.write_text(text)
    with pytest.raises(ContentError) as error:
        plans.load(path)
    assert len(str(error.value).splitlines()) == 3


def test_an_unknown_plan_is_named():
    """A fence that asks for no plan: one line, with the nearest name."""
    with pytest.raises(ContentError, match="name: no plan 'tonigth'; did you mean"):
        plans.PlanList(name="tonigth").render(None)


def uncovered(nav: list, covered: set[str]) -> list[str]:
    """Pages of the navigation that no plan leads to; reference is for looking up."""
    found = []
    for entry in nav:
        for name, value in entry.items() if isinstance(entry, dict) else [("", entry)]:
            if isinstance(value, list) and name != "Reference":
                found += uncovered(value, covered)
            elif isinstance(value, str):
                found.append(value)
    return [page for page in found if page not in covered | {"index.md"}
            and page not in {"contributing.md"}]  # fmt: skip


def places(name: str) -> set[str]:
    """The whole pages that a plan leads to."""
    return {plans.items()[key].place for key in plans.plans()[name].ids()}


def test_every_chapter_stands_in_the_two_weeks():
    """A page that is added must be put into a day: docs/contributing.md says how."""
    assert uncovered(settings()["nav"], places("two-weeks")) == []


def test_a_page_in_no_plan_is_noticed():
    """The guard itself: a new chapter, and a page of which a section is read alone."""
    nav = [*settings()["nav"], {"More": [{"New": "more/new.md"}, "more/other.md"]}]
    missing = uncovered(nav, places("two-weeks") | {"more/other.md#part"})
    assert missing == ["more/new.md", "more/other.md"]


def unbalanced(sums: list[int], limit: int) -> list[int]:
    """Days longer than the limit, or shorter than six tenths of the longest."""
    return [day for day in sums if not 0.6 * max(sums) <= day <= limit]


@pytest.mark.parametrize("name", ["tonight", "weekend", "two-weeks"])
def test_no_day_is_too_long_or_too_short(name):
    """Two hours tonight and on each of fourteen days, five on a day of a weekend."""
    plan = plans.plans()[name]
    most, days = {"tonight": (120, 1), "weekend": (300, 2), "two-weeks": (120, 14)}[
        name
    ]
    sums = [plans.takes(day) for day in plan.days]
    print(name, sums, sum(sums))
    assert plan.limit == most
    assert len(sums) == days
    assert unbalanced(sums, plan.limit) == []


def test_a_day_that_grew_too_long_stops_the_build(monkeypatch):
    """Every such day by plan and number, with what it takes."""
    plan = plans.plans()["two-weeks"].model_copy(update={"limit": 95})
    assert plans.too_long(plans.plans()["two-weeks"]) == []
    long = [n for n, day in enumerate(plan.days, 1) if plans.takes(day) > 95]
    assert long
    monkeypatch.setitem(plans.plans(), "two-weeks", plan)
    with pytest.raises(ContentError) as error:
        plans.PlanList(name="two-weeks").render(None)
    lines = str(error.value).splitlines()
    assert len(lines) == len(long)
    said = (
        r"snippets/plans.toml: plans.two-weeks: day \d+ takes \d+ minutes, at most 95"
    )
    assert all(re.match(said, line) for line in lines)


def test_a_day_out_of_balance_is_noticed():
    """The guard itself: one too long, one too short."""
    assert unbalanced([100, 121, 90], 120) == [121]
    assert unbalanced([100, 50, 90], 120) == [50]


# How long it takes


def recount(article: Tag) -> float:
    """Minutes from the words on a built page, counted in another way."""
    article = BeautifulSoup(str(article), "html.parser")
    counted = {
        "details.question": minutes.QUESTION,
        "figure.mask-figure": minutes.FIGURE,
        "div.highlight:not(.language-text)": minutes.CODE,
        "div.arithmatex": minutes.FORMULA,
    }
    total = sum(each * len(article.select(css)) for css, each in counted.items())
    unread = "svg, small, .headerlink, script, .language-text, .evidence > *"
    for element in article.select(f"{', '.join(counted)}, {unread}"):
        element.extract()
    for formula in article.select(".arithmatex"):
        formula.string = "x"
    return total + spoken(article.get_text(" ")) / minutes.WORDS_A_MINUTE


def spoken(text: str) -> int:
    """How many words a text has."""
    return len(re.findall(r"(?:(?!\s)\W)*\w\S*", text))


def article_of(site: Path, page: str) -> Tag:
    """What a built page says, without what stands around it."""
    folder = page.removesuffix("index.md").removesuffix(".md")
    html = (site / folder / "index.html").read_text("utf8")
    return BeautifulSoup(html, "html.parser").article


@pytest.fixture(scope="session")
def articles(site) -> dict[str, Tag]:
    """The built pages that plans lead to."""
    pages = {item.place for item in plans.items().values() if not item.lab}
    pages = {page.partition("#")[0] for page in pages if page}
    return {page: article_of(site, page) for page in sorted(pages)}


def apart(stated: float, counted: float) -> bool:
    """More than half a minute for rounding, and a twentieth of what was counted."""
    return abs(stated - counted) > 0.5 + counted / 20


def test_the_minutes_are_those_of_the_built_pages(articles):
    """Within half a minute and a twentieth, for each page and topic of the plans."""
    pages = {item.place: item.takes for item in plans.items().values() if not item.lab}
    pages = {page: taken for page, taken in pages.items() if page in articles}
    assert len(pages) > 50
    counts = {page: recount(articles[page]) for page in pages}
    wrong = {page: (taken, counts[page]) for page, taken in pages.items()
             if apart(taken, max(1, counts[page]))}  # fmt: skip
    assert wrong == {}


def test_other_minutes_are_noticed(articles):
    """The guard itself: a page that grew by words, by figures, by questions."""
    page = articles["q39/autoregressive.md"]
    stated = round(minutes.minutes(minutes.section("q39/autoregressive.md").text))
    assert not apart(stated, recount(page))
    for more in ("<p>" + "word " * 400 + "</p>",
                 "<figure class='mask-figure'></figure>" * 4,
                 "<details class='question'>and so on</details>" * 2):  # fmt: skip
        assert apart(stated, recount(BeautifulSoup(str(page) + more, "html.parser")))


def parts(article: Tag) -> Iterator[tuple[str, BeautifulSoup]]:
    """The parts below the second headings of a page, by their anchors."""
    for heading in article.find_all("h2"):
        html = str(heading)
        for element in heading.find_next_siblings():
            if element.name == "h2":
                break
            html += str(element)
        yield heading["id"], BeautifulSoup(html, "html.parser")


def test_sections_are_found_and_counted_as_built(articles):
    """Every anchor of a heading is the built one; each part has its own minutes."""
    for page, article in articles.items():
        known = set(minutes.sections(page)) - {""}
        assert known == {h["id"] for h in article.select(":is(h1, h2, h3)[id]")}, page
    for page in ("q19/index.md", "q39/index.md"):
        for anchor, part in parts(articles[page]):
            taken = minutes.minutes(minutes.section(f"{page}#{anchor}").text)
            assert not apart(taken, recount(part)), anchor


def words_in_sight(article: Tag) -> int:
    """The words of a page that stand open, code and formulas left out."""
    article = BeautifulSoup(str(article), "html.parser")
    for element in article.select("details, svg, script, .highlight, .arithmatex"):
        element.extract()
    return spoken(article.get_text(" "))


@pytest.mark.parametrize("page", ["q19/index.md", "q39/index.md"])
def test_a_question_page_is_read_in_ten_minutes(articles, page):
    """Its open words; the code and the folded answers come on top of that."""
    words = words_in_sight(articles[page])
    print(page, words, "words", words / minutes.WORDS_A_MINUTE, "minutes")
    assert words <= 10 * minutes.WORDS_A_MINUTE
    more = BeautifulSoup(str(articles[page]) + "<p>word</p>" * 900, "html.parser")
    assert words_in_sight(more) > 10 * minutes.WORDS_A_MINUTE


def test_the_start_page_states_the_rates():
    """What the minutes assume is what they are reckoned with."""
    said = (ROOT / "docs/index.md").read_text("utf8")
    rates = (minutes.WORDS_A_MINUTE, minutes.CODE, minutes.FIGURE, minutes.FORMULA,
             minutes.QUESTION)  # fmt: skip
    assert rates == (160, 1, 0.5, 0.25, 1.5)
    assert (
        "160 words a minute, one minute for a block of code, half a minute for a "
        "figure, a quarter for a formula, and one and a half for a question"
    ) in said
    assert "an assumption" in said


# In the browser


def state(page: Page) -> str:
    """What the plan in sight says about itself."""
    return page.locator(".plan output:visible").inner_text()


def numbers(text: str) -> list[int]:
    """The numbers of a line: done, all, left, minutes."""
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]


def box(page: Page, item: str):
    """The box of an item in the plan in sight."""
    return page.locator(f".plan:visible [data-item={item}] input")


def test_ticks_are_kept_and_cleared(visit):
    """Counted at once, there after a reload, in every plan; cleared when confirmed."""
    page = visit("", settled=False)
    tonight = plans.plans()["tonight"]
    whole = sum(map(plans.takes, tonight.days))
    takes = plans.items()["q39"].takes
    assert state(page) == f"0 of 9 done, {whole} of {whole} minutes left"
    box(page, "q39").check()
    ticked = f"1 of 9 done, {whole - takes} of {whole} minutes left"
    assert state(page) == ticked
    page.reload()
    assert state(page) == ticked
    page.get_by_text("Two weeks", exact=True).click()
    assert numbers(state(page))[:2] == [1, len(plans.plans()["two-weeks"].ids())]
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator(".plan:visible button").click()
    assert box(page, "q39").is_checked()
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".plan:visible button").click()
    assert numbers(state(page))[:1] == [0]
    page.reload()
    page.get_by_text("Tonight", exact=True).click()
    assert state(page) == f"0 of 9 done, {whole} of {whole} minutes left"


def test_a_finished_day_folds_and_the_next_one_opens(visit):
    """Who comes back sees the day that is next."""
    page = visit("", settled=False)
    for key in plans.plans()["two-weeks"].days[0].items:
        page.evaluate(f"localStorage.setItem('model-paradigms.done.{key}', '1')")
    page.reload()
    page.get_by_text("Two weeks", exact=True).click()
    days = page.locator(".plan:visible details")
    assert [day.get_attribute("open") is not None for day in days.all()[:3]] == [
        False, True, False
    ]  # fmt: skip
    assert "✓ done" in days.first.inner_text()


def test_two_windows_do_not_disturb_each_other(visit):
    """What one ticks the other shows; neither undoes what the other did."""
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
        assert state(page).startswith("2 of 9 done")


def test_a_new_order_keeps_the_ticks(visit):
    """Ids are kept, not places: two lines change places, and the tick moves along."""
    page = visit("", settled=False)
    box(page, "q19").check()

    def reordered(route):
        html = route.fetch().text()
        first, second = re.findall(r"<li data-item=\"q[13]9\".*?</li>", html)[:2]
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
    """Every item with its minutes and its link; nothing that does nothing."""
    page = visit("", settled=False, java_script_enabled=False)
    tonight = plans.plans()["tonight"]
    rows = page.locator(".plan").first.locator("li")
    assert rows.count() == len(tonight.ids())
    for key, row in zip(tonight.ids(), rows.all(), strict=True):
        assert f"{plans.items()[key].takes} min" in row.inner_text()
    assert page.locator(".plan").first.locator("li a").count() >= 6
    assert page.locator(".plan :is(input, button)").count() == 0
    whole = sum(map(plans.takes, tonight.days))
    assert state(page) == f"{len(tonight.ids())} items, {whole} minutes"


def test_where_nothing_can_be_stored_the_page_still_works(visit, address):
    """In a frame that may not store, boxes tick, and the plan says so."""
    page = visit("labs/", settled=False)
    page.set_content(
        f'<iframe sandbox="allow-scripts allow-modals" src="{address}" '
        'width="1000" height="2000"></iframe>'
    )
    frame = page.frame_locator("iframe")
    frame.locator("[data-item=q39] input").first.check()
    said = frame.locator(".plan output").first.inner_text()
    assert said.startswith("1 of 9 done")
    assert said.endswith("this browser will not keep it")
    with pytest.raises(Exception, match="SecurityError"):  # it may really not store
        page.frames[1].evaluate("localStorage.length")


def shift(page: Page) -> float:
    """By how much things have moved on a page since it was opened."""
    return page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => {
            sum += e.value; })).observe({type: 'layout-shift', buffered: true});
          setTimeout(() => done(sum), 200); })"""
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_when_the_boxes_come(visit, width):
    """Their place is kept free, also for a reader who comes back to a half-done day."""
    page = visit("", settled=False, viewport={"width": width, "height": 1200})
    box(page, "q39").check()
    page.reload()
    assert state(page).startswith("1 of 9 done")
    assert shift(page) < 0.01


def test_a_jump_would_be_noticed(visit):
    """The guard itself: a block that comes late moves the plan."""
    page = visit("", settled=False, viewport={"width": 1280, "height": 1200})
    before = shift(page)
    page.evaluate("document.querySelector('.plan').prepend('word '.repeat(300))")
    assert shift(page) > before + 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_is_for_everybody(visit, scheme):
    """By keyboard, on a phone, ticked and unticked: read out, and axe finds nothing."""
    page = visit("", color_scheme=scheme, viewport=PHONE)
    box(page, "q19").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("status").first.inner_text().startswith("1 of 9 done")
    name = page.locator(".plan:visible").get_by_role("checkbox").first
    assert "Generative and discriminative models" in name.evaluate(
        "e => e.labels[0].innerText"
    )
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Clear"
    page.get_by_text("Two weeks", exact=True).click()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    assert page.locator(".plan button:visible").count() == 0


def test_only_the_start_page_loads_the_script(site):
    """One script, one style sheet, on one page: no other page is heavier."""
    for name in ("plans.js", "plans.css"):
        counts = {path.relative_to(site).as_posix(): path.read_text("utf8").count(name)
                  for path in site.rglob("*.html")}  # fmt: skip
        assert {page: n for page, n in counts.items() if n} == {"index.html": 1}


def test_every_id_is_plain():
    """Lower case and hyphens: they are kept in browsers, and must last."""
    ids = tomllib.loads((ROOT / "snippets/plans.toml").read_text("utf8"))["items"]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in ids)
