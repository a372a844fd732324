"""Masking: the stated rates on a million draws, and mistakes that must be detected."""

import pytest
import torch

from paradigms.data.special_tokens import IGNORE, SpecialTokens
from paradigms.objectives import (
    masked,
    masked_token,
    replaced_token,
    static_mask,
    whole_word,
)
from paradigms.objectives.masked import BERT
from tests.objectives.rates import LIMIT, errors

WORDS = 30_000
FIRST, MASK = SpecialTokens().first_word, SpecialTokens().mask


def seeded_rng(seed: int = 0) -> torch.Generator:
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def farthest(
    text: torch.Tensor, inputs: torch.Tensor, targets: torch.Tensor
) -> list[float]:
    """Deviations in standard errors: masked, random, unchanged, and the 15%."""
    is_target = targets != IGNORE
    tokens, originals = inputs[is_target], text[is_target]
    is_mask, unchanged = tokens == MASK, tokens == originals
    coincidence = BERT[1] / (WORDS - FIRST)  # the random word equals the original
    return [
        errors(is_mask, 0.8),
        errors(~is_mask & ~unchanged, 0.1 - coincidence),
        errors(unchanged, 0.1 + coincidence),
        errors(is_target, 0.15),
    ]


def test_masking_is_80_10_10():
    """Over a million chosen tokens (15%): 80% masked, 10% random, 10% unchanged."""
    text = torch.randint(FIRST, WORDS, (1, 8_000_000), generator=seeded_rng(1))
    inputs, targets = masked_token(text, WORDS, seeded_rng())
    is_target = targets != IGNORE
    assert is_target.sum() > 1_000_000
    assert max(farthest(text, inputs, targets)) < LIMIT
    assert torch.equal(targets[is_target], text[is_target])
    assert torch.equal(inputs[~is_target], text[~is_target])


@pytest.mark.parametrize(
    "fates", [(0.81, 0.1, 0.09), (0.81, 0.09, 0.1), (0.8, 0.02, 0.18)]
)
def test_other_proportions_would_be_noticed(fates):
    """Negative control: 81/10/9 and the result of two independent draws fail."""
    text = torch.randint(FIRST, WORDS, (1, 2_000_000), generator=seeded_rng(1))
    inputs, targets = masked_token(text, WORDS, seeded_rng(), fates=fates)
    *shares, rate = farthest(text, inputs, targets)
    assert max(shares) > 2 * LIMIT
    assert rate < LIMIT


def test_random_words_are_uniform():
    """A million random words: each of ten a tenth of the time, no special token."""
    text = torch.full((1, 2_300_000), 4)
    inputs, targets = masked_token(text, 14, seeded_rng(), rate=0.5, fates=(0, 1, 0))
    words = inputs[targets != IGNORE]
    assert len(words) > 1_000_000
    assert words.min() >= FIRST
    assert max(errors(words == word, 0.1) for word in range(4, 14)) < LIMIT


def test_special_tokens_are_never_chosen():
    """Padding, BOS, EOS and [MASK] are unchanged and have no target."""
    text = torch.randint(0, 8, (100, 1000), generator=seeded_rng())
    starts = torch.ones_like(text, dtype=torch.bool)
    for inputs, targets in (
        masked_token(text, 8, seeded_rng(), rate=0.9),
        whole_word(text, starts, 8, seeded_rng(), rate=0.9),
    ):
        special = text < FIRST
        assert torch.equal(inputs[special], text[special])
        assert (targets[special] == IGNORE).all()


def test_static_masks_come_back_and_dynamic_ones_do_not():
    """40 epochs over ten copies: each mask four times; dynamic masking: 40 masks."""
    text = torch.randint(FIRST, WORDS, (4, 128), generator=seeded_rng())
    inputs, targets = static_mask(text, WORDS, seeded_rng())
    assert inputs.shape == targets.shape == (10, 4, 128)
    masks = [(targets[epoch % 10] != IGNORE).tolist() for epoch in range(40)]
    assert [masks.count(mask) for mask in masks] == [4] * 40
    rng = seeded_rng()
    fresh = [(masked_token(text, WORDS, rng)[1] != IGNORE).tolist() for _ in range(40)]
    assert [fresh.count(mask) for mask in fresh] == [1] * 40


