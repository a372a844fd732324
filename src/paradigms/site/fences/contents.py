"""The `contents` fence: the pages of a section, each with its level and its subject."""

from paradigms.site.content.navigation import section
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


class ContentsFence(Fence):
    """The body of a `contents` fence: the title of the section in mkdocs.yml.

    A page that says much besides has the list `folded`.
    """

    section: str
    folded: bool = False

    def render(self, page: Page) -> str:
        """A list of links; of a section below it only its index page."""
        return render(
            "contents.html",
            page=page,
            entries=section(self.section).entries,
            folded=self.folded,
        )
