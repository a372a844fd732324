"""Objectives that mask words and predict them from both sides."""

import torch
from torch import Tensor

from paradigms._checks import check_rate, check_tokens
from paradigms.data.special_tokens import IGNORE, SPECIALS, SpecialTokens

Fates = tuple[float, float, float]
BERT: Fates = (0.8, 0.1, 0.1)  # shown as [MASK], as a random word, unchanged


def masked_token(
    tokens: Tensor,
    vocabulary: int,
    rng: torch.Generator,
    rate: float = 0.15,
    specials: SpecialTokens = SPECIALS,
    fates: Fates = BERT,
) -> tuple[Tensor, Tensor]:
    """Choose `rate` of the words; show 80% as [MASK], 10% random, 10% unchanged.

    One draw decides between the three. Two independent draws, a frequent mistake,
    give 81/10/9 or 80/2/18. Special tokens are never chosen. Called at each step, this
    is RoBERTa's dynamic masking.
    Shapes: tokens (B, T) -> inputs (B, T), targets (B, T), IGNORE where not chosen.
    Errors: ValueError for rates out of range, ids outside the vocabulary, an empty
    batch, or a row of padding alone.
    Source: Devlin et al. (2019), section 3.1; Liu et al. (2019), section 4.1.

    >>> tokens, rng = torch.tensor([[5, 6, 7, 8]]), torch.Generator().manual_seed(2)
    >>> inputs, targets = masked_token(tokens, 9, rng, rate=0.5, fates=(1, 0, 0))
    >>> inputs.tolist(), targets.tolist()
    ([[5, 3, 7, 3]], [[-100, 6, -100, 8]])
    """
    check_rate(rate)
    _check_words(tokens, vocabulary, specials)
    is_target = torch.rand(tokens.shape, generator=rng) < rate
    is_target &= tokens >= specials.first_word
    return _corrupt(tokens, is_target, vocabulary, rng, specials, fates)


def static_mask(
    tokens: Tensor,
    vocabulary: int,
    rng: torch.Generator,
    copies: int = 10,
    rate: float = 0.15,
    specials: SpecialTokens = SPECIALS,
) -> tuple[Tensor, Tensor]:
    """Mask the data once, `copies` times over; epoch e reads copy e modulo `copies`.

    With ten copies and 40 epochs each mask is used four times; `masked_token`, called
    in every epoch, gives 40 masks.
    Shapes: tokens (B, T) -> inputs and targets (copies, B, T).
    Errors: ValueError for fewer than one copy, and as `masked_token`.
    Source: Liu et al. (2019), section 4.1, on BERT's data.
    """
    if copies < 1:
        raise ValueError(f"copies must be at least 1: {copies}")
    masked = [
        masked_token(tokens, vocabulary, rng, rate, specials) for _ in range(copies)
    ]
    inputs, targets = zip(*masked, strict=True)
    return torch.stack(inputs), torch.stack(targets)


def whole_word(
    tokens: Tensor,
    starts: Tensor,
    vocabulary: int,
    rng: torch.Generator,
    rate: float = 0.15,
    specials: SpecialTokens = SPECIALS,
) -> tuple[Tensor, Tensor]:
    """As `masked_token`, but the pieces of a word are chosen together or not at all.

    There is one draw per word; the fate of a chosen piece ([MASK], random or unchanged)
    is still drawn for each piece, and each is predicted independently.
    Shapes: tokens (B, T), starts (B, T), True where a word begins ->
    inputs (B, T), targets (B, T).
    Errors: ValueError for starts of another shape or type, for a piece that continues
    a special token or nothing, and as `masked_token`.
    Source: Cui et al. (2021), who carry it from BERT's later release to Chinese.

    >>> tokens, starts = torch.tensor([[5, 6, 7]]), torch.tensor([[True, False, True]])
    >>> rng = torch.Generator().manual_seed(0)
    >>> _, targets = whole_word(tokens, starts, 9, rng, rate=0.5)
    >>> targets.tolist()  # 5 and 6 are pieces of one word
    [[5, 6, -100]]
    """
    check_rate(rate)
    _check_words(tokens, vocabulary, specials)
    if starts.shape != tokens.shape or starts.dtype != torch.bool:
        raise ValueError(
            f"starts must be boolean of shape {tuple(tokens.shape)}: "
            f"got {starts.dtype} of shape {tuple(starts.shape)}"
        )
    word = tokens >= specials.first_word
    previous = torch.cat([torch.zeros_like(word[:, :1]), word[:, :-1]], dim=1)
    orphans = word & ~starts & ~previous
    if bool(orphans.any()):
        row, column = orphans.nonzero()[0].tolist()
        raise ValueError(f"starts: row {row}, place {column} continues no word")
    word_index = (starts | ~word).long().cumsum(dim=1) - 1  # (B, T)
    # (B, T), of which one is used for each word
    draws = torch.rand(tokens.shape, generator=rng)
    is_target = (draws.gather(1, word_index) < rate) & word
    return _corrupt(tokens, is_target, vocabulary, rng, specials, BERT)


