"""Formulas of the bank: each equals its definition, or gives its answer's numbers."""

import math
import re
from itertools import product

import pytest
import torch

from paradigms.site.content.questions import questions
from tests.site.tex import Equation, equations


def normal(x: torch.Tensor) -> torch.Tensor:
    """The density of the standard normal distribution."""
    return torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def integral(values: torch.Tensor, points: torch.Tensor) -> float:
    """The trapezoidal rule."""
    return float(torch.trapezoid(values, points))


@pytest.fixture(name="points")
def _points():
    """A fine grid on which the normal densities used here have all their mass."""
    return torch.linspace(-20, 20, 400_001, dtype=torch.float64)


@pytest.mark.parametrize(("distance", "stated"), [(2, 0.90), (3, 0.64), (3.5, 0.49)])
def test_efficiency_of_logistic_regression(points, distance, stated):
    """The formula gives the shares that Efron's table has, as the answer says."""
    mean = integral(normal(points) / torch.cosh(distance * points / 2), points)
    efficiency = (1 + distance**2 / 4) * math.exp(-(distance**2) / 8) * mean
    assert efficiency == pytest.approx(stated, abs=0.006)


def test_running_softmax_is_softmax():
    """One pass with rescaled sums gives softmax times values."""
    rng = torch.Generator().manual_seed(0)
    scores = torch.randn(50, generator=rng, dtype=torch.float64) * 5
    values = torch.randn(50, 3, generator=rng, dtype=torch.float64)
    m, total, mixed = -math.inf, 0.0, torch.zeros(3, dtype=torch.float64)
    for s, v in zip(scores.tolist(), values, strict=True):
        new = max(m, s)
        total = total * math.exp(m - new) + math.exp(s - new)
        mixed = mixed * math.exp(m - new) + math.exp(s - new) * v
        m = new
    torch.testing.assert_close(mixed / total, scores.softmax(0) @ values)


def test_brier_score_splits():
    """Mean squared error is calibration error plus the variance that is left."""
    stated = [0.1, 0.1, 0.1, 0.7, 0.7]
    labels = [0, 1, 0, 1, 1]
    rates = {
        p: [y for q, y in zip(stated, labels, strict=True) if q == p]
        for p in set(stated)
    }
    true = {p: sum(ys) / len(ys) for p, ys in rates.items()}
    score = sum((p - y) ** 2 for p, y in zip(stated, labels, strict=True))
    parts = sum((p - true[p]) ** 2 + true[p] * (1 - true[p]) for p in stated)
    assert score == pytest.approx(parts)


def test_divergence_of_joints_splits():
    """KL of the joint = mean KL of the posteriors + KL of the inputs."""
    rng = torch.Generator().manual_seed(1)
    p, q = torch.rand(2, 4, 3, generator=rng, dtype=torch.float64)
    p, q = p / p.sum(), q / q.sum()  # rows are x, columns y
    joint = (p * (p / q).log()).sum()
    px, qx = p.sum(1), q.sum(1)
    posteriors = (p * ((p / px[:, None]) / (q / qx[:, None])).log()).sum()
    torch.testing.assert_close(joint, posteriors + (px * (px / qx).log()).sum())


def test_uncertainty_splits():
    """Entropy of the mean = mean entropy + mean divergence from the mean."""
    rng = torch.Generator().manual_seed(2)
    p = torch.rand(5, 4, generator=rng, dtype=torch.float64)
    p = p / p.sum(1, keepdim=True)
    mean = p.mean(0)

    def entropy(x):
        return -(x * x.log()).sum(-1)

    disagreement = (p * (p / mean).log()).sum(1).mean()
    torch.testing.assert_close(entropy(mean), entropy(p).mean() + disagreement)


def test_ddim_with_noise_is_the_posterior_of_ddpm():
    """With eta one and the step before, mean and variance are those of DDPM."""
    alphas = 1 - torch.linspace(1e-3, 0.2, 10, dtype=torch.float64)
    bar = alphas.cumprod(0)
    for t in range(1, 10):
        a, now, before = (float(x) for x in (alphas[t], bar[t], bar[t - 1]))
        variance = (1 - before) / (1 - now) * (1 - now / before)
        assert variance == pytest.approx((1 - a) * (1 - before) / (1 - now))
        x0, noise = 0.3, -0.7
        xt = math.sqrt(now) * x0 + math.sqrt(1 - now) * noise
        ours = math.sqrt(before) * x0 + math.sqrt(1 - before - variance) * noise
        of_x0 = math.sqrt(before) * (1 - a) / (1 - now) * x0
        of_xt = math.sqrt(a) * (1 - before) / (1 - now) * xt
        assert ours == pytest.approx(of_x0 + of_xt)


def test_errors_in_picture_and_noise():
    """The squared error of the picture is that of the noise times a known factor."""
    bar, x0, noise, guess = 0.4, 0.3, -0.7, 0.2
    xt = math.sqrt(bar) * x0 + math.sqrt(1 - bar) * noise
    picture = (xt - math.sqrt(1 - bar) * guess) / math.sqrt(bar)
    assert (x0 - picture) ** 2 == pytest.approx((1 - bar) / bar * (noise - guess) ** 2)


def test_more_samples_tighten_the_bound():
    """ELBO <= two samples <= log p, for a latent of two values."""
    p, q = [0.5, 0.1], [0.3, 0.7]  # p(x, z) and q(z | x)
    weights = [a / b for a, b in zip(p, q, strict=True)]
    bounds = [
        sum(
            math.prod(q[z] for z in zs) * math.log(sum(weights[z] for z in zs) / k)
            for zs in product((0, 1), repeat=k)
        )
        for k in (1, 2, 3)
    ]
    assert bounds == sorted(bounds)
    assert bounds[-1] < math.log(sum(p))


