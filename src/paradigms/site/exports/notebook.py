"""A page as a Jupyter notebook: prose and code blocks as cells, with stored output.

Fences become text, drawings their title and caption; recorded numbers and citations are
written out.  Formulas stay TeX, which Jupyter renders itself.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from posixpath import dirname, join, normpath
from textwrap import dedent, indent
from typing import Any
from urllib.parse import urljoin

from mkdocs.exceptions import BuildError
from mkdocs.utils import get_relative_url

from paradigms.site.content.bibliography import label, sources
from paradigms.site.content.claims import claims
from paradigms.site.content.comparison_tables import comparison, names
from paradigms.site.content.fenced_blocks import fenced_blocks, without_fenced_blocks
from paradigms.site.content.output_fences import is_output
from paradigms.site.content.questions import Question, of_topic, questions
from paradigms.site.content.source_code import diff, source
from paradigms.site.exports import notebook_scripts
from paradigms.site.exports.plain_text import with_references
from paradigms.site.templates.environment import slug

METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
NOTE = (
    "This is a page of *Model Paradigms* as a notebook. To run it, clone the project, "
    "run `make test` once, which installs what it needs, and open the notebook with "
    "the Python of `.venv`. The blocks are independent: run them in any order."
)
Cell = dict[str, Any]
Address = Callable[[str], str | None]  # a link of the page -> its URL, if known

# Indented blocks of Material; HTML boxes; headings with attributes; anchors of
# passages; links to files of the site.
_BOX = re.compile(
    r"^(?P<indent> *)(?:===[+!]?|!!!|\?{3}\+?) *(?P<kind>[\w -]*?) *"
    r'(?:"(?P<title>.*)")? *\n'
    r"(?P<content>(?: *\n|(?P=indent) {4}.*(?:\n|\Z))+)",
    re.M,
)
_PYTHON = "```python\n{}\n```\n\n"
_DIV = re.compile(r"^</?div[^>]*>\n", re.M)
_HEADING = re.compile(r"^(#+ .*?)[ \t]*\{[^}\n]*\}[ \t]*$", re.M)
_ANCHOR = re.compile(r"^[ \t]*\{ *#[\w-]+ *\}[ \t]*\n", re.M)
_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]"
    r"\((?P<target>[\w./-]+\.\w+(?:#[\w-]*)?|#[\w-]+)\)(?:\{[^}\n]*\})?"
)
# What the Markdown of an entry would be taken for: HTML, or the start of a block.
_MARKUP = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\$[^$]+\$|<(?=[a-zA-Z/!?])", re.S)
_START = re.compile(r"^(\d*)(#{1,6} |[-+*>] |[.)] )")


def page_notebook(
    path: str, markdown: str, site_url: str | None, url: Callable[[str], str | None]
) -> str:
    """The text of a page's notebook; its Markdown comes without front matter.

    `url` turns the path of a file of the site into its address, or into None if there
    is none; without `site_url` nothing is linked.
    """

    def address(target: str) -> str | None:
        name, _, anchor = target.partition("#")
        place = url(normpath(join(dirname(path), name)) if name else path)
        if not site_url or place is None:
            return None
        return urljoin(site_url, f"{place}#{anchor}" if anchor else place)

    return text_of(list(cells_of(markdown, address)))


def lab_page(html: str, page: Any, files: Any) -> str:
    """A lab's HTML with the site's colours, and links to `.md` files as links to pages.

    In the repository a lab links to files, which is right where it is run.
    Errors: BuildError for a page that does not exist, and for a script of a cell.
    """

    def replace(m: re.Match[str]) -> str:
        file = files.get_file_from_path(
            normpath(join(dirname(page.file.src_uri), m[1]))
        )
        if file is None:
            raise BuildError(f"docs/{page.file.src_uri}: there is no page {m[1]!r}")
        return f'href="{get_relative_url(file.url, page.file.url)}{m[2]}"'

    style = get_relative_url("stylesheets/labs.css", page.file.url)
    scripts = "".join(
        f'<script defer src="{get_relative_url(path, page.file.url)}"></script>'
        for path in (notebook_scripts.COPY_BUTTON, notebook_scripts.COPY_NOTICE)
    )
    html = notebook_scripts.without_inline_scripts(html, f"docs/{page.file.src_uri}")
    html = re.sub(r'href="([\w./-]+\.md)((?:#[\w-]+)?)"', replace, html)
    return f'<link rel="stylesheet" href="{style}">{scripts}{html}'


def text_of(cells: list[Cell]) -> str:
    """A notebook in format 4.5; equal cells give equal bytes.

    A cell's id is its kind and its number among the cells of that kind.
    """
    counts = {"markdown": 0, "code": 0}
    for cell in cells:
        counts[cell["cell_type"]] += 1
        cell["id"] = f"{cell['cell_type']}-{counts[cell['cell_type']]}"
        if cell["cell_type"] == "code":
            cell["execution_count"] = counts["code"]
    body = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def cells_of(markdown: str, address: Address) -> Iterator[Cell]:
    """The cells of a page: its title, how to run it, then section by section."""
    title, _, rest = markdown.lstrip().partition("\n")
    yield _cell("markdown", _plain(title, address))
    url = address("")
    yield _cell("markdown", NOTE + (f" [The page itself]({url})." if url else ""))
    prose, code = "", None
    for fence, text in _parts(rest):
        if code and is_output(fence):
            code["outputs"] = [_stdout(text)]
            continue
        if code:
            yield code
            code = None
        if fence == "python":
            yield from _sections(prose)
            prose, code = "", _cell("code", text, outputs=[])
        else:
            prose += _markdown(fence, text, address)
    if code:
        yield code
    yield from _sections(prose)


def _parts(markdown: str) -> Iterator[tuple[str, str]]:
    """Prose as `("", text)` and fences as `(info string, body)`.

    Blank lines between two fences yield nothing.
    """
    text = _without_boxes(markdown)
    end = 0
    for block in fenced_blocks(text):
        if text[end : block.start].strip():
            yield "", text[end : block.start]
        yield block.info, block.body
        end = block.end
    if text[end:].strip():
        yield "", text[end:]


def _without_boxes(markdown: str) -> str:
    """Boxes, folds and tabs of Material as their title in bold and their content."""
    prose = without_fenced_blocks(markdown, mask=True)  # of the same length
    parts, end = [], 0
    for m in _BOX.finditer(prose):
        if m.start() < end:
            continue  # inside the box before
        title = m["kind"].capitalize() if m["title"] is None else m["title"]
        content = _without_boxes(dedent(markdown[m.start("content") : m.end()]))
        parts += [markdown[end : m.start()], f"**{title}**\n\n" if title else ""]
        parts.append(indent(content, m["indent"]))
        end = m.end()
    return "".join([*parts, markdown[end:]])


def _sections(prose: str) -> Iterator[Cell]:
    """A cell for each section; a fence may hold what looks like a heading."""
    text = without_fenced_blocks(prose, mask=True)
    starts = [0, *(m.start() for m in re.finditer(r"^## ", text, re.M))]
    for start, end in pairwise([*starts, len(prose)]):
        if prose[start:end].strip():
            yield _cell("markdown", prose[start:end])


def _cell(kind: str, source: str, **rest: Any) -> Cell:
    return {"cell_type": kind, "metadata": {}, "source": source.strip("\n"), **rest}


def _stdout(text: str) -> dict[str, str]:
    return {"name": "stdout", "output_type": "stream", "text": text}


def _markdown(fence: str, body: str, address: Address) -> str:
    """Prose or a fence, as Markdown that Jupyter renders."""
    if not fence:
        return _plain(body, address)
    if fence == "code":
        keys = tomllib.loads(body)
        caption = _plain(_line(keys.pop("caption", "")), address)
        return _listing(**keys, caption=caption)
    if fence in _FENCES:
        text = _FENCES[fence](tomllib.loads(body), address)
        return _plain(text, address) + "\n"
    ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", body)), default=0))
    return f"{ticks}{fence.partition(' ')[0]}\n{body}{ticks}\n"


def _plain(text: str, address: Address) -> str:
    """Markdown without the site's boxes, ids, citations, numbers and relative links."""

    def cite(key: str, place: str) -> str:
        citation = f"[{label(key)}]({sources()[key].url})"
        return f"{citation}, {place}" if place else citation

    def resolve(m: re.Match[str]) -> str:
        url = address(m["target"])
        return f"{m['picture']}[{m['text']}]({url})" if url else m["text"]

    text = _ANCHOR.sub("", _HEADING.sub(r"\1", _DIV.sub("", text)))
    return with_references(_LINK.sub(resolve, text), cite)


