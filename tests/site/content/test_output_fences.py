"""Outputs with a question: read, and refused with the reason if they are wrong."""

import pytest

from paradigms._schema import ContentError
from paradigms.site.content.output_fences import (
    TITLE,
    is_output,
    prediction,
    predictions,
)

CODE = "```python\nprint(1)\n```\n\n"
ASKS = 'data-guess="Which number is it?"'


def output(attributes: str = ASKS, body: str = "1\n") -> str:
    """An Output fence with attributes."""
    return f'```{{.text title="Output" {attributes}}}\n{body}```\n'


def test_a_question_is_read_with_its_choices():
    """Without choices the answer is in words; a plain output asks nothing."""
    text = CODE + output(f'{ASKS} data-choices="one | two"') + "\n" + CODE
    ((source, entry),) = predictions(f"{text}```{TITLE}\n1\n```\n")
    assert (entry.guess, entry.choices) == ("Which number is it?", ("one", "two"))
    assert source.startswith("```{.text")
    assert source.endswith("1\n```\n")
    ((_, words),) = predictions(CODE + output())
    assert words.choices == ()


def test_an_output_is_recognised_with_and_without_attributes():
    """By the tests of pages, by notebooks and by the reading time."""
    info = output().split("\n")[0].removeprefix("```")
    assert is_output(TITLE)
    assert is_output(info)
    assert not is_output(info.replace("Output", "Ouput"))
    assert not is_output("text")
    assert prediction("python") is prediction(TITLE) is None


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (CODE + output(body=""), "has no output"),
        (CODE + output(body="\n"), "has no output"),
        (output(), "not right below its code"),
        (f"{CODE}Then:\n\n{output()}", "not right below its code"),
        (CODE + output() + "\n" + CODE + output(), "twice"),
        (CODE + output('data-gues="Which?"'), r"unknown \(did you mean 'data-guess'"),
        (CODE + output(f"{ASKS} {ASKS}"), "stands twice"),
        (CODE + output('data-choices="a | b"'), "data-guess: field required"),
        (CODE + output(f'{ASKS} data-choices="a"'), "two to four different"),
        (CODE + output(f'{ASKS} data-choices="a | b | c | d | e"'), "two to four"),
        (CODE + output(f'{ASKS} data-choices="a | a"'), "two to four different"),
        (CODE + output(f'{ASKS} data-choices="a | "'), "at least 1 character"),
        (CODE + output('data-guess="Which number"'), "ending with ?"),
        (CODE + output(f'data-guess="{"x" * 120}?"'), "at most 120"),
        (CODE + output('data-guess="Is <b> it?"'), "< would be shown as it is"),
        (CODE + output('data-guess="Is $x$ it?"'), r"\$ would be shown as it is"),
        (CODE + output("data-guess=Which?"), "only an output has attributes"),
        (CODE + output().replace("Output", "Ouput"), "only an output has attributes"),
        (f"```{{.python {ASKS}}}\nprint(1)\n```\n", "only an output has attributes"),
        (f"```python {ASKS}\nprint(1)\n```\n", "only an output has attributes"),
    ],
)
def test_what_is_wrong_is_refused_with_its_fence(page, reason):
    """The error has the reason, and the source of the fence, from which its line."""
    with pytest.raises(ContentError, match=reason) as error:
        list(predictions(page))
    assert error.value.args[1] in page
    assert error.value.args[1].startswith("```")
