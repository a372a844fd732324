"""Missing features: formulas, reduced size, statements of pages."""

import torch

from paradigms.experiments import missing_features
from paradigms.experiments.records import load
from tests.models.inference.test_missing_features import some_rows


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("missing_features").rows}


def test_missing_features_again_at_reduced_size():
    """Three draws: errors near the record."""
    stored = rows()
    for row in missing_features.run(missing_features.smaller()).rows:
        for column in ("100% seen", "50% seen"):
            if column in row and " - " not in row["name"]:
                expected = stored[row["name"]][column][0]
                assert abs(row[column][0] - expected) < 0.08, (row["name"], column)


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval is below the second."""
    return a[2] < b[1]


def test_as_many_features_are_hidden_as_said():
    """A share of 0.5 observes two of four in every row, at least one; rows differ."""
    x = torch.zeros(200, 4)
    rng = torch.Generator().manual_seed(0)
    assert set(missing_features.draw_observed(x, 0.5, rng).sum(1).tolist()) == {2}
    assert set(missing_features.draw_observed(x, 0.01, rng).sum(1).tolist()) == {1}
    assert missing_features.draw_observed(x, 1.0, rng).all()
    assert len(missing_features.draw_observed(x, 0.5, rng).unique(dim=0)) == 6


def test_copies_of_a_row_stay_on_one_side():
    """Duplicated rows stay in one fold: the penalty is validated on unseen rows."""
    x, labels = some_rows(42)
    config = missing_features.smaller()
    once = missing_features.best_logistic(config, x, labels, 42)
    twice = missing_features.best_logistic(config, x.repeat(2, 1), labels.repeat(2), 42)
    assert torch.allclose(once.logits(x), twice.logits(x), atol=1e-2)


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
    means, drop = missing_features.MEANS, missing_features.DROPPING
    gaussian = missing_features.GAUSSIAN
    for other in ("naive Bayes", "LDA", *missing_features.FILLERS):
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
