"""Corruption against transformers: the same shares, within their sampling error."""

import pytest
import torch
from torch import Tensor

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.benchmarks import corruption


def test_both_objectives_are_measured():
    """On few texts: one row for each, by one thread, with shares that agree."""
    masked, whole = corruption.run(texts=400, length=20, vocabulary=100, rounds=2)
    assert [masked["name"], whole["name"]] == ["masked tokens, 80/10/10", "whole words"]
    assert [masked["threads"], whole["threads"]] == [1, 1]
    assert list(masked["shares"]) == ["chosen", "[MASK]", "random", "unchanged"]
    assert list(whole["shares"]) == ["chosen"]
    for share, expected in (("chosen", 0.15), ("[MASK]", 0.8), ("unchanged", 0.1)):
        assert masked["shares"][share] == pytest.approx([expected] * 2, abs=0.05)
    assert whole["shares"]["chosen"] == pytest.approx([0.15, 0.15], abs=0.03)


def test_other_shares_would_be_noticed():
    """Negative control: 15% against 16% of a million, and 80% [MASK] against 81%."""
    ours = {"chosen": 150_000, "[MASK]": 120_000}
    row = corruption.compare_shares([ours, ours], 1_000_000)
    assert row["largest deviation"] == 0
    for change in ({"chosen": 160_000, "[MASK]": 128_000}, {"[MASK]": 121_500}):
        with pytest.raises(ValueError, match="shares differ beyond"):
            corruption.compare_shares([ours, ours | change], 1_000_000)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([3, 5, 6], [1, IGNORE, IGNORE], "a special token is chosen"),
        ([1, 3, 6], [IGNORE, 6, IGNORE], "a target is not the original"),
        ([1, 5, 3], [IGNORE, 5, IGNORE], "a token that is not chosen is changed"),
    ],
)
def test_a_wrong_corruption_would_be_noticed(inputs, targets, message):
    """Negative control: shares alone do not say that the right tokens are shown."""
    tokens = torch.tensor([[SPECIALS.bos, 5, 6]])
    with pytest.raises(ValueError, match=message):
        corruption.fates(tokens, torch.tensor([inputs]), torch.tensor([targets]))


def test_a_word_in_part_would_be_noticed():
    """Negative control: one of two pieces; all pieces and none are accepted."""
    special = torch.tensor([[True, False, False, False]])
    words = torch.tensor([[False, True, False, True]])

    def check(*chosen: int) -> None:
        positions: Tensor = torch.zeros(1, 4, dtype=torch.bool)
        positions[0, list(chosen)] = True
        corruption.check_whole(positions, words, special)

    check()
    check(1, 2)
    check(3)
    for part in (1, 2):
        with pytest.raises(ValueError, match="chosen in part"):
            check(part)
    with pytest.raises(ValueError, match="a special token"):
        check(0)
