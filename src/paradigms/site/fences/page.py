"""The page, as its figures, tables and cards use it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from paradigms.site.content.bibliography import label, split_citation
from paradigms.site.content.evidence import Evidence


@dataclass(frozen=True)
class Page:
    """Links relative to this page, and Markdown inside generated HTML.

    `link` turns `q19/index.md#s01` into an address; `inline` turns a line of Markdown
    into HTML; `anchors` collects the ids of generated HTML, so that MkDocs can check
    links to them.
    """

    link: Callable[[str], str]
    inline: Callable[[str], str]
    anchors: set[str] = field(default_factory=set)

    def anchored(self, html: str) -> str:
        """The same HTML; its ids are registered as link targets."""
        self.anchors.update(re.findall(r'\bid="([^"]+)"', html))
        return html

    def cite(self, citation: str) -> str:
        """A link to the bibliography, named as in running text."""
        key, place = split_citation(citation)
        href = self.link(f"reference/bibliography.md#{key}")
        tail = f", {escape(place)}" if place else ""
        return f'<a class="cite" href="{href}">{escape(label(key))}</a>{tail}'

    def evidence(self, evidence: Evidence) -> str:
        """The evidence for a statement, as links."""
        parts = [
            f'<a href="{self.link(f"reference/evidence.md#{slug(name)}")}">'
            f"test: {escape(_words(name))}</a>"
            for name in evidence.tests
        ]
        parts += [
            f'<a href="{self.link(f"reference/evidence.md#{slug(name)}")}">'
            f"measured: {escape(name)}</a>"
            for name in evidence.measured
        ]
        parts += [self.cite(citation) for citation in evidence.sources]
        return " · ".join(parts)


def slug(text: str) -> str:
    """Text as an anchor: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _words(test: str) -> str:
    return test.rpartition("::test_")[2].replace("_", " ")
