"""The fence `question`: a question to attempt before its answer opens."""

from paradigms._schema import ContentError, Entry
from paradigms.site.content.claims import places
from paradigms.site.content.questions import (
    derivations,
    of_topic,
    question_places,
    questions,
)
from paradigms.site.fences.cards import render_each, verdict
from paradigms.site.fences.page import Page


class QuestionFence(Entry):
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
        unknown = [key for key in ids if key not in questions()]
        if unknown:
            raise ContentError(f"ids: no question {unknown[0]!r} in snippets/questions")
        card = _spoken if self.spoken else _question
        return page.anchored(render_each(ids, card, page, "snippets/questions"))


def _spoken(key: str, page: Page) -> str:
    return f'<p class="spoken" id="{key}">{page.inline(questions()[key].answer)}</p>'


def _question(key: str, page: Page) -> str:
    question = questions()[key]
    points = "".join(f"<li>{page.inline(point)}</li>" for point in question.key_points)
    wrong = (
        f'<p class="said">{verdict("wrong")} '
        f"<q>{page.inline(question.wrong_answer)}</q></p>"
        if question.wrong_answer
        else ""
    )
    evidence = [
        f'<a href="{page.link(places()[name])}">{name}</a>' for name in question.claims
    ]
    evidence += [page.evidence(question)] if question.status != "none" else []
    follow_ups = " · ".join(
        f'<a href="{page.link(question_places()[name])}">'
        f"{page.inline(questions()[name].question)}</a>"
        for name in question.follow_ups
    )
    follow_ups = f"<p>Often followed by: {follow_ups}</p>" if follow_ups else ""
    if key in derivations():
        derivation = f'<a href="{page.link(derivations()[key])}">line by line</a>'
        follow_ups = f"<p>Derived {derivation}</p>{follow_ups}"
    return (
        f'<details class="question" id="{key}"><summary>'
        f'<span class="level">{question.level}</span> '
        f'<span class="level">{question.kind}</span> '
        f"{page.inline(question.question)}</summary>"
        f"<p>{page.inline(question.answer)}</p>{wrong}"
        f"<p><strong>A strong answer contains</strong></p><ul>{points}</ul>{follow_ups}"
        f'<p class="evidence">{" · ".join(evidence)}</p></details>'
    )
