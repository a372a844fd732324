"""The calibration error and the temperature, against what can be worked out by hand."""

import math

import pytest
import torch

from paradigms.evaluation.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability,
)


def test_bins_hold_equally_many_answers_in_order():
    """Ten answers in two bins: means and shares as counted by hand."""
    confidence = torch.tensor([0.9, 0.5, 0.6, 1.0, 0.8, 0.7, 0.55, 0.65, 0.95, 0.85])
    right = torch.tensor([1.0, 0, 1, 1, 1, 0, 0, 1, 1, 0])
    low, high = reliability(confidence, right, 2)
    assert low == (pytest.approx(0.6), pytest.approx(0.4), 5)
    assert high == (pytest.approx(0.9), pytest.approx(0.8), 5)
    assert expected_calibration_error([low, high]) == pytest.approx(0.15)


def test_bins_of_unlike_size_weigh_by_their_number():
    """Three answers in two bins: two thirds of one distance, one third of the other."""
    found = reliability(torch.tensor([0.5, 0.5, 1.0]), torch.tensor([1.0, 1.0, 0.0]), 2)
    assert [count for _, _, count in found] == [2, 1]
    assert expected_calibration_error(found) == pytest.approx(2 / 3 * 0.5 + 1 / 3)


def test_the_error_notices_too_much_certainty():
    """Right probabilities: near zero; the same answers with a surer claim: not."""
    dice = torch.Generator().manual_seed(0)
    chance = 0.5 + 0.5 * torch.rand(50_000, dtype=torch.float64, generator=dice)
    right = torch.bernoulli(chance, generator=dice)
    surer = chance**5 / (chance**5 + (1 - chance) ** 5)
    assert expected_calibration_error(reliability(chance, right, 10)) < 0.01
    assert expected_calibration_error(reliability(surer, right, 10)) > 0.1


def test_the_temperature_of_one_repeated_answer():
    """Log-odds 2 for all, three in four right: the temperature is 2 / log 3."""
    logits = torch.tensor([[0.0, 2.0]]).expand(400, 2)
    labels = torch.tensor([1, 1, 1, 0]).repeat(100)
    assert fit_temperature(logits, labels) == pytest.approx(2 / math.log(3), rel=1e-6)


def test_the_temperature_undoes_a_factor():
    """Labels drawn from the softmax: 1; logits times five: five times that."""
    dice = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 3, dtype=torch.float64, generator=dice)
    labels = torch.multinomial(logits.softmax(1), 1, generator=dice)[:, 0]
    once = fit_temperature(logits, labels)
    assert once == pytest.approx(1, abs=0.05)
    assert fit_temperature(5 * logits, labels) == pytest.approx(5 * once, rel=1e-6)
