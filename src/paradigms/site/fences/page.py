"""What a figure, table or card may ask of the page that it stands on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from paradigms.site.content.bibliography import label, split_citation
from paradigms.site.content.evidence import Evidence


@dataclass(frozen=True)
class Page:
    """Links that are right from this page, and Markdown inside generated HTML.

    `link` turns `q19/index.md#s01` into an address; `inline` turns a line of Markdown
    into HTML; `anchors` collects the ids that generated HTML brings, so that MkDocs can
    check links to them.
    """

    link: Callable[[str], str]
    inline: Callable[[str], str]
    anchors: set[str] = field(default_factory=set)

    def anchored(self, html: str) -> str:
        """The same HTML, with its ids noted as places that links may lead to."""
        self.anchors.update(re.findall(r'\bid="([^"]+)"', html))
        return html

    def cite(self, citation: str) -> str:
        """A link to the bibliography, named as in running text."""
        key, place = split_citation(citation)
        href = self.link(f"reference/bibliography.md#{key}")
        tail = f", {escape(place)}" if place else ""
        return f'<a class="cite" href="{href}">{escape(label(key))}</a>{tail}'

    def evidence(self, evidence: Evidence) -> str:
        """Everything that a statement rests on, as links."""
        parts = [
            f'<a href="{self.link(f"reference/evidence.md#{slug(name)}")}">'
            f"test: {escape(_plain(name))}</a>"
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


def _plain(test: str) -> str:
    return test.rpartition("::test_")[2].replace("_", " ")
