"""The plans: complete, with days of a feasible length."""

import re

import pytest
from markupsafe import Markup
from pydantic import ValidationError

from paradigms._schema import ContentError
from paradigms.site.content.navigation import levels
from paradigms.site.content.pages import pages
from paradigms.site.fences import plan as plans
from paradigms.site.fences.page import Page
from paradigms.site.fences.reading_time import QUESTION
from tests.conftest import ROOT
from tests.site.test_site import pages_of, settings

TINY = """
[items]
one = { read = "q19/index.md#draw-it" }
two = { task = "Draw it.", minutes = 5 }
[plans.tonight]
title = "Tonight"
limit = 60
first = "Stop where you must."
[[plans.tonight.days]]
title = "Evening"
items = ["one", "two"]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("read =", "rede =", "items.one: rede: unknown key; known are read, lab,"),
        ("q19/index", "q19/nowhere", "items.one: read: there is no page docs/q19/now"),
        ("draw-it", "drawit", "read: docs/q19/index.md has no section 'drawit'; kno"),
        ('read = "q19/index.md#draw-it"', 'topic = "decodin"',
         "items.one: topic: no topic 'decodin' .did you mean 'decoding'"),
        ('read = "q19/index.md#draw-it"', 'lab = "labs/x.ipynb"',
         "items.one: lab: docs/labs/index.md states no minutes for 'labs/x.ipynb'"),
        ('read = "q19/index.md#draw-it"', 'questions = ["q19-dat"]',
         "items.one: questions: question 'q19-dat' does not exist"),
        ('title = "Tonight"\n', "", "plans.tonight: title: field required"),
        (', minutes = 5', "", "items.two: the entry: a task states its minutes"),
        ("minutes = 5", "minutes = 500", "items.two: minutes: input should be less"),
        ('draw-it" }', 'draw-it", minutes = 5 }', "a task states its minutes, and no"),
        ('draw-it" }', 'draw-it", topic = "decoding" }', "items.one: the entry: takes"),
        ('draw-it" }', 'draw-it", see = "q39/index.md" }', "only a task has something"),
        ("minutes = 5", 'minutes = 5, see = "q39/no.md"', "items.two: see: there is n"),
        ("minutes = 5", 'minutes = 5, link = "It"', "the entry: a link needs"),
        ('"one", "two"]', '"one", "too", "two"]',
         "plans.tonight: day 1: no item 'too' .did you mean 'two'"),
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
    """The error has one line, with the nearest name."""
    with pytest.raises(ContentError, match=r"name: no plan 'tonigth' .did you mean"):
        plans.PlanFence(name="tonigth").render(None)


def uncovered(nav: list, covered: set[str]) -> list[str]:
    """Chapters of a navigation that are in no plan.

    Reference pages, and pages that only list a section, are no chapters.
    """
    lists = {
        page
        for page, text in pages().items()
        if "```contents" in text and "\n## " not in text
    }
    exempt = covered | lists | {"index.md", "contributing.md"}
    return [
        page
        for page in pages_of(nav)
        if page not in exempt and not page.startswith("reference/")
    ]


def places(name: str) -> set[str]:
    """The whole pages that a plan leads to."""
    return {plans.items()[key].place for key in plans.plans()[name].ids()}


def test_every_chapter_stands_in_the_two_weeks():
    """A page that is added must be put into a day: docs/contributing.md says how."""
    assert uncovered(settings()["nav"], places("two-weeks")) == []


def test_what_is_core_stands_in_the_weekend():
    """And a weekend has nothing else: core is what one reads with two days."""
    core = {page for page, level in levels().items() if level == "core"}
    in_nav = set(pages_of(settings()["nav"]))
    exempt = set(pages_of(settings()["nav"])) - set(uncovered(settings()["nav"], set()))
    assert core - exempt == places("weekend") & in_nav - exempt


def test_a_page_in_no_plan_is_noticed():
    """Negative control: a new chapter, and a page of which a section is read alone."""
    nav = [*settings()["nav"], {"More": [{"New": "more/new.md"}, "more/other.md"]}]
    missing = uncovered(nav, places("two-weeks") | {"more/other.md#part"})
    assert missing == ["more/new.md", "more/other.md"]


def unbalanced(sums: list[int], limit: int) -> list[int]:
    """Days longer than the limit, or shorter than six tenths of the longest."""
    return [day for day in sums if not 0.6 * max(sums) <= day <= limit]


LIMITS = {
    "half-hour": (30, 1),
    "hour": (60, 1),
    "tonight": (120, 1),
    "weekend": (300, 2),
    "two-weeks": (150, 14),
}


@pytest.mark.parametrize("name", LIMITS)
def test_no_day_is_too_long_or_too_short(name):
    """Two hours tonight, five on a day of a weekend, 2.5 on each of 14 days."""
    plan = plans.plans()[name]
    limit, days = LIMITS[name]
    totals = [plans.takes(day) for day in plan.days]
    print(name, totals, sum(totals))
    assert plan.limit == limit
    assert len(totals) == days
    assert unbalanced(totals, plan.limit) == []


def test_a_day_that_grew_too_long_stops_the_build(monkeypatch):
    """The error has a line for each such day, with plan, number and minutes."""
    plan = plans.plans()["two-weeks"].model_copy(update={"limit": 95})
    assert plans.too_long(plans.plans()["two-weeks"]) == []
    days = [n for n, day in enumerate(plan.days, 1) if plans.takes(day) > 95]
    assert days
    monkeypatch.setitem(plans.plans(), "two-weeks", plan)
    with pytest.raises(ContentError) as error:
        plans.PlanFence(name="two-weeks").render(None)
    lines = str(error.value).splitlines()
    assert len(lines) == len(days)
    pattern = (
        r"snippets/plans.toml: plans.two-weeks: day \d+ takes \d+ minutes, at most 95"
    )
    assert all(re.match(pattern, line) for line in lines)


def test_a_day_out_of_balance_is_noticed():
    """Negative control: one too long, one too short."""
    assert unbalanced([100, 121, 90], 120) == [121]
    assert unbalanced([100, 50, 90], 120) == [50]


def test_every_id_is_plain():
    """Ids are lower case with hyphens; browsers store them, so they must not change."""
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in plans.items())


def test_the_tabs_of_the_start_page_are_the_plans():
    """Each plan has a tab with its title, in the order of the file."""
    text = (ROOT / "docs/index.md").read_text("utf8")
    tabs = re.findall(r'^===\+? "(.+)"\n\n    ```plan\n    name = "(.+)"', text, re.M)
    assert tabs == [(plan.title, name) for name, plan in plans.plans().items()]
    assert list(LIMITS) == [name for _, name in tabs]


@pytest.mark.parametrize("name", LIMITS)
def test_every_plan_has_questions_of_the_bank_and_the_deck(name):
    """A plan of half an hour, too."""
    items = [plans.items()[key] for key in plans.plans()[name].ids()]
    assert any(item.questions or item.topic for item in items)
    assert any("deck" in item.link.lower() for item in items)


def test_named_questions_link_to_their_answers():
    """Each is a link with its words, and takes the time of a question."""
    item = plans.Item(questions=["q19-data", "masks-prefix"], note="two")
    page = Page(link=str, inline=Markup)
    html = item.render(page)
    assert 'href="q19/index.md#q19-data"' in html
    assert 'href="practice/attention-masks.md#masks-prefix"' in html or (
        'href="foundations/attention-masks.md#masks-prefix"' in html
    )
    assert item.takes == round(2 * QUESTION)
    assert plans.items()["q19"].places == ["q19/index.md"]


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        ({"read": "foundations/attention-masks.md"}, "Attention masks"),
        (
            {"read": "foundations/attention-masks.md#a-gallery"},
            "Attention masks: A gallery",
        ),
        ({"lab": "labs/mask-probe.ipynb"}, "Lab: Probe a mask"),
        ({"topic": "basics"}, "Questions: basics"),
    ],
)
def test_an_item_has_the_title_of_its_place(keys, title):
    """A section with its page, a lab by its heading."""
    assert plans.Item(**keys).title(Page(link=str, inline=Markup)) == title


def test_titles_and_introductions_have_a_minimum_length():
    """Three characters for a title, ten for the introduction of a plan."""
    for kind, keys in (
        (plans.Plan, {"limit": 30, "first": "A first sentence.", "days": []}),
        (plans.Day, {"items": ["q19"]}),
    ):
        with pytest.raises(ValidationError, match="at least 3 characters"):
            kind(title="ab", **keys)
    day = plans.Day(title="abc", items=["q19"])
    keys = {"title": "abc", "limit": 30, "days": [day]}
    assert plans.Plan(first="A sentence", **keys).ids() == ["q19"]
    with pytest.raises(ValidationError, match="at least 10 characters"):
        plans.Plan(first="Sentences", **keys)
