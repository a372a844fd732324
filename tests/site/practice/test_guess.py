"""Guess first: outputs with a question stay covered until the reader commits."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from paradigms.site.content.output_fences import predictions
from paradigms.site.content.pages import pages
from tests.axe import contrast_findings
from tests.conftest import PHONE
from tests.site.practice.test_access import findings

PATH = "q39/autoregressive/"  # three questions: in words, four choices, three choices
QUESTIONS = [entry for _, entry in predictions(pages()["q39/autoregressive.md"])]
WORDS, CHOICES = QUESTIONS[:2]
PRINTED = "states that depend on word 5: [5, 6]"
SECTION = "not-only-decoders"  # where the second is

# How far the content moves without input; the tags below the title move by themselves.
SHIFTS = """() => new Promise((done) => {
  let score = 0;
  const content = ({ node }) => (node?.closest ? node : node?.parentElement)
    ?.closest("article :not(.md-tags)");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput && entry.sources.some(content)) score += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(score), 500);
})"""


def form(page: Page, number: int) -> Locator:
    """The form above the covered output of this number."""
    return page.locator("form.guess").nth(number)


def output(page: Page, number: int) -> Locator:
    """What the code of this question printed."""
    return page.locator(".guess-output").nth(number)


def read_out(page: Page) -> str:
    """What a screen reader gets of the page: the browser's accessibility tree."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return " ".join(str(node.get("name", {}).get("value")) for node in nodes)


def covered(page: Page) -> list[bool]:
    """Of each question of the page whether its output is covered."""
    forms = page.locator("form.guess").evaluate_all(
        "(all) => all.map((f) => !f.hidden)"
    )
    outputs = page.locator(".guess-output").evaluate_all(
        "(all) => all.map((e) => !e.querySelector('code').checkVisibility("
        "{ contentVisibilityAuto: true }))"
    )
    assert forms == outputs
    return forms


def test_an_output_waits_for_a_choice(open_tool):
    """Its question, then the output with the guess beside it, and the focus on it."""
    page = open_tool(PATH)
    assert covered(page) == [True, True, True]
    first, show = form(page, 1), form(page, 1).get_by_role("button", name="Show")
    assert first.locator("legend").inner_text() == CHOICES.guess
    assert tuple(first.locator("label").all_inner_texts()) == CHOICES.choices
    assert show.is_disabled()
    first.get_by_label(CHOICES.choices[1]).check()
    assert covered(page) == [True, True, True]
    show.click()
    assert covered(page) == [True, False, True]
    text = output(page, 1).inner_text()
    assert f"{CHOICES.guess} Your guess: {CHOICES.choices[1]}" in text
    assert PRINTED in text
    assert output(page, 1).evaluate("(e) => e === document.activeElement")


def test_an_output_waits_for_words(open_tool):
    """Spaces are no guess; Enter commits; what was typed is text, never HTML."""
    page = open_tool(PATH)
    field = form(page, 0).get_by_label("Your guess")
    field.fill("   ")
    assert form(page, 0).get_by_role("button", name="Show").is_disabled()
    field.press("Enter")
    assert covered(page)[0]
    field.fill("<img src=x onerror=alert(1)> 4, 3")
    field.press("Enter")
    assert covered(page) == [False, True, True]
    assert (
        "Your guess: <img src=x onerror=alert(1)> 4, 3" in output(page, 0).inner_text()
    )
    assert output(page, 0).locator("img").count() == 0


def test_a_question_can_be_skipped(open_tool):
    """The output is there, and no guess that nobody made."""
    page = open_tool(PATH)
    form(page, 1).get_by_role("button", name="Skip").click()
    assert covered(page) == [True, False, True]
    assert "Your guess" not in output(page, 1).inner_text()
    assert output(page, 1).evaluate("(e) => e === document.activeElement")


def test_a_screen_reader_gets_no_covered_output(open_tool):
    """The question is read, the output only after it was shown."""
    page = open_tool(PATH)
    assert PRINTED not in read_out(page)
    assert CHOICES.guess in read_out(page)
    form(page, 1).get_by_role("button", name="Skip").click()
    assert PRINTED in read_out(page)


def test_the_keyboard_alone_is_enough(open_tool):
    """Tab to the choices, arrows among them, Tab to the button, Enter."""
    page = open_tool(PATH)
    page.get_by_role("checkbox", name="Show all outputs").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("4 and 3")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert covered(page) == [False, True, True]
    form(page, 1).get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert f"Your guess: {CHOICES.choices[1]}" in output(page, 1).inner_text()


def test_a_reload_covers_nothing_again(open_tool):
    """Guesses and skips stay for the session, and on their own page."""
    page = open_tool(PATH)
    form(page, 0).get_by_role("button", name="Skip").click()
    form(page, 1).get_by_label(CHOICES.choices[0]).check()
    form(page, 1).get_by_role("button", name="Show").click()
    page.reload()
    assert covered(page) == [False, False, True]
    assert "Your guess" not in output(page, 0).inner_text()
    assert f"Your guess: {CHOICES.choices[0]}" in output(page, 1).inner_text()
    other = open_tool(PATH)
    assert covered(other) == [True, True, True]


