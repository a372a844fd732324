"""A fence of ours is rendered, wherever it stands, or the build stops."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from mkdocs.config import load_config
from mkdocs.structure.files import File, get_files
from mkdocs.structure.pages import Page

from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.content.pages import fences, ids_by_page, pages
from paradigms.site.content.questions import of_topic
from paradigms.site.markdown.errors import PageError
from tests.conftest import ROOT

FIGURE = """\
```figure
mask = "causal"
tokens = "a b"
title = "A mask"
caption = "What each token may see."
```
"""


@pytest.fixture(scope="module")
def render(tmp_path_factory) -> Callable[[str], str]:
    """The HTML of a page with this Markdown, as the site renders it."""
    config = load_config(str(ROOT / "mkdocs.yml"))
    files = get_files(config)
    folder = tmp_path_factory.mktemp("docs")
    (folder / "q39").mkdir()

    def html(text: str) -> str:
        (folder / "q39/example.md").write_text(text, "utf8")
        file = File("q39/example.md", str(folder), config.site_dir, True)
        page = Page(None, file, config)
        page.read_source(config)
        page.render(config, files)
        return page.content or ""

    return html


def indented(text: str, by: str = "    ") -> str:
    """Every line behind some blanks."""
    return "".join(f"{by}{line}" for line in text.splitlines(keepends=True))


DRAWN = {
    "alone": FIGURE,
    "longer fence": FIGURE.replace("```", "`````"),
    "tildes": FIGURE.replace("```", "~~~"),
    "blanks after it": FIGURE.replace("```\n", "```  \n"),
    "in a list item": f"1. First:\n\n{indented(FIGURE)}\n2. Second\n",
    "in a box": f"!!! note\n\n{indented(FIGURE)}",
    "in a tab": f'=== "Tab"\n\n{indented(FIGURE)}',
    "in a fold in a box": f"!!! note\n\n    ??? tip\n\n{indented(FIGURE, 8 * ' ')}",
}


@pytest.mark.parametrize("text", DRAWN.values(), ids=DRAWN)
def test_it_is_drawn(render, text):
    """Wherever Markdown allows a block."""
    assert render(f"# Title\n\n{text}").count("<figure") == 1


NOT_RENDERED = "this figure fence is not rendered: let it begin a line"
STOPPED = {
    "on the line of a marker": ("* " + indented(FIGURE, "  ").lstrip(), NOT_RENDERED),
    "unclosed": (FIGURE.removesuffix("```\n"), "block has no closing fence"),
    "closed by too few ticks": (
        FIGURE.replace("```figure", "````figure"),
        "block has no closing fence",
    ),
    "in a comment": (f"<!--\n{FIGURE}-->\n", "fence is in a comment"),
    "in a comment after text": (
        f"Text.\n\n<!-- later:\n\n{FIGURE}\n-->\n",
        "fence is in a comment",
    ),
    "in a comment of a list": (
        f"* a\n\n    <!--\n{indented(FIGURE)}    -->\n",
        "comment",
    ),
    "misspelt": (FIGURE.replace("figure", "figur"), "(did you mean 'figure'?)"),
    "a token as HTML": ("BERT reads <mask> here.\n", "write `<mask>`"),
    "a token at the beginning": (
        "<extra_id_0> is a sentinel.\n",
        "write `<extra_id_0>`",
    ),
    "the end of a text": ("It writes </s> at last.\n", "</s> is no element"),
    "code with a word": ("```python notest\nx = 1\n```\n", "write options as name="),
}


@pytest.mark.parametrize(("text", "message"), STOPPED.values(), ids=STOPPED)
def test_it_stops_the_build(render, text, message):
    """With page and line, in one line."""
    with pytest.raises(PageError) as error:
        render(f"# Title\n\n{text}")
    assert str(error.value).startswith("docs/q39/example.md, line ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


TWICE = {
    "an unclosed fence": (FIGURE, FIGURE.removesuffix("```\n"), 10),
    "a fence on a marker": (FIGURE, "* " + indented(FIGURE, "  ").lstrip(), 10),
    "a fence in a comment": (FIGURE, f"<!--\n{FIGURE}-->\n", 11),
    "a token": ("It reads `<mask>`.\n", "It reads <mask>.\n", 5),
    "the same token in code": ("```text\n<mask>\n```\n", "<mask>\n", 7),
}


@pytest.mark.parametrize(("right", "wrong", "line"), TWICE.values(), ids=TWICE)
def test_the_line_is_that_of_the_second(render, right, wrong, line):
    """What is right may stand above it in the same words."""
    with pytest.raises(PageError) as error:
        render(f"# Title\n\n{right}\n{wrong}")
    assert str(error.value).startswith(f"docs/q39/example.md, line {line}: ")


@pytest.mark.parametrize("by", ["> ", "   "])
def test_it_is_drawn_or_stops_the_build(render, by):
    """In a quotation, or indented by three blanks."""
    try:
        html = render(f"# Title\n\n{indented(FIGURE, by)}\nText.\n")
    except PageError as error:
        assert NOT_RENDERED in str(error)  # noqa: PT017 - either will do
    else:
        assert html.count("<figure") == 1


def test_tokens_in_code_and_formulas_are_text(render):
    """They are shown as they are written."""
    text = "`<mask>`, $x<y>z$, 1 <b and\n\n```text\n<s>\n```\n"
    html = render(f"# Title\n\n{text}")
    assert html.count("&lt;mask&gt;") == html.count("&lt;s&gt;") == 1
    assert "<mask>" not in html


def test_a_quoted_fence_is_shown(render):
    """In a longer fence it is an example."""
    html = render(f"# Title\n\n````markdown\n{FIGURE}````\n")
    assert "<figure" not in html
    assert "mask" in html


SELECTORS = {
    "figure": "figure",
    "claim": "div.claim",
    "question": "details.question, blockquote.spoken",
}


def in_sources(page: str) -> Counter[str]:
    """Figures, claims and questions that the fences of a page name."""
    counts = Counter(b.language for b in fenced_blocks(pages()[page]))
    claims = sum(place == page for _, place in ids_by_page("claim"))
    return Counter({"figure": counts["figure"], "claim": claims})


def test_a_page_shows_what_its_sources_name(site):
    """As many figures and claims in the site as in the fences of the pages."""
    for page in pages():
        folder = page.removesuffix(".md").removesuffix("index")
        html = (site / folder / "index.html").read_text("utf8")
        soup = BeautifulSoup(html, "html.parser").find("article")
        assert soup is not None
        expected = in_sources(page)
        for kind, count in expected.items():
            assert len(soup.select(SELECTORS[kind])) >= count, (page, kind)


def test_the_site_shows_every_question_of_the_bank(site):
    """On its page of questions, by id."""
    for keys, page in fences("question"):
        ids = keys.get("ids") or of_topic(keys["topic"])
        folder = page.removesuffix(".md").removesuffix("index")
        soup = BeautifulSoup(
            (Path(site) / folder / "index.html").read_text("utf8"), "html.parser"
        )
        missing = [key for key in ids if not soup.find(id=key)]
        assert missing == [] or keys.get("spoken"), page
