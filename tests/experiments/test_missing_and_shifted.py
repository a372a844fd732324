"""Missing features and prior shift: formulas, reduced size, statements of pages."""

import math

import pytest
import torch

from paradigms.evaluation.calibration import fit_temperature
from paradigms.experiments import missing_and_shifted
from paradigms.experiments.records import load
from paradigms.models.discriminant_analysis import LDA
from tests.models.inference.test_missing_features import some_rows


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("missing_and_shifted").rows}


def test_as_many_features_are_hidden_as_said():
    """A share of 0.5 observes two of four in every row, at least one; rows differ."""
    x = torch.zeros(200, 4)
    rng = torch.Generator().manual_seed(0)
    assert set(missing_and_shifted.hidden(x, 0.5, rng).sum(1).tolist()) == {2}
    assert set(missing_and_shifted.hidden(x, 0.01, rng).sum(1).tolist()) == {1}
    assert missing_and_shifted.hidden(x, 1.0, rng).all()
    assert len(missing_and_shifted.hidden(x, 0.5, rng).unique(dim=0)) == 6


def test_a_replaced_prior_is_a_corrected_logit():
    """A new prior in the model equals the correction of its logits."""
    x, labels = some_rows()
    model = LDA(3).fit(x, labels)
    new_prior = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64).log()
    corrected = (model.log_joint(x) + new_prior - model.log_prior).softmax(dim=1)
    before = model.predict_proba(x)
    model.log_prior = new_prior
    assert torch.allclose(model.predict_proba(x), corrected, atol=1e-12)
    assert (before - corrected).abs().max() > 0.1


def test_scores_under_three_priors():
    """One row of log-odds 1 and label 0: wrong as trained, right with the new prior."""
    logits = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    training_prior = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    new_prior = torch.tensor([0.9, 0.1], dtype=torch.float64).log()
    metrics = missing_and_shifted.compared(
        logits, torch.tensor([0]), training_prior, new_prior
    )
    assert (metrics["error as trained"], metrics["error told"]) == (1, 0)
    assert metrics["gained, told"] == 1
    expected = math.log(1 + math.e / 9)
    assert metrics["log-loss told"] == pytest.approx(expected)


def test_a_slope_and_a_shift_mend_a_lean():
    """Log-odds times four plus six are recovered; a temperature leaves the bias."""
    rng = torch.Generator().manual_seed(0)
    log_odds = 2 * torch.randn(20_000, 1, dtype=torch.float64, generator=rng)
    labels = (torch.rand(20_000, generator=rng) < log_odds[:, 0].sigmoid()).long()
    logits = torch.cat([torch.zeros_like(log_odds), 4 * log_odds + 6], dim=1)
    recalibrated = missing_and_shifted.straightened(logits, labels, logits).diff(dim=1)
    assert float((recalibrated - log_odds).abs().mean()) < 0.1
    temperature_scaled = (logits / fit_temperature(logits, labels)).diff(dim=1)
    assert float((temperature_scaled - log_odds).abs().mean()) > 0.5


def test_copies_of_a_row_stay_on_one_side():
    """Duplicated rows stay in one fold: the penalty is validated on unseen rows."""
    x, labels = some_rows(42)
    config = missing_and_shifted.smaller()
    once = missing_and_shifted.chosen(config, x, labels, 42)
    twice = missing_and_shifted.chosen(config, x.repeat(2, 1), labels.repeat(2), 42)
    assert torch.allclose(once.logits(x), twice.logits(x), atol=1e-2)