def test_all_outputs_can_be_shown(open_tool, address):
    """One switch for every page, until it is taken back; guesses stay."""
    page = open_tool(PATH)
    form(page, 1).get_by_label(CHOICES.choices[0]).check()
    form(page, 1).get_by_role("button", name="Show").click()
    switch = page.get_by_role("checkbox", name="Show all outputs")
    assert switch.count() == 1
    switch.check()
    assert covered(page) == [False, False, False]
    page.goto(f"{address}systems/generators/")
    assert not any(covered(page))
    page.get_by_role("checkbox", name="Show all outputs").uncheck()
    assert all(covered(page))
    page.goto(address + PATH)
    assert covered(page) == [True, False, True]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("", [True, True, True]),
        (f"#{SECTION}", [True, True, True]),
        (f"?h=states+depend#{SECTION}", [True, False, True]),
        (f"?h=blackboard#{SECTION}", [True, True, True]),
        ("#nowhere", [True, True, True]),
        ("#%E0%A4%A", [True, True, True]),
    ],
)
def test_a_search_that_leads_to_an_output_shows_it(open_tool, end, expected):
    """Only the one whose words were searched for, in the section of the hit."""
    assert covered(open_tool(PATH + end)) == expected


def test_a_link_into_an_output_shows_it(open_tool):
    """As the address of the page, and as a link on it."""

    def with_anchor(route):
        response = route.fetch()
        html = response.text().replace("[5, 6]", '<i id="there">[5, 6]</i>')
        route.fulfill(response=response, body=html)

    page = open_tool(PATH)
    page.context.route(f"**/{PATH}*", with_anchor)
    page.reload()
    assert covered(page) == [True, True, True]
    page.evaluate("() => { location.hash = 'there'; }")
    page.wait_for_function("document.querySelectorAll('form.guess')[1].hidden")
    assert covered(page) == [True, False, True]
    page.evaluate("() => sessionStorage.clear()")
    page.reload()
    assert covered(page) == [True, False, True]


def test_the_search_of_the_browser_finds_what_is_covered(open_tool):
    """It fires `beforematch` before it scrolls there."""
    page = open_tool(PATH)
    assert output(page, 1).get_attribute("hidden") == "until-found"
    output(page, 1).evaluate("(e) => e.dispatchEvent(new Event('beforematch'))")
    assert covered(page) == [True, False, True]


def test_paper_shows_every_output(open_tool):
    """Printed are outputs, not forms."""
    page = open_tool(PATH)
    page.emulate_media(media="print")
    assert output(page, 1).locator("code").is_visible()
    assert output(page, 1).bounding_box()["height"] > 40
    assert not form(page, 1).is_visible()
    assert not page.get_by_text("Show all outputs").is_visible()


def test_without_scripts_every_output_is_shown(visit):
    """Also where the script does not arrive: there is no form, and the output."""
    page = visit(PATH, java_script_enabled=False)
    assert page.locator("form.guess").count() == 0
    assert page.get_by_text(PRINTED).is_visible()
    page = visit("")
    page.route("**/guess.js", lambda route: route.abort())
    page.goto(page.url + PATH)
    assert page.locator("form.guess").count() == 0
    assert page.get_by_text(PRINTED).is_visible()


DENIED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new Error("denied"); } });"""


@pytest.mark.parametrize(
    "storage", [DENIED, 'sessionStorage.setItem("model-paradigms.guesses", "{damaged")']
)
def test_a_storage_that_fails_is_no_obstacle(visit, storage):
    """Denied or damaged: outputs are covered, and shown after a guess."""
    page = visit("", settled=False)
    page.add_init_script(storage)
    page.goto(page.url + PATH)
    assert covered(page) == [True, True, True]
    form(page, 1).get_by_label(CHOICES.choices[0]).check()
    form(page, 1).get_by_role("button", name="Show").click()
    assert covered(page) == [True, False, True]


@pytest.mark.parametrize(
    "path", [PATH, f"{PATH}#{SECTION}", "q39/", "systems/generators/#gan"]
)
def test_nothing_moves_while_a_page_loads(visit, path):
    """On a phone, also at a link into the page: as without the script, within 0.01."""
    scores = []
    for blocked in (True, False):
        page = visit("", viewport=PHONE)
        if blocked:
            page.route("**/guess.js", lambda route: route.abort())
        page.goto(page.url + path)
        scores.append(page.evaluate(SHIFTS))
    assert scores[1] <= scores[0] + 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_axe_finds_nothing(open_tool, device, scheme):
    """Covered, with a choice made, and shown; no wider than a phone."""
    options = {"viewport": PHONE} if device == "phone" else {}
    page = open_tool(PATH, color_scheme=scheme, reduced_motion="reduce", **options)
    form(page, 1).get_by_label(CHOICES.choices[0]).check()
    form(page, 2).get_by_role("button", name="Skip").click()
    form(page, 0).get_by_label("Your guess").fill("4 and 3")
    form(page, 0).get_by_role("button", name="Show").click()
    assert findings(page, "article") == []
    assert contrast_findings(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("innerWidth")


def test_only_pages_with_a_question_get_the_script(site: Path):
    """At most 1.5 kB on these; 25 to 40 outputs, and nothing on any other page."""
    source = (site / "javascripts/practice/guess.js").read_bytes()
    assert len(gzip.compress(source, mtime=0)) <= 1500
    total = 0
    for path in site.rglob("index.html"):
        html = path.read_text("utf8")
        count = len(re.findall(r'<div[^>]* data-guess="', html))
        script = re.search(r'<script src="[^"]*practice/guess.js"', html)
        assert bool(script) == (count > 0), path
        sheet = re.search(r'<link[^>]* href="[^"]*stylesheets/guess.css"', html)
        assert bool(sheet) == (count > 0), path
        total += count
    assert 25 <= total <= 40
