"""Precision, coverage and the Fréchet distance on cases that are known."""

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

# Passes the picture on as its features.
BLANK = Perceptron(PIXELS, 10)
BLANK.layers.insert(0, nn.Identity())


def test_precision_and_coverage_on_known_cases():
    """The digits themselves; one of them again and again; nothing like a digit."""
    judge = DigitClassifier(BLANK, scaled(load().pixels[:10]))
    real = scaled(load().pixels[:60])
    same = precision_and_coverage(judge, real, real, 3)
    assert same["precision"] == same["coverage"] == 1
    assert same["Frechet"] == pytest.approx(0, abs=1e-6)
    collapsed = precision_and_coverage(judge, real[:1].expand(60, -1), real, 3)
    assert collapsed["precision"] == 1
    assert collapsed["coverage"] < 0.2
    assert collapsed["Frechet"] > 1
    dark = precision_and_coverage(judge, torch.full((60, PIXELS), 0.99), real, 3)
    assert dark["precision"] == dark["coverage"] == 0


def test_the_balls_by_brute_force():
    """Every pair of pictures, one by one."""
    dice = torch.Generator().manual_seed(0)
    whole = torch.randint(LEVELS, (2, 30, PIXELS), generator=dice)
    whole[1, :15] = whole[0, :15]
    whole[1, :15, :9] = 3
    judge = DigitClassifier(BLANK, scaled(whole[0]))
    real, made = scaled(whole[0]), scaled(whole[1])

    def reach(q: int) -> float:
        apart = [float((real[q] - r).norm()) for i, r in enumerate(real) if i != q]
        return sorted(apart)[1]

    inside = [
        [float((real[q] - x).norm()) <= reach(q) for q in range(30)] for x in made
    ]
    found = precision_and_coverage(judge, made, real, 2)
    assert found["precision"] == pytest.approx(sum(map(any, inside)) / 30)
    covered = sum(any(column) for column in zip(*inside, strict=True))
    assert found["coverage"] == pytest.approx(covered / 30)
    assert 0 < found["coverage"] < 1


def test_frechet_is_right_in_closed_form():
    """Equal data are at 0; a shift by 2 in three dimensions at 12; a scale by 3."""
    dice = torch.Generator().manual_seed(0)
    a = torch.randn(500, 3, dtype=torch.float64, generator=dice)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet(a, a + 2) == pytest.approx(12)
    scale = 4 * a.T.cov().trace() + (2 * a.mean(dim=0)).square().sum()
    assert frechet(a, 3 * a) == pytest.approx(float(scale))
    assert frechet(a, a.flip(0)) == pytest.approx(0, abs=1e-9)
