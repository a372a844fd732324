"""Hidden features and moved priors: the sums checked, and measured again."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from paradigms.experiments import missing_and_shifted as experiment
from paradigms.models.discriminant import LDA, QDA
from paradigms.models.naive_bayes import GaussianNaiveBayes
from paradigms.results import load


def rows() -> dict:
    """The recorded rows by name."""
    return {row["name"]: row for row in load("missing_and_shifted").rows}


def some_rows(count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlated rows (N, 4) of three classes."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(count, 4, dtype=torch.float64, generator=dice)
    labels = torch.arange(count) % 3
    return x @ torch.rand(4, 4, dtype=torch.float64, generator=dice) + labels[
        :, None
    ], labels


@pytest.mark.parametrize("kind", [LDA, QDA, GaussianNaiveBayes])
def test_hidden_features_are_summed_out(kind):
    """Differences between classes are those of the normals of what is seen."""
    x, labels = some_rows()
    model = kind(3).fit(x, labels)
    whole = (
        model.variance.diag_embed()
        if isinstance(model, GaussianNaiveBayes)
        else model.covariance
    )
    seen = experiment.hidden(x, 0.5, torch.Generator().manual_seed(1))
    found = experiment.marginal(model, whole, x, seen).log_softmax(dim=1)
    for row in (0, 7, 23):
        at = seen[row].nonzero()[:, 0]
        joint = torch.stack([
            MultivariateNormal(
                model.mean[k, at], whole[k % len(whole)][at][:, at]
            ).log_prob(x[row, at]) + model.log_prior[k]
            for k in range(3)
        ])  # fmt: skip
        assert torch.allclose(found[row], joint.log_softmax(0), atol=1e-9)
    everything = experiment.marginal(model, whole, x, torch.ones_like(seen))
    expected = model.predict_proba(x)
    assert torch.allclose(everything.softmax(1), expected, atol=1e-9)
    assert (found.exp() - expected).abs().max() > 0.05  # hiding does change answers


def test_hidden_features_are_filled_in_by_regression():
    """The mean of a normal given what is seen, as the inverse of its block says."""
    x, _ = some_rows()
    mean, spread = x.mean(0), x.T.cov()
    seen = torch.tensor([True, False, True, False]).expand(len(x), 4)
    filled = experiment.expected(mean, spread, x, seen)
    s, h = torch.tensor([0, 2]), torch.tensor([1, 3])
    slope = torch.linalg.solve(spread[s][:, s], spread[s][:, h])
    assert torch.equal(filled[:, s], x[:, s])
    assert torch.allclose(filled[:, h], mean[h] + (x[:, s] - mean[s]) @ slope)
    assert (filled[:, h] - mean[h]).abs().max() > 0.1  # not the means


def test_as_many_features_are_hidden_as_said():
    """Half of four is two in every row; at least one is seen; rows differ."""
    x = torch.zeros(200, 4)
    dice = torch.Generator().manual_seed(0)
    assert set(experiment.hidden(x, 0.5, dice).sum(1).tolist()) == {2}
    assert set(experiment.hidden(x, 0.01, dice).sum(1).tolist()) == {1}
    assert experiment.hidden(x, 1.0, dice).all()
    assert len(experiment.hidden(x, 0.5, dice).unique(dim=0)) == 6


def test_a_replaced_prior_is_a_corrected_logit():
    """The same numbers: one in the model, the other added to what it gave."""
    x, labels = some_rows()
    model = LDA(3).fit(x, labels)
    now = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64).log()
    corrected = (model.log_joint(x) + now - model.log_prior).softmax(dim=1)
    before = model.predict_proba(x)
    model.log_prior = now
    assert torch.allclose(model.predict_proba(x), corrected, atol=1e-12)
    assert (before - corrected).abs().max() > 0.1


def drawn(share: float, count: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Two normal classes a distance of two apart: logits under equal priors."""
    dice = torch.Generator().manual_seed(0)
    labels = (torch.rand(count, generator=dice) < share).long()
    x = torch.randn(count, dtype=torch.float64, generator=dice) + 2 * labels
    return torch.stack([torch.zeros_like(x), 2 * x - 2], dim=1), labels


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_the_prior_is_found_where_probabilities_are_right(share):
    """Within sampling error from true log-odds; not from log-odds five times that."""
    logits, labels = drawn(share)
    even = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    found = float(experiment.estimated(logits, even)[1].exp())
    assert found == pytest.approx(float(labels.double().mean()), abs=0.012)
    # A grid over shares: no other makes the rows likelier.
    grid = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    ratio = logits[:, 1].exp()
    likely = torch.stack([(1 - g + g * ratio).log().mean() for g in grid])
    assert found == pytest.approx(float(grid[likely.argmax()]), abs=0.002)
    if share < 0.5:
        sharp = float(experiment.estimated(5 * logits, even)[1].exp())
        assert abs(sharp - share) > 0.03


def test_scores_under_three_priors():
    """One row of log-odds 1 and label 0: wrong as trained, right once told."""
    logits = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    even = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    now = torch.tensor([0.9, 0.1], dtype=torch.float64).log()
    found = experiment.compared(logits, torch.tensor([0]), even, now)
    assert (found["error as trained"], found["error told"]) == (1, 0)
    assert found["gained, told"] == 1
    told = math.log(1 + math.e / 9)
    assert found["log-loss told"] == pytest.approx(told)


