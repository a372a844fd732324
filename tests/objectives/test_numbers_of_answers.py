"""Numbers and formulas of answers in the question bank, each checked numerically."""

import math
from fractions import Fraction

import pytest
import torch
from torch.nn.functional import softplus

from paradigms.models.discriminant_analysis import LDA, QDA
from paradigms.models.logistic_regression import LogisticRegression
from paradigms.models.naive_bayes import GaussianNaiveBayes


def test_the_vote_of_neighbours_is_bayes_rule_on_local_densities():
    """Densities k_c / (N_c V) and priors N_c / N give k_c / k, whatever the volume."""
    total, by_class, near = 50, (20, 30), (3, 4)
    for volume in (Fraction(1, 7), Fraction(5)):
        joint = [
            Fraction(k, n) / volume * Fraction(n, total)
            for k, n in zip(near, by_class, strict=True)
        ]
        assert sum(joint) == Fraction(sum(near), total) / volume
        assert [p / sum(joint) for p in joint] == [Fraction(3, 7), Fraction(4, 7)]


def test_three_heads_in_three_tosses():
    """Maximum likelihood 1, MAP 4/5 under Beta(2, 2), posterior mean 5/7."""
    theta = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    likelihood = theta**3
    posterior = likelihood * theta * (1 - theta)
    assert theta[likelihood.argmax()] == 1
    assert abs(theta[posterior.argmax()] - 4 / 5) < 1e-5
    assert abs((theta * posterior).sum() / posterior.sum() - 5 / 7) < 1e-5
    assert abs(torch.trapezoid(likelihood, theta) - 1 / 4) < 1e-6


@pytest.mark.parametrize(
    ("stated", "log_loss", "brier"), [(0.99, 4.6, 0.98), (0.6, 0.92, 0.36)]
)
def test_what_a_wrong_prediction_is_charged(stated, log_loss, brier):
    """99% and wrong: 4.6 nats and 0.98; 60% and wrong: 0.92 nats and 0.36."""
    assert round(-math.log(1 - stated), 1 if stated > 0.9 else 2) == log_loss
    assert round(stated**2, 2) == brier


def test_the_brier_score_is_strictly_proper():
    """For each true chance, the expected score is lowest at that chance alone."""
    stated = torch.linspace(0, 1, 1001, dtype=torch.float64)
    for chance in (0.1, 0.5, 0.83):
        score = chance * (1 - stated) ** 2 + (1 - chance) * stated**2
        assert abs(stated[score.argmin()] - chance) < 1e-9
        assert (score == score.min()).sum() == 1


def test_only_an_absolute_value_holds_a_weight_at_zero():
    """A loss of slope 0.5 at zero: L1 of strength 1 keeps w = 0, L2 moves it."""
    w = torch.linspace(-2, 2, 4001, dtype=torch.float64)
    loss = -0.5 * w + w.square() / 4
    assert abs(w[(loss + w.abs()).argmin()]) < 1e-9
    assert w[(loss + w.square() / 2).argmin()] > 0.3
    assert w[(loss + 0.4 * w.abs()).argmin()] > 0.1


