"""The fence `whiteboard`: tasks to write a program for, with tests to run."""

from markupsafe import Markup

from paradigms.site.content.navigation import page_titles
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.whiteboard import tasks
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.highlighting import highlighted
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


class WhiteboardFence(Fence):
    """The tasks of `ids` in order, each folded, with folded hints and solution."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """A folded block per task; the page needs no script to show all of it."""
        source = "whiteboard task", "snippets/whiteboard"
        cards = render_each(self.ids, tasks(), _task, page, source)
        sheet = page.link("stylesheets/whiteboard.css")
        return f'<link rel="stylesheet" href="{sheet}">{cards}'


def _task(key: str, page: Page) -> Markup:
    task = tasks()[key]
    links = [
        (question_places()[name].replace("#", "#ask-"), questions()[name].question)
        for name in task.questions
    ]
    links += [(path, page_titles().get(path, path)) for path in task.read]
    return render(
        "task.html",
        page=page,
        task=task,
        start=highlighted(task.start),
        example=highlighted(task.example),
        solution=highlighted(task.solution),
        links=links,
    )
