"""Extracts the prose of pages, notebooks and snippets, and checks its spelling.

Code, formulas, URLs, attribute lists, citation keys and recorded numbers are not prose:
each becomes a placeholder that no rule and no dictionary checks.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from harper import Dialect, Linter
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from paradigms.site.content.output_fences import prediction

GAP = "▪"  # replaces what is not prose
# TOML keys of names, ids and settings; the values of all others are prose.
SILENT = {"across", "against", "authors", "bands", "baseline", "can", "card", "check",
          "cited_in", "claims", "code", "correct", "course", "digits", "example",
          "field", "follow_ups", "formulas", "holds", "id", "ids", "items", "kind",
          "lab", "level", "mask", "measured", "mistake", "name", "of", "page",
          "parameters", "pattern", "pieces", "questions", "read", "scale", "see",
          "settings", "size", "sources", "spoken", "strip", "tasks", "tests", "tex",
          "then", "tokens", "true_if", "up", "url", "value", "venue", "verdict", "view",
          "write", "wrong"}  # fmt: skip
SUBJECTS = "means"  # columns of a table, each with words of recorded rows
# Whole sentences; other values may be phrases.
SPOKEN = {"answer", "right", "statement"}
QUOTED = {"said", "wrong_answer"}  # quotations: only their spelling is checked
_RECORDED = re.compile(r"\[=[^\]\n]*\]")
_NOT_PROSE = re.compile(
    r"\[[@=][^\]]*\]"  # a citation or a recorded number
    r"|https?://\S+"
    r"|\{[^{}]*\}"  # an attribute list
    r"|\$[^$]+\$"
    r"|`[^`]*`"
)
_LETTER = "[A-Za-zÀ-ž]"
# Without the possessive 's; a single letter is a symbol.
_WORD = re.compile(rf"(?<!\w){_LETTER}{{2,}}(?:'(?!s\b){_LETTER}+)?")


class Passage(NamedTuple):
    """A piece of prose, its first line, and whether it is a quotation.

    `sentences`: whether whole sentences are expected, unlike in captions and cells.
    """

    file: str
    line: int
    text: str
    quoted: bool = False
    sentences: bool = False

    def at(self, offset: int) -> str:
        """The location of an offset, such as `docs/q39/index.md:12`."""
        return f"{self.file}:{self.line + self.text.count(chr(10), 0, offset)}"


@cache
def parser() -> MarkdownIt:
    """The Markdown of the pages; indented text is the body of a box, not code."""
    parser = MarkdownIt("commonmark").enable("table").disable("code")
    return parser.use(front_matter_plugin).use(dollarmath_plugin)


def of_markdown(file: str, text: str) -> Iterator[Passage]:
    """The prose of a page, of its figure and table fences, and of its predictions."""
    quote_depth = 0
    opened = ""
    text = _RECORDED.sub(GAP, text)  # its bar would end a table's cell
    for token in parser().parse(text):
        quote_depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        line = (token.map or [0])[0] + 1
        if token.type == "inline":
            content = "".join(_words(child) for child in token.children or [])
            prose = _NOT_PROSE.sub(GAP, content)
            yield Passage(
                file, line, prose, quote_depth > 0, opened == "paragraph_open"
            )
        elif token.type == "fence" and token.info in ("figure", "table"):
            for passage in of_toml(file, token.content):
                yield passage._replace(line=passage.line + line, sentences=False)
        elif token.type == "fence" and (entry := prediction(token.info)):
            for text in (entry.guess, *entry.choices):
                yield Passage(file, line, text)
        opened = token.type


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type in ("code_inline", "math_inline", "html_inline"):
        return "" if token.content.startswith("<") else GAP
    if token.children:
        return "".join(_words(child) for child in token.children)
    return token.content


def of_toml(file: str, text: str) -> Iterator[Passage]:
    """The TOML values that readers see."""
    for key, value in _texts("", tomllib.loads(text)):
        if file.endswith("bibliography.toml") and key == "title":
            continue
        if key in SILENT:
            continue
        prose = _NOT_PROSE.sub(GAP, value)
        yield Passage(file, _line(text, value), prose, key in QUOTED, key in SPOKEN)


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != SUBJECTS:
                yield from _texts(name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(key, item)


def _line(text: str, value: str) -> int:
    """Line number of a value; one of several lines stands in the file as it is."""
    literal = value if "\n" in value else json.dumps(value, ensure_ascii=False)
    return text.count("\n", 0, max(text.find(literal), 0)) + 1


def of_abbreviations(file: str, text: str) -> Iterator[Passage]:
    """Each expansion, quoted from its authors; our comment follows a colon."""
    for number, line in enumerate(text.splitlines(), 1):
        for index, part in enumerate(line.split(": ", 2)[1:]):
            yield Passage(file, number, part, quoted=index == 0)


def of_glossary(file: str, text: str) -> Iterator[Passage]:
    """Terms with their definitions."""
    for term, definition in tomllib.loads(text).items():
        yield Passage(file, _line(text, definition), f"{term}: {definition}")


def of_synonyms(file: str, text: str) -> Iterator[Passage]:
    """The terms; their other names are what readers type, in any spelling."""
    for term in tomllib.loads(text):
        yield Passage(file, _line(text, term), term)


def of_notebook(file: str, text: str) -> Iterator[Passage]:
    """The Markdown cells; a location is the cell's number and the line in it."""
    for number, cell in enumerate(json.loads(text)["cells"], 1):
        if cell["cell_type"] == "markdown":
            yield from of_markdown(f"{file}, cell {number}", "".join(cell["source"]))