def _line(text: str) -> str:
    """A line of an entry: nothing in it is HTML, and it begins no list or heading."""
    text = _MARKUP.sub(lambda m: "&lt;" if m[0] == "<" else m[0], text.strip())
    return _START.sub(r"\1\\\2", text)


def _listing(of: str, against: str = "", caption: str = "") -> str:
    kind, text = "python", source(of)
    if against:
        kind, text = "diff", diff(source(against), text)
    name = f"`{against}` (−) against `{of}` (+)" if against else f"`{of}`"
    return f"{name}\n\n```{kind}\n{text}```\n\n{caption}\n"


def _figure(keys: dict[str, Any], address: Address) -> str:
    """The title and caption of a figure, with a link to it on the page."""
    title = keys["title"]
    url = address(f"#{slug(title)}")
    place = f"[drawn on the page]({url})" if url else "drawn on the page"
    return f"**Figure, {place}: {title}.** {_line(keys.get('caption', ''))}\n"


def _table(keys: dict[str, Any], _: Address) -> str:
    """A comparison table in Markdown; of a generated table only name and caption."""
    caption = _line(keys.get("caption", ""))
    if keys["name"] not in names():
        return f"**Table, on the page: {keys['name']}.** {caption}\n"
    table = comparison(keys["name"])
    rows = [
        table.columns,
        ["---"] * len(table.columns),
        *([row.aspect, *(cell.text() for cell in row.cells)] for row in table.rows),
    ]
    lines = [
        f"| {' | '.join(_line(cell).replace('|', chr(92) + '|') for cell in row)} |"
        for row in rows
    ]
    return "\n".join([*lines, "", caption, ""])


