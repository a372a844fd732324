"""The mock interview: its course, and what a reader does."""

import json

import pytest
from playwright.sync_api import Page, expect

from paradigms.site.content.questions import questions
from tests.conftest import PHONE, settle
from tests.site.practice.conftest import PUT, stored
from tests.site.practice.test_access import findings

PATH = "practice/interview/"
TOPIC = "GPT, LLaMA and today's decoders"

NEXT = """async ([cards, interview, missed]) => {
  const { nextQuestion } = await tool("interview-course");
  return nextQuestion(cards, interview, missed, () => 0)?.id;
}"""


def card(key: str, level: str = "mid", topic: str = "t", **others) -> dict:
    """A card of the bank."""
    return {"id": key, "question": key, "level": level, "topic": topic,
            "followUps": [], **others}  # fmt: skip


CARDS = [
    card("a", followUps=["b", "c", "d"]),
    card("b", "junior", question="What does the causal mask hide?"),
    card("c", "senior", question="How large is the cache of keys and values?"),
    card("d", question="Which loss has a decoder?"),
    card("e", topic="u"),
]


def interview(current: str = "a", level: str = "", topic: str = "", asked=()) -> dict:
    """An interview at a question."""
    return {"current": current, "level": level, "topic": topic,
            "answered": [{"card": key} for key in asked]}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "missed", "expected"),
    [
        (interview(), "the mask hides later tokens", "b"),
        (interview(), "the cache grows with every token", "c"),
        (interview(), "", "c"),  # nothing missed: the hardest
        (interview(asked=["c"]), "", "d"),
        (interview(asked=["b", "c", "d"]), "the mask", "e"),
        (interview("e", level="senior"), "", "c"),
        (interview("", topic="u"), "", "e"),
        (interview("e", asked=["a", "b", "c", "d"]), "", None),
    ],
)
def test_the_next_question(open_tool, state, missed, expected):
    """The follow-up of what was missed, else the hardest, else one of the topic."""
    assert open_tool(PATH).evaluate(NEXT, [CARDS, state, missed]) == expected


REPORT = """async ([cards, answered]) => {
  const { report } = await tool("interview-course");
  return [...report(cards, { answered })].map(([topic, row]) =>
    [topic, row.asked, row.said, row.points, row.missed.map(({ id }) => id)]);
}"""


def test_the_report_counts_by_topic(open_tool):
    """A question with one key point missing is listed; unknown questions are not."""
    answered = [
        {"card": "a", "said": [True, False, True]},
        {"card": "b", "said": [True, True]},
        {"card": "c", "said": [False]},
        {"card": "e", "said": [True]},
        {"card": "deleted", "said": [False]},
    ]
    rows = open_tool(PATH).evaluate(REPORT, [CARDS, answered])
    assert rows == [["t", 3, 4, 6, ["a", "c"]], ["u", 1, 1, 1, []]]


def begin(open_tool, answer: str = "aloud", **options) -> Page:
    """An interview at its first question."""
    page = open_tool(PATH, **options)
    page.get_by_label("Topic").select_option(label=TOPIC)
    page.get_by_label("Answer", exact=True).select_option(answer)
    page.get_by_role("button", name="Start the interview").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    return page


def asked(page: Page) -> str:
    """The question on the screen."""
    return page.locator(".practice-question").inner_text()


def test_an_interview_from_start_to_report(open_tool):
    """Two questions, the second a follow-up of the first; misses fall due."""
    page = begin(open_tool)
    first = asked(page)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="Next question").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    second = asked(page)
    assert second != first
    page.get_by_role("button", name="Show the answer").click()
    for box in page.locator(".practice-tick input").all():
        box.check()
    page.get_by_role("button", name="End the interview").click()
    page.get_by_text("Questions with missed key points").wait_for()
    (row,) = stored(page, "interviews").values()
    keys = [entry["card"] for entry in row["answered"]]
    assert row["ended"] is True
    assert len(set(keys)) == 2
    follow_ups = questions()[keys[0]].follow_ups
    assert not follow_ups or keys[1] in follow_ups
    assert not any(row["answered"][0]["said"])
    assert all(row["answered"][1]["said"])
    page.get_by_role(
        "button", name="Make 1 question with missed key points due"
    ).click()
    page.get_by_text("They are graded Again").wait_for()
    assert stored(page, "reviews")[keys[0]]["grade"] == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Transcript as Markdown").click()
    text = download.value.path().read_text("utf8")
    assert text.startswith("# Mock interview, 20")
    missed, complete = text.split("\n## ")[1:]
    assert "- [ ] " in missed
    assert "- [x] " not in missed
    assert "- [x] " in complete
    assert "- [ ] " not in complete
    page.get_by_role("button", name="New interview").click()
    page.get_by_role("button", name="2 questions").wait_for()


