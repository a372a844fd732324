"""What a position can see: again at reduced size, and as the page says."""

import pytest
import torch
from torch import nn

from paradigms.experiments import visibility
from paradigms.experiments.records import load
from paradigms.masks import bidirectional, causal
from paradigms.models.gpt import GPT

LIKE_BERT = ("BERT, first word hidden", "BERT")


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("visibility").rows}


def test_visibility_again_at_reduced_size():
    """The causal first state is at chance, whatever else; the last state is not."""
    again = {row["name"]: row for row in visibility.run(visibility.smaller())}
    pair = again["BERT, first word hidden - BERT"]["first word"][0]
    one, other = (again[name]["first word"][0] for name in LIKE_BERT)
    assert pair == pytest.approx(one - other)
    assert again.keys() == rows().keys()
    for found in (again, rows()):
        for name in ("GPT, untrained", "GPT", "GPT, taught repeats"):
            assert 0.44 < found[name]["first word"][0] < 0.56
            assert found[name]["last word"][0] > 0.7
            assert found[name]["words seen, first word"] == 1
        for name in ("GPT, mask removed, trained on", "BERT"):
            assert found[name]["words seen, first word"] == 8
        removed = found["GPT, mask removed, trained on"]["first word"][0]
        assert removed > found["GPT"]["first word"][0] + 0.1


def test_what_the_page_says_of_states():
    """Chance, all, and the two surprises."""
    found = rows()
    for name in ("GPT, untrained", "GPT", "GPT, taught repeats"):
        _, low, high = found[name]["first word"]
        assert low <= 0.5 <= high
    for name in ("GPT, untrained", "GPT"):
        assert found[name]["last word"][0] > 0.99
        assert found[name]["first word again"][0] > 0.99
    assert found["GPT"]["before the reply"][0] > 0.99
    assert found["GPT, mask removed, trained on"]["reply"][0] > 0.99
    removed = found["GPT, mask removed - GPT"]
    assert removed["reply"][2] < -0.5
    assert removed["reply, nothing behind"] == [0, 0, 0]
    repeats = found["GPT, taught repeats - GPT"]
    assert repeats["first word again"][2] < repeats["last word"][1]
    assert abs(repeats["last word"][0]) < 0.05  # its interval may include zero
    assert repeats["reply"] == [0, 0, 0]
    assert found["BERT, first word hidden"]["first word"][1] > 0.99
    low, high = found["BERT - GPT"]["reply"][1:]
    assert low < 0 < high  # its seeds differ widely


class Says(nn.Module):
    """Names one place later the word that it is shown, or the reply at every place."""

    def __init__(self, replies: torch.Tensor, tell: bool) -> None:
        super().__init__()
        self.replies, self.tell = replies, tell

    def forward(self, tokens, rule):
        ahead = torch.cat([tokens[:, 1:], tokens[:, -1:]], dim=1)
        said = self.replies[:, None].expand_as(tokens) if self.tell else ahead
        return nn.functional.one_hot(said, visibility.WORDS).float()


class SaysAsGPT(Says, GPT):
    """The same, taken for a GPT."""

    def __init__(self, replies: torch.Tensor, tell: bool) -> None:
        nn.Module.__init__(self)
        self.replies, self.tell = replies, tell


def test_a_reply_counts_where_the_network_was_trained_to_say_it():
    """By a GPT at the place before; what it could see of the reply is hidden."""
    text, _ = visibility.texts(50, torch.Generator().manual_seed(0))
    knows, peeks = (SaysAsGPT(text[:, -2], tell) for tell in (True, False))
    for rule in (causal, bidirectional):
        found = visibility.replies(knows, text, text, rule)
        assert found == {"reply": 1, "reply, nothing behind": 1}
    found = visibility.replies(peeks, text, text, bidirectional)
    assert found == {"reply": 0, "reply, nothing behind": 0}
    assert visibility.replies(peeks, text, text, causal)["reply"] == 1  # it peeked
    bert = Says(text[:, -2], True)
    assert visibility.replies(bert, text, text, bidirectional) == {"reply": 1}


def test_the_meaning_is_settled_by_one_later_word():
    """Read off the texts: word, decider and reply belong together."""
    words, meaning = visibility.texts(4000, torch.Generator().manual_seed(0))
    first = words[:, 0] - visibility.IDS.first_word
    assert set(first.tolist()) == set(range(visibility.AMBIGUOUS))
    low, high = visibility.DECIDER, visibility.FILLER
    deciders = (words >= low) & (words < high)
    assert deciders.sum(dim=1).eq(1).all()
    settled = (words[deciders] - low) >= visibility.DECIDERS // 2
    assert settled.long().equal(meaning)
    reply = words[:, -2] - visibility.REPLY
    assert reply.equal(2 * first + meaning)
    for word in range(visibility.AMBIGUOUS):  # the first word alone tells nothing
        assert abs(float(meaning[first == word].double().mean()) - 0.5) < 0.08


@pytest.mark.parametrize(
    ("told", "low", "high"), [(True, 0.99, 1.01), (False, 0.4, 0.6)]
)
def test_the_probe_reads_what_a_state_holds(told, low, high):
    """A state that holds the meaning is read, noise is a guess."""
    dice = torch.Generator().manual_seed(0)
    meaning = torch.randint(2, (1600,), generator=dice)
    held = torch.randn(1600, 8, generator=dice)
    if told:
        held[:, 3] = meaning.float()
    found = visibility.readable(visibility.VisibilityConfig(), held, meaning)
    assert low < found < high
