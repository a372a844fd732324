"""Gaussians: density, KL divergence and samples against closed forms and torch."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from paradigms._checks import check_vectors
from paradigms.layers.distributions import Gaussian, standard

RNG = torch.Generator().manual_seed(0)


def two() -> tuple[Gaussian, Gaussian, torch.Tensor]:
    """Two Gaussians of shape (20, 3), and points; float64."""
    mean, other, x = torch.randn(3, 20, 3, generator=RNG, dtype=torch.float64)
    variance, wide = torch.rand(2, 20, 3, generator=RNG, dtype=torch.float64) + 0.1
    return Gaussian(mean, variance), Gaussian(other, wide), x


def independent(gaussian: Gaussian) -> Independent:
    """The same distribution in torch."""
    return Independent(Normal(gaussian.mean, gaussian.variance.sqrt()), 1)


def test_density_and_divergence_equal_those_of_torch():
    """Summed over the coordinates, within 1e-12, also for a shared variance."""
    p, q, x = two()
    assert torch.allclose(p.log_density(x), independent(p).log_prob(x), atol=1e-12)
    expected = kl_divergence(independent(p), independent(q))
    assert torch.allclose(p.kl(q), expected, atol=1e-12)
    shared = Gaussian(p.mean, torch.tensor(0.3, dtype=torch.float64))
    full = Gaussian(p.mean, torch.full_like(p.mean, 0.3))
    assert torch.allclose(shared.log_density(x), full.log_density(x))
    assert torch.allclose(shared.kl(q), full.kl(q))
    assert torch.allclose(q.kl(shared), q.kl(full))


def test_the_divergence_from_itself_is_zero_and_else_positive():
    """Gibbs' inequality."""
    p, q, _ = two()
    assert float(p.kl(p).abs().max()) < 1e-12
    assert bool((p.kl(q) > 0).all())


def test_a_draw_has_gradients_in_mean_and_deviation():
    """Reparameterisation: the gradient of the mean is 1, of the deviation the noise."""
    mean = torch.zeros(1, 2, requires_grad=True)
    deviation = torch.ones(1, 2, requires_grad=True)
    noise = torch.tensor([[0.5, -2.0]])
    Gaussian(mean, deviation.square()).sample(noise).sum().backward()
    assert mean.grad.tolist() == [[1, 1]]
    assert torch.allclose(deviation.grad, noise)


def test_noise_of_another_shape_is_refused():
    """(1, 3) would broadcast to (20, 3), and every row would share its noise."""
    p, q, x = two()
    with pytest.raises(ValueError, match=r"noise must end in the shape \(20, 3\)"):
        p.sample(torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"x must end like the mean"):
        p.log_density(x[:, :1])
    with pytest.raises(ValueError, match=r"mean must end like the mean"):
        p.kl(Gaussian(q.mean[:, :2], q.variance[:, :2]))


def test_a_variance_of_zero_has_no_density():
    """A density or divergence that would be infinite is refused."""
    point = Gaussian(torch.zeros(2, 3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"variance must be positive: found 0\.0"):
        point.log_density(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="variance must be positive"):
        standard(torch.zeros(2, 3)).kl(point)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3), r"be of shape \(B, 3\), not empty: \(3,\)"),
        (torch.zeros(0, 3), r"not empty: \(0, 3\)"),
        (torch.zeros(2, 4), r"of shape \(B, 3\)"),
        (torch.zeros(2, 2, 3), r"of shape \(B, 3\), not empty: \(2, 2, 3\)"),
        (torch.full((2, 3), torch.nan), r"finite numbers: nan at \(0, 0\)$"),
        (torch.tensor([[0, 1, 2], [3, -torch.inf, 5]]), r"numbers: -inf at \(1, 1\)$"),
        (torch.zeros(2, 3, dtype=torch.long), r"floating-point numbers: torch\.int64$"),
    ],
)
def test_a_bad_batch_is_named(x, message):
    """No batch axis, empty, an extra axis, a wrong width, NaN, infinity, integers."""
    with pytest.raises(ValueError, match=f"x must .*{message}"):
        check_vectors(x, 3, "x")


def test_several_draws_are_accepted_where_they_are_asked_for():
    """(2, 4, 3) is two draws for each of four rows; a single vector is not a batch."""
    check_vectors(torch.zeros(2, 4, 3), 3, "z", draws=True)
    with pytest.raises(ValueError, match=r"z must be of shape \(\.\.\., B, 3\)"):
        check_vectors(torch.zeros(3), 3, "z", draws=True)
