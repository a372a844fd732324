"""The glossary: from A to Z, and linked where a page uses a term first."""

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from paradigms.site.content.glossary import EVERYDAY, answers, forms, letters, terms
from paradigms.site.markdown.glossary_links import link_terms
from paradigms.site.templates.environment import slug
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE

NO_TEXT = (
    "a:not(.term), abbr, button, code, label, math, pre, summary, svg, thead, h1, h2,"
    "h3, .evidence, .in-words, .plan, .level, .verdict, .highlight"
)


def article(site, path: str) -> BeautifulSoup:
    """The article of a built page."""
    html = (site / path / "index.html").read_text("utf8")
    return BeautifulSoup(html, "html.parser").article


def test_every_term_has_an_id_below_its_letter(site):
    """In order, each under the heading of its first letter, with a jump to each."""
    page = article(site, "reference/glossary")
    jumps = [a["href"] for a in page.select(".letters a")]
    assert jumps == [f"#letter-{slug(letter)}" for letter in letters()]
    assert [letter.text for letter in page.select(".letter [role=heading]")] == [
        *letters()
    ]
    ids = [row["id"] for row in page.select("tbody tr:not(.letter)")]
    assert ids == [slug(term) for term in terms()]
    assert len(ids) == len(set(ids)) > 250
    for body in page.select("tbody"):
        letter = body.select_one(".letter").text
        rows = body.select("tr:not(.letter) th")
        assert rows
        assert {row.text[0].upper() for row in rows} == {letter}


@pytest.mark.parametrize(
    "path",
    ["q19", "q39", "q39/who-won", "practice/attention-masks", "systems/decoders"],
)
def test_a_term_is_linked_at_its_first_use_alone(site, path):
    """Once on each page, before every other use in running text; never in code."""
    page = article(site, path)
    links = page.select("a.term")
    assert len(links) > 10
    counts = Counter(link["href"] for link in links)
    assert set(counts.values()) == {1}
    for link in links:
        assert not link.find_parents(["a", "code", "pre", "h1", "h2", "h3", "summary"])
    assert early_uses(page) == []


def early_uses(page: BeautifulSoup) -> list[str]:
    """Terms that running text has before the place where they are linked."""
    for element in page.select(NO_TEXT):
        element.replace_with(" | ")
    for link in page.select("a.term"):
        link.replace_with(f"⟦{link.text}⟧")
    for link in page.select("a, .page-list"):
        link.replace_with(" | ")
    text = page.get_text()
    early = []
    for mark in re.finditer("⟦([^⟧]+)⟧", text):
        before = re.sub("⟦[^⟧]+⟧", " | ", text[: mark.start()])
        longer = [name for name in terms() if mark[1].lower() in name.lower()]
        for name in sorted(longer, key=len, reverse=True):
            if len(name) > len(mark[1]) + 1:
                pattern = re.escape(name).replace(r"\ ", r"[\s-]+")
                before = re.sub(pattern, " | ", before, flags=re.I)
        if re.search(rf"(?<![\w&#-]){re.escape(mark[1])}(?![\w-])", before):
            early.append(mark[1])
    return early


def test_a_use_before_the_link_is_noticed(site):
    """Negative control: a paragraph at the top with the term of a later link."""
    page = article(site, "q39")
    link = page.select("a.term")[8]
    page.h1.insert_after(BeautifulSoup(f"<p>{link.text} again</p>", "html.parser"))
    assert early_uses(page) == [link.text]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>A softmax, then a softmax.</p>",
         '<p>A <a class="term" href="g/#softmax">softmax</a>, then a softmax.</p>'),
        ("<p>Softmaxes</p>", '<p><a class="term" href="g/#softmax">Softmaxes</a></p>'),
        ("<p>An attention mask, attention</p>",
         '<p>An <a class="term" href="g/#attention-mask">attention mask</a>, '
         '<a class="term" href="g/#attention">attention</a></p>'),
        ("<p>next-token</p>",
         '<p><a class="term" href="g/#next-token">next-token</a></p>'),
        ("<p>teacher\nforcing</p>",
         '<p><a class="term" href="g/#teacher-forcing">teacher\nforcing</a></p>'),
        ("<p>two inequalities, confusion matrices</p>",
         '<p>two inequalities, <a class="term" href="g/#confusion-matrix">confusion '
         "matrices</a></p>"),
        ("<p>Bayes&#39; rule</p>",
         '<p><a class="term" href="g/#bayes-rule">Bayes&#39; rule</a></p>'),
        ("<p>bits per pixel</p>",
         '<p><a class="term" href="g/#bits-per-dimension-bits-per-pixel">bits per '
         "pixel</a></p>"),
    ],
)  # fmt: skip
def test_forms_of_a_term(html, expected):
    """First use, capital, plural, the longest first, hyphen, line break, apostrophe."""
    assert link_terms(html, "g/") == expected


