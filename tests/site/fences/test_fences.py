"""Fences: all are run, none is shown as source, and outputs are compared."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.content.output_fences import TITLE, is_output, predictions
from paradigms.site.content.questions import questions
from paradigms.site.exports import anki, notebook
from paradigms.site.markdown import adapter
from paradigms.site.pytest_plugin import output_below
from tests.conftest import ROOT, project_pytest, python

PAGES = sorted((ROOT / "docs").rglob("*.md"))
OPENING = re.compile(r"^\s*(?:```|~~~)\s*(\{?\s*\.?py(?:thon)?\b.*)$", re.MULTILINE)


def openings(text: str) -> list[str]:
    """The info string of every Python fence, from the raw text."""
    return [info.strip() for info in OPENING.findall(text)]


def run_pytest(folder: Path, *arguments: str) -> str:
    """Output of pytest on some pages, with this project's settings."""
    return python(folder, *project_pytest(folder), *arguments).stdout


def collected(*paths: Path) -> int:
    """How many fences pytest finds."""
    out = run_pytest(ROOT, "--collect-only", *map(str, paths))
    return len(re.findall(r"CodeFence#", out))


class Blocks(HTMLParser):
    """Counts the highlighted Python blocks and the questions of a built page."""

    def __init__(self):
        super().__init__()
        self.count = self.questions = 0

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        kind = attributes.get("class") or ""
        self.count += tag == "div" and "language-python" in kind
        self.questions += "data-guess" in attributes


def blocks(html: str) -> Blocks:
    """The blocks of a built page, counted."""
    parser = Blocks()
    parser.feed(html)
    return parser


def highlighted(html: str) -> int:
    """How many Python blocks a page shows as highlighted code."""
    return blocks(html).count


def test_every_python_fence_is_run_exactly_once(site):
    """Fences in the sources, run by pytest and highlighted on the site: same counts.

    S59 wrong: there are code demos, and they run.
    """
    source_count = sum(len(openings(page.read_text("utf8"))) for page in PAGES)
    readme = openings((ROOT / "README.md").read_text("utf8"))
    assert collected(ROOT / "README.md") == len(readme) > 0
    labs = {path.stem for path in (ROOT / "docs/labs").glob("*.ipynb")}
    pages = [path for path in site.rglob("*.html") if path.parent.name not in labs]
    highlighted_count = sum(highlighted(path.read_text("utf8")) for path in pages)
    assert source_count == collected(ROOT / "docs") == highlighted_count
    assert source_count > 20


def test_every_output_is_rendered_with_its_question(site):
    """Outputs in the sources and on the site: same counts, plain or with a question."""
    for page in PAGES:
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        html = (site / name.removesuffix("index") / "index.html").read_text("utf8")
        text = page.read_text("utf8")
        outputs = html.count('<span class="filename">Output</span>')
        assert outputs == sum(map(is_output, infos(text))), page
        assert blocks(html).questions == len(list(predictions(text))), page


def test_fences_have_no_options():
    """`python notest` is shown broken, `continuation` hides what a block depends on."""
    for page in [*PAGES, ROOT / "README.md"]:
        infos = set(openings(page.read_text("utf8")))
        assert infos <= {"python"}, f"{page}: write plain ```python, not {infos}"


PLAIN = {"text", "sh"}  # shown as text, on the pages that explain the project
KINDS = {
    "python",
    *adapter.KINDS,
}


def infos(text: str) -> list[str]:
    """The info string of every fence, except those inside four backticks."""
    text = re.sub(r"^````.*?^````\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^[ \t]*(?:```|~~~)[ \t]*(\S.*)$", text, re.MULTILINE)


def unknown_infos(text: str, plain: bool) -> set[str]:
    """Info strings of fences that MkDocs would show as text, without a warning."""
    unknown = {info for info in infos(text) if not is_output(info)}
    return unknown - KINDS - (PLAIN if plain else set())


def test_every_fence_is_of_a_known_kind():
    """A misspelt kind, or an option on a figure, is shown as source and builds."""
    for page in [*PAGES, ROOT / "README.md"]:
        plain = page.name in {"README.md", "contributing.md"}
        assert unknown_infos(page.read_text("utf8"), plain) == set(), page


