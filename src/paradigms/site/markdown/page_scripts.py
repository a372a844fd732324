"""What a page gets beside its text: the scripts of its tools, and its notebook.

Most pages have no tool, so the theme does not load them everywhere.
"""

import re
from posixpath import basename

from markdown.postprocessors import Postprocessor

from paradigms.site.content.pages import has_notebook, notebook_path
from paradigms.site.markdown.builder import RenderedPage, rendered_page

MOUNT = "javascripts/practice/mount.js"
GUESS = "javascripts/practice/guess.js"
GUESS_STYLE = "stylesheets/guess.css"


class PageScripts(Postprocessor):
    """Adds them to the finished HTML of a page; a part of one stays as it is."""

    def run(self, text: str) -> str:
        """A page with questions or a tool gets the script that puts the tools there."""
        page = rendered_page(self.md)
        if page is None or "</h1>" not in text:
            return text
        if 'class="question"' in text or "data-practice=" in text:
            text += f'<script defer src="{page.url(MOUNT)}"></script>'
        text = _with_predictions(text, page)
        if not has_notebook(page.source()):
            return text
        return with_notebook_link(text, notebook_path(page.path))


def _with_predictions(html: str, page: RenderedPage) -> str:
    """A page with outputs to predict gets the script that covers them and its style.

    The script is not deferred, so it covers before the page is drawn. It stands at the
    section of the first output: a browser draws what is above while it waits for the
    script, and the style of the title depends on the answer below it.
    """
    first = re.search(r'<div[^>]* data-guess="', html)
    if not first:  # in text it is an example
        return html
    script, style = page.url(GUESS), page.url(GUESS_STYLE)
    loaded = f'<link rel="stylesheet" href="{style}"><script src="{script}"></script>'
    place = max(html.rfind("<h2", 0, first.start()), 0)
    return html[:place] + loaded + html[place:]


def with_notebook_link(html: str, path: str) -> str:
    """A page's HTML with the link to its notebook: above its code, or below its title.

    A question page opens with the answer, and shows code in a section of its own.
    """
    show = re.search(r'<h2 id="show-it">.*?</h2>', html, re.S)
    end = show.end() if show else html.find("</h1>") + len("</h1>")
    link = (
        f'<p class="as-notebook" data-search-exclude><a href="{basename(path)}" '
        "download>Download this page as a notebook</a></p>"
    )
    return html[:end] + link + html[end:]
