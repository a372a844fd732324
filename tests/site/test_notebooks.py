"""Pages as notebooks: complete, valid, readable, with the outputs of their cells."""

import contextlib
import io
import json
import re
import shutil
import traceback
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from mkdocs.exceptions import BuildError
from mkdocs.structure.files import File, Files

from paradigms.site.content.pages import DOCS, pages
from paradigms.site.exports.notebook import (
    cells_of,
    lab_page,
    page_notebook,
    text_of,
)
from paradigms.site.fences.kinds import KINDS
from paradigms.site.markdown.page_scripts import with_notebook_link
from paradigms.site.outputs import difference, tolerance
from tests.conftest import nbval
from tests.site.fences.test_fences import openings

PAGES = {page: len(openings(text)) for page, text in pages().items()}
WITH_CODE = [page for page, count in PAGES.items() if count]


def test_the_link_to_a_notebook_is_below_the_title_or_above_the_code():
    """A question page opens with its answer: there the link is in "Show it"."""
    html = '<h1 id="a">A</h1><p>b</p>'
    linked = with_notebook_link(html, "c/d.ipynb")
    assert linked.startswith('<h1 id="a">A</h1><p class="as-notebook"')
    html += '<h2 id="show-it">Show it</h2><p>e</p>'
    linked = with_notebook_link(html, "c/d.ipynb")
    assert 'Show it</h2><p class="as-notebook' in linked
    assert linked.count("d.ipynb") == 1


def test_a_notebook_shows_no_anchors_of_passages():
    """Neither of a paragraph nor in a fold; a set in a formula stays."""
    code = "```python\nx = 1\n```\n"
    fold = '???+ show "D"\n\n    e\n    { #f }\n'
    notebook = of(f"# A {{ #a }}\nb\n{{ #c-1 }}\n\n{fold}\n{code}\n$\\{{ #1 \\}}$\n")
    text = "".join(cell["source"] for cell in notebook["cells"])
    assert "#c-1" not in text
    assert "#f" not in text
    assert "#a" not in text
    assert "**D**" in text
    assert "$\\{ #1 \\}$" in text


def stored(page: str) -> str:
    """Path of the notebook of a page in the built site."""
    folder = page.removesuffix(".md").removesuffix("index").strip("/")
    name = f"{folder.rpartition('/')[2] or 'start'}.ipynb"
    return f"{folder}/{name}".lstrip("/")


def lacks(site: Path, page: str) -> list[str]:
    """What a page with code lacks: its notebook, a cell for each block, its link."""
    path = site / stored(page)
    if not path.is_file():
        return [f"{page}: there is no {stored(page)}"]
    cells = json.loads(path.read_text("utf8"))["cells"]
    html = (path.parent / "index.html").read_text("utf8")
    problems = []
    if sum(cell["cell_type"] == "code" for cell in cells) != PAGES[page]:
        problems.append(f"{page}: not a cell for each block")
    if f'<a href="{path.name}" download>Download this page as a' not in html:
        problems.append(f"{page}: has no link to {path.name}")
    return problems


def failures(notebook: dict) -> list[str]:
    """Run all code cells in one namespace; returns errors and differing outputs."""
    namespace, problems = {"__name__": "__main__"}, []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            continue
        stdout = io.StringIO()
        try:
            with contextlib.redirect_stdout(stdout):
                exec(compile(cell["source"], cell["id"], "exec"), namespace)
        except Exception:
            problems.append(f"{cell['id']} raises {traceback.format_exc(limit=-1)}")
            continue
        expected = "".join(output["text"] for output in cell["outputs"])
        mismatch = difference(expected, stdout.getvalue(), tolerance(cell["source"]))
        if mismatch:
            problems.append(f"{cell['id']}, {mismatch}")
    return problems


def of(markdown: str, site_url: str | None = None) -> dict:
    """The notebook of a page `q39/page.md`, as it would be downloaded."""
    urls = {"q39/page.md": "q39/page/", "q39/next.md": "q39/next/"}
    return json.loads(page_notebook("q39/page.md", markdown, site_url, urls.get))


def near(page: str) -> tuple[SimpleNamespace, Files]:
    """A page with that path, beside `q39/next.md`."""
    files = Files([File(name, "docs", "site", True) for name in (page, "q39/next.md")])
    return SimpleNamespace(file=files.get_file_from_path(page)), files


def block(code: str, output: str = "") -> str:
    """A Python fence, and an Output fence if something is printed."""
    output_fence = f'\n```text title="Output"\n{output}\n```\n' if output else ""
    return f"```python\n{code}\n```\n{output_fence}"