def loose_outputs(page: Path) -> int:
    """How many Output fences of a page do not belong to a block of code."""
    text = page.read_text("utf8")
    attached = sum(
        output_below(page, block.line)[1] >= 0
        for block in fenced_blocks(text)
        if block.info == "python"
    )
    return len(re.findall(r"^[ \t]*```.*title\s*=\s*.Output", text, re.M)) - attached


def test_every_output_belongs_to_the_code_above_it():
    """An Output fence that follows no code would be compared with nothing."""
    for page in [*PAGES, ROOT / "README.md"]:
        assert loose_outputs(page) == 0, page


def test_a_loose_output_is_noticed(tmp_path):
    """Negative control: a sentence between code and output, or another spelling."""
    page = tmp_path / "page.md"
    page.write_text(
        f"```python\nx = 1\n```\n\nSo:\n\n```{TITLE}\n42\n```\n\n"
        "``` text title='Output'\n43\n```\n"
    )
    assert loose_outputs(page) == 2


def test_an_unknown_kind_is_noticed():
    """Negative control: `figur`, and a fence of ours with an option."""
    assert unknown_infos("```figur\n```", plain=False) == {"figur"}
    assert unknown_infos("```table title=x\n```", plain=False) == {"table title=x"}
    assert openings("```python notest\n```") == ["python notest"]


NESTED = """\
=== "Tab"

    ```python
    print("in a tab")
    ```

    ```text title="Output"
    in a tab
    ```

!!! note

    ```python
    assert 1 + 1 == 2
    ```

??? question

    ```python
    assert 2 + 2 == 4
    ```

```python
assert True
```
"""


def test_fences_in_tabs_admonitions_and_details_are_run(tmp_path):
    """All four of a page with nested fences; a stock parser finds one."""
    (tmp_path / "page.md").write_text(NESTED)
    assert "4 passed" in run_pytest(tmp_path, "page.md")
    stock = [t for t in MarkdownIt("commonmark").parse(NESTED) if t.type == "fence"]
    assert len(stock) == 1


def test_brace_fences_are_run_too(tmp_path):
    """`{.python}` counts as Python; it is not tested without the superfences syntax."""
    (tmp_path / "page.md").write_text("```{.python}\nassert False, 'it ran'\n```\n")
    assert "it ran" in run_pytest(tmp_path, "page.md")
    assert "no tests ran" in run_pytest(
        tmp_path, "--markdown-docs-syntax=default", "page.md"
    )


WRONG = (
    '# Title\n\n```python\nprint("new")\nprint("lines")\n```\n\n'
    '```text title="Output"\nold\n```\n'
)


def test_a_wrong_output_names_page_and_line(tmp_path):
    """The error has both outputs, page and line, and how to accept the new one."""
    (tmp_path / "page.md").write_text(WRONG)
    report = run_pytest(tmp_path, "page.md")
    assert "1 failed" in report
    assert "page.md:3: printed output is not what the page shows" in report
    assert "--update-outputs" in report
    assert "['old']" in report
    assert "['new', 'lines']" in report


def test_an_output_that_is_not_shown_fails(tmp_path):
    """Printing code needs an Output fence, and an Output fence needs printing code."""
    (tmp_path / "a.md").write_text("```python\nprint(1)\n```\n")
    (tmp_path / "b.md").write_text(
        '```python\nx = 1\n```\n\n```text title="Output"\n1\n```\n'
    )
    assert "2 failed" in run_pytest(tmp_path, "a.md", "b.md")


PRINTS = "print(1)\nprint()\nprint(2)\n"
FORMS = {
    "blanks behind the closing ticks": (
        f"```python\n{PRINTS}```  \n\n```{TITLE}\n1\n\n2\n``` \n"
    ),
    "longer closing fences": (
        f"```python\n{PRINTS}`````\n\n```{TITLE}\n1\n\n2\n````\n"
    ),
    "tildes": f"~~~python\n{PRINTS}~~~\n\n```{TITLE}\n1\n\n2\n```\n",
    "in a quotation": (
        "> ```python\n> print(1)\n> print()\n> print(2)\n> ```\n>\n"
        f"> ```{TITLE}\n> 1\n>\n> 2\n> ```\n"
    ),
}


