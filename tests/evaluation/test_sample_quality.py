"""Sample quality of digits: copies and mode collapse are detected."""

import pytest
import torch
from torch import nn

from paradigms.data.digits import load, scaled
from paradigms.evaluation.sample_quality import DigitClassifier, grid, nearest_distance

X = scaled(load().pixels[:200])
LABELS = load().labels[:200]


class Sure(nn.Module):
    """A nearest-neighbour classifier of the 200 digits, with confident logits."""

    def forward(self, x):
        digit = LABELS[torch.cdist(x, X).argmin(dim=1)]
        return 20.0 * nn.functional.one_hot(digit, 10)


JUDGE = DigitClassifier(Sure(), X)


def test_copies_of_the_data_are_near_and_cover_it():
    """Both distances are 0, all classes occur, all predictions are confident."""
    scores = JUDGE.scores(X, X)
    # Distances are roots of differences of squares in float32: not exactly zero.
    assert scores["distance to data"] == pytest.approx(0, abs=0.01)
    assert scores["cover"] == pytest.approx(0, abs=0.01)
    assert (scores["classes"], scores["sure"]) == (10, 1)


def test_a_collapsed_generator_is_near_but_covers_nothing():
    """One digit 200 times: near the data, one class, far from most data."""
    scores = JUDGE.scores(X[:1].expand(200, -1), X)
    assert scores["distance to data"] == pytest.approx(0, abs=0.01)
    assert scores["classes"] == 1
    assert scores["cover"] > 2


def test_nearest_is_the_mean_of_the_smallest_distances():
    """By hand on two points and two neighbours."""
    x, others = torch.tensor([[0.0], [4.0]]), torch.tensor([[1.0], [2.0]])
    assert nearest_distance(x, others) == pytest.approx((1 + 2) / 2)


def test_pictures_are_recorded_pixel_by_pixel():
    """Pixels in base 17 can be decoded; predictions and row names are stored."""
    picture = grid(JUDGE, X[:6].unflatten(0, (2, 3)), rows=["a", "b"])
    pixels = [
        [int(letter, 17) for letter in d] for row in picture["digits"] for d in row
    ]
    assert pixels == load().pixels[:6].tolist()
    assert picture["read"] == ["012", "345"]
    assert picture["rows"] == ["a", "b"]


def test_a_picture_that_is_not_finite_is_refused():
    """NaN would be quantised to a grey level and classified."""
    with pytest.raises(ValueError, match="x must hold finite pictures"):
        JUDGE.scores(X * torch.nan, X)
