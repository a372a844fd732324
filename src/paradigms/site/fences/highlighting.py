"""Code with the colours of its syntax, as every fence that shows code has it."""

from functools import cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name


@cache  # pages, cards and tools show the same code
def highlighted(code: str, language: str = "python") -> Markup:
    """Code as HTML without a box around it; `language` is a name that Pygments has."""
    formatter = HtmlFormatter(nowrap=True)
    return Markup(highlight(code, get_lexer_by_name(language), formatter))
