"""One model for many tasks: data, reduced size, statements of the page."""

from functools import partial

import pytest
import torch

from paradigms.data import synthetic_reviews
from paradigms.experiments import one_model_many_tasks
from paradigms.experiments.records import load

IDS = synthetic_reviews.SPECIALS
NETWORKS = [variant.name for variant in one_model_many_tasks.VARIANTS]


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("one_model_many_tasks").rows}


def test_one_model_many_tasks_again_at_reduced_size():
    """The same rows; naive Bayes predicts both labels, with or without a task word."""
    reduced = {
        row["name"]: row
        for row in one_model_many_tasks.run(one_model_many_tasks.smaller()).rows
    }
    assert reduced.keys() == rows().keys()
    assert {reduced[name]["learning rate"] for name in NETWORKS} == {3e-3}
    for results in (reduced, rows()):
        for name in one_model_many_tasks.BAYES:
            assert results[name]["sentiment"] > 0.95
            assert results[name]["topic"] > 0.95
            assert "copying" not in results[name]
        for name in NETWORKS:
            assert 90_000 < rows()[name]["parameters"] < 120_000


def test_what_the_page_says_of_many_tasks():
    """Which network learns which task, and outputs for an untrained task word."""
    results = rows()
    seeds, column = one_model_many_tasks.CONFIG.seeds, "seeds that learned it"
    for task in synthetic_reviews.TASKS:
        assert results["encoder, heads"][f"{task}, {column}"] == seeds
    task_word = results["encoder, task word"]
    for task in ("sentiment", "topic", "copying"):
        assert task_word[f"{task}, {column}"] == seeds
    assert task_word[f"reversal, {column}"] < seeds
    whole_lines = results["GPT, whole lines"]
    assert whole_lines["copying, highest seed"] < 0.1
    assert whole_lines["reversal, highest seed"] < 0.1
    assert whole_lines[f"sentiment, {column}"] == seeds
    assert whole_lines[f"topic, {column}"] == 0
    for name in NETWORKS[1:]:
        for task in ("topic", "copying", "reversal"):
            assert results[name][task] > whole_lines[task]
    untrained = results["GPT, answers, untrained task word"]
    assert untrained["none of the four, lowest seed"] > 0.3
    assert untrained["no answer to any task"] < untrained["none of the four"]
    low, high = (
        untrained[f"none of the four, {end} seed"] for end in ("lowest", "highest")
    )
    assert 2 * low < high
    for name in NETWORKS[:3]:  # heads have no task word
        row = results[f"{name}, untrained task word"]
        assert row["one task in nine of ten, highest seed"] == 0


def test_seeds_that_learned_are_counted_and_have_no_interval():
    """Mean, range, and the number of seeds with an accuracy of at least 95%."""
    row = one_model_many_tasks.by_task([[1.0, 0.0], [0.96, 1.0], [0.9, 0.0]])
    assert row["sentiment, seeds that learned it"] == 2
    assert row["topic, seeds that learned it"] == 1
    assert row["topic"] == pytest.approx(1 / 3)
    assert (row["topic, lowest seed"], row["topic, highest seed"]) == (0, 1)
    assert "copying" not in row


def test_a_label_is_one_word_of_a_class_then_eos_then_padding():
    """Row by row: the first and the last label are; the words beside them are not."""
    ids, pad, eos = synthetic_reviews.IDS, IDS.pad, IDS.eos
    words = [ids[name] for name in synthetic_reviews.LABELS]
    rest = [eos, *[pad] * 5]
    rows = {
        (words[0], *rest): True,
        (words[-1], *rest): True,
        (min(words) - 1, *rest): False,
        (max(words) + 1, *rest): False,
        (words[0], pad, *rest[1:]): False,
        (words[0], words[0], *rest[1:]): False,
        (words[0], *rest[:-1], eos): False,
        (words[0], eos, words[1], *rest[2:]): False,
    }
    outputs = torch.tensor(list(rows))
    assert synthetic_reviews.is_label(outputs).tolist() == list(rows.values())


def test_an_untrained_word_is_counted_by_what_it_calls_up():
    """Outputs that solve no task, with and without the form of an answer."""
    texts = synthetic_reviews.draw(30, torch.Generator().manual_seed(0))
    labels = torch.full((30, 7), IDS.pad)
    labels[:, 0], labels[:, 1] = synthetic_reviews.IDS["negative"], IDS.eos
    junk = labels.clone()
    junk[:, 2] = IDS.eos
    assert synthetic_reviews.is_label(labels).all()
    assert not synthetic_reviews.is_label(junk).any()
    copies = synthetic_reviews.answers(texts, torch.full((30,), 2))
    assert not synthetic_reviews.is_label(copies).any()
    negative = float((texts.sentiment == 0).double().mean())
    for outputs, none, nothing in (
        (labels, 1 - negative, 0),
        (copies, 0, 0),
        (junk, 1, 1),
    ):
        rates = one_model_many_tasks.answers_to_new_words(
            lambda _, outputs=outputs: outputs, texts
        )
        assert rates["none of the four"] == pytest.approx(none)
        assert rates["no answer to any task"] == nothing


def test_texts_are_as_their_labels_say():
    """Two or three of three opinions match the sentiment, two words the topic."""
    texts = synthetic_reviews.draw(500, torch.Generator().manual_seed(0))
    for words, sentiment, topic in zip(*(part.tolist() for part in texts), strict=True):
        tokens = [synthetic_reviews.WORDS[word - IDS.first_word] for word in words]
        opinions = [w for kind in synthetic_reviews.OPINIONS for w in kind]
        matching = [w for w in tokens if w in synthetic_reviews.OPINIONS[sentiment]]
        assert sum(w in opinions for w in tokens) == 3
        assert len(matching) in (2, 3)
        assert sum(w in synthetic_reviews.TOPICS[topic] for w in tokens) == 2


@pytest.mark.parametrize("task", range(4))
def test_a_right_answer_counts_and_a_changed_one_does_not(task):
    """A model that outputs the answer scores 1, one with a changed word 0."""
    texts = synthetic_reviews.draw(20, torch.Generator().manual_seed(0))
    tasks = torch.full((20,), task)
    answer = synthetic_reviews.answers(texts, tasks)
    for change in (0, 1):

        def model(tokens, cache, change=change, **_):
            position = cache.length + tokens.shape[1] - (synthetic_reviews.LENGTH + 3)
            logits = torch.zeros(len(tokens), 1, synthetic_reviews.VOCABULARY)
            cache.advance(tokens.shape[1])
            word = answer[:, position] if position < answer.shape[1] else tasks * 0
            if position == 0:
                word = word + change
            return logits.scatter(2, word[:, None, None], 1.0)

        outputs = partial(one_model_many_tasks.generate, model)
        share = one_model_many_tasks.accuracy(outputs, texts, task)
        assert share == 1 - change
    if task == 3:
        assert answer[:, :6].equal(texts.words.flip(1))