def replaced_token(
    tokens: Tensor,
    is_masked: Tensor,
    logits: Tensor,
    rng: torch.Generator,
    specials: SpecialTokens = SPECIALS,
) -> tuple[Tensor, Tensor]:
    """Replace masked words by a generator's samples; the targets tell which differ.

    `logits` are the generator's for the text with these words masked. A sample
    equal to the original word counts as original. Only words are sampled: padding in
    the middle of a text would be masked from attention.
    Shapes: tokens (B, T), is_masked (B, T), logits (B, T, V) -> inputs (B, T),
    targets (B, T): 1 replaced, 0 original, IGNORE at padding. No gradient flows back.
    Errors: ValueError for shapes that differ, for a masked special token, for a
    vocabulary without words or logits without a finite one, or as `masked_token`.
    Source: Clark et al. (2020), section 2.

    >>> logits = torch.full((1, 3, 9), float("-inf"))
    >>> logits[..., 7] = 0  # a generator that always samples 7
    >>> tokens = torch.tensor([[5, 6, 7]])
    >>> is_masked = torch.tensor([[True, False, True]])
    >>> inputs, targets = replaced_token(tokens, is_masked, logits, torch.Generator())
    >>> inputs.tolist(), targets.tolist()
    ([[7, 6, 7]], [[1, 0, 0]])
    """
    if logits.ndim != 3 or logits.shape[:2] != tokens.shape:
        raise ValueError(
            f"logits must be of shape (B, T, V) for tokens {tuple(tokens.shape)}: "
            f"{tuple(logits.shape)}"
        )
    _check_words(tokens, logits.shape[-1], specials)
    if is_masked.shape != tokens.shape or is_masked.dtype != torch.bool:
        raise ValueError(
            f"is_masked must be boolean of shape {tuple(tokens.shape)}: "
            f"got {is_masked.dtype} of shape {tuple(is_masked.shape)}"
        )
    if bool((is_masked & (tokens < specials.first_word)).any()):
        raise ValueError("is_masked must leave special tokens alone")
    inputs = tokens.clone()
    if bool(is_masked.any()):
        probabilities = (
            logits.detach()[is_masked][:, specials.first_word :].double().softmax(-1)
        )
        if bool(probabilities.isnan().any()):
            raise ValueError("logits give no distribution over the words: NaN")
        samples = torch.multinomial(probabilities, 1, generator=rng)[:, 0]
        inputs[is_masked] = samples + specials.first_word
    targets = (inputs != tokens).long()
    return inputs, targets.masked_fill(tokens == specials.pad, IGNORE)


def masked_diffusion(
    tokens: Tensor,
    rng: torch.Generator,
    specials: SpecialTokens = SPECIALS,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a time t for each text, hide each word with probability t, weight by 1/t.

    With `weighted_cross_entropy` this is an unbiased estimate of the NELBO, in nats, a
    bound on -log p(text) of a model that never predicts [MASK] and copies visible
    words. The linear schedule, alpha = 1 - t, gives the weight 1/t, the absolute value
    of alpha' / (1 - alpha); the bound is the same for every schedule.
    The times are stratified over the batch, each of them uniform in (0, 1].
    Shapes: tokens (B, T) -> inputs (B, T), targets (B, T), weights (B,).
    Errors: ValueError for an empty batch, negative ids, or a row of padding alone.
    Source: Sahoo et al. (2024), section 3; stratified times: Kingma et al. (2021).

    >>> tokens, rng = torch.tensor([[5, 6, 7, 8]]), torch.Generator().manual_seed(0)
    >>> inputs, targets, weights = masked_diffusion(tokens, rng)
    >>> torch.equal(inputs == 3, targets != IGNORE), bool((weights >= 1).all())
    (True, True)
    """
    check_tokens(tokens, pad=specials.pad)
    rows = len(tokens)
    shift = torch.rand(1, dtype=torch.float64, generator=rng)
    time = 1 - (shift + torch.arange(rows, dtype=torch.float64) / rows) % 1  # (B,)
    draws = torch.rand(tokens.shape, dtype=torch.float64, generator=rng)
    hidden = (draws < time[:, None]) & (tokens >= specials.first_word)
    inputs = tokens.masked_fill(hidden, specials.mask)
    return inputs, tokens.masked_fill(~hidden, IGNORE), 1 / time


def _corrupt(
    tokens: Tensor,
    is_target: Tensor,
    vocabulary: int,
    rng: torch.Generator,
    specials: SpecialTokens,
    fates: Fates,
) -> tuple[Tensor, Tensor]:
    """Inputs and targets; one draw for each token decides among the three fates."""
    if min(fates) < 0 or abs(sum(fates) - 1) > 1e-9:
        raise ValueError(f"fates must be three shares that add up to 1: {fates}")
    mask_below, random_below = fates[0], fates[0] + fates[1]
    fate = torch.rand(tokens.shape, generator=rng)
    random_words = torch.randint(
        specials.first_word, vocabulary, tokens.shape, generator=rng
    )
    inputs = tokens.masked_fill(is_target & (fate < mask_below), specials.mask)
    inputs = torch.where(
        is_target & (fate >= mask_below) & (fate < random_below), random_words, inputs
    )
    return inputs, tokens.masked_fill(~is_target, IGNORE)


def _check_words(tokens: Tensor, vocabulary: int, specials: SpecialTokens) -> None:
    if vocabulary <= specials.first_word:
        raise ValueError(
            f"vocabulary must hold words beyond its specials: {vocabulary}"
        )
    check_tokens(tokens, vocabulary, pad=specials.pad)
