"""The cheat sheet as a PDF: what the site offers is what the command prints."""

import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from paradigms.site.fences.cheat_sheet import sheets
from tests.conftest import ROOT, environment
from tests.site.fences.test_cheat_sheet import PATH, bare, missing

OFFERED = ROOT / "docs/practice/cheat-sheet.pdf"
HEADINGS = ("Draw it", "Write it", "Compare", "Traps", "Numbers")
COMMAND = (
    "python -m paradigms export cheat-sheet --output docs/practice/cheat-sheet.pdf"
)


def printed(site: Path, file: Path) -> PdfReader:
    """The PDF that the command prints, in a process of its own."""
    kind = ["export", "cheat-sheet", "--site", str(site), "--output", str(file)]
    result = subprocess.run(
        [sys.executable, "-m", "paradigms", *kind],
        env=environment(ROOT),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{file}: both sides of the cheat sheet\n"
    return PdfReader(file)


def sides(pdf: PdfReader) -> list[str]:
    """The letters and digits of each page; of the first without the page's title."""
    texts = [bare(page.extract_text()) for page in pdf.pages]
    return [texts[0].removeprefix(bare("Cheat sheet")), *texts[1:]]


def fonts(pdf: PdfReader) -> list:
    """Every font of the document, down to the one that has the outlines."""
    by_page = [page["/Resources"]["/Font"].values() for page in pdf.pages]
    outer = [font.get_object() for page in by_page for font in page]
    inner = [
        font["/DescendantFonts"][0].get_object()
        for font in outer
        if "/DescendantFonts" in font
    ]
    return inner + [font for font in outer if "/DescendantFonts" not in font]


@pytest.fixture(scope="module")
def fresh(site, tmp_path_factory) -> PdfReader:
    """The PDF as it is printed now."""
    return printed(site, tmp_path_factory.mktemp("sheet") / "sheet.pdf")


def test_the_offered_file_is_the_one_that_is_printed_now(fresh):
    """Text and number of pages agree, or the file in `docs` is out of date."""
    assert sides(PdfReader(OFFERED)) == sides(fresh), f"it is old; run: {COMMAND}"


def test_another_answer_would_be_noticed(site, fresh, tmp_path):
    """Negative control: an answer is changed on the built page."""
    for name in ("index.html", f"{PATH}index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(site / name, tmp_path / name)
    for folder in ("assets", "stylesheets"):
        shutil.copytree(site / folder, tmp_path / folder)
    page = tmp_path / PATH / "index.html"
    text = page.read_text("utf8")
    before = '<div class="say"><h3>Say it</h3><p>'
    assert text.count(before) == 2
    page.write_text(text.replace(before, f"{before}Not so: "), "utf8")
    assert sides(printed(tmp_path, tmp_path / "x.pdf")) != sides(fresh)


def test_it_has_everything_on_two_sides_of_a4():
    """Every heading, formula title, trap, row and number; fonts inside; no links."""
    pdf = PdfReader(OFFERED)
    assert len(pdf.pages) == len(sheets()) == 2
    for page in pdf.pages:
        assert [round(float(size) / 72 * 25.4) for size in page.mediabox] == [
            0,
            0,
            210,
            297,
        ]
        assert "/Annots" not in page, (
            "a link would lead into the folder of whoever printed"
        )
    for side, (name, sheet) in zip(sides(pdf), sheets().items(), strict=True):
        assert side.startswith(name)
        assert [title for title in HEADINGS if bare(title) not in side] == []
        assert missing(sheet, side) == []
        assert bare("Download both sheets") not in side
    assert pdf.metadata.title == "Model Paradigms: Cheat sheet"
    assert [entry.title for entry in pdf.outline[:1]] == ["Cheat sheet"]
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert OFFERED.stat().st_size < 400_000


def test_its_fonts_are_inside():
    """It looks alike on a machine that lacks them."""
    all_fonts = fonts(PdfReader(OFFERED))
    assert len(all_fonts) > 3
    for font in all_fonts:
        descriptor = font.get("/FontDescriptor", {})
        inside = {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
        assert inside or font["/Subtype"] == "/Type3", font["/BaseFont"]


def test_the_site_offers_it(site):
    """The page of the cheat sheet links the file of the repository."""
    assert (site / "practice/cheat-sheet.pdf").read_bytes() == OFFERED.read_bytes()
    page = BeautifulSoup((site / PATH / "index.html").read_text("utf8"), "html.parser")
    (link,) = page.select("article a[download][href$='.pdf']")
    assert link["href"] == "../cheat-sheet.pdf"


def test_on_letter_it_has_two_pages_as_well(visit):
    """A printer with American paper scales the sheets; nothing of them is lost."""
    page = visit(PATH)
    pdf = PdfReader(BytesIO(page.pdf(format="Letter", prefer_css_page_size=False)))
    assert [page.mediabox[2:] for page in pdf.pages] == [[612, 792]] * 2
    for side, sheet in zip(sides(pdf), sheets().values(), strict=True):
        assert missing(sheet, side) == []
