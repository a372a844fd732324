"""Visibility: run at reduced size, and the record against the page."""

import pytest
import torch
from torch import nn

from paradigms.data.special_tokens import SPECIALS
from paradigms.experiments import visibility
from paradigms.experiments.records import load
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT

LIKE_BERT = ("BERT, first word masked", "BERT")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("visibility").rows}


def test_visibility_again_at_reduced_size():
    """The first state is at chance with a causal mask; the last state is not."""
    reduced = {row["name"]: row for row in visibility.run(visibility.smaller()).rows}
    pair = reduced["BERT, first word masked - BERT"]["first word"][0]
    one, other = (reduced[name]["first word"][0] for name in LIKE_BERT)
    assert pair == pytest.approx(one - other)
    assert reduced.keys() == rows().keys()
    for results in (reduced, rows()):
        for name in ("GPT, untrained", "GPT", "GPT, trained on repeated texts"):
            assert 0.44 < results[name]["first word"][0] < 0.56
            assert results[name]["last word"][0] > 0.7
            assert results[name]["receptive field, first word"] == 1
        for name in ("GPT, mask removed, trained further", "BERT"):
            assert results[name]["receptive field, first word"] == 8
        removed = results["GPT, mask removed, trained further"]["first word"][0]
        assert removed > results["GPT"]["first word"][0] + 0.1


def test_what_the_page_says_of_states():
    """Accuracies at chance and near 1, and the exceptions that the page names."""
    results = rows()
    for name in ("GPT, untrained", "GPT", "GPT, trained on repeated texts"):
        _, low, high = results[name]["first word"]
        assert low <= 0.5 <= high
    for name in ("GPT, untrained", "GPT"):
        assert results[name]["last word"][0] > 0.99
        assert results[name]["first word, second copy"][0] > 0.99
    assert results["GPT"]["before the reply"][0] > 0.99
    assert results["GPT, mask removed, trained further"]["reply"][0] > 0.99
    removed = results["GPT, mask removed - GPT"]
    assert removed["reply"][2] < -0.5
    assert removed["reply, left context only"] == [0, 0, 0]
    repeats = results["GPT, trained on repeated texts - GPT"]
    assert repeats["first word, second copy"][2] < repeats["last word"][1]
    assert abs(repeats["last word"][0]) < 0.05  # its interval may include zero
    assert repeats["reply"] == [0, 0, 0]
    assert results["BERT, first word masked"]["first word"][1] > 0.99
    low, high = results["BERT - GPT"]["reply"][1:]
    assert low < 0 < high  # high variance over seeds


class Says(nn.Module):
    """Predicts the next token of its input, or the reply at every position."""

    def __init__(self, replies: torch.Tensor, tell: bool) -> None:
        super().__init__()
        self.replies, self.tell = replies, tell

    def forward(self, tokens, rule):  # noqa: ARG002 - passed by name
        shifted = torch.cat([tokens[:, 1:], tokens[:, -1:]], dim=1)
        prediction = self.replies[:, None].expand_as(tokens) if self.tell else shifted
        return nn.functional.one_hot(prediction, visibility.WORDS).float()


class SaysAsGPT(Says, GPT):
    """The same as a subclass of GPT."""

    def __init__(self, replies: torch.Tensor, tell: bool) -> None:
        nn.Module.__init__(self)
        self.replies, self.tell = replies, tell


def test_a_reply_counts_where_the_network_was_trained_to_say_it():
    """For a GPT one position before the reply, with the reply itself hidden."""
    text, _ = visibility.texts(50, torch.Generator().manual_seed(0))
    knows, peeks = (SaysAsGPT(text[:, -2], tell) for tell in (True, False))
    for rule in (causal, bidirectional):
        accuracies = visibility.replies(knows, text, text, rule)
        assert accuracies == {"reply": 1, "reply, left context only": 1}
    accuracies = visibility.replies(peeks, text, text, bidirectional)
    assert accuracies == {"reply": 0, "reply, left context only": 0}
    assert visibility.replies(peeks, text, text, causal)["reply"] == 1  # copied
    bert = Says(text[:, -2], True)
    assert visibility.replies(bert, text, text, bidirectional) == {"reply": 1}


def test_the_meaning_is_settled_by_one_later_word():
    """In all texts the decider fixes the meaning, and word and meaning the reply."""
    words, meaning = visibility.texts(4000, torch.Generator().manual_seed(0))
    first = words[:, 0] - SPECIALS.first_word
    assert set(first.tolist()) == set(range(visibility.AMBIGUOUS))
    low, high = visibility.DECIDER, visibility.FILLER
    deciders = (words >= low) & (words < high)
    assert deciders.sum(dim=1).eq(1).all()
    labels = (words[deciders] - low) >= visibility.DECIDERS // 2
    assert labels.long().equal(meaning)
    reply = words[:, -2] - visibility.REPLY
    assert reply.equal(2 * first + meaning)
    for word in range(visibility.AMBIGUOUS):  # the first word alone is not informative
        assert abs(float(meaning[first == word].double().mean()) - 0.5) < 0.08


@pytest.mark.parametrize(
    ("informative", "low", "high"), [(True, 0.99, 1.01), (False, 0.4, 0.6)]
)
def test_the_probe_reads_what_a_state_encodes(informative, low, high):
    """The meaning is read from states that encode it; noise is at chance."""
    rng = torch.Generator().manual_seed(0)
    meaning = torch.randint(2, (1600,), generator=rng)
    states = torch.randn(1600, 8, generator=rng)
    if informative:
        states[:, 3] = meaning.float()
    accuracy = visibility.probe_accuracy(visibility.CONFIG, states, meaning)
    assert low < accuracy < high
