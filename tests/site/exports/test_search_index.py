"""What the search finds: its entries, their places and their words."""

import json
import re
from itertools import groupby

import pytest
from material.plugins.search.plugin import Parser

from paradigms.site.content.claims import claims
from paradigms.site.content.pages import bodies
from paradigms.site.content.questions import questions
from paradigms.site.content.toml import FOLDER, read
from paradigms.site.exports import search_index
from paradigms.site.exports.search_index import MAIN, Passage, synonym_problems

FILES = ["answers", "text"]


@pytest.fixture(scope="module")
def index(site) -> dict[str, dict]:
    """Both files of the index as data."""
    return {
        name: json.loads((site / f"search/{name}.json").read_text("utf8"))
        for name in FILES
    }


def test_each_answer_has_an_entry_of_its_own(index):
    """Every question, term, claim and figure; one entry for each place."""
    kinds = [row[0] for name in FILES for row in index[name]["passages"]]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts["question"] + counts["main"] == len(questions())
    assert counts["main"] == len(MAIN) == 2
    assert counts["term"] == len(read(FOLDER / "glossary.toml"))
    assert counts["claim"] == len(claims())
    assert counts["figure"] == len(bodies("figure"))
    assert counts["page"] > 50
    for name in FILES:
        rows = [tuple(row[:4]) for row in index[name]["passages"]]
        assert len(set(rows)) == len(rows), name


@pytest.mark.parametrize("name", FILES)
def test_each_entry_leads_to_its_place(site, index, name):
    """The anchor of each is an id on its page, and the page is there."""
    pages = index["answers"]["pages"]
    rows = sorted(index[name]["passages"], key=lambda row: row[1])
    for number, entries in groupby(rows, key=lambda row: row[1]):
        html = (site / pages[number][0] / "index.html").read_text("utf8")
        ids = {"", *re.findall(r'\bid="?([^"\s>]+)', html)}
        assert {row[2] for row in entries} <= ids, pages[number]


def test_entries_are_text(index):
    """No tag, no TeX, no citation key, no name of a recorded number."""
    for _, _, _, title, text in index["answers"]["passages"]:
        assert title
        assert not re.search(r"</?[a-z]+[ >]|\[[@=]|\$\S", title + text)
    formulas = [row[4] for row in index["answers"]["passages"] if row[0] == "claim"]
    assert any("P(Y∣X)" in text.replace(" ", "") for text in formulas)


def test_what_has_an_entry_is_not_repeated(index):
    """Answers stand in no section's text, and drawings' labels nowhere."""
    text = " ".join(row[4] for row in index["text"]["passages"])
    assert "A strong answer contains" not in text
    assert "may see →" not in text
    assert "Bayes" in text


def indexed(html: str) -> str:
    """Titles and words of a page's sections, as the theme's search reads them."""
    parser = Parser()
    parser.feed(html)
    parser.close()
    parts = ["".join(part.title) + " " + "".join(part.text) for part in parser.data]
    return "".join(re.sub(r"<[^>]+>|¶", "", " ".join(parts)).split())


def test_no_word_is_lost_with_the_tags_that_the_parser_is_not_shown(site):
    """Only tags are removed, and none that keeps its text out of the search."""
    removed = 0
    for page in site.rglob("index.html"):
        html = page.read_text("utf8")
        html = html[html.index("<article") : html.index("</article>")]
        stripped = search_index._INLINE.sub("", html)
        assert indexed(stripped) == indexed(html), page
        removed += len(html) - len(stripped)
    assert removed > 1_000_000
    hidden = "<h1>A</h1><p>one <span data-search-exclude>two</span></p>"
    assert indexed(search_index._INLINE.sub("", hidden)) != indexed(hidden)


def test_a_synonym_needs_a_term_that_is_there():
    """From a word's beginning, in any case, with or without hyphen."""
    passages = [Passage("term", "a.md#b", "Left-padding", "Of prompts.")]
    assert synonym_problems({"left padding": ["x"], "PROMPTS": ["y"]}, passages) == []
    (problem,) = synonym_problems({"ef pad": ["x"]}, passages)
    assert problem.startswith("snippets/synonyms.toml: ef pad: no question, term,")