# The page's own choice after a question with a missed key point, for each of them.
CHOICES = """async () => {
  const { bank, texts } = await tool("bank");
  const { nextQuestion } = await tool("interview-course");
  const { trustedHtml } = await tool("dom");
  const { cards } = await bank();
  for (const [index, card] of cards.entries()) {
    const interview = { current: card.id, answered: [], level: "", topic: "" };
    const next = (missed) => nextQuestion(cards, interview, missed)?.question;
    const { points } = await texts(card);
    const after = points.map((point) => next(trustedHtml(point).textContent));
    if (card.followUps.length && new Set([next(""), after[0], after[1]]).size === 3) {
      return { random: (index + 0.5) / cards.length, after };
    }
  }
}"""


def test_the_first_missed_key_point_decides_what_is_asked(open_tool):
    """The first one is said, the second is not: its follow-up comes."""
    page = open_tool(PATH)
    choices = page.evaluate(CHOICES)
    page.evaluate("(value) => { Math.random = () => value; }", choices["random"])
    page.get_by_role("button", name="Start the interview").click()
    page.get_by_role("button", name="Show the answer").click()
    page.locator(".practice-tick input").first.check()
    page.get_by_role("button", name="Next question").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    assert asked(page) == choices["after"][1]


def test_minutes_and_level_are_what_was_chosen(open_tool):
    """The clock begins there, and the first question has the level."""
    page = open_tool(PATH)
    settle(page, quiet=500)  # a timer of the theme that a false clock ends is an error
    page.clock.install()
    page.get_by_label("Minutes").select_option("45")
    page.get_by_label("Level").select_option("junior")
    page.get_by_role("button", name="Start the interview").click()
    assert page.locator(".practice-clock").inner_text() in ("45:00", "44:59")
    assert page.locator(".practice-labels .level").inner_text().lower() == "junior"


def test_the_newest_interview_comes_first(open_tool):
    """Of those that are over; one that is open is continued."""
    page = open_tool(PATH)
    day = 86_400_000
    rows = [
        {"id": str(number), "changed": 1, "started": number * day, "minutes": 10,
         "answered": [], "ended": number < 4, "current": "", "left": 1}
        for number in (2, 3, 1, 4)
    ]  # fmt: skip
    page.evaluate(PUT, ["interviews", [*rows, {"id": "other", "changed": 1}]])
    page.reload()
    earlier = page.locator("[data-practice] li button")
    expect(earlier).to_have_count(3)
    names = earlier.all_inner_texts()
    assert [name.split()[0] for name in names] == ["4", "3", "2"]  # of January 1970
    name = "Continue the interview of 5 January 1970"
    expect(page.get_by_role("button", name=name)).to_be_visible()


def test_an_interview_survives_a_reload(open_tool):
    """The open question is asked again, with the answers before it."""
    page = begin(open_tool)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="Next question").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    second = asked(page)
    page.reload()
    page.get_by_role("button", name="Continue the interview").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    assert asked(page) == second
    assert "Question 2" in page.locator(".practice-labels").inner_text()


def go_on(page: Page) -> str:
    """Reload and go on with the open interview; what is in the box then."""
    page.reload()
    page.get_by_role("button", name="Continue the interview").click()
    return page.get_by_label("Your answer").input_value()


def test_what_is_typed_survives_a_reload_at_once(open_tool):
    """Also the last letter, for which the database had no time."""
    page = begin(open_tool, answer="typed")
    first = asked(page)
    page.get_by_label("Your answer").press_sequentially("A causal mask", delay=5)
    assert go_on(page) == "A causal mask"
    assert asked(page) == first
    page.get_by_label("Your answer").press_sequentially(" hides the future", delay=5)
    assert go_on(page) == "A causal mask hides the future"


def test_what_is_typed_is_stored_without_leaving_the_page(open_tool):
    """A crash has no last event: a pause in typing is enough."""
    page = begin(open_tool, answer="typed")
    page.add_init_script(  # nothing runs when this page is left
        "addEventListener('pagehide', (e) => e.stopImmediatePropagation(), true)"
    )
    go_on(page)
    page.get_by_label("Your answer").press_sequentially("Kept", delay=5)
    page.wait_for_timeout(1000)
    (row,) = stored(page, "drafts").values()
    assert row["text"] == "Kept"
    assert go_on(page) == "Kept"


def test_what_is_typed_survives_a_reload_of_the_answer(open_tool):
    """The answer is shown, nothing is ticked yet: the question comes back with it."""
    page = begin(open_tool, answer="typed")
    page.get_by_label("Your answer").fill("Mine")
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="Next question").wait_for()
    assert go_on(page) == "Mine"


def test_a_draft_belongs_to_its_question_and_goes_with_it(open_tool):
    """The next question begins empty; the answer has the text, and no draft is left."""
    page = begin(open_tool, answer="typed")
    page.get_by_label("Your answer").fill("Mine")
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="Next question").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    assert page.get_by_label("Your answer").input_value() == ""
    assert go_on(page) == ""
    assert stored(page, "drafts") == {}
    (row,) = stored(page, "interviews").values()
    assert [entry["typed"] for entry in row["answered"]] == ["Mine"]
    page.get_by_label("Your answer").fill("Not wanted")
    page.get_by_role("button", name="End the interview").click()
    page.get_by_role("button", name="New interview").wait_for()
    page.wait_for_timeout(1000)
    assert stored(page, "drafts") == {}


