"""Naive Bayes beside scikit-learn on real data, in double precision, within 1e-10."""

import numpy as np
import pytest
import torch
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB

from paradigms.models.naive_bayes import (
    BernoulliNaiveBayes,
    GaussianNaiveBayes,
    MultinomialNaiveBayes,
)
from tests.models.parity import apart, sparse

CLOSE = 1e-10  # closed forms: nothing but rounding may differ


def test_the_measure_of_difference_notices_one():
    """Negative control: one number in a thousand with a relative error of 1e-9."""
    theirs = np.linspace(1, 2, 1000)
    ours = torch.tensor(theirs)
    assert apart(ours, theirs) == 0
    ours[500] += 2e-9
    assert apart(ours, theirs) > CLOSE
    with pytest.raises(AssertionError):
        apart(ours[:, None], theirs)


@pytest.mark.parametrize("smoothing", [0.1, 1.0, 10.0])
def test_multinomial_equals_the_reference_on_reviews(reviews, smoothing):
    """Parameters, joint and posterior, on test texts."""
    ours = MultinomialNaiveBayes(smoothing=smoothing).fit(reviews.train, reviews.labels)
    theirs = MultinomialNB(alpha=smoothing).fit(sparse(reviews.train), reviews.labels)
    test = sparse(reviews.test)
    assert apart(ours.log_likelihood.T, theirs.feature_log_prob_) < CLOSE
    assert apart(ours.log_prior, theirs.class_log_prior_) < CLOSE
    joint = theirs.predict_joint_log_proba(test)
    assert apart(ours.log_joint(reviews.test), joint) < CLOSE
    assert apart(ours.predict_proba(reviews.test), theirs.predict_proba(test)) < CLOSE


@pytest.mark.parametrize("smoothing", [0.1, 1.0, 10.0])
def test_bernoulli_equals_the_reference_on_reviews(reviews, smoothing):
    """The same for binary features; counts above 1 are clipped alike."""
    ours = BernoulliNaiveBayes(smoothing=smoothing).fit(reviews.train, reviews.labels)
    theirs = BernoulliNB(alpha=smoothing).fit(sparse(reviews.train), reviews.labels)
    test = sparse(reviews.test)
    assert apart(ours.log_present.T, theirs.feature_log_prob_) < CLOSE
    joint = theirs.predict_joint_log_proba(test)
    assert apart(ours.log_joint(reviews.test), joint) < CLOSE
    assert apart(ours.predict_proba(reviews.test), theirs.predict_proba(test)) < CLOSE


@pytest.mark.parametrize(
    ("kind", "reference"),
    [(MultinomialNaiveBayes, MultinomialNB), (BernoulliNaiveBayes, BernoulliNB)],
)
def test_counting_models_equal_the_reference_on_digits(digits, kind, reference):
    """Ten classes, and a dense table instead of bags."""
    ours = kind(classes=10).fit(*digits)
    theirs = reference().fit(*digits)
    assert apart(ours.predict_proba(digits.x), theirs.predict_proba(digits.x)) < CLOSE


@pytest.mark.parametrize("name", ["tumours", "digits"])
def test_gaussian_equals_the_reference(name, request):
    """Means, variances, joint and posterior; some pixels of digits are constant."""
    x, labels = request.getfixturevalue(name)
    ours = GaussianNaiveBayes(classes=int(labels.max()) + 1).fit(x, labels)
    theirs = GaussianNB().fit(x, labels)
    assert apart(ours.mean, theirs.theta_) < CLOSE
    assert apart(ours.variance, theirs.var_) < CLOSE
    assert apart(ours.log_joint(x), theirs.predict_joint_log_proba(x)) < CLOSE
    assert apart(ours.predict_proba(x), theirs.predict_proba(x)) < CLOSE
