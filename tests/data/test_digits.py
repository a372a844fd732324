"""The digits: complete, split, scaled and quantised; bad pixels are refused."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from paradigms.data.digits import (
    bits_per_pixel,
    load,
    quantise,
    scale,
    split,
)


def test_they_are_the_digits_of_scikit_learn():
    """1,797 images and labels, equal to those that scikit-learn loads."""
    reference = load_digits()
    assert load().pixels.tolist() == reference.data.astype(int).tolist()
    assert load().labels.tolist() == reference.target.tolist()
    assert (load().pixels.min(), load().pixels.max()) == (0, 16)


def test_no_picture_is_in_both_parts():
    """359 for test and 1,438 for training, for each seed; no image is duplicated."""
    all_rows = {tuple(row) for row in load().pixels.tolist()}
    assert len(all_rows) == 1797
    for seed in (0, 1):
        train, test = split(seed)
        assert (len(train.labels), len(test.labels)) == (1438, 359)
        parts = [{tuple(row) for row in part.pixels.tolist()} for part in (train, test)]
        assert not parts[0] & parts[1]
        assert parts[0] | parts[1] == all_rows


def test_the_split_is_fixed_by_its_seed():
    """The same seed gives the same split, another seed another."""
    assert torch.equal(split(0)[1].pixels, split(0)[1].pixels)
    assert not torch.equal(split(0)[1].pixels, split(1)[1].pixels)


@pytest.mark.parametrize("noise", [0.001, 0.5, 0.999])
def test_scaling_is_undone(noise):
    """For dequantisation noise in [0.001, 0.999], away from rounding at the edges."""
    pixels = load().pixels
    x = scale(pixels, noise)
    assert torch.equal(quantise(x), pixels)
    assert -1 <= float(x.min()) <= float(x.max()) < 1
    assert quantise(torch.tensor([-9.0, 9.0])).tolist() == [0, 16]


def test_the_uniform_density_costs_log_17():
    """Density 1/2 on [-1, 1) for each pixel is uniform over 17 levels: log2 17 bits."""
    assert bits_per_pixel(64 * math.log(0.5)) == pytest.approx(math.log2(17))


def test_the_bound_on_whole_numbers_holds():
    """The mean of log p over the noise u is at most log P(pixel), here for a normal."""
    normal = torch.distributions.Normal(0.1, 0.4)
    edges = torch.arange(18) / 8.5 - 1
    exact = (normal.cdf(edges[1:]) - normal.cdf(edges[:-1])).log()  # (17,)
    noise = (torch.arange(1000) + 0.5) / 1000
    x = (torch.arange(17)[:, None] + noise) / 8.5 - 1
    bound = normal.log_prob(x).mean(dim=1) - math.log(8.5)
    assert bool((bound <= exact + 1e-4).all())
    assert float((exact - bound).max()) > 0.01


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (torch.tensor([[17]]), r"pixels must lie in 0\.\.16: got 17 to 17"),
        (torch.tensor([[-1]]), r"pixels must lie in 0\.\.16: got -1 to -1"),
        (torch.zeros(1, 64), "pixels must be whole numbers"),
        (torch.zeros(0, 64).long(), "not empty"),
    ],
)
def test_what_is_no_pixel_is_refused(pixels, message):
    """Above 16, negative, already scaled, empty."""
    with pytest.raises(ValueError, match=message):
        scale(pixels)
