"""Output fences: what code prints, and the question that a reader answers before.

    ```text title="Output"
    ```{.text title="Output" data-guess="Which is lower?" data-choices="GPT's | BERT's"}

The second form keeps the output covered until the reader has answered: with one of
the choices, which `|` separates, or in words if there are none.  Attributes in braces
are those of superfences and `attr_list`; without our script the output is shown.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from paradigms._schema import ContentError, Entry, meant, validate
from paradigms.site.content.fenced_blocks import fenced_blocks

TITLE = 'text title="Output"'

_WITH_ATTRIBUTES = re.compile(
    r'\{\.text title="Output"(?P<attributes>( [\w-]+="[^"]*")+)\}'
)
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_MARKUP = re.compile(r"[<>&`$\\{}]")


def _plain(text: str) -> str:
    if match := _MARKUP.search(text):
        raise ValueError(f"{match[0]} would be shown as it is: write plain words")
    return text


def _question(text: str) -> str:
    if not text.endswith("?") or len(text) > 120:
        raise ValueError("write one question of at most 120 characters, ending with ?")
    return _plain(text)


def _different(choices: tuple[str, ...]) -> tuple[str, ...]:
    if choices and not (2 <= len(choices) <= 4 and len({*choices}) == len(choices)):
        raise ValueError("write two to four different choices, with | between them")
    return choices


class Prediction(Entry):
    """What a reader predicts before an output is shown; no choices: in words."""

    guess: Annotated[str, AfterValidator(_question)] = Field(alias="data-guess")
    choices: Annotated[
        tuple[Annotated[str, Field(min_length=1), AfterValidator(_plain)], ...],
        AfterValidator(_different),
    ] = Field(default=(), alias="data-choices")


def is_output(info: str) -> bool:
    """Whether a fence with this info string shows what the code above it prints."""
    return info == TITLE or _WITH_ATTRIBUTES.fullmatch(info) is not None


def prediction(info: str) -> Prediction | None:
    """The prediction that an output asks for; None if it is shown at once.

    Errors: ContentError for attributes that are wrong, or of another kind of fence.
    """
    if not info.startswith("{") and "data-" not in info:
        return None
    match = _WITH_ATTRIBUTES.fullmatch(info)
    if match is None:
        raise ContentError(
            "only an output has attributes: write "
            '```{.text title="Output" data-guess="Which is larger?"}'
        )
    values: dict[str, str | list[str]] = {}
    names = [field.alias or "" for field in Prediction.model_fields.values()]
    for name, value in _ATTRIBUTE.findall(match["attributes"]):
        if name not in names or name in values:
            reason = (
                "stands twice" if name in values else f"unknown{meant(name, names)}"
            )
            raise ContentError(f"the attribute {name} of this output: {reason}")
        values[name] = value
    if "data-choices" in values:
        choices = str(values["data-choices"]).split("|")
        values["data-choices"] = [choice.strip() for choice in choices]
    return validate(Prediction, values, "output")


def predictions(markdown: str) -> Iterator[tuple[str, Prediction]]:
    """Each prediction of a page with the source of its fence.

    Errors: ContentError whose second argument is the source of the wrong fence.
    """
    questions: set[str] = set()
    before, end = "", 0
    for block in fenced_blocks(markdown):
        source = markdown[block.start : block.end]
        try:
            entry = prediction(block.info)
            if entry:
                below = before == "python" and not markdown[end : block.start].strip()
                _check(entry, block.body, below, questions)
                yield source, entry
        except ContentError as error:
            raise ContentError(str(error), source) from None
        before, end = block.info, block.end


def _check(entry: Prediction, body: str, below: bool, questions: set[str]) -> None:
    """Errors: ContentError for a question without output, or asked twice on a page."""
    if not body.strip():
        raise ContentError("this question has no output: run pytest --update-outputs")
    if not below:
        raise ContentError("this output with a question is not right below its code")
    if entry.guess in questions:
        raise ContentError(f"the page asks {entry.guess!r} twice")
    questions.add(entry.guess)