def test_missing_and_shifted_again_at_reduced_size():
    """Three draws: errors near the record, gains of the same sign."""
    reduced = {
        row["name"]: row
        for row in missing_and_shifted.run(missing_and_shifted.smaller())
    }
    stored = rows()
    for name, row in reduced.items():
        for column in ("100% seen", "50% seen", "error told", "error estimated"):
            if column in row and " - " not in name and name in stored:
                expected = stored[name][column][0]
                assert abs(row[column][0] - expected) < 0.08, (name, column)
    for data in ("rotten_tomatoes", "normal classes"):
        for model in ("naive Bayes", "logistic regression"):
            for results in (reduced, stored):
                row = results[f"{data}, {model}, 10%"]
                assert row["gained, told"][1] > 0, (data, model)
                assert row["gained, estimated"][0] > 0.03, (data, model)


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval is below the second."""
    return a[2] < b[1]


def test_what_the_page_says_of_missing_features():
    """Statements of the page beyond those that the claim checks."""
    results = rows()

    def error(model, percent, data="digits"):
        return results[f"{data}, {model}"][f"{percent}% seen"]

    means = "logistic regression, means"
    assert error("LDA", 50)[2] < 0.7 * error(means, 50)[1]  # far less
    drop, zeros = "logistic regression, dropping", "logistic regression, zeros"
    assert all(apart(error(model, 50), error(means, 50)) for model in ("LDA", drop))
    assert apart(error("naive Bayes", 50), error(means, 50))
    for percent in (90, 70, 50, 30, 10):
        assert apart(error(means, percent), error(zeros, percent))
    for model in ("LDA", "naive Bayes"):
        complete = error(model, 100, "tumours")
        assert complete[1] < error(model, 50, "tumours")[0] < complete[2]
    ratio = error(means, 50, "tumours")[0] / error(means, 100, "tumours")[0]
    assert 1.7 < ratio < 2.3


def test_what_the_page_says_in_pairs_of_missing_features():
    """Differences between models and between imputations, on digits and tumours."""
    results = rows()

    def gap(one, other, percent, data="digits"):
        return results[f"{data}, {one} - {other}"][f"{percent}% seen"]

    percentages = (100, 90, 70, 50, 30, 10)
    means, drop, gaussian = (
        missing_and_shifted.FILLERS[0],
        *missing_and_shifted.FILLERS[2:],
    )
    for other in ("naive Bayes", "LDA", *missing_and_shifted.FILLERS):
        assert all(gap("QDA", other, percent)[2] < 0 for percent in percentages)
    assert all(
        gap("QDA", gaussian, percent, "tumours")[1] > 0 for percent in (100, 90, 70, 50)
    )
    assert all(gap(drop, means, percent)[2] < 0 for percent in (50, 30, 10))
    assert all(gap(drop, means, percent)[1] > 0 for percent in (100, 90))
    assert all(gap(drop, gaussian, percent)[1] > 0 for percent in percentages)
    inconclusive = [gap(drop, means, 100, "tumours")]
    inconclusive += [gap(drop, gaussian, percent, "tumours") for percent in percentages]
    for other in (drop, gaussian):
        inconclusive += [
            gap("LDA", other, percent, "tumours") for percent in percentages[:-1]
        ]
        assert gap("LDA", other, 10, "tumours")[2] < 0
    inconclusive += [gap("LDA", gaussian, percent) for percent in (70, 50)]
    assert all(low < 0 < high for _, low, high in inconclusive)
    assert all(gap("LDA", gaussian, percent)[1] > 0 for percent in (100, 90))
    assert all(gap("LDA", gaussian, percent)[2] < 0 for percent in (30, 10))


def test_what_the_page_says_of_a_slope_and_a_shift():
    """Slope and shift correct the bias and the estimate, not the errors."""
    results = rows()
    affine, scaled = "naive Bayes, slope and shift", "naive Bayes, temperature"
    logistic = "logistic regression, slope and shift"
    for share in (10, 30, 50, 70, 90):
        _, low, high = results[f"imdb, {affine}, {share}%"]["estimated share"]
        assert low < share / 100 < high
        assert results[f"imdb, {scaled}, {share}%"]["estimated share"][2] < share / 100
        pair = results[f"imdb, {affine} - {logistic}, {share}%"]
        assert pair["error estimated"][1] > 0
    pair = results[f"imdb, {affine} - {scaled}, 30%"]
    assert pair["error estimated"][2] < 0
    assert results[f"imdb, {scaled}, 30%"]["gained, estimated"][2] > 0  # not shown
    assert results[f"imdb, {scaled}, 50%"]["gained, estimated"][2] < 0
    for share in (10, 90):
        gap = results[f"imdb, {scaled} - logistic regression, temperature, {share}%"]
        assert 0 < gap["error estimated"][1] < gap["error estimated"][2] < 0.025


def test_what_the_page_says_of_shifted_classes():
    """Which models gain from the new prior, and by how much."""
    results = rows()
    for share in (10, 90):
        for model in ("naive Bayes", "logistic regression"):
            for data in ("imdb", "rotten_tomatoes"):
                row = results[f"{data}, {model}, {share}%"]
                assert row["gained, told"][1] > 0
                assert row["gained, estimated"][1] > 0
        pair = results[f"imdb, naive Bayes - logistic regression, {share}%"]
        bayes = results[f"imdb, naive Bayes, {share}%"]
        for way in ("told", "estimated"):
            assert pair[f"gained, {way}"][2] < 0
            for repair in ("temperature", "slope and shift"):
                repaired = results[f"imdb, naive Bayes, {repair}, {share}%"]
                assert apart(bayes[f"gained, {way}"], repaired[f"gained, {way}"])
        models_rows = [
            results[f"normal classes, {model}, {share}%"]
            for model in ("naive Bayes", "LDA", "logistic regression")
        ]
        gains = [row["gained, estimated"] for row in models_rows]
        assert all(gain[1] > 0 for gain in gains)
        assert max(gain[0] for gain in gains) - min(gain[0] for gain in gains) < 0.005
        for row in models_rows:
            _, low, high = row["estimated share"]
            assert low < share / 100 < high


def test_what_the_page_says_of_estimates():
    """Which estimates of the prior are right, and which errors beat a constant."""
    results = rows()
    assert results["imdb, naive Bayes, 10%"]["estimated share"][1] > 0.15
    assert results["imdb, naive Bayes, 90%"]["estimated share"][2] < 0.8
    _, low, high = results["imdb, logistic regression, 10%"]["estimated share"]
    assert low < 0.1 < high
    repaired = [f"naive Bayes, {way}" for way in ("temperature", "slope and shift")]
    for way in ("told", "estimated"):
        assert results["imdb, naive Bayes, 10%"][f"error {way}"][1] > 0.1
        for model in (*repaired, "logistic regression"):
            assert results[f"imdb, {model}, 10%"][f"error {way}"][2] < 0.1
    for way in ("", ", temperature", ", slope and shift"):
        for model in ("naive Bayes", "logistic regression"):
            row = results[f"rotten_tomatoes, {model}{way}, 10%"]
            assert row["error estimated"][2] > 0.1
