"""The site in stock Material: the same pages, the text of our fences as prose.

It has no abbreviations and no practice tools; it has the notebooks, and Material's own
search.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from paradigms.site.content.fenced_blocks import fenced_blocks
from paradigms.site.fences.kinds import KINDS

SETTINGS = """\
site_name: Model Paradigms
theme: {name: material}
plugins: [search, tags, {mkdocs-jupyter: {include: ['*.ipynb'], ignore: ['*.md']}}]
markdown_extensions: [admonition, attr_list, md_in_html, tables, pymdownx.details,
  {toc: {permalink: true}}, {pymdownx.arithmatex: {generic: true}}, pymdownx.highlight,
  pymdownx.superfences, {pymdownx.tabbed: {alternate_style: true}}]
"""


def write_stock(
    docs: Path, site: Path, target: Path, generated: Mapping[str, str]
) -> None:
    """Write the sources of the stock site into the folder `target`.

    `docs` holds our pages and `site` the site built from them, where the text of the
    fences is; `generated` is the Markdown of pages that a build adds, by path.
    Errors: FileNotFoundError for a page that was not built.
    """
    shutil.copytree(docs, target / "docs")
    for path, text in generated.items():
        page = target / "docs" / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, "utf8")
    for page in (target / "docs").rglob("*.md"):
        name = page.relative_to(target / "docs").with_suffix("").as_posix()
        html = (site / name.removesuffix("index") / "index.html").read_text("utf8")
        page.write_text(_stock_page(page.read_text("utf8"), html), "utf8")
    (target / "mkdocs.yml").write_text(SETTINGS, "utf8")


def _stock_page(text: str, html: str) -> str:
    """A page without our fences and links, with the text of its fences at its end."""
    ours = [block for block in fenced_blocks(text) if block.language in KINDS]
    for block in reversed(ours):
        text = text[: block.start] + text[block.end :]
    text = re.sub(r"\]\([^)]*\.md[^)]*\)", "](#)", text)
    return text + "\n\n".join(["", *prose(html)])


def prose(html: str) -> list[str]:
    """The text that our fences generate on a built page, without markup."""
    texts = re.findall(
        r'<(?:div class="claim |details class="question|table class="generated|'
        r'figcaption|dl class="change")'
        r".*?</(?:div|details|table|figcaption|dl)>"
        r'|<ul class="page-list">.*?</ul>',
        html,
        re.DOTALL,
    )
    return [
        re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text, flags=re.DOTALL) for text in texts
    ]
