"""Claims and questions as the reader sees them."""

from collections.abc import Callable

from paradigms.changes import NOW, THEN, changes
from paradigms.claims import claims, places
from paradigms.evidence import Evidence
from paradigms.grounds import grounds
from paradigms.page import Page, slug
from paradigms.questions import derivations, of_topic, question_places, questions
from paradigms.snippets import ContentError, Entry

_SIGN = {"holds": "✓", "too simple": "≈", "wrong": "✗", "opinion": "?"}


class ClaimCards(Entry):
    """Claims in their corrected form, in the order given."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card a claim: what is said, the verdict, what is right, the grounds."""
        unknown = [key for key in self.ids if key not in claims()]
        if unknown:
            raise ContentError(f"ids: no claim {unknown[0]!r} in snippets/claims")
        return page.anchored(_each(self.ids, _claim, page, "snippets/claims"))


class QuestionCards(Entry):
    """Questions to attempt before their answers open: in the order given, or a topic's.

    With `spoken` the answers stand open, without their questions: text to say aloud.
    """

    ids: list[str] = []
    topic: str = ""
    spoken: bool = False

    def render(self, page: Page) -> str:
        """One closed block a question; it opens on the answer and its key points."""
        if bool(self.ids) == bool(self.topic):
            raise ContentError('a question fence takes ids = ["..."] or a topic')
        ids = self.ids or of_topic(self.topic)
        if not ids:
            raise ContentError(f"topic: no question of {self.topic!r} in the bank")
        unknown = [key for key in ids if key not in questions()]
        if unknown:
            raise ContentError(f"ids: no question {unknown[0]!r} in snippets/questions")
        card = _spoken if self.spoken else _question
        return page.anchored(_each(ids, card, page, "snippets/questions"))


class ChangeCards(Entry):
    """What was said in 2020 and what is said today, in the order given."""

    ids: list[str]

    def render(self, page: Page) -> str:
        """One card a change: both sentences with their years, then the evidence."""
        unknown = [key for key in self.ids if key not in changes()]
        if unknown:
            raise ContentError(
                f"ids: no change {unknown[0]!r} in snippets/changes.toml"
            )
        return page.anchored(_each(self.ids, _change, page, "snippets/changes.toml"))


def _each(
    ids: list[str], card: Callable[[str, Page], str], page: Page, folder: str
) -> str:
    """The cards of all entries; what is wrong with one is said with its id."""
    cards = []
    for key in ids:
        try:
            cards.append(card(key, page))
        except ContentError as error:
            raise ContentError(f"{folder}: {key}: {error}") from None
    return "".join(cards)


def verdict(word: str) -> str:
    """A verdict with its sign: the colour only repeats what the word says."""
    return f'<span class="verdict {slug(word)}">{_SIGN[word]} {word}</span>'


def _claim(key: str, page: Page) -> str:
    claim = claims()[key]
    return (
        f'<div class="claim {slug(claim.verdict)}" id="{key.lower()}">'
        f'<p class="said">{verdict(claim.verdict)} <q>{page.inline(claim.said)}</q></p>'
        f"<p>{page.inline(claim.right)}</p>"
        f'<details class="evidence"><summary>{key} · {claim.status} · evidence'
        f"</summary>{grounds(claim, page)}</details></div>"
    )


def _change(key: str, page: Page) -> str:
    change = changes()[key]
    first, last = change.years()
    years = str(first) if first == last else f"{first} to {last}"
    changed_by = " · ".join(map(page.cite, change.sources))
    here = [page.evidence(Evidence(tests=change.tests, measured=change.measured))]
    here += [
        f'<a href="{page.link(places()[name])}">{name}</a>' for name in change.claims
    ]
    return (
        f'<dl class="change" id="{key}"><dt>{THEN} <span class="level">{change.topic}'
        f"</span></dt><dd><q>{page.inline(change.said)}</q>"
        f'<p class="evidence">{" · ".join(map(page.cite, change.then))}</p></dd>'
        f"<dt>{NOW}</dt><dd>{page.inline(change.now)}"
        f'<p class="evidence">Changed by work of {years}: {changed_by}<br>'
        f"Here: {' · '.join(here)}</p></dd></dl>"
    )


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
    grounds = [
        f'<a href="{page.link(places()[name])}">{name}</a>' for name in question.claims
    ]
    grounds += [page.evidence(question)] if question.status != "none" else []
    further = " · ".join(
        f'<a href="{page.link(question_places()[name])}">'
        f"{page.inline(questions()[name].question)}</a>"
        for name in question.follow_ups
    )
    further = f"<p>Often followed by: {further}</p>" if further else ""
    if key in derivations():
        lines = f'<a href="{page.link(derivations()[key])}">line by line</a>'
        further = f"<p>Derived {lines}</p>{further}"
    return (
        f'<details class="question" id="{key}"><summary>'
        f'<span class="level">{question.level}</span> '
        f'<span class="level">{question.kind}</span> '
        f"{page.inline(question.question)}</summary>"
        f"<p>{page.inline(question.answer)}</p>{wrong}"
        f"<p><strong>A strong answer contains</strong></p><ul>{points}</ul>{further}"
        f'<p class="evidence">{" · ".join(grounds)}</p></details>'
    )
