"""Naive Bayes with EM: an M-step is scikit-learn's, a round never lowers the score."""

import numpy as np
import pytest
import torch
from sklearn.naive_bayes import MultinomialNB

from paradigms.data.bag_of_words import Bags, Table
from paradigms.models.naive_bayes import MultinomialNaiveBayes
from paradigms.models.semi_supervised_naive_bayes import SemiSupervisedNaiveBayes


def texts(count: int, seed: int = 0, words: int = 12) -> tuple[Bags, torch.Tensor]:
    """Texts of three classes, each with a distribution of words of its own."""
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    parameters = torch.Generator().manual_seed(9)
    likelihood = torch.rand(3, words, generator=parameters).softmax(1) ** 2
    ids = torch.multinomial(likelihood[labels], 20, True, generator=rng)
    return Bags(ids.tolist(), words, torch.float64), labels


@pytest.mark.parametrize("weight", [1.0, 0.2])
@pytest.mark.parametrize("smoothing", [1.0, 0.3])
def test_one_round_is_scikit_learns_fit_with_fractional_weights(weight, smoothing):
    """Each unlabelled text enters once for each class, weighted by P(class | text)."""
    (x, labels), (others, _) = texts(9), texts(60, seed=1)
    start = MultinomialNaiveBayes(3, smoothing).fit(x, labels)
    members = start.predict_proba(others)  # (60, 3)
    ours = SemiSupervisedNaiveBayes(3, smoothing, weight, rounds=1)
    ours.fit(x, labels, others)
    rows = others.rows.to_dense().numpy()
    reference = MultinomialNB(alpha=smoothing).fit(
        np.concatenate([x.rows.to_dense().numpy(), rows, rows, rows]),
        np.concatenate([labels.numpy(), np.repeat([0, 1, 2], 60)]),
        np.concatenate([np.ones(9), weight * members.T.flatten().numpy()]),
    )
    assert np.allclose(ours.log_likelihood.T, reference.feature_log_prob_, atol=1e-12)
    assert np.allclose(ours.log_prior, reference.class_log_prior_, atol=1e-12)


@pytest.mark.parametrize("weight", [1.0, 0.1])
def test_no_round_lowers_the_objective(weight):
    """It rises until it stops, and it is the sum that the docstring names."""
    (x, labels), (others, _) = texts(6), texts(300, seed=1)
    model = SemiSupervisedNaiveBayes(3, weight=weight, tolerance=0).fit(
        x, labels, others
    )
    rises = torch.tensor(model.objective).double().diff()
    assert len(rises) > 5
    assert float(rises.min()) > -1e-9
    assert float(rises[0]) > 0.1
    by_hand = sum(
        float(model.log_joint(x)[row, label]) for row, label in enumerate(labels)
    )
    by_hand += weight * float(model.log_joint(others).exp().sum(1).log().sum())
    by_hand += float(model.log_likelihood.sum())
    assert model.objective[-1] == pytest.approx(by_hand, abs=1e-8)


def test_em_stops_when_a_round_gains_less_than_the_tolerance_per_text():
    """The last round alone gains less, over the labelled and unlabelled texts."""
    (x, labels), (others, _) = texts(6), texts(300, seed=1)
    model = SemiSupervisedNaiveBayes(3, tolerance=1e-3).fit(x, labels, others)
    rises = torch.tensor(model.objective).double().diff() / 306
    assert len(rises) > 3
    assert bool((rises[:-1] >= 1e-3).all())
    assert float(rises[-1]) < 1e-3


def test_unlabelled_texts_help_where_the_model_is_true():
    """Six labels and 3,000 texts without: nearly the error of 3,000 labels."""
    (x, labels), (others, hidden) = texts(6), texts(3000, seed=1)
    test, truth = texts(3000, seed=2)

    def error(model: MultinomialNaiveBayes) -> float:
        wrong = model.predict_proba(test).argmax(dim=1) != truth
        return float(wrong.double().mean())

    few = error(MultinomialNaiveBayes(3).fit(x, labels))
    with_em = error(SemiSupervisedNaiveBayes(3).fit(x, labels, others))
    all_labels = error(MultinomialNaiveBayes(3).fit(others, hidden))
    assert with_em < few - 0.03
    assert with_em < all_labels + 0.02


def test_without_unlabelled_texts_it_is_naive_bayes():
    """No texts, or a weight of 0: the supervised fit."""
    (x, labels), (others, _) = texts(9), texts(60, seed=1)
    plain = MultinomialNaiveBayes(3).fit(x, labels)
    for model in (
        SemiSupervisedNaiveBayes(3).fit(x, labels),
        SemiSupervisedNaiveBayes(3, weight=0).fit(x, labels, others),
    ):
        assert torch.equal(model.log_likelihood, plain.log_likelihood)
        assert torch.equal(model.log_prior, plain.log_prior)


def test_fractional_labels_sum_to_one_and_are_the_posterior():
    """The E-step is Bayes' rule."""
    (x, labels), (others, _) = texts(9), texts(60, seed=1)
    model = SemiSupervisedNaiveBayes(3).fit(x, labels)
    members = model.expected_labels(Table.of(others))
    assert torch.allclose(members, model.predict_proba(others))
    assert torch.allclose(members.sum(1), torch.ones(60).double())


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_a_weight_lies_between_0_and_1(weight):
    """An unlabelled text never counts more than a labelled one."""
    with pytest.raises(ValueError, match=f"weight must lie in 0..1: {weight}"):
        SemiSupervisedNaiveBayes(weight=weight)
