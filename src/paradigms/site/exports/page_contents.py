"""The contents of a page of questions: its levels, below each its questions."""

from html import escape
from itertools import groupby

from mkdocs.structure.toc import AnchorLink

from paradigms.site.content.questions import of_topic, questions, topic_places
from paradigms.site.markdown.adapter import as_text


def page_contents(path: str) -> list[AnchorLink]:
    """The questions of the page of a topic by level; empty for other pages.

    A link leads to the question and leaves its answer closed.
    """
    topics = [topic for topic, page in topic_places().items() if page == path]
    keys = [key for topic in topics for key in of_topic(topic)]
    groups = []
    for level, of_level in groupby(keys, key=lambda key: questions()[key].level):
        links = [_link(key) for key in of_level]
        group = AnchorLink(f"{level.capitalize()}: {len(links)}", links[0].id, 2)
        group.children = links
        groups.append(group)
    return groups


def _link(key: str) -> AnchorLink:
    """A link to a question. The theme shows a title as HTML, so it is escaped."""
    title = escape(as_text(questions()[key].question), quote=False)
    return AnchorLink(title, f"ask-{key}", 3)
