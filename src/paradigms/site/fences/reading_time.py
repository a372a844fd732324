"""The reading time of a page, estimated from its Markdown and the text of its fences.

The rates are assumptions about one reader; the page that uses them states them.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from markdown.extensions.toc import slugify, unique
from markupsafe import Markup

from paradigms._schema import ContentError
from paradigms.site.content.claims import claims
from paradigms.site.content.fenced_blocks import (
    FencedBlock,
    fenced_blocks,
    without_fenced_blocks,
)
from paradigms.site.content.output_fences import is_output
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import of_topic, questions
from paradigms.site.fences.change import ChangeFence
from paradigms.site.fences.cheat_sheet import CheatSheetFence
from paradigms.site.fences.contents import ContentsFence
from paradigms.site.fences.page import Fence, Page
from paradigms.site.fences.table import TableFence
from paradigms.site.file_cache import cache

WORDS_A_MINUTE = 160  # dense text, read once and understood
CODE = 1.0  # minutes for a block of code together with what it prints
FIGURE = 0.5  # with its caption
FORMULA = 0.25  # one on a line of its own
QUESTION = 1.5  # answered aloud, opened, graded

FENCES: dict[str, type[Fence]] = {
    "table": TableFence,
    "change": ChangeFence,
    "sheet": CheatSheetFence,
    "contents": ContentsFence,
}

_WORD = re.compile(r"\S*[^\W_]\S*")
_HEADING = re.compile(r"^(#{1,6}) +(.+?)(?: *\{ *#([\w-]+) *\})? *$", re.M)
_FORMULA = re.compile(r"\$\$.+?\$\$", re.S)
# Markup that readers do not see, and the text that they read instead.
_REPLACEMENTS = (
    (re.compile(r"\A---\n.*?\n---\n", re.S), " "),  # the front matter
    (re.compile(r"<p class=\"evidence\">.*?</p>", re.S), " evidence "),
    (re.compile(r"<svg.*?</svg>|<small>.*?</small>|<details.*?</details>", re.S), " "),
    (re.compile(r"(?<!\\)\$[^$]+\$"), " x "),  # a formula is a word; it may hold a <
    (re.compile(r"</?[a-z][^>]*>"), " "),
    (re.compile(r"\[=[^\]]*\|(?:\w+_)?interval\]"), "0.9 (0.8 to 1.0)"),
    (re.compile(r"\[=[^\]]*\]"), "0.9"),
    (re.compile(r"\[@[^,\]]*"), "Someone and others, 2000 "),
    (re.compile(r"\]\([^)\s]*\)|\{ *[#.:][^}]*\}"), " "),  # where links lead, ids
    (re.compile(r"\|"), " "),
)


@dataclass(frozen=True)
class Section:
    """A page or a part of it: its anchor, its heading, and its Markdown."""

    place: str
    title: str
    text: str


def words(text: str) -> int:
    """The words that a reader sees of Markdown or HTML without fences."""
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return len(_WORD.findall(text))


def minutes(text: str) -> float:
    """Minutes for a piece of Markdown, its fences and formulas included."""
    prose = without_fenced_blocks(text)
    formulas = len(_FORMULA.findall(prose))
    reading = words(_FORMULA.sub(" ", prose)) / WORDS_A_MINUTE
    blocks = sum(map(_block_minutes, fenced_blocks(text)))
    return reading + FORMULA * formulas + blocks


def _block_minutes(block: FencedBlock) -> float:
    """Minutes for one block: a fixed time, or by the words that it shows."""
    if is_output(block.info):
        return 0  # read with the code that prints it
    kind, body = block.language, block.body
    if kind == "text":
        return words(body) / WORDS_A_MINUTE
    if kind in {"python", "code"}:
        return CODE
    if kind == "figure":  # an empty grid is an offer, which no plan counts
        return FIGURE * ("blank = true" not in body)
    try:
        return _entries_minutes(kind, tomllib.loads(body))
    except (KeyError, ValueError):  # a mistake there stops the build of its own page
        return 0


def _entries_minutes(kind: str, keys: dict[str, Any]) -> float:
    """Minutes for a fence that shows entries."""
    if kind == "question":
        ids = keys.get("ids") or of_topic(keys["topic"])
        if not keys.get("spoken"):
            return sum(map(_question_minutes, ids))
        return sum(words(questions()[key].answer) for key in ids) / WORDS_A_MINUTE
    text = _entries_text(kind, keys)
    # A formula of the cheat sheet is repeated there, and takes as long as a word.
    reading = words(_FORMULA.sub(" x ", text)) / WORDS_A_MINUTE
    return reading + FIGURE * text.count("<figure")


def _question_minutes(key: str) -> float:
    """Minutes for a question; code and formulas of its answer are read besides."""
    question = questions()[key]
    return QUESTION + CODE * bool(question.code) + FORMULA * len(question.formulas)


def _entries_text(kind: str, keys: dict[str, Any]) -> str:
    """The text of a fence, without what is folded."""
    if kind == "claim":
        entries = [claims()[key] for key in keys["ids"]]
        return " ".join(f"{c.verdict} {c.said} {c.right} evidence" for c in entries)
    if kind in FENCES:
        return FENCES[kind](**keys).render(Page(link=str, inline=Markup))
    return ""


@cache
def sections(path: str) -> dict[str, Section]:
    """The parts of a page by anchor, in order; the whole page has the anchor ""."""
    if path not in pages():
        raise ContentError(f"there is no page docs/{path}")
    text = pages()[path]
    # Comments in code look like headings.
    prose = without_fenced_blocks(text, mask=True)
    headings = list(_HEADING.finditer(prose))
    anchors: set[str] = set()
    parts = {"": Section(path, path, text)}
    for number, match in enumerate(headings):
        level, title = len(match[1]), re.sub(r"[*`$]", "", match[2])
        anchor = match[3] or unique(slugify(title, "-"), anchors)
        anchors.add(anchor)
        following = (n for n in headings[number + 1 :] if len(n[1]) <= level)
        end = next((n.start() for n in following), len(text))
        part = Section(f"{path}#{anchor}", match[2], text[match.start() : end])
        if level == 1:
            parts[""] = Section(path, match[2], text)
        parts[anchor] = part
    return parts


def section(place: str) -> Section:
    """`q19/index.md#draw-it`, or a whole page. Errors: ContentError if not there."""
    path, _, anchor = place.partition("#")
    parts = sections(path)
    if anchor not in parts:
        anchors = ", ".join(name for name in parts if name)
        raise ContentError(
            f"docs/{path} has no section {anchor!r}; known are {anchors}"
        )
    return parts[anchor]


@cache
def lab(path: str) -> tuple[str, int]:
    """Name and minutes of a lab, as the labs page states them. Errors: ContentError."""
    name = re.escape(path.rpartition("/")[2])
    row = re.search(
        rf"^\| \[([^\]]+)\]\({name}\) \| (\d+) \|", pages()["labs/index.md"], re.M
    )
    if not row:
        raise ContentError(f"docs/labs/index.md states no minutes for {path!r}")
    return row[1], int(row[2])