def test_copies_of_a_row_stay_on_one_side():
    """Seven rows told twice: a penalty is judged on none that was learnt from."""
    x, labels = some_rows(42)
    config = experiment.smaller()
    once = experiment.chosen(config, x, labels, 42)
    twice = experiment.chosen(config, x.repeat(2, 1), labels.repeat(2), 42)
    assert torch.allclose(once.logits(x), twice.logits(x), atol=1e-2)


def test_missing_and_shifted_again_at_reduced_size():
    """Three draws: errors near the recorded ones, gains of the same sign."""
    again = {row["name"]: row for row in experiment.run(experiment.smaller())}
    stored = rows()
    for name, row in again.items():
        for column in ("100% seen", "50% seen", "error told", "error estimated"):
            if column in row and " - " not in name:
                known = stored[name][column][0]
                assert abs(row[column][0] - known) < 0.08, (name, column)
    for data in ("rotten_tomatoes", "normal classes"):
        for model in ("naive Bayes", "logistic regression"):
            for found in (again, stored):
                row = found[f"{data}, {model}, 10%"]
                assert row["gained, told"][1] > 0, (data, model)
                assert row["gained, estimated"][0] > 0.03, (data, model)


def apart(a: list[float], b: list[float]) -> bool:
    """The first interval ends before the second begins."""
    return a[2] < b[1]


def test_what_the_page_says_of_missing_features():
    """Its sentences beyond those that the claim is bound to."""
    found = rows()

    def error(model, seen, data="digits"):
        return found[f"{data}, {model}"][f"{seen}% seen"]

    fed = "logistic regression, means"
    assert error("LDA", 50)[2] < 0.7 * error(fed, 50)[1]  # far less
    drop, zeros = "logistic regression, dropping", "logistic regression, zeros"
    assert apart(error(drop, 30), error(fed, 30))
    assert apart(error(fed, 100), error(drop, 100))
    for seen in (90, 70, 50, 30, 10):
        assert apart(error(fed, seen), error(zeros, seen))
        for model in ("LDA", "naive Bayes", fed, drop):
            assert error("QDA", seen)[0] < error(model, seen)[0]
    for seen in (100, 90, 70, 50, 30):
        gap = found["digits, LDA - logistic regression, a Gaussian"][f"{seen}% seen"]
        assert abs(gap[0]) < 0.04
    assert error("QDA", 100)[0] < min(error(fed, 100)[0], error("LDA", 100)[0])
    for model in ("LDA", "naive Bayes"):
        whole = error(model, 100, "tumours")
        assert whole[1] < error(model, 50, "tumours")[0] < whole[2]
    twice = error(fed, 50, "tumours")[0] / error(fed, 100, "tumours")[0]
    assert 1.7 < twice < 2.3


def test_what_the_page_says_of_shifted_classes():
    """Who gains, and by what."""
    found = rows()
    for share in (10, 90):
        for model in ("naive Bayes", "logistic regression"):
            row = found[f"rotten_tomatoes, {model}, {share}%"]
            assert row["gained, told"][1] > 0
            assert row["gained, estimated"][1] > 0
        logistic = found[f"imdb, logistic regression, {share}%"]
        bayes = found[f"imdb, naive Bayes, {share}%"]
        warm = found[f"imdb, naive Bayes, temperature, {share}%"]
        for way in ("told", "estimated"):
            assert apart(bayes[f"gained, {way}"], logistic[f"gained, {way}"])
            assert apart(bayes[f"gained, {way}"], warm[f"gained, {way}"])
        made = [
            found[f"normal classes, {model}, {share}%"]
            for model in ("naive Bayes", "LDA", "logistic regression")
        ]
        gains = [row["gained, estimated"] for row in made]
        assert all(gain[1] > 0 for gain in gains)
        assert max(gain[0] for gain in gains) - min(gain[0] for gain in gains) < 0.02


def test_what_the_page_says_of_estimates():
    """Whose estimate is right; where a correction loses; what one answer gives."""
    found = rows()
    assert found["imdb, naive Bayes, 10%"]["estimated share"][1] > 0.15
    for model in ("naive Bayes, temperature", "logistic regression"):
        _, low, high = found[f"imdb, {model}, 10%"]["estimated share"]
        assert low < 0.1 < high
    small = found["imdb, naive Bayes, temperature, 30%"]
    assert small["gained, estimated"][2] < 0
    for share in (10, 90):
        warm, logistic = (
            found[f"imdb, {model}, {share}%"]["gained, estimated"]
            for model in ("naive Bayes, temperature", "logistic regression")
        )
        assert warm[2] > logistic[0]
    for way in ("told", "estimated"):
        assert found["imdb, logistic regression, 10%"][f"error {way}"][2] < 0.1
        for model in ("naive Bayes", "logistic regression"):
            row = found[f"rotten_tomatoes, {model}, 10%"]
            assert row[f"error {way}"][2] > 0.1
