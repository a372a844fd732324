"""What a printer gets, read from PDFs: questions, answers behind, no orphans."""

import re
from io import BytesIO
from unicodedata import normalize

import pytest
from pypdf import PageObject, PdfReader

from paradigms.site.content.questions import of_topic, questions
from paradigms.site.content.whiteboard import tasks
from paradigms.site.exports.pdf import edition
from paradigms.site.exports.single_page import document, leaves
from tests.conftest import ROOT

TOPIC = "attention masks"
TOPIC_PAGE = "practice/attention-masks/"


def sheets_of(page) -> list[PageObject]:
    """The pages of paper."""
    data = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom"), "12mm"))
    return list(PdfReader(BytesIO(data)).pages)


def printed(page) -> list[str]:
    """The text of each page of paper."""
    return [sheet.extract_text() for sheet in sheets_of(page)]


def squeezed(text: str) -> str:
    """Only letters and digits, so that spaces and line breaks do not count."""
    return re.sub(r"[\W_]", "", normalize("NFKC", text))


def words_of(line: str) -> str:
    """The longest stretch of a line without formulas and marks, squeezed."""
    plain = re.sub(r"\[[=@][^\]]*\]|\$[^$]*\$|`[^`]*`", "\n", line)
    return squeezed(max(re.split(r"[\n*]", plain), key=len))[:60]


def headings(page) -> list[str]:
    """The headings of a page and of its code, squeezed."""
    titles = "article :is(h2, h3, details.show > summary)"
    return [squeezed(text) for text in page.locator(titles).all_text_contents()]


def lowest_line(sheet: PageObject) -> str:
    """The last line on a page of paper, by its height."""
    lines: dict[int, str] = {}

    def note(text, matrix, text_matrix, *_):
        height = round(matrix[5] + matrix[3] * text_matrix[5])
        lines[height] = lines.get(height, "") + text

    sheet.extract_text(visitor_text=note)
    return squeezed(lines[min(h for h, text in lines.items() if squeezed(text))])


def orphans(page) -> list[str]:
    """Headings that are the last line of a page of paper."""
    titles = headings(page)
    return [line for line in map(lowest_line, sheets_of(page)) if line in titles]


@pytest.mark.parametrize("path", ["q19/", "q39/"])
def test_a_question_page_prints_without_answers_and_evidence(visit, path):
    """Follow-ups are printed closed, evidence only if it is open; all code is there."""
    page = visit(path)
    ids = page.locator("details.question").evaluate_all("(all) => all.map((e) => e.id)")
    page.evaluate("document.querySelector('details.question').open = true")
    sheets = printed(page)
    text = squeezed("".join(sheets))
    for key in ids:
        assert words_of(questions()[key].question) in text, key
        assert words_of(questions()[key].answer) not in text, key
    assert squeezed("Holds while") not in text
    assert "Allclaims" not in text
    assert text.count(squeezed("import torch")) >= 3
    page.evaluate("document.querySelector('details.evidence').open = true")
    assert "Allclaims" in squeezed("".join(printed(page)))  # the control


@pytest.mark.parametrize(
    "path", ["q19/", "q39/", "q19/few-labels/", "practice/whiteboard/", TOPIC_PAGE]
)
def test_no_heading_ends_a_page(visit, path):
    """What is printed below a heading begins on the same page."""
    page = visit(path)
    assert orphans(page) == []


def test_an_orphan_is_noticed(visit):
    """Negative control: paper that breaks after headings."""
    page = visit("q39/")
    page.add_style_tag(content="h2 { break-after: page !important }")
    assert len(orphans(page)) >= 5


def test_whiteboard_tasks_are_printed_without_solutions(visit):
    """At least three on two pages of paper: a statement and a skeleton each."""
    sheets = printed(visit("practice/whiteboard/"))
    text = squeezed("".join(sheets))
    assert len(sheets) <= 2 / 3 * len(tasks())
    for name, task in tasks().items():
        assert words_of(task.statement[0]) in text, name
        assert words_of(task.hints[0]) not in text, name
        assert words_of(task.look_for[0]) not in text, name


def test_questions_come_first_and_answers_behind(visit):
    """Several questions a page; then every answer, with the number of its question."""
    page = visit(TOPIC_PAGE)
    sheets = printed(page)
    start = next(n for n, sheet in enumerate(sheets) if sheet.startswith("Answers"))
    question_text, answer_text = (
        squeezed("".join(part)) for part in (sheets[:start], sheets[start:])
    )
    keys = of_topic(TOPIC)
    assert len(keys) / start >= 8
    for key in keys:
        entry = questions()[key]
        assert words_of(entry.question) in question_text, key
        assert words_of(entry.answer) not in question_text, key
        assert words_of(entry.answer) in answer_text, key
        for point in entry.key_points:
            assert words_of(point) in answer_text, point
    numbers = page.locator("details.question").count()
    for text in (sheets[:start], sheets[start:]):
        assert f"{numbers}." in "".join(text)


def test_questions_of_other_pages_have_their_answers_behind(visit):
    """A page of the foundations prints its questions closed, and answers at its end."""
    sheets = printed(visit("foundations/attention-masks/"))
    start = next(n for n, sheet in enumerate(sheets) if sheet.startswith("Answers"))
    assert start > 0


def test_answers_that_are_missing_are_noticed(visit):
    """Negative control: without scripts nothing is behind the questions."""
    sheets = printed(visit(TOPIC_PAGE, java_script_enabled=False))
    assert not any(sheet.startswith("Answers") for sheet in sheets)


def test_printing_leaves_the_page_as_it_was(visit):
    """Afterwards the same folds are open, and the answers behind are gone."""
    page = visit(TOPIC_PAGE)
    page.locator("details.question summary").nth(1).click()
    state = """[...document.querySelectorAll('details')].map((e) => e.open)
      .concat(document.querySelectorAll('.printed-answers, .unprinted').length)"""
    before = page.evaluate(state)
    assert sum(before) == 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(state) != before
    ids = "[...document.querySelectorAll('[id]')].map((e) => e.id)"
    assert len(page.evaluate(ids)) == len(set(page.evaluate(ids)))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == before


def test_blank_masks_are_printed_without_their_solutions(visit):
    """Paper has the grids; a mask only if it is open on the screen."""
    page = visit(TOPIC_PAGE)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    grids, masks = (
        page.locator(f"svg.mask:has({kind}):visible") for kind in (".empty", ".sees")
    )
    assert (grids.count(), masks.count()) == (10, 0)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.evaluate("document.querySelector('details.solution').open = true")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert masks.count() == 1  # the control


def test_the_single_document_says_where_the_rows_are(site):
    """One line below the cover, with a folder that exists."""
    html = document(site, leaves(site, TOPIC_PAGE), edition(site))
    folder = "src/paradigms/experiments/results/"
    assert html.count(f"<code>{folder}</code>") == 1
    assert list((ROOT / folder).glob("*.json"))


def test_the_single_document_keeps_every_answer(site, browser, tmp_path):
    """The export as one PDF shows answers below their questions."""
    file = tmp_path / "document.html"
    pages = leaves(site, TOPIC_PAGE)
    file.write_text(document(site, pages, edition(site)), "utf8")
    page = browser.new_page()
    page.goto(file.as_uri())
    text = squeezed("".join(printed(page)))
    page.close()
    for key in of_topic(TOPIC):
        assert words_of(questions()[key].answer) in text, key
