"""The page, as its figures, tables and cards use it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from paradigms._schema import Entry
from paradigms.experiments.records import stems
from paradigms.site.content.bibliography import label, split_citation
from paradigms.site.content.evidence import Evidence
from paradigms.site.file_cache import cache
from paradigms.site.templates.environment import slug


@dataclass(frozen=True)
class Page:
    """Links relative to this page, and Markdown inside generated HTML.

    `link` turns `q19/index.md#s01` into an address; `inline` turns a line of Markdown
    into HTML; `anchors` collects the ids of generated HTML, so that MkDocs can check
    links to them.
    """

    link: Callable[[str], str]
    inline: Callable[[str], Markup]
    anchors: set[str] = field(default_factory=set)

    def anchored(self, html: str) -> str:
        """The same HTML; its ids are registered as link targets."""
        self.anchors.update(re.findall(r'\bid="([^"]+)"', html))
        return html

    def record(self, name: str) -> str:
        """The address of an experiment's page, or of a test on the evidence page."""
        if name in _experiments():
            return self.link(record_page(name))
        return self.link(f"reference/evidence.md#{slug(name)}")

    def cite(self, citation: str) -> Markup:
        """A link to the bibliography, named as in running text."""
        key, place = split_citation(citation)
        href = self.link(f"reference/bibliography.md#{key}")
        link = Markup('<a class="cite" href="{}">{}</a>').format(href, label(key))
        return link + f", {place}" if place else link

    def cite_all(self, citations: Iterable[str], separator: str = " · ") -> Markup:
        """Links to the bibliography with a separator between them."""
        return Markup(separator).join(map(self.cite, citations))

    def runs(self, evidence: Evidence) -> list[Markup]:
        """Links to the tests and the measurements of a statement."""
        labels = [(name, f"test: {_words(name)}") for name in evidence.tests]
        labels += [(name, f"measured: {name}") for name in evidence.measured]
        link = Markup('<a href="{}">{}</a>')
        return [link.format(self.record(name), label) for name, label in labels]

    def evidence(self, evidence: Evidence) -> list[Markup]:
        """The evidence for a statement, as links."""
        return [*self.runs(evidence), *map(self.cite, evidence.sources)]


@cache
def _experiments() -> set[str]:
    """As `stems`, read once a build: a folder is listed for every link else."""
    return stems()


def record_page(stem: str, row: str = "") -> str:
    """The page of an experiment's record below `docs/`, or a row of it."""
    return f"reference/evidence/{slug(stem)}.md{'#' * bool(row)}{slug(row)}"


class Fence(Entry):
    """The body of a fence, written in TOML; each kind of fence is a subclass."""

    def render(self, page: Page) -> str:
        """The HTML that a page shows in its place."""
        raise NotImplementedError


def _words(test: str) -> str:
    return test.rpartition("::test_")[2].replace("_", " ")
