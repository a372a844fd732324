"""The `table` fence: comparison tables, and the generated tables of the reference."""

from markupsafe import Markup

from paradigms._schema import ContentError
from paradigms.masks import parse
from paradigms.site.content.claims import places
from paradigms.site.content.comparison_tables import SIZE, Cell, comparison, names
from paradigms.site.drawing import svg
from paradigms.site.fences.page import Fence, Page
from paradigms.site.fences.reference_tables import GENERATED
from paradigms.site.templates.environment import render


class TableFence(Fence):
    """The body of a `table` fence: the table's name, and what the reader should see."""

    name: str
    caption: str = ""

    def render(self, page: Page) -> str:
        """The table element inside a box that scrolls on narrow screens."""
        if self.name in GENERATED:
            table = GENERATED[self.name]
            template, values = self.name, {**vars(table), **table.values()}
        elif self.name in names():
            template, values = "comparison", _comparison(self.name)
        else:
            available = ", ".join(sorted([*GENERATED, *names()]))
            raise ContentError(f"name: no table {self.name!r}; known are {available}")
        html = render(
            f"tables/{template}.html", page=page, caption=self.caption, **values
        )
        return page.anchored(html)


def _comparison(name: str) -> dict[str, object]:
    return {
        **comparison(name).model_dump(include={"title", "columns"}),
        "rows": comparison(name).rows,
        "layout": "",
        "places": places(),
        "thumbnail": thumbnail,
    }


def thumbnail(cell: Cell) -> Markup:
    """The small mask of a cell; empty if the cell has none."""
    return Markup(svg.thumbnail(parse(cell.mask), SIZE) if cell.mask else "")
