"""The site in a real browser: keyboard, folds, print."""

from pathlib import Path

import pytest

from tests.conftest import ROOT


def out_of_reach(page) -> tuple[int, list[str]]:
    """The number of visible links, buttons and summaries, and those that Tab misses."""
    count = page.evaluate(
        """() => {
          const stops = 'a[href], button, summary, [tabindex="0"]';
          const folded = 'details:not([open]) > :not(summary)';
          const visible = [...document.querySelectorAll(stops)].filter((e) =>
            e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0
            && !e.hidden && !e.disabled && e.getClientRects().length
            && !e.closest(folded));
          visible.forEach((e, i) => { e.dataset.wanted = i; });
          return visible.length;
        }"""
    )
    focused = set()
    for _ in range(count + 40):
        page.keyboard.press("Tab")
        index = page.evaluate("document.activeElement?.dataset?.wanted ?? null")
        focused.add(index)
    describe = "(i) => document.querySelector(`[data-wanted='${i}']`).outerHTML"
    return count, [
        page.evaluate(describe, number)[:120]
        for number in range(count)
        if str(number) not in focused
    ]


@pytest.mark.parametrize("path", ["q39/", "reference/claims/", "labs/mask-probe/"])
def test_the_keyboard_reaches_everything(visit, path):
    """Every visible link, button and fold takes the focus by Tab alone."""
    count, missing = out_of_reach(visit(path, viewport={"width": 1280, "height": 900}))
    assert count > 30
    assert missing == []


def test_a_trap_for_the_keyboard_is_noticed(visit):
    """Negative control: a button that keeps the focus cuts off what follows."""
    page = visit("labs/", viewport={"width": 1280, "height": 900})
    page.evaluate(
        """document.querySelector('article a').addEventListener('keydown',
           (event) => { if (event.key === 'Tab') event.preventDefault(); })"""
    )
    assert out_of_reach(page)[1] != []


def test_the_keyboard_opens_a_question(visit):
    """Enter on a question shows its answer."""
    page = visit("q39/")
    question = page.locator("details.question").first
    question.locator("summary").focus()
    assert question.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert question.get_attribute("open") is not None


def test_a_link_to_a_folded_question_opens_it(visit):
    """A link to a question leads to its open answer in one click."""
    page = visit("q39/#q39-axes")
    assert page.locator("#q39-axes").get_attribute("open") is not None


def test_printing_unfolds_everything(visit):
    """For paper all folds open, and fold again; test_print.py has what is left out."""
    page = visit("q39/")
    folded = page.locator("details:not([open])").count()
    assert folded > 5
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded


# Waits for CSS transitions, whose duration depends on the load of the machine.
FADED = """async () => {
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const fading = document.getAnimations().filter((a) => a instanceof CSSTransition);
  await Promise.allSettled(fading.map((a) => a.finished));
}"""


def test_paper_is_white_in_the_dark_scheme_too(visit):
    """Printed from dark mode: drawings, links and verdicts have their light colours."""

    def colours(page) -> list[str]:
        page.emulate_media(media="print")
        page.evaluate(FADED)
        return page.evaluate(
            """() => ['.mask .blind', '.mask text', '.claim', '.verdict', '.claim a']
              .flatMap((s) => { const c = getComputedStyle(document.querySelector(s));
                return [c.stroke, c.fill, c.color, c.backgroundColor]; })"""
        )

    light = colours(visit("q39/", color_scheme="light"))
    assert colours(visit("q39/", color_scheme="dark")) == light


def test_a_strange_address_does_no_harm(visit):
    """An anchor that cannot be decoded leaves the page working."""
    page = visit("q39/#%")
    page.keyboard.press("/")
    assert page.locator(".md-search__input").evaluate("(e) => e.matches(':focus')")


def test_claims_explain_their_abbreviations(visit):
    """Generated text has tooltips, too."""
    page = visit("q39/")
    assert page.locator(".claim abbr").count() >= 3


def test_formulas_and_tooltips_and_copy_buttons_are_there(visit):
    """MathML has a size, an abbreviation its words, a code block its button."""
    page = visit("q39/")
    box = page.locator("math").first.bounding_box()
    assert box["width"] > 50
    assert page.locator("abbr").first.get_attribute("title")
    page.locator("article .highlight pre:visible").first.scroll_into_view_if_needed()
    page.locator("button.md-clipboard, .md-code__button").first.wait_for()


def test_tags_lead_from_level_and_topic_to_pages(visit):
    """The tags page lists the levels, and each tag its pages."""
    page = visit("reference/tags/")
    text = page.locator("article").inner_text()
    for tag in ("junior", "senior", "attention"):
        assert tag in text


def test_a_picture_of_the_page_for_the_readme():
    """The picture that the README shows is a PNG of under 300 kB."""
    path = ROOT / "docs/images/q39.png"
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert Path(path).stat().st_size < 300_000
