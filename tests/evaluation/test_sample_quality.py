"""Sample quality of digits: mode collapse is detected; distances of known values."""

import pytest
import torch
from torch import nn

from paradigms.data.digits import LEVELS, PIXELS, load, scale
from paradigms.evaluation.sample_quality import (
    CONFIDENT,
    SAMPLE_DISTANCE,
    TRAINING_DISTANCE,
    DigitClassifier,
    frechet,
    grid,
    nearest_distance,
    precision_and_coverage,
)
from paradigms.layers import Perceptron

X = scale(load().pixels[:200])
LABELS = load().labels[:200]


class ConfidentClassifier(nn.Module):
    """A nearest-neighbour classifier of the 200 digits, with confident logits."""

    def forward(self, x):
        digit = LABELS[torch.cdist(x, X).argmin(dim=1)]
        return 20.0 * nn.functional.one_hot(digit, 10)


JUDGE = DigitClassifier(ConfidentClassifier(), X)
# The features are the pixels.
BLANK = Perceptron(PIXELS, 10)
BLANK.layers.insert(0, nn.Identity())


def test_copies_of_the_data_are_near_and_cover_it():
    """Both distances are 0, all classes occur, all predictions are confident."""
    scores = JUDGE.scores(X, X)
    assert scores[TRAINING_DISTANCE] == scores[SAMPLE_DISTANCE] == 0
    assert (scores["classes"], scores[CONFIDENT]) == (10, 1)


def test_a_collapsed_generator_is_near_but_covers_nothing():
    """One digit 200 times: near the data, one class, far from most data."""
    scores = JUDGE.scores(X[:1].expand(200, -1), X)
    assert scores[TRAINING_DISTANCE] == 0
    assert scores["classes"] == 1
    assert scores[SAMPLE_DISTANCE] > 2


def test_nearest_is_the_mean_of_the_smallest_distances():
    """By hand on two points and two neighbours."""
    x, others = torch.tensor([[0.0], [4.0]]), torch.tensor([[1.0], [2.0]])
    assert nearest_distance(x, others) == pytest.approx((1 + 2) / 2)


def test_pictures_are_recorded_pixel_by_pixel():
    """Pixels in base 17 can be decoded; predictions and row names are stored."""
    picture = grid(JUDGE, X[:6].unflatten(0, (2, 3)), rows=["a", "b"])
    pixels = [[int(letter, 17) for letter in d] for row in picture.digits for d in row]
    assert pixels == load().pixels[:6].tolist()
    assert picture.predictions == ["012", "345"]
    assert picture.rows == ["a", "b"]


def test_a_picture_that_is_not_finite_is_refused():
    """NaN would be quantised to a grey level and classified."""
    with pytest.raises(ValueError, match="x must hold finite pictures"):
        JUDGE.scores(X * torch.nan, X)


def test_precision_and_coverage_on_known_cases():
    """The data itself; one digit repeated (mode collapse); images unlike digits."""
    classifier = DigitClassifier(BLANK, scale(load().pixels[:10]))
    real = scale(load().pixels[:60])
    same = precision_and_coverage(classifier, real, real, 3)
    assert same["precision"] == same["coverage"] == 1
    assert same["Frechet"] == pytest.approx(0, abs=1e-6)
    collapsed = precision_and_coverage(classifier, real[:1].expand(60, -1), real, 3)
    assert collapsed["precision"] == 1
    assert collapsed["coverage"] < 0.2
    assert collapsed["Frechet"] > 1
    dark = precision_and_coverage(classifier, torch.full((60, PIXELS), 0.99), real, 3)
    assert dark["precision"] == dark["coverage"] == 0


def test_the_balls_by_brute_force():
    """Precision and coverage equal a loop over all pairs of images."""
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(LEVELS, (2, 30, PIXELS), generator=rng)
    pixels[1, :15] = pixels[0, :15]
    pixels[1, :15, :9] = 3
    classifier = DigitClassifier(BLANK, scale(pixels[0]))
    real, generated = scale(pixels[0]), scale(pixels[1])

    def radius(q: int) -> float:
        distances = [float((real[q] - r).norm()) for i, r in enumerate(real) if i != q]
        return sorted(distances)[1]

    inside = [
        [float((real[q] - x).norm()) <= radius(q) for q in range(30)] for x in generated
    ]
    scores = precision_and_coverage(classifier, generated, real, 2)
    assert scores["precision"] == pytest.approx(sum(map(any, inside)) / 30)
    covered = sum(any(column) for column in zip(*inside, strict=True))
    assert scores["coverage"] == pytest.approx(covered / 30)
    assert 0 < scores["coverage"] < 1


def test_frechet_is_right_in_closed_form():
    """Equal data: 0; a shift by 2 in three dimensions: 12; a scale by 3."""
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(500, 3, dtype=torch.float64, generator=rng)
    assert frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet(a, a + 2) == pytest.approx(12)
    scale = 4 * a.T.cov().trace() + (2 * a.mean(dim=0)).square().sum()
    assert frechet(a, 3 * a) == pytest.approx(float(scale))
    assert frechet(a, a.flip(0)) == pytest.approx(0, abs=1e-9)
