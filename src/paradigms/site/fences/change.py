"""The fence `change`: what was said in 2020 and what is said today."""

from markupsafe import Markup

from paradigms.site.content.changes import NOW, THEN, changes
from paradigms.site.content.claims import places
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


class ChangeFence(Fence):
    """What was said in 2020 and what is said today, in the order of `ids`."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card per change: both sentences with their years, then the evidence."""
        source = "change", "snippets/changes.toml"
        return render_each(self.ids, changes(), _change, page, source)


def _change(key: str, page: Page) -> Markup:
    change = changes()[key]
    return render(
        "change.html",
        page=page,
        key=key,
        change=change,
        then=THEN,
        now=NOW,
        years=change.years(),
        places=places(),
    )
