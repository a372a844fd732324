"""Shifted classes: formulas, reduced size, statements of pages."""

import math

import pytest
import torch

from paradigms.experiments import shifted_classes
from paradigms.experiments.records import load
from paradigms.models.discriminant_analysis import LDA
from tests.models.inference.test_missing_features import some_rows


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("shifted_classes").rows}


def test_shifted_classes_again_at_reduced_size():
    """Three draws: errors near the record, gains of the same sign."""
    outcome = shifted_classes.run(shifted_classes.smaller())
    reduced = {row["name"]: row for row in outcome.rows}
    stored = rows()
    for name, row in reduced.items():
        for column in ("error, true prior", "error, estimated prior"):
            if column in row and " - " not in name:
                expected = stored[name][column][0]
                assert abs(row[column][0] - expected) < 0.08, (name, column)
    for data in ("rotten_tomatoes", "normal classes"):
        for model in ("naive Bayes", "logistic regression"):
            for results in (reduced, stored):
                row = results[f"{data}, {model}, 10%"]
                assert row["error reduction, true prior"][1] > 0, (data, model)
                assert row["error reduction, estimated prior"][0] > 0.03, (data, model)


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval is below the second."""
    return a[2] < b[1]


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
    metrics = shifted_classes.scores(
        logits, torch.tensor([0]), training_prior, new_prior
    )
    assert (metrics["error, training prior"], metrics["error, true prior"]) == (1, 0)
    assert metrics["error reduction, true prior"] == 1
    expected = math.log(1 + math.e / 9)
    assert metrics["log-loss, true prior"] == pytest.approx(expected)


def test_fewer_rows_of_a_class_than_its_share_are_refused():
    """The 840 test reviews of a split are half and half, not nine tenths positive."""
    config = shifted_classes.ShiftedClassesConfig(
        shares=(0.5, 0.9), sizes=(60, 40), test=700, vocabulary=100
    )
    message = r"rotten_tomatoes has 4\d\d and 4\d\d test rows .* too few for 90%"
    with pytest.raises(ValueError, match=message):
        shifted_classes.scores_by_share(config, "rotten_tomatoes", 0)


def test_an_unknown_data_set_is_refused():
    """It is not taken for normal classes."""
    config = shifted_classes.smaller()
    with pytest.raises(ValueError, match=r"imdb or .* or normal classes: 'imbd'"):
        shifted_classes.scores_by_share(config, "imbd", 0)


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
        _, low, high = pair["error, estimated prior"]
        assert low < 0 < high if share == 90 else low > 0
    gain = results[f"imdb, {affine}, 50%"]["error reduction, estimated prior"]
    assert gain[1] < 0 < gain[2]
    for data, model in (
        ("imdb", logistic),
        ("rotten_tomatoes", affine),
        ("rotten_tomatoes", logistic),
    ):  # there the estimate does harm
        unchanged = results[f"{data}, {model}, 50%"]
        assert unchanged["error reduction, estimated prior"][2] < 0
    pair = results[f"imdb, {affine} - {scaled}, 30%"]
    assert pair["error, estimated prior"][2] < 0
    for share in (30, 50):
        gain = results[f"imdb, {scaled}, {share}%"]["error reduction, estimated prior"]
        assert gain[2] < 0
    for share in (10, 90):
        gap = results[f"imdb, {scaled} - logistic regression, temperature, {share}%"]
        _, low, high = gap["error, estimated prior"]
        assert 0 < low < high < 0.025


def test_what_the_page_says_of_shifted_classes():
    """Which models gain from the new prior, and by how much."""
    results = rows()
    for share in (10, 90):
        for model in ("naive Bayes", "logistic regression"):
            for data in ("imdb", "rotten_tomatoes"):
                row = results[f"{data}, {model}, {share}%"]
                assert row["error reduction, true prior"][1] > 0
                assert row["error reduction, estimated prior"][1] > 0
        pair = results[f"imdb, naive Bayes - logistic regression, {share}%"]
        bayes = results[f"imdb, naive Bayes, {share}%"]
        for prior in ("true prior", "estimated prior"):
            reduction = f"error reduction, {prior}"
            assert pair[reduction][2] < 0
            for repair in ("temperature", "slope and shift"):
                repaired = results[f"imdb, naive Bayes, {repair}, {share}%"]
                assert apart(bayes[reduction], repaired[reduction])
        models_rows = [
            results[f"normal classes, {model}, {share}%"]
            for model in ("naive Bayes", "LDA", "logistic regression")
        ]
        gains = [row["error reduction, estimated prior"] for row in models_rows]
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
    for prior in ("true prior", "estimated prior"):
        assert results["imdb, naive Bayes, 10%"][f"error, {prior}"][1] > 0.1
        for model in (*repaired, "logistic regression"):
            assert results[f"imdb, {model}, 10%"][f"error, {prior}"][2] < 0.1
    for way in ("", ", temperature", ", slope and shift"):
        for model in ("naive Bayes", "logistic regression"):
            row = results[f"rotten_tomatoes, {model}{way}, 10%"]
            assert row["error, estimated prior"][2] > 0.1
