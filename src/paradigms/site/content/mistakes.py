"""Mistakes that the content records: where each is corrected, for the quiz to name.

A mistake is the id of a claim that does not hold, `S14`; the id of a question with a
wrong answer, `q19-svm`; a bug of its code, `objectives-shift/bug-1`, counted from 0; or
a wrong program of a whiteboard task, `top-k/zero-logits`.
"""

from paradigms.site.content.claims import claims
from paradigms.site.content.claims import places as claim_places
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.whiteboard import task_places, tasks
from paradigms.site.file_cache import cache


@cache
def mistakes() -> dict[str, str]:
    """What is wrong in each mistake, as it is recorded, by its name."""
    by_name = {
        key: claim.said for key, claim in claims().items() if claim.verdict != "holds"
    }
    for key, question in questions().items():
        if question.wrong_answer:
            by_name[key] = question.wrong_answer
        for number, bug in enumerate(question.bugs):
            by_name[f"{key}/bug-{number}"] = bug.symptom
    for name, task in tasks().items():
        for program in task.wrong:
            by_name[f"{name}/{program.name}"] = program.mistake
    return by_name


def mistake_place(name: str) -> str:
    """The page and anchor that correct a mistake: `q19/index.md#s01`."""
    if name in claims():
        return claim_places()[name]
    key = name.partition("/")[0]
    return question_places()[key] if key in questions() else task_places()[key]
