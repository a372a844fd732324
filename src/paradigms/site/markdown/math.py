"""Formulas as MathML: no script and no font, the browser draws them."""

import re
from html import unescape
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown.treeprocessors import Treeprocessor

from paradigms.site.markdown.errors import failure

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
