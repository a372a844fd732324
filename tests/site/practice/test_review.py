"""The review page: one card after another."""

import json
import re
import time
from typing import get_args

import pytest
from playwright.sync_api import Page, expect

from paradigms.site.content.questions import Level, questions
from tests.conftest import PHONE, settle
from tests.site.practice.conftest import PUT, row, stored

PATH = "practice/review/"
CARD = ".practice-card"
QUESTION = ".practice-question"
NOW = 1_790_000_000_000  # what tests store lies in the past


def ready(page: Page) -> Page:
    """Wait for the first card."""
    page.locator(f"{CARD} :is({QUESTION}, p)").first.wait_for()
    return page


def label(page: Page) -> str:
    """The question of the card."""
    return page.locator(QUESTION).inner_text()


def seeded(open_tool, *rows, **options) -> Page:
    """The review page of a reader who has graded before."""
    page = open_tool(PATH, **options)
    page.evaluate(PUT, ["reviews", rows])
    page.reload()
    return ready(page)


def choose(page: Page, name: str, value: str) -> None:
    """Set one of the filters."""
    page.get_by_label(name, exact=True).select_option(value)


def left(page: Page) -> int:
    """How many cards the page says are left."""
    text = page.locator(".practice-status").first.inner_text()
    return int(re.search(r"(\d+) cards? left", text)[1])


def test_a_reader_grades_by_keys_alone(open_tool):
    """The card has the focus; reveal, grade, undo, skip, draw."""
    page = ready(open_tool(PATH))
    assert page.evaluate(f"document.activeElement.matches('{CARD}')")
    first = label(page)
    assert left(page) == len(questions())
    page.keyboard.press("3")  # before the answer is shown it does nothing
    assert label(page) == first
    for key, name in (" ", "Good"), ("Enter", "Again"):
        shown = label(page)
        page.keyboard.press(key)
        page.locator(".practice-grades").wait_for()
        page.keyboard.press("3" if name == "Good" else "1")
        page.get_by_text(f"{name}: comes back in").wait_for()
        page.wait_for_function(
            f"(old) => document.querySelector('{QUESTION}').innerText !== old",
            arg=shown,
        )
    assert left(page) == len(questions()) - 2
    assert [entry["grade"] for entry in stored(page).values()] == [3, 1]
    page.keyboard.press("u")
    page.get_by_text("Undone.").wait_for()
    assert [entry["grade"] for entry in stored(page).values()] == [3]
    undone = label(page)
    page.keyboard.press("s")
    page.wait_for_function(
        f"(old) => document.querySelector('{QUESTION}').innerText !== old", arg=undone
    )
    assert page.url.endswith(PATH)  # the theme has keys of its own
    labels = set()
    for _ in range(6):
        page.keyboard.press("r")
        page.wait_for_timeout(60)
        labels.add(label(page))
    assert len(labels) >= 3


def test_a_reader_grades_by_touch(open_tool):
    """On a phone, with fingers: tick, take the grade that the ticks suggest."""
    page = ready(open_tool(PATH, viewport=PHONE, has_touch=True, is_mobile=True))
    button = page.get_by_role("button", name="Show the answer")
    box = button.bounding_box()
    assert box["y"] + box["height"] <= PHONE["height"]  # on the first screen
    assert page.get_by_role("button", name="Skip").inner_text() == "Skip"  # no keys
    button.tap()
    for point in page.locator(".practice-tick").all():
        point.tap()
    suggested = page.locator(".practice-suggested")
    assert suggested.inner_text().startswith("Good")
    suggested.tap()
    page.get_by_text("Good: comes back in 10 min").wait_for()
    page.get_by_role("button", name="Undo").tap()
    page.get_by_text("Undone.").wait_for()
    assert stored(page) == {}
    # A new card scrolls up, which is when the theme offers its button.
    page.mouse.wheel(0, 900)
    page.mouse.wheel(0, -300)
    page.wait_for_function("document.querySelector('.md-top:not([hidden])')")
    assert not page.locator(".md-top").is_visible()


def test_what_is_due_comes_first_and_in_order(open_tool):
    """Due before midnight; a missed card comes back after the others."""
    ids = [*questions()][:4]
    far = 4_000_000_000_000
    page = seeded(
        open_tool,
        row(ids[0], due=NOW + 2),
        row(ids[1], due=NOW + 1, grade=1),
        row(ids[2], due=far),
    )
    assert page.get_by_label("Cards", exact=True).input_value() == "due"
    assert left(page) == 2
    order = []
    for key in ("1", "4"):
        order.append(label(page))
        page.keyboard.press(" ")
        page.locator(".practice-grades").wait_for()
        page.keyboard.press(key)
        page.wait_for_function(
            f"(old) => document.querySelector('{QUESTION}').innerText !== old",
            arg=order[-1],
        )
    assert label(page) == order[0]  # graded Again: due in a minute
    assert left(page) == 1


