"""The items of the quiz: what they cover, their options, errors in one line each."""

from collections import Counter
from collections.abc import Iterable
from typing import get_args

import pytest

from paradigms._schema import ContentError
from paradigms.site.content import quiz as content
from paradigms.site.content.mistakes import mistake_place, mistakes
from paradigms.site.content.pages import pages
from paradigms.site.content.questions import TOPICS, Level, question_places
from paradigms.site.content.quiz import QuizItem, quiz, shuffle_options

ITEM = """
[good]
card = "q19-svm"
stem = "What does the score of an SVM tell you?"

[good.right]
option = "Which class is likelier"
because = "The hinge loss stops at the margin."

[[good.wrong]]
mistake = "q19-svm"
option = "How probable a class is"
because = "A sigmoid has to be fitted first."

[[good.wrong]]
mistake = "S04"
option = "The odds of that class"
because = "These belong to the log-loss instead."
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load the quiz from one file with this text, in place of the real ones."""
    monkeypatch.setattr(content, "FOLDER", tmp_path)

    def load_text(text: str) -> dict[str, QuizItem]:
        (tmp_path / "quiz").mkdir(exist_ok=True)
        (tmp_path / "quiz/items.toml").write_text(text, "utf8")
        return quiz.__wrapped__()

    return load_text


def test_the_quiz_covers_the_bank():
    """60 items or more, on each topic and each level; no card has two."""
    items = quiz().values()
    assert len(items) >= 60
    assert {item.topic for item in items} == set(TOPICS)
    levels = Counter(item.level for item in items)
    assert all(levels[level] >= 20 for level in get_args(Level))
    assert max(Counter(item.card for item in items).values()) == 1


def test_each_wrong_option_is_a_mistake_with_a_page():
    """The place of each option is an existing page, with an anchor on it."""
    for key, item in quiz().items():
        for _, place in item.options():
            page, _, anchor = place.partition("#")
            assert page in pages(), (key, place)
            assert anchor, (key, place)
        assert {option.mistake for option in item.wrong} <= mistakes().keys()


def test_explanations_are_not_shared():
    """Every option of the quiz has an explanation of its own."""
    texts = [option.because for item in quiz().values() for option, _ in item.options()]
    assert len({*texts}) == len(texts)


def share_by_length(items: Iterable[QuizItem], longest: bool) -> float:
    """The share of items whose right option is strictly the longest, or shortest."""
    pairs = [
        (len(item.right.option), [len(option.option) for option in item.wrong])
        for item in items
    ]
    hits = [own > max(rest) if longest else own < min(rest) for own, rest in pairs]
    return sum(hits) / len(hits)


@pytest.mark.parametrize("longest", [True, False])
def test_nobody_guesses_by_length(longest):
    """The right option is the longest, or the shortest, in at most 40% of items."""
    assert share_by_length(quiz().values(), longest) <= 0.4


def test_a_right_option_that_is_longest_is_counted(load):
    """Negative control of the share."""
    items = load(ITEM.replace("Which class is likelier", "Which class is the likelier"))
    assert share_by_length(items.values(), True) == 1
    assert share_by_length(items.values(), False) == 0


def test_the_order_of_options_is_fixed_and_hides_the_right_one():
    """The same at each build; each place has the right option in some item."""
    places = Counter()
    for key, item in quiz().items():
        options = [option for option, _ in shuffle_options(key)]
        assert options == [option for option, _ in shuffle_options(key)]
        assert len(options) == 1 + len(item.wrong)
        places[options.index(item.right)] += 1
    assert max(places.values()) <= 0.5 * len(quiz())


def test_places_of_mistakes():
    """A claim, a question, a bug of its code and a wrong program have a place each."""
    assert mistake_place("S04").endswith("#s04")
    assert mistake_place("q19-svm") == question_places()["q19-svm"]
    bug = mistake_place("objectives-shift/bug-1")
    assert bug == question_places()["objectives-shift"]
    assert mistake_place("top-p/min-p") == "practice/whiteboard.md#top-p"
    assert "S03" not in mistakes()  # this claim holds


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('card = "q19-svm"', 'card = "q19-svn"', "card: no question 'q19-svn' in the "
         "bank (did you mean 'q19-svm'?)"),
        ('mistake = "S04"', 'mistake = "S03"', "wrong.1.mistake: no mistake 'S03' is"),
        ('mistake = "S04"\n', "", "wrong.1.mistake: field required"),
        ("The odds of that class", "How probable a class is", "same option"),
        ("The odds of that class", "The odds of that class, without any limit",
         "make the longest at most 1.5 times the shortest"),
        ("The odds of that class", "The odds of $y$ here", "write it in words"),
        ("A sigmoid has to be fitted first.", "The hinge loss stops at the margin.",
         "same because"),
        ("because = \"A sigmoid has to be fitted first.\"", "because = \"No.\"",
         "because: string should have at least 20 characters"),
        ("[good.right]", "[good.write]", "unknown key; known are card, stem, right"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_file_and_entry(load, before, after, message):
    """File, entry, key and what to do; the unchanged item has no error."""
    assert [*load(ITEM)] == ["good"]
    assert before in ITEM
    with pytest.raises(ContentError) as error:
        load(ITEM.replace(before, after, 1))
    lines = [line for line in str(error.value).splitlines() if message in line]
    assert len(lines) == 1, str(error.value)
    assert "items.toml: good" in lines[0]


def test_one_wrong_option_is_too_few_and_four_too_many(load):
    """Two or three wrong options."""
    first, second, third = ITEM.split("[[good.wrong]]")
    more = [f"[[good.wrong]]{third}".replace("odds", f"odds {n}") for n in "ab"]
    assert len(load(ITEM + more[0].replace("instead", "more"))["good"].wrong) == 3
    with pytest.raises(ContentError, match=r"good: wrong: list should have at least 2"):
        load(f"{first}[[good.wrong]]{second}")
    with pytest.raises(ContentError, match=r"good: wrong: list should have at most 3"):
        load(ITEM + "".join(more))
