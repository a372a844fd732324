"""The verdict of a claim follows from the conditions and tests that it names."""

import pytest
from pydantic import ValidationError

from paradigms.site.content.claims import Claim, claims, verdict_problems

SAID = "GPT is a generative model."
RIGHT = "It scores texts and samples them, from left to right."
TRUE, FALSE = "systems/gpt2/scores = yes", "systems/gpt2/scores = no"


def claim(verdict: str, **keys: list[str]) -> Claim:
    """A claim about GPT-2 with some evidence."""
    return Claim(said=SAID, right=RIGHT, verdict=verdict, **keys)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (claim("holds", true_if=[TRUE]), None),
        (claim("wrong", true_if=[FALSE]), None),
        (claim("wrong", true_if=[TRUE, FALSE]), None),
        (claim("too simple"), None),
        (claim("opinion", measured=["systems"]), None),
        (claim("holds", true_if=[FALSE]), "does not hold: yes = no"),
        (claim("holds", true_if=[TRUE, FALSE]), "does not hold: yes = no"),
        (claim("wrong", true_if=[TRUE]), "all conditions hold: systems/gpt2/scores"),
        (claim("holds"), "'holds' needs conditions in true_if"),
        (claim("wrong"), "'wrong' needs conditions in true_if"),
        (claim("too simple", true_if=[TRUE]), "the verdict is too simple"),
        (claim("opinion", true_if=[TRUE]), "the verdict is opinion"),
        (claim("opinion", tests=["test_masks.py::test_x"]), "an opinion names no test"),
    ],
)
def test_a_verdict_follows_from_its_conditions(entry, message):
    """Each verdict with its evidence, and each fault with its message."""
    problems = verdict_problems(entry)
    assert [message in problem for problem in problems] == [True] * bool(message)


@pytest.mark.parametrize(
    "key", [key for key, entry in claims().items() if entry.true_if]
)
def test_the_opposite_verdict_is_a_finding(key):
    """Of every claim that holds or is wrong."""
    entry = claims()[key]
    other = {"holds": "wrong", "wrong": "holds"}[entry.verdict]
    assert verdict_problems(entry) == []
    assert verdict_problems(entry.model_copy(update={"verdict": other}))


@pytest.mark.parametrize(("key", "shortest"), [("said", 8), ("right", 20)])
def test_a_claim_says_something(key, shortest):
    """The shortest text that is accepted, and one that is a letter shorter."""
    texts = {"said": SAID, "right": RIGHT, "verdict": "opinion"}
    Claim(**texts | {key: "x" * shortest})
    with pytest.raises(ValidationError, match=f"at least {shortest} characters"):
        Claim(**texts | {key: "x" * (shortest - 1)})


def test_a_condition_is_checked_against_another_record():
    """A record measured again may turn a verdict round."""
    record = type("Record", (), {"rows": [{"name": "gpt2", "scores": "no"}]})
    entry = claim("holds", true_if=[TRUE])
    assert verdict_problems(entry, lambda _: record) == [
        f"{TRUE!r} does not hold: no = yes"
    ]
