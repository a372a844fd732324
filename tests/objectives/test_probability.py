"""Facts of probability that the pages state, each checked numerically."""

import math
from fractions import Fraction
from itertools import pairwise, permutations

import torch
from torch.nn.functional import cross_entropy, softplus

from paradigms.data.bag_of_words import Bags
from paradigms.models.naive_bayes import MultinomialNaiveBayes


def noisy_labels(size: int = 50_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (N,) and labels (N,) whose true log-odds are the input itself."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(size, generator=rng)
    return x, (torch.rand(size, generator=rng) < torch.sigmoid(x)).long()


def test_scaling_the_logits_moves_probabilities_but_not_the_boundary():
    """Logits times five: the same decisions, other probabilities, a worse log-loss."""
    x, y = noisy_labels()
    small = torch.stack([torch.zeros_like(x), x], dim=1)
    large = 5 * small
    assert torch.equal(small.argmax(1), large.argmax(1))
    assert (small.softmax(1) - large.softmax(1)).abs().max() > 0.1
    assert cross_entropy(large, y) > cross_entropy(small, y) + 0.1


def test_a_sharper_softmax_is_just_as_accurate_and_worse_calibrated():
    """Logits times five: predictions with confidence above 0.9 are right less often."""
    x, y = noisy_labels()
    gaps = []
    for scale in (1, 5):
        p = torch.sigmoid(scale * x)
        confidence = torch.maximum(p, 1 - p)
        correct = ((p > 0.5).long() == y).double()
        confident = confidence > 0.9
        gaps.append(float((confidence[confident].double() - correct[confident]).mean()))
    assert abs(gaps[0]) < 0.02
    assert gaps[1] > 0.1


def test_hinge_loss_keeps_only_which_class_is_likelier():
    """The sign minimises the hinge loss, the log-odds of eta the logistic loss."""
    scores = torch.linspace(-5, 5, 100_001, dtype=torch.float64)
    for eta in (0.1, 0.3, 0.45, 0.55, 0.7, 0.9):
        hinge = eta * (1 - scores).relu() + (1 - eta) * (1 + scores).relu()
        logistic = eta * softplus(-scores) + (1 - eta) * softplus(scores)
        assert abs(scores[hinge.argmin()] - math.copysign(1, 2 * eta - 1)) < 1e-3
        assert abs(torch.sigmoid(scores[logistic.argmin()]) - eta) < 1e-3


def test_two_generative_models_share_one_posterior():
    """Two models with equal posteriors P(Y | X) and different word distributions."""
    texts = Bags([[0], [1], [2], [0, 1, 1], [2, 2, 0], []], vocabulary=3)
    ratio = torch.tensor([2.0, 0.5, 1.0])
    posteriors, likelihoods = [], []
    for negative in (torch.tensor([0.2, 0.4, 0.4]), torch.tensor([0.3, 0.6, 0.1])):
        positive = ratio * negative
        assert torch.isclose(positive.sum(), torch.tensor(1.0))
        model = MultinomialNaiveBayes()
        model.log_prior = torch.tensor([0.5, 0.5]).log()
        model.log_likelihood = torch.stack([negative, positive], dim=1).log()
        posteriors.append(model.predict_proba(texts))
        likelihoods.append(positive)
    assert torch.allclose(posteriors[0], posteriors[1], atol=1e-6)
    assert (likelihoods[0] - likelihoods[1]).abs().max() >= 0.2


def test_mixing_in_noise_costs_at_most_log_100_nats():
    """A model that emits noise 99 times in 100 loses at most log 100 nats anywhere."""
    good = torch.distributions.Normal(0.0, 0.1)
    noise = torch.distributions.Normal(0.0, 50.0)
    x = good.sample((20_000,)).double()
    mixture = torch.logaddexp(
        good.log_prob(x) + math.log(0.01), noise.log_prob(x) + math.log(0.99)
    )
    loss = good.log_prob(x) - mixture
    assert loss.max() <= math.log(100) + 1e-9
    assert loss.mean() > 4


def test_exact_match_looks_sudden_where_token_accuracy_is_smooth():
    """In equal steps of token accuracy p, p^20 gains nearly all in the last two."""
    accuracy = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    exact = [p**20 for p in accuracy]
    assert exact[3] < 0.02
    assert 0.1 < exact[4] < exact[5] == 1.0
    gains = [b - a for a, b in pairwise(exact)]
    assert sum(gains[-2:]) > 0.98 * sum(gains)


def test_two_class_softmax_is_a_sigmoid_of_the_difference():
    """softmax([a, b])[0] = sigmoid(a - b)."""
    logits = torch.randn(1000, 2, dtype=torch.float64)
    first = logits.softmax(dim=1)[:, 0]
    assert torch.allclose(first, torch.sigmoid(logits[:, 0] - logits[:, 1]), atol=1e-12)


def test_bayes_rule_on_a_two_by_two_table():
    """In exact fractions: the rule equals the definition; the argmax ignores P(X)."""
    joint = {("great", 1): Fraction(3, 10), ("great", 0): Fraction(1, 10),
             ("dull", 1): Fraction(1, 5), ("dull", 0): Fraction(2, 5)}  # fmt: skip
    for x in ("great", "dull"):
        evidence = sum(joint[x, y] for y in (0, 1))
        scores = {}
        for y in (0, 1):
            prior = sum(joint[word, y] for word in ("great", "dull"))
            likelihood = joint[x, y] / prior
            total = sum(
                joint[x, k] / (joint["great", k] + joint["dull", k])
                * (joint["great", k] + joint["dull", k])
                for k in (0, 1)
            )  # fmt: skip
            assert likelihood * prior / total == joint[x, y] / evidence
            scores[y] = likelihood * prior
        best = max((0, 1), key=lambda y: joint[x, y] / evidence)
        assert max(scores, key=scores.__getitem__) == best


def test_full_conditionals_of_a_true_joint_do_not_multiply_to_it():
    """If only “aa” and “bb” occur, each with 1/2, the product sums to 2, not 1."""
    joint = torch.tensor([[0.5, 0.0], [0.0, 0.5]])  # first word down, second across
    first_given_second = joint / joint.sum(dim=0, keepdim=True)
    second_given_first = joint / joint.sum(dim=1, keepdim=True)
    assert float((first_given_second * second_given_first).sum()) == 2
    assert float((joint.sum(dim=1, keepdim=True) * second_given_first).sum()) == 1


def test_the_chain_rule_holds_in_every_order():
    """A random joint of four variables equals its product of conditionals, 24 times."""
    rng = torch.Generator().manual_seed(0)
    joint = torch.rand(2, 3, 2, 3, generator=rng, dtype=torch.float64)
    joint /= joint.sum()
    orders = list(permutations(range(4)))
    assert len(orders) == 24
    for order in orders:
        product = torch.ones_like(joint)
        for place, variable in enumerate(order):
            remaining = [v for v in range(4) if v not in order[: place + 1]]
            marginal = joint.sum(dim=remaining, keepdim=True) if remaining else joint
            product = product * marginal / marginal.sum(dim=variable, keepdim=True)
        assert (product - joint).abs().max() < 1e-12
