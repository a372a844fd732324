"""Precision, coverage and the Fréchet distance on cases with known values."""

import pytest
import torch
from torch import nn

from paradigms.data.digits import LEVELS, PIXELS, load, scaled
from paradigms.evaluation.sample_quality import (
    DigitClassifier,
    frechet,
    precision_and_coverage,
)
from paradigms.layers import Perceptron

# The features are the pixels.
BLANK = Perceptron(PIXELS, 10)
BLANK.layers.insert(0, nn.Identity())


def test_precision_and_coverage_on_known_cases():
    """The data itself; one digit repeated (mode collapse); images unlike digits."""
    classifier = DigitClassifier(BLANK, scaled(load().pixels[:10]))
    real = scaled(load().pixels[:60])
    same = precision_and_coverage(classifier, real, real, 3)
    assert same["precision"] == same["coverage"] == 1
    assert same["Frechet"] == pytest.approx(0, abs=1e-6)
    collapsed = precision_and_coverage(classifier, real[:1].expand(60, -1), real, 3)
    assert collapsed["precision"] == 1
    assert collapsed["coverage"] < 0.2
    assert collapsed["Frechet"] > 1
    dark = precision_and_coverage(classifier, torch.full((60, PIXELS), 0.99), real, 3)
    assert dark["precision"] == dark["coverage"] == 0


def test_the_balls_by_brute_force():
    """Precision and coverage equal a loop over all pairs of images."""
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(LEVELS, (2, 30, PIXELS), generator=rng)
    pixels[1, :15] = pixels[0, :15]
    pixels[1, :15, :9] = 3
    classifier = DigitClassifier(BLANK, scaled(pixels[0]))
    real, generated = scaled(pixels[0]), scaled(pixels[1])

    def radius(q: int) -> float:
        distances = [float((real[q] - r).norm()) for i, r in enumerate(real) if i != q]
        return sorted(distances)[1]

    inside = [
        [float((real[q] - x).norm()) <= radius(q) for q in range(30)] for x in generated
    ]
    scores = precision_and_coverage(classifier, generated, real, 2)
    assert scores["precision"] == pytest.approx(sum(map(any, inside)) / 30)
    covered = sum(any(column) for column in zip(*inside, strict=True))
    assert scores["coverage"] == pytest.approx(covered / 30)
    assert 0 < scores["coverage"] < 1


def test_frechet_is_right_in_closed_form():
    """Equal data: 0; a shift by 2 in three dimensions: 12; a scale by 3."""
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(500, 3, dtype=torch.float64, generator=rng)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet(a, a + 2) == pytest.approx(12)
    scale = 4 * a.T.cov().trace() + (2 * a.mean(dim=0)).square().sum()
    assert frechet(a, 3 * a) == pytest.approx(float(scale))
    assert frechet(a, a.flip(0)) == pytest.approx(0, abs=1e-9)
