"""Each stored result has a page of its own, which is light and complete."""

import gzip
import re
from collections import Counter
from html import escape

import pytest

from paradigms._schema import ContentError
from paradigms.experiments.records import load, question, stems
from paradigms.site.content.bibliography import full_name, sources
from paradigms.site.content.claims import claims
from paradigms.site.content.conditions import experiments
from paradigms.site.fences.page import record_page
from paradigms.site.fences.record import (
    RecordFence,
    experiment_questions,
    in_words,
    provenance,
    record_pages,
    tables,
)
from paradigms.site.templates.environment import slug
from tests.axe import axe_findings, contrast_findings
from tests.conftest import PHONE

STEMS = sorted(stems())
LIMIT = 100_000  # bytes, gzipped
INDEX = "reference/evidence/"


def html(site, path: str) -> str:
    """A built page."""
    return (site / path / "index.html").read_text("utf8")


def address(stem: str) -> str:
    """The address of the page of a record."""
    return record_page(stem).removesuffix(".md") + "/"


def weight(text: str) -> int:
    """Bytes of a page as a server sends it."""
    return len(gzip.compress(text.encode(), mtime=0))


@pytest.mark.parametrize("stem", STEMS)
def test_the_page_of_a_record_is_light(site, stem):
    """Below 100 kB, gzipped; together these were one page of two megabytes."""
    assert weight(html(site, address(stem))) < LIMIT


def test_the_index_is_light(site):
    """With all tests that pages point to, and their source."""
    assert weight(html(site, INDEX)) < LIMIT


def test_a_heavy_page_is_noticed(site):
    """Negative control: all records on one page are heavier."""
    assert weight("".join(html(site, address(stem)) for stem in STEMS)) > LIMIT


@pytest.mark.parametrize("stem", STEMS)
def test_every_row_has_an_anchor_and_every_value_is_printed(site, stem):
    """Each row once, with as many cells as it has values; nothing is left out."""
    page = html(site, address(stem))
    anchors = Counter(re.findall(r'<(?:tr|th scope="col") id="([^"]+)"', page))
    rows = load(stem).rows
    assert anchors == Counter(slug(row["name"]) for row in rows)
    assert max(anchors.values()) == 1
    cells = re.findall(r"<td>[^<]", page)
    assert len(cells) == sum(len(row) - 1 for row in rows)


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_says_what_depends_on_the_record(site, stem):
    """The question, every condition of every claim, settings, processor, versions."""
    page = html(site, address(stem))
    words = re.sub(r"<[^>]+>", "", page).replace("&lt;", "<").replace("&gt;", ">")
    assert question(stem) in words
    for claim in claims().values():
        for condition in claim.holds:
            assert (condition in words) == (stem in experiments(condition))
    record = load(stem)
    assert record.processor in words
    for name in [*map(in_words, record.config), *record.versions]:
        assert f"<dt>{name}</dt>" in page


def test_the_index_leads_to_every_record(site):
    """With its question; an old link to an experiment still finds its line."""
    page = html(site, INDEX)
    for stem in STEMS:
        assert f'id="{slug(stem)}"' in page
        assert f'href="{slug(stem)}/">{in_words(stem)}</a>' in page
        assert question(stem) in page.replace("&#39;", "'")


def test_records_are_not_in_the_navigation(site):
    """The section of the references lists the index alone."""
    section = html(site, "reference/")
    assert 'href="evidence/"' in section
    assert 'href="evidence/cache/"' not in section


def test_a_number_leads_to_its_row(visit):
    """A click on a recorded number opens the row that it was read from."""
    page = visit("q19/data-and-use/")
    link = page.locator("a.recorded").first
    target = link.get_attribute("href")
    link.evaluate("link => link.click()")
    page.wait_for_url(f"**/{target.replace('../', '')}")
    row = page.locator(":target")
    assert row.locator("th").count() == 1
    assert row.is_visible()


def test_few_rows_are_turned():
    """One row of many columns becomes a list of measures; many rows stay rows."""
    columns = {f"measure {n}": 0.5 for n in range(9)}
    (one,) = tables([{"name": "alone"} | columns])
    assert one.turned
    (many,) = tables([{"name": f"row {n}"} | columns for n in range(3)])
    assert not many.turned


def test_differences_have_a_table_of_their_own():
    """Last, whatever their place; other rows share a table if they share a column."""
    rows = [
        {"name": "a - b", "error": 0.1},
        {"name": "a", "error": 0.3, "loss": [1.0, 0.5, 1.5]},
        {"name": "b", "loss": 2},
        {"name": "data", "texts": 10},
    ]
    first, other, differences = tables(rows)
    assert (list(first.rows), first.columns) == (["a", "b"], ["error", "loss"])
    assert first.rows["a"]["loss"] == ("1", "0.5 to 1.5")
    assert list(other.rows) == ["data"]
    assert (differences.title, list(differences.rows)) == ("Differences", ["a - b"])


def test_questions_are_read_without_parsing():
    """The quick way reads what the experiments' own reader reads."""
    assert experiment_questions() == {stem: question(stem) for stem in STEMS}


def test_an_unknown_record_is_an_error():
    """The fence names what it does not find."""
    with pytest.raises(ContentError, match="no stored result 'nothing'"):
        RecordFence(name="nothing").render(None)


def test_the_pages_are_low_in_the_search():
    """A record is found after the pages that explain it."""
    assert len(record_pages()) == len(STEMS)
    assert all("  boost: 0.1\n" in text for text in record_pages().values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stem", ["calibration", "one_model_many_tasks"])
def test_a_record_is_for_everybody(visit, stem, scheme):
    """On a phone, all folds open: axe finds nothing, only tables scroll sideways."""
    page = visit(address(stem), viewport=PHONE, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_findings(page) + contrast_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_every_verdict_of_the_ledger_has_its_reason(site):
    """Beside the claim stands why: at least sixty letters, or all that there is."""
    page = html(site, "reference/claims/")
    assert page.count('<p class="reason">') == len(claims())
    for claim in claims().values():
        assert claim.right.startswith(claim.reason)
        assert len(claim.reason) >= 60 or claim.reason == claim.right


def test_the_ledger_fits_a_phone(visit):
    """With its reasons, whose formulas cannot be broken: nothing scrolls sideways."""
    box = visit("reference/claims/", viewport=PHONE).locator(".table-box")
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0


def test_a_short_sentence_is_no_reason():
    """`Not as a rule.` takes the next sentence along."""
    claim = next(iter(claims().values()))
    right = "Not as a rule. It depends on the data, and on what you call a model. More."
    assert claim.model_copy(update={"right": right}).reason == right[:-6]


def test_a_source_with_more_authors_than_are_named_says_so(site):
    """In the bibliography, after the names; the others list every author."""
    page = html(site, "reference/bibliography/")
    for key, source in sources().items():
        row = page.split(f'<tr id="{key}">')[1].split("</tr>")[0]
        several = "others" in source.authors
        names = [full_name(name) for name in source.authors if name != "others"]
        assert f". {escape(', '.join(names))}{' and others' * several}. " in row, key


@pytest.mark.parametrize(
    ("threads", "words"), [(1, "1 thread"), (2, "2 threads"), (3, "3 threads")]
)
def test_threads_are_counted_in_words(threads, words):
    """One is singular."""
    record = load("cache").model_copy(update={"threads": threads})
    assert provenance(record)["threads"] == words
