"""The quiz: a stem, one right option, and wrong ones that are recorded mistakes."""

import random

from pydantic import Field

from paradigms._schema import Entry, meant, raise_findings
from paradigms.site.content.files import source_files
from paradigms.site.content.mistakes import mistake_place, mistakes
from paradigms.site.content.questions import question_places, questions
from paradigms.site.content.toml import FOLDER, entries, read
from paradigms.site.file_cache import cache

LONGEST_OPTION = 60  # characters: two lines on a phone
LONGEST_TO_SHORTEST = 1.5  # nobody should guess by length


class Option(Entry):
    """What a reader may choose, and why it is right or wrong."""

    option: str = Field(min_length=3, max_length=LONGEST_OPTION)
    because: str = Field(min_length=20, max_length=220)


class WrongOption(Option):
    """An option that is wrong: the `mistake` is recorded elsewhere on the site."""

    mistake: str


class QuizItem(Entry):
    """One item: `card` is the question of the bank with its level, topic and page.

    The texts are Markdown without formulas, since a page shows them as plain text.
    """

    card: str
    stem: str = Field(min_length=20, max_length=200)
    right: Option
    wrong: list[WrongOption] = Field(min_length=2, max_length=3)

    @property
    def topic(self) -> str:
        """The topic of its question."""
        return questions()[self.card].topic

    @property
    def level(self) -> str:
        """The level of its question."""
        return questions()[self.card].level

    def options(self) -> list[tuple[Option, str]]:
        """The right option, then the wrong ones, each with the place that shows it."""
        right = self.right, question_places()[self.card]
        return [
            right,
            *((option, mistake_place(option.mistake)) for option in self.wrong),
        ]

    def findings(self) -> list[str]:
        """What is wrong with the item, one line each."""
        problems = []
        if self.card not in questions():
            hint = meant(self.card, questions())
            problems.append(f"card: no question {self.card!r} in the bank{hint}")
        for number, option in enumerate(self.wrong):
            if option.mistake not in mistakes():
                hint = meant(option.mistake, mistakes())
                where = f"wrong.{number}.mistake: no mistake {option.mistake!r}"
                problems.append(f"{where} is recorded{hint}")
        return problems + option_problems([self.right, *self.wrong])


def option_problems(options: list[Option]) -> list[str]:
    """What is wrong with the options beside each other: equal ones, their lengths."""
    problems = []
    for field in ("option", "because"):
        texts = [getattr(option, field).casefold() for option in options]
        if len({*texts}) < len(texts):
            problems.append(f"two options have the same {field}; write another")
    lengths = [len(option.option) for option in options]
    if max(lengths) > LONGEST_TO_SHORTEST * min(lengths):
        problems.append(
            f"the options have {', '.join(map(str, lengths))} characters; make the "
            f"longest at most {LONGEST_TO_SHORTEST} times the shortest"
        )
    if any("$" in option.option + option.because for option in options):
        problems.append("an option has a formula; write it in words")
    return problems


@cache
def quiz() -> dict[str, QuizItem]:
    """Every item by its id. Errors: ContentError with all findings of all files."""
    files = source_files(FOLDER / "quiz", "*.toml")
    items = entries(QuizItem, *files)
    places = {key: path.name for path in files for key in read(path)}
    raise_findings(
        f"snippets/quiz/{places[key]}: {key}: {finding}"
        for key, item in items.items()
        for finding in item.findings()
    )
    return items


def shuffle_options(key: str) -> list[tuple[Option, str]]:
    """The options of an item in an order that depends on its id alone."""
    options = quiz()[key].options()
    return random.Random(key).sample(options, len(options))
