"""Python-Markdown extension: citations, numbers, formulas, abbreviations, terms.

`[@devlin2019, section 3.1]` becomes a link to the bibliography, and
`[=experiment/row/column]` the recorded number, linked to its record; `|interval` adds
its interval, `|percent` a share in percent, `|millions` a count in millions. A missing
source or number stops the
build. Formulas need no script and no font: the browser draws MathML. A page's first
use of a term links to the glossary. An output whose question is wrong stops the build,
and so does a fence of ours that is not rendered.
"""

from typing import Any

from markdown import Extension, Markdown
from markdown.extensions.abbr import AbbrExtension
from mkdocs.exceptions import BuildError

from paradigms._schema import FileError
from paradigms.site.content.pages import abbreviations
from paradigms.site.fences.kinds import KINDS
from paradigms.site.markdown.citations import Citation
from paradigms.site.markdown.glossary_links import GlossaryLinks
from paradigms.site.markdown.math import MathML
from paradigms.site.markdown.page_scripts import PageScripts
from paradigms.site.markdown.predictions import Predictions
from paradigms.site.markdown.recorded_numbers import Bars, Recorded
from paradigms.site.markdown.rendered_fences import BlocksInPage, BlocksInSource
from paradigms.site.markdown.tables import TableBoxes


class Abbreviations(AbbrExtension):
    """The words of each abbreviation, on every page.

    As definitions at the end of each page they took a sixth of a build: Markdown reads
    them one by one, and passes over the rest of the list for each.
    """

    def reset(self) -> None:
        """Read them when a page begins: MkDocs also makes extensions to check settings.

        Errors: BuildError if the file cannot be read.
        """
        try:
            self.glossary = abbreviations()
        except FileError as error:
            raise BuildError(str(error)) from None
        super().reset()


class InlineExtension(Extension):
    """Registers links before Markdown's own patterns, and formulas after arithmatex."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        Abbreviations().extendMarkdown(md)
        # Before fences (25), after what is included (32).
        md.preprocessors.register(Predictions(md), "predictions", 27)
        source = BlocksInSource(md, frozenset(KINDS))
        md.preprocessors.register(source, "blocks_in_source", 28)
        md.preprocessors.register(BlocksInPage(md, source), "blocks_in_page", 24)
        # Later than fences (25), whose content is not a table.
        md.preprocessors.register(Bars(md), "bars", 15)
        md.inlinePatterns.register(Citation(r"\[@([^\]]+)\]", md), "citation", 175)
        md.inlinePatterns.register(Recorded(r"\[=([^\]]+)\]", md), "recorded", 176)
        md.treeprocessors.register(MathML(md), "mathml", 15)
        # Headings are words by now (20), and formulas still TeX.
        md.treeprocessors.register(TableBoxes(md), "table_boxes", 16)
        # Last, when all HTML is in its place.
        md.postprocessors.register(GlossaryLinks(md), "glossary_links", 0)
        md.postprocessors.register(PageScripts(md), "page_scripts", -1)


def makeExtension(**options: Any) -> InlineExtension:  # noqa: N802 - Markdown's name
    """Entry point for Python-Markdown."""
    return InlineExtension(**options)
