"""Patterns in running text that become links to pages of this site."""

from markdown.inlinepatterns import InlineProcessor

from paradigms.site.markdown.builder import rendered_page


class Linking(InlineProcessor):
    """A pattern that makes links to pages of this site."""

    def address(self, target: str) -> str:
        """`reference/bibliography.md#key` as seen from the page being built."""
        page = rendered_page(self.md)
        if page is None:
            return target  # inside generated HTML: the adapter resolves it
        depth = page.path.count("/")
        return "../" * depth + target  # on a page: the builder resolves and checks it
