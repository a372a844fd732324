"""The two question pages: in the order of an interview, without spoiled answers."""

import re
from itertools import pairwise
from typing import get_args

import pytest

from paradigms.site.content.questions import Level, questions
from tests.conftest import PHONE, ROOT, settle

QUESTION_PAGES = ["q19/", "q39/"]

ORDER = [
    "in-thirty-seconds",
    "in-two-minutes",
    "draw-it",
    "they-will-ask-next",
    "what-the-usual-answer-gets-wrong",
    "compare",
    "show-it",
    "say-it-back",
    "sources",
]

# Whether the top of the target of the address is on the screen, below the header.
TARGET_IS_IN_SIGHT = """() => {
  const target = document.getElementById(location.hash.slice(1));
  const box = target.getBoundingClientRect();
  const header = document.querySelector('.md-header').getBoundingClientRect();
  return target.checkVisibility() && box.height > 0
    && box.top >= header.bottom - 1 && box.top < innerHeight / 2;
}"""


def source(page: str) -> str:
    """The Markdown of a question page."""
    return (ROOT / "docs" / page / "index.md").read_text("utf8")


def section(page: str, heading: str) -> str:
    """The Markdown below a second heading."""
    return re.split(r"^## ", source(page).partition(f"## {heading}")[2], flags=re.M)[0]


@pytest.mark.parametrize("path", QUESTION_PAGES)
def test_the_sections_follow_the_interview(visit, path):
    """The question is the title; then the sections in the order of an interview."""
    page = visit(path, settled=False)
    assert page.locator("article h1").inner_text().rstrip("¶").endswith("?")
    ids = "(headings) => headings.map((heading) => heading.id)"
    assert page.locator("article h2").evaluate_all(ids) == ORDER


@pytest.mark.parametrize("path", QUESTION_PAGES)
def test_the_answer_is_on_the_first_screen_of_a_phone(visit, path):
    """The thirty seconds end above the fold, and no paragraph stands before them."""
    page = visit(path, viewport=PHONE)
    bottom = "(e) => e.getBoundingClientRect().bottom"
    assert page.locator(".spoken").evaluate(bottom) <= PHONE["height"]
    assert page.locator("article > :is(p, .spoken)").first.get_attribute("class") == (
        "spoken"
    )
    page.evaluate(  # the control: one paragraph more, as there were before
        "document.querySelector('h1').after('A question that grows. '.repeat(30))"
    )
    assert page.locator(".spoken").evaluate(bottom) > PHONE["height"]


@pytest.mark.parametrize("path", QUESTION_PAGES)
def test_the_two_minutes_can_be_said(path):
    """At most 300 words, two measured numbers and one formula; one caveat."""
    text = section(path, "In two minutes")
    prose = re.sub(r"\$\$.*?\$\$|\{ #.*?\}", "", text, flags=re.S)
    words = re.findall(r"\S*\w\S*", prose)
    print(path, len(words), "words")
    assert 150 < len(words) <= 300
    assert len(re.findall(r"\[=", text)) <= 2
    assert len(re.findall(r"^\$\$", text, re.M)) == 1
    assert len(re.findall(r"\bcaveat\b", text)) == 1


@pytest.mark.parametrize("path", QUESTION_PAGES)
def test_follow_ups_go_from_junior_to_senior(visit, path):
    """Each is at least as hard as the one before it."""
    page = visit(path, settled=False)
    ids = page.locator("article > details.question").evaluate_all(
        "(cards) => cards.map((card) => card.id)"
    )
    levels = [get_args(Level).index(questions()[key].level) for key in ids]
    assert len(ids) >= 5
    assert all(low <= high for low, high in pairwise(levels)), ids


@pytest.mark.parametrize("path", QUESTION_PAGES)
def test_code_is_short_and_waits_folded_on_a_phone(visit, path):
    """Three to six blocks; folded on a phone, open at a desk, and without scripts."""
    for options, is_open in (
        ({"viewport": PHONE}, False),
        ({"viewport": {"width": 1280, "height": 900}}, True),
        ({"viewport": PHONE, "java_script_enabled": False}, True),
    ):
        page = visit(path, **options)
        folds = page.locator("article > details.show")
        code = page.locator("article .language-python")
        assert 3 <= code.count() <= 6
        assert folds.locator(".language-python").count() == code.count()
        states = [
            fold.get_attribute("open") is not None
            for fold in map(folds.nth, range(folds.count()))
        ]
        assert set(states) == {is_open}
        assert all(code.nth(i).is_visible() == is_open for i in range(code.count()))


