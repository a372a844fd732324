"""Patterns in running text that become links to pages of this site."""

from markdown.inlinepatterns import InlineProcessor

from paradigms.site.markdown.errors import page_file


class Linking(InlineProcessor):
    """A pattern that makes links to pages of this site."""

    def address(self, target: str) -> str:
        """`reference/bibliography.md#key` as seen from the page being built."""
        file = page_file(self.md)
        if file is None:
            return target  # inside generated HTML: the adapter resolves it
        depth = file.src_uri.count("/")
        return "../" * depth + target  # on a page: MkDocs resolves and checks it
