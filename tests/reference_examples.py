"""Random configs and batches for comparing each system with its reference.

Sampled without Hypothesis, which repeats configs and seldom generates a batch that
needs padding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from paradigms.evaluation.parity import pair
from paradigms.layers import RMSNorm, gelu_tanh
from paradigms.models import albert, bart, bert, electra, gpt, llama, roberta, t5

CONFIGS = 25  # distinct ones, for every system
PAD = 1  # the padding id of the references
LONGEST = 11

Draw = Callable[[Random], Any]


def shape(random: Random) -> dict[str, Any]:
    """Random values of the sizes that every config has."""
    heads = random.choice([1, 2, 3, 4, 6])
    # Layer norm over two values keeps only their signs, which hides most mistakes.
    widths = [4, 6, 10] if heads == 1 else [2, 4, 6, 10]
    return {
        "vocabulary": random.randint(11, 41),
        "heads": heads,
        "width": heads * random.choice(widths),
        "layers": random.randint(1, 3),
    }


def hidden(random: Random) -> int:
    """A random hidden width of a feed-forward layer."""
    return random.randint(3, 40)


def draw_gpt(random: Random) -> gpt.GPTConfig:
    """A GPT-2 config of random sizes."""
    return gpt.GPTConfig(**shape(random), positions=24, tied=random.random() < 0.5)


def draw_llama(random: Random) -> llama.LLaMAConfig:
    """A LLaMA config of random sizes."""
    sizes = shape(random)
    groups = [k for k in range(1, 7) if sizes["heads"] % k == 0]
    return llama.LLaMAConfig(
        **sizes,
        kv_heads=random.choice(groups),
        hidden=hidden(random),
        theta=random.choice([100.0, 10_000.0, 500_000.0]),
        eps=random.choice([1e-6, 1e-5]),
        tied=random.random() < 0.5,
    )


def draw_encoder(base: Any, **choices: list[Any]) -> Draw:
    """A sampler of encoder configs: the base with random sizes and choices."""

    def sample(random: Random) -> Any:
        options = {key: random.choice(values) for key, values in choices.items()}
        sizes = {**shape(random), "hidden": hidden(random)}
        return replace(base, **sizes, positions=26, **options)

    return sample


def draw_t5(random: Random) -> t5.T5Config:
    """A T5 config of random sizes, gated or not, tied or not."""
    return t5.T5Config(
        **shape(random),
        head_width=random.randint(1, 7),
        hidden=hidden(random),
        buckets=random.choice([8, 16, 32]),
        distance=random.choice([20, 128]),
        gated=random.random() < 0.5,
        tied=random.random() < 0.5,
    )


def draw_bart(random: Random) -> bart.BARTConfig:
    """A BART config of random sizes."""
    return bart.BARTConfig(**shape(random), positions=24, hidden=hidden(random))


ACTIVATION = [F.gelu, gelu_tanh]
NARROW = [5, 9]  # widths are even: never the width of the hidden states
ENCODERS: dict[Any, Draw] = {
    bert.BERT: draw_encoder(bert.BASE, activation=ACTIVATION, segments=[1, 2, 3]),
    bert.Classifier: draw_encoder(bert.BASE, segments=[2]),
    roberta.RoBERTa: draw_encoder(roberta.BASE, eps=[1e-5, 1e-12]),
    albert.ALBERT: draw_encoder(albert.BASE, embedding=NARROW, activation=ACTIVATION),
    electra.Discriminator: draw_encoder(electra.BASE, embedding=[*NARROW, None]),
}
DECODERS: dict[Any, Draw] = {gpt.GPT: draw_gpt, llama.LLaMA: draw_llama}
WRITERS: dict[Any, Draw] = {t5.T5: draw_t5, bart.BART: draw_bart}
SYSTEMS = ENCODERS | DECODERS | WRITERS
# References whose positions do not depend on the side of the padding, as in ours;
# the others are compared with padding on the right only.
EITHER_SIDE = {*DECODERS, roberta.RoBERTa, t5.T5}


@dataclass(frozen=True)
class Batch:
    """Lengths of the texts of a batch, and the side on which they are padded."""

    lengths: tuple[int, ...]
    left: bool = False

    @classmethod
    def draw(cls, random: Random, rows: int, left: bool) -> "Batch":
        """Random lengths; at least one text has two tokens, and so one to predict."""
        others = [random.randint(1, LONGEST) for _ in range(rows - 1)]
        return cls((random.randint(2, LONGEST), *others), left)

    @property
    def padded(self) -> bool:
        return len(set(self.lengths)) > 1

    def real(self) -> Tensor:
        """The padding mask (B, T), False at padding."""
        positions = torch.arange(max(self.lengths))
        positions = positions.flip(0) if self.left else positions
        return positions < torch.tensor(self.lengths)[:, None]

    def tokens(self, vocabulary: int) -> Tensor:
        """Random token ids (B, T), none special to a reference except the padding."""
        real = self.real()
        return torch.randint(3, vocabulary, real.shape).masked_fill(~real, PAD)


@dataclass(frozen=True)
class Example:
    """A config and the inputs of its network; encoder-decoders also read targets."""

    config: Any
    seed: int  # of weights and tokens
    texts: Batch
    targets: Batch


def draw_example(system: Any, random: Random) -> Example:
    """A random example for a system."""
    rows = random.randint(1, 4)
    sides = [system in EITHER_SIDE and random.random() < 0.5 for _ in range(2)]
    texts, targets = (Batch.draw(random, rows, left) for left in sides)
    return Example(SYSTEMS[system](random), random.randrange(1000), texts, targets)


@cache
def examples(system: Any) -> list[Example]:
    """Examples for a system, the same in every run, all with distinct configs."""
    random = Random(system.__name__)
    by_config: dict[Any, Example] = {}
    while len(by_config) < CONFIGS:
        example = draw_example(system, random)
        by_config.setdefault(example.config, example)
    return list(by_config.values())


def shortfalls(system: Any, samples: list[Example]) -> list[str]:
    """Properties that too few of the examples have, with their counts."""
    distinct = len({example.config for example in samples})
    problems = [f"distinct configs: {distinct}"] if distinct < CONFIGS else []
    if system is llama.LLaMA:  # one group, or a group per head, has only one order
        configs = [example.config for example in samples]
        groups = sum(1 < config.kv_heads < config.heads for config in configs)
        problems += [f"configs with groups of heads: {groups}"] if groups < 3 else []
    for name in ("texts", "targets"):
        batches: list[Batch] = [getattr(example, name) for example in samples]
        padded = [batch.left for batch in batches if batch.padded]
        left, odd = sum(padded), sum(max(b.lengths) % 2 for b in batches)
        counts = {
            "padded": (len(padded), len(samples) / 2),
            "padded on the left": (left, len(samples) / 5 * (system in EITHER_SIDE)),
            "of an odd length": (odd, len(samples) / 5),
            "with a word to predict": (
                sum(max(b.lengths) > 1 for b in batches),
                len(samples),
            ),
        }
        for description, (count, minimum) in counts.items():
            if count < minimum:
                problems.append(f"{name} {description}: {count}")
    return problems


def exact_norms(network: nn.Module) -> None:
    """Replace the RMS norms of a reference by ones in double precision.

    The reference casts to float32 inside its RMS norms, whatever its dtype; everything
    else of it is compared to the last digit.
    """
    for name, child in network.named_children():
        if type(child).__name__ in ("LlamaRMSNorm", "T5LayerNorm"):
            norm = RMSNorm(len(child.weight), child.variance_epsilon).double()
            norm.weight = child.weight
            setattr(network, name, norm)
        exact_norms(child)


def both(system: Any, example: Example, dtype: torch.dtype, **options: Any):
    """Our network and the reference with equal weights."""
    torch.manual_seed(example.seed)
    ours, theirs = pair(system, example.config, dtype, **options)
    if dtype == torch.float64:
        exact_norms(theirs)
    return ours, theirs
