"""Synthetic reviews with four tasks: sentiment, topic, copying, reversal.

A text has three opinions, at least two of them of its sentiment, and three words on
topics, two of them on its topic, in random order.
"""

from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from paradigms.data.bag_of_words import Bags
from paradigms.data.special_tokens import SPECIALS

LENGTH = 6  # words of a text
TASKS = ("sentiment", "topic", "copying", "reversal")
NEW_TASKS = 10  # further task words, absent from training
OPINIONS = (("bad", "dull", "poor", "weak"), ("good", "great", "fine", "lovely"))
TOPICS = (
    ("film", "actor", "scene", "plot"),
    ("soup", "waiter", "menu", "bread"),
    ("hotel", "beach", "train", "view"),
    ("team", "goal", "match", "coach"),
)
LABELS = ("negative", "positive", "films", "food", "travel", "sport")
WORDS = [word for words in (*OPINIONS, *TOPICS, LABELS) for word in words]
IDS = {word: SPECIALS.first_word + index for index, word in enumerate(WORDS)}
ANSWER = SPECIALS.first_word + len(WORDS)  # separates a text from its answer
VOCABULARY = ANSWER + 1 + len(TASKS) + NEW_TASKS


class Texts(NamedTuple):
    """Words (N, 6), sentiments (N,) of 0 and 1, topics (N,) from 0 to 3."""

    words: Tensor
    sentiment: Tensor
    topic: Tensor


Task = TypeVar("Task", int, Tensor)


def task_word(task: Task) -> Task:
    """The id of a task's word, or of words (N,) for tasks (N,).

    Tasks below 4 are trained, those from 4 on are not.
    """
    return ANSWER + 1 + task


def draw(count: int, rng: torch.Generator) -> Texts:
    """Sample `count` texts; sentiments and topics are uniform."""
    sentiment = torch.randint(2, (count,), generator=rng)
    topic = torch.randint(4, (count,), generator=rng)
    other_topic = (topic + torch.randint(1, 4, (count,), generator=rng)) % 4
    minority = torch.rand(count, generator=rng) < 0.5
    third_opinion = torch.where(minority, 1 - sentiment, sentiment)

    def draw_words(kinds: tuple[tuple[str, ...], ...], rows: Tensor) -> Tensor:
        ids = torch.tensor([[IDS[word] for word in kind] for kind in kinds])
        columns = torch.randint(ids.shape[1], rows.shape, generator=rng)
        return ids[rows, columns]

    words = torch.stack(
        [draw_words(OPINIONS, label) for label in (sentiment, sentiment, third_opinion)]
        + [draw_words(TOPICS, label) for label in (topic, topic, other_topic)],
        dim=1,
    )
    order = torch.rand(words.shape, generator=rng).argsort(dim=1)
    return Texts(words.gather(1, order), sentiment, topic)


def answers(texts: Texts, tasks: Tensor) -> Tensor:
    """Target answers, EOS, then padding: (N, 7); tasks (N,) from 0 to 3."""
    targets = torch.full((len(tasks), LENGTH + 1), SPECIALS.pad)
    labels = (texts.sentiment + IDS[LABELS[0]], texts.topic + IDS[LABELS[2]])
    for task, label in enumerate(labels):
        targets[tasks == task, 0] = label[tasks == task]
        targets[tasks == task, 1] = SPECIALS.eos
    targets[tasks == 2, :LENGTH] = texts.words[tasks == 2]
    targets[tasks == 3, :LENGTH] = texts.words[tasks == 3].flip(1)
    targets[tasks >= 2, LENGTH] = SPECIALS.eos
    return targets


def lines(texts: Texts, tasks: Tensor) -> tuple[Tensor, ...]:
    """Ids of the tasks' words (N, 1), texts (N, 6), answers (N, 7), tasks (N,)."""
    return (task_word(tasks)[:, None], texts.words, answers(texts, tasks), tasks)


def is_label(outputs: Tensor) -> Tensor:
    """Which outputs (N, 7) are one label, EOS and padding: (N,)."""
    label = (outputs[:, 0] >= IDS[LABELS[0]]) & (outputs[:, 0] < ANSWER)
    has_eos = outputs[:, 1] == SPECIALS.eos
    return label & has_eos & (outputs[:, 2:] == SPECIALS.pad).all(dim=1)


def bags(texts: Texts) -> Bags:
    """Texts as counts of words."""
    return Bags(texts.words.tolist(), VOCABULARY)


def with_word(texts: Texts, task: int) -> list[list[int]]:
    """Texts with their task's word in front."""
    return [[task_word(task), *text] for text in texts.words.tolist()]
