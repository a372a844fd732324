"""The cheat sheet: two legible sides of A4 with all selected content."""

import re
from io import BytesIO
from unicodedata import normalize

import pytest
from pypdf import PdfReader

from paradigms._schema import ContentError
from paradigms.site.content.comparison_tables import comparison
from paradigms.site.content.questions import questions
from paradigms.site.fences import cheat_sheet
from paradigms.site.fences.cheat_sheet import (
    CheatSheetFence,
    Formula,
    Rows,
    Sheet,
    Trap,
    sheets,
)

PATH = "practice/cheat-sheet/"
PAPER = {"width": 733, "height": 1070}  # A4 without margins, in pixels
FULL = PAPER["height"] - 23  # a line or two of each side stay free
HEIGHTS = "[...document.querySelectorAll('.sheet')].map((e) => e.offsetHeight)"
# The smallest text in points, of words, of formulas and of labels in drawings.
SMALLEST = """() => {
  const points = (element) => parseFloat(getComputedStyle(element).fontSize) * 0.75;
  const least = {words: 99, formulas: 99, drawings: 99};
  for (const sheet of document.querySelectorAll('.sheet')) {
    const texts = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
      const svg = element.closest('svg'), math = element.closest('math');
      const kind = svg ? 'drawings' : math ? 'formulas' : 'words';
      const {a, b} = svg ? element.getScreenCTM() : {a: 1, b: 0};  // some are turned
      const size = points(math ?? element) * Math.hypot(a, b);
      least[kind] = Math.min(least[kind], size);
    }
  }
  return least;
}"""
# Elements that overflow their sheet, or whose content overflows and is hidden.
CUT = """() => [...document.querySelectorAll('.sheet')].flatMap((sheet) =>
  [...sheet.querySelectorAll(':not(math *, svg *)')].filter((element) =>
    element.getBoundingClientRect().right > sheet.getBoundingClientRect().right + 1
    || element.scrollWidth > element.clientWidth + 1
       && getComputedStyle(element).overflowX !== 'visible'
  ).map((element) => element.outerHTML.slice(0, 80)))"""


@pytest.fixture
def paper(visit):
    """The page in print media, with every answer unfolded."""
    page = visit(PATH, viewport=PAPER)
    page.emulate_media(media="print")
    return page


def printed(page) -> list[str]:
    """The letters and digits of each printed side."""
    pdf = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    for side in pdf.pages:
        width, height = (float(size) / 72 * 25.4 for size in side.mediabox[2:])
        assert (round(width), round(height)) == (210, 297), "not A4"
    return [bare(side.extract_text()) for side in pdf.pages]


def bare(text: str) -> str:
    """Letters and digits only: spaces and signs depend on line breaks."""
    return re.sub(r"[^a-z0-9]", "", normalize("NFKC", text).lower())  # ﬁ is fi


def chosen(sheet: Sheet) -> list[str]:
    """Every sentence that the sheet must show."""
    texts = [sheet.title, questions()[sheet.spoken].answer, *sheet.figures]
    for trap in sheet.traps:
        entry = questions()[trap.id]
        texts += [entry.question, entry.wrong_answer, trap.right()]
    for table in sheet.tables:
        texts += [
            line
            for row in comparison(table.name).rows
            if not table.rows or row.aspect in table.rows
            for line in (row.aspect, *(cell.text(False) for cell in row.cells))
        ]
    return [*texts, *(formula.title for formula in sheet.formulas), *sheet.numbers]


def missing(sheet: Sheet, side: str) -> list[str]:
    """Selected texts that are not on that side, without formulas and citations."""
    pieces = [
        piece
        for line in chosen(sheet)
        for piece in re.split(r"\$[^$]*\$|\[[=@][^\]]*\]", line)
    ]
    return [piece for piece in pieces if bare(piece) not in side]


def test_it_prints_as_two_sides_of_a4_with_all_that_was_chosen(paper):
    """Q19 is the first, Q39 the second; nothing of the site's frame is on them."""
    sides = printed(paper)
    assert len(sides) == 2
    for side, (name, sheet) in zip(sides, sheets().items(), strict=True):
        assert side.startswith(name)
        assert missing(sheet, side) == []
        assert bare("Made with Material") not in side
        assert bare("Print this page") not in side


def test_one_long_entry_more_makes_three_sides(paper):
    """Negative control: what does not fit is noticed, and so is a missing entry."""
    paper.evaluate(
        "document.querySelectorAll('#sheet-q39 .say').forEach((e) =>"
        " e.after(e.cloneNode(true)))"
    )
    assert len(printed(paper)) == 3
    paper.evaluate("document.querySelector('#sheet-q39 .traps li:last-child').remove()")
    assert missing(sheets()["q39"], printed(paper)[1]) != []


