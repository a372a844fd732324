"""Missing features: formulas, reduced size, statements of pages."""

import torch

from paradigms.experiments import missing_features
from paradigms.experiments.records import load
from tests.models.inference.test_missing_features import some_rows


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("missing_features").rows}


def test_missing_features_again_at_reduced_size():
    """Three random splits: errors near the record."""
    stored = rows()
    for row in missing_features.run(missing_features.smaller()).rows:
        for column in ("100% observed", "50% observed"):
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
        return results[f"{data}, {model}"][f"{percent}% observed"]

    means = "logistic regression, mean imputation"
    assert error("LDA", 50)[2] < 0.7 * error(means, 50)[1]  # far less
    drop = "logistic regression, missing values in training"
    zeros = "logistic regression, zero imputation"
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
        return results[f"{data}, {one} - {other}"][f"{percent}% observed"]

    percentages = (100, 90, 70, 50, 30, 10)
    means, drop = missing_features.MEAN_IMPUTATION, missing_features.MISSING_IN_TRAINING
    gaussian = missing_features.GAUSSIAN_IMPUTATION
    for other in ("naive Bayes", "LDA", *missing_features.IMPUTATIONS):
        assert all(gap("QDA", other, percent)[2] < 0 for percent in percentages)
    assert all(
        gap("QDA", gaussian, percent, "tumours")[1] > 0 for percent in (100, 90, 70, 50)
    )
    assert gap("QDA", gaussian, 30, "tumours")[0] > 0
    assert gap("QDA", gaussian, 10, "tumours")[0] < 0
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


def test_high_values_are_hidden_more_often():
    """The share is kept on average; hidden values are higher, by far without noise."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(2000, 5, dtype=torch.float64, generator=rng)
    config = missing_features.MissingFeaturesConfig(noise=0.5)
    hide = missing_features.HighValues.of(config, x, 0.7, rng)
    observed = hide.observed(x, rng)
    assert abs(float(observed.double().mean()) - 0.7) < 0.02
    assert float(x[~observed].mean()) > float(x[observed].mean()) + 1
    sharp = missing_features.MissingFeaturesConfig(noise=0.0)
    hide = missing_features.HighValues.of(sharp, x, 0.7, rng)
    observed = hide.observed(x, rng)
    # Means and deviations differ a little between features.
    assert float(x[~observed].min()) > float(x[observed].max()) - 0.2


def test_a_reduced_model_is_the_full_one_where_nothing_is_missing():
    """Otherwise it is scikit-learn's on the observed columns; with none, the prior."""
    x, labels = some_rows(120)
    split = missing_features.Split(x[:90], labels[:90], x[90:], labels[90:])
    config = missing_features.smaller()
    full = missing_features.best_logistic(config, split.x, split.labels, 90)
    everything = torch.ones(30, 4, dtype=torch.bool)
    scores = missing_features.reduced_scores(
        split, full.penalty, split.test, everything
    )
    assert torch.allclose(scores, full.predict_proba(split.test), atol=0.01)
    present = everything.clone()
    present[:, 1] = False
    present[0] = False
    scores = missing_features.reduced_scores(split, full.penalty, split.test, present)
    columns = [0, 2, 3]
    alone = missing_features.LogisticRegression(3, full.penalty)
    alone.fit(split.x[:, columns], split.labels)
    expected = alone.predict_proba(split.test[:, columns])
    assert torch.allclose(scores[1:], expected[1:], atol=0.01)
    assert torch.allclose(scores[0], torch.ones(3).double() / 3)