@pytest.mark.parametrize("path", QUESTION_PAGES)
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 900}])
def test_each_compare_link_lands_at_the_answer(visit, path, viewport):
    """Its target is a passage of its own, on the screen after the click, unfolded."""
    links = visit(path, viewport=viewport, settled=False).locator(
        "#say-it-back + ol a:has-text('Compare')"
    )
    targets = [links.nth(i).get_attribute("href") for i in range(links.count())]
    assert len(set(targets)) == 3
    for target in targets:
        assert target.startswith("#")
        assert target[1:] not in ORDER
        page = visit(path, viewport=viewport)
        page.locator(f"#say-it-back + ol a[href='{target}']").click()
        page.wait_for_timeout(300)
        assert page.evaluate(TARGET_IS_IN_SIGHT), target


def test_a_target_out_of_sight_is_noticed(visit):
    """Negative control: scrolled away from, and folded."""
    page = visit("q39/#why-it-sums-to-one", viewport=PHONE)
    page.wait_for_function(TARGET_IS_IN_SIGHT)
    page.evaluate("scrollBy(0, -800)")
    assert not page.evaluate(TARGET_IS_IN_SIGHT)
    page = visit("q39/#why-it-sums-to-one", viewport=PHONE)
    page.wait_for_function(TARGET_IS_IN_SIGHT)
    page.evaluate("document.querySelectorAll('details').forEach((e) => e.open = false)")
    assert not page.evaluate(TARGET_IS_IN_SIGHT)


FOLLOW_UP = "article details.question p:has-text('Often followed by') a"


@pytest.mark.parametrize("path", ["q39/", "practice/attention-masks/"])
def test_a_follow_up_leads_to_a_closed_question(visit, path):
    """On its own page or on another, it is on the screen, and its answer is not."""
    page = visit(path)
    links = page.locator(FOLLOW_UP)
    hrefs = links.evaluate_all("(links) => links.map((link) => link.href)")
    assert len(hrefs) >= 3
    for number in range(3):
        page = visit(path)
        page.evaluate(
            "document.querySelectorAll('.question').forEach((e) => e.open = true)"
        )
        page.locator(FOLLOW_UP).nth(number).click()
        page.wait_for_url(hrefs[number])
        settle(page)
        anchor = hrefs[number].partition("#")[2]
        question = page.locator(f"#{anchor} + details.question")
        assert question.get_attribute("open") is None
        assert question.locator("summary").evaluate(
            "(e) => { const box = e.getBoundingClientRect();"
            "return box.top > 40 && box.top < innerHeight; }"
        )


def test_other_links_to_a_question_open_it(visit):
    """Negative control: the address of a question itself shows its answer."""
    page = visit("q39/#q39-generate")
    assert page.locator("#q39-generate").get_attribute("open") is not None
    page = visit("q39/#ask-q39-generate")
    assert page.locator("#q39-generate").get_attribute("open") is None


def test_every_follow_up_of_every_page_asks(site):
    """No built page links from an answer to the open answer of the next question."""
    linked = set()
    for path in site.rglob("index.html"):
        html = path.read_text("utf8")
        for text in re.findall(r"Often followed by:.*?</p>", html, re.S):
            linked |= set(re.findall(r'href="[^"]*#([^"]+)"', text))
    assert len(linked) > 100
    assert all(name.startswith("ask-") for name in linked)


def test_old_anchors_of_the_question_pages_still_work(visit):
    """Ids that other pages and readers' bookmarks name are still there."""
    for path in QUESTION_PAGES:
        page = visit(path, settled=False)
        for name in [*ORDER, "the-question", f"{path.strip('/')}-thirty-seconds"]:
            assert page.locator(f"#{name}").count() == 1, name
