"""Classifiers beside scikit-learn: in pairs, and only where the result is as good."""

import pytest
import torch

from paradigms.evaluation.benchmarks import classifiers


def test_both_sides_of_each_task_are_measured():
    """On single sentences: a row a task, the same numbers, the same loss reached."""
    rows = classifiers.run("rotten_tomatoes", 1000, counting=3, searching=1)
    assert [row["name"].split(",")[0] for row in rows] == [
        "naive Bayes", "naive Bayes", "logistic regression", "logistic regression",
    ]  # fmt: skip
    assert [row["threads"] for row in rows] == [1] * 4
    assert all(row["largest difference"] < 1e-4 for row in rows)


def test_being_fast_by_being_wrong_is_refused():
    """A loss above the reference's is no basis for a comparison of times."""
    classifiers.check_loss(0.5, 0.5)
    with pytest.raises(ValueError, match=r"our loss 0.600000 is above"):
        classifiers.check_loss(0.6, 0.5)


def test_threads_are_given_back():
    """One thread inside, and afterwards as many as before, even after an error."""
    before = torch.get_num_threads()
    with classifiers.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), classifiers.one_thread():
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
