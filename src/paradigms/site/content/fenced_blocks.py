"""The fenced blocks of a Markdown text, as CommonMark has them.

Any indentation will do, since a block may stand in a tab, a box or a list item. HTML is
read as text: a block in a comment is a block too.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from markdown_it import MarkdownIt


@dataclass(frozen=True)
class FencedBlock:
    """`body` is not indented; `start` and `end` are offsets of its lines in the text.

    Without a closing fence a block ends with the last line of the text that is not
    blank, or with what it stands in.
    """

    info: str
    opening: str  # its first two lines
    body: str
    line: int  # of the opening fence, from 1
    start: int
    end: int
    closed: bool

    @property
    def language(self) -> str:
        """The first word of the info string: `python`, `figure`."""
        return self.info.partition(" ")[0]


def fenced_blocks(text: str) -> tuple[FencedBlock, ...]:
    """Every block in order; what stands inside a block is text."""
    if "```" not in text and "~~~" not in text:  # most texts; parsing takes longer
        return ()
    start = _start(text)
    lines = text.count("\n", 0, start)
    return tuple(
        replace(
            block,
            line=block.line + lines,
            start=block.start + start,
            end=min(block.end + start, len(text)),
        )
        for block in _blocks(text[start:].rstrip("\n") + "\n")
    )


def _start(text: str) -> int:
    """Where the text begins, below front matter and blank lines.

    The file of a page and its Markdown without front matter then share one parse.
    """
    front = ""
    if text.startswith("---\n") and "\n---\n" in text:
        front = text[: text.index("\n---\n") + 5]
        if "```" in front or "~~~" in front:  # these lines are rules
            front = ""
    return len(text) - len(text[len(front) :].lstrip("\n"))


@lru_cache(maxsize=2048)
def _blocks(text: str) -> tuple[FencedBlock, ...]:
    """The blocks of a text that begins and ends with a line that is not blank."""
    lines = text.split("\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    blocks = []
    for token in _parser().parse(text):
        if token.type != "fence" or token.map is None:
            continue
        first, end = token.map
        last = lines[end - 1].strip(" \t\n>")
        closed = end - first > 1 and {*last} == {token.markup[0]}
        closed = closed and len(last) >= len(token.markup)
        blocks.append(
            FencedBlock(
                info=token.info.strip(),
                opening="\n".join(lines[first : first + 2]),
                body=token.content,
                line=first + 1,
                start=offsets[first],
                end=offsets[end],
                closed=closed,
            )
        )
    return tuple(blocks)


def without_fenced_blocks(text: str, *, mask: bool = False) -> str:
    """The text without its blocks, or with an x for each of their characters."""
    parts, end = [], 0
    for block in fenced_blocks(text):
        parts.append(text[end : block.start])
        if mask:
            parts.append(re.sub(r"\S", "x", text[block.start : block.end]))
        end = block.end
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").disable(["code", "html_block"])
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
