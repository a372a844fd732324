"""Every fence of ours on a page is rendered, or the build stops; so does unknown HTML.

superfences leaves a fence that it cannot read as text, such as one on the
line of a list marker.  In a comment it is rendered, and nobody sees it.
"""

import re
from collections import Counter
from typing import Any

from markdown import Markdown
from markdown.preprocessors import Preprocessor
from markdown_it import MarkdownIt
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

from paradigms._schema import meant
from paradigms.site.content.fenced_blocks import (
    FencedBlock,
    fenced_blocks,
    without_fenced_blocks,
)
from paradigms.site.markdown.errors import failure, page_file

# HTML that pages may hold; anything else is a token such as <mask>, or </s>.
ELEMENTS = frozenset(["a", "br", "div", "kbd", "p", "span", "sub", "sup"])
_TAG = re.compile(r"</?([a-zA-Z][\w-]*)(?:\s[^<>]*|/?)>")
# Code and formulas are shown as they are written.
_NO_HTML = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\$[^$]+\$", re.S)
_OPTIONS = re.compile(r'( +\w+="[^"]*")*')
REMEDY = (
    "let it begin a line, indented by four blanks for each box, tab or list item "
    "around it"
)


class BlocksInSource(Preprocessor):
    """Notes the fences of ours on a page before superfences reads them."""

    def __init__(self, md: Markdown, kinds: frozenset[str]) -> None:
        super().__init__(md)
        self.kinds = kinds
        self.blocks: list[FencedBlock] = []
        self.rendered: Counter[str] = Counter()

    def run(self, lines: list[str]) -> list[str]:
        """The lines unchanged. Errors: PageError for what would not be shown."""
        text = "\n".join(lines)
        self.blocks, self.rendered = [], Counter()
        if page_file(self.md) is None:
            return lines
        for block in fenced_blocks(text):
            if not block.closed:
                message = f"this {block.language} block has no closing fence"
                raise failure(self.md, block.opening, message)
            if block.language in self.kinds:
                self.blocks.append(block)
            elif reason := _reason(block, self.kinds):
                raise failure(self.md, block.opening, reason)
        if self.blocks and "<!--" in text:
            self._check_comments(text)
        for tag in _TAG.finditer(_NO_HTML.sub("", without_fenced_blocks(text))):
            if tag[1].lower() not in ELEMENTS:
                message = f"{tag[0]} is no element that pages use: write `{tag[0]}`"
                raise failure(self.md, tag[0], message)
        return lines

    def _check_comments(self, text: str) -> None:
        """Errors: PageError for a fence of ours in a comment."""
        for token in MarkdownIt("commonmark").disable("code").parse(text):
            if token.type != "html_block" or not token.content.startswith("<!--"):
                continue
            for block in fenced_blocks(token.content):
                if block.language in self.kinds:
                    message = f"this {block.language} fence is in a comment: remove it"
                    raise failure(self.md, block.opening, message)


class BlocksInPage(Preprocessor):
    """Compares what superfences has rendered with what the page holds."""

    def __init__(self, md: Markdown, source: BlocksInSource) -> None:
        super().__init__(md)
        self.source = source

    def run(self, lines: list[str]) -> list[str]:
        """The lines unchanged. Errors: PageError for a fence that is not rendered."""
        rendered = self.source.rendered.copy()
        for block in self.source.blocks:
            rendered[_key(block.body)] -= 1
            if rendered[_key(block.body)] < 0:
                message = f"this {block.language} fence is not rendered: {REMEDY}"
                raise failure(self.md, block.opening, message)
        return lines


def note_rendered(md: Markdown, body: str) -> None:
    """Count a fence that superfences hands over to be rendered."""
    if "blocks_in_source" in md.preprocessors:
        source: Any = md.preprocessors["blocks_in_source"]
        source.rendered[_key(body)] += 1


def _key(body: str) -> str:
    """A body without indentation: superfences and the parser cut it differently."""
    return "\n".join(line.strip() for line in body.strip().splitlines())


def _reason(block: FencedBlock, kinds: frozenset[str]) -> str:
    """Why superfences cannot show it as code; empty if it can."""
    if not block.language or block.language.startswith("{"):
        return ""  # attributes in braces are checked elsewhere
    try:
        find_lexer_class_by_name(block.language)
    except ClassNotFound:
        hint = meant(block.language, kinds)
        return f"{block.language!r} is no fence and no language{hint}"
    options = block.info.removeprefix(block.language)
    if not _OPTIONS.fullmatch(options):
        return f'{block.info!r}: write options as name="value"'
    return ""
