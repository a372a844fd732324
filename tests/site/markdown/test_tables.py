"""Tables of Markdown: in a box that scrolls, with a name of its own."""

from bs4 import BeautifulSoup
from markdown import Markdown

from paradigms.site.markdown import extension

TABLE = "| A | *B* | |\n|---|---|---|\n| 1 | 2 | 3 |\n"


def boxes(text: str) -> list[tuple[str, str]]:
    """The name and the HTML of each box in converted Markdown."""
    extensions = ["tables", "pymdownx.details", "pymdownx.arithmatex"]
    md = Markdown(
        extensions=[*extensions, extension.makeExtension()],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    elements = BeautifulSoup(md.convert(text), "html.parser").select(
        "div.table-box[tabindex='0'][role=region]"
    )
    return [(str(box["aria-label"]), str(box)) for box in elements]


def test_a_table_is_in_a_box_named_by_its_headings():
    """Also inside a fold; what stands around it stays."""
    ((name, html),) = boxes(f"before\n\n{TABLE}\nafter\n")
    assert name == "Table: A, B"
    assert html.count("<table") == html.count("<td>3</td>") == 1
    assert "after" not in html
    folded = "".join(f"    {line}\n" for line in TABLE.splitlines())
    assert len(boxes(f'??? show "Fold"\n\n{folded}')) == 1


def test_two_tables_have_two_names():
    """A screen reader tells them apart."""
    names = [name for name, _ in boxes(f"{TABLE}\nthen\n\n{TABLE}")]
    assert names == ["Table: A, B", "Table: A, B (2)"]


def test_a_formula_in_a_heading_is_text_in_the_name():
    """Neither marks of TeX nor placeholders of Markdown."""
    ((name, _),) = boxes(TABLE.replace("*B*", "$x$ & <b>c</b>"))
    assert name == "Table: A, x & c"
