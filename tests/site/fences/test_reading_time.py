"""The minutes that plans state, recomputed on the built pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from paradigms.site.fences import plan, reading_time
from tests.conftest import ROOT


def recount(article: Tag) -> float:
    """Minutes for a built page, computed independently from its HTML."""
    article = BeautifulSoup(str(article), "html.parser")
    for task in article.select("details.task, details.quiz"):
        task.extract()  # a plan says itself how long a program or a round takes
    rates = {
        "details.question": reading_time.QUESTION,
        "figure.mask-figure:not([id$=-by-hand])": reading_time.FIGURE,
        "div.highlight:not(.language-text, .bugs *)": reading_time.CODE,
        "div.arithmatex:not(.sheet *)": reading_time.FORMULA,
    }
    total = sum(minutes * len(article.select(css)) for css, minutes in rates.items())
    excluded = ".bugs, svg, small, .headerlink, script, .language-text, .evidence > *, "
    excluded += "details.abstract, "  # a folded list of pages
    excluded += "[id$=-by-hand]"  # a plan says itself how long an empty grid takes
    for element in article.select(f"{', '.join(rates)}, {excluded}"):
        element.extract()
    for formula in article.select(".arithmatex"):
        formula.string = "x"
    return total + spoken(article.get_text(" ")) / reading_time.WORDS_A_MINUTE


def spoken(text: str) -> int:
    """How many words a text has."""
    return len(re.findall(r"(?:(?!\s)\W)*\w\S*", text))


def article_of(site: Path, page: str) -> Tag:
    """The article of a built page, without header, sidebars and footer."""
    folder = page.removesuffix("index.md").removesuffix(".md")
    html = (site / folder / "index.html").read_text("utf8")
    return BeautifulSoup(html, "html.parser").article


@pytest.fixture(scope="session")
def articles(site) -> dict[str, Tag]:
    """The built pages that plans lead to."""
    pages = {item.place for item in plan.items().values() if not item.lab}
    pages = {page.partition("#")[0] for page in pages if page}
    return {page: article_of(site, page) for page in sorted(pages)}


def apart(stated: float, counted: float) -> bool:
    """Whether two times differ by more than half a minute and 5% of the count."""
    return abs(stated - counted) > 0.5 + counted / 20


def test_the_minutes_are_those_of_the_built_pages(articles):
    """Within half a minute and a twentieth, for each page and topic of the plans."""
    pages = {item.place: item.takes for item in plan.items().values() if not item.lab}
    pages = {page: minutes for page, minutes in pages.items() if page in articles}
    assert len(pages) > 50
    counts = {page: recount(articles[page]) for page in pages}
    wrong = {
        page: (minutes, counts[page])
        for page, minutes in pages.items()
        if apart(minutes, max(1, counts[page]))
    }
    assert wrong == {}


def test_other_minutes_are_noticed(articles):
    """Negative control: a page that grew by words, by figures, by questions."""
    page = articles["q39/autoregressive.md"]
    minutes = round(
        reading_time.minutes(reading_time.section("q39/autoregressive.md").text)
    )
    assert not apart(minutes, recount(page))
    for addition in (
        "<p>" + "word " * 400 + "</p>",
        "<figure class='mask-figure'></figure>" * 4,
        "<details class='question'>and so on</details>" * 2,
    ):
        assert apart(
            minutes, recount(BeautifulSoup(str(page) + addition, "html.parser"))
        )


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
        anchors = set(reading_time.sections(page)) - {""}
        assert anchors == {h["id"] for h in article.select(":is(h1, h2, h3)[id]")}, page
    for page in ("q19/index.md", "q39/index.md"):
        for anchor, part in parts(articles[page]):
            minutes = reading_time.minutes(
                reading_time.section(f"{page}#{anchor}").text
            )
            assert not apart(minutes, recount(part)), anchor


def words_in_sight(article: Tag) -> int:
    """The unfolded words of a page, without code and formulas."""
    article = BeautifulSoup(str(article), "html.parser")
    for element in article.select("details, svg, script, .highlight, .arithmatex"):
        element.extract()
    return spoken(article.get_text(" "))


@pytest.mark.parametrize("page", ["q19/index.md", "q39/index.md"])
def test_a_question_page_is_read_in_ten_minutes(articles, page):
    """Ten minutes for the unfolded words, without code and folded answers."""
    words = words_in_sight(articles[page])
    print(page, words, "words", words / reading_time.WORDS_A_MINUTE, "minutes")
    assert words <= 10 * reading_time.WORDS_A_MINUTE
    longer = BeautifulSoup(str(articles[page]) + "<p>word</p>" * 900, "html.parser")
    assert words_in_sight(longer) > 10 * reading_time.WORDS_A_MINUTE


def test_the_start_page_states_the_rates():
    """The stated rates are those of the computation."""
    text = (ROOT / "docs/index.md").read_text("utf8")
    names = ("WORDS_A_MINUTE", "CODE", "FIGURE", "FORMULA", "QUESTION")
    rates = tuple(getattr(reading_time, name) for name in names)
    assert rates == (160, 1, 0.5, 0.25, 1.5)
    assert (
        "160 words per minute, one minute per block of code, half a minute per "
        "figure, 15 seconds per formula, and 90 seconds per question"
    ) in text
    assert "an assumption" in text