READ_BY = {".md": of_markdown, ".toml": of_toml, ".ipynb": of_notebook}
READ_BY |= {"glossary.toml": of_glossary, "abbreviations.md": of_abbreviations}
READ_BY["synonyms.toml"] = of_synonyms


def passages(root: Path) -> list[Passage]:
    """All prose of the project."""
    files = [root / "README.md", root / "CHANGELOG.md"]
    for folder in ("snippets", "docs"):
        files += sorted((root / folder).rglob("*.*"))
    prose = []
    for path in files:
        if path.name in {"glossary-answers.toml", "phrasings.toml"}:
            continue  # ids, paths of pages, and what readers type are no prose
        if reader := READ_BY.get(path.name) or READ_BY.get(path.suffix):
            name = path.relative_to(root).as_posix()
            prose += reader(name, path.read_text("utf8"))
    return prose


@cache
def dictionary() -> Linter:
    """Harper's dictionary of British English, which includes computing terms."""
    linter = Linter(Dialect.BRITISH)
    linter.set_lint_config(
        {key: key == "SpellCheck" for key in linter.get_lint_config()}
    )
    return linter


def words(passages: Iterable[Passage]) -> dict[str, str]:
    """Every word form with its first location."""
    locations: dict[str, str] = {}
    for passage in passages:
        for match in _WORD.finditer(passage.text):
            locations.setdefault(match[0], passage.at(match.start()))
    return locations


def names(texts: Iterable[str]) -> Iterator[str]:
    """The words in names."""
    for text in texts:
        yield from _WORD.findall(text)


def misspelt(words: Iterable[str], own: set[str]) -> dict[str, list[str]]:
    """Words that are neither in the dictionary nor in our list, with suggestions.

    A listed word may be capitalised; capitals that the list has are required.
    """
    unknown = [word for word in words if not own & {word, word[:1].lower() + word[1:]}]
    text = "\n\n".join(unknown)  # each word is a paragraph of its own
    return {
        lint.problem_text: [
            suggestion.replacement_text for suggestion in lint.suggestions
        ]
        for lint in dictionary().lint(text, language="plaintext")
    }


# A recorded share, by the name of its column, without a form in percent.
_BARE_SHARE = re.compile(
    r"\[=[^\]\n]*/(?:accuracy|error|exact match|estimated share"
    r"|(?:answers |tokens )?right)"
    r"(?:,? [^\]/|\n]*)?(?:\|interval)?\]"
)


def bare_shares(text: str) -> Iterator[tuple[int, str]]:
    """Line and address of each recorded share that is not printed in percent.

    Rows of tables have their unit in their heading, so they are left out.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("|"):
            for match in _BARE_SHARE.finditer(line):
                yield number, match[0]


def listed(path: Path) -> list[str]:
    """The lines of a word list, without its comments."""
    lines = path.read_text("utf8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
