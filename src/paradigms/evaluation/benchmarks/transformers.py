"""Our transformers against Hugging Face's: forward, training step, decoding.

Float32, no dropout, and the reference's fused attention ("sdpa").  A step is forward,
loss and backward; a step of BERT has masked tokens and sentence pairs, for which the
reference computes logits at every position, ours only at targets: the same loss for
fewer operations.
In rows named "both compiled", `torch.compile` has compiled the layers of both sides,
once for all layers of a kind; that time is not counted.  Without a C++ compiler these
rows are left out.  Training steps are not compiled: that takes minutes for a network on
two cores.  Nor is decoding: transformers 5.23 compiles it on accelerators only.
"""

import os
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.data.special_tokens import IGNORE
from paradigms.evaluation.benchmarks import race, time_call
from paradigms.evaluation.parity import pair, reference
from paradigms.generation.decoding import as_decoder, greedy
from paradigms.layers import Cache
from paradigms.models.bert import BASE, BERT
from paradigms.models.encoder import EncoderConfig
from paradigms.models.gpt import GPT, SIZES, GPTConfig
from paradigms.models.llama import LLaMA, LLaMAConfig
from paradigms.models.pretrained.hf_weights import load
from paradigms.models.t5 import T5, T5Config
from paradigms.objectives import masked_token

# Source: Allal et al. (2025); config.json of HuggingFaceTB/SmolLM2-135M.
SMOLLM2 = LLaMAConfig(
    vocabulary=49152,
    positions=8192,
    width=576,
    layers=30,
    heads=9,
    kv_heads=3,
    hidden=1536,
    theta=100_000.0,
    eps=1e-5,
    tied=True,
)
T5_SMALL = T5Config()
TINY = GPTConfig(vocabulary=1000, positions=128, width=64, layers=2, heads=4)
TINY_LLAMA = LLaMAConfig(
    vocabulary=1000, positions=128, width=64, layers=2, heads=4, kv_heads=2, hidden=176
)


@dataclass(frozen=True)
class Sizes:
    """Networks, texts, and rounds for forward, training steps and decoding.

    `compiled`: whether there are rows with compiled layers.
    """

    gpt: GPTConfig = SIZES["GPT-2 small"]
    llama: LLaMAConfig = SMOLLM2
    t5: T5Config = T5_SMALL
    bert: EncoderConfig = BASE
    tiny: GPTConfig = TINY
    tiny_llama: LLaMAConfig = TINY_LLAMA
    texts: int = 1
    length: int = 128
    prompt: int = 32
    text_tokens: int = 32
    rounds: tuple[int, int, int] = (9, 7, 5)
    compiled: bool = True


@dataclass(frozen=True)
class Side:
    """A network, what its forward pass returns, and its training loss."""

    network: nn.Module
    forward: Callable[[], Tensor]
    loss: Callable[[], Tensor]

    def step(self) -> Tensor:
        """Compute the gradients; returns the loss."""
        self.network.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss.detach()


def run(sizes: Sizes = Sizes()) -> list[dict[str, Any]]:
    """One row for each task; see `race` for its columns."""
    torch.manual_seed(0)
    tiny_rounds = 10 * sizes.rounds[2]
    return [
        *decoder_rows("GPT", GPT, sizes.gpt, sizes),
        *decoder_rows("LLaMA", LLaMA, sizes.llama, sizes),
        *t5_rows(sizes),
        *bert_rows(sizes),
        decoding_row("tiny GPT", *networks(GPT, sizes.tiny), sizes, tiny_rounds),
        decoding_row(
            "tiny LLaMA", *networks(LLaMA, sizes.tiny_llama), sizes, tiny_rounds
        ),
    ]


def networks(system: type[nn.Module], config: Any) -> tuple[Any, Any]:
    """Ours and the reference, which decodes without a token that ends the text.

    The weights are those of `pair`, but T5's are initial ones: its scores are not
    divided by the root of the width, so that larger weights amplify rounding errors
    until two computations of the same network differ by a tenth.
    """
    ours, theirs = pair(system, config, _attn_implementation="sdpa")
    if system is T5:
        theirs = reference(system, config, _attn_implementation="sdpa")
        load(ours, theirs.state_dict())
    if theirs.can_generate():
        theirs.generation_config.eos_token_id = None
    return ours, theirs


def decoder_rows(
    name: str, system: type[nn.Module], config: Any, sizes: Sizes
) -> list[dict[str, Any]]:
    """GPT or LLaMA: forward, a training step, and decoding with a cache."""
    ours, theirs = networks(system, config)
    tokens = torch.randint(config.vocabulary, (sizes.texts, sizes.length))

    # The last logits have no target; to leave them out would copy the others.
    targets = F.pad(tokens[:, 1:], (0, 1), value=IGNORE).flatten()

    def our_loss() -> Tensor:
        return F.cross_entropy(ours(tokens).flatten(0, 1), targets, ignore_index=IGNORE)

    decoding = decoding_row(name, ours, theirs, sizes, sizes.rounds[2])
    if system is GPT:
        decoding |= share_of_bandwidth(ours, sizes, sizes.rounds[2])
    rows = forward_and_step(
        name,
        Side(ours, lambda: ours(tokens), our_loss),
        Side(
            theirs,
            lambda: theirs(tokens, use_cache=False).logits,
            lambda: theirs(tokens, labels=tokens, use_cache=False).loss,
        ),
        sizes,
    )
    return [*rows, decoding]