def test_it_is_legible_and_nothing_is_cut_off(paper):
    """Words of 7.5 points at least, formulas of 8, labels in drawings of 5.5."""
    assert paper.evaluate(CUT) == []
    sizes = paper.evaluate(SMALLEST)
    print(sizes)
    assert sizes["words"] >= 7.5
    assert sizes["formulas"] >= 8
    assert sizes["drawings"] >= 5.5


def test_small_print_and_a_wide_formula_are_noticed(paper):
    """The guard itself."""
    style = ".md-typeset .sheet li {{ {} }}"
    paper.add_style_tag(content=style.format("font-size: 6pt !important"))
    assert paper.evaluate(SMALLEST)["words"] < 7.5
    paper.add_style_tag(content=style.format("width: 300mm"))
    assert paper.evaluate(CUT) != []


def test_a_reader_with_other_fonts_has_room_to_spare(paper):
    """Each sheet leaves at least a line or two of its side."""
    heights = paper.evaluate(HEIGHTS)
    assert max(heights) < FULL, heights


def test_a_sheet_that_is_nearly_full_is_noticed(paper):
    """Negative control: a little more between the lines."""
    paper.add_style_tag(
        content=".md-typeset .sheet li { margin-bottom: 5mm !important }"
    )
    assert max(paper.evaluate(HEIGHTS)) > FULL


def altered(**changes) -> list[str]:
    """The findings for the first sheet, after changes."""
    return sheets()["q19"].model_copy(update=changes).findings()


def test_a_choice_that_leads_nowhere_is_an_error():
    """Each error names the choice; a question without a wrong answer is no trap."""
    key_without_trap = next(key for key, q in questions().items() if not q.wrong_answer)
    traps = [Trap(id="nowhere"), Trap(id=key_without_trap)]
    assert altered() == []
    assert "question 'nowhere' does not exist" in altered(traps=traps)
    assert any(
        key_without_trap in line and "no wrong" in line for line in altered(traps=traps)
    )
    assert len(altered(figures=["Nothing drawn"])) == 1
    assert any("no short title" in line for line in altered(page="index.md"))
    assert len(altered(tables=[Rows(name="q19-key-diferences")])) == 1
    assert len(altered(tables=[Rows(name="q39-axes", rows=["Nobody"])])) == 1


def test_a_sentence_that_the_answer_does_not_have_is_an_error():
    """Sentences are counted from one."""
    assert Trap(id="q19-svm", sentences=[1]).right() == "No."
    for number in (0, 40):
        with pytest.raises(ContentError, match="q19-svm: sentences"):
            Trap(id="q19-svm", sentences=[number]).right()


def test_the_last_sentence_of_an_answer_may_be_chosen():
    """And no sentence after it, for answers of every length."""
    for key, entry in questions().items():
        if not entry.wrong_answer:
            continue
        with pytest.raises(ContentError, match="the answer has ") as error:
            Trap(id=key, sentences=[99]).right()
        count = int(str(error.value).rsplit(" ", 1)[1])
        assert entry.answer.endswith(Trap(id=key, sentences=[count]).right())
        with pytest.raises(ContentError, match=f"the answer has {count}$"):
            Trap(id=key, sentences=[count + 1]).right()


def test_a_sheet_has_the_short_title_of_its_page():
    """Without the number of the question."""
    titles = [sheet.title for sheet in sheets().values()]
    assert titles == ["Generative or discriminative", "Autoregressive or autoencoding"]


def test_a_formula_leads_to_q19_or_q39_before_other_pages(monkeypatch):
    """Else to the first page in order, and without a page to the start."""
    both, others = "\n$$a = b$$\n\n$$a = c$$\n", "\n$$a = b$$\n"
    texts = {
        "foundations/a.md": both,
        "q19/b.md": others,
        "q39/c.md": others,
        "systems/d.md": both,
    }
    monkeypatch.setattr(cheat_sheet, "pages", lambda: texts)
    formulas = cheat_sheet._formulas_by_page.__wrapped__()
    monkeypatch.setattr(cheat_sheet, "_formulas_by_page", lambda: formulas)
    for tex, page in (
        ("a = b", "q19/b.md"),
        ("a = c", "foundations/a.md"),
        ("a = d", cheat_sheet.HOME),
    ):
        assert Formula(title="Equality", tex=tex).page == page


def test_an_unknown_sheet_names_those_that_there_are():
    """The error for a misspelt name lists the sheets."""
    with pytest.raises(ContentError, match="no sheet 'q93'; known are q19, q39"):
        CheatSheetFence(name="q93").render(None)
