"""The site in stock Material: the same pages, what our fences show as Markdown.

Tables, lists, folded questions and blocks of code are as an author would write them
without our fences. The stock site has no abbreviations, drawings and practice tools; it
has the notebooks, and Material's own search.

`python -m paradigms.site.benchmarks.stock DOCS TARGET` calls `write_stock`, with
`generated` as JSON on its standard input: the questions of other sources are read by
the package of those sources.
"""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from bs4 import Tag
from markdownify import MarkdownConverter
from markupsafe import escape

from paradigms._schema import validate
from paradigms.site.content.fenced_blocks import FencedBlock, fenced_blocks
from paradigms.site.fences.figure import figure_kind
from paradigms.site.fences.kinds import KINDS
from paradigms.site.fences.page import Page

SETTINGS = """\
site_name: Model Paradigms
theme: {name: material}
plugins: [search, tags, {mkdocs-jupyter: {include: ['*.ipynb'], ignore: ['*.md']}}]
markdown_extensions: [admonition, attr_list, def_list, md_in_html, tables,
  pymdownx.details, {toc: {permalink: true}}, {pymdownx.arithmatex: {generic: true}},
  pymdownx.highlight, pymdownx.superfences, {pymdownx.tabbed: {alternate_style: true}}]
"""

INDENT = " " * 4  # of Python-Markdown, also for what belongs to an item of a list

# Links to other pages, recorded numbers, citations.
_LINK = re.compile(r"\]\([^)]*\.md[^)]*\)")
_NUMBER = re.compile(r"\[=[^\]]+\]")
_CITATION = re.compile(r"\[@([^\]]+)\]")


def write_stock(docs: Path, target: Path, generated: Mapping[str, str]) -> None:
    """Write the sources of the stock site into the folder `target`.

    `docs` holds our pages; `generated` is the Markdown of pages that a build adds, by
    path. Errors: ContentError or TOMLDecodeError for a fence that no page can show.
    """
    shutil.copytree(docs, target / "docs")
    for path, text in generated.items():
        page = target / "docs" / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, "utf8")
    for page in (target / "docs").rglob("*.md"):
        page.write_text(stock_page(page.read_text("utf8")), "utf8")
    (target / "mkdocs.yml").write_text(SETTINGS, "utf8")


def stock_page(text: str) -> str:
    """A page as Markdown that stock Material shows, without our fences and links."""
    for block in reversed(fenced_blocks(text)):
        if block.language in KINDS:
            first = text[block.start : block.end]
            indentation = first[: len(first) - len(first.lstrip())]
            shown = indent(_as_markdown(block), indentation)
            text = f"{text[: block.start]}\n{shown}\n\n{text[block.end :]}"
    # A number of the length that most have; the text of a citation.
    return _CITATION.sub(r"\1", _NUMBER.sub("0.875", _LINK.sub("](#)", text)))


def _as_markdown(block: FencedBlock) -> str:
    """What one of our fences shows. Text of the bank is Markdown and stays so."""
    keys = tomllib.loads(block.body)
    figure = block.language == "figure"
    kind = figure_kind(keys) if figure else KINDS[block.language]
    fence = validate(kind, keys, f"{block.language} fence")
    html = fence.render(Page(link=lambda _: "#", inline=escape))
    return str(_CONVERTER.convert(html)).strip()


class _Converter(MarkdownConverter):
    """HTML to Markdown, folded blocks as Material has them, no drawings or controls."""

    def convert_details(self, element: Tag, text: str, **_: Any) -> str:
        summary = element.find("summary")
        title = " ".join(summary.get_text().split()) if summary else ""
        title = title.replace('"', "'")
        return f'\n\n??? note "{title}"\n\n{indent(text.strip(), INDENT)}\n\n'

    def convert_li(self, element: Tag, text: str, **_: Any) -> str:
        bullet = "1." if element.parent and element.parent.name == "ol" else "*"
        return f"{bullet.ljust(4)}{indent(text.strip(), INDENT).lstrip()}\n"

    def convert_summary(self, *_: Any, **__: Any) -> str:
        return ""  # the title of its block

    convert_svg = convert_button = convert_input = convert_label = convert_summary


_CONVERTER = _Converter(
    heading_style="ATX",
    code_language="python",
    table_infer_header=True,
    escape_asterisks=False,
    escape_underscores=False,
    escape_misc=False,
)

if __name__ == "__main__":
    docs_argument, target_argument = map(Path, sys.argv[1:])
    write_stock(docs_argument, target_argument, json.load(sys.stdin))