@pytest.mark.parametrize(
    "html",
    [
        "<h2>The softmax</h2>",
        "<pre><code>softmax(x)</code></pre><code>softmax</code>",
        '<div class="highlight"><div><span>softmax</span></div></div>',
        '<a href="x">softmax</a>',
        "<math><mi>softmax</mi></math>",
        "<details><summary>What is a <em>softmax</em>?</summary></details>",
        '<abbr title="softmax">KV</abbr>',
        '<div class="plan"><div>softmax</div><p>softmax</p></div>',
        '<p class="evidence">softmax</p>',
        "<!-- softmax -->",
        "<p>softmaxed, pre-softmax, softmax-like, presoftmax</p>",
        "<p>a block of code, in a bad state</p>",
    ],
)
def test_what_is_left_alone(html):
    """Headings, code, links, formulas, questions, abbreviations, parts of words."""
    assert link_terms(html, "g/") == html
    after = link_terms(f"{html}<p>softmax</p>", "g/")
    assert after == f'{html}<p><a class="term" href="g/#softmax">softmax</a></p>'


def test_everyday_words_are_terms_of_the_glossary():
    """The list of exceptions names nothing that is not there."""
    assert not EVERYDAY - terms().keys()
    ids = {term for patterns in forms().values() for _, term in patterns}
    assert ids == {slug(term) for term in terms() if term not in EVERYDAY}


def test_a_term_leads_to_its_sentence_by_keyboard(visit):
    """A link like any other, distinct without colour, and the entry is in sight."""
    page = visit("q39/", settled=False)
    link = page.locator("a.term", has_text="causal mask").first
    style = "e => getComputedStyle(e).textDecorationLine"
    assert link.evaluate(style) == "underline"
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/glossary/#causal-mask")
    row = page.locator("#causal-mask")
    header = page.locator(".md-header").bounding_box()
    letters_box = page.locator(".letters").bounding_box()
    top = max(box["y"] + box["height"] for box in (header, letters_box))
    page.wait_for_timeout(300)
    assert top - 1 <= row.bounding_box()["y"] < page.viewport_size["height"]
    assert visit("q39/").locator("abbr[title], abbr").first.get_attribute("title")


def test_paper_has_no_dotted_lines(visit):
    """In print a term is plain text."""
    page = visit("q39/", settled=False)
    page.emulate_media(media="print")
    style = "e => getComputedStyle(e).textDecorationLine"
    assert page.locator("a.term").first.evaluate(style) == "none"


@pytest.mark.parametrize("path", ["reference/glossary/", "practice/attention-masks/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, path, scheme):
    """Letters and terms on a phone, unfolded; targets large enough."""
    page = visit(path, viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
    assert axe_findings(page, only=tags) + contrast_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_term_links_to_its_answer(site):
    """To a question or a page, named as there; every other term has its sentence."""
    page = article(site, "reference/glossary")
    links = {a.find_parent("tr")["id"]: a for a in page.select("td small a")}
    assert [*links] == [slug(term) for term in terms() if term in answers()]
    assert links["perplexity"].text == "What is perplexity, in words and as a formula?"
    assert links["autoregressive"]["href"] == "../../q39/autoregressive/"
    assert links["autoregressive"].text == "Autoregressive models"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"perplxity" = "likelihood-perplexity-meaning"',
         "perplxity is no term of the glossary (did you mean 'perplexity'?)"),
        ('"perplexity" = "likelihood-perplexity-meanin"',
         "likelihood-perplexity-meanin is no question or page (did you mean "
         "'likelihood-perplexity-meaning'?)"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_stops_the_build(broken, line, reason):
    """A term or an answer with a slip, in one line with the nearest name."""
    right = '"perplexity" = "likelihood-perplexity-meaning"'
    output = broken("snippets/glossary-answers.toml", right, line)
    assert f"snippets/glossary-answers.toml: {reason}" in output
    assert "Traceback" not in output
