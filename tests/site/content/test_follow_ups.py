"""A follow-up has something in common with its question, or says why it comes next."""

import pytest

from paradigms._schema import FileError
from paradigms.site.content import follow_ups
from paradigms.site.content.follow_ups import check_follow_ups, shared
from paradigms.site.content.questions import questions


def test_every_follow_up_is_related():
    """Or has a reason."""
    check_follow_ups()


def test_what_two_questions_share():
    """Their topic; a rare term or a source, but not a frequent term."""
    assert "topic decoding" in shared("decoding-greedy", "decoding-beam")
    assert "term token" not in shared("bert-wordpiece", "q39-draw")
    most, counts = follow_ups.LARGEST_SHARE * len(questions()), follow_ups._counts()
    assert counts["token"] > most > counts["hallucination"] > 0


def test_an_unrelated_follow_up_is_an_error(monkeypatch):
    """With its id and both remedies; a reason is one of them."""
    question = questions()["decoding-greedy"]
    related = question.follow_ups

    def with_reasons(reasons: dict[str, str]) -> None:
        changed = question.model_copy(
            update={"follow_ups": [*related, "missing-practice"],
                    "follow_up_reasons": reasons}
        )  # fmt: skip
        bank = questions() | {"decoding-greedy": changed}
        monkeypatch.setattr(follow_ups, "questions", lambda: bank)

    with_reasons({})
    with pytest.raises(FileError) as error:
        check_follow_ups()
    assert str(error.value) == (
        "snippets/questions: decoding-greedy: follow-up 'missing-practice' shares no "
        "topic, evidence or specific term: choose another one, or say why in "
        "follow_up_reasons"
    )
    with_reasons({"missing-practice": "Both are about what is left out."})
    check_follow_ups()
