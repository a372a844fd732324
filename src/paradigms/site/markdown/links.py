"""Patterns in running text that become links to pages of this site."""

from markdown.inlinepatterns import InlineProcessor


class Linking(InlineProcessor):
    """A pattern that makes links to pages of this site."""

    def address(self, target: str) -> str:
        """`reference/bibliography.md#key` as seen from the page being built."""
        if "relpath" not in self.md.treeprocessors:
            return self.md.link(target)  # inside generated HTML: the final address
        depth = self.md.treeprocessors["relpath"].file.src_uri.count("/")
        return "../" * depth + target  # on a page: MkDocs resolves and checks it