# What the module gives for a stored review, as the four buttons write it.
SPANS = """async (row) => {
  const { intervals } = await tool("schedule");
  const { readable } = await tool("time");
  return intervals(row).map(readable);
}"""


def test_the_spans_are_those_of_the_review(open_tool):
    """A card that was learned comes back later than a new one."""
    review = row(next(iter(questions())), state=2, step=0, reps=5, stability=60.0)
    page = seeded(open_tool, review)
    page.get_by_role("button", name="Show the answer").click()
    spans = page.locator(".practice-grades small").all_inner_texts()
    assert spans == page.evaluate(SPANS, review)
    assert spans[2] != page.evaluate(SPANS, None)[2]


def test_the_deck_follows_another_tab(open_tool):
    """A grade that is given there counts in the filters here."""
    page = seeded(open_tool, row(next(iter(questions())), due=4e12))
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    other.evaluate(
        """async (row) => {
          const { storage } = await import("../../javascripts/practice/storage.js");
          await storage.update("reviews", row.id, () => row);
        }""",
        row(next(iter(questions())), grade=1),
    )
    for _ in range(50):
        choose(page, "Cards", "missed")
        if left(page) == 1:
            break
        page.wait_for_timeout(100)
    assert left(page) == 1


def test_filters_choose_cards(open_tool):
    """By level, topic, kind; unseen, missed, all; and they combine."""
    ids = [*questions()][:2]
    page = seeded(open_tool, row(ids[0], grade=1), row(ids[1], due=4e12))
    bank = questions().values()
    counts = {"due": 1, "unseen": len(bank) - 2, "missed": 1, "all": len(bank)}
    for part, count in counts.items():
        choose(page, "Cards", part)
        assert left(page) == count
    choose(page, "Level", "senior")
    choose(page, "Topic", "decoding")
    choose(page, "Kind", "concept")
    matching = [
        entry
        for entry in bank
        if (entry.level, entry.topic, entry.kind) == ("senior", "decoding", "concept")
    ]
    assert left(page) == len(matching) > 0
    labels = page.locator(".practice-labels")  # the card's text is still loading
    for word in "senior", "decoding", "concept":
        expect(labels).to_contain_text(word, ignore_case=True)


def test_levels_are_those_of_the_bank(open_tool):
    """In order; the filters of cards, interview and quiz offer them."""
    page = open_tool(PATH)
    levels = list(get_args(Level))
    assert page.evaluate("async () => (await tool('bank')).LEVELS") == levels
    for path in (PATH, "practice/interview/", "practice/quiz/"):
        page.goto(page.url.split("practice/")[0] + path)
        options = page.get_by_label("Level", exact=True).locator("option")
        expect(options).to_have_text(["any", *levels])


def test_nothing_due_is_said_and_new_cards_are_offered(open_tool):
    """A reader who has done everything sees no empty box."""
    page = seeded(open_tool, row(next(iter(questions())), due=4e12))
    assert page.get_by_label("Cards", exact=True).input_value() == "unseen"
    choose(page, "Cards", "due")
    page.get_by_text("Nothing is due today.").wait_for()
    choose(page, "Topic", "decoding")
    page.get_by_text("None of the cards that you chose is due today.").wait_for()
    choose(page, "Topic", "")
    page.get_by_role("button", name="have not seen").click()
    page.locator(QUESTION).wait_for()
    choose(page, "Cards", "missed")
    page.get_by_text("No card matches these filters.").wait_for()


def test_a_card_leads_to_its_page(open_tool):
    """The question is there, open, with its evidence; links of answers work as well."""
    page = ready(open_tool(PATH))
    page.get_by_role("link", name="Show the page").click()
    page.wait_for_url("**#*")
    key = page.url.rpartition("#")[2]
    assert key in questions()
    assert page.locator(f"#{key}").get_attribute("open") is not None


def test_links_in_texts_lead_to_pages(open_tool, address):
    """They are written from the start page; the tool makes them whole."""
    page = ready(open_tool(PATH))
    link = page.evaluate(
        """async () => (await tool("dom")).trustedHtml(
             'x <a href="q39/cache/#a-chat">y</a>').querySelector("a").href"""
    )
    assert link == f"{address}q39/cache/#a-chat"


