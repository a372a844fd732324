"""The question bank: loaded and checked."""

import ast
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from paradigms._schema import Entry, meant, raise_findings
from paradigms.site.content.claims import claims
from paradigms.site.content.evidence import Evidence, unknown_names
from paradigms.site.content.files import source_files
from paradigms.site.content.pages import fences, ids_by_page, pages
from paradigms.site.content.toml import FOLDER, entries, read
from paradigms.site.file_cache import cache, cache_by_value

LONGEST_SPOKEN_ANSWER = 80  # words: half a minute at a calm pace
LONGEST_CODE = 24  # lines: what fits on a whiteboard
WIDEST_CODE = 50  # characters of a line: a phone shows 43
Level = Literal["junior", "mid", "senior"]
Kind = Literal[
    "concept", "derivation", "comparison", "trap", "whiteboard", "judgement", "numbers"
]
# In reading order; each has a page with all of its questions.
TOPICS = (
    "definitions and taxonomy",
    "probability and Bayes",
    "naive Bayes, logistic regression, LDA, SVM",
    "calibration, missing data and shift",
    "semi-supervised learning",
    "VAE, GAN, diffusion",
    "flows, energy and implicit models",
    "likelihood of language models",
    "masked diffusion language models",
    "attention masks",
    "cache, cost and memory",
    "decoding",
    "training objectives",
    "BERT and its family",
    "GPT, LLaMA and today's decoders",
    "encoder-decoders and hybrids",
    "embeddings and retrieval",
    "in-context learning, instruction tuning, scaling and emergence",
    "choosing a model for a job",
    "system design with both kinds of model",
    "history of the two paradigms",
)


def _check_length(answer: str) -> str:
    words = len(answer.split())
    if words > LONGEST_SPOKEN_ANSWER:
        raise ValueError(
            f"has {words} words; at most {LONGEST_SPOKEN_ANSWER} are spoken"
        )
    return answer


def check_topic(topic: str) -> str:
    """The topic. Errors: ValueError if the bank has none of this name."""
    if topic not in TOPICS:
        hint = meant(topic, TOPICS)
        raise ValueError(f"is no topic of the bank{hint}; they stand in questions.py")
    return topic


def _check_code(code: str) -> str:
    """The code without blank lines around it. Errors: ValueError with the line."""
    code = code.strip("\n")
    lines = code.split("\n")
    if len(lines) > LONGEST_CODE:
        raise ValueError(f"has {len(lines)} lines; a whiteboard holds {LONGEST_CODE}")
    _check_width(code)
    check_python(code)
    return code


def _check_width(code: str) -> None:
    for number, line in enumerate(code.split("\n"), 1):
        if len(line) > WIDEST_CODE:
            width = f"{len(line)} characters"
            raise ValueError(f"line {number} has {width}, at most {WIDEST_CODE}")


