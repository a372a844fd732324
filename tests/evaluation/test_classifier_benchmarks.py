"""Classifiers against scikit-learn: times count only if the loss is as low."""

import pytest
import torch

from paradigms.evaluation.benchmarks import classifiers
from paradigms.evaluation.threads import one_thread


def test_both_sides_of_each_task_are_measured():
    """On single sentences: one row for each task, with the same numbers."""
    rows = classifiers.run("rotten_tomatoes", 1000, counting=3, searching=1)
    assert [row["name"].split(",")[0] for row in rows] == [
        "naive Bayes", "naive Bayes", "logistic regression", "logistic regression",
    ]  # fmt: skip
    assert [row["threads"] for row in rows] == [1] * 4
    assert all(row["largest difference"] < 1e-4 for row in rows)


def test_being_fast_by_being_wrong_is_refused():
    """Times are not compared if our loss is above the reference's."""
    classifiers.check_loss(0.5, 0.5)
    with pytest.raises(ValueError, match=r"our loss 0.600000 is above"):
        classifiers.check_loss(0.6, 0.5)


def test_threads_are_given_back():
    """One thread inside; the number is restored, even after an error."""
    threads = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert torch.get_num_threads() == threads