def test_every_page_with_code_can_be_taken_along(site):
    """A notebook beside each, a cell for each block, a link; and none for others."""
    assert [finding for page in WITH_CODE for finding in lacks(site, page)] == []
    assert len(WITH_CODE) > 20
    labs = {f"labs/{path.stem}/{path.name}" for path in DOCS.glob("labs/*.ipynb")}
    notebooks = {path.relative_to(site).as_posix() for path in site.rglob("*.ipynb")}
    assert notebooks == labs | {stored(page) for page in WITH_CODE}


def test_what_a_page_lacks_is_noticed(site, tmp_path):
    """Negative control: without a link, without a cell, without the notebook."""
    shutil.copytree(site / "q39/cache", tmp_path / "q39/cache")
    page = tmp_path / "q39/cache/index.html"
    page.write_text(page.read_text("utf8").replace(" download>", ">"), "utf8")
    assert lacks(tmp_path, "q39/cache.md") == [
        "q39/cache.md: has no link to cache.ipynb"
    ]
    path = page.with_name("cache.ipynb")
    body = json.loads(path.read_text("utf8"))
    cells = [cell for cell in body["cells"] if cell["id"] != "code-1"]
    path.write_text(json.dumps(body | {"cells": cells}))
    assert "q39/cache.md: not a cell for each block" in lacks(tmp_path, "q39/cache.md")
    path.unlink()
    assert lacks(tmp_path, "q39/cache.md") == [
        "q39/cache.md: there is no q39/cache/cache.ipynb"
    ]


