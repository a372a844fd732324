"""Formulas as MathML: no script and no font, the browser draws them."""

import re
from functools import cache
from html import unescape
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown.treeprocessors import Treeprocessor

from paradigms.site.markdown.errors import failure

_ALPHABETS = {r"\mathbb", r"\mathbf", r"\mathcal", r"\mathit", r"\mathrm", r"\mathsf"}


_NAME = r"<mi>(?:log|ln|exp)</mi>"  # a name that latex2mathml takes for a variable


# A prime is raised already: raised again, it is a speck without a maths font.
_PRIME = re.compile(r"<msup>(<mi>[^<]*</mi>)<mi>(&#x02032;)</mi></msup>")


_THIN = '<mspace width="0.17em"></mspace>'


_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'


_SUM = r"\\(?:sum|prod|int)"


_GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}"


# A sum is one token with its limits.
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
    """Converts what arithmatex marked as a formula."""

    def run(self, root: ElementTree.Element) -> None:
        """Convert every formula; one that latex2mathml does not know is an error."""
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                tex = unescape(element.text)[2:-2].strip()
                display = element.tag == "div"
                html = self._convert(tex, display)
                if display:  # a long one scrolls on a phone, by keyboard too
                    element.set("tabindex", "0")
                    element.set("role", "group")
                    element.set("aria-label", "Formula")
                element.text = self.md.htmlStash.store(html)
                tail = element.tail or ""
                if marks := not display and re.match(r"[.,:;?!)]+", tail):
                    # Browsers would break the line between a formula and punctuation.
                    element.text += marks[0]
                    element.tail = tail[marks.end() :]

    def _convert(self, tex: str, display: bool) -> str:
        if not display:
            return self._piece(tex, "inline")
        parts = []
        for part in pieces(tex):
            mathml = [self._piece(piece, "block") for piece in part]
            # A leading `+` or `-` would be taken for a prefix operator.
            mathml[1:] = [
                re.sub("^(<math[^>]*><mrow>)<mo>", r'\1<mo form="infix">', html)
                for html in mathml[1:]
            ]
            parts.append(f"<span>{'<wbr>'.join(mathml)}</span>")
        html = mathml[0] if len(parts) == len(mathml) == 1 else " ".join(parts)
        # Two blocks cannot share a line.
        return html.replace('display="block"', 'displaystyle="true"')

    def _piece(self, tex: str, display: str) -> str:
        plain = re.sub(r"\\[{}]", "", tex)
        if plain.count("{") != plain.count("}"):  # latex2mathml guesses instead
            raise failure(self.md, tex, f"formula {tex!r}: braces do not match")
        try:
            html = _mathml(tex, display)
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise failure(self.md, tex, f"formula {tex!r}: {reason}") from error
        # latex2mathml passes an unknown command through as a name, and drops an unknown
        # alphabet silently.
        unknown = set(re.findall(r"\\[a-zA-Z]+", html))
        unknown |= set(re.findall(r"\\math[a-z]+", tex)) - _ALPHABETS
        if unknown:
            raise failure(self.md, tex, f"formula {tex!r}: unknown {min(unknown)}")
        html = _PRIME.sub(
            r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>',
            html.replace(_NAMESPACE, ""),
        )
        return _with_thin_spaces(html)


@cache  # a quarter of all formulas have been on an earlier page
def _mathml(tex: str, display: str) -> str:
    return convert(tex, display=display)


def pieces(tex: str) -> list[list[str]]:
    r"""A formula split at `\quad`, and each part where a line may be broken.

    That is before a relation, a plus or a minus outside all brackets.
    """
    parts: list[list[str]] = [[]]
    start, depth, unary = 0, 0, True  # unary: a sign here would belong to a number
    for token in _TOKEN.finditer(tex):
        word = token[0]
        depth += (word in _OPENING) - (word in _CLOSING)
        is_relation = word in _RELATIONS
        is_quad = word in {r"\quad", r"\qquad"}
        if depth == 0 and (is_quad or (not unary and (is_relation or word in "+-"))):
            parts[-1].append(tex[start : token.start()])
            start = token.start()
        if depth == 0 and is_quad:
            parts.append([])
            start = token.end()
        unary = is_relation or is_quad or word in ",:(^_" or bool(re.match(_SUM, word))
    parts[-1].append(tex[start:])
    stripped = [[piece for piece in part if piece.strip()] for part in parts]
    return [part for part in stripped if part]


def _with_thin_spaces(html: str) -> str:
    """Thin spaces around function names, as in TeX; none before a parenthesis."""
    # `<msub>` takes two elements, a third would be an error.
    html = re.sub(rf"(?<!<msub>)(?<!<msup>){_NAME}(?=<m(?!o))", rf"\g<0>{_THIN}", html)
    before = r"</m(?:i|n|su[bp]|subsup|frac)>|&#x00029;</mo>"
    return re.sub(rf"(?:{before})(?={_NAME})", rf"\g<0>{_THIN}", html)
