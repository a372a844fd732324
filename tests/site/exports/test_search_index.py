"""What the search finds: its entries, their places and their words."""

import json
import re
from itertools import groupby
from operator import itemgetter

import pytest
from material.plugins.search.plugin import Parser

from paradigms.site.content.claims import claims
from paradigms.site.content.pages import fences
from paradigms.site.content.questions import derivations, questions
from paradigms.site.content.toml import FOLDER, read
from paradigms.site.content.whiteboard import tasks
from paradigms.site.exports.search_index import (
    MAIN,
    Passage,
    SectionParser,
    synonym_problems,
    without_small_tags,
)

FILES = ["answers", "text"]


@pytest.fixture(scope="module")
def index(site) -> dict[str, dict]:
    """Both files of the index as data, their passages as rows."""
    files = {
        name: json.loads((site / f"search/{name}.json").read_text("utf8"))
        for name in FILES
    }
    return {name: body | {"passages": rows(body)} for name, body in files.items()}


def rows(body) -> list[dict]:
    """The passages of a file, whose columns are equally long."""
    columns = body["passages"]
    values = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in values]


def test_each_answer_has_an_entry_of_its_own(index):
    """Every question, task, term, claim and figure; one entry for each place."""
    kinds = [row["kind"] for name in FILES for row in index[name]["passages"]]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts["question"] + counts["main"] == len(questions())
    assert counts["main"] == len(MAIN) == 2
    assert counts["task"] == len(tasks())
    assert counts["term"] == len(read(FOLDER / "glossary.toml"))
    assert counts["claim"] == len(claims())
    assert counts["figure"] == len(fences("figure"))
    assert counts["page"] > 50
    for name in FILES:
        keys = ("kind", "page", "anchor", "title")
        places = [tuple(row[key] for key in keys) for row in index[name]["passages"]]
        assert len(set(places)) == len(places), name


def test_an_entry_says_whether_its_answer_holds_code_or_a_derivation(index):
    """Code: whiteboard answers with code and all tasks; line-by-line derivations."""
    entries = [row for name in FILES for row in index[name]["passages"]]
    for form, expected in (
        (
            "code",
            {key for key, entry in questions().items() if entry.code} | {*tasks()},
        ),
        ("derivation", {*derivations(), *(f"derive-{key}" for key in derivations())}),
    ):
        holding = {row["anchor"] for row in entries if form in row["holds"]}
        assert expected <= holding
        assert len(holding) < len(entries) / 5
    plain = [row for row in entries if row["kind"] in ("term", "claim", "figure")]
    assert not any(row["holds"] for row in plain)


@pytest.mark.parametrize("name", FILES)
def test_each_entry_leads_to_its_place(site, index, name):
    """The anchor of each is an id on its page, and the page is there."""
    pages = index["answers"]["pages"]
    by_page = itemgetter("page")
    for number, group in groupby(sorted(index[name]["passages"], key=by_page), by_page):
        html = (site / pages[number][0] / "index.html").read_text("utf8")
        ids = {"", *re.findall(r'\bid="?([^"\s>]+)', html)}
        assert {row["anchor"] for row in group} <= ids, pages[number]


def test_entries_are_text(index):
    """No tag, no TeX, no citation key, no name of a recorded number."""
    answers = index["answers"]["passages"]
    for row in answers:
        assert row["title"]
        text = row["title"] + row["text"]
        assert not re.search(r"</?[a-z]+[ >]|\[[@=]|\$\S", text)
    formulas = [row["text"] for row in answers if row["kind"] == "claim"]
    assert any("P(Y∣X)" in text.replace(" ", "") for text in formulas)


def test_what_has_an_entry_is_not_repeated(index):
    """Answers stand in no section's text, and drawings' labels nowhere."""
    text = " ".join(row["text"] for row in index["text"]["passages"])
    assert "A strong answer contains" not in text
    assert "may see →" not in text
    assert "Bayes" in text


def indexed(html: str, parser_class: type[Parser] = Parser) -> str:
    """Titles and words of a page's sections, as the theme's search reads them."""
    parser = parser_class()
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
        stripped = without_small_tags(html)
        assert indexed(stripped) == indexed(html), page
        removed += len(html) - len(stripped)
    assert removed > 1_000_000
    for tag in ("span", "td"):
        hidden = f"<h1>A</h1><p>one <{tag} data-search-exclude>two</{tag}></p>"
        assert indexed(without_small_tags(hidden)) != indexed(hidden)


def test_what_is_excluded_stays_so_until_its_own_end():
    """Negative control: Material's parser ends an exclusion at a nested element."""
    html = (
        "<h1>A</h1><div data-search-exclude>one<div>two</div>three"
        "<details data-search-exclude><details>four</details>five</details>six</div>"
        "<div>seven</div>"
    )
    assert indexed(html, SectionParser) == "Aseven"
    assert "three" in indexed(html)


def test_records_are_no_text_of_the_search(index):
    """Neither their rows nor their settings: a page for each says what it measures."""
    evidence = [
        row["text"]
        for row in index["text"]["passages"]
        if index["answers"]["pages"][row["page"]][0].startswith("reference/evidence/")
    ]
    assert len(evidence) > 30
    assert max(map(len, evidence)) < 600


def test_words_of_two_cells_are_two_words():
    """The theme's parser joins them; those of two highlighted names are one."""
    assert without_small_tags("<td>fine-tuned</td><td>The</td>").split() == [
        "fine-tuned",
        "The",
    ]
    assert without_small_tags("<span>mask</span><span>ed</span>") == "masked"


def test_a_synonym_needs_a_term_that_is_there():
    """From a word's beginning, in any case, with or without hyphen."""
    passages = [Passage("term", "a.md#b", "Left-padding", "Of prompts.")]
    assert synonym_problems({"left padding": ["x"], "PROMPTS": ["y"]}, passages) == []
    (problem,) = synonym_problems({"ef pad": ["x"]}, passages)
    assert problem.startswith("snippets/synonyms.toml: ef pad: no question, term,")
