"""Python-Markdown extension: citations, recorded numbers, and formulas as MathML.

`[@devlin2019, section 3.1]` becomes a link to the bibliography, and
`[=experiment/row/column]` the recorded number, linked to its record, with `|interval`
behind it also its interval, with `|millions` in millions; what is missing stops the
build. Formulas need no script and no font: the browser draws MathML.
"""

import re
from html import unescape
from math import floor, log10
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import ETX, STX, AtomicString

from paradigms.bibliography import label, split_citation
from paradigms.page import slug
from paradigms.results import quote, recorded
from paradigms.snippets import ContentError

_ALPHABETS = {r"\mathbb", r"\mathbf", r"\mathcal", r"\mathit", r"\mathrm", r"\mathsf"}
_NAMED = r"<mi>(?:log|ln|exp)</mi>"  # a name that latex2mathml takes for a variable
# A raised sign raised once more: where the system has no fonts for formulas, a speck.
_PRIMED = re.compile(r"<msup>(<mi>[^<]*</mi>)<mi>(&#x02032;)</mi></msup>")
_THIN = '<mspace width="0.17em"></mspace>'
_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
_SUM = r"\\(?:sum|prod|int)"
_GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}"
# A sum is one token with what stands below and above it.
_TOKEN = re.compile(
    rf"{_SUM}(?:\s*[_^]\s*(?:{_GROUP}|\\[a-zA-Z]+|\S))*"
    r"|\\(?:[a-zA-Z]+|.)|\S",
    re.DOTALL,
)
_OPENING = {"{", "(", "[", r"\{", r"\left", r"\begin"}
_CLOSING = {"}", ")", "]", r"\}", r"\right", r"\end"}
_RELATIONS = {"=", "<", ">", r"\le", r"\leq", r"\ge", r"\geq", r"\propto", r"\approx"}
_RELATIONS |= {r"\iff", r"\implies", r"\Rightarrow", r"\Longrightarrow", r"\gets"}
_BARE = re.compile(r"(\[=[^\]|\\]+)\|")  # a bar that would end a cell of a table
_ESCAPED = f"{STX}{ord('|')}{ETX}"  # what Markdown makes of an escaped bar


class InlineExtension(Extension):
    """Registers all: links before Markdown's own, formulas after arithmatex."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        # Later than fences (25), whose content is not a table.
        md.preprocessors.register(Bars(md), "bars", 15)
        md.inlinePatterns.register(Citation(r"\[@([^\]]+)\]", md), "citation", 175)
        md.inlinePatterns.register(Recorded(r"\[=([^\]]+)\]", md), "recorded", 176)
        md.treeprocessors.register(MathML(md), "mathml", 15)


class Linking(InlineProcessor):
    """A pattern that makes links to pages of this site."""

    def address(self, target: str) -> str:
        """`reference/bibliography.md#key` as seen from the page under construction."""
        if "relpath" not in self.md.treeprocessors:
            return self.md.link(target)  # inside generated HTML: the final address
        depth = self.md.treeprocessors["relpath"].file.src_uri.count("/")
        return "../" * depth + target  # on a page: MkDocs resolves and checks it


class Bars(Preprocessor):
    """In rows of tables the bar of `[=experiment/row/column|interval]` ends no cell."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines, with such bars escaped where the line begins with a bar."""
        return [
            _BARE.sub(r"\1\|", line) if line.lstrip().startswith("|") else line
            for line in lines
        ]


class Recorded(Linking):
    """`[=experiment/row/column]`: a number nobody typed, linked to its record.

    With `|interval` behind the column: `0.83 (0.79 to 0.87)`; `|millions`: `124.4`.
    """

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # noqa: N802
        """The link, and how much of the line it took."""
        source = self.unescape(m.group(1)).replace(_ESCAPED, "|")
        try:
            value = number(source)
        except ContentError as error:
            raise failure(self.md, f"[={source}]", str(error)) from None
        stem = source.partition("/")[0]
        anchor = ElementTree.Element("a", {"class": "recorded"})
        anchor.set("href", self.address(f"reference/evidence.md#{slug(stem)}"))
        anchor.text = AtomicString(value)
        return anchor, m.start(0), m.end(0)


def number(source: str) -> str:
    """`experiment/row/column`, with or without a form behind a bar, as it is printed.

    Errors: ContentError if it is not recorded, or for an unknown form.
    """
    # A column may hold a bar of its own, with spaces: `P(positive | example)`.
    form = re.search(r"\|(\w*)$", source)
    if not form:
        return quote(source, interval=False)
    address = source[: form.start()]
    if form[1] == "interval":
        return spread(address)
    if form[1] != "millions":
        raise ContentError(f"{form[1]!r} behind the bar is unknown: interval, millions")
    value = recorded(address)
    if not isinstance(value, int | float):
        raise ContentError(f"{address!r} is no number to count in millions: {value!r}")
    return f"{value / 1e6:,.1f}"


def spread(address: str) -> str:
    """Mean and interval with as many places as the interval is worth.

    Two digits of half its width, but no more than three of the mean; what is below a
    millionth counts as 0.
    Errors: ContentError if the value has no interval, or is not recorded.
    """
    value = recorded(address)
    if not isinstance(value, list):
        raise ContentError(f"{address!r} has no interval: {value!r}")
    mean, low, high = value
    sizes = [(abs(mean), 2), ((high - low) / 2, 1)]
    wanted = [digits - floor(log10(size)) for size, digits in sizes if size >= 1e-6]
    places = max(min(wanted, default=0), 0)
    mean, low, high = (f"{part:z,.{places}f}" for part in value)  # never -0
    return f"{mean} ({low} to {high})"


