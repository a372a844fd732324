"""The calibration error and the temperature, against values computed by hand."""

import math

import pytest
import torch

from paradigms.evaluation.calibration import (
    calibration_report,
    class_logits,
    expected_calibration_error,
    fit_temperature,
    platt_scaling,
    reliability,
)
from paradigms.models.discriminant_analysis import LDA
from paradigms.models.logistic_regression import LogisticRegression


def test_bins_hold_equally_many_answers_in_order():
    """Ten predictions in two bins: mean confidence and accuracy by hand."""
    confidence = torch.tensor([0.9, 0.5, 0.6, 1.0, 0.8, 0.7, 0.55, 0.65, 0.95, 0.85])
    correct = torch.tensor([1.0, 0, 1, 1, 1, 0, 0, 1, 1, 0])
    low, high = reliability(confidence, correct, 2)
    assert low == (pytest.approx(0.6), pytest.approx(0.4), 5)
    assert high == (pytest.approx(0.9), pytest.approx(0.8), 5)
    assert expected_calibration_error([low, high]) == pytest.approx(0.15)


def test_bins_of_unlike_size_weigh_by_their_number():
    """Three predictions in two bins: distances weighted by 2/3 and 1/3."""
    bins = reliability(torch.tensor([0.5, 0.5, 1.0]), torch.tensor([1.0, 1.0, 0.0]), 2)
    assert [count for _, _, count in bins] == [2, 1]
    assert expected_calibration_error(bins) == pytest.approx(2 / 3 * 0.5 + 1 / 3)


def test_the_error_notices_too_much_certainty():
    """True probabilities have an error near zero, overconfident ones above 0.1."""
    rng = torch.Generator().manual_seed(0)
    probability = 0.5 + 0.5 * torch.rand(50_000, dtype=torch.float64, generator=rng)
    correct = torch.bernoulli(probability, generator=rng)
    overconfident = probability**5 / (probability**5 + (1 - probability) ** 5)
    assert expected_calibration_error(reliability(probability, correct, 10)) < 0.01
    assert expected_calibration_error(reliability(overconfident, correct, 10)) > 0.1


def test_the_temperature_of_one_repeated_answer():
    """Log-odds of 2 and an accuracy of 3/4: the temperature is 2 / log 3."""
    logits = torch.tensor([[0.0, 2.0]]).expand(400, 2)
    labels = torch.tensor([1, 1, 1, 0]).repeat(100)
    assert fit_temperature(logits, labels) == pytest.approx(2 / math.log(3), rel=1e-6)


def test_the_temperature_undoes_a_factor():
    """For labels drawn from the softmax it is 1, for logits times five it is 5."""
    rng = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 3, dtype=torch.float64, generator=rng)
    labels = torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(1, abs=0.05)
    assert fit_temperature(5 * logits, labels) == pytest.approx(
        5 * temperature, rel=1e-6
    )


def test_the_report_of_four_predictions():
    """Metrics of four predictions by hand, for two sets of labels."""
    logits = torch.tensor([[0.0, 3.0], [3.0, 0.0], [0.0, 0.1], [0.0, 0.1]])
    metrics, _ = calibration_report(logits, torch.tensor([1, 0, 1, 0]), 4, 20)
    high, low = (float(torch.sigmoid(torch.tensor(z))) for z in (3.0, 0.1))
    assert metrics["accuracy"] == 0.75
    assert metrics["confidence"] == pytest.approx((high + low) / 2, abs=1e-6)
    # 0.953, twice: too few for a selective accuracy.
    assert metrics["coverage at confidence 0.95"] == 0.5
    assert "selective accuracy at confidence 0.95" not in metrics
    swapped, _ = calibration_report(logits, torch.tensor([0, 1, 1, 0]), 4, 20)
    assert swapped["accuracy"] == 0.25
    assert swapped["log-loss"] > metrics["log-loss"]


def test_a_slope_and_a_shift_mend_a_lean():
    """Log-odds times four plus six are recovered; a temperature leaves the bias."""
    rng = torch.Generator().manual_seed(0)
    log_odds = 2 * torch.randn(20_000, 1, dtype=torch.float64, generator=rng)
    labels = (torch.rand(20_000, generator=rng) < log_odds[:, 0].sigmoid()).long()
    logits = torch.cat([torch.zeros_like(log_odds), 4 * log_odds + 6], dim=1)
    scores = logits[:, 1]
    recalibrated = platt_scaling(scores, labels, scores).diff(dim=1)
    assert float((recalibrated - log_odds).abs().mean()) < 0.1
    temperature_scaled = (logits / fit_temperature(logits, labels)).diff(dim=1)
    assert float((temperature_scaled - log_odds).abs().mean()) > 0.5


def test_logits_of_a_generative_model_are_its_joint():
    """Their softmax is P(Y | X), as for logistic regression."""
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(0)).double()
    labels = (x[:, 0] > 0).long()
    for model in (LDA(), LogisticRegression()):
        model.fit(x, labels)
        p = class_logits(model, x).softmax(dim=1)
        assert torch.allclose(p, model.predict_proba(x))
