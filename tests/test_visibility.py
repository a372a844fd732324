"""What a position can see: again at reduced size, and as the page says."""

import pytest
import torch

from paradigms.experiments import visibility
from paradigms.results import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("visibility").rows}


def test_visibility_again_at_reduced_size():
    """The causal first state is at chance, whatever else; the last state is not."""
    again = {row["name"]: row for row in visibility.run(visibility.smaller())}
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
    assert found["GPT, mask removed"]["reply"][0] < 0.01
    assert found["GPT, mask removed, trained on"]["reply"][0] > 0.99
    taught = found["GPT, taught repeats"]["first word again"]
    assert taught[2] < found["GPT"]["first word again"][1]
    assert found["BERT, first word masked"]["first word"][0] >= 0.97
    assert found["BERT"]["reply"][0] < found["GPT"]["reply"][0]


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
    found = visibility.readable(visibility.Config(), held, meaning)
    assert low < found < high
