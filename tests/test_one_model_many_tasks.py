"""Many tasks: made as described, measured again, and as the page says."""

import pytest
import torch

from paradigms.corpora import made_reviews
from paradigms.experiments import one_model_many_tasks as many
from paradigms.results import load

IDS = made_reviews.SPECIALS


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("one_model_many_tasks").rows}


def test_one_model_many_tasks_again_at_reduced_size():
    """The same rows; naive Bayes knows both labels, with or without a task word."""
    again = {row["name"]: row for row in many.run(many.smaller())}
    assert again.keys() == rows().keys()
    for found in (again, rows()):
        for name in many.BAYES:
            assert found[name]["sentiment"][0] > 0.95
            assert found[name]["topic"][0] > 0.95
            assert "copying" not in found[name]
        for name in many.NETWORKS:
            assert 90_000 < rows()[name]["parameters"] < 120_000


def test_what_the_page_says_of_many_tasks():
    """Who does what, and what an unknown task word gives."""
    found = rows()
    assert all(found["encoder, heads"][task][1] > 0.99 for task in made_reviews.TASKS)
    told = found["encoder, task word"]
    assert all(told[task][1] > 0.9 for task in ("sentiment", "topic", "copying"))
    assert 0.1 < told["reversal"][0] < 0.9
    whole, asked = found["GPT, whole lines"], found["GPT, answers"]
    assert whole["copying"][2] == whole["reversal"][2] == 0
    assert all(asked[t][0] > whole[t][0] for t in ("topic", "copying", "reversal"))
    assert asked["copying"][0] < 0.95
    assert found["GPT, answers, untrained task word"]["none of the four"][1] > 0.4


def test_texts_are_as_their_labels_say():
    """Two of three opinions of the sentiment, two of three words on the topic."""
    texts = made_reviews.draw(500, torch.Generator().manual_seed(0))
    for words, sentiment, topic in zip(*(part.tolist() for part in texts), strict=True):
        spelled = [made_reviews.WORDS[word - IDS.first_word] for word in words]
        opinions = [w for kind in made_reviews.OPINIONS for w in kind]
        of_kind = [w for w in spelled if w in made_reviews.OPINIONS[sentiment]]
        assert sum(w in opinions for w in spelled) == 3
        assert len(of_kind) in (2, 3)
        assert sum(w in made_reviews.TOPICS[topic] for w in spelled) == 2


@pytest.mark.parametrize("task", range(4))
def test_a_right_answer_counts_and_a_changed_one_does_not(task):
    """A model that always writes what is right, and one that changes a word."""
    texts = made_reviews.draw(20, torch.Generator().manual_seed(0))
    tasks = torch.full((20,), task)
    answer = made_reviews.answers(texts, tasks)
    for change in (0, 1):

        def writes(tokens, real=None, cache=None, change=change):
            done = cache.length + tokens.shape[1] - (made_reviews.LENGTH + 3)
            logits = torch.zeros(len(tokens), 1, made_reviews.VOCABULARY)
            cache.length += tokens.shape[1]
            word = answer[:, done] if done < answer.shape[1] else tasks * 0
            if done == 0:
                word = word + change
            return logits.scatter(2, word[:, None, None], 1.0)

        assert many.right("GPT", writes, texts, task) == 1 - change
    if task == 3:
        assert answer[:, :6].equal(texts.words.flip(1))
