"""A phone and a desk in a real browser: nothing is cut, and what scrolls shows it."""

from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO

import pytest
from PIL import Image

from paradigms.site.content.questions import questions, topic_places
from tests.conftest import PHONE
from tests.site.test_every_page import PAGES, UNFOLD, WIDTH

WITH_BOARDS = sorted(
    {
        topic_places()[entry.topic].removesuffix(".md") + "/"
        for entry in questions().values()
        if entry.code
    }
)
DESK = {"width": 1280, "height": 900}

# Code and output whose lines go on outside of their box.
CUT = """() => [...document.querySelectorAll('article pre, article pre > code')]
  .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.innerText.slice(0, 60))"""

# Blocks in which a word lies under the button that copies.
COVERED = """() => {
  const range = document.createRange();
  const rects = (text) => [...text.data.matchAll(/\\S+/g)].flatMap((word) => {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return [...range.getClientRects()];
  });
  const overlap = (a, b) => a.right > b.left + 1 && a.left < b.right - 1
    && a.bottom > b.top + 1 && a.top < b.bottom - 1;
  return [...document.querySelectorAll('article .md-code__nav')].filter((nav) => {
    const button = nav.getBoundingClientRect();
    const code = nav.parentElement.querySelector('code');
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
      if (rects(texts.currentNode).some((r) => overlap(r, button))) return true;
    return false;
  }).map((nav) => nav.parentElement.id);
}"""

# What reaches beyond the right edge of the screen, without a box that scrolls.
LOST = """() => { const edge = document.documentElement.clientWidth;
  return [...document.querySelectorAll('article *')].filter((e) => {
    const box = e.getBoundingClientRect();
    if (!box.width || box.right <= edge + 1 || e.closest('pre')) return false;
    if (e.closest('svg') && e.localName !== 'svg') return false;
    for (let p = e; p.localName !== 'article'; p = p.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return false;
    return true;
  }).map((e) => e.outerHTML.slice(0, 80)); }"""

