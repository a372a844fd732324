"""The contents of question pages: every question once, as the page has it."""

import pytest
from bs4 import BeautifulSoup

from paradigms.site.content.questions import questions, topic_places
from paradigms.site.exports import page_contents as module
from paradigms.site.exports.page_contents import page_contents


@pytest.mark.parametrize("path", topic_places().values())
def test_the_contents_are_the_questions_of_the_page(site, path):
    """In the order of the page, below their level, in the same words."""
    html = (site / path.removesuffix(".md") / "index.html").read_text("utf8")
    page = BeautifulSoup(html, "html.parser")
    entries = page.select("nav.md-nav--secondary a[href^='#ask-']")
    titles = {a["href"].removeprefix("#ask-"): a.get_text().strip() for a in entries}
    for level in page.select("article details.question .level"):
        level.extract()
    cards = page.select("article details.question")
    shown = {card["id"]: " ".join(card.summary.get_text().split()) for card in cards}
    for group in page_contents(path):
        name, count = group.title.split(": ")
        assert len(group.children) == int(count)
        keys = [link.id.removeprefix("ask-") for link in group.children]
        assert {questions()[key].level for key in keys} == {name.lower()}
        assert group.id == group.children[0].id
    links = [link.id for group in page_contents(path) for link in group.children]
    assert links == [f"ask-{key}" for key in shown]
    assert {key: titles[key] for key in shown} == shown


def test_a_page_without_a_topic_has_no_more_contents():
    """Its headings are its contents."""
    assert page_contents("q39/index.md") == []


def test_a_title_is_text(monkeypatch):
    """The theme shows titles as HTML: what looks like a tag or an entity is escaped."""
    key, page = "decoding-beam", "practice/decoding.md"
    question = questions()[key].model_copy(update={"question": "Is `a<b` & c **one**?"})
    monkeypatch.setattr(module, "questions", lambda: {**questions(), key: question})
    titles = {
        link.id: link.title for group in page_contents(page) for link in group.children
    }
    assert titles[f"ask-{key}"] == "Is a&lt;b &amp; c one?"