def test_how_many_numbers_each_classifier_fits():
    """30 features, two classes: 31, 121, 91, 526 and 991, priors counted as one."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(200, 30, generator=rng, dtype=torch.float64)
    y = torch.arange(200) % 2
    triangle = 30 * 31 // 2
    assert LogisticRegression(penalty=0.1).fit(x, y).weights.shape == (30, 2)
    means = GaussianNaiveBayes().fit(x, y)
    assert means.mean.numel() + means.variance.numel() + 1 == 121
    shared = GaussianNaiveBayes(shared=True).fit(x, y)
    assert shared.mean.numel() + shared.variance[0].numel() + 1 == 91
    for model, covariances, number in ((LDA(), 1, 526), (QDA(), 2, 991)):
        model.fit(x, y)
        assert len(model.covariance) == covariances
        assert model.mean.numel() + covariances * triangle + 1 == number


def test_a_flipped_label_in_ten_keeps_the_boundary():
    """95% becomes 86%, one half stays; 30% of positives flipped: one half is 35%."""

    def noisy(chance, flipped_0, flipped_1):
        return (1 - flipped_0 - flipped_1) * chance + flipped_0

    assert math.isclose(noisy(0.95, 0.1, 0.1), 0.86)
    assert math.isclose(noisy(0.5, 0.1, 0.1), 0.5)
    assert math.isclose(noisy(0.5, 0.0, 0.3), 0.35)
    rng = torch.Generator().manual_seed(0)
    label = torch.rand(200_000, generator=rng) < 0.95
    flip = torch.rand(200_000, generator=rng) < 0.1
    assert abs((label ^ flip).double().mean() - 0.86) < 0.005


def test_gradient_descent_on_separable_data_turns_to_the_largest_margin():
    """The norm grows all the time, and the direction nears that of the margin."""
    x = torch.tensor([[3.0, 1.0], [1.0, 3.0], [4.0, 4.0]], dtype=torch.float64)
    best = torch.tensor([1.0, 1.0], dtype=torch.float64) / math.sqrt(2)
    w = torch.tensor([2.0, -0.5], dtype=torch.float64)  # separates, with a small margin
    norms, angles = [], []
    for step in range(20_001):
        if step % 5_000 == 0:
            norms.append(float(w.norm()))
            angles.append(float(1 - w @ best / w.norm()))
        w = w + x.T @ torch.sigmoid(-(x @ w)) / 10
    assert float(softplus(-(x @ w)).sum()) < 1e-3
    assert norms == sorted(norms)
    assert angles == sorted(angles, reverse=True)
    assert angles[-1] < 0.05 < angles[0]


def test_below_which_probability_an_abstention_is_cheaper():
    """Error cost 10, review cost 1: the two costs are equal at 0.9."""
    confidence = torch.linspace(0.5, 1, 501, dtype=torch.float64)
    predict = 10 * (1 - confidence) < 1 - 1e-9
    assert abs(confidence[predict].min() - 0.901) < 1e-9


def test_conformal_sets_hold_the_label_as_often_as_promised():
    """99 held-out rows, 10%: the 90th smallest score covers 90% for a poor model."""
    rng = torch.Generator().manual_seed(0)
    position = math.ceil((99 + 1) * (1 - 0.1))
    assert position == 90
    covered = []
    for _ in range(4_000):
        y = torch.randint(0, 3, (100,), generator=rng)
        logits = torch.randn(100, 3, generator=rng)
        logits[range(100), y] += 0.5  # hardly better than chance
        score = 1 - logits.softmax(dim=1)[range(100), y]
        limit = score[:99].sort().values[position - 1]
        covered.append(bool(score[99] <= limit))
    share = sum(covered) / len(covered)
    assert 0.88 < share < 0.92


def test_the_entropy_of_a_mean_is_mean_entropy_and_disagreement():
    """Networks at 1% and 99%: a mean of one half, and nearly all of it disagreement."""

    def entropy(p):
        return -(p * math.log(p) + (1 - p) * math.log(1 - p))

    members = [0.01, 0.99]
    mean = sum(members) / 2
    within = sum(entropy(p) for p in members) / 2
    disagreement = sum(
        p * math.log(p / mean) + (1 - p) * math.log((1 - p) / (1 - mean))
        for p in members
    ) / len(members)
    assert math.isclose(entropy(mean), within + disagreement)
    assert disagreement > 0.9 * entropy(mean)


def test_five_imputations_by_the_rules_of_rubin():
    """0.04 within and 0.01 between give 0.052, a standard error of 0.23, not 0.20."""
    total = 0.04 + (1 + 1 / 5) * 0.01
    assert math.isclose(total, 0.052)
    assert round(math.sqrt(total), 2) == 0.23
    assert math.sqrt(0.04) == 0.2


def test_positives_against_unlabelled_rows_differ_by_a_factor():
    """With a fifth of the positives labelled, a score of 0.1 means one half."""
    rng = torch.Generator().manual_seed(0)
    chance = torch.full((400_000,), 0.5)
    positive = torch.rand(400_000, generator=rng) < chance
    labelled = positive & (torch.rand(400_000, generator=rng) < 0.2)
    assert abs(labelled.double().mean() - 0.2 * 0.5) < 0.003
