"""The fence `question`: a question to attempt before its answer opens."""

from markupsafe import Markup

from paradigms._schema import ContentError
from paradigms.site.content.claims import places
from paradigms.site.content.questions import (
    Question,
    QuestionText,
    derivations,
    of_topic,
    question_places,
    questions,
)
from paradigms.site.fences.cards import render_each
from paradigms.site.fences.highlighting import highlighted
from paradigms.site.fences.page import Fence, Page
from paradigms.site.templates.environment import render


class QuestionFence(Fence):
    """Questions with folded answers: those of `ids` in order, or all of a topic.

    With `spoken` the answers are open and without their questions: text to say aloud.
    """

    ids: list[str] = []
    topic: str = ""
    spoken: bool = False

    def render(self, page: Page) -> str:
        """One folded block per question, with the answer and its key points."""
        if bool(self.ids) == bool(self.topic):
            raise ContentError('a question fence takes ids = ["..."] or a topic')
        ids = self.ids or of_topic(self.topic)
        if not ids:
            raise ContentError(f"topic: no question of {self.topic!r} in the bank")
        card = _spoken if self.spoken else _question
        source = "question", "snippets/questions"
        return render_each(ids, questions(), card, page, source)


def _spoken(key: str, page: Page) -> Markup:
    answer = page.inline(questions()[key].answer)
    return Markup('<p class="spoken" id="{}">{}</p>').format(key, answer)


def _question(key: str, page: Page) -> Markup:
    question = questions()[key]
    text = question.text(page.inline)
    return render(
        "question.html",
        page=page,
        key=key,
        question=question,
        text=text,
        board=whiteboard(question, text, key),
        derivation=derivations().get(key),
        claim_places=places(),
        question_places=question_places(),
    )


def whiteboard(question: Question, text: QuestionText, key: str = "") -> Markup:
    """What a candidate writes: formulas, code, its bugs; empty without any.

    With `key` each block of code has an id of its own: the theme derives from it the
    name of the block that a button copies.
    """
    code = highlighted(question.code) if question.code else ""
    bugs = [(symptom, highlighted(listing)) for symptom, listing in text.bugs]
    return render(
        "whiteboard.html", key=key, code=code, formulas=text.formulas, bugs=bugs
    )