@pytest.mark.parametrize("page", WITH_CODE)
def test_a_notebook_is_valid_and_runs_as_stored(site, page):
    """Valid in format 4.5, and runs from top to bottom in one namespace."""
    notebook = nbformat.read(site / stored(page), as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert failures(notebook) == []


def test_a_name_left_by_an_earlier_block_is_noticed():
    """Negative control: each block runs alone, the second not behind the first."""
    notebook = of("# A\n" + block("sum = 3") + block("print(sum([1]))", "1"))
    (finding,) = failures(notebook)
    assert finding.startswith("code-2 raises")
    assert "'int' object is not callable" in finding


def test_a_missing_or_stale_output_is_noticed():
    """Negative control: what is printed and not stored, and the other way round."""
    notebook = of("# A\n" + block("print(1)") + block("print(2)", "3") + block("4"))
    assert failures(notebook) == [
        "code-1, line 1: expected '', printed '1'",
        "code-2, line 1: expected '3', printed '2'",
    ]


def test_a_notebook_runs_in_a_real_kernel(site, tmp_path):
    """One as a reader runs it: Jupyter's kernel, each output compared."""
    shutil.copy(site / "q39/q39.ipynb", tmp_path)
    result = nbval(tmp_path, "q39.ipynb")
    assert result.returncode == 0, result.stdout
    assert f"{PAGES['q39/index.md']} passed" in result.stdout


LEFT = re.compile(
    r"\[=[a-z]|\[@[a-z]|^```(?:" + "|".join(KINDS) + r"|text title)|"
    r"\]\([^):]*\.(?:md|ipynb)|^</?div|^#.*\{ ?#|^=== ", re.MULTILINE
)  # fmt: skip


def test_nothing_is_left_that_only_the_site_understands(site):
    """No citation key, no address of a number, no fence, no relative link is left."""
    for page in WITH_CODE:
        for cell in json.loads((site / stored(page)).read_text("utf8"))["cells"]:
            if cell["cell_type"] == "markdown":
                assert LEFT.findall(cell["source"]) == [], (page, cell["id"])


def test_what_is_left_would_be_noticed():
    """Negative control: each of these as it stands in the sources."""
    for source in (
        "[=cache/GPT/ms]",
        "[@devlin2019]",
        "```figure\n",
        "[a](b.md#c)",
        '<div class="pair">',
        "## A { #b }",
        '=== "Tonight"',
    ):
        assert LEFT.search(source), source


PAGE = """
# A page

Said by [@devlin2019, section 3.1]: `[@devlin2019]`, and [next](next.md#there).

## Measured { #measured }

| One | Two |
|---|---|
| [=targets_per_pass/next token/targets per 100 tokens] | $x_1$ |

=== "Tonight"

    Read it.

```figure
mask = "causal"
tokens = "a b"
title = "Causal"
caption = "A triangle."
```

```claim
ids = ["S14"]
```

```code
of = "masks:parse"
```

```python
print(1)
```

```{.text title="Output" data-guess="Which number?" data-choices="1 | 2"}
1
```

```table
name = "q39-axes"
```
"""


def test_a_page_in_plain_words():
    """Citations and numbers are written out, drawings named, code and tables shown."""
    title, note, intro, section, code, table = of(PAGE)["cells"]
    assert title["source"] == "# A page"
    assert "make test" in note["source"]
    assert intro["source"] == (
        "Said by [Devlin et al., 2019](https://arxiv.org/abs/1810.04805), section 3.1: "
        "`[@devlin2019]`, and next."
    )
    assert section["source"].startswith("## Measured\n")
    for piece in (
        "| 100 | $x_1$ |",
        "**Tonight**",
        "\nRead it.",
        "(S14): “",
        "**Figure, drawn on the page: Causal.** A triangle.",
        "```python\ndef parse(",
    ):
        assert piece in section["source"], piece
    assert code["outputs"][0]["text"] == "1\n"
    assert "| --- | --- |" in table["source"]


BOXES = """
# A page

!!! note

    A box without a title, and ![two masks](masks.png){ width=300 }.

    ??? tip "Inside"

        ```python
        print(1)
        ```

        ```text title="Output"
        1
        ```

        === "Tab"

            Three deep.

## Examples

````markdown
## No section
```python
print(2)
```
````

```python
## No section either
x = 1
```

!!! warning ""

    No title.
"""


def test_boxes_are_kept_at_any_depth():
    """Titles in bold, contents without indentation; code in them is run."""
    _, _, box, code, deep, _, own, last = of(BOXES)["cells"]
    assert box["source"].startswith("**Note**\n")
    assert "\nA box without a title, and two masks.\n" in box["source"]
    assert box["source"].endswith("**Inside**")
    assert code["source"] == "print(1)"
    assert code["outputs"][0]["text"] == "1\n"
    assert deep["source"].startswith("**Tab**\n")
    assert "\nThree deep." in deep["source"]
    assert own["source"] == "## No section either\nx = 1"
    assert last["source"].strip() == "No title."


def test_a_fence_with_a_heading_is_not_cut():
    """An example of Markdown stays whole, with as many ticks as it needs."""
    cells = of(BOXES)["cells"]
    (example,) = [c["source"] for c in cells if c["source"].startswith("## Examples")]
    assert example.count("````") == 2
    assert "## No section\n```python\nprint(2)\n```\n````" in example


def test_a_caption_is_no_markup():
    """A token in a caption is shown, and a caption begins no list."""
    page = BOXES + "\n```figure\nmask = 'causal'\ntokens = 'a b'\ntitle = 'T'\n"
    page += "caption = '1. The <mask> of `<s>`, $a<b$'\n```\n"
    last = of(page)["cells"][-1]["source"]
    assert r"1\. The &lt;mask> of `<s>`, $a<b$" in last


def test_with_an_address_of_the_site_links_lead_there():
    """Links to other pages, to the figure and to the page itself are absolute."""
    _, note, intro, section, *_ = of(PAGE, "https://example.org/")["cells"]
    assert "(https://example.org/q39/page/)" in note["source"]
    assert "[next](https://example.org/q39/next/#there)" in intro["source"]
    assert "(https://example.org/q39/page/#causal)" in section["source"]


def test_links_of_a_lab_lead_to_pages():
    """On disk they lead to files, on the site to URLs; a dead one stops the build."""
    lab, files = near("labs/lab.md")  # mkdocs-jupyter makes pages
    html = '<a href="../q39/next.md#there">n</a> <a href="lab.ipynb" download>d</a>'
    output = lab_page(html, lab, files)
    assert output.endswith(html.replace("../q39/next.md", "../../q39/next/"))
    assert output.startswith(
        '<link rel="stylesheet" href="../../stylesheets/labs.css">'
        '<script defer src="../../javascripts/clipboard-copy.js"></script>'
        '<script defer src="../../javascripts/copy-notice.js"></script>'
    )
    with pytest.raises(BuildError, match=r"docs/labs/lab.md: there is no page"):
        lab_page(html.replace("next", "net"), lab, files)


def test_cells_keep_their_names():
    """A cell is named by its kind and its number: the same build, the same bytes."""
    cells = [list(cells_of(PAGE, lambda _: None)) for _ in range(2)]
    assert text_of(cells[0]) == text_of(cells[1])
    ids = [cell["id"] for cell in cells[0]]
    assert ids == [*(f"markdown-{n}" for n in range(1, 5)), "code-1", "markdown-5"]


def test_a_script_in_the_output_of_a_cell_stops_the_build():
    """The scripts of mkdocs-jupyter go; any other would silently not run."""
    lab, files = near("labs/lab.md")
    button = "<script>window.ClipboardCopyElement = 1</script>"
    assert "<script>" not in lab_page(f"{button}<p>text</p>", lab, files)
    with pytest.raises(BuildError, match=r"docs/labs/lab.md: .* forbids the script"):
        lab_page("<script>draw()</script>", lab, files)
