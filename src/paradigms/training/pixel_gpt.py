"""A GPT that generates a digit pixel by pixel, row by row, with its exact probability.

A pixel's id is its grey level; the start symbol follows the levels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paradigms.data.digits import LEVELS, PIXELS
from paradigms.data.special_tokens import SpecialTokens
from paradigms.generation.decoding import generate
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.objectives import next_token
from paradigms.training.loop import Tensors, TrainingConfig, train

IDS = SpecialTokens(pad=LEVELS + 1, bos=LEVELS)  # nothing here is ever padding


@dataclass(frozen=True)
class PixelGPTConfig:
    """The network and its training."""

    width: int = 64
    layers: int = 2
    batch: int = 16
    steps: int = 800
    rate: float = 4e-3


def train_pixel_gpt(
    config: PixelGPTConfig, pixels: Tensor, rng: torch.Generator
) -> GPT:
    """A GPT that predicts each pixel of pictures (N, 64) from the previous ones."""
    network = GPT(GPTConfig(LEVELS + 1, PIXELS, config.width, config.layers, heads=4))

    def batch(_: int) -> Tensors:
        return (pixels[torch.randint(len(pixels), (config.batch,), generator=rng)],)

    def loss(network: nn.Module, batch: Tensors) -> tuple[Tensor, Tensor]:
        return -log_probability(network, *batch).sum(), torch.tensor(batch[0].numel())

    training = TrainingConfig(config.steps, config.rate, 50, weight_decay=0.1)
    train(network, batch, loss, training)
    return network


def log_probability(network: nn.Module, pixels: Tensor) -> Tensor:
    """Log P of pictures (N, 64) of integer grey levels, exactly, in nats: (N,)."""
    inputs, targets = next_token(pixels, IDS)
    logits: Tensor = network(inputs)[..., :LEVELS]
    log_p = logits.log_softmax(dim=-1)  # (N, 64, 17)
    return log_p.gather(-1, targets[..., None]).sum(dim=(1, 2))


@torch.no_grad()
def sample_pixels(network: GPT, count: int, rng: torch.Generator) -> Tensor:
    """Pictures sampled pixel by pixel: (count, 64)."""

    def choose(scores: Tensor) -> Tensor:
        p = scores[:, :LEVELS].softmax(dim=-1)
        return torch.multinomial(p, 1, generator=rng)[:, 0]

    return generate(network, torch.full((count, 1), IDS.bos), PIXELS, choose)[:, 1:]