def check_python(code: str) -> str:
    """The code itself. Errors: ValueError with the line that is not Python."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno} is not Python: {error.msg}") from None
    return code


class Bug(Entry):
    """A common mistake in the code of a whiteboard answer, and what reveals it.

    `correct` is a part of the code, and `wrong` what people write there; nothing if
    they leave it out. `check` is run after the code: it fails if the bug is in it.
    """

    symptom: str = Field(min_length=10)
    correct: str = Field(min_length=1)
    wrong: str
    check: Annotated[str, AfterValidator(_check_code)]

    @property
    def listing(self) -> str:
        """All three as one piece of code, each below a comment that names it."""
        parts = {
            "wrong" if self.wrong else "wrong: left out": self.wrong,
            "correct": self.correct,
            "check": self.check,
        }
        return "\n".join(
            f"# {name}\n{textwrap.dedent(code)}".strip() for name, code in parts.items()
        )

    def problems(self, code: str) -> list[str]:
        """Why this bug cannot be put into the code, or is not checked."""
        if (count := code.count(self.correct)) != 1:
            return [f"correct: {self.correct!r} is {count} times in the code, not once"]
        try:
            _check_width(self.wrong)
            check_python(code.replace(self.correct, self.wrong))
        except ValueError as error:
            return [f"wrong: {error}"]
        nodes = ast.walk(ast.parse(self.check))
        asserts = any(isinstance(node, ast.Assert) for node in nodes)
        return [] if asserts else ["check: asserts nothing"]


class Question(Evidence):
    """One interview question with the answer to say aloud and what it must contain.

    A trap quotes the usual wrong answer and names a claim, test or result against it.
    What a candidate writes on the whiteboard is `code`, `formulas` in TeX, or both.
    Code has the two or three `bugs` that are common in it.
    `follow_up_reasons`: why a follow-up comes next, by its id, if it shares neither
    topic nor evidence nor a specific term: see `follow_ups.py`.
    """

    topic: Annotated[str, AfterValidator(check_topic)]
    level: Level
    kind: Kind
    question: str = Field(min_length=10)
    answer: Annotated[str, AfterValidator(_check_length)]
    code: Annotated[str, AfterValidator(_check_code)] = ""
    bugs: list[Bug] = []
    formulas: list[str] = []
    key_points: list[str] = Field(min_length=2, max_length=6)
    wrong_answer: str = ""
    claims: list[str] = []
    follow_ups: list[str] = []
    follow_up_reasons: dict[str, Annotated[str, Field(min_length=15)]] = {}

    def text(self, convert: Callable[[str], str]) -> "QuestionText":
        """Everything that a reader sees, each line of Markdown converted."""
        return QuestionText(
            question=convert(self.question),
            answer=convert(self.answer),
            formulas=[convert(f"$${tex}$$") for tex in self.formulas],
            bugs=[(convert(bug.symptom), bug.listing) for bug in self.bugs],
            key_points=[convert(point) for point in self.key_points],
            wrong_answer=convert(self.wrong_answer),
            follow_ups={
                key: convert(questions()[key].question) for key in self.follow_ups
            },
        )


@dataclass(frozen=True)
class QuestionText:
    """A question as an output shows it; `follow_ups` by their ids.

    Each of the `bugs` is its symptom and its listing.
    """

    question: str
    answer: str
    formulas: list[str]
    bugs: list[tuple[str, str]]
    key_points: list[str]
    wrong_answer: str
    follow_ups: dict[str, str]


@cache
def questions() -> dict[str, Question]:
    """Every question by its id. Errors: ContentError with all findings of all files."""
    files = source_files(FOLDER / "questions", "*.toml")
    bank = entries(Question, *files)
    problems = []
    for key, question in bank.items():
        findings = [*question.findings(), *trap_problems(question)]
        findings += board_problems(question) + bug_problems(question)
        findings += unknown_names("follow-up", question.follow_ups, bank)
        findings += [
            f"follow_up_reasons: {other!r} is no follow-up"
            for other in question.follow_up_reasons
            if other not in question.follow_ups
        ]
        findings += unknown_names("claim", question.claims, claims())
        if not question.claims and question.status == "none":
            findings.append("has no evidence; name a claim, a test or a source")
        problems += [f"{_file(key, files)}: {key}: {finding}" for finding in findings]
    raise_findings(problems)
    return bank


def _file(key: str, files: list[Path]) -> str:
    """The file that has the question, to begin an error with."""
    name = next(path.name for path in files if key in read(path))
    return f"snippets/questions/{name}"


def trap_problems(question: Question) -> list[str]:
    """What a question of kind trap lacks."""
    if question.kind != "trap":
        return []
    problems = [] if question.wrong_answer else ["a trap needs its wrong_answer"]
    if not (question.claims or question.runs):
        problems.append("a trap needs a claim, a test or a measurement that shows it")
    return problems


def board_problems(question: Question) -> list[str]:
    """What a question lacks that is answered on the whiteboard."""
    if question.kind != "whiteboard" or question.code or question.formulas:
        return []
    return ["a whiteboard answer shows code or formulas; write one of the two"]


def bug_problems(question: Question) -> list[str]:
    """What is wrong with the common bugs of a whiteboard answer."""
    if len(question.bugs) not in ((2, 3) if question.code else (0,)):
        return [f"has {len(question.bugs)} bugs; code has two or three, and only code"]
    return [
        f"bugs.{number}.{problem}"
        for number, bug in enumerate(question.bugs)
        for problem in bug.problems(question.code)
    ]


@cache_by_value
def question_places() -> dict[str, str]:
    """The page and anchor of each question: `q19/index.md#q19-data`.

    A page that names the question takes precedence over the page of its topic.
    """
    by_topic = {
        key: f"{topic_places()[entry.topic]}#{key}"
        for key, entry in questions().items()
        if entry.topic in topic_places()
    }
    return by_topic | {key: f"{page}#{key}" for key, page in ids_by_page("question")}


@cache_by_value
def topic_places() -> dict[str, str]:
    """The page with all questions of each topic: `practice/decoding.md`."""
    by_topic = {
        str(keys["topic"]): page for keys, page in fences("question") if "topic" in keys
    }
    return {topic: by_topic[topic] for topic in TOPICS if topic in by_topic}


@cache_by_value
def derivations() -> dict[str, str]:
    """The line-by-line derivation of a question: `practice/x.md#derive-its-id`."""
    return {
        key: f"{page}#derive-{key}"
        for page, text in pages().items()
        for key in re.findall(r"#derive-([a-z0-9-]+) ", text)
    }


def of_topic(topic: str) -> list[str]:
    """The ids of a topic's questions, junior before senior, else in file order."""
    return list(_ids_by_topic().get(topic, []))


@cache
def _ids_by_topic() -> dict[str, list[str]]:
    """The ids of every topic; sorted once, as the number of topics grows too."""
    levels = get_args(Level)
    bank = questions()
    ids: dict[str, list[str]] = {}
    for key in sorted(bank, key=lambda key: levels.index(bank[key].level)):
        ids.setdefault(bank[key].topic, []).append(key)
    return ids
