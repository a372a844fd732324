"""The question bank: loaded and checked."""

from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from paradigms.claims import claims
from paradigms.evidence import Evidence, dead
from paradigms.snippets import FOLDER, ContentError, entries, placed

LONGEST_SPOKEN_ANSWER = 80  # words: half a minute at a calm pace


def _speakable(answer: str) -> str:
    words = len(answer.split())
    if words > LONGEST_SPOKEN_ANSWER:
        raise ValueError(
            f"has {words} words; at most {LONGEST_SPOKEN_ANSWER} are spoken"
        )
    return answer


class Question(Evidence):
    """One interview question with the answer to say aloud and what it must contain."""

    topic: str
    level: Literal["junior", "mid", "senior"]
    question: str = Field(min_length=10)
    answer: Annotated[str, AfterValidator(_speakable)]
    key_points: list[str] = Field(min_length=2, max_length=6)
    wrong_answer: str = ""
    claims: list[str] = []
    follow_ups: list[str] = []


@cache
def questions() -> dict[str, Question]:
    """Every question by its id. Errors: ContentError with all findings of all files."""
    bank = entries(Question, *sorted((FOLDER / "questions").glob("*.toml")))
    problems = []
    for key, question in bank.items():
        findings = question.findings()
        findings += dead("follow-up", question.follow_ups, bank)
        findings += dead("claim", question.claims, claims())
        if not question.claims and question.status == "none":
            findings.append("has no evidence; name a claim, a test or a source")
        problems += [f"snippets/questions: {key}: {finding}" for finding in findings]
    if problems:
        raise ContentError("\n".join(problems))
    return bank


@cache
def question_places() -> dict[str, str]:
    """Where each question stands: `q19/index.md#q19-data`; the last page counts."""
    return {key: f"{page}#{key}" for key, page in placed("question")}
