"""`[@devlin2019, section 3.1]`: a citation, linked to the bibliography."""

import re
from xml.etree import ElementTree

from markdown.util import AtomicString

from paradigms._schema import ContentError
from paradigms.site.content.bibliography import label, split_citation
from paradigms.site.markdown.errors import failure
from paradigms.site.markdown.links import Linking


class Citation(Linking):
    """`[@key]` or `[@key, place]`, named as in running text."""

    def handleMatch(  # type: ignore[override] # noqa: N802 - as InlineProcessor's
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002 - Markdown's signature
    ) -> tuple[ElementTree.Element, int, int]:
        """The link, and start and end of the match."""
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
