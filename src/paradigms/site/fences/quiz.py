"""The fence `quiz`: items with folded answers, for a reader without scripts."""

from markupsafe import Markup

from paradigms._schema import ContentError
from paradigms.site.content.navigation import page_titles
from paradigms.site.content.questions import TOPICS, Level
from paradigms.site.content.quiz import quiz, shuffle_options
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


class QuizFence(Fence):
    """The items of a level, topic by topic in the order of the bank."""

    level: Level

    def render(self, page: Page) -> str:
        """A folded block per item, in it the answer with all explanations."""
        ids = [key for key, item in quiz().items() if item.level == self.level]
        if not ids:
            raise ContentError(f"level: no item of {self.level!r} in snippets/quiz")
        ids.sort(key=lambda key: TOPICS.index(quiz()[key].topic))
        source = "quiz item", "snippets/quiz"
        return render_each(ids, quiz(), _item, page, source)


def _item(key: str, page: Page) -> Markup:
    titles = page_titles()
    options = [
        (
            option,
            option is quiz()[key].right,
            place,
            titles[place.partition("#")[0]],
        )
        for option, place in shuffle_options(key)
    ]
    return render("quiz.html", page=page, key=key, item=quiz()[key], options=options)