def test_a_damaged_draft_does_not_stop_an_interview(open_tool):
    """What is no JSON, or no draft, is passed over and not stored; Reset deletes it."""
    page = begin(open_tool, answer="typed")
    (row,) = stored(page, "interviews").values()
    whole = {"id": f"interview-{row['id']}", "changed": row["changed"] + 1,
             "card": row["current"], "text": "Mine"}  # fmt: skip
    key = f"model-paradigms.unsaved.{whole['id']}"
    changes = [{"id": "other"}, {"id": 1}, {"changed": None}, {"changed": "now"},
               {"card": 7}, {"text": None}, {"text": {}}]  # fmt: skip
    damaged = [json.dumps(whole | change) for change in changes]
    put = "([key, text]) => localStorage.setItem(key, text)"
    for text in ("{", "7", "null", *damaged):
        page.evaluate(put, [key, text])
        assert go_on(page) == ""
    assert stored(page, "drafts") == {}
    leftovers = "async () => (await tool('storage')).storage.leftovers()"
    assert page.evaluate(leftovers)["damaged"] == []
    page.evaluate(put, [key, json.dumps(whole)])  # control: it is read
    assert go_on(page) == "Mine"
    page.evaluate(put, [key, json.dumps(whole | {"changed": 1, "text": "Older"})])
    assert go_on(page) == "Mine"
    other = whole | {"changed": whole["changed"] + 1, "card": "another question"}
    page.evaluate(put, [key, json.dumps(other)])
    assert go_on(page) == ""
    page.evaluate(put, [key, "{"])
    page.goto(page.url.replace(PATH, ""))
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("Your progress is deleted").wait_for()
    assert page.evaluate("(key) => localStorage.getItem(key)", key) is None


def test_the_clock_stops_and_is_lengthened(open_tool):
    """WCAG 2.2.1: the reader may stop the time and add to it."""
    page = open_tool(PATH)
    settle(page, quiet=500)  # a timer of the theme that a false clock ends is an error
    page.clock.install()
    page.get_by_role("button", name="Start the interview").click()
    clock = page.locator(".practice-clock")
    clock.wait_for()
    page.clock.run_for(61_000)
    assert clock.inner_text() in ("18:59", "18:58")
    page.get_by_role("button", name="Stop the clock").click()
    stopped = clock.inner_text()
    page.clock.run_for(600_000)
    assert clock.inner_text() == stopped
    page.get_by_role("button", name="5 minutes more").click()
    assert int(clock.inner_text().split(":")[0]) == int(stopped.split(":")[0]) + 5
    page.get_by_role("button", name="Start the clock").click()
    page.clock.run_for(1_600_000)
    assert clock.inner_text() == "0:00"
    assert "The time is up" in page.locator("[data-practice]").inner_text()
    page.get_by_role("button", name="5 minutes more").click()
    page.get_by_role("button", name="Show the answer").click()
    page.clock.run_for(200_000)  # the answer is read without haste
    page.get_by_role("button", name="Next question").click()
    page.get_by_role("button", name="Show the answer").wait_for()
    assert clock.inner_text() in ("5:00", "4:59")


def test_what_is_typed_stays_text(open_tool):
    """No HTML, on the page and in the report; the transcript quotes it."""
    page = begin(open_tool, answer="typed")
    attack = "<img src=x onerror=\"document.title='owned'\"><script>1</script>"
    page.get_by_label("Your answer").fill(attack)
    page.get_by_role("button", name="Show the answer").click()
    assert page.locator("blockquote").inner_text() == attack
    assert page.locator("[data-practice] img").count() == 0
    page.get_by_role("button", name="End the interview").click()
    page.get_by_role("button", name="Transcript as Markdown").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Transcript as Markdown").click()
    assert f"```text\n{attack}\n```" in download.value.path().read_text("utf8")
    assert page.title() != "owned"
    assert json.dumps(attack) in json.dumps(stored(page, "interviews"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_axe_finds_nothing(open_tool, device, scheme):
    """Choice, question, answer, report; nothing is wider than a phone."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = open_tool(PATH, color_scheme=scheme, reduced_motion="reduce", **options)
    for name in ("Start the interview", "Show the answer", "End the interview"):
        control = page.get_by_role("button", name=name)
        control.wait_for()
        assert findings(page, "[data-practice]") == []
        control.click()
    page.get_by_role("button", name="New interview").wait_for()
    assert findings(page, "[data-practice]") == []
    heading = page.get_by_role("columnheader", name="Questions")
    assert heading.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert (
        page.locator(".practice-scroll").evaluate(
            "(e) => getComputedStyle(e).overflowWrap"
        )
        == "normal"
    )  # or a word of a heading is cut in two
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