# What scrolls sideways without a shadow, or without a name and the focus for keyboards.
UNMARKED = """() => [...document.querySelectorAll('article *')].filter((e) => {
  const style = getComputedStyle(e);
  return ['auto', 'scroll'].includes(style.overflowX) && e.localName !== 'pre'
    && !e.closest('pre, svg') && e.scrollWidth > e.clientWidth + 1
    && !(style.backgroundAttachment.includes('local') && e.tabIndex === 0
      && e.getAttribute('role') && e.getAttribute('aria-label'));
}).map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def layout(browser, address) -> Iterator[Callable[[str], dict[str, dict]]]:
    """Each page is visited once, unfolded, on a phone and at a desk."""
    context = browser.new_context(reduced_motion="reduce", viewport=PHONE)
    page = context.new_page()

    @cache
    def look(path: str) -> dict[str, dict]:
        page.set_viewport_size(PHONE)
        page.goto(address + path)
        page.evaluate(UNFOLD)
        return {"phone": findings(page), "desk": findings(page, DESK)}

    yield look
    context.close()


def findings(page, viewport=PHONE) -> dict:
    """Everything that is wrong with the page at this width."""
    page.set_viewport_size(viewport)
    kinds = {"cut": CUT, "covered": COVERED, "lost": LOST, "unmarked": UNMARKED}
    return {
        "wider": page.evaluate(WIDTH) > viewport["width"],
        **{kind: page.evaluate(script) for kind, script in kinds.items()},
    }


NOTHING = {"wider": False, "cut": [], "covered": [], "lost": [], "unmarked": []}


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_on_a_phone(layout, path):
    """No line of code is cut, nothing is lost at the edge, what scrolls shows it."""
    assert layout(path)["phone"] == NOTHING


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_at_a_desk(layout, path):
    """At 1280 pixels no table and no formula is cut without a sign."""
    # There the button lies over the code until the mouse leaves it.
    assert {**layout(path)["desk"], "covered": []} == NOTHING


def test_a_long_line_of_code_is_noticed(visit):
    """Negative control: code that does not wrap."""
    page = visit("q39/autoregressive/", viewport=PHONE, settled=False)
    assert page.evaluate(CUT) == []
    page.add_style_tag(content="pre, pre > code { white-space: pre !important }")
    assert len(page.evaluate(CUT)) >= 3


def test_a_covered_line_is_noticed(visit):
    """Negative control: the button that copies as Material places it."""
    page = visit("q39/autoregressive/", viewport=PHONE)
    for block in page.locator("article .highlight:visible").all():
        block.scroll_into_view_if_needed()  # its button appears
        page.wait_for_timeout(50)
    assert page.locator(".md-code__nav").count() >= 3
    assert page.evaluate(COVERED) == []
    page.add_style_tag(
        content=".md-typeset .md-code__nav { position: absolute !important;"
        "top: 0; right: 0; margin: 0 !important; width: 100% }"
    )
    assert page.evaluate(COVERED) != []


def test_a_lost_word_is_noticed(visit):
    """Negative control: a paragraph that is too wide, on a page that hides it."""
    page = visit("q39/autoregressive/", viewport=PHONE, settled=False)
    page.evaluate("document.querySelector('article > p').style.width = '500px'")
    assert page.evaluate(LOST) != []


@pytest.mark.parametrize(
    ("path", "selector"),
    [("q39/cache/", ".table-box"), ("practice/derivations-generators/", ".arithmatex")],
)
def test_a_box_without_a_sign_is_noticed(visit, path, selector):
    """Negative control: a table, a formula, without shadow, without name."""
    page = visit(path, viewport=PHONE)
    assert page.evaluate(UNMARKED) == []
    page.evaluate(
        f"document.querySelectorAll('{selector}').forEach((e) => e.ariaLabel = '')"
    )
    assert page.evaluate(UNMARKED) != []
    page.reload()
    page.add_style_tag(content=f"article {selector} {{ background: none !important }}")
    assert page.evaluate(UNMARKED) != []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_shadow_is_seen_and_goes(visit, scheme):
    """The right edge of a wide table differs from the page until it is scrolled to."""
    page = visit("q39/cache/", viewport=PHONE, color_scheme=scheme)
    box = page.locator(".table-box:has-text('Times faster')").first
    assert box.evaluate("(e) => e.scrollWidth > e.clientWidth")
    assert (edge(page, box, "right") > 20, edge(page, box, "left") > 20) == (
        True,
        False,
    )
    box.evaluate("(e) => e.scrollLeft = 9999")
    assert (edge(page, box, "right") > 20, edge(page, box, "left") > 20) == (
        False,
        True,
    )


def edge(page, box, side: str) -> float:
    """How much the outermost pixels of a box differ from the page, of 255.

    Its words, and the lines between rows, are hidden first.
    """
    box.scroll_into_view_if_needed()
    page.add_style_tag(
        content=".table-box * { color: transparent !important;"
        "border-color: transparent !important; background: none !important;"
        "text-decoration: none !important }"
    )
    page.wait_for_timeout(300)  # colours fade
    area = box.bounding_box()
    left = area["x"] if side == "left" else area["x"] + area["width"] - 2
    shot = page.screenshot(
        clip={"x": left, "y": area["y"] + area["height"] / 2, "width": 2, "height": 2}
    )
    with Image.open(BytesIO(shot)) as picture:
        pixel = picture.convert("L").getpixel((0 if side == "left" else 1, 0))
    ground = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    )
    return abs(pixel - sum(ground[:3]) / 3)


def test_the_formulas_of_the_cheat_sheet_are_whole(visit):
    """No formula and no table of the sheets scrolls on a phone."""
    page = visit("practice/cheat-sheet/", viewport=PHONE)
    wide = """() => [...document.querySelectorAll('.sheet *')].filter((e) =>
      getComputedStyle(e).overflowX === 'auto' && e.scrollWidth > e.clientWidth + 1)
      .map((e) => e.outerHTML.slice(0, 80))"""
    assert page.locator(".sheet .write dd").count() >= 10
    assert page.evaluate(wide) == []
    page.add_style_tag(content=".sheet .write math { font-size: 2em !important }")
    assert len(page.evaluate(wide)) >= 1  # the control: a part that is too wide


def test_the_cards_of_the_start_page_are_links_as_a_whole(visit):
    """A tap on a corner of a card, far from its words, opens its question."""
    for number, target in enumerate(["q19/", "q39/"]):
        page = visit("", viewport=PHONE)
        card = page.locator(".grid.cards > ul > li").nth(number)
        box = card.bounding_box()
        card.click(position={"x": box["width"] - 5, "y": box["height"] - 5})
        page.wait_for_url(f"**/{target}")


def test_the_focus_is_drawn_around_the_card(visit):
    """By keyboard the whole card is outlined, not two letters in it."""
    page = visit("", viewport=PHONE)
    page.locator(".grid.cards a").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    outline = "(e) => getComputedStyle(e).outlineStyle"
    assert page.locator(".grid.cards > ul > li").first.evaluate(outline) == "solid"
    assert page.locator(".grid.cards > ul > li").last.evaluate(outline) == "none"


# Lines of whiteboard code that wrap, are cut or are smaller than 11 pixels.
BROKEN_BOARDS = """() => [...document.querySelectorAll('.whiteboard pre > code')]
  .filter((code) => {
    const style = getComputedStyle(code);
    const range = document.createRange();
    range.selectNodeContents(code);
    const text = range.getBoundingClientRect();
    const lines = code.innerText.trimEnd().split('\\n').length;
    const height = parseFloat(style.lineHeight) * lines;
    return parseFloat(style.fontSize) < 11 || text.left < 0 || text.right > innerWidth
      || text.height > height + 8 || code.scrollWidth > code.clientWidth + 1;
  }).map((code) => code.innerText.slice(0, 60))"""


@pytest.mark.parametrize("path", WITH_BOARDS)
def test_a_line_of_whiteboard_code_is_one_line_on_a_phone(visit, path):
    """At 360 pixels none of the 50 letters wraps or is cut."""
    page = visit(path, viewport=PHONE)
    page.evaluate(UNFOLD)
    assert page.locator(".whiteboard pre > code").count() >= 1
    assert page.evaluate(BROKEN_BOARDS) == []


@pytest.mark.parametrize("style", ["white-space: pre-wrap; font-size: 15px",
                                   "font-size: 15px", "font-size: 10px"])  # fmt: skip
def test_a_broken_whiteboard_is_noticed(visit, style):
    """Negative control: code that wraps, that is cut, that is too small to read."""
    page = visit("practice/attention-masks/", viewport=PHONE, settled=False)
    page.evaluate(UNFOLD)
    rules = style.replace(";", " !important;")
    page.add_style_tag(content=f".whiteboard pre > code {{ {rules} !important }}")
    assert page.evaluate(BROKEN_BOARDS) != []
