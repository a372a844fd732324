"""Objectives of generators: closed forms of the GAN game, and diffusion losses."""

import pytest
import torch
from torch.nn.functional import logsigmoid

from paradigms.layers.distributions import standard
from paradigms.models.denoiser import Denoiser
from paradigms.models.diffusion import Diffusion, linear
from paradigms.objectives import (
    diffusion_bound,
    elbo,
    game_value,
    generator_loss,
    simple_loss,
)

RNG = torch.Generator().manual_seed(0)


def two_densities() -> tuple[torch.Tensor, torch.Tensor]:
    """Two random distributions over fifty outcomes: data and generator."""
    p, q = torch.rand(2, 50, generator=RNG, dtype=torch.float64)
    return p / p.sum(), q / q.sum()


def value(p: torch.Tensor, q: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The value of the game with exact expectations."""
    return (p * logsigmoid(logits) + q * logsigmoid(-logits)).sum()


def test_the_best_discriminator_is_p_over_p_plus_q():
    """There the gradient vanishes, and 100 random steps away lower the value."""
    p, q = two_densities()
    best = (p / q).log().requires_grad_()  # the logit of p / (p + q)
    maximum = value(p, q, best)
    (gradient,) = torch.autograd.grad(maximum, best)
    assert float(gradient.abs().max()) < 1e-15
    for _ in range(100):
        step = 0.1 * torch.randn(50, generator=RNG, dtype=torch.float64)
        assert value(p, q, best + step) < maximum


def test_there_the_game_is_worth_the_jensen_shannon_divergence():
    """V = 2 JSD(p, q) - log 4, with its minimum, -log 4, at q = p."""
    p, q = two_densities()
    mixture = (p + q) / 2
    divergence = ((p * (p / mixture).log()).sum() + (q * (q / mixture).log()).sum()) / 2
    log4 = torch.tensor(4.0, dtype=torch.float64).log()
    assert value(p, q, (p / q).log()).item() == pytest.approx(
        (2 * divergence - log4).item(), abs=1e-12
    )
    assert value(p, p, torch.zeros(50).double()).item() == pytest.approx(-log4.item())


def test_the_game_on_samples_tends_to_its_expectation():
    """A million samples of each: within five standard errors of the exact value."""
    p, q = two_densities()
    logits = (p / q).log()
    real = logits[torch.multinomial(p, 1_000_000, True, generator=RNG)]
    fake = logits[torch.multinomial(q, 1_000_000, True, generator=RNG)]
    error = (logsigmoid(real).var() + logsigmoid(-fake).var()).sqrt() / 1000
    estimate = game_value(real, fake)
    assert abs(estimate - value(p, q, logits)) < 5 * error


def test_the_saturating_loss_has_no_gradient_when_the_discriminator_is_sure():
    """At D = sigmoid(-10): gradients -D and -(1 - D), a ratio of e^10 = 22,026."""
    gradients = []
    for saturating in (True, False):
        logit = torch.tensor([-10.0], dtype=torch.float64, requires_grad=True)
        generator_loss(logit, saturating).backward()
        gradients.append(logit.grad.item())
    assert gradients[0] == pytest.approx(-torch.tensor(-10.0).double().sigmoid().item())
    assert gradients[1] == pytest.approx(-1, abs=1e-4)
    assert gradients[1] / gradients[0] == pytest.approx(torch.tensor(10.0).exp().item())


def test_both_losses_pull_the_same_way():
    """All gradients are negative: a higher logit lowers either loss."""
    for saturating in (True, False):
        logits = torch.linspace(-5, 5, 11, requires_grad=True)
        generator_loss(logits, saturating).backward()
        assert bool((logits.grad < 0).all())


def test_extreme_logits_stay_finite():
    """The losses use log sigmoid, not the log of a sigmoid that underflows."""
    logits = torch.tensor([1e4, -1e4])
    assert bool(game_value(logits, logits).isfinite())
    assert bool(generator_loss(logits).isfinite())


@pytest.mark.parametrize(
    "logits", [torch.zeros(0), torch.zeros(2, 1), torch.tensor([torch.nan])]
)
def test_bad_logits_are_refused(logits):
    """Empty, a column that would broadcast against a row, NaN."""
    for call in (lambda: game_value(logits, torch.zeros(2)),
                 lambda: game_value(torch.zeros(2), logits),
                 lambda: generator_loss(logits)):  # fmt: skip
        with pytest.raises(ValueError, match="must be a row of finite logits"):
            call()


PROCESS = Diffusion(linear(6, 0.01, 0.3))
X = torch.randn(4, 3, generator=RNG)


def test_the_simple_loss_is_zero_for_the_true_noise_and_one_for_none():
    """For a network that outputs the true noise, and for one that outputs 0."""
    noise = torch.randn(10_000, 3, generator=RNG)
    x, t = torch.zeros(10_000, 3), torch.randint(1, 7, (10_000,), generator=RNG)
    assert simple_loss(lambda *_: noise, PROCESS, x, t, noise) == 0
    loss = simple_loss(lambda x, _: torch.zeros_like(x), PROCESS, x, t, noise)
    # The mean of 30,000 squared normals: variance 2 each.
    assert loss.item() == pytest.approx(1, abs=5 * (2 / 30_000) ** 0.5)


def test_the_bound_weighs_the_same_errors_differently():
    """L_{t-1} is beta / (2 alpha (1 - alpha_bar)) times the error, plus a constant.

    Ho et al. (2020), equation 12 with variance beta, for 1 < t <= T; the simple loss
    drops the weight and the constant.
    """
    network = Denoiser(3, 8, 1)
    noise = torch.randn(6, 4, 3, generator=RNG)
    with torch.no_grad():
        terms = diffusion_bound(network, PROCESS, X, noise)  # (7, 4)
        for step in range(2, 7):
            t = torch.full((4,), step)
            x = PROCESS.q_sample(X, t, noise[step - 1])
            error = (noise[step - 1] - network(x, t)).square().sum(dim=1)
            beta, alpha_bar = PROCESS.beta[step], PROCESS.alpha_bar[step]
            ratio = (1 - PROCESS.alpha_bar[step - 1]) / (1 - alpha_bar)
            constant = 3 / 2 * (ratio - 1 - ratio.log())
            expected = beta / (2 * (1 - beta) * (1 - alpha_bar)) * error + constant
            assert torch.allclose(terms[step - 1], expected.float(), rtol=1e-4)
    assert terms.shape == (7, 4)


def test_a_step_back_without_variance_has_no_bound():
    """The posterior's variance at t = 1 is 0: an infinite density is refused."""
    narrow = Diffusion(linear(6, 0.01, 0.3), "posterior")
    noise = torch.randn(6, 4, 3, generator=RNG)
    with pytest.raises(ValueError, match="variance must be positive"):
        diffusion_bound(Denoiser(3, 8, 1), narrow, X, noise)


def test_noise_for_another_number_of_steps_is_refused():
    """The bound needs noise for each t; less would broadcast silently."""
    with pytest.raises(ValueError, match=r"noise must be of shape \(6, 4, 3\)"):
        diffusion_bound(Denoiser(3, 8, 1), PROCESS, X, torch.zeros(1, 4, 3))


@pytest.mark.parametrize(
    ("t", "x", "message"),
    [
        (torch.tensor([0, 1, 2, 3]), X, r"t must lie in 1\.\.6"),
        (torch.tensor([1, 2, 3, 4]), X * torch.nan, "x0 must hold finite"),
        (torch.tensor([]).long(), X[:0], "x0 must be of shape .* not empty"),
    ],
)
def test_bad_batches_are_refused_by_the_simple_loss(t, x, message):
    """T out of range, NaN, an empty batch."""
    with pytest.raises(ValueError, match=message):
        simple_loss(Denoiser(3, 8, 1), PROCESS, x, t, torch.zeros_like(x))


@pytest.mark.parametrize(
    ("noise", "predicted", "message"),
    [
        (X[:1], X, r"noise must be of shape \(4, 3\): \(1, 3\)"),
        (X[None], X, r"noise must be of shape \(4, 3\): \(1, 4, 3\)"),
        (X * torch.nan, X, "noise must hold finite numbers: nan"),
        (X, X[:, :1], r"predicted noise must be of shape \(4, 3\): \(4, 1\)"),
        (X, X / 0, "predicted noise must hold finite numbers: -?inf"),
    ],
)
def test_noise_that_would_be_repeated_is_refused(noise, predicted, message):
    """One noise for four images, one number for three pixels, NaN and infinity."""
    t = torch.tensor([1, 2, 3, 4])
    with pytest.raises(ValueError, match=message):
        simple_loss(lambda *_: predicted, PROCESS, X, t, noise)
    assert simple_loss(lambda *_: X, PROCESS, X, t, X) == 0


def test_a_likelihood_of_other_pictures_is_refused():
    """One mean for four images would broadcast silently."""
    four, one = standard(X), standard(X[:1])
    with pytest.raises(
        ValueError, match=r"mean of p\(x \| z\) must be of shape \(4, 3\)"
    ):
        elbo(lambda *_: (four, one), X, torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"q\(z \| x\) must be of shape \(4, 3\)"):
        elbo(lambda *_: (one, four), X, torch.zeros(4, 3))
    assert elbo(lambda *_: (four, four), X, torch.zeros(4, 3)).shape == (4,)
