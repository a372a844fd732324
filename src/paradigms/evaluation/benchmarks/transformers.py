"""Our GPT and BERT against Hugging Face transformers: forward, training step, decoding.

Float32, no dropout, the reference's default attention.  A step is forward, loss and
backward; a step of BERT has masked tokens and sentence pairs; the reference computes
logits at every position, ours only at targets: the same loss for fewer operations.
"""

import statistics
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.benchmarks import race, time_call
from paradigms.evaluation.parity import pair
from paradigms.generation.decoding import greedy
from paradigms.layers import Cache
from paradigms.models.bert import BASE, BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.models.gpt import GPT, SIZES, GPTConfig
from paradigms.objectives import masked_token

TINY = GPTConfig(vocabulary=1000, positions=128, width=64, layers=2, heads=4)


@dataclass(frozen=True)
class Sizes:
    """Networks, texts, and rounds for forward, training steps and decoding."""

    gpt: GPTConfig = SIZES["GPT-2 small"]
    bert: EncoderConfig = BASE
    tiny: GPTConfig = TINY
    texts: int = 1
    length: int = 128
    prompt: int = 32
    text_tokens: int = 32
    rounds: tuple[int, int, int] = (9, 9, 5)


def run(sizes: Sizes = Sizes()) -> list[dict[str, Any]]:
    """One row for each task; see `race` for its columns."""
    torch.manual_seed(0)
    rows = [*gpt_rows(sizes), *bert_rows(sizes)]
    ours, theirs = pair(GPT, sizes.tiny)
    rounds = 10 * sizes.rounds[2]
    rows.append(race_decoding("tiny GPT, writing", ours, theirs, sizes, rounds))
    return rows


def gpt_rows(sizes: Sizes) -> list[dict[str, Any]]:
    """Forward, a training step, and decoding with a cache."""
    ours, theirs = pair(GPT, sizes.gpt)
    tokens = torch.randint(sizes.gpt.vocabulary, (sizes.texts, sizes.length))

    def our_step() -> Tensor:
        ours.zero_grad()
        logits = ours(tokens)[:, :-1].flatten(0, 1)
        return backward(F.cross_entropy(logits, tokens[:, 1:].flatten()))

    def their_step() -> Tensor:
        theirs.zero_grad()
        return backward(theirs(tokens, labels=tokens).loss)

    reading, steps, texts = sizes.rounds
    with torch.inference_mode():
        rows = [
            race(
                "GPT, forward",
                lambda: ours(tokens),
                lambda: theirs(tokens, use_cache=False).logits,
                reading,
            )
        ]
    rows.append(race("GPT, training step", our_step, their_step, steps))
    ours.zero_grad()
    theirs.zero_grad()
    row = race_decoding("GPT, writing", ours, theirs, sizes, texts)
    return [*rows, row | share_of_bandwidth(ours, sizes, texts)]


def bert_rows(sizes: Sizes) -> list[dict[str, Any]]:
    """Forward and a training step."""
    ours, theirs = pair(BERT, sizes.bert)
    text = torch.randint(4, sizes.bert.vocabulary, (sizes.texts, sizes.length))
    rng = torch.Generator().manual_seed(0)
    tokens, targets = masked_token(text, sizes.bert.vocabulary, rng)
    masked, pairs = targets != IGNORE, torch.arange(sizes.texts) % 2

    def our_step() -> Tensor:
        ours.zero_grad()
        states = ours.encoder(tokens)
        loss = F.cross_entropy(ours.mlm_head(states[masked]), targets[masked])
        return backward(loss + F.cross_entropy(ours.pair(states), pairs))

    def their_step() -> Tensor:
        theirs.zero_grad()
        return backward(theirs(tokens, labels=targets, next_sentence_label=pairs).loss)

    with torch.inference_mode():
        reading = race(
            "BERT, forward",
            lambda: ours(tokens),
            lambda: theirs(tokens).prediction_logits,
            sizes.rounds[0],
        )
    return [reading, race("BERT, training step", our_step, their_step, sizes.rounds[1])]


def backward(loss: Tensor) -> Tensor:
    """Compute the gradients; returns the loss."""
    loss.backward()
    return loss.detach()


def race_decoding(
    name: str, ours: GPT, theirs: Any, sizes: Sizes, rounds: int
) -> dict[str, Any]:
    """Greedy decoding of one text with a cache."""
    prompt = torch.randint(ours.word.num_embeddings, (1, sizes.prompt))
    options = {
        "max_new_tokens": sizes.text_tokens,
        "do_sample": False,
        "pad_token_id": 0,
    }
    real = torch.ones_like(prompt)
    return race(
        name,
        lambda: greedy(ours, prompt, sizes.text_tokens),
        lambda: theirs.generate(prompt, attention_mask=real, **options),
        rounds,
    )


@torch.no_grad()
def share_of_bandwidth(ours: GPT, sizes: Sizes, rounds: int) -> dict[str, Any]:
    """Bytes of weights read per second of decoding, over the memory bandwidth.

    The bandwidth is that of summing as many numbers as there are weights, with all
    threads, before and after each text.  The prompt is read first, unmeasured; then
    each token reads all weights but the position embeddings.  Units: 10^9 bytes/s.
    """
    vocabulary = ours.word.num_embeddings
    prompt, token = (torch.randint(vocabulary, (1, n)) for n in (sizes.prompt, 1))
    weights = sum(p.numel() for p in ours.parameters()) - ours.position.weight.numel()
    numbers = torch.randn(weights)
    bandwidths, shares = [], []

    def write(cache: Cache) -> None:
        for _ in range(sizes.text_tokens):
            ours(token, cache=cache)

    for _ in range(rounds):
        cache = Cache()
        ours(prompt, cache=cache)
        before = time_call(numbers.sum)[0]
        text = time_call(partial(write, cache))[0]
        after = time_call(numbers.sum)[0]
        bandwidths.append(2 * 4 * weights / (before + after) / 1e9)
        shares.append(4 * weights * sizes.text_tokens / text / 1e9 / bandwidths[-1])
    return {
        "memory GB/s": round(statistics.median(bandwidths), 2),
        "share of it": round(statistics.median(shares), 3),
        "lowest and highest share": [round(min(shares), 3), round(max(shares), 3)],
    }
