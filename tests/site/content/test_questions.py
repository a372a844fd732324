"""The question bank: each question can be found, answered and graded, once."""

import re
import tomllib
from itertools import combinations

import pytest

from paradigms._schema import ContentError
from paradigms.site.content import questions as question_bank
from paradigms.site.content.claims import claims
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import (
    TOPICS,
    Question,
    derivations,
    of_topic,
    question_places,
    questions,
    topic_places,
    trap_problems,
)
from paradigms.site.content.toml import entries
from paradigms.site.fences.question import QuestionFence

ENTRY = """
[x]
topic = "decoding"
level = "junior"
kind = "concept"
question = "What is it, then?"
answer = "It is this."
key_points = ["a", "b"]
"""


def words(text: str) -> set[str]:
    """The words of a question of more than three letters."""
    tokens = re.findall(r"[a-z0-9]+", text.lower())
    return {word for word in tokens if len(word) > 3}


def alike(one: str, other: str) -> float:
    """Jaccard similarity of the words of two questions."""
    a, b = words(one), words(other)
    return len(a & b) / max(len(a | b), 1)


def test_every_topic_has_a_page_that_asks_all_of_it():
    """No topic without questions, no question without a page."""
    assert tuple(topic_places()) == TOPICS
    assert all(of_topic(topic) for topic in TOPICS)
    assert set(question_places()) == set(questions())
    assert topic_places()["decoding"] == "practice/decoding.md"


def test_junior_questions_come_first():
    """On a topic's page, questions are ordered from junior to senior."""
    for topic in TOPICS:
        levels = [questions()[key].level for key in of_topic(topic)]
        assert levels == sorted(levels, key=["junior", "mid", "senior"].index)


def test_no_two_questions_are_alike():
    """Fewer than seven words in ten are shared by any two."""
    pairs = [
        (a, b)
        for (a, one), (b, other) in combinations(questions().items(), 2)
        if alike(one.question, other.question) >= 0.7
    ]
    assert pairs == []


def test_a_second_copy_would_be_noticed():
    """Negative control: the same words in another order, and another question."""
    question = "Why does a causal product sum to one over all texts?"
    assert (
        alike(question, "Over all texts, why does a causal product sum to one?") > 0.9
    )
    assert alike(question, "Why is nucleus sampling cut at a share?") < 0.3


def test_every_trap_names_what_shows_it():
    """The usual answer, and a claim, test or measurement against it."""
    traps = [entry for entry in questions().values() if entry.kind == "trap"]
    assert len(traps) >= 5
    assert all(trap_problems(entry) == [] for entry in traps)
    fields = tomllib.loads(ENTRY)["x"] | {"kind": "trap"}
    assert trap_problems(Question(**fields)) == [
        "a trap needs its wrong_answer",
        "a trap needs a claim, a test or a measurement that shows it",
    ]


def test_key_points_can_be_graded_one_by_one():
    """No key point is repeated, and none is longer than 30 words."""
    for key, entry in questions().items():
        assert len(set(entry.key_points)) == len(entry.key_points), key
        assert all(len(point.split()) <= 30 for point in entry.key_points), key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"decoding"', '"decodin"', r"topic: is no topic.*did you mean 'decoding'"),
        ('"concept"', '"riddle"', "kind: input should be 'concept', 'derivation'"),
        ('["a", "b"]', '["a"]', "key_points: list should have at least 2 items"),
        ("level", "colour", "colour: unknown key; known are"),
        ('kind = "concept"\n', "", "kind: field required"),
    ],
)
def test_a_bad_entry_is_named_with_its_field(old, new, message, tmp_path):
    """File, id and field, in a line that says what is allowed."""
    path = tmp_path / "bank.toml"
    path.write_text(ENTRY.replace(old, new))
    with pytest.raises(ContentError, match=rf"bank.toml: x: .*?{message}"):
        entries(Question, path)


def test_a_fence_asks_for_ids_or_for_a_topic():
    """Neither, both, or a topic without questions: one line."""
    for keys in ({}, {"ids": ["q19-data"], "topic": "decoding"}):
        with pytest.raises(ContentError, match="takes ids = "):
            QuestionFence(**keys).render(None)
    with pytest.raises(ContentError, match="topic: no question of 'cooking'"):
        QuestionFence(topic="cooking").render(None)


def test_ids_are_plain():
    """Ids are lower case with hyphens, so that they can be permanent anchors."""
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", key) for key in questions())


def test_claims_that_no_question_asks_about():
    """There are none: a question asks about every claim of the ledger."""
    claim_ids = {name for entry in questions().values() for name in entry.claims}
    assert sorted(set(claims()) - claim_ids) == []


def other_headings(texts: dict[str, str]) -> list[str]:
    """Headings of derivations that do not ask their question in its words."""
    headings = (
        (key, heading)
        for text in texts.values()
        for heading, key in re.findall(r"^## (.+) \{ #derive-([a-z0-9-]+) ", text, re.M)
    )
    return [key for key, heading in headings if heading != questions()[key].question]


def test_a_derivation_is_headed_by_its_question():
    """Negative control: a question that is worded anew."""
    assert len(derivations()) > 50
    assert other_headings(pages()) == []
    key, place = next(iter(derivations().items()))
    page = place.partition("#")[0]
    reworded = pages()[page].replace(questions()[key].question, "Derive something.")
    assert other_headings({page: reworded}) == [key]


def test_every_derivation_is_worked_line_by_line():
    """A question that asks for a derivation has one; each derivation has a question."""
    keys = {key for key, entry in questions().items() if entry.kind == "derivation"}
    assert keys <= set(derivations()) <= set(questions())
    assert len(keys) >= 20


def test_the_bank_is_gone_through_once_for_all_topics(monkeypatch):
    """A loop for each topic would be quadratic, as the number of topics grows too."""
    calls = []

    def counted():
        calls.append(1)
        return questions()

    monkeypatch.setattr(question_bank, "questions", counted)
    question_bank._ids_by_topic.cache_clear()
    ids = {topic: of_topic(topic) for topic in TOPICS}
    assert len(calls) == 1
    levels = ("junior", "mid", "senior")
    for topic, keys in ids.items():
        of_it = [key for key, entry in questions().items() if entry.topic == topic]
        expected = sorted(of_it, key=lambda key: levels.index(questions()[key].level))
        assert keys == expected
