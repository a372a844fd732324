"""Corruption of a million tokens for masked language models, against transformers.

The reference is `DataCollatorForLanguageModeling`, called with tensors and the mask of
special tokens, which is its fastest form.  Both sides draw from their own generator, so
that the results are not equal but have equal shares; see `compare_shares`.
One thread, as in a worker process that loads data.
What transformers 5.23 lacks is not compared: span corruption (T5), text infilling
(BART), and random or unchanged pieces in whole words; there it shows [MASK] only.
"""

import warnings
from math import sqrt
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor
from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerFast

from paradigms.data.special_tokens import IGNORE, SPECIALS
from paradigms.evaluation.benchmarks import race
from paradigms.evaluation.threads import one_thread
from paradigms.objectives import masked_token, whole_word

Batch = tuple[Tensor, Tensor]  # inputs and targets, (B, T) each


def run(
    texts: int = 8000, length: int = 125, vocabulary: int = 30522, rounds: int = 9
) -> list[dict[str, Any]]:
    """One row for each objective; see `race` and `compare_shares` for its columns.

    Each text begins with BOS and ends with EOS, which neither side may choose.
    """
    rng = torch.Generator().manual_seed(0)
    shape = (texts, length)
    tokens = torch.randint(SPECIALS.first_word, vocabulary, shape, generator=rng)
    tokens[:, 0], tokens[:, -1] = SPECIALS.bos, SPECIALS.eos
    starts = torch.rand(shape, generator=rng) < 0.75  # (B, T): where a word begins
    starts[:, :2], starts[:, -1] = True, True
    with one_thread():
        return [
            masked_token_row(tokens, vocabulary, rounds),
            whole_word_row(tokens, starts, vocabulary, rounds),
        ]


def masked_token_row(tokens: Tensor, vocabulary: int, rounds: int) -> dict[str, Any]:
    """15% of the tokens, of which 80% [MASK], 10% random, 10% unchanged."""
    collator = reference(vocabulary)
    special = tokens < SPECIALS.first_word
    rng = torch.Generator().manual_seed(1)
    copies = [tokens.clone() for _ in range(rounds + 1)]  # changed in place

    def compare(ours: Batch, theirs: Batch) -> dict[str, Any]:
        return compare_shares(
            [fates(tokens, *ours), fates(tokens, *theirs)], int((~special).sum())
        )

    return race(
        "masked tokens, 80/10/10",
        lambda: masked_token(tokens, vocabulary, rng),
        lambda: collator.torch_mask_tokens(copies.pop(), special_tokens_mask=special),
        rounds,
        compare,
    )


def whole_word_row(
    tokens: Tensor, starts: Tensor, vocabulary: int, rounds: int
) -> dict[str, Any]:
    """15% of the words, all pieces of a word or none.

    The shares are those of the words: pieces of a word are not independent.
    """
    collator = reference(vocabulary, whole_word_mask=True)
    special = tokens < SPECIALS.first_word
    words = starts & ~special
    rng = torch.Generator().manual_seed(1)
    copies = [tokens.clone() for _ in range(rounds + 1)]
    characters = offsets(starts)

    def compare(ours: Batch, theirs: Batch) -> dict[str, Any]:
        shares = []
        for _, targets in (ours, theirs):
            check_whole(targets != IGNORE, words, special)
            shares.append({"chosen": int((targets[words] != IGNORE).sum())})
        return compare_shares(shares, int(words.sum()))

    return race(
        "whole words",
        lambda: whole_word(tokens, starts, vocabulary, rng),
        lambda: collator.torch_mask_tokens(
            copies.pop(), special_tokens_mask=special.long(), offset_mapping=characters
        ),
        rounds,
        compare,
    )


def reference(vocabulary: int, **options: Any) -> Any:
    """The collator with its generator, for a tokenizer with our special tokens."""
    names = {"[PAD]": SPECIALS.pad, "[BOS]": SPECIALS.bos, "[EOS]": SPECIALS.eos}
    names["[MASK]"] = SPECIALS.mask
    names |= {f"word {i}": i for i in range(SPECIALS.first_word, vocabulary)}
    tokenizer: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer(WordLevel(names)),
        pad_token="[PAD]",
        bos_token="[BOS]",
        eos_token="[EOS]",
        mask_token="[MASK]",
    )
    with warnings.catch_warnings():
        # Whole words are shown as [MASK] only, as the docstring above says.
        warnings.filterwarnings("ignore", "Random token replacement is not supported")
        collator: Any = DataCollatorForLanguageModeling(tokenizer, **options)
    # Its `seed` works in the main process and in those of a data loader only.
    collator.generator = torch.Generator().manual_seed(2)
    return collator


def offsets(starts: Tensor) -> Tensor:
    """Where each piece begins and ends in its text, (B, T, 2).

    Pieces have two characters; a space, as the first of the two, begins a word.
    """
    end = 2 * torch.arange(1, starts.shape[1] + 1).expand(starts.shape)  # (B, T)
    return torch.stack([end - 2 + starts.long(), end], dim=-1)


def fates(tokens: Tensor, inputs: Tensor, targets: Tensor) -> dict[str, int]:
    """How many tokens are chosen, and how many of these have each fate.

    Errors: ValueError if a special token is chosen, a target is not the original, or
    another token is changed.
    """
    chosen = targets != IGNORE
    if bool((tokens[chosen] < SPECIALS.first_word).any()):
        raise ValueError("a special token is chosen")
    if bool((targets[chosen] != tokens[chosen]).any()):
        raise ValueError("a target is not the original token")
    if bool((inputs != tokens)[~chosen].any()):
        raise ValueError("a token that is not chosen is changed")
    shown, original = inputs[chosen], tokens[chosen]
    masked, unchanged = shown == SPECIALS.mask, shown == original
    return {
        "chosen": int(chosen.sum()),
        "[MASK]": int(masked.sum()),
        "random": int((~masked & ~unchanged).sum()),
        "unchanged": int(unchanged.sum()),
    }


def check_whole(chosen: Tensor, words: Tensor, special: Tensor) -> None:
    """Errors: ValueError if a word is chosen in part, or a special token is."""
    if bool((chosen & special).any()):
        raise ValueError("a special token is chosen")
    continues = ~words & ~special  # (B, T): a piece that is not the first of its word
    if bool((chosen ^ chosen.roll(1, dims=1))[continues].any()):
        raise ValueError("a word is chosen in part")


def compare_shares(counts: list[dict[str, int]], candidates: int) -> dict[str, Any]:
    """Each share, ours and theirs, and how far apart they are.

    "chosen" is a share of the `candidates`, the others are shares of the chosen.
    "largest deviation" is the largest difference of two shares in standard errors.
    Errors: ValueError from four standard errors: the two are not the same corruption.
    """
    shares, deviations = {}, []
    for fate in counts[0]:
        totals = [candidates if fate == "chosen" else c["chosen"] for c in counts]
        ours, theirs = (c[fate] / n for c, n in zip(counts, totals, strict=True))
        shares[fate] = [round(ours, 5), round(theirs, 5)]
        variance = sum(theirs * (1 - theirs) / n for n in totals)
        deviations.append(abs(ours - theirs) / sqrt(variance))
    if max(deviations) > 4:
        raise ValueError(f"the shares differ beyond their sampling error: {shares}")
    return {"shares": shares, "largest deviation": round(max(deviations), 2)}