def test_uniform_noise_gives_a_lower_bound(points):
    """The mean log-density over the unit interval is below the log of its mass."""
    unit = (points >= 0) & (points < 1)
    x, density = points[unit], normal(points[unit])
    assert integral(density.log(), x) < math.log(integral(density, x))


def test_denoiser_of_a_finite_set():
    """The best denoiser is a softmax-weighted mean of the training pictures."""
    pictures, bar, noisy = torch.tensor([-1.0, 2.0]), 0.6, 0.4
    squares = (noisy - math.sqrt(bar) * pictures) ** 2
    weights = (-squares / (2 * (1 - bar))).softmax(0)
    joint = torch.exp(-squares / (2 * (1 - bar))) / 2
    torch.testing.assert_close(weights @ pictures, joint @ pictures / joint.sum())


def test_texts_that_never_end():
    """The product of one minus 1 / (t + 1)^2 is (n + 2) / (2 (n + 1)), so a half."""
    left = 1.0
    for t in range(1, 10_001):
        left *= 1 - 1 / (t + 1) ** 2
    assert left == pytest.approx((10_000 + 2) / (2 * (10_000 + 1)))
    assert left == pytest.approx(0.5, abs=1e-4)


def test_rotations_leave_the_distance():
    """Rotated by m and n, query and key have the score of key rotated by n - m."""

    def turn(x, angle):
        return torch.view_as_real(
            torch.view_as_complex(x) * torch.polar(torch.ones(1), angle)
        )

    q, k = torch.tensor([[0.3, -1.2]]), torch.tensor([[0.8, 0.5]])
    m, n = torch.tensor([7.0]), torch.tensor([3.0])
    torch.testing.assert_close(
        (turn(q, m) * turn(k, n)).sum(), (q * turn(k, n - m)).sum()
    )


FORMULAS = {
    (key, tex): equations(tex)
    for key, question in questions().items()
    for tex in question.formulas
}


def test_numbers_in_formulas_are_right():
    """Both sides of each equation between numbers, as the page prints them."""
    wrong = [
        f"{key}: {tex}: {equation}"
        for (key, tex), parts in FORMULAS.items()
        for equation in parts
        if not equation.holds()
    ]
    assert wrong == []
    assert sum(map(len, FORMULAS.values())) >= 40


def equalities(tex: str) -> list[Equation]:
    """The equations of a formula without its bounds."""
    return [part for part in equations(tex) if part.relation in ("=", r"\approx")]


def test_a_wrong_number_in_a_formula_is_noticed():
    """Negative control: each number that a value depends on, larger by its half."""
    missed = []
    for key, tex in FORMULAS:
        values = [(part.left, part.right) for part in equalities(tex)]
        for number in re.finditer(r"(?<![\w.}])\d+(\.\d+)?(?![\d.{])", tex):
            larger = f"{1.5 * float(number[0]):g}"
            changed = tex[: number.start()] + larger + tex[number.end() :]
            after = equalities(changed)
            if values == [(part.left, part.right) for part in after]:
                continue  # of a side with variables
            if all(equation.holds() for equation in after):
                missed.append(f"{key}: {changed}")
    assert missed == []


@pytest.mark.parametrize(
    ("tex", "holds"),
    [
        (r"\frac{1}{3} \approx 0.33", [True]),
        (r"\frac{1}{3} = 0.33", [False]),
        (r"2 < 2, \quad 2 \le 2", [False, True]),
        (r"\sqrt{2}^2 \cdot 3 = 6.1 < 7", [False, True]),
        (r"2 \cdot 10^{3}\ \text{ms} = 2\ \text{s}, \quad 3 = 4", [True, False]),
        (r"x = 2 = \log_2 4 = -2", [True, False]),
        (r"\frac{a}{2} = 3", []),
    ],
)
def test_equations_are_read_as_written(tex, holds):
    """Units, powers, logarithms; a side with a variable is left out."""
    assert [equation.holds() for equation in equations(tex)] == holds


@pytest.mark.parametrize(
    ("got", "stated"),
    [
        (12 * 12 * 768**2 / 1e6, 84.9),  # decoders-count, hybrids-t5-count
        (12 * 16 * 768**2 / 1e6, 113.2),
        ((50_257 + 1024) * 768 / 1e6, 38.6 + 0.8),
        (32_128 * 768 / 1e6, 24.7),
        (32 * (4 * 4096**2 + 3 * 4096 * 11_008) / 1e9, 6.48),  # decoders-llama-count
        (0.9 * 0.001 / (0.9 * 0.001 + 0.01 * 0.999), 0.083),  # design: base rate
        (2 * (1.96 + 0.84) ** 2, 16),  # design-ab-test
    ],
)
def test_numbers_of_formulas_with_variables(got, stated):
    """The sizes that their variables have in the answer."""
    assert got == pytest.approx(stated, rel=0.03)


@pytest.mark.parametrize(
    "key",
    [
        "likelihood-perplexity-meaning",
        "likelihood-pseudo",
        "decoders-rmsnorm",
        "retrieval-colbert",
        "missing-multiple",
        "flows-coupling",
        "generators-ddim",
    ],
)
def test_answers_that_describe_a_formula_show_it(key):
    """Asked for a formula, one sees it and not only its words."""
    assert questions()[key].formulas