def test_outputs_belong_to_code_in_every_form(tmp_path):
    """All run, and none is rewritten; another output is noticed in each."""
    for number, text in enumerate(FORMS.values()):
        (tmp_path / f"right{number}.md").write_text(text)
        (tmp_path / f"wrong{number}.md").write_text(
            text.replace("print(2)", "print(3)")
        )
    assert f"{len(FORMS)} passed" in run_pytest(
        tmp_path, "--update-outputs", *(f"right{n}.md" for n in range(len(FORMS)))
    )
    for number, text in enumerate(FORMS.values()):
        assert (tmp_path / f"right{number}.md").read_text() == text
    report = run_pytest(tmp_path, *(f"wrong{n}.md" for n in range(len(FORMS))))
    assert f"{len(FORMS)} failed" in report
    # Under CI pytest repeats each error in its summary.
    errors = report.partition("short test summary")[0]
    assert errors.count("code prints: ['1', '', '3']") == len(FORMS)


def test_update_outputs_rewrites_what_is_shown(tmp_path):
    """Old output replaced, missing output added, everything else untouched."""
    page = tmp_path / "page.md"
    page.write_text(WRONG + "\n    ```python\n    print(3)\n    ```\n\nEnd.\n")
    run_pytest(tmp_path, "--update-outputs", "page.md")
    assert page.read_text() == (
        WRONG.replace("old", "new\nlines")
        + "\n    ```python\n    print(3)\n    ```\n"
        + '\n    ```text title="Output"\n    3\n    ```\n\nEnd.\n'
    )
    assert "2 passed" in run_pytest(tmp_path, "page.md")


def test_a_fence_that_raises_names_page_and_line(tmp_path):
    """The traceback points into the page."""
    (tmp_path / "page.md").write_text("Text.\n\n```python\nx = 1\n1 / 0\n```\n")
    report = run_pytest(tmp_path, "page.md")
    assert re.search(r'page.md", line 5', report)
    assert "ZeroDivisionError" in report


def as_markdown(text: str) -> str:
    """A line as converted by Markdown."""
    return adapter._converted(adapter._inline_markdown(), text)


def test_a_plain_line_is_what_markdown_would_give_back():
    """Markdown leaves every unmarked answer of the bank unchanged."""
    answers = [question.answer for question in questions().values()]
    unmarked = [answer for answer in answers if not adapter._marked().search(answer)]
    assert len(unmarked) > 100
    assert [answer for answer in unmarked if as_markdown(answer) != answer] == []


@pytest.mark.parametrize(
    "text",
    ["# h", "## marks a part", "- item", "* item", "1. first", "+ a", "---"],
)
def test_a_line_of_an_entry_begins_no_block(text):
    """A key point is shown as it is written."""
    assert as_markdown(text) == text


@pytest.mark.parametrize(
    "text", ["<extra_id_0>", "</s>", "<mask>", "<s>", "<!-- a -->", "<b>a</b>"]
)
def test_html_in_an_entry_is_shown_as_written(text):
    """On the page, on a card of Anki, and in the cell of a notebook."""
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    assert as_markdown(f"A {text} b") == f"A {escaped} b"
    assert escaped in anki._html(f"A {text} b")
    assert notebook._line(f"A {text} b") == f"A {text} b".replace("<", "&lt;")


@pytest.mark.parametrize(
    "text", ["a *b*", "`c`", "$d$", "_a_", "a < b", "AT&T", "<mask>", "</s>",
             "BERT reads", "end  \nline", "a\\_b"],
)  # fmt: skip
def test_a_marked_line_is_left_to_markdown(text):
    """Negative control: a line that Markdown changes is never treated as plain."""
    assert as_markdown(text) != text
    assert adapter._marked().search(text)
