"""What a reader reads, piece by piece: pages, notebooks, snippets; and its spelling.

Code, formulas, addresses, attribute lists, keys of sources and fetched numbers are not
prose: each becomes a mark that no rule and no dictionary looks at.
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

GAP = "▪"  # where something stood that is not prose
# Keys of TOML that hold names, keys and settings; under all others stands prose.
SILENT = {"across", "against", "authors", "bands", "can", "claims", "course",
          "digits", "field", "follow_ups", "holds", "id", "ids", "items", "kind",
          "lab", "level", "mask", "measured", "name", "of", "page", "pattern",
          "parameters", "pieces", "read", "see", "size", "sources", "spoken", "strip",
          "tests", "tex", "then", "tokens", "up", "url", "value", "venue", "verdict",
          "view", "write", "wrong"}  # fmt: skip
QUOTED = {"said", "wrong_answer"}  # what others say, so only its spelling is ours
_FETCHED = re.compile(r"\[=[^\]\n]*\]")
_GONE = re.compile(
    r"\[[@=][^\]]*\]"  # a source, a recorded number
    r"|https?://\S+"
    r"|\{[^{}]*\}"  # an attribute list
    r"|\$[^$]+\$"
    r"|`[^`]*`"
)
_LETTER = "[A-Za-zÀ-ž]"
# Without the 's that says whose; a single letter is a symbol.
_WORD = re.compile(rf"(?<!\w){_LETTER}{{2,}}(?:'(?!s\b){_LETTER}+)?")


class Passage(NamedTuple):
    """A piece of prose, where it begins, and whether its wording is someone else's."""

    file: str
    line: int
    text: str
    quoted: bool = False

    def at(self, offset: int) -> str:
        """`docs/q39/index.md:12` for a place in the text."""
        return f"{self.file}:{self.line + self.text.count(chr(10), 0, offset)}"


@cache
def parser() -> MarkdownIt:
    """Markdown as the pages have it; indented is what stands in a box, not code."""
    parser = MarkdownIt("commonmark").enable("table").disable("code")
    return parser.use(front_matter_plugin).use(dollarmath_plugin)


def of_markdown(file: str, text: str) -> Iterator[Passage]:
    """The prose of a page, and that in the fences which draw."""
    quotes = 0
    text = _FETCHED.sub(GAP, text)  # its bar would end a table's cell
    for token in parser().parse(text):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        line = (token.map or [0])[0] + 1
        if token.type == "inline":
            said = "".join(_words(child) for child in token.children or [])
            yield Passage(file, line, _GONE.sub(GAP, said), quotes > 0)
        elif token.type == "fence" and token.info in ("figure", "table"):
            for passage in of_toml(file, token.content):
                yield passage._replace(line=passage.line + line)


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type in ("code_inline", "math_inline", "html_inline"):
        return "" if token.content.startswith("<") else GAP
    if token.children:
        return "".join(_words(child) for child in token.children)
    return token.content


def of_toml(file: str, text: str) -> Iterator[Passage]:
    """The texts of TOML that readers see."""
    for key, said in _texts("", tomllib.loads(text)):
        if file.endswith("bibliography.toml") and key == "title":
            continue
        if key in SILENT:
            continue
        yield Passage(file, _line(text, said), _GONE.sub(GAP, said), key in QUOTED)


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(key, inner)


def _line(text: str, said: str) -> int:
    """Where a value stands; each stands on one line of its file."""
    written = json.dumps(said, ensure_ascii=False)
    return text.count("\n", 0, max(text.find(written), 0)) + 1


def of_abbreviations(file: str, text: str) -> Iterator[Passage]:
    """What each stands for, in its makers' words; and ours about it, after a colon."""
    for number, line in enumerate(text.splitlines(), 1):
        for place, said in enumerate(line.split(": ", 2)[1:]):
            yield Passage(file, number, said, quoted=place == 0)


def of_glossary(file: str, text: str) -> Iterator[Passage]:
    """Terms with their sentences."""
    for term, says in tomllib.loads(text).items():
        yield Passage(file, _line(text, says), f"{term}: {says}")


def of_notebook(file: str, text: str) -> Iterator[Passage]:
    """The Markdown cells; a place is the cell's number and the line in it."""
    for number, cell in enumerate(json.loads(text)["cells"], 1):
        if cell["cell_type"] == "markdown":
            yield from of_markdown(f"{file}, cell {number}", "".join(cell["source"]))


READ_BY = {".md": of_markdown, ".toml": of_toml, ".ipynb": of_notebook}
READ_BY |= {"glossary.toml": of_glossary, "abbreviations.md": of_abbreviations}


def passages(root: Path) -> list[Passage]:
    """All prose of the project."""
    files = [root / "README.md", root / "CHANGELOG.md"]
    for folder in ("snippets", "docs"):
        files += sorted((root / folder).rglob("*.*"))
    found = []
    for path in files:
        if read := READ_BY.get(path.name) or READ_BY.get(path.suffix):
            name = path.relative_to(root).as_posix()
            found += read(name, path.read_text("utf8"))
    return found


@cache
def dictionary() -> Linter:
    """British English, with the words that the makers of Harper know of computing."""
    linter = Linter(Dialect.BRITISH)
    linter.set_lint_config(
        {key: key == "SpellCheck" for key in linter.get_lint_config()}
    )
    return linter


def words(passages: Iterable[Passage]) -> dict[str, str]:
    """Every word, in the form that it has, with the first place where it stands."""
    found: dict[str, str] = {}
    for passage in passages:
        for word in _WORD.finditer(passage.text):
            found.setdefault(word[0], passage.at(word.start()))
    return found


def names(texts: Iterable[str]) -> Iterator[str]:
    """The words of some names."""
    for text in texts:
        yield from _WORD.findall(text)


def misspelt(found: Iterable[str], own: set[str]) -> dict[str, list[str]]:
    """Words that neither the dictionary nor our list has, with what may be meant.

    A word of the list may begin with a capital; one with capitals must have them.
    """
    unknown = [w for w in found if not own & {w, w[:1].lower() + w[1:]}]
    text = "\n\n".join(unknown)  # each word once: a paragraph of its own
    return {
        lint.problem_text: [option.replacement_text for option in lint.suggestions]
        for lint in dictionary().lint(text, language="plaintext")
    }


def listed(path: Path) -> list[str]:
    """The lines of a word list, without its comments."""
    lines = path.read_text("utf8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