class Citation(Linking):
    """`[@key]` or `[@key, place]`, named as in running text."""

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # noqa: N802
        """The link, and how much of the line it took."""
        try:
            key, place = split_citation(m.group(1))
        except ContentError as error:
            raise failure(self.md, m.group(0), str(error)) from None
        span = ElementTree.Element("span")
        anchor = ElementTree.SubElement(span, "a", {"class": "cite"})
        anchor.set("href", self.address(f"reference/bibliography.md#{key}"))
        anchor.text = AtomicString(label(key))
        anchor.tail = AtomicString(f", {place}" if place else "")
        return span, m.start(0), m.end(0)


class MathML(Treeprocessor):
    """Replaces what arithmatex marked as a formula."""

    def run(self, root: ElementTree.Element) -> None:
        """Walk the page once; a formula that latex2mathml does not know is an error."""
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                tex = unescape(element.text)[2:-2].strip()
                display = element.tag == "div"
                html = self._convert(tex, display)
                if display:  # a long one scrolls on a phone: by keyboard, too
                    element.set("tabindex", "0")
                element.text = self.md.htmlStash.store(html)
                if stop := not display and re.match(r"[.,:;?!)]+", element.tail or ""):
                    # Browsers would break the line between a formula and its stop.
                    element.text += stop[0]
                    element.tail = element.tail[stop.end() :]

    def _convert(self, tex: str, display: bool) -> str:
        if not display:
            return self._piece(tex, "inline")
        parts = []
        for part in pieces(tex):
            made = [self._piece(piece, "block") for piece in part]
            # `+` and `-` at the beginning would be taken for signs.
            made[1:] = [
                re.sub("^(<math[^>]*><mrow>)<mo>", r'\1<mo form="infix">', html)
                for html in made[1:]
            ]
            parts.append(f"<span>{'<wbr>'.join(made)}</span>")
        html = made[0] if len(parts) == len(made) == 1 else " ".join(parts)
        # A block could not stand beside another in a line.
        return html.replace('display="block"', 'displaystyle="true"')

    def _piece(self, tex: str, display: str) -> str:
        plain = re.sub(r"\\[{}]", "", tex)
        if plain.count("{") != plain.count("}"):  # latex2mathml guesses instead
            raise failure(self.md, tex, f"formula {tex!r}: braces do not match")
        try:
            html = convert(tex, display=display)
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise failure(self.md, tex, f"formula {tex!r}: {reason}") from error
        # latex2mathml passes an unknown command through as a name, and drops an unknown
        # alphabet without a word.
        unknown = set(re.findall(r"\\[a-zA-Z]+", html))
        unknown |= set(re.findall(r"\\math[a-z]+", tex)) - _ALPHABETS
        if unknown:
            raise failure(self.md, tex, f"formula {tex!r}: unknown {min(unknown)}")
        html = _PRIMED.sub(
            r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>',
            html.replace(_NAMESPACE, ""),
        )
        return _spaced(html)


def pieces(tex: str) -> list[list[str]]:
    r"""The parts of a formula between `\quad`s, each in pieces where it may be broken.

    That is before a relation, a plus or a minus outside of all brackets.
    """
    parts: list[list[str]] = [[]]
    begin, depth, calm = 0, 0, True  # calm: where a sign would be that of a number
    for token in _TOKEN.finditer(tex):
        word = token[0]
        depth += (word in _OPENING) - (word in _CLOSING)
        relates = word in _RELATIONS
        gap = word in {r"\quad", r"\qquad"}
        if depth == 0 and (gap or (not calm and (relates or word in "+-"))):
            parts[-1].append(tex[begin : token.start()])
            begin = token.start()
        if depth == 0 and gap:
            parts.append([])
            begin = token.end()
        calm = relates or gap or word in ",:(^_" or bool(re.match(_SUM, word))
    parts[-1].append(tex[begin:])
    stripped = [[piece for piece in part if piece.strip()] for part in parts]
    return [part for part in stripped if part]


def _spaced(html: str) -> str:
    """As TeX sets `a log b`: a thin space on each side, none before a parenthesis."""
    # Below `<msub>` stand two elements, and a third would be an error.
    html = re.sub(rf"(?<!<msub>)(?<!<msup>){_NAMED}(?=<m(?!o))", rf"\g<0>{_THIN}", html)
    before = r"</m(?:i|n|su[bp]|subsup|frac)>|&#x00029;</mo>"
    return re.sub(rf"(?:{before})(?={_NAMED})", rf"\g<0>{_THIN}", html)


def failure(md: Markdown, source: str, message: str) -> Exception:
    """The error that stops the build, with page and line."""
    from paradigms.fences import PageError, position  # fences loads this extension

    if "relpath" not in md.treeprocessors:  # inside an entry: its card says which
        return ContentError(message)
    return PageError(f"{position(md, source)}: {message}")


def makeExtension(**options: Any) -> InlineExtension:  # noqa: N802 - Markdown's name
    """What Python-Markdown calls to load this module."""
    return InlineExtension(**options)
