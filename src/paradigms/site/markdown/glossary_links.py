"""Terms of the glossary become links where a page uses them first.

Fences put finished HTML into a page, so this works on HTML, after all else.
"""

import re

from markdown.postprocessors import Postprocessor

from paradigms.site.content.glossary import PAGE, uses
from paradigms.site.markdown.builder import rendered_page

# Pages to look things up, and a sheet that is printed.
_EXCLUDED = re.compile(r"reference/|contributing\.md|practice/cheat-sheet\.md")
# What is no running text, or is a link or a control already; none is inside its like.
_TAGS = "a|abbr|button|code|h[1-6]|label|math|pre|script|style|summary|svg|thead"
_TOKEN = re.compile(
    rf"<!--.*?-->|<({_TAGS})(?: [^>]*)?>.*?</\1>|<(/?)([a-zA-Z][\w-]*)([^>]*)>|[^<]+",
    re.S,
)
_CLASSES = re.compile(
    r'class="(?:[^"]* )?(?:plan|page-list|evidence|in-words|level|verdict|highlight|'
    r'arithmatex)[ "]'
)


class GlossaryLinks(Postprocessor):
    """Links the first use of each term on a page to its entry in the glossary."""

    def run(self, text: str) -> str:
        """The HTML of a page with links; that of a line of an entry as it is."""
        page = rendered_page(self.md)
        if page is None or _EXCLUDED.match(page.path):
            return text
        glossary = page.url(PAGE)
        return link_terms(text, glossary) if glossary else text


def link_terms(html: str, glossary: str) -> str:
    """HTML whose terms link to the address of the glossary at their first use."""
    used_terms: set[str] = set()
    parts: list[str] = []
    inside, depth = "", 0  # an element without links, and how deep in its like
    for token in _TOKEN.finditer(html):
        _, closing, name, attributes = token.groups()
        if inside:
            if name == inside:
                depth += -1 if closing else 1
            if not depth:
                inside = ""
        elif name:
            if not closing and _CLASSES.search(attributes):
                inside, depth = name, 1
        elif not token[0].startswith("<"):
            parts.append(_with_links(token[0], glossary, used_terms))
            continue
        parts.append(token[0])
    return "".join(parts)


def _with_links(text: str, glossary: str, used_terms: set[str]) -> str:
    """A piece of text with links; adds the ids of its terms to `used_terms`."""
    parts: list[str] = []
    end = 0
    for match, term in uses(text):
        parts.append(text[end : match.start()])
        parts.append(
            match[0] if term in used_terms else _link(glossary, term, match[0])
        )
        used_terms.add(term)
        end = match.end()
    return "".join([*parts, text[end:]])


def _link(glossary: str, term: str, text: str) -> str:
    return f'<a class="term" href="{glossary}#{term}">{text}</a>'