def t5_rows(sizes: Sizes) -> list[dict[str, Any]]:
    """Forward and a training step on a source and a target, decoding from a source."""
    ours, theirs = networks(T5, sizes.t5)
    shape = (2, sizes.texts, sizes.length)
    source, target = torch.randint(1, sizes.t5.vocabulary, shape)
    tokens = F.pad(target[:, :-1], (1, 0), value=0)  # (B, T), the target shifted by one

    def our_loss() -> Tensor:
        return F.cross_entropy(ours(source, tokens).flatten(0, 1), target.flatten())

    inputs = {"input_ids": source, "decoder_input_ids": tokens, "use_cache": False}
    start, prompt = source.new_zeros(1, 1), source[:1, : sizes.prompt]
    options = generation_options(prompt, sizes) | {"decoder_start_token_id": 0}
    with torch.inference_mode():
        decoding = race(
            "T5, writing",
            lambda: greedy(as_decoder(ours, prompt), start, sizes.text_tokens),
            lambda: theirs.generate(prompt, **options),
            sizes.rounds[2],
        )
    rows = forward_and_step(
        "T5",
        Side(ours, lambda: ours(source, tokens), our_loss),
        Side(
            theirs,
            lambda: theirs(**inputs).logits,
            lambda: theirs(**inputs, labels=target).loss,
        ),
        sizes,
    )
    return [*rows, decoding]


def bert_rows(sizes: Sizes) -> list[dict[str, Any]]:
    """Forward and a training step."""
    ours, theirs = networks(BERT, sizes.bert)
    text = torch.randint(4, sizes.bert.vocabulary, (sizes.texts, sizes.length))
    rng = torch.Generator().manual_seed(0)
    tokens, targets = masked_token(text, sizes.bert.vocabulary, rng)
    masked, pairs = targets != IGNORE, torch.arange(sizes.texts) % 2

    def our_loss() -> Tensor:
        states = ours.encoder(tokens)
        loss = F.cross_entropy(ours.mlm_head(states[masked]), targets[masked])
        return loss + F.cross_entropy(ours.pair(states), pairs)

    return forward_and_step(
        "BERT",
        Side(ours, lambda: ours(tokens), our_loss),
        Side(
            theirs,
            lambda: theirs(tokens).prediction_logits,
            lambda: theirs(tokens, labels=targets, next_sentence_label=pairs).loss,
        ),
        sizes,
    )


def forward_and_step(
    name: str, ours: Side, theirs: Side, sizes: Sizes
) -> list[dict[str, Any]]:
    """Forward and training step, then forward with compiled layers."""
    forwards, steps, _ = sizes.rounds

    def race_forward(row: str) -> dict[str, Any]:
        with torch.no_grad():
            return race(row, ours.forward, theirs.forward, forwards)

    rows = [
        race_forward(f"{name}, forward"),
        race(f"{name}, training step", ours.step, theirs.step, steps),
    ]
    if sizes.compiled and can_compile():
        compile_layers(ours.network)
        compile_layers(theirs.network)
        rows.append(race_forward(f"{name}, forward, both compiled"))
    return rows


@cache
def can_compile() -> bool:
    """Whether `torch.compile` finds a C++ compiler that works.

    Not with fewer instructions than the processor has: the compiled code uses all of
    them, which gave NaN on an Intel Xeon in 2026.
    """
    if "ATEN_CPU_CAPABILITY" in os.environ:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch, for itself
        try:
            torch.compile(torch.sin)(torch.ones(2))
        except Exception:  # torch has no class of its own for all that may be missing
            return False
        return True


def compile_layers(network: nn.Module) -> None:
    """Compile each outermost module of a list, in place: one compilation for a list."""
    inner: set[nn.Module] = set()
    for module in network.modules():
        if isinstance(module, nn.ModuleList) and module not in inner:
            for layer in module:
                layer.compile(dynamic=False)  # else a width of another network counts
                inner.update(layer.modules())


def decoding_row(
    name: str, ours: nn.Module, theirs: Any, sizes: Sizes, rounds: int
) -> dict[str, Any]:
    """Greedy decoding of one text with a cache."""
    prompt = torch.randint(theirs.config.vocab_size, (1, sizes.prompt))
    options = generation_options(prompt, sizes)
    return race(
        f"{name}, writing",
        lambda: greedy(ours, prompt, sizes.text_tokens),
        lambda: theirs.generate(prompt, **options),
        rounds,
    )


def generation_options(prompt: Tensor, sizes: Sizes) -> dict[str, Any]:
    """The reference's options for as many tokens as ours, without padding."""
    return {
        "attention_mask": torch.ones_like(prompt),
        "max_new_tokens": sizes.text_tokens,
        "do_sample": False,
        "pad_token_id": 0,
    }


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
