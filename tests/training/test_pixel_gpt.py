"""A GPT over pixels: its probabilities sum to one, and it samples what it predicts."""

import math

import pytest
import torch
from torch import nn

from paradigms.data.digits import LEVELS, PIXELS, load
from paradigms.models.gpt import GPT, GPTConfig
from paradigms.training.pixel_gpt import (
    PixelGPTConfig,
    log_probability,
    sample_pixels,
    train_pixel_gpt,
)


def test_a_picture_s_probability_is_a_distribution():
    """The probabilities of the last pixel's 17 levels sum to that of the others."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(LEVELS + 1, PIXELS, 16, 1, 2)).eval()
    picture = load().pixels[:1].repeat(LEVELS, 1)
    picture[:, -1] = torch.arange(LEVELS)
    with torch.no_grad():
        log_p = log_probability(network, picture)
        shorter = log_probability(network, picture[:1, :-1])
    assert float(log_p.logsumexp(dim=0)) == pytest.approx(float(shorter), abs=1e-4)
    flat = -PIXELS * math.log(LEVELS)  # an untrained network is near uniform
    assert float(log_p[0]) == pytest.approx(flat, abs=10)


def test_training_raises_the_probability_of_the_pictures():
    """Above that of 17 equally likely levels."""
    pixels = load().pixels[:64]
    config = PixelGPTConfig(width=16, layers=1, batch=8, steps=60)
    network = train_pixel_gpt(config, pixels, torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean = float(log_probability(network.eval(), pixels).mean())
    assert mean > -0.9 * PIXELS * math.log(LEVELS)


def test_what_is_written_is_drawn_from_the_network():
    """A network that always predicts 5 writes fives; ids are grey levels."""
    torch.manual_seed(0)
    network = GPT(GPTConfig(LEVELS + 1, PIXELS, 16, 1, 2)).eval()
    rng = torch.Generator().manual_seed(0)
    samples = sample_pixels(network, 20, rng)
    assert samples.shape == (20, PIXELS)
    assert 0 <= int(samples.min()) < int(samples.max()) < LEVELS

    def stubborn(tokens, **_):
        always = torch.full_like(tokens, 5)
        return 50 * nn.functional.one_hot(always, LEVELS + 1).float()

    assert sample_pixels(stubborn, 3, rng).unique().tolist() == [5]