def test_every_static_copy_keeps_the_rates():
    """A million chosen tokens in ten copies of a text: 15%, of these 80/10/10."""
    text = torch.randint(FIRST, WORDS, (1, 700_000), generator=seeded_rng(1))
    inputs, targets = static_mask(text, WORDS, seeded_rng())
    assert (targets != IGNORE).sum() > 1_000_000
    assert max(farthest(text.expand(10, 1, -1), inputs, targets)) < LIMIT


def pieces(words: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Words of one, two and three subword pieces in turn, and where each starts."""
    starts = torch.tensor([1, 1, 0, 1, 0, 0], dtype=torch.bool).repeat(words // 3)[None]
    return torch.randint(FIRST, WORDS, starts.shape, generator=seeded_rng(1)), starts


def split(starts: torch.Tensor, targets: torch.Tensor) -> int:
    """The number of adjacent pieces of one word of which only one is chosen."""
    is_target = targets[0] != IGNORE
    return int((~starts[0, 1:] & (is_target[1:] != is_target[:-1])).sum())


def test_the_pieces_of_a_word_are_chosen_together():
    """Of a million words 15% are chosen, whole; 80/10/10 is drawn for each piece."""
    text, starts = pieces(1_200_000)
    inputs, targets = whole_word(text, starts, WORDS, seeded_rng())
    assert split(starts, targets) == 0
    assert errors((targets != IGNORE)[starts], 0.15) < LIMIT
    first = starts & (targets != IGNORE)
    assert errors((inputs == MASK)[first], 0.8) < LIMIT
    inside = ~starts & (targets != IGNORE)
    assert errors((inputs == MASK)[inside], 0.8) < LIMIT


def fates_by_word() -> list[float]:
    """Deviations of a million chosen pieces from 80/10/10: all, first, others."""
    text, starts = pieces(600_000)
    inputs, targets = whole_word(text, starts, WORDS, seeded_rng(), rate=0.9)
    assert (targets != IGNORE).sum() > 1_000_000
    deviations = []
    for part in (starts | True, starts, ~starts):
        # Pieces of a word are chosen together: the rate has another standard error.
        *shares, _ = farthest(text[part], inputs[part], targets[part])
        deviations += shares
    return deviations


def test_pieces_of_chosen_words_are_80_10_10():
    """A million pieces: 80% masked, 10% random, 10% unchanged, first piece or not."""
    assert max(fates_by_word()) < LIMIT


@pytest.mark.parametrize("fates", [(0.8, 0.2, 0.0), (0.8, 0.0, 0.2), (0.81, 0.1, 0.09)])
def test_other_fates_of_whole_words_would_be_noticed(fates, monkeypatch):
    """Negative control: other proportions fail, also if 80% are masked."""
    monkeypatch.setattr(masked, "BERT", fates)
    assert max(fates_by_word()) > 2 * LIMIT


def test_choosing_pieces_one_by_one_would_be_noticed():
    """Negative control: token masking leaves words partly masked."""
    text, starts = pieces(3000)
    assert split(starts, masked_token(text, WORDS, seeded_rng())[1]) > 100


def test_a_lucky_sample_counts_as_original():
    """A generator that is right with probability 0.3: 70% of a million are replaced."""
    text = torch.randint(FIRST, 9, (1, 1_000_000), generator=seeded_rng(1))
    p = torch.full((1, 1_000_000, 9), 0.7 / 4).scatter(2, text[..., None], 0.3)
    is_masked = torch.ones_like(text, dtype=torch.bool)
    inputs, targets = replaced_token(text, is_masked, p.log(), seeded_rng())
    assert errors(targets == 1, 0.7) < LIMIT
    assert torch.equal(targets == 1, inputs != text)
    assert max(errors(inputs == word, 0.2) for word in range(FIRST, 9)) < LIMIT


def test_only_chosen_places_are_replaced_and_only_by_words():
    """Even if the generator prefers padding; padding has no label."""
    text = torch.tensor([[1, 5, 6, 7, 2, 0]])
    is_masked = torch.tensor([[False, True, False, True, False, False]])
    logits = torch.zeros(1, 6, 9)
    logits[..., 0] = 50.0
    logits[..., 8] = 40.0
    inputs, targets = replaced_token(text, is_masked, logits, seeded_rng())
    assert inputs.tolist() == [[1, 8, 6, 8, 2, 0]]
    assert targets.tolist() == [[0, 1, 0, 1, 0, IGNORE]]
    inputs, targets = replaced_token(text, is_masked & False, logits, seeded_rng())
    assert torch.equal(inputs, text)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    """Rates of 0 and 1, negative, above 1, NaN."""
    text = torch.tensor([[10]])
    with pytest.raises(ValueError, match="rate must lie between 0 and 1"):
        masked_token(text, 20, seeded_rng(), rate)
    with pytest.raises(ValueError, match="rate must lie between 0 and 1"):
        whole_word(text, text > 0, 20, seeded_rng(), rate)


TEXT = torch.tensor([[5, 6, 2, 7]])
YES = torch.ones(1, 4, dtype=torch.bool)
WORD = torch.tensor([[True, True, False, True]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masked_token(TEXT, 4, seeded_rng()), "beyond its specials: 4"),
        (
            lambda: masked_token(TEXT, 7, seeded_rng()),
            r"must lie in 0\.\.6: got 2 to 7",
        ),
        (lambda: masked_token(-TEXT, 9, seeded_rng()), r"0\.\.8: got -7 to -2"),
        (
            lambda: masked_token(TEXT[:0], 9, seeded_rng()),
            r"not empty: \(0, 4\)",
        ),
        (lambda: masked_token(TEXT[0], 9, seeded_rng()), r"of shape \(B, T\)"),
        (lambda: masked_token(TEXT * 1.0, 9, seeded_rng()), "got torch.float32"),
        (lambda: masked_token(TEXT * 0, 9, seeded_rng()), "row 0 is padding alone"),
        (
            lambda: masked_token(TEXT, 9, seeded_rng(), fates=(0.8, 0.1, 0.2)),
            "add up to 1",
        ),
        (
            lambda: masked_token(TEXT, 9, seeded_rng(), fates=(1.1, -0.1, 0)),
            "add up to 1",
        ),
        (
            lambda: static_mask(TEXT, 9, seeded_rng(), copies=0),
            "copies must be at least 1",
        ),
        (
            lambda: static_mask(TEXT, 3, seeded_rng()),
            "vocabulary must hold words beyond its specials: 3",
        ),
        (lambda: whole_word(TEXT, YES[:, :2], 9, seeded_rng()), r"shape \(1, 4\): got"),
        (lambda: whole_word(TEXT, YES.int(), 9, seeded_rng()), "must be boolean"),
        (
            lambda: whole_word(TEXT, ~YES, 9, seeded_rng()),
            "row 0, place 0 continues no",
        ),
        (
            lambda: whole_word(TEXT, YES & (TEXT != 7), 9, seeded_rng()),
            "row 0, place 3 continues no",
        ),
        (
            lambda: replaced_token(TEXT, WORD, torch.zeros(1, 3, 9), seeded_rng()),
            r"logits must be of shape \(B, T, V\)",
        ),
        (
            lambda: replaced_token(TEXT, WORD, torch.zeros(1, 4, 7), seeded_rng()),
            r"must lie in 0\.\.6",
        ),
        (
            lambda: replaced_token(
                TEXT, WORD.int(), torch.zeros(1, 4, 9), seeded_rng()
            ),
            "is_masked must be boolean",
        ),
        (
            lambda: replaced_token(TEXT, YES, torch.zeros(1, 4, 9), seeded_rng()),
            "leave special tokens alone",
        ),
        (
            lambda: replaced_token(
                TEXT, WORD, torch.zeros(1, 4, 9).log(), seeded_rng()
            ),
            "no distribution over the words",
        ),
    ],
)
def test_input_that_cannot_be_hidden_is_refused(call, message):
    """The error names the argument, instead of an error from inside torch."""
    with pytest.raises(ValueError, match=message):
        call()
