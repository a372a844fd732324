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
from paradigms.site.markdown.builder import rendered_page
from paradigms.site.markdown.errors import failure

# HTML that pages may hold; anything else is a token such as <mask>, or </s>.
ELEMENTS = frozenset(["a", "br", "div", "kbd", "p", "span", "sub", "sup"])
_TAG = re.compile(r"</?([a-zA-Z][\w-]*)(?:\s[^<>]*|/?)>")
# Code and formulas are shown as they are written.
_NO_HTML = re.compile(
    r"(`+)(?!`).*?(?<!`)\1(?!`)|(?<!\\)\$(?:[^$\n]|\n(?!\n))+\$", re.S
)
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
        self.text = ""
        self.blocks: list[FencedBlock] = []
        self.rendered: Counter[str] = Counter()

    def run(self, lines: list[str]) -> list[str]:
        """The lines unchanged. Errors: PageError for what would not be shown."""
        self.text, self.blocks, self.rendered = "\n".join(lines), [], Counter()
        if rendered_page(self.md) is None:
            return lines
        for block in fenced_blocks(self.text):
            if reason := _reason(block, self.kinds):
                raise self.failure(block, reason)
            if block.language in self.kinds:
                self.blocks.append(block)
        if self.blocks and "<!--" in self.text:
            self._check_comments()
        self._check_elements()
        return lines

    def failure(self, block: FencedBlock, message: str) -> Exception:
        """The error that stops the build, with the line of a block."""
        return failure(self.md, block.opening, message, self.text[: block.start])

    def _check_comments(self) -> None:
        """Errors: PageError for a fence of ours in a comment."""
        for token in MarkdownIt("commonmark").disable("code").parse(self.text):
            _, _, comment = token.content.partition("<!--")
            if token.type != "html_block" or token.map is None:
                continue
            for block in fenced_blocks(comment.partition("-->")[0]):
                if block.language in self.kinds:
                    message = f"this {block.language} fence is in a comment: remove it"
                    before = "\n".join(self.text.split("\n")[: token.map[0]])
                    raise failure(self.md, block.opening, message, before)

    def _check_elements(self) -> None:
        """Errors: PageError for a token as HTML, outside code and formulas."""
        prose = without_fenced_blocks(self.text, mask=True)
        prose = _NO_HTML.sub(lambda match: "x" * len(match[0]), prose)
        for tag in _TAG.finditer(prose):
            if tag[1].lower() not in ELEMENTS:
                start = self.text.rfind("\n", 0, tag.start()) + 1
                line = self.text[start:].partition("\n")[0]
                message = f"{tag[0]} is no element that pages use: write `{tag[0]}`"
                raise failure(self.md, line, message, self.text[:start])


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
                raise self.source.failure(block, message)
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
    """Why superfences cannot show it; empty if it can, or if it is one of ours."""
    if not block.closed:
        return f"this {block.language} block has no closing fence"
    if not block.language or block.language in kinds or block.language.startswith("{"):
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