def test_modelled_gaps_are_evidence():
    """A value that tells nothing, missing mostly in class 1: the gap decides."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(400) % 2
    x = torch.randn(400, 1, dtype=torch.float64, generator=rng)
    missing_rate = torch.where(labels == 1, 0.8, 0.1)[:, None]
    observed = torch.rand(400, 1, generator=rng) >= missing_rate
    split = missing_features.Split(x, labels, x, labels)
    scorer = missing_features.fit_modelled(missing_features.CONFIG, split, observed)
    probabilities = scorer(x, observed).softmax(dim=1)
    assert float(probabilities[~observed[:, 0], 1].min()) > 0.8
    assert float(probabilities[observed[:, 0], 1].mean()) < 0.3
    complete = torch.ones(400, 1, dtype=torch.bool)  # then it is naive Bayes
    scorer = missing_features.fit_modelled(missing_features.CONFIG, split, complete)
    bayes = missing_features.GaussianNaiveBayes(2, 1e-3).fit(x, labels)
    assert torch.allclose(
        scorer(x, complete).softmax(dim=1), bayes.predict_proba(x), atol=1e-9
    )


def differs(one: str, other: str, percent: int, data: str = "digits") -> int:
    """-1 or 1 if the difference is significant after Holm's correction, else 0."""
    name, column = f"{data}, {one} - {other}", f"{percent}% observed"
    if rows()[f"{name}, Holm"][column] >= 0.05:
        return 0
    return 1 if rows()[name][column][0] > 0 else -1


def test_what_the_page_says_of_fair_competitors():
    """Reduced models, indicators, trees and models of the missingness."""
    names = missing_features
    reduced, trees, indicators = names.REDUCED, names.TREES, names.INDICATORS
    for percent in (50, 30):
        assert differs("LDA", reduced, percent) == 1
        assert differs("naive Bayes", reduced, percent) == 1
        assert differs("QDA", reduced, percent) == -1
        assert differs(reduced, names.MEAN_IMPUTATION, percent) == -1
        assert differs(trees, reduced, percent) == 1
        assert differs("LDA", trees, percent) == -1
        assert differs("QDA", trees, percent) == -1
        assert differs("LDA", indicators, percent) == -1
    assert differs(indicators, names.MISSING_IN_TRAINING, 50) == 0
    assert differs(trees, names.TREES_COMPLETE, 50) == -1
    values = "digits, not at random", "tumours, not at random"
    for percent in (70, 50):
        for data in values:
            assert differs("naive Bayes", indicators, percent, data) == 1
            assert differs("LDA", indicators, percent, data) == 1
            assert differs(trees, names.TREES_COMPLETE, percent, data) == -1
        assert differs("QDA", indicators, percent, values[0]) == 0
        assert differs("QDA", indicators, percent, values[1]) == 1
        assert differs(names.MODELLED, "naive Bayes", percent, values[1]) == -1
        assert differs(names.MODELLED, "naive Bayes", percent, values[0]) == 0
        assert differs(names.MODELLED, trees, percent, values[1]) == 1
        trees_ahead = differs("QDA", trees, percent, values[0])
        assert trees_ahead == (percent == 50)
        assert differs(trees, indicators, percent, values[1]) == 0


def test_what_the_page_says_of_the_lead_of_qda_and_of_missing_tumours():
    """Where QDA's lead is not significant; who learns from what is missing."""
    results, names = rows(), missing_features
    reduced, trees, indicators = names.REDUCED, names.TREES, names.INDICATORS
    drop, modelled = names.MISSING_IN_TRAINING, names.MODELLED
    imputations = names.MEAN_IMPUTATION, names.GAUSSIAN_IMPUTATION, drop
    leads = {  # of QDA on digits, where they are not significant
        (other, percent)
        for other in ("naive Bayes", "LDA", indicators, trees, *imputations)
        for percent in (100, 90, 70, 50, 30, 10)
        if not differs("QDA", other, percent)
    }
    assert leads == {
        (names.MEAN_IMPUTATION, 100),
        (names.GAUSSIAN_IMPUTATION, 100),
        (names.GAUSSIAN_IMPUTATION, 90),
        (trees, 100),
        (trees, 90),
        ("LDA", 10),
    }
    summed_out = "naive Bayes", "LDA", "QDA"
    trained = indicators, trees, drop, modelled
    errors = {
        model: results[f"tumours, not at random, {model}"]["50% observed"]
        for model in (*summed_out, *trained, reduced, names.GAUSSIAN_IMPUTATION)
    }
    best = min(errors[model][1] for model in summed_out)
    for model in trained:
        assert errors[model][2] < 0.7 * best  # far lower
    assert errors[names.GAUSSIAN_IMPUTATION][2] < errors[reduced][1]
    assert all(
        differs(one, other, 50, "tumours") == 0
        for one in ("LDA", "QDA", "naive Bayes")
        for other in (reduced, trees, indicators)
    )
