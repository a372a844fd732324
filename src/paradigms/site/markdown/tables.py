"""Tables of Markdown in a box that scrolls, like the generated ones."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markdown.treeprocessors import Treeprocessor
from markdown.util import ETX, STX

_MARKUP = re.compile(rf"{STX}[^{ETX}]*{ETX}|\\[()]")  # stashed HTML, marks of formulas


class TableBoxes(Treeprocessor):
    """Puts every table into a region that keyboards reach and screen readers name."""

    def run(self, root: ElementTree.Element) -> None:
        """Wrap each table; its name is made of its headings, and unique on the page."""
        counts: dict[str, int] = {}
        for parent, table in list(_tables(root)):
            label = _label(table)
            counts[label] = counts.get(label, 0) + 1
            if counts[label] > 1:
                label = f"{label} ({counts[label]})"
            box = ElementTree.Element(
                "div",
                {
                    "class": "table-box",
                    "tabindex": "0",
                    "role": "region",
                    "aria-label": label,
                },
            )
            box.tail, table.tail = table.tail, None
            parent[list(parent).index(table)] = box
            box.append(table)


def _tables(
    root: ElementTree.Element,
) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    for parent in root.iter():
        for child in parent:
            if child.tag == "table":
                yield parent, child


def _label(table: ElementTree.Element) -> str:
    texts = (_MARKUP.sub("", "".join(th.itertext())) for th in table.iter("th"))
    headings = (" ".join(text.split()) for text in texts)
    return f"Table: {', '.join(filter(None, headings))}"