def _claims(keys: dict[str, Any], _: Address) -> str:
    entries = [(key, claims()[key]) for key in keys["ids"]]
    return "\n".join(
        f"> **{claim.verdict}** ({key}): “{_line(claim.said)}”\n>\n"
        f"> {_line(claim.right)}\n"
        for key, claim in entries
    )


def _questions(keys: dict[str, Any], _: Address) -> str:
    """Spoken answers as quotations, others folded below their questions."""
    cards = []
    for key in keys.get("ids") or of_topic(keys["topic"]):
        entry = questions()[key]
        if keys.get("spoken"):
            cards.append(indent(_line(entry.answer), "> ") + "\n")
            continue
        wrong = (
            f"**wrong:** “{_line(entry.wrong_answer)}”\n\n"
            if entry.wrong_answer
            else ""
        )
        points = "".join(f"* {_line(point)}\n" for point in entry.key_points)
        answer = f"{_line(entry.answer)}\n\n{_whiteboard(entry)}{wrong}"
        cards.append(
            f"<details><summary>{_line(entry.question)}</summary>\n\n{answer}"
            f"A strong answer contains\n\n{points}\n</details>\n"
        )
    return "\n".join(cards)


def _whiteboard(entry: Question) -> str:
    """Formulas and code of an answer and its common bugs, as Markdown."""
    formulas = [f"$${tex}$$\n\n" for tex in entry.formulas]
    code = [_PYTHON.format(entry.code)] if entry.code else []
    bugs = [
        f"{_line(bug.symptom)}\n\n{_PYTHON.format(bug.listing)}" for bug in entry.bugs
    ]
    heading = ["Common bugs, and the check that reveals each\n\n"] if bugs else []
    return "".join(formulas + code + heading + bugs)


def _plan(_: dict[str, Any], address: Address) -> str:
    """Only a link: ticks are stored in the browser."""
    url = address("")
    place = f"[on the page]({url})" if url else "on the page"
    return f"The plan stands {place}, with its minutes, and can be ticked off there.\n"


_FENCES: dict[str, Callable[[dict[str, Any], Address], str]] = {
    "figure": _figure,
    "table": _table,
    "claim": _claims,
    "question": _questions,
    "plan": _plan,
    "contents": lambda _keys, _address: "",  # the site's navigation
}
