"""What a follow-up has in common with its question, or why it comes next.

An id of another question is a valid follow-up, too. One that leads to an unrelated
question is noticed by what the two share.
"""

import re
from collections import Counter

from paradigms._schema import raise_findings
from paradigms.site.content.glossary import uses
from paradigms.site.content.questions import Question, questions
from paradigms.site.file_cache import cache

# A term in a larger share of the bank, such as token or loss, relates nearly any two.
LARGEST_SHARE = 0.04


def check_follow_ups() -> None:
    """Check each follow-up. Errors: FileError with all that share nothing."""
    problems = []
    for key, question in questions().items():
        problems += [
            f"{key}: follow-up {other!r} shares no topic, evidence or specific term: "
            "choose another one, or say why in follow_up_reasons"
            for other in question.follow_ups
            if other not in question.follow_up_reasons and not shared(key, other)
        ]
    raise_findings(f"snippets/questions: {problem}" for problem in problems)


def shared(key: str, other: str) -> set[str]:
    """What two questions have in common: topic, claims, evidence, specific terms."""
    return _subjects(key) & _subjects(other)


def _subjects(key: str) -> set[str]:
    question, counts = questions()[key], _counts()
    most = LARGEST_SHARE * len(questions())
    by_kind = {
        "topic": [question.topic],
        "claim": question.claims,
        "test": question.tests,
        "record": question.measured,
        "source": [source.partition(",")[0] for source in question.sources],
        "term": [term for term in _terms(key) if counts[term] <= most],
    }
    return {f"{kind} {name}" for kind, names in by_kind.items() for name in names}


@cache
def _counts() -> Counter[str]:
    """In how many questions each term occurs."""
    return Counter(term for key in questions() for term in _terms(key))


@cache
def _terms(key: str) -> frozenset[str]:
    return frozenset(term for _, term in uses(_text(questions()[key])))


def _text(question: Question) -> str:
    parts = question.question, question.answer, question.wrong_answer
    return re.sub(r"\$[^$]*\$", " ", " ".join([*parts, *question.key_points]))