def test_every_question_is_a_card(site):
    """With its texts, its page, and follow-ups that are cards."""
    index = json.loads((site / "practice/cards/index.json").read_text("utf8"))
    cards = {card["id"]: card for card in index["cards"]}
    assert cards.keys() == questions().keys()
    for key, card in cards.items():
        page, _, anchor = card["page"].partition("#")
        assert f'id="{anchor}"' in (site / page / "index.html").read_text("utf8")
        assert set(card["followUps"]) <= cards.keys()
        file = site / f"practice/cards/{card['topic']}.json"
        texts = json.loads(file.read_text("utf8"))[key]
        assert (
            len(texts["points"]) == card["points"] == len(questions()[key].key_points)
        )
        assert bool(texts["wrong"]) == bool(questions()[key].wrong_answer)


def test_the_first_card_is_there_at_once(open_tool, record_property):
    """Within 300 ms, with files from the cache of the browser."""
    page = ready(open_tool(PATH))
    times = []
    for _ in range(3):
        page.reload(wait_until="commit")
        page.locator(QUESTION).wait_for()
        times.append(
            page.evaluate(
                """() => new Promise((done) => requestAnimationFrame(() =>
                     done(performance.now())))"""
            )
        )
        settle(page)
    record_property("milliseconds", f"{min(times):.0f}")
    print("first card after", [round(t) for t in times])


MOUNT = """async () => {
  const { mount } = await tool("review");
  const place = document.querySelector("[data-practice]");
  const start = performance.now();
  await mount(place);
  return performance.now() - start;
}"""


def test_a_tool_takes_little_time_to_show_a_card(open_tool, record_property):
    """Once its files are there: at most 300 ms of the machine's time."""
    page = ready(open_tool(PATH))
    best = min(page.evaluate(MOUNT) for _ in range(3))
    record_property("milliseconds", f"{best:.0f}")
    print(f"{best:.0f} ms")
    assert best <= 300


# Times from a key to the laid-out change of the card.
MEASURE = """() => {
          window.spans = [];
          const card = document.querySelector(".practice-card");
          card.addEventListener("keydown", () => {
            const start = performance.now();
            new MutationObserver((_, observer) => {
              observer.disconnect();
              card.offsetHeight; // laid out
              spans.push(performance.now() - start);
            }).observe(card, { childList: true, subtree: true });
          }, true);
        }"""


def test_five_thousand_cards_answer_a_key_at_once(open_tool, record_property):
    """From the key to the next card in the page: at most 50 ms, all of them due."""
    count = 5_000
    ids = [f"made-{n}" for n in range(count)]
    cards = [
        {"id": key, "question": key, "level": "mid", "kind": "trap", "topic": "t",
         "page": "", "points": 2, "followUps": []}
        for key in ids
    ]  # fmt: skip
    texts = {
        key: {"question": key, "answer": "a", "board": "", "points": ["p", "q"],
              "wrong": ""}
        for key in ids
    }  # fmt: skip
    page = open_tool(PATH)
    answers = {"index": {"topics": {"t": "t"}, "cards": cards}, "t": texts}
    for name, data in answers.items():
        body = json.dumps(data)
        page.route(
            f"**/practice/cards/{name}.json",
            lambda route, _, body=body: route.fulfill(
                body=body, content_type="application/json"
            ),
        )
    page.evaluate(
        PUT, ["reviews", [row(key, due=NOW + n) for n, key in enumerate(ids)]]
    )
    page.reload()
    ready(page)
    assert left(page) == count
    page.evaluate(MEASURE)
    for n in range(10):
        page.keyboard.press(" ")
        page.locator(".practice-grades").wait_for()
        page.keyboard.press("3")
        page.get_by_text(f"made-{n + 1}", exact=True).wait_for()
    spans = page.evaluate("spans")
    assert len(spans) == 20
    median = sorted(spans)[10]
    record_property("milliseconds", f"{median:.1f}, at most {max(spans):.1f}")
    print(f"median {median:.1f} ms, at most {max(spans):.1f} ms")
    assert median <= 50


def test_without_scripts_the_page_says_where_the_questions_are(visit):
    """One line with a link."""
    page = visit(PATH, java_script_enabled=False)
    assert "need JavaScript" in page.locator("[data-practice]").inner_text()
    page.locator("[data-practice] a").click()
    page.wait_for_url("**/practice/")


def test_offline_a_tool_says_what_is_wrong(visit):
    """A file that does not come is no empty place."""
    page = visit("reference/", settled=True)
    page.route("**/practice/cards/**", lambda route: route.abort())
    page.goto(page.url.replace("reference/", PATH))
    page.get_by_text("could not be loaded").wait_for()
    time.sleep(0.1)
    assert page.locator(CARD).count() == 0


@pytest.mark.parametrize("key", ["s", "3", "r"])
def test_keys_elsewhere_belong_to_the_browser(open_tool, key):
    """With the focus outside of the card, no key of the tool works."""
    page = ready(open_tool(PATH))
    first = label(page)
    page.locator("article h1").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)
    page.wait_for_timeout(100)
    assert label(page) == first
    assert stored(page) == {}
